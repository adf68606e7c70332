/* SPDX-License-Identifier: Apache-2.0
 * Keys that change under way: by hand and by time, on both sides at once, with messages waiting, answers lost and steps
 * cut off; and what somebody with half of the keys gets. */
#include "core/partners.h"
#include "core/register.h"
#include "core_liar.h"

#include "core/cards.h"

enum { DAY = 24 * 60 * 60 };

/* --- changes */
static void rotate(struct pair_node *node, const char *what) {
  char json[160];
  snprintf(json, sizeof json, "{\"actor\":\"officer\",%s}", what);
  struct pair_answer answer = pair_ask(node, LINK_KEY_ROTATE, json, -1);
  if (answer.status != BASE_OK)
    fail_msg("%s: %.*s", node->name, (int)answer.payload.size, (const char *)answer.payload.data);
  pair_answer_free(&answer);
}
static const char all[] = "\"sign\":true,\"seal\":true";

static void address(struct pair_node *node, const char *text) {
  char json[160];
  snprintf(json, sizeof json, "{\"actor\":\"officer\",\"address\":[\"%s\"]}", text);
  struct pair_answer answer = pair_ask(node, LINK_CARD_CHANGE, json, -1);
  if (answer.status != BASE_OK)
    fail_msg("%.*s", (int)answer.payload.size, (const char *)answer.payload.data);
  pair_answer_free(&answer);
}

static uint32_t generation(const struct pair_node *node) {
  return node->core->card.generation;
}
/* Each holds the other's newest card and says so. */
static void agree_on_cards(struct pair_node *a, struct pair_node *b) {
  assert_int_equal(try_partner(a)->card.generation, generation(b));
  assert_int_equal(try_partner(b)->card.generation, generation(a));
  if (generation(a) > 1)
    assert_int_equal(try_partner(a)->told, generation(a));
  if (generation(b) > 1)
    assert_int_equal(try_partner(b)->told, generation(b));
  assert_true(base_hash_equal(&try_partner(a)->card_hash, &b->core->card_hash));
}
static size_t held(struct pair_node *node, enum wire_keeper_type type) {
  struct wire_keeper_info info;
  size_t count = 0;
  keeper_describe(node->keeper, &info);
  for (size_t i = 0; i < info.count; i++)
    count += info.keys[i].type == type;
  return count;
}
/* The first card is what a node is started with. */
static void try_restart_with(struct pair_node *node, struct base_buf *card) {
  base_buf_free(&node->card);
  node->card = *card;
  try_restart(node);
}
static void later(struct pair_node *a, struct pair_node *b, int64_t seconds) {
  a->now += seconds;
  b->now += seconds;
  a->ms += CORE_KEYS_PAUSE_MS;
  b->ms += CORE_KEYS_PAUSE_MS;
}
static void check(struct pair_node *node) {
  char json[96];
  int64_t from = 0;
  for (bool done = false; !done;) {
    snprintf(json, sizeof json, "{\"actor\":\"test\",\"from\":%lld}", (long long)from);
    struct pair_answer answer = pair_ask(node, LINK_REGISTER_CHECK, json, -1);
    if (answer.status != BASE_OK)
      fail_msg("%s: %.*s", node->name, (int)answer.payload.size, (const char *)answer.payload.data);
    struct wire_json *told = NULL;
    assert_int_equal(wire_json_parse(base_buf_view(&answer.payload), 65536, "check", &told, NULL), BASE_OK);
    done = wire_json_true(wire_json_get(told, "done"));
    from = wire_json_integer(wire_json_get(told, "next"));
    wire_json_free(told);
    pair_answer_free(&answer);
  }
}

/* --- under traffic */

static void both_at_once(void **state) {
  (void)state;
  struct pair_node a, b;
  char before[2][65], waiting[2][65], after[2][65];
  try_agreed(&a, &b);
  pair_request(&a, &b, before[0]);
  pair_request(&b, &a, before[1]);
  pair_rest(&a, &b);
  try_no_gate(&a);
  try_no_gate(&b);
  pair_request(&a, &b, waiting[0]);
  pair_request(&b, &a, waiting[1]);
  rotate(&a, all);
  rotate(&b, all);
  pair_request(&a, &b, after[0]);
  pair_request(&b, &a, after[1]);
  pair_rest(&a, &b);
  agree_on_cards(&a, &b);
  assert_int_equal(generation(&a), 2);
  for (int i = 0; i < 2; i++) {
    try_receipted(i == 0 ? &a : &b, before[i]);
    try_receipted(i == 0 ? &a : &b, waiting[i]);
    try_receipted(i == 0 ? &a : &b, after[i]);
  }
  /* the signing keys before are gone, the sealing key before opens on */
  assert_int_equal(held(&a, WIRE_KEEPER_LOG), 1);
  assert_int_equal(held(&a, WIRE_KEEPER_WITNESS), 1);
  assert_int_equal(held(&a, WIRE_KEEPER_SEAL), 2);
  assert_int_equal(a.core->card.seal_count, 2);
  /* what it says of itself: card, three keys made, two destroyed; and of the partner's card */
  assert_int_equal(try_count(&a, WIRE_ACT_CARD), 2);
  try_expect(&a, WIRE_ACT_KEY, 5, "destroyed");
  try_expect(&a, WIRE_ACT_PARTNER, 2, "card: generation 2");
  assert_int_equal(try_count(&a, WIRE_ACT_FAULT) + try_count(&b, WIRE_ACT_FAULT), 0);
  try_agree(&a, &b);
  try_restart(&a);
  try_restart(&b);
  agree_on_cards(&a, &b);
  pair_request(&a, &b, after[0]);
  pair_rest(&a, &b);
  try_receipted(&a, after[0]);
  check(&a);
  check(&b);
  try_remove(&a, &b);
}

/* Many changes while the partner is away: he follows the whole row at once. */
static void away_for_generations(void **state) {
  (void)state;
  struct pair_node a, b;
  char text[32], id[65];
  try_agreed(&a, &b);
  pair_rest(&a, &b);
  try_no_gate(&a);
  for (int i = 0; i < 5; i++) {
    rotate(&a, "\"sign\":true");
    snprintf(text, sizeof text, "192.0.2.%d:7443", i + 1);
    address(&a, text);
  }
  assert_int_equal(generation(&a), 11);
  pair_request(&a, &b, id);
  pair_rest(&a, &b);
  agree_on_cards(&a, &b);
  try_receipted(&a, id);
  assert_true(base_view_is(try_partner(&b)->card.addresses[0], "192.0.2.5:7443"));
  try_expect(&b, WIRE_ACT_PARTNER, 11, "card: generation 11");
  try_restart(&b);
  agree_on_cards(&a, &b);
  check(&a);
  check(&b);
  try_remove(&a, &b);
}

