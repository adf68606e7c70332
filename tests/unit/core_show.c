/* SPDX-License-Identifier: Apache-2.0
 * What core answers about itself, and the check of its register. */
#include "core/cases.h"
#include "core/messages.h"
#include "core/register.h"
#include "core_ask.h"
#include "core_try.h"

#include "core/check.h"

/* --- the node, its partners, kinds, agreements */

static void test_node(void **state) {
  (void)state;
  struct pair_node a, b;
  char agreement[65];
  ask_two(&a, &b);
  pair_agree(&a, &b, agreement);
  struct told told = tell(&a, LINK_NODE_STATUS, "{\"actor\":\"amal\"}");
  expect_text(told.json, "name", "rabat");
  expect_text(told.json, "version", "0.1.0");
  assert_int_equal(number(wire_json_get(told.json, "partners"), "active"), 1);
  assert_int_equal(number(wire_json_get(told.json, "outbox"), "receipted"), 1);
  assert_int_equal(number(wire_json_get(told.json, "outbox"), "waiting"), 0);
  assert_int_equal(number(wire_json_get(told.json, "register"), "size"), (int64_t)a.core->reg.size);
  assert_true(number(told.json, "disk_free") > 0);
  forget(&told);
  told = tell(&a, LINK_PARTNER_LIST, "{\"actor\":\"amal\"}");
  assert_int_equal(wire_json_size(told.json), 1);
  expect_text(at(told.json, 0), "name", "paris");
  expect_text(at(told.json, 0), "state", "active");
  expect_text(at(told.json, 0), "trouble", "");
  expect_text(wire_json_get(at(told.json, 0), "org"), "pt", "paris");
  assert_int_equal(number(at(told.json, 0), "sent"), 1);
  assert_int_equal(number(at(told.json, 0), "held"), 1);
  assert_false(is_null(at(told.json, 0), "last_contact"));
  forget(&told);
  told = tell(&a, LINK_AGREEMENT_LIST, "{\"actor\":\"amal\"}");
  expect_text(at(told.json, 0), "id", agreement);
  expect_text(at(told.json, 0), "state", "in_force");
  assert_true(wire_json_true(wire_json_get(at(told.json, 0), "in_force")));
  assert_int_equal(wire_json_size(wire_json_get(at(told.json, 0), "parties")), 2);
  forget(&told);
  a.now += 400 * 86400; /* beyond its end: the state of the case is the same, its force is not */
  told = tell(&a, LINK_AGREEMENT_LIST, "{\"actor\":\"amal\"}");
  assert_false(wire_json_true(wire_json_get(at(told.json, 0), "in_force")));
  forget(&told);
  ask_remove(&a, &b);
}

static void test_kinds(void **state) {
  (void)state;
  struct pair_node a;
  pair_make(&a, "rabat");
  struct told told = tell(&a, LINK_KIND_LIST, "{\"actor\":\"amal\"}");
  assert_int_equal(wire_json_size(told.json), a.core->kind_count);
  for (size_t i = 0; i < wire_json_size(told.json); i++) {
    assert_int_equal(wire_json_text(wire_json_get(at(told.json, i), "hash")).size, BASE_HEX_ID);
    assert_int_equal(wire_json_size(wire_json_get(at(told.json, i), "label")), WIRE_LANGUAGES);
  }
  forget(&told);
  told = tell(&a, LINK_KIND_SHOW, "{\"actor\":\"amal\",\"kind\":\"request\"}");
  expect_text(told.json, "name", "request");
  forget(&told);
  told = tell(&a, LINK_KIND_EXAMPLE, "{\"actor\":\"amal\",\"kind\":\"request\",\"type\":\"answer\"}");
  assert_int_equal(wire_json_type(told.json), WIRE_JSON_OBJECT);
  forget(&told);
  pair_refused(&a, LINK_KIND_SHOW, "{\"actor\":\"amal\",\"kind\":\"feud\"}", BASE_KIND);
  pair_refused(&a, LINK_KIND_EXAMPLE, "{\"actor\":\"amal\",\"kind\":\"request\",\"type\":\"shout\"}", BASE_KIND);
  pair_remove(&a);
}

/* --- cases and messages */

