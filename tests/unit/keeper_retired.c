/* SPDX-License-Identifier: Apache-2.0
 * The memory of erasures: a retired key opens nothing any more, whoever wrapped it; the list survives a power cut at
 * any byte, tells damage from an append that was cut off, ends at its limit, and may be lost. */
#include "keeper_try.h"

#include <signal.h>
#include <sys/resource.h>

#include "keeper/retired.h"

#define ORIGIN "wasl/rabat/0123456789abcdef"
enum { MOST = 8, LARGE = KEEPER_RETIRED_AT + MOST * KEEPER_RETIRED_RECORD };

struct memory {
  char path[TRY_PATH];
  int dir, file;
  struct keeper_retired *retired;
};

static enum base_code reopen(struct memory *memory, struct base_error *err) {
  keeper_retired_close(memory->retired);
  memory->retired = NULL;
  return keeper_retired_open(memory->dir, ORIGIN, MOST, &memory->retired, err);
}

static void memory_start(struct memory *memory) {
  struct base_error err;
  *memory = (struct memory){.retired = NULL};
  memory->dir = try_folder(memory->path);
  try_expect(keeper_retired_init(memory->dir, ORIGIN, &err), &err, BASE_OK, "");
  try_expect(reopen(memory, &err), &err, BASE_OK, "");
  memory->file = openat(memory->dir, KEEPER_RETIRED_FILE, O_RDWR | O_CLOEXEC);
  assert_true(memory->file >= 0);
}

static void memory_end(struct memory *memory) {
  keeper_retired_close(memory->retired);
  close(memory->file);
  try_folder_remove(memory->path, memory->dir);
}

static struct keeper_retired_entry entry_of(unsigned number, unsigned key) {
  struct base_secret secret = {{(uint8_t)key}};
  struct keeper_retired_entry entry = {{{0}}, {0}};
  struct base_hash id = seal_sha256(base_view_of(&number, sizeof number));
  memcpy(entry.message.bytes, id.bytes, sizeof id.bytes);
  if (key > 0)
    keeper_retired_key(&secret, entry.key);
  return entry;
}

static enum base_code add(struct memory *memory, unsigned number, unsigned key, struct base_error *err) {
  struct keeper_retired_entry entry = entry_of(number, key);
  return keeper_retired_add(memory->retired, &entry, 1, err);
}

static bool holds(const struct memory *memory, unsigned key) {
  struct base_secret secret = {{(uint8_t)key}};
  return keeper_retired_holds(memory->retired, &secret);
}

static void remembers(void **state) {
  (void)state;
  struct memory memory;
  struct base_error err;
  struct wire_keeper_mark none, one, again;
  memory_start(&memory);
  assert_false(holds(&memory, 1));
  try_expect(keeper_retired_mark(memory.retired, 0, &none, &err), &err, BASE_OK, "");
  try_expect(add(&memory, 1, 1, &err), &err, BASE_OK, "");
  try_expect(keeper_retired_mark(memory.retired, 1, &one, &err), &err, BASE_OK, "");
  assert_memory_not_equal(&none, &one, sizeof one);
  try_expect(add(&memory, 1, 1, &err), &err, BASE_OK, ""); /* once more is once */
  try_expect(add(&memory, 1, 0, &err), &err, BASE_OK, "");
  assert_int_equal(keeper_retired_count(memory.retired), 1);
  try_expect(add(&memory, 1, 2, &err), &err, BASE_OK, ""); /* it had another key */
  try_expect(add(&memory, 2, 0, &err), &err, BASE_OK, "");
  for (int round = 0; round < 2; round++) {
    assert_int_equal(keeper_retired_count(memory.retired), 3);
    assert_true(holds(&memory, 1) && holds(&memory, 2));
    assert_false(holds(&memory, 3));
    struct keeper_retired_entry last = entry_of(2, 0);
    assert_true(base_id_equal(keeper_retired_at(memory.retired, 2), &last.message));
    try_expect(keeper_retired_mark(memory.retired, 1, &again, &err), &err, BASE_OK, "");
    assert_memory_equal(&again, &one, sizeof one);
    try_expect(reopen(&memory, &err), &err, BASE_OK, "");
  }
  memory_end(&memory);
}

