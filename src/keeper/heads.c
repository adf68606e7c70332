/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/heads.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keeper/key.h"

static const char FILE_MAGIC[8] = {'W', 'A', 'S', 'L', 'M', 'E', 'M', '1'};
static const char SLOT_MAGIC[8] = {'W', 'A', 'S', 'L', 'H', 'E', 'A', 'D'};

enum {
  FILE_HEADER_BODY = 8 + 4 + 32,
  FILE_HEADER = FILE_HEADER_BODY + 32,
  FILE_SIZE = KEEPER_BLOCK * (1 + 2 * KEEPER_RECORDS),
  BUCKETS = 4096, /* a power of two, well above the number of partners */
};

/* What a person does about it: an older copy would let the keeper contradict what it signed since. */
#define NEW_EPOCH                                                                                                      \
  "go on with a new epoch of the register: wasl node epoch DIR --number N (docs/keys.md says which number)"
#define LOST                                                                                                           \
  "; the keeper no longer knows what it signed, and signs nothing. Put no older copy back: move the file away "        \
  "and " NEW_EPOCH

struct record {
  struct keeper_head head;
  unsigned next; /* the slot that the next update goes to: never the one that alone is known to be durable */
};
struct keeper_heads {
  int fd;
  bool broken;
  base_time time;
  uint32_t epoch;           /* of our own register */
  uint32_t used;            /* partners */
  uint16_t bucket[BUCKETS]; /* record numbers by the origin's hash, 0: empty; open addressing */
  struct record records[KEEPER_RECORDS];
};

static uint8_t *put(uint8_t *at, const void *data, size_t size) {
  memcpy(at, data, size);
  return at + size;
}

static uint8_t *put_number(uint8_t *at, uint64_t value, unsigned size) {
  for (unsigned i = 0; i < size; i++)
    at[i] = (uint8_t)(value >> (8 * (size - 1 - i)));
  return at + size;
}

void keeper_slot_write(const struct keeper_head *head, uint32_t record, uint8_t out[KEEPER_SLOT]) {
  uint8_t *at = put(out, SLOT_MAGIC, sizeof SLOT_MAGIC);
  at = put_number(at, record, 4);
  at = put_number(at, head->sequence, 8);
  at = put_number(at, head->kind, 1);
  at = put(at, head->origin.bytes, sizeof head->origin.bytes);
  at = put_number(at, head->size, 8);
  at = put(at, head->root.bytes, sizeof head->root.bytes);
  at = put_number(at, (uint64_t)head->time, 8);
  at = put_number(at, head->bound.sign, 1);
  at = put(at, head->bound.bytes, sizeof head->bound.bytes);
  at = put_number(at, head->generation, 4);
  at = put_number(at, head->log, 4);
  at = put_number(at, head->log_before, 4);
  at = put_number(at, head->witness, 4);
  at = put_number(at, head->seal, 4);
  at = put_number(at, head->epoch_key, 4);
  struct base_hash checksum = seal_sha256(base_view_of(out, KEEPER_SLOT_BODY));
  put(at, checksum.bytes, sizeof checksum.bytes);
}

bool keeper_slot_parse(const uint8_t bytes[KEEPER_SLOT], uint32_t record, struct keeper_head *out) {
  struct base_view body = base_view_of(bytes, KEEPER_SLOT_BODY);
  struct base_hash checksum = seal_sha256(body);
  if (memcmp(checksum.bytes, bytes + KEEPER_SLOT_BODY, sizeof checksum.bytes) != 0)
    return false;
  struct base_reader reader = base_reader_of(body);
  struct keeper_head head = {0};
  struct base_view magic = base_read_bytes(&reader, sizeof SLOT_MAGIC);
  uint32_t said = base_read_u32(&reader);
  head.sequence = base_read_u64(&reader);
  head.kind = base_read_u8(&reader);
  base_read_hash(&reader, &head.origin);
  head.size = base_read_u64(&reader);
  base_read_hash(&reader, &head.root);
  head.time = (base_time)base_read_u64(&reader);
  wire_key_read(&reader, &head.bound);
  head.generation = base_read_u32(&reader);
  head.log = base_read_u32(&reader);
  head.log_before = base_read_u32(&reader);
  head.witness = base_read_u32(&reader);
  head.seal = base_read_u32(&reader);
  head.epoch_key = base_read_u32(&reader);
  bool own = !wire_key_p256(&head.bound) && head.generation > 0 && head.log > 0 && head.log_before > 0 &&
             head.witness > 0 && head.seal > 0 && head.epoch_key > 0;
  bool other = head.generation == 0 && head.log == 0 && head.log_before == 0 && head.witness == 0 && head.seal == 0 &&
               head.epoch_key == 0;
  enum keeper_head_kind least = record == 0 ? KEEPER_HEAD_OWN : KEEPER_HEAD_FREE;
  if (base_reader_end(&reader, "slot", NULL) != BASE_OK || memcmp(magic.data, SLOT_MAGIC, sizeof SLOT_MAGIC) != 0 ||
      said != record || head.time < 0 || head.kind >= KEEPER_HEAD_KINDS || head.kind < least ||
      (record > 0 && head.kind == KEEPER_HEAD_OWN) || (record == 0 ? !own : !other))
    return false;
  *out = head;
  return true;
}

