/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/cases.h"
#include "core/internal.h"

/* Cases without messages: the cache looks at ids and at what their arenas hold, and at nothing else. */

static const struct core_kind any_kind;

static struct base_id id_of(unsigned number) {
  struct base_id id = {0};
  memcpy(id.bytes, &number, sizeof number);
  id.bytes[31] = (uint8_t)number;
  return id;
}

static void keep(struct core *core, unsigned number, size_t octets) {
  struct core_case *kase = core_case_place(core);
  assert_null(kase->kind);
  kase->id = id_of(number);
  kase->kind = &any_kind;
  base_arena_init(&kase->arena, CORE_CASE_ARENA);
  assert_non_null(base_arena_alloc(&kase->arena, octets));
  core_case_keep(core, kase);
}

static bool known(struct core *core, unsigned number) {
  struct base_id id = id_of(number);
  const struct core_case *kase = core_case_known(core, &id);
  assert_true(kase == NULL || base_id_equal(&kase->id, &id));
  return kase != NULL;
}

static struct core *core_new(void) {
  struct core *core = calloc(1, sizeof *core);
  assert_non_null(core);
  return core;
}

static void core_end(struct core *core) {
  core_case_drop(core, NULL);
  assert_int_equal(core->cases.count, 0);
  assert_int_equal(core->cases.weight, 0);
  free(core);
}

static void what_was_not_used_longest_gives_way(void **state) {
  struct core *core = core_new();
  (void)state;
  for (unsigned i = 0; i < CORE_CASES_CACHED; i++)
    keep(core, i, 16);
  assert_true(known(core, 0)); /* used again: 1 is the oldest now */
  keep(core, CORE_CASES_CACHED, 16);
  assert_int_equal(core->cases.count, CORE_CASES_CACHED);
  assert_false(known(core, 1));
  assert_true(known(core, 0));
  assert_true(known(core, 2));
  assert_true(known(core, CORE_CASES_CACHED));
  core_end(core);
}

static void many_octets_leave_fewer_cases(void **state) {
  struct core *core = core_new();
  (void)state;
  for (unsigned i = 0; i < 40; i++)
    keep(core, i, CORE_CACHED_BYTES / 16);
  assert_true(core->cases.weight <= CORE_CACHED_BYTES + CORE_CACHED_BYTES / 16);
  assert_true(core->cases.count >= 16 && core->cases.count <= 17);
  assert_false(known(core, 20));
  assert_true(known(core, 39));
  core_end(core);
}

static void the_last_few_stay_however_large_they_are(void **state) {
  struct core *core = core_new();
  (void)state;
  for (unsigned i = 0; i < 10; i++)
    keep(core, i, CORE_CACHED_BYTES);
  assert_int_equal(core->cases.count, CORE_CASES_SPARED + 1);
  for (unsigned i = 0; i < 10; i++)
    assert_int_equal(known(core, i), i >= 10 - (CORE_CASES_SPARED + 1));
  core_end(core);
}

static void a_case_that_grew_counts_as_it_is(void **state) {
  struct core *core = core_new();
  (void)state;
  keep(core, 1, 16);
  struct base_id id = id_of(1);
  assert_non_null(base_arena_alloc(&core_case_known(core, &id)->arena, 1 << 20));
  assert_true(known(core, 1));
  assert_int_equal(core->cases.weight, 16 + (1 << 20));
  core_end(core);
}

static void one_is_dropped_and_no_other(void **state) {
  struct core *core = core_new();
  (void)state;
  keep(core, 1, 16);
  keep(core, 2, 16);
  struct base_id id = id_of(1);
  core_case_drop(core, &id);
  assert_false(known(core, 1));
  assert_true(known(core, 2));
  assert_int_equal(core->cases.count, 1);
  core_end(core);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_was_not_used_longest_gives_way),
      cmocka_unit_test(many_octets_leave_fewer_cases),
      cmocka_unit_test(the_last_few_stay_however_large_they_are),
      cmocka_unit_test(a_case_that_grew_counts_as_it_is),
      cmocka_unit_test(one_is_dropped_and_no_other),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