/* More generations than a document carries: the fault says what to do, and nothing is taken. */
static void away_too_long(void **state) {
  (void)state;
  struct pair_node a, b;
  char text[40];
  try_agreed(&a, &b);
  pair_rest(&a, &b);
  try_no_gate(&a);
  for (int i = 0; i < WIRE_CARDS_MAX; i++) {
    snprintf(text, sizeof text, "n%d.example:7443", i);
    address(&a, text);
  }
  pair_send(&a, &b);
  agree_on_cards(&a, &b);
  try_no_gate(&a);
  for (int i = 0; i <= WIRE_CARDS_MAX; i++) {
    snprintf(text, sizeof text, "m%d.example:7443", i);
    address(&a, text);
  }
  pair_send(&a, &b);
  assert_int_equal(try_partner(&b)->card.generation, 1 + WIRE_CARDS_MAX);
  try_expect(&b, WIRE_ACT_FAULT, 1, "protocol: a card of generation");
  try_remove(&a, &b);
}

static void answers_are_lost(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65];
  try_agreed(&a, &b);
  pair_rest(&a, &b);
  for (int i = 0; i < 3; i++) {
    pair_request(&a, &b, id);
    rotate(&a, all);
    assert_true(try_answer_lost(&a, &b)); /* he has it, and the card; we do not know */
    a.ms += 60000;
    if (i == 1) /* the same consignment again and again */
      assert_true(try_answer_lost(&a, &b));
    a.ms += 60000;
    rotate(&b, "\"sign\":true");
    pair_rest(&a, &b);
    agree_on_cards(&a, &b);
    try_receipted(&a, id);
    later(&a, &b, 31 * DAY);
  }
  assert_int_equal(try_count(&a, WIRE_ACT_FAULT) + try_count(&b, WIRE_ACT_FAULT), 0);
  try_agree(&a, &b);
  try_remove(&a, &b);
}

/* A card, and a line by its new witness key, come with a head that does not prove from the one held: the card is not
 * taken yet, and the line is nobody's fault. */
static void comes_with_a_head_from_another_base(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65];
  try_agreed(&a, &b);
  pair_rest(&a, &b);
  pair_request(&a, &b, id);
  assert_true(pair_send(&a, &b));
  assert_true(try_partner(&a)->row.owes_cosign);
  pair_request(&a, &b, id);
  assert_true(try_answer_lost(&a, &b)); /* b holds a head that a does not know of */
  try_restart(&a);                      /* nor that it was shown */
  rotate(&a, "\"sign\":true");
  assert_true(try_partner(&a)->row.owes_cosign);
  later(&a, &b, 60);
  assert_true(pair_send(&a, &b));
  assert_int_equal(try_partner(&b)->card.generation, 1);
  pair_rest(&a, &b);
  agree_on_cards(&a, &b);
  try_receipted(&a, id);
  assert_int_equal(try_count(&a, WIRE_ACT_FAULT) + try_count(&b, WIRE_ACT_FAULT), 0);
  try_agree(&a, &b);
  try_remove(&a, &b);
}

/* A consignment made before the change arrives after the card did. */
static void overtaken(void **state) {
  (void)state;
  struct pair_node a, b;
  struct pair_parcel parcel;
  char id[65], other[65];
  try_agreed(&a, &b);
  pair_rest(&a, &b);
  try_no_gate(&a);
  pair_request(&a, &b, id);
  assert_true(pair_take(&a, &parcel)); /* under the first card */
  rotate(&a, all);
  rotate(&b, all);
  pair_request(&b, &a, other);
  assert_true(pair_send(&b, &a)); /* our answer carries the new card, his consignment his */
  assert_int_equal(try_partner(&b)->card.generation, 2);
  struct pair_answer answer = pair_give(&a, &b, parcel.fd);
  pair_done(&a, parcel.exchange, &answer);
  pair_answer_free(&answer);
  close(parcel.fd);
  pair_rest(&a, &b);
  try_receipted(&a, id);
  try_receipted(&b, other);
  agree_on_cards(&a, &b);
  assert_int_equal(try_count(&a, WIRE_ACT_FAULT) + try_count(&b, WIRE_ACT_FAULT), 0);
  try_remove(&a, &b);
}

/* A partner who is given the newest card by hand: our keeper still follows from the first key on. */
static void added_by_a_later_card(void **state) {
  (void)state;
  struct pair_node a, b;
  char agreement[65];
  pair_make(&a, "rabat");
  pair_make(&b, "paris");
  rotate(&a, all);
  rotate(&a, "\"sign\":true");
  struct base_buf first = a.card;
  base_buf_init(&a.card, WIRE_CARD_MAX);
  base_buf_add_view(&a.card, a.core->cards.list[2].bytes);
  pair_partner(&b, &a);
  pair_partner(&a, &b);
  base_buf_free(&a.card);
  a.card = first;
  pair_agree(&a, &b, agreement);
  pair_rest(&a, &b);
  agree_on_cards(&a, &b);
  assert_memory_equal(&try_partner(&b)->followed, &a.core->card.log_key, sizeof(struct wire_key));
  assert_int_equal(try_count(&a, WIRE_ACT_FAULT) + try_count(&b, WIRE_ACT_FAULT), 0);
  try_remove(&a, &b);
}

/* The card of this generation, given by hand once more. */
static void given(struct pair_node *to, const struct pair_node *from, uint32_t generation, enum base_code want,
                  const char *says) {
  const struct core_card *card = core_cards_generation(&from->core->cards, generation);
  struct pair_node shown = {.card = {0}};
  struct base_buf json = {0};
  base_buf_init(&shown.card, WIRE_CARD_MAX);
  base_buf_add_view(&shown.card, card->bytes);
  pair_partner_json(&shown, &json);
  unsigned before = try_count(to, WIRE_ACT_PARTNER);
  struct pair_answer answer = pair_ask(to, LINK_PARTNER_ADD, (const char *)json.data, -1);
  base_buf_u8(&answer.payload, 0);
  if (answer.status != want || strstr((const char *)answer.payload.data, says) == NULL)
    fail_msg("%s: %s", base_code_name(answer.status), (const char *)answer.payload.data);
  if (want != BASE_OK)
    assert_int_equal(try_count(to, WIRE_ACT_PARTNER), before);
  pair_answer_free(&answer);
  base_buf_free(&shown.card);
  base_buf_free(&json);
}

