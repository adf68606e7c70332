/* SPDX-License-Identifier: Apache-2.0
 * Of which lane a leaf is (spec/lanes.md), also of what no message or case is left, and who reads it. */
#include "core/cases.h"
#include "core/lane.h"
#include "core/partners.h"
#include "core_damage.h"
#include "core_sides.h"

/* Whether what the leaf says, or its evidence, is hidden from her. */
static bool is_hidden(struct pair_node *node, const char *secret, uint64_t leaf) {
  char members[64];
  snprintf(members, sizeof members, "\"n\":%llu", (unsigned long long)leaf);
  struct pair_answer answer = ask_as(node, LINK_REGISTER_SHOW, secret, members);
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  assert_int_equal(answer.status, BASE_OK);
  assert_int_equal(wire_json_parse(base_buf_view(&answer.payload), 1 << 20, "leaf", &json, NULL), BASE_OK);
  bool hidden = wire_json_true(wire_json_get(json, "hidden"));
  assert_int_equal(is_null(json, "opening"), hidden);
  pair_answer_free(&answer);
  return hidden;
}

static void one_side_reads(struct pair_node *node, const char *who, const char *other) {
  assert_false(is_hidden(node, who, node->core->reg.size - 1));
  assert_true(is_hidden(node, other, node->core->reg.size - 1));
}

static enum wire_lane said(struct pair_node *node, enum wire_act act, const char *subject) {
  enum wire_lane lane = WIRE_LANE_NONE;
  struct base_error err = {0};
  struct wire_opening opening = {.subject = base_view_text(subject)};
  assert_int_equal(core_lane_of_leaf(node->core, act, &opening, &lane, &err), BASE_OK);
  return lane;
}

/* Refusals by law and searches that found nothing name no message, and a kind may be removed, or another one by now. */
static void test_leaves_about_no_message(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65], lina[SECRET], hana[SECRET];
  two(&a, &b);
  add_sides(&a, lina, hana);
  open_as(&a, "sar", b.name, hana, "", BASE_LAW, "", id);
  one_side_reads(&a, hana, lina);
  done_as(&a, LINK_STIX_LIST, hana, "\"id\":\"indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"reason\":\"the family of\"");
  one_side_reads(&a, hana, lina);
  done_as(&a, LINK_STIX_LIST, lina, "\"id\":\"indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"");
  one_side_reads(&a, lina, hana);
  assert_int_equal(said(&a, WIRE_ACT_DENIED, "gone/ask humanitarian"), WIRE_LANE_HUMANITARIAN);
  assert_int_equal(said(&a, WIRE_ACT_DENIED, "gone/ask humanitarian exercise"), WIRE_LANE_HUMANITARIAN);
  assert_int_equal(said(&a, WIRE_ACT_DENIED, "gone/ask exercise"), WIRE_LANE_ENFORCEMENT);
  assert_int_equal(said(&a, WIRE_ACT_DENIED, "gone/ask"), WIRE_LANE_ENFORCEMENT);
  assert_int_equal(said(&a, WIRE_ACT_DENIED, "tracing/seek"), WIRE_LANE_ENFORCEMENT); /* it was none when it was refused */
  assert_int_equal(said(&a, WIRE_ACT_DENIED, "crisis/alert"), WIRE_LANE_CIVIL);
  assert_int_equal(said(&a, WIRE_ACT_REFUSED, "humanitarian"), WIRE_LANE_HUMANITARIAN);
  assert_int_equal(said(&a, WIRE_ACT_REFUSED, "civil exercise"), WIRE_LANE_CIVIL);
  assert_int_equal(said(&a, WIRE_ACT_REFUSED, "none exercise"), WIRE_LANE_NONE);
  assert_int_equal(said(&a, WIRE_ACT_REFUSED, "unknown"), WIRE_LANE_UNKNOWN);
  assert_int_equal(said(&a, WIRE_ACT_REFUSED, ""), WIRE_LANE_UNKNOWN);
  assert_int_equal(said(&a, WIRE_ACT_READ, "fingerprint"), WIRE_LANE_NONE);
  assert_int_equal(said(&a, WIRE_ACT_LOGIN, "stix"), WIRE_LANE_NONE);
  try_remove(&a, &b);
}

