/* SPDX-License-Identifier: Apache-2.0
 * Epoch keys: after 30 days what survives is wrapped anew and the old key destroyed, while the node goes on; killed
 * anywhere, a step taken back, a key that does not open: nothing is lost. */
#include "core_damage.h"

#include "core/epoch.h"

enum { DAY = 24 * 60 * 60, MESSAGES = 6, STEPS_MAX = 400 };

static size_t epochs(struct pair_node *node) {
  struct wire_keeper_info info;
  size_t count = 0;
  keeper_describe(node->keeper, &info);
  for (size_t i = 0; i < info.count; i++)
    count += info.keys[i].type == WIRE_KEEPER_EPOCH;
  return count;
}
static uint32_t newest(struct pair_node *node) {
  struct wire_keeper_info info;
  keeper_describe(node->keeper, &info);
  return wire_keeper_key_in_force(&info, WIRE_KEEPER_EPOCH)->number;
}
static int64_t under(const struct pair_node *node, uint32_t epoch) {
  char sql[200], number[65] = "-1";
  snprintf(sql, sizeof sql,
           "SELECT (SELECT count(*) FROM messages WHERE epoch = %u) + (SELECT count(*) FROM opening_keys WHERE epoch = "
           "%u)",
           (unsigned)epoch, (unsigned)epoch);
  damage_text(node, sql, number);
  return atoll(number);
}
static void step(struct pair_node *node) {
  node->ms += CORE_EPOCH_PAUSE_MS;
  pair_settle(node);
  assert_int_equal(node->fatal, BASE_OK);
}
/* Until one epoch key is left. */
static void finish(struct pair_node *node) {
  step(node);
  for (int i = 0; i < STEPS_MAX && epochs(node) > 1; i++)
    step(node);
  assert_int_equal(epochs(node), 1);
  step(node); /* the leaf */
}
static void month(struct pair_node *node) {
  node->now += (int64_t)CORE_EPOCH_DAYS * DAY;
  node->ms += CORE_KEYS_PAUSE_MS;
}

/* Two nodes with messages and a part. */
struct story {
  struct pair_node a, b;
  char ids[MESSAGES][65];
};
static void begin(struct story *story) {
  struct base_buf parts = {0};
  try_agreed(&story->a, &story->b);
  for (int i = 0; i < MESSAGES; i++) {
    base_buf_reset(&parts);
    if (i == 0)
      try_upload(&story->a, 1000, 1, &parts);
    try_request_with(&story->a, &story->b, i == 0 ? try_parts_end(&parts) : "[]", story->ids[i]);
  }
  pair_rest(&story->a, &story->b);
  base_buf_free(&parts);
}
static void readable(struct pair_node *node, char ids[MESSAGES][65]) {
  char json[120];
  for (int i = 0; i < MESSAGES; i++) {
    snprintf(json, sizeof json, "{\"actor\":\"test\",\"id\":\"%s\"}", ids[i]);
    struct pair_answer answer = pair_ask(node, LINK_MESSAGE_SHOW, json, -1);
    if (answer.status != BASE_OK)
      fail_msg("%s: %.*s", ids[i], (int)answer.payload.size, (const char *)answer.payload.data);
    pair_answer_free(&answer);
  }
}
/* All is under the newest key, and can be read, also after a restart. */
static void whole(struct pair_node *node, char ids[MESSAGES][65]) {
  uint32_t number = newest(node);
  for (int turn = 0; turn < 2; turn++) {
    assert_int_equal(epochs(node), 1);
    assert_true(under(node, number) > MESSAGES);
    for (uint32_t old = 1; old < number; old++)
      assert_int_equal(under(node, old), 0);
    readable(node, ids);
    try_sound(node);
    assert_false(node->core->token_key_lost);
    assert_false(node->core->login_key_lost);
    assert_false(node->core->match_key_lost);
    try_restart(node);
    pair_settle(node);
  }
}