/* An older card than the one held, by the line or by hand, changes nothing, and says so. */
static void an_older_card_by_hand(void **state) {
  (void)state;
  struct pair_node a, b;
  try_agreed(&a, &b);
  address(&a, "192.0.2.1:7443");
  address(&a, "192.0.2.2:7443");
  pair_rest(&a, &b);
  agree_on_cards(&a, &b);
  given(&b, &a, 1, BASE_EXISTS, "an older card of rabat, of generation 1: this node has the one of generation 3");
  given(&b, &a, 2, BASE_EXISTS, "nothing was changed");
  given(&b, &a, 3, BASE_OK, "\"name\":\"rabat\"");
  try_no_gate(&a);
  address(&a, "192.0.2.4:7443");
  address(&a, "192.0.2.5:7443");
  given(&b, &a, 5, BASE_OK, "\"name\":\"rabat\""); /* confirmed by voice: it says where he is reached */
  for (uint32_t older = 1; older < 5; older++)
    given(&b, &a, older, BASE_EXISTS, "this node has the one of generation 5");
  assert_true(base_view_is(core_partner_line(try_partner(&b))->addresses[0], "192.0.2.5:7443"));
  try_remove(&a, &b);
}

/* --- time */

/* Leaves about sealing keys that say this. */
static unsigned seal_leaves(struct pair_node *node, const char *reason) {
  unsigned count = 0;
  for (uint64_t i = 0; i < node->core->reg.size; i++) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    base_arena_init(&arena, 1 << 20);
    struct base_view entry, bytes;
    struct wire_leaf leaf;
    struct wire_opening opening;
    assert_int_equal(core_register_read(node->core, i, &arena, &entry, &bytes, NULL), BASE_OK);
    assert_int_equal(wire_leaf_parse(entry, &leaf, NULL), BASE_OK);
    assert_int_equal(wire_opening_parse(leaf.act, bytes, &arena, &opening, NULL), BASE_OK);
    count += leaf.act == WIRE_ACT_KEY && opening.subject.size > 5 && memcmp(opening.subject.data, "seal ", 5) == 0 &&
             base_view_is(opening.reason, reason);
  }
  return count;
}

static void seal_by_itself(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65];
  try_agreed(&a, &b);
  pair_rest(&a, &b);
  later(&a, &b, 89 * DAY);
  pair_rest(&a, &b);
  assert_int_equal(generation(&a), 1);
  later(&a, &b, 2 * DAY);
  pair_settle(&a);
  pair_settle(&b);
  pair_request(&a, &b, id);
  pair_rest(&a, &b);
  assert_int_equal(generation(&a), 2);
  agree_on_cards(&a, &b);
  try_receipted(&a, id);
  assert_int_equal(held(&a, WIRE_KEEPER_SEAL), 2);
  assert_int_equal(held(&a, WIRE_KEEPER_LOG), 1);
  assert_int_equal(seal_leaves(&a, "made"), 1);
  assert_int_equal(seal_leaves(&a, "destroyed"), 0);
  /* its time is over: destroyed, whatever else goes on */
  later(&a, &b, 28 * DAY);
  pair_settle(&a);
  assert_int_equal(held(&a, WIRE_KEEPER_SEAL), 2);
  later(&a, &b, DAY + 1);
  pair_settle(&a);
  assert_int_equal(held(&a, WIRE_KEEPER_SEAL), 1);
  pair_settle(&a);
  assert_int_equal(seal_leaves(&a, "destroyed"), 1);
  for (int month = 0; month < 7; month++) {
    later(&a, &b, 30 * DAY);
    pair_settle(&a);
    pair_settle(&b);
    pair_request(&b, &a, id);
    pair_rest(&a, &b);
    try_receipted(&b, id);
  }
  assert_int_equal(generation(&a), 4);
  agree_on_cards(&a, &b);
  assert_true(held(&a, WIRE_KEEPER_SEAL) <= 2);
  try_remove(&a, &b);
}

/* Sealed to a key that was destroyed: refused by name, sealed again to the one on the card that came meanwhile. */
static void sealed_to_a_destroyed_key(void **state) {
  (void)state;
  struct pair_node a, b;
  struct pair_parcel parcel;
  char id[65], name[2 * WIRE_KEEPER_KEY_ID + 1], text[300];
  try_agreed(&a, &b);
  pair_rest(&a, &b);
  base_hex(b.core->card.seals[0].id, WIRE_KEEPER_KEY_ID, name);
  try_no_gate(&a);
  pair_request(&a, &b, id);
  assert_true(pair_take(&a, &parcel));
  try_no_gate(&b);
  rotate(&b, "\"seal\":true");
  pair_settle(&b);
  pair_refused(&b, LINK_KEY_RETIRE, "{\"actor\":\"officer\",\"seal\":true}", BASE_CONFLICT); /* a does not know */
  struct pair_answer answer = pair_ask(&b, LINK_KEY_RETIRE, "{\"actor\":\"officer\",\"seal\":true,\"force\":true}", -1);
  assert_int_equal(answer.status, BASE_OK);
  pair_answer_free(&answer);
  pair_settle(&b);
  assert_int_equal(held(&b, WIRE_KEEPER_SEAL), 1);
  answer = pair_give(&a, &b, parcel.fd);
  assert_int_equal(answer.status, BASE_WRONG_KEY);
  snprintf(text, sizeof text, "%.*s", (int)answer.payload.size, (const char *)answer.payload.data);
  assert_non_null(strstr(text, name));
  pair_done(&a, parcel.exchange, &answer);
  pair_answer_free(&answer);
  close(parcel.fd);
  assert_int_equal(pair_outbox(&a, id, NULL), STORE_WAITING);
  assert_int_equal(try_count(&b, WIRE_ACT_FAULT), 0); /* late, not wrong */
  a.ms += 60000;
  pair_rest(&a, &b);
  try_receipted(&a, id);
  agree_on_cards(&a, &b);
  try_remove(&a, &b);
}

/* Its clock was behind when it made a sealing key, and far ahead for a moment later, so that the key before is
 * destroyed already: partners seal to the newer one all the same. */
static void made_by_a_clock_that_was_behind(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65];
  try_agreed(&a, &b);
  pair_rest(&a, &b);
  a.now -= 7200;
  rotate(&a, "\"seal\":true");
  pair_rest(&a, &b);
  agree_on_cards(&a, &b);
  assert_true(a.core->card.seals[0].from < a.core->card.seals[1].from);
  try_no_gate(&a);
  a.now += 40 * DAY;
  pair_settle(&a);
  assert_int_equal(held(&a, WIRE_KEEPER_SEAL), 1);
  a.now -= 40 * DAY - 7200;
  pair_request(&b, &a, id);
  pair_rest(&a, &b);
  try_receipted(&b, id);
  try_remove(&a, &b);
}

