/* SPDX-License-Identifier: Apache-2.0
 * The memory of heads: torn writes, damage, a full table, a second keeper, a missing file. */
#include "keeper_try.h"

#include <signal.h>
#include <sys/resource.h>

#define ORIGIN "wasl/rabat/0123456789abcdef"

struct memory {
  char path[TRY_PATH];
  int dir, file;
  struct keeper_heads *heads;
};

static void memory_start(struct memory *memory) {
  struct base_error err;
  memory->dir = try_folder(memory->path);
  try_expect(
      keeper_heads_init(memory->dir, ORIGIN, 1, &(struct keeper_head){.generation = 1, .log = 1, .witness = 1}, &err),
      &err, BASE_OK, "");
  try_expect(keeper_heads_open(memory->dir, ORIGIN, &memory->heads, &err), &err, BASE_OK, "");
  memory->file = openat(memory->dir, KEEPER_HEADS_FILE, O_RDWR | O_CLOEXEC);
  assert_true(memory->file >= 0);
}

static enum base_code reopen(struct memory *memory, struct base_error *err) {
  keeper_heads_close(memory->heads);
  memory->heads = NULL;
  return keeper_heads_open(memory->dir, ORIGIN, &memory->heads, err);
}

static void memory_end(struct memory *memory) {
  keeper_heads_close(memory->heads);
  close(memory->file);
  try_folder_remove(memory->path, memory->dir);
}

static struct keeper_head partner(unsigned number, uint64_t size) {
  struct keeper_head head = {.kind = KEEPER_HEAD_PARTNER, .size = size, .time = 1800000000};
  head.origin = seal_sha256(base_view_of(&number, sizeof number));
  head.root = seal_sha256(base_view_of(&size, sizeof size));
  return head;
}

static void get_slot(const struct memory *memory, uint32_t record, unsigned slot, uint8_t out[KEEPER_SLOT]) {
  assert_int_equal(pread(memory->file, out, KEEPER_SLOT, keeper_slot_offset(record, slot)), KEEPER_SLOT);
}

static void put_slot(const struct memory *memory, uint32_t record, unsigned slot, const uint8_t bytes[KEEPER_SLOT]) {
  assert_int_equal(pwrite(memory->file, bytes, KEEPER_SLOT, keeper_slot_offset(record, slot)), KEEPER_SLOT);
}

static void remembers(void **state) {
  (void)state;
  struct memory memory;
  struct base_error err;
  memory_start(&memory);
  struct keeper_head own = *keeper_heads_own(memory.heads);
  assert_int_equal(own.size, 0);
  own.size = 7;
  try_expect(keeper_heads_store(memory.heads, 0, &own, &err), &err, BASE_OK, "");
  for (unsigned i = 0; i < 20; i++) {
    struct keeper_head head = partner(i, i + 1);
    assert_int_equal(keeper_heads_find(memory.heads, &head.origin), KEEPER_NO_RECORD);
    try_expect(keeper_heads_store(memory.heads, keeper_heads_free(memory.heads), &head, &err), &err, BASE_OK, "");
  }
  try_expect(reopen(&memory, &err), &err, BASE_OK, "");
  assert_int_equal(keeper_heads_own(memory.heads)->size, 7);
  assert_int_equal(keeper_heads_time(memory.heads), 1800000000);
  for (unsigned i = 0; i < 20; i++) {
    struct keeper_head head = partner(i, i + 1);
    uint32_t record = keeper_heads_find(memory.heads, &head.origin);
    assert_int_not_equal(record, KEEPER_NO_RECORD);
    assert_int_equal(keeper_heads_at(memory.heads, record)->size, i + 1);
    assert_true(base_hash_equal(&keeper_heads_at(memory.heads, record)->root, &head.root));
  }
  memory_end(&memory);
}

