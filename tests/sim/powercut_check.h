/* SPDX-License-Identifier: Apache-2.0
 * What must hold between the two nodes in the end, whatever failed before. */
#ifndef WASL_TESTS_SIM_POWERCUT_CHECK_H
#define WASL_TESTS_SIM_POWERCUT_CHECK_H

#include "core/register.h"
#include "powercut_site.h"

static void check_part(struct site *site, const struct stored_part *part) {
  char json[200], message[65];
  struct pair_answer answer;
  snprintf(json, sizeof json, "{\"actor\":\"test\",\"sha256\":\"%s\"}", base_hash_text(&part->sha256).text);
  if (!ask(site, LINK_PART_OPEN, json, -1, &answer) || answer.status != BASE_OK)
    wrong("%s: a part is gone: %.*s", site->node.name, (int)answer.payload.size, (const char *)answer.payload.data);
  struct wire_json *opened = NULL;
  assert_int_equal(wire_json_parse(base_buf_view(&answer.payload), 65536, "part", &opened, NULL), BASE_OK);
  pair_text(&answer, "message", message, sizeof message);
  int64_t number = wire_json_integer(wire_json_get(opened, "part")),
          records = wire_json_integer(wire_json_get(opened, "records"));
  wire_json_free(opened);
  pair_answer_free(&answer);
  struct seal_hasher *hasher = seal_hasher_new();
  for (int64_t record = 0; record < records; record++) {
    snprintf(json, sizeof json, "{\"message\":\"%s\",\"part\":%" PRId64 ",\"record\":%" PRId64 "}", message, number,
             record);
    if (!ask(site, LINK_PART_READ, json, -1, &answer) || answer.status != BASE_OK)
      wrong("%s: a record is gone: %.*s", site->node.name, (int)answer.payload.size, (const char *)answer.payload.data);
    seal_hasher_add(hasher, base_buf_view(&answer.payload));
    pair_answer_free(&answer);
  }
  struct base_hash read = seal_hasher_end(hasher);
  if (!base_hash_equal(&read, &part->sha256))
    wrong("%s: a part has changed", site->node.name);
  seal_hasher_free(hasher);
}
static void check_register(struct site *site) {
  char json[64];
  int64_t from = 0;
  bool done = false;
  while (!done) {
    struct pair_answer answer;
    struct wire_json *said = NULL;
    snprintf(json, sizeof json, "{\"actor\":\"test\",\"from\":%" PRId64 "}", from);
    if (!ask(site, LINK_REGISTER_CHECK, json, -1, &answer) || answer.status != BASE_OK)
      wrong("%s: register check: %.*s", site->node.name, (int)answer.payload.size, (const char *)answer.payload.data);
    assert_int_equal(wire_json_parse(base_buf_view(&answer.payload), 65536, "check", &said, NULL), BASE_OK);
    from = wire_json_integer(wire_json_get(said, "next"));
    done = wire_json_true(wire_json_get(said, "done"));
    wire_json_free(said);
    pair_answer_free(&answer);
  }
  for (size_t i = 0; i < site->head_count; i++) {
    struct base_hash root;
    assert_int_equal(core_register_root(site->node.core, site->heads[i].size, &root, NULL), BASE_OK);
    if (!base_hash_equal(&root, &site->heads[i].root))
      wrong("%s: the head that it showed over %" PRIu64 " leaves is not of this register", site->node.name,
            site->heads[i].size);
  }
}
static void check_acks(void) {
  for (size_t i = 0; i < world.ack_count; i++) {
    const struct ack *ack = &world.acks[i];
    enum store_delivery_state state = outbox(ack);
    bool fine = state == STORE_RECEIPTED || (ack->ended && !ack->receipted && state == STORE_ENDED) ||
                ((ack->ended || ack->follows_ended) && !ack->receipted && state == STORE_REFUSED);
    if (!fine)
      wrong("%s: message %zu %s, answered%s%s, is in state %d", world.sites[ack->by].node.name, i, ack->id,
            ack->receipted ? ", receipted" : "", ack->ended ? ", ended" : "", (int)state);
  }
}
struct acts {
  unsigned count[WIRE_ACT_COUNT];
};
static struct acts count_acts(struct site *site) {
  struct acts acts = {0};
  for (uint64_t i = 0; i < site->node.core->reg.size; i++) {
    struct base_arena arena = {0};
    base_arena_init(&arena, 1 << 20);
    struct store_leaf row;
    struct wire_leaf leaf;
    assert_int_equal(store_leaf_get(site->node.core->store, i, &arena, &row, NULL), BASE_OK);
    assert_int_equal(wire_leaf_parse(row.entry, &leaf, NULL), BASE_OK);
    acts.count[leaf.act]++;
    base_arena_free(&arena);
  }
  return acts;
}
/* No message arrived twice, and each number has its leaf. */
static void check_arrivals(struct site *from, struct site *to) {
  uint64_t numbers = try_partner(&from->node)->row.sent_number, received = 0, refused = 0, voided = 0;
  struct base_id *seen = calloc((size_t)numbers + 1, sizeof *seen);
  for (uint64_t n = 1; n <= numbers; n++) {
    struct base_arena arena = {0};
    base_arena_init(&arena, 4 << 20);
    struct store_arrival arrival;
    assert_int_equal(
        store_arrival_get(to->node.core->store, try_partner(&to->node)->row.number, n, &arena, &arrival, NULL),
        BASE_OK);
    seen[n] = arrival.message;
    for (uint64_t k = 1; k < n; k++)
      if (!arrival.voided && base_id_equal(&seen[k], &seen[n]))
        wrong("%s: numbers %" PRIu64 " and %" PRIu64 " are the same message", to->node.name, k, n);
    received += arrival.answered && !arrival.refused && !arrival.voided;
    refused += arrival.answered && arrival.refused;
    voided += arrival.voided;
    base_arena_free(&arena);
  }
  free(seen);
  struct acts acts = count_acts(to);
  if (acts.count[WIRE_ACT_RECEIVED] != received || acts.count[WIRE_ACT_REFUSED] != refused)
    wrong("%s: %u received and %u refused leaves for %" PRIu64 " and %" PRIu64 " arrivals", to->node.name,
          acts.count[WIRE_ACT_RECEIVED], acts.count[WIRE_ACT_REFUSED], received, refused);
  if (acts.count[WIRE_ACT_FAULT] > 0)
    wrong("%s: a fault of an honest partner", to->node.name);
  if (received + refused + voided < numbers)
    wrong("%s: of %" PRIu64 " numbers %" PRIu64 " have an end", to->node.name, numbers, received + refused + voided);
}
/* Gone here, known to the keeper, and once. */
static void check_erased(struct site *site) {
  struct base_arena arena = {0};
  struct store_message row;
  struct wire_keeper_listed listed;
  struct base_error err = {0};
  struct base_id id;
  if (world.erased[0] == '\0')
    return;
  assert_true(base_id_parse(base_view_text(world.erased), &id));
  base_arena_init(&arena, 16 << 20);
  if (store_message_get(site->node.core->store, &id, &arena, &row, &err) != BASE_OK || row.part0.size > 0 ||
      row.wrapped_key.size > 0)
    wrong("%s: what was erased is still there: %s", site->node.name, err.text);
  base_arena_free(&arena);
  if (keeper_list(site->node.keeper, 0, 2, &listed, &err) != BASE_OK || listed.total != 1 ||
      !base_id_equal(&listed.messages[0], &id) || site->node.core->erasing.untold > 0)
    wrong("%s: its keeper knows %" PRIu64 " erasures: %s", site->node.name, listed.total, err.text);
  if (count_acts(site).count[WIRE_ACT_ERASED] != 1)
    wrong("%s: a message was erased more than once", site->node.name);
}
/* Each holds the other's newest card, which its keeper signed and keeps. */
static void check_cards(struct site *site) {
  struct base_error err = {0};
  BASE_AUTO_BUF struct base_buf kept = {0};
  const struct core *core = site->node.core;
  const struct core_partner *partner = other(site)->node.core->partners[0];
  base_buf_init(&kept, WIRE_KEEPER_CARD_MAX);
  if (partner->card.generation != core->card.generation || !base_hash_equal(&partner->card_hash, &core->card_hash))
    wrong("%s: its partner holds the card of generation %u, not that of generation %u", site->node.name,
          (unsigned)partner->card.generation, (unsigned)core->card.generation);
  else if (core->card.generation > 1 && keeper_card(site->node.keeper, core->card.generation, &kept, &err) != BASE_OK)
    wrong("%s: its keeper does not keep the card: %s", site->node.name, err.text);
}
static void check_world(void) {
  struct site *a = &world.sites[0], *b = &world.sites[1];
  check_erased(b);
  if (a->node.core->partner_count > 0 && b->node.core->partner_count > 0) {
    check_cards(a);
    check_cards(b);
  }
  /* The register check is most of the work: where nothing failed, some of the time. */
  for (int i = 0; i < SITES; i++)
    if (world.fault.disk == world.sites[i].disk || world.fault.disk == world.sites[i].keeper_disk || chance(3) == 0)
      check_register(&world.sites[i]);
  check_acks();
  for (size_t i = 0; i < world.part_count; i++)
    for (int k = 0; k < SITES; k++)
      check_part(&world.sites[k], &world.parts[i]);
  unsigned cases = try_agree(&a->node, &b->node), least = a->opened + b->opened;
  if (cases < least || cases > least + a->maybe + b->maybe)
    wrong("there are %u cases: %u were answered, %u perhaps", cases, least, a->maybe + b->maybe);
  check_arrivals(a, b);
  check_arrivals(b, a);
}

#endif