static void reaches_its_limit(void **state) {
  (void)state;
  struct memory memory;
  struct base_error err;
  memory_start(&memory);
  for (unsigned i = 0; i < MOST; i++)
    try_expect(add(&memory, i, i + 1, &err), &err, BASE_OK, "");
  try_expect(add(&memory, MOST, 1, &err), &err, BASE_TOO_LARGE, "no room");
  try_expect(add(&memory, 3, 4, &err), &err, BASE_OK, ""); /* known */
  try_expect(reopen(&memory, &err), &err, BASE_OK, "");
  assert_int_equal(keeper_retired_count(memory.retired), MOST);
  assert_true(holds(&memory, MOST));
  memory_end(&memory);
}

/* Power goes at each byte of an append, of the slot that says how far it goes, and of the slot's copy. */
static void survives_torn_writes(void **state) {
  (void)state;
  struct memory memory;
  struct base_error err;
  memory_start(&memory);
  for (unsigned round = 1; round < 4; round++) {
    uint8_t before[LARGE] = {0}, after[LARGE] = {0}, now[LARGE];
    ssize_t small = pread(memory.file, before, sizeof before, 0);
    try_expect(add(&memory, round, round, &err), &err, BASE_OK, "");
    ssize_t large = pread(memory.file, after, sizeof after, 0);
    assert_int_equal(large - small, KEEPER_RETIRED_RECORD);
    /* the record is synced first, then one slot, and nothing waits for the other */
    unsigned first = memcmp(before + 4096, after + 4096, KEEPER_RETIRED_SLOT) != 0 && round % 2 == 0 ? 1 : 0;
    for (unsigned order = 0; order < 2; order++, first = 1 - first)
      for (int torn = 0; torn <= KEEPER_RETIRED_RECORD + KEEPER_RETIRED_SLOT; torn++) {
        int in_record = torn < KEEPER_RETIRED_RECORD ? torn : KEEPER_RETIRED_RECORD, in_slot = torn - in_record;
        memcpy(now, before, sizeof now);
        memcpy(now + small, after + small, (size_t)in_record);
        memcpy(now + 4096 * (1 + first), after + 4096 * (1 + first), (size_t)in_slot);
        assert_int_equal(ftruncate(memory.file, 0), 0);
        assert_int_equal(pwrite(memory.file, now, (size_t)(small + in_record), 0), small + in_record);
        try_expect(reopen(&memory, &err), &err, BASE_OK, "");
        bool whole = memcmp(now + 4096 * (1 + first), after + 4096 * (1 + first), KEEPER_RETIRED_SLOT) == 0;
        assert_int_equal(keeper_retired_count(memory.retired), whole ? round : round - 1);
        assert_int_equal(holds(&memory, round), whole);
      }
    assert_int_equal(ftruncate(memory.file, 0), 0);
    assert_int_equal(pwrite(memory.file, after, (size_t)large, 0), large);
    try_expect(reopen(&memory, &err), &err, BASE_OK, "");
  }
  memory_end(&memory);
}

/* What was durable and is not as it was is damage, wherever. */
static void names_damage(void **state) {
  (void)state;
  struct memory memory;
  struct base_error err;
  memory_start(&memory);
  for (unsigned i = 1; i < 4; i++)
    try_expect(add(&memory, i, i, &err), &err, BASE_OK, "");
  uint8_t octet;
  for (off_t at = 0; at < KEEPER_RETIRED_AT + 3 * KEEPER_RETIRED_RECORD; at += at == 71 ? KEEPER_RETIRED_AT - 71 : 1) {
    assert_int_equal(pread(memory.file, &octet, 1, at), 1);
    octet ^= 0x10;
    assert_int_equal(pwrite(memory.file, &octet, 1, at), 1);
    try_expect(reopen(&memory, &err), &err, BASE_CORRUPT, KEEPER_RETIRED_FILE);
    octet ^= 0x10;
    assert_int_equal(pwrite(memory.file, &octet, 1, at), 1);
  }
  assert_int_equal(ftruncate(memory.file, KEEPER_RETIRED_AT + 3 * KEEPER_RETIRED_RECORD - 1), 0);
  try_expect(reopen(&memory, &err), &err, BASE_CORRUPT, "cut short");
  memory_end(&memory);
}