/* Power goes at every byte of an update: of the slot that is written and synced, then of its copy. */
static void survives_torn_writes(void **state) {
  (void)state;
  struct memory memory;
  struct base_error err;
  memory_start(&memory);
  uint64_t size = 1;
  struct keeper_head head = partner(1, size);
  try_expect(keeper_heads_store(memory.heads, 1, &head, &err), &err, BASE_OK, "");
  for (unsigned round = 0; round < 2; round++) {
    uint8_t before[2][KEEPER_SLOT], after[2][KEEPER_SLOT];
    for (unsigned slot = 0; slot < 2; slot++)
      get_slot(&memory, 1, slot, before[slot]);
    head = partner(1, ++size);
    try_expect(keeper_heads_store(memory.heads, 1, &head, &err), &err, BASE_OK, "");
    for (unsigned slot = 0; slot < 2; slot++)
      get_slot(&memory, 1, slot, after[slot]);
    for (unsigned first = 0; first < 2; first++)
      for (size_t torn = 0; torn <= 2 * KEEPER_SLOT; torn += torn < KEEPER_SLOT ? 1 : 7) {
        uint8_t now[2][KEEPER_SLOT];
        memcpy(now, before, sizeof now);
        size_t in_first = torn < KEEPER_SLOT ? torn : KEEPER_SLOT;
        memcpy(now[first], after[first], in_first);
        memcpy(now[1 - first], after[1 - first], torn - in_first);
        put_slot(&memory, 1, 0, now[0]);
        put_slot(&memory, 1, 1, now[1]);
        try_expect(reopen(&memory, &err), &err, BASE_OK, "");
        const struct keeper_head *found = keeper_heads_at(memory.heads, 1);
        assert_int_equal(found->kind, KEEPER_HEAD_PARTNER);
        /* the new head once its first copy is whole: only then a signature leaves */
        bool whole = memcmp(now[first], after[first], KEEPER_SLOT) == 0;
        assert_int_equal(found->size, whole ? size : size - 1);
      }
    put_slot(&memory, 1, 0, after[0]);
    put_slot(&memory, 1, 1, after[1]);
    try_expect(reopen(&memory, &err), &err, BASE_OK, "");
  }
  memory_end(&memory);
}

/* Power goes once in an update, and again in the first one after the restart: that one must go over the torn copy. */
static void spares_the_only_good_copy(void **state) {
  (void)state;
  struct memory memory;
  struct base_error err;
  memory_start(&memory);
  struct keeper_head head = partner(1, 5);
  try_expect(keeper_heads_store(memory.heads, 1, &head, &err), &err, BASE_OK, "");
  uint8_t good[KEEPER_SLOT], torn[KEEPER_SLOT], found[KEEPER_SLOT];
  get_slot(&memory, 1, 0, good);
  get_slot(&memory, 1, 1, torn);
  torn[KEEPER_SLOT / 2] ^= 1;
  put_slot(&memory, 1, 1, torn);
  try_expect(reopen(&memory, &err), &err, BASE_OK, "");
  /* no byte can be written from slot 1 on: an update that begins there fails, one that begins with slot 0 shows */
  struct rlimit old, narrow;
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
  narrow = old;
  narrow.rlim_cur = (rlim_t)keeper_slot_offset(1, 1);
  signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &narrow), 0);
  head = partner(1, 6);
  enum base_code code = keeper_heads_store(memory.heads, 1, &head, &err);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
  assert_int_not_equal(code, BASE_OK);
  get_slot(&memory, 1, 0, found);
  assert_memory_equal(found, good, KEEPER_SLOT);
  /* with the disk back, the update goes through and both copies are whole again */
  try_expect(reopen(&memory, &err), &err, BASE_OK, "");
  assert_int_equal(keeper_heads_at(memory.heads, 1)->size, 5);
  try_expect(keeper_heads_store(memory.heads, 1, &head, &err), &err, BASE_OK, "");
  get_slot(&memory, 1, 0, good);
  get_slot(&memory, 1, 1, found);
  assert_memory_equal(found, good, KEEPER_SLOT);
  memory_end(&memory);
}