/* Apart for so long that nothing sealed opens any more: officers compare the present cards by voice, and it goes on. */
static void apart_for_a_year(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65];
  try_agreed(&a, &b);
  pair_rest(&a, &b);
  struct base_hash line = seal_sha256(BASE_VIEW("a new line"));
  char json[200];
  try_no_gate(&a);
  try_no_gate(&b);
  for (int month = 0; month < 12; month++) {
    later(&a, &b, 30 * DAY);
    pair_settle(&a);
    pair_settle(&b);
  }
  snprintf(json, sizeof json, "\"sign\":true,\"tls\":\"%s\"", base_hash_text(&line).text);
  rotate(&a, json);
  pair_settle(&a);
  struct pair_answer answer = pair_ask(&a, LINK_KEY_RETIRE, "{\"actor\":\"o\",\"tls\":true,\"force\":true}", -1);
  assert_int_equal(answer.status, BASE_OK);
  pair_answer_free(&answer);
  a.pin = line;
  assert_null(core_partner_seal(b.core, try_partner(&b)));
  assert_false(pair_send(&b, &a));
  struct base_buf first[2] = {a.card, b.card};
  for (int i = 0; i < 2; i++) {
    struct pair_node *node = i == 0 ? &a : &b;
    base_buf_init(&node->card, WIRE_CARD_MAX);
    base_buf_add_view(&node->card, core_cards_newest(&node->core->cards)->bytes);
  }
  pair_partner(&a, &b);
  pair_partner(&b, &a);
  try_restart_with(&a, &first[0]);
  try_expect(&b, WIRE_ACT_PARTNER, 2, "confirmed: generation 7");
  assert_int_equal(try_partner(&b)->card.generation, 1); /* what he signs is still held against the first key */
  pair_request(&a, &b, id);
  pair_rest(&a, &b);
  try_receipted(&a, id);
  agree_on_cards(&a, &b);
  assert_int_equal(try_count(&a, WIRE_ACT_FAULT) + try_count(&b, WIRE_ACT_FAULT), 0);
  base_buf_free(&b.card);
  b.card = first[1];
  try_remove(&a, &b);
}

static void tls_in_three_steps(void **state) {
  (void)state;
  struct pair_node a, b;
  char json[200];
  try_agreed(&a, &b);
  pair_rest(&a, &b);
  struct base_hash old = a.pin, new = seal_sha256(BASE_VIEW("a new line"));
  assert_true(base_hash_equal(core_tls_presented(a.core), &old));
  try_no_gate(&a);
  snprintf(json, sizeof json, "\"tls\":\"%s\"", base_hash_text(&new).text);
  rotate(&a, json);
  assert_int_equal(a.core->card.pin_count, 2);
  assert_true(base_hash_equal(core_tls_presented(a.core), &old)); /* nobody knows the new one */
  pair_refused(&a, LINK_KEY_RETIRE, "{\"actor\":\"officer\",\"tls\":true}", BASE_CONFLICT);
  pair_rest(&a, &b);
  assert_true(base_hash_equal(core_tls_presented(a.core), &new));
  assert_true(core_partner_pinned(b.core, &old) != NULL && core_partner_pinned(b.core, &new) != NULL);
  struct pair_answer answer = pair_ask(&a, LINK_KEY_RETIRE, "{\"actor\":\"officer\",\"tls\":true}", -1);
  assert_int_equal(answer.status, BASE_OK);
  pair_answer_free(&answer);
  a.pin = new;
  pair_rest(&a, &b);
  assert_null(core_partner_pinned(b.core, &old));
  /* one that never answers holds it up for the overlap only */
  struct base_hash third = seal_sha256(BASE_VIEW("a third line"));
  try_no_gate(&a);
  snprintf(json, sizeof json, "\"tls\":\"%s\"", base_hash_text(&third).text);
  rotate(&a, json);
  assert_true(base_hash_equal(core_tls_presented(a.core), &new));
  later(&a, &b, (int64_t)CORE_OVERLAP_DAYS * DAY);
  assert_true(base_hash_equal(core_tls_presented(a.core), &third));
  pair_settle(&a); /* statements are due after so long */
  pair_settle(&b);
  try_remove(&a, &b);
}

static enum base_code disk_full(void *context, enum wire_keeper_type type, uint32_t number, struct base_error *err) {
  (void)context;
  return base_fail(err, BASE_DISK_FULL, "cannot forget the key %d %u", (int)type, (unsigned)number);
}
/* A change that fails is not tried again at once: the node would do nothing else. */
static void failed_changes_rest(void **state) {
  (void)state;
  struct pair_node a, b;
  try_agreed(&a, &b);
  pair_rest(&a, &b);
  enum base_code (*forget)(void *, enum wire_keeper_type, uint32_t, struct base_error *) = a.core->env.keeper.forget;
  a.core->env.keeper.forget = disk_full;
  rotate(&a, all);
  pair_rest(&a, &b);
  assert_int_equal(held(&a, WIRE_KEEPER_LOG), 2);
  assert_in_range(core_keys_due(a.core), 1, CORE_KEYS_PAUSE_MS);
  a.core->env.keeper.forget = forget;
  later(&a, &b, 1);
  assert_int_equal(core_keys_due(a.core), 0);
  pair_rest(&a, &b);
  assert_int_equal(held(&a, WIRE_KEEPER_LOG), 1);
  assert_true(core_keys_due(a.core) > CORE_KEYS_PAUSE_MS);
  try_remove(&a, &b);
}