int64_t keeper_slot_offset(uint32_t record, unsigned slot) {
  return (int64_t)KEEPER_BLOCK * (1 + 2 * (int64_t)record + slot);
}

static void write_file_header(const char *origin, uint8_t out[FILE_HEADER]) {
  uint8_t *at = put(out, FILE_MAGIC, sizeof FILE_MAGIC);
  at = put_number(at, KEEPER_RECORDS, 4);
  struct base_hash hash = seal_sha256(base_view_text(origin));
  at = put(at, hash.bytes, sizeof hash.bytes);
  hash = seal_sha256(base_view_of(out, FILE_HEADER_BODY));
  put(at, hash.bytes, sizeof hash.bytes);
}

struct base_hash keeper_register_hash(const char *origin, uint32_t epoch) {
  char text[WIRE_ORIGIN_MAX + 1];
  keeper_register_origin(origin, epoch, text);
  return seal_sha256(base_view_text(text));
}

void keeper_register_origin(const char *origin, uint32_t epoch, char out[WIRE_ORIGIN_MAX + 1]) {
  if (epoch == 1)
    (void)snprintf(out, WIRE_ORIGIN_MAX + 1, "%s", origin);
  else
    (void)snprintf(out, WIRE_ORIGIN_MAX + 1, "%s/%u", origin, (unsigned)epoch);
}

enum base_code keeper_heads_init(int dir, const char *origin, uint32_t epoch, const struct keeper_head *begin,
                                 struct base_error *err) {
  BASE_AUTO_BUF struct base_buf file = {0};
  uint8_t *bytes = base_buf_reserve(&file, FILE_SIZE);
  if (bytes == NULL)
    return base_buf_check(&file, KEEPER_HEADS_FILE, err);
  /* Real zeroes, not holes: later updates must need no room on the disk. */
  memset(bytes, 0, FILE_SIZE);
  write_file_header(origin, bytes);
  struct keeper_head own = {.kind = KEEPER_HEAD_OWN,
                            .origin = keeper_register_hash(origin, epoch),
                            .bound = begin->bound,
                            .generation = begin->generation,
                            .log = begin->log,
                            .log_before = begin->log,
                            .witness = begin->witness,
                            .seal = 1,
                            .epoch_key = 1};
  struct keeper_head none = {.kind = KEEPER_HEAD_FREE};
  for (uint32_t record = 0; record < KEEPER_RECORDS; record++)
    for (unsigned slot = 0; slot < 2; slot++)
      keeper_slot_write(record == 0 ? &own : &none, record, bytes + keeper_slot_offset(record, slot));
  return base_file_replace(dir, KEEPER_HEADS_FILE, base_buf_view(&file), 0600, err);
}

static uint32_t bucket_of(const struct base_hash *origin) {
  return (uint32_t)(origin->bytes[0] << 8 | origin->bytes[1]) % BUCKETS;
}

/* The bucket that holds this origin's record, or the empty one where it belongs. */
static uint32_t probe(const struct keeper_heads *heads, const struct base_hash *origin) {
  uint32_t at = bucket_of(origin);
  while (heads->bucket[at] != 0 && !base_hash_equal(&heads->records[heads->bucket[at]].head.origin, origin))
    at = (at + 1) % BUCKETS;
  return at;
}

uint32_t keeper_heads_find(const struct keeper_heads *heads, const struct base_hash *origin) {
  uint16_t record = heads->bucket[probe(heads, origin)];
  return record == 0 ? KEEPER_NO_RECORD : record;
}

static enum base_code read_block(const struct keeper_heads *heads, int64_t offset, uint8_t *out, size_t size,
                                 struct base_error *err) {
  ssize_t got = pread(heads->fd, out, size, offset);
  if (got < 0)
    return base_fail_errno(err, KEEPER_HEADS_FILE ": cannot be read");
  if ((size_t)got != size)
    return base_fail(err, BASE_CORRUPT, KEEPER_HEADS_FILE ": cut short" LOST);
  return BASE_OK;
}