/* What is asked before a new epoch of the register is opened over these data. */
static void needs(struct pair_node *node, uint32_t oldest, uint32_t newest) {
  struct core_needs found = {0};
  struct base_error err = {0};
  assert_int_equal(core_epoch_needs(node->core->store, &found, &err), BASE_OK);
  assert_int_equal(found.oldest, oldest);
  assert_int_equal(found.newest, newest);
}

static unsigned key_leaves(struct pair_node *node) {
  return try_count(node, WIRE_ACT_KEY);
}

static void wrapped_anew_while_the_node_goes_on(void **state) {
  (void)state;
  struct story story;
  char id[65];
  begin(&story);
  struct pair_node *a = &story.a;
  unsigned leaves = key_leaves(a);
  for (uint32_t turn = 1; turn <= 2; turn++) {
    step(a);
    assert_int_equal(epochs(a), 1); /* not before its time */
    month(a);
    month(&story.b);
    step(a);
    assert_int_equal(epochs(a), 2);
    assert_int_equal(newest(a), turn + 1);
    pair_request(a, &story.b, id); /* under the new key at once */
    needs(a, turn, turn + 1);      /* the leaf about the partner is older than the last one */
    finish(a);
    needs(a, turn + 1, turn + 1);
    finish(&story.b);
    whole(a, story.ids);
    whole(&story.b, story.ids);
    assert_int_equal(key_leaves(a), leaves + 2 * turn); /* made, destroyed */
    try_expect(a, WIRE_ACT_KEY, leaves + 2 * turn, "destroyed");
  }
  pair_rest(a, &story.b);
  try_receipted(a, id);
  try_remove(a, &story.b);
}

/* A step holds so many keys at most. */
static void in_bounded_batches(void **state) {
  (void)state;
  struct story story;
  char id[65];
  begin(&story);
  for (int i = 0; i < CORE_EPOCH_KEYS; i++)
    pair_request(&story.a, &story.b, id);
  pair_rest(&story.a, &story.b);
  int64_t before = under(&story.a, 1);
  assert_true(before > 2 * CORE_EPOCH_KEYS);
  month(&story.a);
  step(&story.a);
  for (int i = 0; i < 3 && before > 0; i++) {
    int64_t now = under(&story.a, 1);
    assert_true(now < before && before - now <= CORE_EPOCH_KEYS + 2);
    before = now;
    pair_settle(&story.a); /* not before the others had their turn */
    assert_int_equal(under(&story.a, 1), before);
    step(&story.a);
  }
  finish(&story.a);
  whole(&story.a, story.ids);
  pair_settle(&story.b);
  try_remove(&story.a, &story.b);
}

/* --- the keeper, watched */

static struct {
  struct pair_node *node;
  int calls, at;
  bool after, fails, done;
  char to[128]; /* a copy */
} watch;

static enum base_code watched_before(struct base_error *err) {
  char command[700];
  bool now = watch.calls == watch.at && !watch.done;
  if (!now)
    return BASE_OK;
  watch.done = true;
  if (watch.fails)
    return base_fail(err, BASE_IO, "cut off, says the test");
  snprintf(command, sizeof command, "cd / && rm -rf '%s' && cp -a '%s' '%s'", watch.to, watch.node->dir, watch.to);
  assert_int_equal(system(command), 0);
  return BASE_OK;
}
#define WATCHED(call)                                                                                                  \
  do {                                                                                                                 \
    enum base_code code = watch.after ? BASE_OK : watched_before(err);                                                 \
    if (code == BASE_OK)                                                                                               \
      code = call;                                                                                                     \
    if (code == BASE_OK && watch.after)                                                                                \
      code = watched_before(err);                                                                                      \
    watch.calls++;                                                                                                     \
    return code;                                                                                                       \
  } while (0)