static void refused_changes(void **state) {
  (void)state;
  struct pair_node a, b;
  char json[200];
  try_partners(&a, &b);
  pair_refused(&a, LINK_KEY_ROTATE, "{\"actor\":\"o\"}", BASE_FIELD);
  pair_refused(&a, LINK_KEY_ROTATE, "{\"actor\":\"o\",\"tls\":\"x\"}", BASE_FIELD);
  snprintf(json, sizeof json, "{\"actor\":\"o\",\"tls\":\"%s\"}", base_hash_text(&a.pin).text);
  pair_refused(&a, LINK_KEY_ROTATE, json, BASE_EXISTS);
  snprintf(json, sizeof json, "{\"actor\":\"o\",\"tls\":\"%s\"}", base_hash_text(&b.pin).text);
  pair_refused(&a, LINK_KEY_ROTATE, json, BASE_CONFLICT);
  pair_refused(&a, LINK_KEY_RETIRE, "{\"actor\":\"o\",\"seal\":true}", BASE_CONFLICT);
  pair_refused(&a, LINK_KEY_RETIRE, "{\"actor\":\"o\"}", BASE_FIELD);
  pair_refused(&a, LINK_CARD_CHANGE, "{\"actor\":\"o\"}", BASE_FIELD);
  pair_refused(&a, LINK_CARD_CHANGE, "{\"actor\":\"o\",\"address\":[]}", BASE_FIELD);
  pair_refused(&a, LINK_CARD_CHANGE, "{\"actor\":\"o\",\"address\":[\"nowhere\"]}", BASE_FIELD);
  pair_refused(&a, LINK_CARD_CHANGE, "{\"actor\":\"o\",\"org\":{\"fr\":\"\"}}", BASE_FIELD);
  assert_int_equal(generation(&a), 1);
  for (int i = 1; i < WIRE_CARD_SEALS_MAX; i++)
    rotate(&a, "\"seal\":true");
  pair_refused(&a, LINK_KEY_ROTATE, "{\"actor\":\"o\",\"seal\":true}", BASE_POLICY);
  assert_int_equal(generation(&a), WIRE_CARD_SEALS_MAX);
  assert_int_equal(a.core->card.seal_count, WIRE_CARD_SEALS_MAX);
  /* the copy for others is made anew when it was cut off */
  BASE_AUTO_BUF struct base_buf copy = {0};
  base_buf_init(&copy, WIRE_CARD_MAX);
  assert_int_equal(base_file_replace(a.core_dir, "node.card", BASE_VIEW("older"), 0644, NULL), BASE_OK);
  try_restart(&a);
  assert_int_equal(generation(&a), WIRE_CARD_SEALS_MAX);
  assert_int_equal(base_file_read(a.core_dir, "node.card", WIRE_CARD_MAX, &copy, NULL), BASE_OK);
  assert_true(base_view_equal(base_buf_view(&copy), core_cards_newest(&a.core->cards)->bytes));
  try_remove(&a, &b);
}

/* A partner who is away knows the first one alone: whatever comes after it, it stays presented, and on the card. */
static void tls_changed_again_and_again(void **state) {
  (void)state;
  struct pair_node a, b;
  char json[200], id[65];
  try_agreed(&a, &b);
  pair_rest(&a, &b);
  struct base_hash old = a.pin, next = {{0}};
  try_no_gate(&a);
  for (char i = 0; i < WIRE_CARD_PINS_MAX; i++) {
    next = seal_sha256(base_view_of(&i, 1));
    snprintf(json, sizeof json, "{\"actor\":\"o\",\"tls\":\"%s\"}", base_hash_text(&next).text);
    if (i + 1 == WIRE_CARD_PINS_MAX) {
      pair_refused(&a, LINK_KEY_ROTATE, json, BASE_CONFLICT);
      break;
    }
    struct pair_answer answer = pair_ask(&a, LINK_KEY_ROTATE, json, -1);
    assert_int_equal(answer.status, BASE_OK);
    pair_answer_free(&answer);
    pair_settle(&a);
    assert_true(base_hash_equal(core_tls_presented(a.core), &old));
  }
  pair_request(&b, &a, id);
  pair_rest(&a, &b);
  try_receipted(&b, id);
  agree_on_cards(&a, &b);
  assert_true(base_hash_equal(core_tls_presented(a.core), &a.core->card.pins[0]));
  snprintf(json, sizeof json, "\"tls\":\"%s\"", base_hash_text(&next).text);
  rotate(&a, json); /* he knows newer ones: the oldest may go */
  assert_int_equal(a.core->card.pin_count, WIRE_CARD_PINS_MAX);
  try_no_gate(&a);
  for (char i = 'a'; i < 'c'; i++) {
    next = seal_sha256(base_view_of(&i, 1));
    snprintf(json, sizeof json, "\"force\":true,\"tls\":\"%s\"", base_hash_text(&next).text);
    rotate(&a, json);
    pair_settle(&a);
  }
  try_remove(&a, &b);
}

/* As the gate asks for its table: which of the keys that it names are not there. */
static void gate_says(struct pair_node *node, const char *json) {
  struct pair_answer answer = {0};
  uint64_t token = node->next_token++;
  core_input(node->core, LINK_PEER_TABLE, token, base_view_text(json), -1);
  pair_settle(node);
  if (pair_find(node, token, &answer))
    pair_answer_free(&answer);
}

static void a_tls_key_is_lost(void **state) {
  (void)state;
  struct pair_node a, b;
  char json[200], said[3000];
  try_agreed(&a, &b);
  pair_rest(&a, &b);
  struct base_hash old = a.pin, new = seal_sha256(BASE_VIEW("a new line")), third = seal_sha256(BASE_VIEW("third"));
  snprintf(json, sizeof json, "\"tls\":\"%s\"", base_hash_text(&new).text);
  rotate(&a, json);
  pair_rest(&a, &b);
  assert_true(base_hash_equal(core_tls_presented(a.core), &new));
  gate_says(&a, "{\"version\":0}");
  gate_says(&a, "{\"version\":1000000,\"missing\":1}");
  assert_true(core_tls_missing(a.core, &new) && !core_tls_missing(a.core, &old));
  assert_true(base_hash_equal(core_tls_presented(a.core), &old)); /* the one that is there */
  struct pair_answer answer = pair_ask(&a, LINK_NODE_STATUS, "{}", -1);
  snprintf(said, sizeof said, "%.*s", (int)answer.payload.size, (const char *)answer.payload.data);
  pair_answer_free(&answer);
  snprintf(json, sizeof json, "tls-%.16s.key", base_hash_text(&new).text);
  assert_non_null(strstr(said, json));
  pair_refused(&a, LINK_KEY_RETIRE, "{\"actor\":\"o\",\"tls\":true,\"force\":true}", BASE_CONFLICT);
  assert_int_equal(a.core->card.pin_count, 2);
  snprintf(json, sizeof json, "\"tls\":\"%s\"", base_hash_text(&third).text);
  rotate(&a, json);
  gate_says(&a, "{\"version\":0}");
  gate_says(&a, "{\"version\":1000000,\"missing\":2}");
  assert_true(core_tls_missing(a.core, &new));
  pair_rest(&a, &b);
  assert_true(base_hash_equal(core_tls_presented(a.core), &third));
  answer = pair_ask(&a, LINK_KEY_RETIRE, "{\"actor\":\"o\",\"tls\":true}", -1);
  assert_int_equal(answer.status, BASE_OK);
  pair_answer_free(&answer);
  assert_int_equal(a.core->card.pin_count, 1);
  try_remove(&a, &b);
}