static const struct wire_json *message_in(const struct wire_json *kase, const char *id) {
  const struct wire_json *messages = wire_json_get(kase, "messages");
  for (size_t i = 0; i < wire_json_size(messages); i++)
    if (base_view_is(wire_json_text(wire_json_get(at(messages, i), "id")), id))
      return at(messages, i);
  fail_msg("message %s is not shown", id);
  return NULL;
}

static bool possible(const struct wire_json *kase, const char *type) {
  const struct wire_json *types = wire_json_get(kase, "possible");
  for (size_t i = 0; i < wire_json_size(types); i++)
    if (base_view_is(wire_json_text(at(types, i)), type))
      return true;
  return false;
}

/* Both see one case and the same deadline, which runs from the receipt. */
static void test_case(void **state) {
  (void)state;
  struct pair_node a, b;
  char agreement[65], request[65], answer[65];
  ask_two(&a, &b);
  pair_agree(&a, &b, agreement);
  a.now += 3600;
  pair_request(&a, &b, request);
  b.now += 7200;
  pair_rest(&a, &b);
  struct told mine = tell(&a, LINK_CASE_SHOW, with_id(request)), theirs = tell(&b, LINK_CASE_SHOW, with_id(request));
  expect_text(mine.json, "state", "asked");
  expect_text(theirs.json, "state", "asked");
  expect_text(mine.json, "made_by", request);
  assert_true(possible(theirs.json, "answer"));
  assert_false(possible(mine.json, "answer"));
  const struct wire_json *clock = at(wire_json_get(mine.json, "clocks"), 0);
  struct base_time_text due = base_time_format(b.now);
  /* Their clock is an hour ahead of ours: the stricter deadline counts, and both times are told. */
  expect_text(clock, "party", "paris");
  expect_text(clock, "receipt", due.text);
  expect_text(clock, "ours", base_time_format(a.now).text);
  expect_text(clock, "started", base_time_format(a.now).text);
  assert_true(wire_json_true(wire_json_get(clock, "disputed")));
  assert_true(wire_json_true(wire_json_get(clock, "running")));
  assert_true(is_null(clock, "ended"));
  clock = at(wire_json_get(theirs.json, "clocks"), 0);
  expect_text(clock, "started", due.text);
  assert_false(wire_json_true(wire_json_get(clock, "disputed")));
  expect_text(at(wire_json_get(mine.json, "standing"), 0), "party", "paris");
  expect_text(at(wire_json_get(theirs.json, "standing"), 0), "state", "asked");
  const struct wire_json *sent = message_in(mine.json, request), *held = message_in(theirs.json, request);
  expect_text(sent, "author", "rabat");
  expect_text(at(wire_json_get(sent, "deliveries"), 0), "to", "paris");
  expect_text(at(wire_json_get(sent, "deliveries"), 0), "state", "receipted");
  expect_text(at(wire_json_get(sent, "deliveries"), 0), "received", due.text);
  /* their clock is an hour ahead of ours: more than a receipt may differ */
  assert_true(wire_json_true(wire_json_get(at(wire_json_get(sent, "deliveries"), 0), "disputed")));
  assert_true(is_null(sent, "arrival"));
  expect_text(wire_json_get(held, "arrival"), "from", "rabat");
  expect_text(wire_json_get(held, "arrival"), "received", due.text);
  assert_int_equal(number(wire_json_get(held, "arrival"), "n"), 2);
  assert_true(wire_json_size(wire_json_get(held, "fields")) > 3);
  assert_int_equal(wire_json_size(wire_json_get(sent, "fields")), wire_json_size(wire_json_get(held, "fields")));
  forget(&mine);
  forget(&theirs);
  a.now = b.now + 60;
  send_in(&b, request, "answer", 0, answer, NULL);
  pair_rest(&a, &b);
  mine = tell(&a, LINK_CASE_LIST, "{\"actor\":\"amal\",\"kind\":\"request\"}");
  assert_int_equal(wire_json_size(mine.json), 1);
  expect_text(at(mine.json, 0), "state", "answered");
  assert_int_equal(number(at(mine.json, 0), "messages"), 2);
  clock = at(wire_json_get(at(mine.json, 0), "clocks"), 0);
  assert_true(wire_json_true(wire_json_get(clock, "stopped")));
  expect_text(clock, "ended", base_time_format(a.now).text);
  forget(&mine);
  mine = tell(&a, LINK_CASE_LIST, "{\"actor\":\"amal\",\"limit\":1}");
  assert_int_equal(wire_json_size(mine.json), 1);
  forget(&mine);
  pair_refused(&a, LINK_CASE_LIST, "{\"actor\":\"amal\",\"limit\":-1}", BASE_FIELD);
  pair_refused(&a, LINK_CASE_SHOW, with_id("0000000000000000"), BASE_NOT_FOUND);
  ask_remove(&a, &b);
}