static enum base_code watched_info(void *context, struct wire_keeper_info *out, struct base_error *err) {
  WATCHED(pair_info(context, out, err));
}
static enum base_code watched_renew(void *context, unsigned types, struct wire_keeper_info *out,
                                    struct base_error *err) {
  WATCHED(pair_renew(context, types, out, err));
}
static enum base_code watched_forget(void *context, enum wire_keeper_type type, uint32_t number,
                                     struct base_error *err) {
  WATCHED(pair_forget(context, type, number, err));
}
static enum base_code watched_wrap(void *context, const struct base_secret *keys, size_t count,
                                   uint8_t (*out)[CORE_WRAPPED], uint32_t *epoch, struct base_error *err) {
  WATCHED(pair_wrap(context, keys, count, out, epoch, err));
}
static enum base_code watched_unwrap(void *context, uint32_t epoch, const uint8_t (*wrapped)[CORE_WRAPPED],
                                     size_t count, struct base_secret *out, struct base_error *err) {
  WATCHED(pair_unwrap(context, epoch, wrapped, count, out, err));
}
static void watch_begin(struct pair_node *node, int at, bool after, bool fails) {
  struct core_keeper *keeper = &node->core->env.keeper;
  memset(&watch, 0, sizeof watch);
  watch.node = node;
  watch.at = at;
  watch.after = after;
  watch.fails = fails;
  assert_true((size_t)snprintf(watch.to, sizeof watch.to, "%.110s-killed", node->dir) < sizeof watch.to);
  keeper->info = watched_info;
  keeper->renew = watched_renew;
  keeper->forget = watched_forget;
  keeper->wrap = watched_wrap;
  keeper->unwrap = watched_unwrap;
}

/* What the disk has when the process is killed at this call, as a node of its own. */
static void killed_there(const struct pair_node *node, char ids[MESSAGES][65], unsigned leaves) {
  struct pair_node copy = *node;
  char command[300];
  copy.core = NULL;
  copy.keeper = NULL;
  copy.world.context = &copy;
  copy.count = 0;
  snprintf(copy.dir, sizeof copy.dir, "%s", watch.to);
  copy.root = copy.keeper_root = open(copy.dir, O_RDONLY | O_DIRECTORY);
  pair_open(&copy);
  step(&copy);
  copy.ms += CORE_KEYS_PAUSE_MS;
  finish(&copy);
  assert_int_equal(newest(&copy), 2);
  assert_int_equal(key_leaves(&copy), leaves + 2);
  whole(&copy, ids);
  pair_close(&copy);
  close(copy.root);
  snprintf(command, sizeof command, "cd / && rm -rf '%s'", watch.to);
  assert_int_equal(system(command), 0);
}

/* A month passes; at each call to the keeper in turn it is killed, or the call fails. */
static void at_each_call(bool after, bool fails) {
  int stride = try_stride(2), at = getpid() % stride;
  for (;; at += stride) {
    struct story story;
    char id[65];
    begin(&story);
    unsigned leaves = key_leaves(&story.a);
    month(&story.a);
    watch_begin(&story.a, at, after, fails);
    for (int i = 0; i < 12; i++) {
      step(&story.a);
      if (fails && watch.done && i < 6) /* with keys from the pool, of whatever epoch they are */
        pair_request(&story.a, &story.b, id);
    }
    bool reached = watch.done;
    watch.done = true;
    if (fails) {
      story.a.ms += CORE_KEYS_PAUSE_MS;
      finish(&story.a);
      if (key_leaves(&story.a) != leaves + 2)
        fail_msg("at %d: %u leaves", at, key_leaves(&story.a) - leaves);
      whole(&story.a, story.ids);
    } else if (reached) {
      killed_there(&story.a, story.ids, leaves);
    }
    pair_settle(&story.b);
    pair_remove(&story.a);
    pair_remove(&story.b);
    if (!reached)
      break;
  }
  assert_true(at > 6);
}
static void killed_before_each_call(void **state) {
  (void)state;
  if (place_postgresql()) /* whose server would have to be killed, too */
    skip();
  at_each_call(false, false);
}
static void killed_after_each_call(void **state) {
  (void)state;
  if (place_postgresql()) /* whose server would have to be killed, too */
    skip();
  at_each_call(true, false);
}
static void each_call_fails(void **state) {
  (void)state;
  at_each_call(false, true);
}
static void each_answer_is_lost(void **state) {
  (void)state;
  at_each_call(true, true);
}

