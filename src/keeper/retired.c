/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/retired.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keeper/key.h"

static const char FILE_MAGIC[8] = {'W', 'A', 'S', 'L', 'R', 'E', 'T', '1'};
static const char SLOT_MAGIC[8] = {'W', 'A', 'S', 'L', 'R', 'E', 'T', 'S'};
static const char KEY_DOMAIN[] = "wasl retired key/1\n";

enum {
  BLOCK = 4096, /* header and slots have one each, so that no write endangers a neighbour */
  HEADER_BODY = 8 + 32,
  HEADER = HEADER_BODY + 32,
  READ_AT_ONCE = 1024, /* records */
  TABLE_LEAST = 1024,
};

/* Entries by what they begin with; index + 1, 0: empty; open addressing, a power of two above twice the entries. */
struct table {
  size_t size;
  uint32_t *at;
};
struct keeper_retired {
  int fd;
  bool broken;
  size_t most, room;
  unsigned next; /* the slot that the next update goes to */
  struct keeper_retired_end end;
  struct keeper_retired_entry *entries; /* end.count of them */
  struct table ids, keys;
};

static const uint8_t no_key[KEEPER_RETIRED_KEY];

void keeper_retired_key(const struct base_secret *key, uint8_t out[KEEPER_RETIRED_KEY]) {
  uint8_t input[sizeof KEY_DOMAIN - 1 + sizeof key->bytes];
  memcpy(input, KEY_DOMAIN, sizeof KEY_DOMAIN - 1);
  memcpy(input + sizeof KEY_DOMAIN - 1, key->bytes, sizeof key->bytes);
  struct base_hash hash = seal_sha256(base_view_of(input, sizeof input));
  memcpy(out, hash.bytes, KEEPER_RETIRED_KEY);
  base_wipe(input, sizeof input);
}

/* --- the bytes */

static uint8_t *put(uint8_t *at, const void *data, size_t size) {
  memcpy(at, data, size);
  return at + size;
}

static uint8_t *put_u64(uint8_t *at, uint64_t value) {
  for (unsigned i = 0; i < 8; i++)
    at[i] = (uint8_t)(value >> (8 * (7 - i)));
  return at + 8;
}

void keeper_retired_slot_write(const struct keeper_retired_end *end, uint8_t out[KEEPER_RETIRED_SLOT]) {
  uint8_t *at = put(out, SLOT_MAGIC, sizeof SLOT_MAGIC);
  at = put_u64(at, end->sequence);
  at = put_u64(at, end->count);
  at = put(at, end->mark.bytes, sizeof end->mark.bytes);
  struct base_hash checksum = seal_sha256(base_view_of(out, KEEPER_RETIRED_SLOT_BODY));
  put(at, checksum.bytes, sizeof checksum.bytes);
}

bool keeper_retired_slot_parse(const uint8_t bytes[KEEPER_RETIRED_SLOT], struct keeper_retired_end *out) {
  struct base_view body = base_view_of(bytes, KEEPER_RETIRED_SLOT_BODY);
  struct base_hash checksum = seal_sha256(body);
  if (memcmp(checksum.bytes, bytes + KEEPER_RETIRED_SLOT_BODY, sizeof checksum.bytes) != 0)
    return false;
  struct base_reader reader = base_reader_of(body);
  struct base_view magic = base_read_bytes(&reader, sizeof SLOT_MAGIC);
  struct keeper_retired_end end = {.sequence = base_read_u64(&reader)};
  end.count = base_read_u64(&reader);
  struct base_view mark = base_read_bytes(&reader, sizeof end.mark.bytes);
  if (base_reader_end(&reader, "slot", NULL) != BASE_OK || memcmp(magic.data, SLOT_MAGIC, sizeof SLOT_MAGIC) != 0)
    return false;
  memcpy(end.mark.bytes, mark.data, sizeof end.mark.bytes);
  *out = end;
  return true;
}

static void write_header(const char *origin, uint8_t out[HEADER]) {
  uint8_t *at = put(out, FILE_MAGIC, sizeof FILE_MAGIC);
  struct base_hash hash = seal_sha256(base_view_text(origin));
  at = put(at, hash.bytes, sizeof hash.bytes);
  hash = seal_sha256(base_view_of(out, HEADER_BODY));
  put(at, hash.bytes, sizeof hash.bytes);
}

