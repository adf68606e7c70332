/* SPDX-License-Identifier: Apache-2.0
 * Data from before a card that partners hold: the keeper kept the card, and the node goes on with it in a new epoch
 * (spec/epoch.md, "Cards and keys"). In each case b is the one that lost. */
#include "core_lost.h"

#include "core/cards.h"
#include "core/exchange.h"

static void ask(struct pair_node *node, enum link_request_code code, const char *json) {
  struct pair_answer answer = pair_ask(node, code, json, -1);
  if (answer.status != BASE_OK)
    fail_msg("%.*s", (int)answer.payload.size, (const char *)answer.payload.data);
  pair_answer_free(&answer);
}

static void rotate(struct pair_node *node, const char *what) {
  char json[64];
  snprintf(json, sizeof json, "{\"actor\":\"officer\",\"%s\":true}", what);
  ask(node, LINK_KEY_ROTATE, json);
}

static void save(struct pair_node *b) {
  pair_close(b);
  copy(b, "/core", "/old-core");
  pair_open(b);
}

static void put_back(struct pair_node *b) {
  pair_close(b);
  copy(b, "/old-core", "/core");
}

static void both_ways(struct pair_node *a, struct pair_node *b) {
  char mine[65], his[65];
  pair_request(b, a, mine);
  pair_request(a, b, his);
  later(a, b);
  try_receipted(b, mine);
  try_receipted(a, his);
}

/* Each holds the newest card of the other one, as that one has it, and its keeper follows that one's key. */
static void agree(struct pair_node *a, struct pair_node *b, uint32_t generation) {
  assert_int_equal(b->core->card.generation, generation);
  assert_int_equal(try_partner(a)->card.generation, generation);
  assert_true(base_hash_equal(&try_partner(a)->card_hash, &b->core->card_hash));
  assert_true(wire_key_equal(&try_partner(a)->followed, &b->core->card.log_key));
  assert_int_equal(try_partner(b)->told, generation);
}

static void goes_on(struct pair_node *a, struct pair_node *b, uint32_t generation) {
  both_ways(a, b);
  agree(a, b, generation);
  rotate(b, "sign"); /* the next card follows the one that came back */
  both_ways(a, b);
  agree(a, b, generation + 1);
  try_restart(a);
  try_restart(b);
  both_ways(a, b);
  agree(a, b, generation + 1);
  assert_string_equal(try_partner(a)->damaged, "");
  assert_string_equal(try_partner(b)->damaged, "");
  assert_int_equal(try_leaves(a, WIRE_ACT_FAULT, NULL, 0), 0);
  assert_int_equal(try_leaves(b, WIRE_ACT_FAULT, NULL, 0), 0);
}

/* Two cards and messages under each are lost, and so many before them that the next card stands at a smaller size than
 * the lost one did. */
static void test_comes_back(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[5][65];
  try_agreed(&a, &b);
  save(&b);
  pair_request(&b, &a, id[0]);
  static const char *const states[] = {"suspended", "active"};
  for (int i = 0; i < 20; i++) { /* each a leaf of b */
    char json[80];
    snprintf(json, sizeof json, "{\"actor\":\"officer\",\"name\":\"rabat\",\"state\":\"%s\"}", states[i % 2]);
    ask(&b, LINK_PARTNER_STATE, json);
  }
  later(&a, &b);
  rotate(&b, "seal");
  pair_request(&b, &a, id[1]);
  later(&a, &b);
  rotate(&b, "sign");
  pair_request(&b, &a, id[2]);
  pair_request(&a, &b, id[3]);
  later(&a, &b);
  agree(&a, &b, 3);
  uint64_t signed_at = core_cards_newest(&b.core->cards)->position;
  put_back(&b);
  renewed(&a, &b);
  later(&a, &b);
  assert_int_equal(try_partner(&b)->back.came, 3);
  for (int i = 1; i < 3; i++) {
    const struct core_card *card = &b.core->cards.list[i];
    assert_true(card->leaf > b.core->epoch_start && card->leaf < core_head_key_size(signed_at));
  }
  assert_true(b.core->reg.size < core_head_key_size(signed_at));
  goes_on(&a, &b, 3);
  assert_true(core_head_key_size(core_cards_newest(&b.core->cards)->position) > 0);
  try_remove(&a, &b);
}

static void keys_from(const struct pair_node *node, const char *from, const char *to) {
  char command[400];
  snprintf(command, sizeof command, "cd '%s' && rm -rf %s && cp -a %s %s", node->dir, to, from, to);
  assert_int_equal(system(command), 0);
}