static struct wire_kind *kind_of(struct pair_node *node, const char *name) {
  for (size_t i = 0; i < node->core->kind_count; i++)
    if (base_view_is(node->core->kinds[i]->kind.name, name))
      return &node->core->kinds[i]->kind;
  fail_msg("there is no kind %s", name);
  return NULL;
}

/* A message that does not fit its kind, as b has it, is refused, and nothing of it is kept: its leaf alone says why. */
static void refused_leaf(struct pair_node *a, struct pair_node *b, const char *name, const char *more, const char *subject) {
  char id[65], why[300] = "", text[65];
  struct base_view entry, bytes;
  struct wire_opening opening;
  struct base_error err = {0};
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  unsigned before = try_count(b, WIRE_ACT_REFUSED);
  open_as(a, name, b->name, "", more, BASE_OK, "", id);
  pair_rest(a, b);
  assert_int_equal(try_leaves(b, WIRE_ACT_REFUSED, why, sizeof why), before + 1);
  uint64_t leaf = b->core->reg.size - 1;
  assert_int_equal(core_register_read(b->core, leaf, &arena, &entry, &bytes, &err), BASE_OK);
  assert_int_equal(wire_opening_parse(WIRE_ACT_REFUSED, bytes, &arena, &opening, &err), BASE_OK);
  snprintf(text, sizeof text, "%.*s", (int)opening.subject.size, (const char *)opening.subject.data);
  assert_string_equal(text, subject);
}

static void test_what_was_never_kept(void **state) {
  (void)state;
  struct pair_node a, b;
  char tracing[65], lina[SECRET], hana[SECRET], more[128];
  pair_kinds_apart = true;
  two(&a, &b);
  pair_kinds_apart = false;
  open_it(&a, &b, "tracing", tracing);
  add_sides(&b, lina, hana);
  struct wire_kind *kinds[] = {kind_of(&b, "tracing"), kind_of(&b, "crisis")};
  for (size_t i = 0; i < 2; i++) {
    struct base_view name = kinds[i]->types[0].name;
    kinds[i]->types[0].name = BASE_VIEW("other");
    refused_leaf(&a, &b, i == 0 ? "tracing" : "crisis", "", i == 0 ? "humanitarian" : "civil");
    one_side_reads(&b, i == 0 ? hana : lina, i == 0 ? lina : hana);
    refused_leaf(&a, &b, i == 0 ? "tracing" : "crisis", "", i == 0 ? "humanitarian" : "civil");
    kinds[i]->types[0].name = name;
  }
  /* It names what is on the other side, which its sender's node let through: that, too, is told to neither. */
  struct base_id message = try_id(tracing);
  core_case_known(a.core, &message)->row.lane = WIRE_LANE_NONE;
  snprintf(more, sizeof more, "\"linked\":\"%s\",", tracing);
  refused_leaf(&a, &b, "crisis", more, "unknown");
  assert_true(is_hidden(&b, lina, b.core->reg.size - 1));
  assert_true(is_hidden(&b, hana, b.core->reg.size - 1));
  /* Of a kind that is not here: nobody can tell. */
  kinds[1]->hash.bytes[0] ^= 1;
  refused_leaf(&a, &b, "crisis", "", "unknown");
  assert_true(is_hidden(&b, lina, b.core->reg.size - 1));
  kinds[1]->hash.bytes[0] ^= 1;
  pair_remove(&a);
  pair_remove(&b);
}

