/* SPDX-License-Identifier: Apache-2.0
 * A kind is read whole or not at all, wherever memory ends; whoever wrote it is then told of no fault that it has not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../shipped.h"
#include "short_memory.h"

static const char SMALL[] =
    "{\"wasl\":\"kind/1\",\"name\":\"talk\",\"version\":1,\"needs_row\":true,\"purpose_field\":\"why\","
    "\"lists\":{\"ground\":[\"peace\"]},"
    "\"types\":[{\"name\":\"ask\",\"fields\":[{\"name\":\"why\",\"type\":\"code\",\"list\":\"ground\",\"required\":true,"
    "\"state\":true,"
    "\"example\":\"peace\"},{\"name\":\"by\",\"type\":\"date\",\"not_before\":{\"days\":0},\"example\":{\"days\":1}},"
    "{\"name\":\"open\",\"type\":\"bool\",\"example\":true},"
    "{\"name\":\"closed\",\"type\":\"bool\",\"required_when\":{\"field\":\"open\",\"is\":[false]}}]},{\"name\":\"end\",\"fields\":[]}],\"states\":[\"asked\",\"over\"],\"opening\":\"ask\","
    "\"transitions\":["
    "{\"on\":\"ask\",\"to\":\"asked\"},{\"on\":\"end\",\"from\":[\"asked\"],\"to\":\"over\"}],\"clocks\":[]}";

static enum base_code parse(struct base_view bytes, size_t limit, struct wire_kind *kind, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena;
  struct base_hash hash = {{0}};
  base_arena_init(&arena, limit);
  return wire_kind_parse(bytes, &hash, &arena, kind, err);
}

/* Only what there is no room for is told. */
static void tell(struct base_view bytes, size_t limit) {
  static struct wire_faults faults;
  BASE_AUTO_ARENA struct base_arena arena;
  struct base_hash hash = {{0}};
  struct wire_kind kind;
  base_arena_init(&arena, limit);
  wire_kind_faults(bytes, &hash, &arena, &kind, &faults);
  assert_true(faults.count > 0);
}

static void an_arena_that_is_too_small(void **state) {
  (void)state;
  static const char *const names[] = {"request", "operation", "event", "assistance", "talks", "relief", NULL};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    struct base_view bytes = names[i] != NULL ? shipped_file(names[i], ".json") : base_view_text(SMALL);
    size_t limit = 1, short_of = 0;
    for (enum base_code code = BASE_MEMORY; code != BASE_OK; limit += names[i] != NULL ? 61 : 7) {
      struct wire_kind kind = {.version = -1};
      struct base_error err = {0};
      code = parse(bytes, limit, &kind, &err);
      if (code != BASE_OK && (code != BASE_MEMORY || kind.version != -1 || strstr(err.text, "no memory left") == NULL))
        fail_msg("%s, %zu octets: %s", names[i] != NULL ? names[i] : "a small one", limit, err.text);
      short_of += code != BASE_OK;
      if (code != BASE_OK && limit % 7 == 0)
        tell(bytes, limit);
    }
    assert_true(short_of > 20);
  }
}

static void an_allocation_that_fails(void **state) {
  (void)state;
  bool enough = false;
  for (size_t which = 1; !enough; which++) {
    struct wire_kind kind = {.version = -1};
    struct base_error err = {0};
    if (!without_memory(which))
      return;
    enum base_code code = parse(base_view_text(SMALL), WIRE_KIND_ARENA, &kind, &err);
    enough = memory_was_enough();
    if (enough ? code != BASE_OK : code != BASE_MEMORY || kind.version != -1)
      fail_msg("allocation %zu: %s", which, err.text);
  }
}

/* Whoever wrote labels is told of a text that nobody needs, by its name or, without memory for that, without. */
static void labels_without_memory(void **state) {
  (void)state;
  static const char text[] = "{\"wasl\":\"labels/1\",\"kind\":\"talk\",\"version\":1,\"texts\":{\"surplus\":{}}}";
  static struct wire_faults faults;
  BASE_AUTO_ARENA struct base_arena arena;
  struct base_hash hash = {{0}};
  struct base_error err = {0};
  struct wire_kind kind;
  bool enough = false, unnamed = false;
  base_arena_init(&arena, WIRE_KIND_ARENA);
  assert_int_equal(wire_kind_parse(base_view_text(SMALL), &hash, &arena, &kind, &err), BASE_OK);
  for (size_t which = 1; !enough; which++) {
    if (!without_memory(which))
      return;
    wire_labels_faults(base_view_text(text), &kind, &faults);
    enough = memory_was_enough();
    const char *last = faults.list[faults.count - 1].text;
    bool named = strstr(last, "$.texts.surplus: surplus") != NULL;
    unnamed = unnamed || strstr(last, "$.texts.?: surplus") != NULL;
    assert_true(named || !enough);
  }
  assert_true(unnamed);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_arena_that_is_too_small),
      cmocka_unit_test(an_allocation_that_fails),
      cmocka_unit_test(labels_without_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