/* The other way round: the data are the newest, and the keeper's folder is from before the card. */
static void test_older_keeper(void **state) {
  (void)state;
  struct pair_node a, b;
  struct base_error err = {0};
  try_agreed(&a, &b);
  pair_close(&b);
  keys_from(&b, "keeper", "old-keeper");
  pair_open(&b);
  rotate(&b, "sign");
  later(&a, &b);
  pair_close(&b);
  keys_from(&b, "keeper", "new-keeper");
  keys_from(&b, "old-keeper", "keeper");
  assert_int_equal(pair_start(&b, &err), BASE_ROLLBACK);
  assert_non_null(strstr(err.text, "keeper/ is an older copy than the data: the card in force is of generation 2"));
  pair_close(&b);
  keys_from(&b, "new-keeper", "keeper");
  pair_open(&b);
  both_ways(&a, &b);
  try_remove(&a, &b);
}

/* A partner who was away takes card, epoch and what follows at once. */
static void test_partner_was_away(void **state) {
  (void)state;
  struct pair_node a, b;
  try_agreed(&a, &b);
  save(&b);
  rotate(&b, "sign");
  rotate(&b, "sign");
  put_back(&b);
  assert_int_equal(try_partner(&a)->card.generation, 1);
  renewed(&a, &b);
  goes_on(&a, &b, 3);
  try_remove(&a, &b);
}

/* The copy was made when the card was a leaf already, and the head that names it was not there. */
static enum base_code no_answer(void *context, const struct wire_keeper_succeed *form, struct base_buf *succession,
                                struct base_buf *note, struct base_error *err) {
  enum base_code code = pair_succeed(context, form, succession, note, err);
  return code == BASE_OK ? base_fail(err, BASE_IO, "cut off, says the test") : code;
}
static void test_it_waited(void **state) {
  (void)state;
  struct pair_node a, b;
  try_agreed(&a, &b);
  pair_rest(&a, &b);
  b.core->env.keeper.succeed = no_answer;
  core_input(b.core, LINK_KEY_ROTATE, b.next_token++, BASE_VIEW("{\"actor\":\"officer\",\"sign\":true}"), -1);
  pair_settle(&b);
  assert_int_not_equal(b.fatal, BASE_OK);
  save(&b);
  assert_false(core_card_waits(b.core));
  rotate(&b, "seal");
  both_ways(&a, &b);
  agree(&a, &b, 3);
  put_back(&b);
  renewed(&a, &b);
  assert_true(b.core->cards.list[1].leaf < b.core->epoch_start && b.core->cards.list[2].leaf > b.core->epoch_start);
  goes_on(&a, &b, 3);
  try_remove(&a, &b);
}

/* A card that was made in an epoch is lost with that epoch. */
static void lost_with_an_epoch(bool away) {
  struct pair_node a, b;
  try_agreed(&a, &b);
  save(&b);
  rotate(&b, "sign");
  both_ways(&a, &b);
  put_back(&b);
  renewed(&a, &b);
  rotate(&b, "sign");
  if (!away)
    both_ways(&a, &b);
  put_back(&b);
  renewed(&a, &b);
  assert_int_equal(b.core->epoch, 3);
  goes_on(&a, &b, 3);
  try_remove(&a, &b);
}
static void test_lost_with_an_epoch(void **state) {
  (void)state;
  lost_with_an_epoch(false);
}
static void test_lost_with_an_epoch_that_nobody_saw(void **state) {
  (void)state;
  lost_with_an_epoch(true);
}

/* Nothing that the keeper's folder says of it is believed without the signatures. */
static void test_not_believed(void **state) {
  (void)state;
  struct pair_node a, b;
  struct base_error err = {0};
  struct wire_keeper_card kept;
  BASE_AUTO_BUF struct base_buf bytes = {0}, changed = {0};
  try_agreed(&a, &b);
  save(&b);
  rotate(&b, "sign");
  rotate(&b, "sign");
  both_ways(&a, &b);
  put_back(&b);
  assert_int_equal(keeper_epoch(&b, 0, &err), BASE_OK);
  int dir = openat(b.keeper_root, "keeper", O_RDONLY | O_DIRECTORY);
  base_buf_init(&bytes, WIRE_KEEPER_CARD_MAX + 1);
  assert_int_equal(base_file_read(dir, "card-2.signed", WIRE_KEEPER_CARD_MAX, &bytes, &err), BASE_OK);
  assert_int_equal(wire_keeper_card_parse(base_buf_view(&bytes), &kept, &err), BASE_OK);
  static const char *const says[] = {"does not verify", "the card of generation 2",
                                     "the keeper signed the card of generation 3"};
  for (int i = 0; i < 3; i++) {
    base_buf_reset(&changed);
    base_buf_add_buf(&changed, &bytes);
    uint8_t *at = &changed.data[i == 0 ? changed.size - 12 : 5]; /* in a signature; in the card */
    if (i < 2)
      *at = *at == 'A' ? 'B' : 'A';
    assert_int_equal(base_file_replace(dir, "card-2.signed", base_buf_view(&changed), 0600, &err), BASE_OK);
    if (i == 2)
      assert_int_equal(unlinkat(dir, "card-3.signed", 0), 0);
    enum base_code code = pair_start(&b, &err);
    if (code == BASE_OK || strstr(err.text, says[i]) == NULL)
      fail_msg("%d: %s", i, err.text);
    pair_close(&b);
  }
  close(dir);
  copy(&b, "/core", "/old-core");
  pair_remove(&a);
  pair_remove(&b);
}