/* Content that is shown is a leaf, with who, what and why; a list without content is none. */
static void test_read_leaf(void **state) {
  (void)state;
  struct pair_node a, b;
  char agreement[65], request[256];
  ask_two(&a, &b);
  pair_agree(&a, &b, agreement);
  uint64_t size = a.core->reg.attested;
  static const enum link_request_code quiet[] = {LINK_NODE_STATUS,    LINK_PARTNER_LIST,   LINK_KIND_LIST,
                                                 LINK_CASE_LIST,      LINK_AGREEMENT_LIST, LINK_OUTBOX_LIST,
                                                 LINK_OUTBOX_SUMMARY, LINK_REGISTER_HEAD,  LINK_REGISTER_CHECK};
  for (size_t i = 0; i < sizeof quiet / sizeof quiet[0]; i++) {
    struct told told = tell(&a, quiet[i], "{\"actor\":\"amal\"}");
    forget(&told);
  }
  assert_int_equal(a.core->reg.attested, size);
  /* Bare, a case shows no content, and so no leaf tells of it. */
  snprintf(request, sizeof request, "{\"actor\":\"amal\",\"id\":\"%s\",\"bare\":true}", agreement);
  struct told bare = tell(&a, LINK_CASE_SHOW, request);
  const struct wire_json *proposal = wire_json_at(wire_json_get(bare.json, "messages"), 0);
  assert_non_null(proposal);
  assert_null(wire_json_get(proposal, "fields"));
  assert_null(wire_json_get(proposal, "parts"));
  forget(&bare);
  assert_int_equal(a.core->reg.attested, size);
  struct told told = tell(&a, LINK_CASE_SHOW, with_id(agreement));
  assert_non_null(wire_json_get(wire_json_at(wire_json_get(told.json, "messages"), 0), "fields"));
  forget(&told);
  snprintf(request, sizeof request, "{\"actor\":\"amal\",\"id\":\"%.8s\",\"reason\":\"\xd9\x85\xd9\x84\xd9\x81 7\"}",
           agreement);
  told = tell(&a, LINK_MESSAGE_SHOW, request);
  struct base_view header = wire_json_text(wire_json_get(told.json, "header"));
  struct base_id id = seal_message_id(header);
  assert_string_equal(base_id_text(&id).text, agreement);
  expect_text(told.json, "state", "held");
  assert_int_equal(wire_json_size(wire_json_get(wire_json_get(told.json, "fields"), "rows")), 1);
  forget(&told);
  assert_int_equal(a.core->reg.attested, size + 2);
  snprintf(request, sizeof request, "{\"actor\":\"amal\",\"n\":%llu}", (unsigned long long)size);
  told = tell(&a, LINK_REGISTER_SHOW, request);
  const struct wire_json *opening = wire_json_get(told.json, "opening");
  expect_text(opening, "actor", "amal");
  expect_text(opening, "subject", agreement);
  expect_text(opening, "reason", "case.show");
  struct base_hash hash = seal_leaf_hash(wire_json_text(wire_json_get(told.json, "leaf")));
  expect_text(told.json, "hash", base_hash_text(&hash).text);
  forget(&told);
  snprintf(request, sizeof request, "{\"actor\":\"amal\",\"n\":%llu}", (unsigned long long)size + 1);
  told = tell(&a, LINK_REGISTER_SHOW, request);
  expect_text(wire_json_get(told.json, "opening"), "reason", "\xd9\x85\xd9\x84\xd9\x81 7");
  forget(&told);
  pair_refused(&a, LINK_REGISTER_SHOW, "{\"actor\":\"amal\",\"n\":1000000}", BASE_NOT_FOUND);
  pair_refused(&a, LINK_REGISTER_SHOW, "{\"actor\":\"amal\"}", BASE_FIELD);
  BASE_AUTO_BUF struct base_buf longer = {0};
  base_buf_init(&longer, 4096);
  base_buf_printf(&longer, "{\"actor\":\"amal\",\"id\":\"%s\",\"reason\":\"%01001d\"}%c", agreement, 0, 0);
  pair_refused(&a, LINK_CASE_SHOW, (const char *)longer.data, BASE_FIELD);
  assert_int_equal(a.core->reg.attested, size + 2);
  ask_remove(&a, &b);
}