static void one_slot_is_enough(void **state) {
  (void)state;
  struct memory memory;
  struct base_error err;
  memory_start(&memory);
  try_expect(add(&memory, 1, 1, &err), &err, BASE_OK, "");
  for (unsigned slot = 0; slot < 2; slot++) {
    uint8_t octet;
    off_t at = 4096 * (1 + slot) + 20;
    assert_int_equal(pread(memory.file, &octet, 1, at), 1);
    octet ^= 1;
    assert_int_equal(pwrite(memory.file, &octet, 1, at), 1);
    if (slot == 0) {
      try_expect(reopen(&memory, &err), &err, BASE_OK, "");
      assert_true(holds(&memory, 1));
    }
  }
  try_expect(reopen(&memory, &err), &err, BASE_CORRUPT, "both copies");
  memory_end(&memory);
}

/* A lost file begins anew; one of another node is none; nobody else may read it. */
static void may_be_lost(void **state) {
  (void)state;
  struct memory memory;
  struct base_error err;
  memory_start(&memory);
  try_expect(add(&memory, 1, 1, &err), &err, BASE_OK, "");
  assert_int_equal(fchmod(memory.file, 0640), 0);
  try_expect(reopen(&memory, &err), &err, BASE_PERMISSION, KEEPER_RETIRED_FILE);
  assert_int_equal(unlinkat(memory.dir, KEEPER_RETIRED_FILE, 0), 0);
  try_expect(reopen(&memory, &err), &err, BASE_OK, "");
  assert_int_equal(keeper_retired_count(memory.retired), 0);
  try_expect(keeper_retired_init(memory.dir, "wasl/paris/0123456789abcdef", &err), &err, BASE_OK, "");
  try_expect(reopen(&memory, &err), &err, BASE_CORRUPT, "not the memory of");
  memory_end(&memory);
}

/* No room on the disk: nothing is changed, and it is tried again. */
static void waits_for_room(void **state) {
  (void)state;
  struct memory memory;
  struct base_error err;
  struct rlimit limit, before;
  memory_start(&memory);
  try_expect(add(&memory, 1, 1, &err), &err, BASE_OK, "");
  signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  limit = before;
  limit.rlim_cur = KEEPER_RETIRED_AT + KEEPER_RETIRED_RECORD + 10;
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
  enum base_code code = add(&memory, 2, 2, &err);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
  assert_int_not_equal(code, BASE_OK);
  assert_false(holds(&memory, 2));
  try_expect(reopen(&memory, &err), &err, BASE_OK, "");
  try_expect(add(&memory, 2, 2, &err), &err, BASE_OK, "");
  assert_true(holds(&memory, 1) && holds(&memory, 2));
  memory_end(&memory);
}

/* --- the keeper's verbs */

static struct wire_keeper_erased wrapped(struct keeper *keeper, unsigned number, const struct base_secret *key) {
  struct wire_keeper_erased erased = {.message = entry_of(number, 0).message};
  struct base_error err;
  try_expect(keeper_wrap(keeper, key, 1, &erased.wrapped, &erased.epoch, &err), &err, BASE_OK, "");
  return erased;
}