static struct wire_keeper_mark mark_of(const void *bytes, size_t size) {
  struct wire_keeper_mark mark;
  struct base_hash hash = seal_sha256(base_view_of(bytes, size));
  memcpy(mark.bytes, hash.bytes, sizeof mark.bytes);
  return mark;
}

/* The mark behind one more record. */
static struct wire_keeper_mark mark_next(const struct wire_keeper_mark *before,
                                         const uint8_t body[KEEPER_RETIRED_BODY]) {
  uint8_t input[WIRE_KEEPER_MARK + KEEPER_RETIRED_BODY];
  put(put(input, before->bytes, sizeof before->bytes), body, KEEPER_RETIRED_BODY);
  return mark_of(input, sizeof input);
}

static int64_t slot_offset(unsigned slot) {
  return (int64_t)BLOCK * (1 + slot);
}

static int64_t record_offset(uint64_t index) {
  return KEEPER_RETIRED_AT + (int64_t)index * KEEPER_RETIRED_RECORD;
}

enum base_code keeper_retired_init(int dir, const char *origin, struct base_error *err) {
  uint8_t bytes[KEEPER_RETIRED_AT] = {0};
  write_header(origin, bytes);
  struct keeper_retired_end end = {.mark = mark_of(bytes, HEADER)};
  for (unsigned slot = 0; slot < 2; slot++)
    keeper_retired_slot_write(&end, bytes + slot_offset(slot));
  return base_file_replace(dir, KEEPER_RETIRED_FILE, base_view_of(bytes, sizeof bytes), 0600, err);
}

/* --- in memory */

static size_t first_of(const struct table *table, const uint8_t *bytes) {
  size_t value = 0;
  for (unsigned i = 0; i < 8; i++)
    value = value << 8 | bytes[i];
  return value & (table->size - 1);
}

static void table_put(struct table *table, const uint8_t *bytes, size_t index) {
  size_t at = first_of(table, bytes);
  while (table->at[at] != 0)
    at = (at + 1) & (table->size - 1);
  table->at[at] = (uint32_t)index + 1;
}

static void note(struct keeper_retired *retired, size_t index) {
  const struct keeper_retired_entry *entry = &retired->entries[index];
  table_put(&retired->ids, entry->message.bytes, index);
  if (memcmp(entry->key, no_key, sizeof no_key) != 0)
    table_put(&retired->keys, entry->key, index);
}

/* Room for so many entries in all, in list and tables. */
static bool reserve(struct keeper_retired *retired, size_t count) {
  size_t size = TABLE_LEAST;
  while (size < 2 * count)
    size *= 2;
  if (count > retired->room) {
    void *grown = realloc(retired->entries, size / 2 * sizeof *retired->entries);
    if (grown == NULL)
      return false;
    retired->entries = grown;
    retired->room = size / 2;
  }
  if (size <= retired->ids.size)
    return true;
  uint32_t *ids = calloc(size, sizeof *ids), *keys = calloc(size, sizeof *keys);
  if (ids == NULL || keys == NULL) {
    free(ids);
    free(keys);
    return false;
  }
  free(retired->ids.at);
  free(retired->keys.at);
  retired->ids = (struct table){size, ids};
  retired->keys = (struct table){size, keys};
  for (size_t i = 0; i < retired->end.count; i++)
    note(retired, i);
  return true;
}

/* Without a key any record of the message will do. */
static bool known(const struct keeper_retired *retired, const struct keeper_retired_entry *entry) {
  const struct table *table = &retired->ids;
  bool any = memcmp(entry->key, no_key, sizeof no_key) == 0;
  for (size_t at = table->size > 0 ? first_of(table, entry->message.bytes) : 0; table->size > 0 && table->at[at] != 0;
       at = (at + 1) & (table->size - 1)) {
    const struct keeper_retired_entry *found = &retired->entries[table->at[at] - 1];
    if (base_id_equal(&found->message, &entry->message) && (any || memcmp(found->key, entry->key, sizeof no_key) == 0))
      return true;
  }
  return false;
}