static void refuses_damage(void **state) {
  (void)state;
  struct memory memory;
  struct base_error err;
  memory_start(&memory);
  struct keeper_head own = *keeper_heads_own(memory.heads);
  own.size = 3;
  try_expect(keeper_heads_store(memory.heads, 0, &own, &err), &err, BASE_OK, "");
  static const uint32_t records[] = {0, 5, KEEPER_RECORDS - 1};
  for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
    uint8_t good[2][KEEPER_SLOT], bad[KEEPER_SLOT];
    get_slot(&memory, records[i], 0, good[0]);
    get_slot(&memory, records[i], 1, good[1]);
    memcpy(bad, good[0], sizeof bad);
    bad[30 * i] ^= 0x10;
    /* one damaged: the other speaks, and nothing was lost */
    put_slot(&memory, records[i], 0, bad);
    try_expect(reopen(&memory, &err), &err, BASE_OK, "");
    assert_int_equal(keeper_heads_own(memory.heads)->size, 3);
    /* both: no "nothing signed yet" */
    put_slot(&memory, records[i], 1, bad);
    try_expect(reopen(&memory, &err), &err, BASE_CORRUPT, "both copies");
    memset(bad, 0, sizeof bad);
    put_slot(&memory, records[i], 0, bad);
    put_slot(&memory, records[i], 1, bad);
    try_expect(reopen(&memory, &err), &err, BASE_CORRUPT, "both copies");
    /* a good slot in another's place */
    get_slot(&memory, 7, 0, bad);
    put_slot(&memory, records[i], 0, bad);
    try_expect(reopen(&memory, &err), &err, BASE_CORRUPT, "both copies");
    put_slot(&memory, records[i], 0, good[0]);
    put_slot(&memory, records[i], 1, good[1]);
  }
  try_expect(reopen(&memory, &err), &err, BASE_OK, "");
  memory_end(&memory);
}

static void refuses_another_file(void **state) {
  (void)state;
  struct memory memory;
  struct base_error err;
  struct keeper_heads *second = NULL;
  memory_start(&memory);
  try_expect(keeper_heads_open(memory.dir, ORIGIN, &second, &err), &err, BASE_BUSY, "another keeper");
  keeper_heads_close(memory.heads);
  memory.heads = NULL;
  try_expect(keeper_heads_open(memory.dir, "wasl/rabat/0123456789abcde0", &second, &err), &err, BASE_CORRUPT,
             "not the memory of");
  assert_int_equal(fchmod(memory.file, 0640), 0);
  try_expect(reopen(&memory, &err), &err, BASE_PERMISSION, "0640");
  assert_int_equal(fchmod(memory.file, 0600), 0);
  static const char advice[] = "Put no older copy back: move the file away and go on with a new epoch";
  static const off_t cut[] = {4096, 17, 0};
  for (size_t i = 0; i < sizeof cut / sizeof *cut; i++) {
    char size[24];
    (void)snprintf(size, sizeof size, ": %lld bytes", (long long)cut[i]);
    assert_int_equal(ftruncate(memory.file, cut[i]), 0);
    try_expect(reopen(&memory, &err), &err, BASE_CORRUPT, size);
    try_expect(reopen(&memory, &err), &err, BASE_CORRUPT, advice);
    assert_non_null(strstr(err.text, "--number N (docs/keys.md says which number)")); /* not cut off */
  }
  assert_int_equal(unlinkat(memory.dir, KEEPER_HEADS_FILE, 0), 0);
  try_expect(reopen(&memory, &err), &err, BASE_CORRUPT, "missing");
  assert_int_equal(faccessat(memory.dir, KEEPER_HEADS_FILE, F_OK, 0), -1);
  assert_null(second);
  memory_end(&memory);
}

/* The limit is reached, what is known stays, and the next one is refused. Fills the file behind the keeper's back. */
static void reaches_its_limit(void **state) {
  (void)state;
  struct memory memory;
  struct base_error err;
  memory_start(&memory);
  for (uint32_t i = 1; i <= KEEPER_PARTNERS_MAX; i++) {
    struct keeper_head head = partner(i, i);
    head.sequence = 1;
    uint8_t bytes[KEEPER_SLOT];
    keeper_slot_write(&head, i, bytes);
    put_slot(&memory, i, 1, bytes);
  }
  try_expect(reopen(&memory, &err), &err, BASE_OK, "");
  assert_int_equal(keeper_heads_free(memory.heads), KEEPER_NO_RECORD);
  for (uint32_t i = 1; i <= KEEPER_PARTNERS_MAX; i++) {
    struct keeper_head head = partner(i, i);
    assert_int_equal(keeper_heads_find(memory.heads, &head.origin), i);
  }
  /* the same register in two records */
  struct keeper_head twice = partner(1, 9);
  twice.sequence = 2;
  uint8_t bytes[KEEPER_SLOT];
  keeper_slot_write(&twice, 2, bytes);
  put_slot(&memory, 2, 0, bytes);
  try_expect(reopen(&memory, &err), &err, BASE_CORRUPT, "same register");
  memory_end(&memory);
}