static void retires(void **state) {
  (void)state;
  struct try_world world;
  char path[TRY_PATH];
  struct base_error err;
  struct base_secret keys[2] = {{{7}}, {{9}}}, out[2];
  struct wire_keeper_retired retired;
  struct wire_keeper_listed listed;
  try_world_init(&world, 3);
  int dir = try_folder(path);
  struct keeper *keeper = try_new(dir, &world, "rabat");
  struct wire_keeper_erased erased = wrapped(keeper, 1, &keys[0]), other = wrapped(keeper, 2, &keys[1]);
  try_expect(keeper_retire(keeper, &erased, 1, &retired, &err), &err, BASE_OK, "");
  assert_int_equal(retired.total, 1);
  assert_int_equal(retired.unopened, 0);
  for (int round = 0; round < 2; round++) {
    uint8_t both[2][KEEPER_WRAPPED];
    memcpy(both[0], other.wrapped, sizeof both[0]);
    memcpy(both[1], erased.wrapped, sizeof both[1]);
    try_expect(keeper_unwrap(keeper, erased.epoch, (const uint8_t(*)[KEEPER_WRAPPED])both, 2, out, &err), &err,
               BASE_UNSEAL, "wrapped key 1 is retired");
    assert_memory_not_equal(out[0].bytes, keys[1].bytes, sizeof keys[1].bytes); /* then no key of the batch */
    try_expect(keeper_unwrap(keeper, other.epoch, &other.wrapped, 1, out, &err), &err, BASE_OK, "");
    /* whatever epoch key wraps it */
    try_expect(keeper_renew(keeper, 1u << KEEPER_KEY_EPOCH, &err), &err, round == 0 ? BASE_OK : BASE_CONFLICT, "");
    struct wire_keeper_erased anew = wrapped(keeper, 1, &keys[0]);
    assert_int_not_equal(anew.epoch, erased.epoch);
    try_expect(keeper_unwrap(keeper, anew.epoch, &anew.wrapped, 1, out, &err), &err, BASE_UNSEAL, "retired");
    keeper_close(keeper);
    keeper = try_open(dir, &world);
  }
  /* one whose epoch key is gone, one that was changed, one without a key */
  struct wire_keeper_erased odd[3] = {other, other, {.message = entry_of(5, 0).message}};
  odd[0].epoch = 77;
  odd[1].message = entry_of(4, 0).message;
  odd[1].wrapped[3] ^= 1;
  try_expect(keeper_retire(keeper, odd, 3, &retired, &err), &err, BASE_OK, "");
  assert_int_equal(retired.unopened, 2);
  assert_int_equal(retired.total, 4);
  try_expect(keeper_unwrap(keeper, other.epoch, &other.wrapped, 1, out, &err), &err, BASE_OK, "");
  try_expect(keeper_list(keeper, 1, 2, &listed, &err), &err, BASE_OK, "");
  assert_int_equal(listed.total, 4);
  assert_int_equal(listed.count, 2);
  assert_true(base_id_equal(&listed.messages[1], &odd[1].message));
  try_expect(keeper_list(keeper, 4, 2, &listed, &err), &err, BASE_OK, "");
  assert_int_equal(listed.count, 0);
  assert_memory_equal(&listed.mark, &retired.mark, sizeof retired.mark);
  try_expect(keeper_list(keeper, 5, 2, &listed, &err), &err, BASE_OK, "");
  assert_int_equal(listed.count, 0);
  try_expect(keeper_list(keeper, 0, KEEPER_WRAP_MAX + 1, &listed, &err), &err, BASE_TOO_LARGE, "513");
  keeper_close(keeper);
  assert_int_equal(unlinkat(dir, keeper_key_name(KEEPER_KEY_EPOCH, 2).text, 0), 0);
  try_folder_remove(path, dir);
}

int main(void) {
  base_log_level(BASE_LOG_ERROR);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(remembers),
      cmocka_unit_test(reaches_its_limit),
      cmocka_unit_test(survives_torn_writes),
      cmocka_unit_test(names_damage),
      cmocka_unit_test(one_slot_is_enough),
      cmocka_unit_test(may_be_lost),
      cmocka_unit_test(waits_for_room),
      cmocka_unit_test(retires),
  };
  return cmocka_run_group_tests_name("keeper_retired", tests, NULL, NULL);
}