static enum base_code load_record(struct keeper_heads *heads, uint32_t number, struct base_error *err) {
  struct keeper_head slots[2];
  bool valid[2];
  for (unsigned slot = 0; slot < 2; slot++) {
    uint8_t bytes[KEEPER_SLOT];
    enum base_code code = read_block(heads, keeper_slot_offset(number, slot), bytes, sizeof bytes, err);
    if (code != BASE_OK)
      return code;
    valid[slot] = keeper_slot_parse(bytes, number, &slots[slot]);
  }
  if (!valid[0] && !valid[1])
    return base_fail(err, BASE_CORRUPT, KEEPER_HEADS_FILE ": both copies of record %u are damaged" LOST, number);
  unsigned newest = !valid[0] || (valid[1] && slots[1].sequence > slots[0].sequence) ? 1 : 0;
  if (!valid[1 - newest])
    base_log(BASE_LOG_WARNING, "keeper.slot", "%s: one copy of record %u is damaged (a power cut?); the other is used",
             KEEPER_HEADS_FILE, number);
  struct record *record = &heads->records[number];
  *record = (struct record){.head = slots[newest], .next = 1 - newest};
  if (record->head.time > heads->time)
    heads->time = record->head.time;
  if (record->head.kind != KEEPER_HEAD_PARTNER)
    return BASE_OK;
  uint32_t at = probe(heads, &record->head.origin);
  if (heads->bucket[at] != 0)
    return base_fail(err, BASE_CORRUPT, KEEPER_HEADS_FILE ": records %u and %u are of the same register" LOST,
                     heads->bucket[at], number);
  heads->bucket[at] = (uint16_t)number;
  heads->used++;
  return BASE_OK;
}

static bool put_slot(const struct keeper_heads *heads, uint32_t record, unsigned slot,
                     const uint8_t bytes[KEEPER_SLOT]) {
  ssize_t put = pwrite(heads->fd, bytes, KEEPER_SLOT, keeper_slot_offset(record, slot));
  if (put >= 0 && put != KEEPER_SLOT)
    errno = EIO;
  return put == KEEPER_SLOT;
}

/* What a keeper before us wrote but did not sync, or could not, must be durable before we write over the other copy.
 * And what a sync failed to write no later one writes, although it is read: so it is written again, byte for byte. */
static enum base_code renew(const struct keeper_heads *heads, struct base_error *err) {
  for (uint32_t number = 0; number < KEEPER_RECORDS; number++) {
    const struct record *record = &heads->records[number];
    uint8_t bytes[KEEPER_SLOT];
    if (record->head.kind == KEEPER_HEAD_FREE)
      continue;
    keeper_slot_write(&record->head, number, bytes);
    if (!put_slot(heads, number, 1 - record->next, bytes))
      return base_fail_errno(err, KEEPER_HEADS_FILE ": cannot be written");
  }
  return fsync(heads->fd) == 0 ? BASE_OK : base_fail_errno(err, KEEPER_HEADS_FILE ": cannot be made durable");
}

static enum base_code load(struct keeper_heads *heads, const char *origin, struct base_error *err) {
  struct stat status;
  if (fstat(heads->fd, &status) != 0)
    return base_fail_errno(err, KEEPER_HEADS_FILE ": cannot be examined");
  if (status.st_size != FILE_SIZE)
    return base_fail(err, BASE_CORRUPT, KEEPER_HEADS_FILE ": %lld bytes, not the %d it was made with" LOST,
                     (long long)status.st_size, FILE_SIZE);
  uint8_t header[FILE_HEADER], expected[FILE_HEADER];
  enum base_code code = read_block(heads, 0, header, sizeof header, err);
  write_file_header(origin, expected);
  if (code == BASE_OK && memcmp(header, expected, sizeof header) != 0)
    code = base_fail(err, BASE_CORRUPT,
                     KEEPER_HEADS_FILE ": damaged, or not the memory of %s; where it is another node's, put that of "
                                       "this one in its place" LOST,
                     origin);
  for (uint32_t record = 0; code == BASE_OK && record < KEEPER_RECORDS; record++)
    code = load_record(heads, record, err);
  for (uint32_t epoch = 1; code == BASE_OK && epoch <= WIRE_EPOCHS_MAX && heads->epoch == 0; epoch++) {
    struct base_hash own = keeper_register_hash(origin, epoch);
    if (base_hash_equal(&heads->records[0].head.origin, &own))
      heads->epoch = epoch;
  }
  if (code == BASE_OK && heads->epoch == 0)
    code = base_fail(err, BASE_CORRUPT, KEEPER_HEADS_FILE ": record 0 is not of %s" LOST, origin);
  return code == BASE_OK ? renew(heads, err) : code;
}