/* --- cut off */

/* One call to the keeper fails, at each place of a change; the node is started anew when it ended, and goes on. */
struct cut {
  struct pair_node *node;
  int calls, at;
  bool after; /* the keeper has done it, the answer is lost */
};
static bool cut_before(void *context) {
  struct cut *cut = context;
  return !cut->after && cut->calls == cut->at;
}
static enum base_code cut_after(void *context, enum base_code code, struct base_error *err) {
  struct cut *cut = context;
  bool now = cut->calls++ == cut->at;
  return now ? base_fail(err, BASE_IO, "cut off, says the test") : code;
}
static void *cut_node(void *context) {
  return ((struct cut *)context)->node;
}
static enum base_code cut_info(void *context, struct wire_keeper_info *out, struct base_error *err) {
  return cut_after(context, cut_before(context) ? BASE_OK : pair_info(cut_node(context), out, err), err);
}
static enum base_code cut_renew(void *context, unsigned types, struct wire_keeper_info *out, struct base_error *err) {
  return cut_after(context, cut_before(context) ? BASE_OK : pair_renew(cut_node(context), types, out, err), err);
}
static enum base_code cut_succeed(void *context, const struct wire_keeper_succeed *form, struct base_buf *succession,
                                  struct base_buf *note, struct base_error *err) {
  return cut_after(context,
                   cut_before(context) ? BASE_OK : pair_succeed(cut_node(context), form, succession, note, err), err);
}
static enum base_code cut_forget(void *context, enum wire_keeper_type type, uint32_t number, struct base_error *err) {
  return cut_after(context, cut_before(context) ? BASE_OK : pair_forget(cut_node(context), type, number, err), err);
}
static enum base_code cut_attest(void *context, uint64_t size, const struct base_hash *root,
                                 const struct base_hash *proof, size_t count, struct base_buf *out,
                                 struct base_error *err) {
  return pair_attest(cut_node(context), size, root, proof, count, out, err);
}
static enum base_code cut_cosign(void *context, const struct wire_key *key, struct base_view note, uint64_t old_size,
                                 const struct base_hash *proof, size_t count, struct base_buf *out,
                                 struct base_error *err) {
  return pair_cosign(cut_node(context), key, note, old_size, proof, count, out, err);
}
static enum base_code cut_remembers(void *context, struct base_view origin, struct wire_keeper_memory *out,
                                    struct base_error *err) {
  return pair_remembers(cut_node(context), origin, out, err);
}
static enum base_code cut_wrap(void *context, const struct base_secret *keys, size_t count,
                               uint8_t (*out)[CORE_WRAPPED], uint32_t *epoch, struct base_error *err) {
  return pair_wrap(cut_node(context), keys, count, out, epoch, err);
}
static enum base_code cut_unwrap(void *context, uint32_t epoch, const uint8_t (*wrapped)[CORE_WRAPPED], size_t count,
                                 struct base_secret *out, struct base_error *err) {
  return pair_unwrap(cut_node(context), epoch, wrapped, count, out, err);
}
static enum base_code cut_decapsulate(void *context, const uint8_t id[8], const struct wire_enc *enc, uint8_t out[32],
                                      struct base_error *err) {
  return pair_decapsulate(cut_node(context), id, enc, out, err);
}
static enum base_code cut_follow(void *context, const struct wire_keeper_follow *form, struct base_error *err) {
  return pair_follow(cut_node(context), form, err);
}
static enum base_code cut_retire(void *context, const struct wire_keeper_erased *list, size_t count,
                                 struct wire_keeper_retired *out, struct base_error *err) {
  return pair_retire(cut_node(context), list, count, out, err);
}
static enum base_code cut_list(void *context, uint64_t from, size_t most, struct wire_keeper_listed *out,
                               struct base_error *err) {
  return pair_list(cut_node(context), from, most, out, err);
}
static void cut_at(struct cut *cut) {
  cut->node->core->env.keeper = (struct core_keeper){.context = cut,
                                                     .info = cut_info,
                                                     .attest = cut_attest,
                                                     .cosign = cut_cosign,
                                                     .remembers = cut_remembers,
                                                     .renew = cut_renew,
                                                     .succeed = cut_succeed,
                                                     .follow = cut_follow,
                                                     .forget = cut_forget,
                                                     .decapsulate = cut_decapsulate,
                                                     .wrap = cut_wrap,
                                                     .unwrap = cut_unwrap,
                                                     .retire = cut_retire,
                                                     .list = cut_list};
}

static void cut_off_anywhere(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65], json[64];
  int fatal = 0, refused = 0, rounds = 0;
  try_agreed(&a, &b);
  pair_rest(&a, &b);
  for (int kind = 0; kind < 2; kind++)
    for (int at = 0;; at++) {
      struct cut cut = {.node = &a, .at = at, .after = kind == 1};
      uint32_t before = generation(&a);
      cut_at(&cut);
      snprintf(json, sizeof json, "{\"actor\":\"officer\",%s}", "\"sign\":true");
      uint64_t token = a.next_token++;
      core_input(a.core, LINK_KEY_ROTATE, token, base_view_text(json), -1);
      pair_settle(&a);
      for (int i = 0; i < 3 && a.fatal == BASE_OK; i++) {
        a.ms += CORE_KEYS_PAUSE_MS;
        pair_settle(&a);
      }
      struct pair_answer answer = {0};
      bool told = pair_find(&a, token, &answer);
      refused += told && answer.status != BASE_OK;
      fatal += a.fatal != BASE_OK;
      bool gone_well = told && answer.status == BASE_OK;
      if (told)
        pair_answer_free(&answer);
      a.fatal = BASE_OK;
      try_restart(&a);
      if (gone_well)
        assert_int_equal(generation(&a), before + 1);
      pair_request(&a, &b, id);
      pair_rest(&a, &b);
      try_receipted(&a, id);
      agree_on_cards(&a, &b);
      assert_true(held(&a, WIRE_KEEPER_LOG) <= 2);
      rounds++;
      if (cut.calls <= at)
        break;
    }
  assert_true(fatal >= 2 && refused >= 2 && rounds > 8);
  rotate(&a, "\"sign\":true");
  pair_rest(&a, &b);
  assert_int_equal(held(&a, WIRE_KEEPER_LOG), 1);
  assert_int_equal(held(&a, WIRE_KEEPER_WITNESS), 1);
  assert_int_equal(try_count(&b, WIRE_ACT_FAULT), 0);
  check(&a);
  try_remove(&a, &b);
}

/* --- files that are lost */