/* What is here but not whole is shown, with what it waits for. */
static void test_pending(void **state) {
  (void)state;
  struct pair_node a, b;
  char agreement[65], request[65], message[65];
  struct base_hash sha256;
  ask_two(&a, &b);
  pair_agree(&a, &b, agreement);
  pair_request(&a, &b, request);
  pair_rest(&a, &b);
  send_in(&b, request, "answer", 3 * WIRE_RECORD_MAX + 1, message, &sha256);
  assert_true(pair_send(&b, &a));
  struct told told = tell(&a, LINK_CASE_SHOW, with_id(request));
  expect_text(told.json, "state", "asked");
  const struct wire_json *pending = message_in(told.json, message);
  expect_text(pending, "state", "pending");
  expect_text(pending, "why", "1 of 1 parts are not complete");
  assert_false(wire_json_true(wire_json_get(pending, "effective")));
  assert_true(is_null(wire_json_get(pending, "arrival"), "received"));
  forget(&told);
  pair_refused(&a, LINK_PROOF_GET, with_id(message), BASE_CONFLICT);
  told = tell(&b, LINK_OUTBOX_SUMMARY, "{\"actor\":\"amal\"}");
  assert_int_equal(number(told.json, "under_way"), 1);
  assert_int_equal(number(told.json, "waiting"), 0);
  forget(&told);
  pair_rest(&a, &b);
  told = tell(&a, LINK_MESSAGE_SHOW, with_id(message));
  expect_text(told.json, "state", "held");
  expect_text(told.json, "why", "");
  const struct wire_json *part = at(wire_json_get(told.json, "parts"), 0);
  expect_text(part, "name", "r\xc3\xa9sum\xc3\xa9.txt");
  expect_text(part, "sha256", base_hash_text(&sha256).text);
  assert_int_equal(number(part, "size"), 3 * WIRE_RECORD_MAX + 1);
  forget(&told);
  ask_remove(&a, &b);
}

/* A message as a partner's consignment would leave it, with these fields in part 0. */
static void plant(struct pair_node *node, const char *kase, const char *ground, struct base_view fields, char id[65]) {
  struct core *core = node->core;
  struct core_partner *author = core->partners[0];
  const struct core_kind *kind = core_kind_named(core, BASE_VIEW("request"));
  struct base_secret key;
  uint8_t wrapped[CORE_WRAPPED];
  struct base_buf part0_bytes = {0}, header_bytes = {0}, sealed = {0};
  struct wire_part0 part0 = {0};
  assert_int_equal(wire_part0_write(&part0, fields, &part0_bytes, NULL), BASE_OK);
  struct base_id opened;
  assert_true(base_id_parse(base_view_text(kase), &opened));
  struct wire_header header = {.case_id = opened,
                               .kind = kind->kind.name,
                               .kind_hash = kind->kind.hash,
                               .type = BASE_VIEW("refuse"),
                               .author = author->card.origin,
                               .party_count = 2,
                               .follow_count = 1,
                               .follows = &opened,
                               .state_count = 1,
                               .time = node->now,
                               .part0 = seal_sha256(base_buf_view(&part0_bytes))};
  bool first = memcmp(author->card.origin.data, core->card.origin.data, core->card.origin.size) < 0;
  header.parties[first ? 0 : 1] = author->card.origin;
  header.parties[first ? 1 : 0] = core->card.origin;
  header.state[0] = (struct wire_state_field){BASE_VIEW("ground"), base_view_text(ground)};
  assert_int_equal(wire_header_write(&header, &header_bytes, NULL), BASE_OK);
  struct store_message row = {.id = seal_message_id(base_buf_view(&header_bytes)),
                              .case_id = header.case_id,
                              .state = STORE_MESSAGE_PENDING,
                              .type = header.type,
                              .author = header.author,
                              .header = base_buf_view(&header_bytes),
                              .wrapped_key = base_view_of(wrapped, sizeof wrapped),
                              .stored = node->now};
  assert_int_equal(core_key(core, &key, wrapped, &row.epoch, NULL), BASE_OK);
  core_content_seal(&key, &row.id, false, base_buf_view(&part0_bytes), &sealed);
  row.part0 = base_buf_view(&sealed);
  assert_int_equal(store_begin(core->store, NULL), BASE_OK);
  assert_int_equal(store_message_add(core->store, &row, NULL), BASE_OK);
  assert_int_equal(store_commit(core->store, NULL), BASE_OK);
  snprintf(id, 65, "%s", base_id_text(&row.id).text);
  base_buf_free(&part0_bytes);
  base_buf_free(&header_bytes);
  base_buf_free(&sealed);
}

