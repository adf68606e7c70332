/* SPDX-License-Identifier: Apache-2.0 */
#include "wire_slips.h"

/* Balances of a kind: what is needed against what items bring. */

/* The kind `assistance` with the first such place replaced. */
static enum base_code parse_with(const char *old, const char *new, struct base_error *err) {
  return shipped_changed("assistance", old, new, err);
}

static void reads_the_balance_of_a_kind(void **state) {
  (void)state;
  struct shipped kind;
  shipped_load(&kind, "assistance");
  assert_int_equal(kind.kind.balance_count, 1);
  const struct wire_kind_balance *balance = &kind.kind.balances[0];
  assert_true(base_view_is(balance->name, "needs") && base_view_is(balance->item->name, "offer"));
  const struct wire_kind_field *request = wire_balance_needs(balance, shipped_type(&kind, "request"));
  const struct wire_kind_field *amend = wire_balance_needs(balance, shipped_type(&kind, "amend"));
  assert_true(base_view_is(request->name, "needs") && base_view_is(amend->name, "needs"));
  assert_true(base_view_is(wire_table_column(request, balance->quantity)->name, "quantity"));
  assert_null(wire_table_column(request, BASE_VIEW("colour")));
  assert_null(wire_balance_needs(balance, shipped_type(&kind, "offer")));
  assert_non_null(wire_balance_gives(balance, shipped_type(&kind, "offer")));
  assert_non_null(wire_balance_gives(balance, shipped_type(&kind, "accept_in_part")));
  assert_null(wire_balance_gives(balance, shipped_type(&kind, "accept")));
  assert_null(wire_balance_gives(balance, shipped_type(&kind, "request")));
  uint32_t all = 0;
  for (size_t i = 0; i < WIRE_STANDINGS; i++) {
    assert_int_equal(all & balance->stands[i], 0);
    all |= balance->stands[i];
  }
  for (size_t i = 0; i < balance->item->state_count; i++) {
    struct base_view name = balance->item->states[i];
    bool counts = !base_view_is(name, "declined") && !base_view_is(name, "withdrawn") && !base_view_is(name, "turned_back");
    assert_int_equal(all >> i & 1, counts);
  }
  base_arena_free(&kind.arena);
  shipped_load(&kind, "request");
  assert_int_equal(kind.kind.balance_count, 0);
  base_arena_free(&kind.arena);
}

#define BALANCE "{\"name\": \"needs\", \"item\": \"offer\", \"needs\": \"needs\", \"gives\": \"lines\""
#define OFFERED "{\"name\": \"lines\", \"type\": \"table\", \"least\": 1, \"most\": 64, \"required\": true"
#define MOST "\"type\": \"integer\", \"least\": 0, \"most\": 1000000, \"required\": true"