/* Moves or copies a file of keeper/ between that folder and the one above it. */
static void move_file(const struct pair_node *node, const char *how, const char *name, bool back) {
  char line[400];
  snprintf(line, sizeof line, "cd '%s' && %s %s%s %s", node->dir, how, back ? "" : "keeper/", name,
           back ? "keeper/" : ".");
  assert_int_equal(system(line), 0);
}
static void put_away(const struct pair_node *node, const char *name) {
  move_file(node, "mv", name, false);
}
static void put_back(const struct pair_node *node, const char *name) {
  move_file(node, "cp", name, true);
}
static void restart_without(struct pair_node *node, const char *name) {
  pair_close(node);
  put_away(node, name);
  pair_open(node);
}

/* Another one is on the card: the node says what is missing, and the next card leaves it out. */
static void a_sealing_key_is_lost(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65], said[2000];
  try_agreed(&a, &b);
  rotate(&a, "\"seal\":true");
  pair_rest(&a, &b);
  assert_string_equal(a.core->keys.missing, "");
  restart_without(&a, "seal-2.key");
  assert_non_null(strstr(a.core->keys.missing, "seal-2.key"));
  struct pair_answer answer = pair_ask(&a, LINK_NODE_STATUS, "{}", -1);
  snprintf(said, sizeof said, "%.*s", (int)answer.payload.size, (const char *)answer.payload.data);
  assert_non_null(strstr(said, "\"unsound\":[\"a sealing key on the node's card is missing in keeper/: seal-2.key"));
  pair_answer_free(&answer);
  answer = pair_ask(&a, LINK_KEY_LIST, "{}", -1);
  snprintf(said, sizeof said, "%.*s", (int)answer.payload.size, (const char *)answer.payload.data);
  assert_non_null(strstr(said, "\"number\":2,\"state\":\"missing\""));
  pair_answer_free(&answer);
  pair_settle(&a);
  assert_int_equal(seal_leaves(&a, "missing"), 1);
  assert_int_equal(seal_leaves(&a, "destroyed"), 0);
  try_restart(&a); /* said once */
  pair_settle(&a);
  assert_int_equal(seal_leaves(&a, "missing"), 1);
  pair_close(&a); /* its copy is put back after all */
  put_back(&a, "seal-2.key");
  pair_open(&a);
  pair_settle(&a);
  assert_int_equal(seal_leaves(&a, "found"), 1);
  assert_string_equal(a.core->keys.missing, "");
  restart_without(&a, "seal-2.key");
  pair_refused(&a, LINK_KEY_RETIRE, "{\"actor\":\"o\",\"seal\":true,\"force\":true}", BASE_CONFLICT);
  struct base_hash lost = a.core->card_hash;
  rotate(&a, "\"seal\":true");
  pair_rest(&a, &b);
  assert_int_equal(generation(&a), 3);
  assert_true(base_hash_equal(&a.core->card.previous, &lost));
  assert_int_equal(a.core->card.seal_count, 2); /* the new one, and the one before the lost one */
  assert_string_equal(a.core->keys.missing, "");
  agree_on_cards(&a, &b);
  pair_request(&b, &a, id);
  pair_rest(&a, &b);
  try_receipted(&b, id);
  try_restart(&a);
  try_remove(&a, &b);
}

/* What the card names is not there, whatever older key is. */
static void an_old_sealing_key_in_its_place(void **state) {
  (void)state;
  struct pair_node a, b;
  struct base_error err = {0};
  try_agreed(&a, &b);
  pair_rest(&a, &b);
  move_file(&a, "cp", "seal.key", false);
  rotate(&a, "\"seal\":true");
  pair_rest(&a, &b);
  struct pair_answer answer = pair_ask(&a, LINK_KEY_RETIRE, "{\"actor\":\"o\",\"seal\":true}", -1);
  assert_int_equal(answer.status, BASE_OK);
  pair_answer_free(&answer);
  pair_rest(&a, &b);
  pair_close(&a);
  put_away(&a, "seal-2.key");
  put_back(&a, "seal.key");
  assert_int_equal(pair_start(&a, &err), BASE_NOT_FOUND);
  assert_non_null(strstr(err.text, "seal-2.key"));
  pair_close(&a);
  put_back(&a, "seal-2.key");
  pair_open(&a);
  pair_rest(&a, &b);
  assert_int_equal(held(&a, WIRE_KEEPER_SEAL), 1);
  try_remove(&a, &b);
}

/* --- somebody with half of the keys */

/* a has changed its keys, b has not heard of it; a lies from here on. */
struct thief {
  struct pair_node a, b;
  struct liar liar;
  char kase[65];
};
static void thief_begin(struct thief *thief, const char *what) {
  try_agreed(&thief->a, &thief->b);
  pair_request(&thief->b, &thief->a, thief->kase);
  pair_rest(&thief->a, &thief->b);
  try_no_gate(&thief->a);
  rotate(&thief->a, what);
  pair_settle(&thief->a);
  liar_begin(&thief->liar, &thief->a, &thief->b);
}
static void thief_end(struct thief *thief) {
  liar_end(&thief->liar);
  try_remove(&thief->a, &thief->b);
}
/* His heads, and the true frame of the newest card, to be changed. */
static struct wire_frame *thief_card(struct thief *thief) {
  struct liar *liar = &thief->liar;
  const struct core_card *card = core_cards_newest(&thief->a.core->cards);
  liar_heads(liar);
  return liar_frame(liar, (struct wire_frame){.type = WIRE_FRAME_CARD,
                                              .proof = liar_prove(liar, card->leaf),
                                              .card = liar_keep(liar, card->bytes),
                                              .head = liar_keep(liar, card->succession)});
}
static void thief_refused(struct thief *thief, enum base_code want, uint32_t generation_held) {
  struct liar_answer answer = liar_give(&thief->liar);
  if (answer.fault != want)
    fail_msg("%s instead of %s: %s", base_code_name(answer.fault), base_code_name(want), answer.text);
  assert_int_equal(try_partner(&thief->b)->card.generation, generation_held);
}

/* The line of one key taken off a note. */
static struct base_view without_line(struct liar *liar, struct base_view note, size_t gone) {
  struct wire_note parsed;
  struct base_buf out = {0};
  assert_int_equal(wire_note_parse(note, &parsed, NULL), BASE_OK);
  base_buf_add_view(&out, parsed.text);
  base_buf_text(&out, "\n");
  for (size_t i = 0; i < parsed.signature_count; i++)
    if (i != gone)
      wire_signature_write(&parsed.signatures[i], &out);
  struct base_view kept = liar_keep(liar, base_buf_view(&out));
  base_buf_free(&out);
  return kept;
}