/* Nobody refuses a partner's message for its content: whatever stands there is shown, and the answer stays well formed.
 */
static void test_strange_content(void **state) {
  (void)state;
  enum { DEEPEST = WIRE_JSON_DEPTH_MAX - 2 };
  struct pair_node a, b;
  char agreement[65], request[65], id[65], nested[2 * DEEPEST + 1], fields[512];
  ask_two(&a, &b);
  pair_agree(&a, &b, agreement);
  pair_request(&a, &b, request);
  pair_rest(&a, &b);
  for (size_t i = 0; i < DEEPEST; i++) {
    nested[i] = '[';
    nested[DEEPEST + i] = ']';
  }
  nested[sizeof nested - 1] = '\0';
  snprintf(fields, sizeof fields, "{\"odd\":%s,\"ground\":\"another\",\"reason\":\"\\\\\\\"[{\"}", nested);
  plant(&a, request, "not-on-the-list", base_view_text(fields), id);
  struct told told = tell(&a, LINK_CASE_SHOW, with_id(request));
  const struct wire_json *shown = wire_json_get(message_in(told.json, id), "fields");
  assert_int_equal(wire_json_size(shown), 3);
  expect_text(shown, "ground", "not-on-the-list");
  expect_text(shown, "reason", "\\\"[{");
  expect_text(shown, "odd", nested);
  forget(&told);
  told = tell(&a, LINK_MESSAGE_SHOW, with_id(id));
  shown = wire_json_get(told.json, "fields");
  assert_int_equal(wire_json_type(wire_json_get(shown, "odd")), WIRE_JSON_ARRAY);
  expect_text(told.json, "why", "");
  forget(&told);
  ask_remove(&a, &b);
}

/* A case whose content is too much for one answer tells where its messages stand, and message.show the rest. */
static void test_much_content(void **state) {
  (void)state;
  enum { LARGE = 1000000, COUNT = 18 };
  struct pair_node a, b;
  char agreement[65], request[65], id[COUNT][65], ground[16];
  ask_two(&a, &b);
  pair_agree(&a, &b, agreement);
  pair_request(&a, &b, request);
  pair_rest(&a, &b);
  char *fields = malloc(LARGE + 64);
  assert_non_null(fields);
  int start = snprintf(fields, 32, "{\"reason\":\"");
  memset(fields + start, 'x', LARGE);
  snprintf(fields + start + LARGE, 16, "\"}");
  for (int i = 0; i < COUNT; i++) {
    snprintf(ground, sizeof ground, "ground-%d", i);
    plant(&a, request, ground, base_view_text(fields), id[i]);
  }
  free(fields);
  struct told told = tell(&a, LINK_CASE_SHOW, with_id(request));
  assert_int_equal(wire_json_size(wire_json_get(message_in(told.json, id[0]), "fields")), 2);
  assert_int_equal(wire_json_type(wire_json_get(message_in(told.json, id[COUNT - 1]), "fields")), WIRE_JSON_NONE);
  expect_text(message_in(told.json, id[COUNT - 1]), "state", "pending");
  forget(&told);
  told = tell(&a, LINK_MESSAGE_SHOW, with_id(id[COUNT - 1]));
  assert_int_equal(wire_json_text(wire_json_get(wire_json_get(told.json, "fields"), "reason")).size, LARGE);
  forget(&told);
  ask_remove(&a, &b);
}

/* --- the outbox */