bool keeper_retired_holds(const struct keeper_retired *retired, const struct base_secret *key) {
  const struct table *table = &retired->keys;
  uint8_t hash[KEEPER_RETIRED_KEY];
  if (retired->end.count == 0)
    return false;
  keeper_retired_key(key, hash);
  for (size_t at = first_of(table, hash); table->at[at] != 0; at = (at + 1) & (table->size - 1))
    if (memcmp(retired->entries[table->at[at] - 1].key, hash, sizeof hash) == 0)
      return true;
  return false;
}

uint64_t keeper_retired_count(const struct keeper_retired *retired) {
  return retired->end.count;
}

const struct base_id *keeper_retired_at(const struct keeper_retired *retired, uint64_t index) {
  return &retired->entries[index].message;
}

/* --- read */

static enum base_code read_bytes(int fd, int64_t offset, void *out, size_t size, struct base_error *err) {
  ssize_t got = pread(fd, out, size, offset);
  if (got < 0)
    return base_fail_errno(err, KEEPER_RETIRED_FILE ": cannot be read");
  return (size_t)got == size ? BASE_OK
                             : base_fail(err, BASE_CORRUPT,
                                         KEEPER_RETIRED_FILE ": cut short, so what was erased is not "
                                                             "known any more; put back the newest copy of this file");
}

static enum base_code damaged(struct base_error *err, const char *what) {
  return base_fail(err, BASE_CORRUPT, KEEPER_RETIRED_FILE ": %s; put back the newest copy of this file", what);
}

static enum base_code load_end(struct keeper_retired *retired, struct base_error *err) {
  struct keeper_retired_end ends[2];
  bool valid[2];
  for (unsigned slot = 0; slot < 2; slot++) {
    uint8_t bytes[KEEPER_RETIRED_SLOT];
    enum base_code code = read_bytes(retired->fd, slot_offset(slot), bytes, sizeof bytes, err);
    if (code != BASE_OK)
      return code;
    valid[slot] = keeper_retired_slot_parse(bytes, &ends[slot]);
  }
  if (!valid[0] && !valid[1])
    return damaged(err, "both copies of where its list ends are damaged");
  unsigned newest = !valid[0] || (valid[1] && ends[1].sequence > ends[0].sequence) ? 1 : 0;
  if (!valid[1 - newest])
    base_log(BASE_LOG_WARNING, "keeper.slot",
             "%s: one copy of where its list ends is damaged (a power cut?); the other is used", KEEPER_RETIRED_FILE);
  retired->end = ends[newest];
  retired->next = 1 - newest;
  return BASE_OK;
}

static enum base_code load_records(struct keeper_retired *retired, struct wire_keeper_mark mark,
                                   struct base_error *err) {
  uint64_t count = retired->end.count;
  BASE_AUTO_FREE uint8_t *bytes = malloc((size_t)READ_AT_ONCE * KEEPER_RETIRED_RECORD);
  retired->end.count = 0; /* as far as read */
  if (count > retired->most)
    return base_fail(err, BASE_TOO_LARGE, KEEPER_RETIRED_FILE ": %llu records, at most %zu are remembered",
                     (unsigned long long)count, retired->most);
  if (bytes == NULL || !reserve(retired, (size_t)count))
    return base_fail(err, BASE_MEMORY, KEEPER_RETIRED_FILE ": out of memory");
  for (uint64_t at = 0; at < count;) {
    size_t some = count - at < READ_AT_ONCE ? (size_t)(count - at) : READ_AT_ONCE;
    enum base_code code = read_bytes(retired->fd, record_offset(at), bytes, some * KEEPER_RETIRED_RECORD, err);
    if (code != BASE_OK)
      return code;
    for (size_t i = 0; i < some; i++, at++) {
      const uint8_t *record = bytes + i * KEEPER_RETIRED_RECORD;
      mark = mark_next(&mark, record);
      if (memcmp(mark.bytes, record + KEEPER_RETIRED_BODY, sizeof mark.bytes) != 0)
        return base_fail(err, BASE_CORRUPT,
                         KEEPER_RETIRED_FILE ": record %llu is damaged; put back the newest copy of this file",
                         (unsigned long long)at);
      struct keeper_retired_entry *entry = &retired->entries[at];
      memcpy(entry->message.bytes, record, sizeof entry->message.bytes);
      memcpy(entry->key, record + sizeof entry->message.bytes, sizeof entry->key);
      note(retired, (size_t)at);
      retired->end.count = at + 1;
    }
  }
  return memcmp(mark.bytes, retired->end.mark.bytes, sizeof mark.bytes) == 0
             ? BASE_OK
             : damaged(err, "its list is not the one that was written");
}