static void one_key_is_not_enough(void **state) {
  (void)state;
  struct thief thief;
  thief_begin(&thief, "\"sign\":true");
  /* without the card: a head by a key that nobody knows */
  liar_heads(&thief.liar);
  thief_refused(&thief, BASE_SIGNATURE, 1);
  /* the new key alone, the old key alone */
  for (size_t gone = 0; gone < 2; gone++) {
    struct wire_frame *frame = thief_card(&thief);
    frame->head = without_line(&thief.liar, frame->head, gone);
    thief_refused(&thief, BASE_SIGNATURE, 1);
  }
  /* both, but the head is not the one they signed */
  struct wire_frame *frame = thief_card(&thief);
  frame->head = liar_flip(&thief.liar, frame->head, strlen(thief.a.core->info.origin) + 1);
  thief_refused(&thief, BASE_SIGNATURE, 1);
  /* another card than the one that was signed */
  frame = thief_card(&thief);
  char *text = strstr((char *)(uintptr_t)frame->card.data, "127.0.0.1:7443");
  assert_non_null(text);
  text[0] = '2';
  thief_refused(&thief, BASE_WRONG_KEY, 1);
  /* another leaf stands for it */
  frame = thief_card(&thief);
  frame->proof = liar_prove(&thief.liar, 0);
  thief_refused(&thief, BASE_PROTOCOL, 1);
  frame = thief_card(&thief);
  frame->proof.index++;
  struct liar_answer answer = liar_give(&thief.liar);
  assert_int_not_equal(answer.fault, BASE_OK);
  assert_int_equal(try_partner(&thief.b)->card.generation, 1);
  assert_true(try_count(&thief.b, WIRE_ACT_FAULT) > 0);
  /* all as it is: taken, also a second time */
  thief_card(&thief);
  thief_refused(&thief, BASE_OK, 2);
  thief_card(&thief);
  thief_refused(&thief, BASE_OK, 2);
  thief_end(&thief);
}

/* Two cards of one generation: whoever has the old key can make them, and the partner stops. */
static void two_successors(void **state) {
  (void)state;
  struct thief thief;
  thief_begin(&thief, "\"seal\":true"); /* the log key stays: it can sign anything */
  thief_card(&thief);
  thief_refused(&thief, BASE_OK, 2);
  struct wire_frame *frame = thief_card(&thief);
  frame->card = liar_keep(&thief.liar, frame->card);
  char *text = strstr((char *)(uintptr_t)frame->card.data, "127.0.0.1:7443");
  text[0] = '2';
  thief_refused(&thief, BASE_FORK, 2);
  assert_true(try_partner(&thief.b)->stopped);
  thief_end(&thief);
}

/* Somebody who copied the keys before the change goes on with the old one. */
static void old_key_after_the_change(void **state) {
  (void)state;
  struct pair_node a, b;
  struct liar liar;
  struct liar_message message;
  char kase[65], command[400];
  try_agreed(&a, &b);
  pair_request(&b, &a, kase);
  pair_rest(&a, &b);
  snprintf(command, sizeof command, "cp -a '%s/keeper' '%s/stolen'", a.dir, a.dir);
  assert_int_equal(system(command), 0);
  try_no_gate(&a);
  rotate(&a, "\"sign\":true");
  pair_rest(&a, &b);
  agree_on_cards(&a, &b);
  /* the copy, with its own memory of heads */
  struct keeper *stolen = NULL, *own = a.keeper;
  snprintf(command, sizeof command, "%s/stolen", a.dir);
  int dir = open(command, O_RDONLY | O_DIRECTORY);
  assert_int_equal(keeper_open(dir, &a.world, &stolen, NULL), BASE_OK);
  a.keeper = stolen;
  memset(&liar, 0, sizeof liar);
  struct wire_keeper_info info;
  keeper_describe(stolen, &info);
  uint64_t attested = a.core->reg.attested;
  a.core->reg.attested = info.size; /* where the copy left off; liar_begin reads the leaves up to there */
  liar_begin(&liar, &a, &b);
  a.core->reg.attested = attested;
  liar_draft(&liar, kase, &message);
  while (liar.size <= try_partner(&b)->row.head_size)
    liar_leaf(&liar, WIRE_ACT_READ, &(struct wire_opening){.subject = BASE_VIEW("x")});
  liar_made(&liar, &message);
  struct liar_answer answer = liar_give(&liar);
  assert_int_equal(answer.fault, BASE_SIGNATURE);
  try_expect(&b, WIRE_ACT_FAULT, 1, "signature");
  liar_end(&liar);
  keeper_close(stolen);
  close(dir);
  a.keeper = own;
  try_remove(&a, &b);
}

/* What he says he holds must be ours. */
static void holds_a_card_of_nobody(void **state) {
  (void)state;
  struct thief thief;
  thief_begin(&thief, "\"seal\":true");
  thief_card(&thief);
  struct wire_frame holds = {.type = WIRE_FRAME_HOLDS, .generation = 7};
  liar_frame(&thief.liar, holds);
  thief_refused(&thief, BASE_WRONG_KEY, 2);
  thief_card(&thief);
  holds.generation = 1;
  liar_frame(&thief.liar, holds);
  thief_refused(&thief, BASE_WRONG_KEY, 2);
  thief_end(&thief);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(both_at_once),
      cmocka_unit_test(away_for_generations),
      cmocka_unit_test(away_too_long),
      cmocka_unit_test(answers_are_lost),
      cmocka_unit_test(overtaken),
      cmocka_unit_test(comes_with_a_head_from_another_base),
      cmocka_unit_test(added_by_a_later_card),
      cmocka_unit_test(an_older_card_by_hand),
      cmocka_unit_test(seal_by_itself),
      cmocka_unit_test(sealed_to_a_destroyed_key),
      cmocka_unit_test(made_by_a_clock_that_was_behind),
      cmocka_unit_test(apart_for_a_year),
      cmocka_unit_test(tls_in_three_steps),
      cmocka_unit_test(tls_changed_again_and_again),
      cmocka_unit_test(a_tls_key_is_lost),
      cmocka_unit_test(failed_changes_rest),
      cmocka_unit_test(refused_changes),
      cmocka_unit_test(cut_off_anywhere),
      cmocka_unit_test(a_sealing_key_is_lost),
      cmocka_unit_test(an_old_sealing_key_in_its_place),
      cmocka_unit_test(one_key_is_not_enough),
      cmocka_unit_test(two_successors),
      cmocka_unit_test(old_key_after_the_change),
      cmocka_unit_test(holds_a_card_of_nobody),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