enum base_code keeper_heads_open(int dir, const char *origin, struct keeper_heads **out, struct base_error *err) {
  BASE_AUTO_FD int fd = -1;
  enum base_code code = keeper_open_private(dir, KEEPER_HEADS_FILE, O_RDWR, &fd, err);
  if (code == BASE_NOT_FOUND)
    return base_fail(err, BASE_CORRUPT,
                     KEEPER_HEADS_FILE ": missing, so the keeper does not know what it signed and signs nothing; put "
                                       "back the file itself (not an older copy), or " NEW_EPOCH);
  if (code != BASE_OK)
    return code;
  if (flock(fd, LOCK_EX | LOCK_NB) != 0)
    return errno == EWOULDBLOCK ? base_fail(err, BASE_BUSY, KEEPER_HEADS_FILE ": another keeper runs on this folder")
                                : base_fail_errno(err, KEEPER_HEADS_FILE ": cannot be locked");
  struct keeper_heads *heads = calloc(1, sizeof *heads);
  if (heads == NULL)
    return base_fail(err, BASE_MEMORY, KEEPER_HEADS_FILE ": out of memory");
  heads->fd = fd;
  fd = -1;
  code = load(heads, origin, err);
  if (code != BASE_OK) {
    keeper_heads_close(heads);
    return code;
  }
  *out = heads;
  return BASE_OK;
}

void keeper_heads_close(struct keeper_heads *heads) {
  if (heads == NULL)
    return;
  base_close_fd(&heads->fd);
  free(heads);
}

bool keeper_heads_broken(const struct keeper_heads *heads) {
  return heads->broken;
}

const struct keeper_head *keeper_heads_own(const struct keeper_heads *heads) {
  return &heads->records[0].head;
}

uint32_t keeper_heads_epoch(const struct keeper_heads *heads) {
  return heads->epoch;
}

const struct keeper_head *keeper_heads_at(const struct keeper_heads *heads, uint32_t record) {
  return &heads->records[record].head;
}

uint32_t keeper_heads_free(const struct keeper_heads *heads) {
  if (heads->used == KEEPER_PARTNERS_MAX)
    return KEEPER_NO_RECORD;
  uint32_t record = 1;
  while (heads->records[record].head.kind != KEEPER_HEAD_FREE)
    record++;
  return record;
}

base_time keeper_heads_time(const struct keeper_heads *heads) {
  return heads->time;
}

enum base_code keeper_heads_store(struct keeper_heads *heads, uint32_t number, const struct keeper_head *head,
                                  struct base_error *err) {
  if (heads->broken)
    return base_fail(err, BASE_IO,
                     KEEPER_HEADS_FILE ": an earlier write failed; the keeper signs nothing until it is "
                                       "started anew");
  struct record *record = &heads->records[number];
  struct keeper_head next = *head;
  next.sequence = record->head.sequence + 1;
  uint8_t bytes[KEEPER_SLOT];
  keeper_slot_write(&next, number, bytes);
  if (!put_slot(heads, number, record->next, bytes) || fdatasync(heads->fd) != 0) {
    heads->broken = true;
    return base_fail_errno(err, KEEPER_HEADS_FILE ": cannot be written");
  }
  /* The second copy guards against a damaged sector. It needs no sync: the next update of the record goes over it. */
  record->next = 1 - record->next;
  if (!put_slot(heads, number, record->next, bytes))
    heads->broken = true;
  if (record->head.kind == KEEPER_HEAD_FREE) {
    heads->bucket[probe(heads, &next.origin)] = (uint16_t)number;
    heads->used++;
  }
  record->head = next;
  if (next.time > heads->time)
    heads->time = next.time;
  return BASE_OK;
}

enum base_code keeper_heads_put(struct keeper_heads *heads, uint32_t record, const struct keeper_head *head,
                                struct base_error *err) {
  if (record == KEEPER_NO_RECORD)
    record = keeper_heads_free(heads);
  if (record == KEEPER_NO_RECORD)
    return base_fail(err, BASE_TOO_LARGE, "the keeper remembers the heads of %d registers and has no room for another",
                     KEEPER_PARTNERS_MAX);
  return keeper_heads_store(heads, record, head, err);
}