static bool put_slot(const struct keeper_retired *retired, unsigned slot, const uint8_t bytes[KEEPER_RETIRED_SLOT]) {
  ssize_t wrote = pwrite(retired->fd, bytes, KEEPER_RETIRED_SLOT, slot_offset(slot));
  if (wrote >= 0 && wrote != KEEPER_RETIRED_SLOT)
    errno = EIO;
  return wrote == KEEPER_RETIRED_SLOT;
}

/* Of an append that was cut off nobody was told. The slot that counts is written over itself: what is read may be in
 * the system's memory alone, when a sync before had failed; the records were durable before it was written. */
static enum base_code settle(const struct keeper_retired *retired, struct base_error *err) {
  struct stat status;
  uint8_t bytes[KEEPER_RETIRED_SLOT];
  if (fstat(retired->fd, &status) != 0)
    return base_fail_errno(err, KEEPER_RETIRED_FILE ": cannot be examined");
  if (status.st_size > record_offset(retired->end.count)) {
    base_log(BASE_LOG_NOTICE, "keeper.torn",
             "%s: its end was never finished (a power cut?), and nobody was told of it: %lld octets are taken off",
             KEEPER_RETIRED_FILE, (long long)(status.st_size - record_offset(retired->end.count)));
    if (ftruncate(retired->fd, record_offset(retired->end.count)) != 0)
      return base_fail_errno(err, KEEPER_RETIRED_FILE ": cannot be written");
  }
  keeper_retired_slot_write(&retired->end, bytes);
  if (!put_slot(retired, 1 - retired->next, bytes))
    return base_fail_errno(err, KEEPER_RETIRED_FILE ": cannot be written");
  return fsync(retired->fd) == 0 ? BASE_OK : base_fail_errno(err, KEEPER_RETIRED_FILE ": cannot be made durable");
}

static enum base_code load(struct keeper_retired *retired, const char *origin, struct base_error *err) {
  uint8_t header[HEADER], expected[HEADER];
  enum base_code code = read_bytes(retired->fd, 0, header, sizeof header, err);
  write_header(origin, expected);
  if (code == BASE_OK && memcmp(header, expected, sizeof header) != 0)
    code = base_fail(err, BASE_CORRUPT, KEEPER_RETIRED_FILE ": damaged, or not the memory of %s", origin);
  if (code == BASE_OK)
    code = load_end(retired, err);
  if (code == BASE_OK)
    code = load_records(retired, mark_of(expected, sizeof expected), err);
  return code == BASE_OK ? settle(retired, err) : code;
}

static enum base_code open_file(int dir, const char *origin, int *out, struct base_error *err) {
  enum base_code code = keeper_open_private(dir, KEEPER_RETIRED_FILE, O_RDWR, out, err);
  if (code != BASE_NOT_FOUND)
    return code;
  base_log(
      BASE_LOG_WARNING, "keeper.retired",
      "%s is missing, and is made anew: what was erased is known from the database alone; put back the newest copy "
      "of this file, if there is one",
      KEEPER_RETIRED_FILE);
  code = keeper_retired_init(dir, origin, err);
  if (code == BASE_OK)
    code = keeper_give_to_owner(dir, KEEPER_RETIRED_FILE, err);
  return code == BASE_OK ? keeper_open_private(dir, KEEPER_RETIRED_FILE, O_RDWR, out, err) : code;
}

enum base_code keeper_retired_open(int dir, const char *origin, size_t most, struct keeper_retired **out,
                                   struct base_error *err) {
  struct keeper_retired *retired = calloc(1, sizeof *retired);
  if (retired == NULL)
    return base_fail(err, BASE_MEMORY, KEEPER_RETIRED_FILE ": out of memory");
  retired->fd = -1;
  retired->most = most;
  enum base_code code = open_file(dir, origin, &retired->fd, err);
  if (code == BASE_OK)
    code = load(retired, origin, err);
  if (code == BASE_OK)
    *out = retired;
  else
    keeper_retired_close(retired);
  return code;
}

void keeper_retired_close(struct keeper_retired *retired) {
  if (retired == NULL)
    return;
  base_close_fd(&retired->fd);
  free(retired->entries);
  free(retired->ids.at);
  free(retired->keys.at);
  free(retired);
}