/* An epoch key was replaced, and is destroyed: what is under it opens no more, and nothing is begun over it. */
static void test_keys_are_destroyed(void **state) {
  (void)state;
  struct pair_node a, b;
  struct base_error err = {0};
  try_agreed(&a, &b);
  save(&b);
  rotate(&b, "sign");
  rotate(&b, "epoch");
  later(&a, &b);
  assert_int_equal(core_rewrap_oldest(b.core), 2);
  pair_close(&b);
  copy(&b, "/core", "/lost-core");
  copy(&b, "/old-core", "/core");
  assert_int_equal(keeper_epoch(&b, 0, &err), BASE_OK);
  assert_int_equal(pair_start(&b, &err), BASE_ROLLBACK);
  assert_non_null(strstr(err.text, "cannot be read any more (leaf "));
  pair_close(&b);
  copy(&b, "/lost-core", "/core"); /* newer data are found, and the epoch begins over these */
  pair_open(&b);
  later(&a, &b);
  confirm(&a, &b, BASE_OK);
  later(&a, &b);
  goes_on(&a, &b, 3); /* each change is a card */
  try_remove(&a, &b);
}

static void damage(const char *name, int dir) {
  BASE_AUTO_BUF struct base_buf bytes = {0};
  struct base_error err = {0};
  base_buf_init(&bytes, WIRE_KEEPER_CARD_MAX + 1);
  assert_int_equal(base_file_read(dir, name, WIRE_KEEPER_CARD_MAX, &bytes, &err), BASE_OK);
  uint8_t *at = &bytes.data[bytes.size - 12]; /* in a signature */
  *at = *at == 'A' ? 'B' : 'A';
  assert_int_equal(base_file_replace(dir, name, base_buf_view(&bytes), 0600, &err), BASE_OK);
}

/* What only older data would need is missed in good time: each start says which files are gone or changed, and the node
 * works on; with the copies put back nothing is said. */
static void test_not_kept(void **state) {
  (void)state;
  struct pair_node a, b;
  try_agreed(&a, &b);
  for (int i = 0; i < 3; i++)
    rotate(&b, "sign");
  both_ways(&a, &b);
  try_restart(&b);
  assert_string_equal(b.core->keys.unkept, "");
  pair_close(&b);
  keys_from(&b, "keeper", "copy-of-keys");
  int dir = openat(b.keeper_root, "keeper", O_RDONLY | O_DIRECTORY);
  assert_int_equal(unlinkat(dir, "card-2.signed", 0), 0);
  damage("card-4.signed", dir);
  close(dir);
  pair_open(&b);
  assert_non_null(strstr(b.core->keys.unkept, "in keeper/ card-2.signed, card-4.signed are missing or damaged"));
  struct pair_answer answer = pair_ask(&b, LINK_NODE_STATUS, "{\"actor\":\"officer\"}", -1);
  base_buf_u8(&answer.payload, 0);
  assert_non_null(strstr((const char *)answer.payload.data, "\"unkept\":\"in keeper/ card-2.signed, card-4.signed"));
  assert_non_null(strstr((const char *)answer.payload.data, "\"unsound\":[]"));
  pair_answer_free(&answer);
  both_ways(&a, &b);
  pair_close(&b);
  for (unsigned i = 2; i <= 4; i += 2) {
    char from[64], to[64];
    snprintf(from, sizeof from, "copy-of-keys/card-%u.signed", i);
    snprintf(to, sizeof to, "keeper/card-%u.signed", i);
    keys_from(&b, from, to);
  }
  pair_open(&b);
  assert_string_equal(b.core->keys.unkept, "");
  both_ways(&a, &b);
  try_remove(&a, &b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_comes_back),         cmocka_unit_test(test_older_keeper),
      cmocka_unit_test(test_partner_was_away),   cmocka_unit_test(test_it_waited),
      cmocka_unit_test(test_lost_with_an_epoch), cmocka_unit_test(test_lost_with_an_epoch_that_nobody_saw),
      cmocka_unit_test(test_not_believed),       cmocka_unit_test(test_keys_are_destroyed),
      cmocka_unit_test(test_not_kept),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