/* The same limit as a partner meets it: by cosign. */
static void cosign_says_when_full(void **state) {
  (void)state;
  struct memory memory;
  struct base_error err;
  struct try_world world, other;
  char other_path[TRY_PATH];
  try_world_init(&world, 1);
  try_world_init(&other, 2);
  memory.dir = try_folder(memory.path);
  keeper_close(try_new(memory.dir, &world, "paris"));
  memory.heads = NULL;
  memory.file = openat(memory.dir, KEEPER_HEADS_FILE, O_RDWR | O_CLOEXEC);
  for (uint32_t i = 1; i <= KEEPER_PARTNERS_MAX; i++) {
    struct keeper_head head = partner(i, i);
    uint8_t bytes[KEEPER_SLOT];
    head.sequence = 1;
    keeper_slot_write(&head, i, bytes);
    put_slot(&memory, i, 0, bytes);
  }
  int other_dir = try_folder(other_path);
  struct keeper *paris = try_open(memory.dir, &world), *rabat = try_new(other_dir, &other, "rabat");
  struct try_info info;
  try_describe(rabat, &info);
  struct try_register log = {0};
  BASE_AUTO_BUF struct base_buf note = {0}, line = {0};
  try_expect(try_attest(rabat, &log, 0, 1, &note, &err), &err, BASE_OK, "");
  try_expect(keeper_cosign(paris, &info.log, base_buf_view(&note), 0, NULL, 0, &line, &err), &err, BASE_TOO_LARGE,
             "1024 registers");
  assert_int_equal(line.size, 0);
  keeper_close(paris);
  keeper_close(rabat);
  try_folder_remove(other_path, other_dir);
  memory_end(&memory);
}

/* A disk that refuses the write: no signature, and none after it until a restart. */
static void stops_after_a_failed_write(void **state) {
  (void)state;
  struct memory memory;
  struct base_error err;
  memory_start(&memory);
  struct keeper_head head = partner(1, 1);
  /* the file is the only thing open on this folder's name: close it behind the memory's back */
  char link[64];
  int found = -1;
  for (int fd = 3; fd < 64 && found < 0; fd++) {
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    ssize_t size = fd == memory.file ? -1 : readlink(path, link, sizeof link - 1);
    if (size > 0 && (link[size] = '\0', strstr(link, KEEPER_HEADS_FILE) != NULL))
      found = fd;
  }
  assert_true(found >= 0);
  int null = openat(memory.dir, KEEPER_HEADS_FILE, O_RDONLY | O_CLOEXEC);
  assert_int_equal(dup3(null, found, O_CLOEXEC), found);
  close(null);
  assert_int_not_equal(keeper_heads_store(memory.heads, 1, &head, &err), BASE_OK);
  try_expect(keeper_heads_store(memory.heads, 1, &head, &err), &err, BASE_IO, "started anew");
  try_expect(reopen(&memory, &err), &err, BASE_OK, "");
  try_expect(keeper_heads_store(memory.heads, 1, &head, &err), &err, BASE_OK, "");
  memory_end(&memory);
}

int main(void) {
  base_log_level(BASE_LOG_ERROR);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(remembers),
      cmocka_unit_test(survives_torn_writes),
      cmocka_unit_test(refuses_damage),
      cmocka_unit_test(refuses_another_file),
      cmocka_unit_test(reaches_its_limit),
      cmocka_unit_test(cosign_says_when_full),
      cmocka_unit_test(stops_after_a_failed_write),
      cmocka_unit_test(spares_the_only_good_copy),
  };
  return cmocka_run_group_tests_name("keeper_heads", tests, NULL, NULL);
}
