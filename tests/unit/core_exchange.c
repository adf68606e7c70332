/* SPDX-License-Identifier: Apache-2.0
 * The exchange between two cores, with the line in the test's hand. */
#include "core_pair.h"

static void make_two(struct pair_node *a, struct pair_node *b) {
  pair_make(a, "rabat");
  pair_make(b, "paris");
  pair_partner(a, b);
  pair_partner(b, a);
}

static void remove_two(struct pair_node *a, struct pair_node *b) {
  pair_remove(a);
  pair_remove(b);
}

/* A message goes, is receipted, both know the same state, and both nodes come to rest. */
static void test_exchange(void **state) {
  (void)state;
  struct pair_node a, b;
  char agreement[65], request[65];
  make_two(&a, &b);
  pair_agree(&a, &b, agreement);
  pair_request(&a, &b, request);
  assert_int_equal(pair_outbox(&a, request, NULL), STORE_UNDER_WAY); /* a parked take got it at once */
  assert_true(pair_send(&a, &b));
  assert_int_equal(pair_outbox(&a, request, NULL), STORE_RECEIPTED);
  pair_rest(&a, &b);
  struct base_id id;
  assert_true(base_id_parse(base_view_text(request), &id));
  struct core_case *mine = NULL, *theirs = NULL;
  assert_int_equal(core_case_load(a.core, &id, &mine, NULL), BASE_OK);
  assert_int_equal(core_case_load(b.core, &id, &theirs, NULL), BASE_OK);
  assert_true(base_view_equal(core_case_state_name(mine), core_case_state_name(theirs)));
  remove_two(&a, &b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_exchange),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