/* A case that is gone leaves leaves behind, which say who did what and why. */
static void test_leaves_of_what_is_gone(void **state) {
  (void)state;
  struct pair_node a, b;
  char tracing[65], closing[65], lina[SECRET], hana[SECRET], members[128];
  two(&a, &b);
  open_it(&a, &b, "tracing", tracing);
  try_send(&a, tracing, "close", "{}", closing);
  pair_rest(&a, &b);
  add_sides(&a, lina, hana);
  snprintf(members, sizeof members, "\"id\":\"%s\",\"reason\":\"why she asks\"", closing);
  done_as(&a, LINK_MESSAGE_SHOW, hana, members);
  uint64_t leaf = a.core->reg.size - 1;
  snprintf(members, sizeof members, "\"id\":\"%s\",\"reason\":\"the family asked for it\"", tracing);
  done_as(&a, LINK_CASE_ERASE, hana, members);
  one_side_reads(&a, hana, lina);
  assert_true(is_hidden(&a, lina, leaf));
  assert_false(is_hidden(&a, hana, leaf));
  alike(&a, LINK_CASE_SHOW, lina, tracing, "");
  alike(&a, LINK_MESSAGE_SHOW, lina, closing, "");
  snprintf(members, sizeof members, "\"id\":\"%s\"", closing);
  refused_as(&a, LINK_MESSAGE_SHOW, hana, members, BASE_NOT_FOUND, "was erased whole on");
  try_sound(&a);
  try_remove(&a, &b);
}

/* Of a fault the evidence is the message's header. */
static void test_the_evidence_of_a_fault(void **state) {
  (void)state;
  struct pair_node a, b;
  char tracing[65], lina[SECRET], hana[SECRET];
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_message row;
  struct base_error err = {0}, fault = {0};
  two(&a, &b);
  open_it(&a, &b, "tracing", tracing);
  add_sides(&b, lina, hana);
  struct base_id id = try_id(tracing);
  assert_int_equal(store_message_header(b.core->store, &id, &arena, &row, &err), BASE_OK);
  (void)base_fail(&fault, BASE_LAW, "it came without a row");
  assert_int_equal(core_partner_fault(b.core, b.core->partners[0], &fault, row.header, &err), BASE_OK);
  assert_int_equal(core_commit(b.core, &err), BASE_OK);
  pair_rest(&a, &b);
  one_side_reads(&b, hana, lina);
  try_remove(&a, &b);
}

/* What nobody can tell the lane of any more is for nobody who has not all of them. */
static void test_a_lane_that_is_not_known(void **state) {
  (void)state;
  pair_kinds_apart = true;
  struct pair_node a, b;
  char tracing[65];
  two(&a, &b);
  open_it(&a, &b, "tracing", tracing);
  /* of its case nothing is here, as of one that waits to be opened, and its kind was removed */
  damage_sql(&a, "DELETE FROM cases");
  struct core_kind *kind = NULL;
  for (size_t i = 0; i < a.core->kind_count; i++)
    if (base_view_is(a.core->kinds[i]->kind.name, "tracing"))
      kind = a.core->kinds[i];
  struct base_id id = try_id(tracing);
  enum wire_lane lane = WIRE_LANE_NONE;
  struct base_error err = {0};
  struct base_view name = kind->kind.name;
  kind->kind.name = BASE_VIEW("other");
  assert_int_equal(core_lane_of_message(a.core, &id, &lane, &err), BASE_OK);
  assert_int_equal(lane, WIRE_LANE_UNKNOWN);
  kind->kind.name = name;
  assert_int_equal(core_lane_of_message(a.core, &id, &lane, &err), BASE_OK);
  assert_int_equal(lane, WIRE_LANE_HUMANITARIAN);
  assert_false(core_lanes_have(CORE_LANES_SHARED, WIRE_LANE_UNKNOWN));
  assert_false(core_lanes_have(CORE_LANES_APART, WIRE_LANE_UNKNOWN));
  assert_true(core_lanes_have(CORE_LANES_ALL, WIRE_LANE_UNKNOWN));
  assert_string_equal(core_lane_name(WIRE_LANE_UNKNOWN), "of a lane that is not known here");
  pair_remove(&a);
  pair_remove(&b);
  pair_kinds_apart = false;
}

/* --- on the way */

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_leaves_about_no_message), cmocka_unit_test(test_what_was_never_kept),
      cmocka_unit_test(test_leaves_of_what_is_gone), cmocka_unit_test(test_the_evidence_of_a_fault),
      cmocka_unit_test(test_a_lane_that_is_not_known)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