/* --- steps taken back, and steps that write */

static void a_step_is_taken_back(void **state) {
  (void)state;
  struct story story;
  struct base_error err = {0};
  begin(&story);
  month(&story.a);
  struct core *core = story.a.core;
  assert_int_equal(core_keys_settle(core, &err), BASE_OK);
  assert_int_equal(epochs(&story.a), 2);
  for (int i = 0; i < 3; i++) { /* all of the rows, then they are as before */
    core->rewrap.not_before_ms = 0;
    assert_int_equal(core_rewrap_settle(core, &err), BASE_OK);
  }
  assert_int_equal(core_lose(core, base_fail(&err, BASE_IO, "lost, says the test"), &err), BASE_IO);
  pair_settle(&story.a);
  assert_true(under(&story.a, 1) > MESSAGES);
  finish(&story.a);
  whole(&story.a, story.ids);
  pair_settle(&story.b);
  pair_remove(&story.a);
  pair_remove(&story.b);
}

/* As long as each step writes something, which might be taken back, nothing is destroyed. */
static void not_in_a_step_that_writes(void **state) {
  (void)state;
  struct story story;
  char id[65];
  begin(&story);
  month(&story.a);
  for (int i = 0; i < 12; i++) {
    story.a.ms += CORE_EPOCH_PAUSE_MS;
    try_request_with(&story.a, &story.b, "[]", id);
  }
  assert_int_equal(under(&story.a, 1), 0);
  assert_int_equal(epochs(&story.a), 2);
  step(&story.a);
  assert_int_equal(epochs(&story.a), 1);
  step(&story.a);
  whole(&story.a, story.ids);
  pair_settle(&story.b);
  pair_remove(&story.a);
  pair_remove(&story.b);
}

/* A key that does not open holds up no other, and the old epoch key stays for a sound copy of it. */
static void damaged(void **state) {
  (void)state;
  if (place_postgresql()) /* whose server would have to be killed, too */
    skip();
  struct story story;
  char kept[200];
  char was[65] = "";
  begin(&story);
  damage_text(&story.a, "SELECT hex(substr(wrapped_key, 1, 30)) FROM messages WHERE number = 3", was);
  char rest[65] = "";
  damage_text(&story.a, "SELECT hex(substr(wrapped_key, 31)) FROM messages WHERE number = 3", rest);
  damage_sql(&story.a, "UPDATE messages SET wrapped_key = zeroblob(40) WHERE number = 3");
  month(&story.a);
  for (int i = 0; i < 20; i++)
    step(&story.a);
  assert_int_equal(epochs(&story.a), 2);
  assert_int_equal(under(&story.a, 1), 1);
  snprintf(kept, sizeof kept, "UPDATE messages SET wrapped_key = x'%s%s' WHERE number = 3", was, rest);
  damage_sql(&story.a, kept);
  finish(&story.a);
  whole(&story.a, story.ids);
  pair_settle(&story.b);
  pair_remove(&story.a);
  pair_remove(&story.b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(wrapped_anew_while_the_node_goes_on),
      cmocka_unit_test(in_bounded_batches),
      cmocka_unit_test(killed_before_each_call),
      cmocka_unit_test(killed_after_each_call),
      cmocka_unit_test(each_call_fails),
      cmocka_unit_test(each_answer_is_lost),
      cmocka_unit_test(a_step_is_taken_back),
      cmocka_unit_test(not_in_a_step_that_writes),
      cmocka_unit_test(damaged),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