bool keeper_retired_broken(const struct keeper_retired *retired) {
  return retired->broken;
}

enum base_code keeper_retired_mark(const struct keeper_retired *retired, uint64_t count, struct wire_keeper_mark *out,
                                   struct base_error *err) {
  uint8_t header[HEADER];
  if (count > 0)
    return read_bytes(retired->fd, record_offset(count - 1) + KEEPER_RETIRED_BODY, out->bytes, sizeof out->bytes, err);
  enum base_code code = read_bytes(retired->fd, 0, header, sizeof header, err);
  if (code == BASE_OK)
    *out = mark_of(header, sizeof header);
  return code;
}

/* --- written */

/* A disk without room has changed nothing: what was written stands behind the end. */
static enum base_code write_failed(struct keeper_retired *retired, struct base_error *err) {
  enum base_code code = base_fail_errno(err, KEEPER_RETIRED_FILE ": cannot be written");
  retired->broken = code != BASE_DISK_FULL;
  return code;
}

static enum base_code write_records(struct keeper_retired *retired, struct base_view records, struct base_error *err) {
  int64_t at = record_offset(retired->end.count);
  while (records.size > 0) {
    ssize_t wrote = pwrite(retired->fd, records.data, records.size, at);
    if (wrote < 0 && errno == EINTR)
      continue;
    if (wrote < 0)
      return write_failed(retired, err);
    records = base_view_of(records.data + wrote, records.size - (size_t)wrote);
    at += wrote;
  }
  if (fdatasync(retired->fd) == 0)
    return BASE_OK;
  retired->broken = true;
  return base_fail_errno(err, KEEPER_RETIRED_FILE ": cannot be made durable");
}

static enum base_code write_end(struct keeper_retired *retired, const struct keeper_retired_end *end,
                                struct base_error *err) {
  uint8_t bytes[KEEPER_RETIRED_SLOT];
  keeper_retired_slot_write(end, bytes);
  if (!put_slot(retired, retired->next, bytes) || fdatasync(retired->fd) != 0) {
    retired->broken = true;
    return base_fail_errno(err, KEEPER_RETIRED_FILE ": cannot be written");
  }
  /* The second copy guards against a damaged sector. It needs no sync: the next update goes over it. */
  retired->next = 1 - retired->next;
  if (!put_slot(retired, retired->next, bytes))
    retired->broken = true;
  retired->end = *end;
  return BASE_OK;
}

enum base_code keeper_retired_add(struct keeper_retired *retired, const struct keeper_retired_entry *entries,
                                  size_t count, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf records = {0};
  base_buf_init(&records, WIRE_KEEPER_WRAP_MAX * KEEPER_RETIRED_RECORD);
  struct keeper_retired_end end = retired->end;
  if (retired->broken)
    return base_fail(err, BASE_IO,
                     KEEPER_RETIRED_FILE
                     ": an earlier write failed; nothing is noted until the keeper is started anew");
  if (!reserve(retired, (size_t)end.count + count))
    return base_fail(err, BASE_MEMORY, KEEPER_RETIRED_FILE ": out of memory");
  uint64_t before = end.count;
  for (size_t i = 0; i < count; i++) {
    if (known(retired, &entries[i]))
      continue;
    if (end.count == retired->most)
      return base_fail(err, BASE_TOO_LARGE, "the keeper remembers %zu erasures and has no room for another",
                       retired->most);
    uint8_t body[KEEPER_RETIRED_BODY];
    put(put(body, entries[i].message.bytes, sizeof entries[i].message.bytes), entries[i].key, sizeof entries[i].key);
    end.mark = mark_next(&end.mark, body);
    base_buf_add(&records, body, sizeof body);
    base_buf_add(&records, end.mark.bytes, sizeof end.mark.bytes);
    retired->entries[end.count++] = entries[i];
  }
  enum base_code code = base_buf_check(&records, KEEPER_RETIRED_FILE, err);
  if (code != BASE_OK || end.count == before)
    return code;
  end.sequence++;
  code = write_records(retired, base_buf_view(&records), err);
  if (code == BASE_OK)
    code = write_end(retired, &end, err);
  for (uint64_t i = before; code == BASE_OK && i < end.count; i++)
    note(retired, (size_t)i);
  return code;
}