static void test_outbox(void **state) {
  (void)state;
  struct pair_node a, b;
  struct pair_parcel parcel;
  char agreement[65], request[65];
  ask_two(&a, &b);
  pair_agree(&a, &b, agreement);
  pair_request(&a, &b, request);
  assert_true(pair_take(&a, &parcel));
  struct told told = tell(&a, LINK_OUTBOX_SUMMARY, "{\"actor\":\"amal\"}");
  assert_int_equal(number(told.json, "under_way"), 1);
  assert_int_equal(wire_json_size(wire_json_get(told.json, "unreachable")), 0);
  forget(&told);
  pair_done(&a, parcel.exchange, NULL);
  close(parcel.fd);
  told = tell(&a, LINK_OUTBOX_SUMMARY, "{\"actor\":\"amal\"}");
  assert_int_equal(number(told.json, "waiting"), 1);
  assert_int_equal(number(told.json, "under_way"), 0);
  assert_int_equal(number(told.json, "receipted"), 1);
  assert_true(base_view_is(wire_json_text(at(wire_json_get(told.json, "unreachable"), 0)), "paris"));
  forget(&told);
  /* A partner's words are cut to fit: not valid text any more, and shown all the same. */
  snprintf(a.core->partners[0]->trouble, sizeof a.core->partners[0]->trouble, "line\xd9");
  told = tell(&a, LINK_OUTBOX_LIST, "{\"actor\":\"amal\",\"open\":true}");
  assert_int_equal(wire_json_size(told.json), 1);
  expect_text(at(told.json, 0), "id", request);
  expect_text(at(told.json, 0), "to", "paris");
  expect_text(at(told.json, 0), "state", "waiting");
  expect_text(at(told.json, 0), "reason", "line\xef\xbf\xbd");
  forget(&told);
  told = tell(&a, LINK_OUTBOX_LIST, "{\"actor\":\"amal\"}");
  assert_int_equal(wire_json_size(told.json), 2);
  expect_text(at(told.json, 0), "id", request); /* newest first */
  expect_text(at(told.json, 1), "state", "receipted");
  forget(&told);
  told = tell(&a, LINK_OUTBOX_LIST, "{\"actor\":\"amal\",\"limit\":1}");
  assert_int_equal(wire_json_size(told.json), 1);
  forget(&told);
  ask_remove(&a, &b);
}

/* --- the register */

/* Many leaves in few commits, so that a tile fills up. */
static void many_leaves(struct pair_node *node, const char *id, unsigned count) {
  struct pair_answer answer;
  for (unsigned done = 0; done < count;) {
    uint64_t first = node->next_token;
    for (unsigned i = 0; i < 50 && done < count; i++, done++)
      core_input(node->core, LINK_MESSAGE_SHOW, node->next_token++, base_view_text(with_id(id)), -1);
    pair_settle(node);
    for (; first < node->next_token; first++) {
      assert_true(pair_find(node, first, &answer));
      pair_answer_free(&answer);
    }
  }
}

static void test_head_and_tiles(void **state) {
  (void)state;
  struct pair_node a, b;
  char agreement[65];
  ask_two(&a, &b);
  pair_agree(&a, &b, agreement);
  struct told told = tell(&a, LINK_REGISTER_HEAD, "{\"actor\":\"amal\"}");
  struct wire_vkey log;
  struct wire_checkpoint head;
  assert_int_equal(wire_vkey_parse(a.core->card.log, &log, NULL), BASE_OK);
  assert_int_equal(seal_checkpoint_verify(wire_json_text(wire_json_get(told.json, "note")),
                                          (struct seal_signer){.log = &log}, &head, NULL, NULL),
                   BASE_OK);
  assert_int_equal(head.size, number(told.json, "size"));
  expect_text(told.json, "root", base_hash_text(&head.root).text);
  const struct wire_json *cosigned = at(wire_json_get(told.json, "cosigned"), 0);
  expect_text(cosigned, "by", "paris");
  expect_text(cosigned, "time", base_time_format(b.now).text);
  assert_int_equal(number(cosigned, "size"), number(told.json, "size")); /* at rest, all is cosigned */
  forget(&told);
  /* The partner's word on what he cosigned may be wrong either way; what is kept counts. */
  a.core->partners[0]->base = 1000000;
  told = tell(&a, LINK_REGISTER_HEAD, "{\"actor\":\"amal\"}");
  assert_int_equal(number(at(wire_json_get(told.json, "cosigned"), 0), "size"), (int64_t)head.size);
  forget(&told);
  a.core->partners[0]->base = 0;
  told = tell(&a, LINK_REGISTER_HEAD, "{\"actor\":\"amal\"}");
  assert_int_equal(number(at(wire_json_get(told.json, "cosigned"), 0), "size"), (int64_t)head.size);
  forget(&told);
  many_leaves(&a, agreement, 300);
  told = tell(&a, LINK_REGISTER_TILE, "{\"actor\":\"amal\",\"l\":0,\"n\":0}");
  assert_int_equal(told.answer.payload.size, 256 * 32);
  struct base_hash hash;
  assert_int_equal(core_register_leaf_hash(a.core, 255, &hash, NULL), BASE_OK);
  assert_memory_equal(told.answer.payload.data + (size_t)255 * 32, hash.bytes, 32);
  forget(&told);
  told = tell(&a, LINK_REGISTER_TILE, "{\"actor\":\"amal\",\"l\":1,\"n\":0}");
  assert_int_equal(told.answer.payload.size, 32);
  forget(&told);
  pair_refused(&a, LINK_REGISTER_TILE, "{\"actor\":\"amal\",\"l\":0,\"n\":9}", BASE_NOT_FOUND);
  pair_refused(&a, LINK_REGISTER_TILE, "{\"actor\":\"amal\",\"l\":8,\"n\":0}", BASE_NOT_FOUND);
  pair_refused(&a, LINK_REGISTER_TILE, "{\"actor\":\"amal\",\"l\":0,\"n\":9223372036854775807}", BASE_NOT_FOUND);
  ask_remove(&a, &b);
}