static void refuses_what_leads_nowhere(void **state) {
  (void)state;
  static const struct slip slips[] = {
      {"\"balances\": [", "\"balances\": [], \"x\": [", "$.balances"},
      {BALANCE, "{\"name\": \"Needs\", \"item\": \"offer\", \"needs\": \"needs\", \"gives\": \"lines\"", "$.balances[0].name"},
      {BALANCE, "{\"name\": \"needs\", \"item\": \"boat\", \"needs\": \"needs\", \"gives\": \"lines\"",
       "$.balances[0].item: names no item of this kind"},
      {BALANCE, "{\"name\": \"needs\", \"item\": \"offer\", \"needs\": \"lacks\", \"gives\": \"lines\"",
       "$.balances[0].needs: must be a required field of type table of request"},
      {BALANCE, "{\"name\": \"needs\", \"item\": \"offer\", \"needs\": \"subject\", \"gives\": \"lines\"",
       "$.balances[0].needs: must be a field of type table of request"},
      {BALANCE, "{\"name\": \"needs\", \"item\": \"offer\", \"needs\": \"needs\", \"gives\": \"lacks\"",
       "$.balances[0].gives: must be a required field of type table of offer"},
      {BALANCE, "{\"name\": \"needs\", \"item\": \"offer\", \"needs\": \"needs\", \"gives\": \"team\"",
       "$.balances[0].gives: must be a field of type table of offer"},
      {BALANCE ",", BALANCE ", \"colour\": \"red\",", "$.balances[0].colour"},
      {OFFERED, "{\"name\": \"lines\", \"type\": \"table\", \"least\": 1, \"most\": 64", "must be a required field of type table of offer"},
      {"\"line\": \"line\", \"what\"", "\"line\": \"colour\", \"what\"",
       "$.balances[0].line: must be a required column of type line or code of request.needs"},
      {"\"what\": \"resource\"", "\"what\": \"needed_from\"",
       "$.balances[0].what: must be a required column of type line or code of request.needs"},
      {"\"quantity\": \"quantity\"", "\"quantity\": \"unit\"",
       "$.balances[0].quantity: must be a required column of type integer, from 0 to at most 1000000000, of request.needs"},
      {MOST, "\"type\": \"integer\", \"least\": -1, \"most\": 1000000, \"required\": true", "$.balances[0].quantity"},
      {MOST, "\"type\": \"integer\", \"least\": 0, \"most\": 1000000001, \"required\": true", "$.balances[0].quantity"},
      {MOST, "\"type\": \"integer\", \"least\": 0, \"most\": 1000000", "$.balances[0].quantity"},
      {"\"unit\": \"unit\",\n", "\"unit\": \"place\",\n", "$.balances[0].unit"},
      {"\"offered\": [\"made\"]", "\"offered\": []", "$.balances[0].stands.offered: names no state of the item offer"},
      {"\"offered\": [\"made\"]", "\"offered\": [\"issued\"]", "$.balances[0].stands.offered: item 0 names no state of the item"},
      {"\"offered\": [\"made\"]", "\"offered\": [\"made\", \"home\"]",
       "$.balances[0].stands.left: has a state that stands for something else already"},
      {"\"offered\": [\"made\"]", "\"offered\": [\"made\"], \"lost\": [\"declined\"]", "$.balances[0].stands.lost"},
      {"{\"on\": \"amend\", \"from\": [\"issued\"], \"who\": \"opener\"}",
       "{\"on\": \"amend\", \"from\": [\"issued\"], \"to\": \"issued\", \"all\": true}",
       "$.balances[0].needs: amend has a transition with all"},
      {"\"to\": \"accepted_in_part\", \"who\": \"opener\"", "\"to\": \"accepted_in_part\", \"all\": true",
       "$.balances[0].gives: accept_in_part has a transition with all"},
  };
  refuses_slips("assistance", slips, sizeof slips / sizeof *slips);
  struct base_error err = {0};
  assert_int_equal(parse_with(MOST, "\"type\": \"integer\", \"least\": 0, \"most\": 1000000000, \"required\": true", &err), BASE_OK);
}

/* As many as are allowed, and one more; each name once. */
static void so_many_balances(void **state) {
  (void)state;
  static const char rest[] = "\"item\": \"offer\", \"needs\": \"needs\", \"gives\": \"lines\", \"line\": \"line\", \"what\": \"resource\", "
                             "\"quantity\": \"quantity\", \"unit\": \"unit\", \"stands\": {\"offered\": [\"made\"], \"accepted\": "
                             "[\"accepted\"]}}, ";
  for (size_t more = 1; more <= WIRE_KIND_BALANCES_MAX; more++)
    for (size_t twice = 0; twice < 2; twice++) {
      char text[4096] = "\"balances\": [";
      struct base_error err = {0};
      for (size_t i = 0; i < more; i++)
        (void)snprintf(text + strlen(text), sizeof text - strlen(text), "{\"name\": \"b%zu\", %s", twice ? 0 : i, rest);
      enum base_code code = parse_with("\"balances\": [", text, &err);
      bool allowed = more < WIRE_KIND_BALANCES_MAX && (!twice || more == 1);
      if ((code == BASE_OK) != allowed || (!allowed && strstr(err.text, "$.balances") == NULL))
        fail_msg("%zu, %zu: %s", more, twice, err.text);
    }
}

/* The one that stands twice is not the one before it. */
static void the_third_has_the_name_of_the_first(void **state) {
  (void)state;
  struct base_error err = {0};
  static const char rest[] = "\"item\": \"offer\", \"needs\": \"needs\", \"gives\": \"lines\", \"line\": \"line\", \"what\": \"resource\", "
                             "\"quantity\": \"quantity\", \"unit\": \"unit\", \"stands\": {\"offered\": [\"made\"], \"accepted\": "
                             "[\"accepted\"]}}, ";
  char text[2048];
  (void)snprintf(text, sizeof text, "\"balances\": [{\"name\": \"a\", %s{\"name\": \"b\", %s{\"name\": \"a\", %s", rest, rest, rest);
  assert_int_equal(parse_with("\"balances\": [", text, &err), BASE_FIELD);
  assert_non_null(strstr(err.text, "$.balances[2].name: stands twice"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_the_balance_of_a_kind),
      cmocka_unit_test(refuses_what_leads_nowhere),
      cmocka_unit_test(so_many_balances),
      cmocka_unit_test(the_third_has_the_name_of_the_first),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