/* --- the check */

static void check_whole(struct pair_node *node) {
  try_sound(node);
}

/* One of the differences is at a place that begins so, and has these words. */
static void check_finds(struct pair_node *node, const char *place, const char *words) {
  struct base_buf found = {0};
  try_check(node, &found);
  base_buf_u8(&found, 0);
  char line[300];
  snprintf(line, sizeof line, "\n%s", place);
  const char *at_place = (const char *)found.data;
  while ((at_place = strstr(at_place, line)) != NULL) {
    const char *end = strchr(at_place + 1, '\n'), *match = strstr(at_place, words);
    if (match != NULL && match < end)
      break;
    at_place = end;
  }
  if (at_place == NULL)
    fail_msg("\"%s … %s\" is not in: %s", place, words, (const char *)found.data);
  base_buf_free(&found);
}

static void test_check(void **state) {
  (void)state;
  struct pair_node a, b;
  char agreement[65], request[65], ended[65], text[160];
  ask_two(&a, &b);
  pair_agree(&a, &b, agreement);
  pair_request(&a, &b, request);
  pair_rest(&a, &b);
  /* one that an officer ends before it left */
  a.core->partners[0]->not_before_ms = a.ms + 1000000;
  pair_request(&a, &b, ended);
  snprintf(text, sizeof text, "{\"actor\":\"amal\",\"id\":\"%s\",\"reason\":\"sent by mistake\"}", ended);
  struct told told = tell(&a, LINK_OUTBOX_END, text);
  assert_int_equal(number(told.json, "ended"), 1);
  forget(&told);
  pair_request(&a, &b, ended);
  a.core->partners[0]->not_before_ms = 0;
  pair_rest(&a, &b);
  check_whole(&a);
  check_whole(&b);
  many_leaves(&a, agreement, CORE_CHECK_STEP + 300);
  check_whole(&a);
  /* It goes on where it stands, also over what came since; elsewhere it does not begin. */
  uint64_t size = a.core->reg.attested;
  many_leaves(&a, agreement, 3);
  snprintf(text, sizeof text, "{\"actor\":\"amal\",\"from\":%llu}", (unsigned long long)a.core->check->total);
  told = tell(&a, LINK_REGISTER_CHECK, text);
  assert_true(wire_json_true(wire_json_get(told.json, "done")));
  assert_int_equal(number(told.json, "size"), (int64_t)size + 3);
  forget(&told);
  pair_refused(&a, LINK_REGISTER_CHECK, "{\"actor\":\"amal\",\"from\":5}", BASE_CONFLICT);
  pair_refused(&a, LINK_REGISTER_CHECK, "{\"actor\":\"amal\",\"from\":-5}", BASE_FIELD);
  pair_close(&a);
  pair_open(&a);
  pair_refused(&a, LINK_REGISTER_CHECK, text, BASE_CONFLICT);
  check_whole(&a);
  ask_remove(&a, &b);
}

/* Writes past core, as a damaged disk or a hand in the database would. */
static void tile_flip(struct pair_node *node, unsigned level, size_t byte) {
  BASE_AUTO_BUF struct base_buf hashes = {0};
  base_buf_init(&hashes, 1 << 16);
  assert_int_equal(store_tile_get(node->core->store, level, 0, &hashes, NULL), BASE_OK);
  hashes.data[byte] ^= 1;
  assert_int_equal(store_begin(node->core->store, NULL), BASE_OK);
  assert_int_equal(store_tile_put(node->core->store, level, 0, base_buf_view(&hashes), NULL), BASE_OK);
  assert_int_equal(store_commit(node->core->store, NULL), BASE_OK);
}

static void delivery_move(struct pair_node *node, const char *id, int64_t by) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct base_id message;
  struct store_delivery delivery;
  assert_true(base_id_parse(base_view_text(id), &message));
  assert_int_equal(
      store_delivery_get(node->core->store, &message, node->core->partners[0]->row.number, &arena, &delivery, NULL),
      BASE_OK);
  delivery.sent_index = (uint64_t)((int64_t)delivery.sent_index + by);
  assert_int_equal(store_begin(node->core->store, NULL), BASE_OK);
  assert_int_equal(store_delivery_update(node->core->store, &delivery, NULL), BASE_OK);
  assert_int_equal(store_commit(node->core->store, NULL), BASE_OK);
}

static void arrival_answer(struct pair_node *node, uint64_t number, bool refused, uint64_t index) {
  assert_int_equal(store_begin(node->core->store, NULL), BASE_OK);
  assert_int_equal(
      store_arrival_answer(node->core->store, node->core->partners[0]->row.number, number, refused, index, NULL),
      BASE_OK);
  assert_int_equal(store_commit(node->core->store, NULL), BASE_OK);
}

static void test_check_damage(void **state) {
  (void)state;
  struct pair_node a, b;
  char agreement[65], request[65];
  ask_two(&a, &b);
  pair_agree(&a, &b, agreement);
  pair_request(&a, &b, request);
  pair_rest(&a, &b);
  many_leaves(&a, agreement, 300);
  check_whole(&a);
  tile_flip(&a, 0, 3 * 32);
  check_finds(&a, "leaf 3", "hash 3 of tile 0/0");
  tile_flip(&a, 0, 3 * 32);
  tile_flip(&a, 1, 0);
  check_finds(&a, "leaf 255", "hash 0 of tile 1/0");
  tile_flip(&a, 1, 0);
  delivery_move(&a, request, 1);
  check_finds(&a, "message", "the outbox says that it is number 2 for paris");
  delivery_move(&a, request, -1);
  a.core->partners[0]->row.sent_number++;
  check_finds(&a, "partner paris", "is the last sent to it");
  a.core->partners[0]->row.sent_number--;
  a.core->reg.attested_root.bytes[0] ^= 1;
  check_finds(&a, "head", "signed over them");
  a.core->reg.attested_root.bytes[0] ^= 1;
  a.core->reg.note.data[a.core->reg.note.size - 10] ^= 1;
  check_finds(&a, "head", "its note does not verify");
  a.core->reg.note.data[a.core->reg.note.size - 10] ^= 1;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_arrival arrival;
  assert_int_equal(store_arrival_get(b.core->store, b.core->partners[0]->row.number, 2, &arena, &arrival, NULL),
                   BASE_OK);
  arrival_answer(&b, 2, true, arrival.answer_index);
  check_finds(&b, "leaf", "otherwise than its arrival says");
  arrival_answer(&b, 2, false, arrival.answer_index + 1);
  check_finds(&b, "leaf", "otherwise than its arrival says");
  arrival_answer(&b, 2, false, arrival.answer_index);
  check_whole(&b);
  check_whole(&a);
  ask_remove(&a, &b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_node),
      cmocka_unit_test(test_kinds),
      cmocka_unit_test(test_case),
      cmocka_unit_test(test_read_leaf),
      cmocka_unit_test(test_pending),
      cmocka_unit_test(test_outbox),
      cmocka_unit_test(test_strange_content),
      cmocka_unit_test(test_much_content),
      cmocka_unit_test(test_head_and_tiles),
      cmocka_unit_test(test_check),
      cmocka_unit_test(test_check_damage),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
