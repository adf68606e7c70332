/* SPDX-License-Identifier: Apache-2.0
 * What a node lost with its register comes back from its partner: messages with their parts, cases, receipts, proofs;
 * nothing that it did not sign, nothing twice; and what cannot come back is said (spec/epoch.md). b is the one that
 * lost. */
#include "core/register.h"
#include "core/show.h"
#include "core_ask.h"
#include "core_lost.h"
#include "core_sides.h"

static void save(struct pair_node *b) {
  pair_close(b);
  copy(b, "/core", "/old-core");
  pair_open(b);
}

static void put_back(struct pair_node *b) {
  pair_close(b);
  copy(b, "/core", "/lost-core");
  copy(b, "/old-core", "/core");
}

/* Time for what is asked for with pauses. */
static void at_rest(struct pair_node *a, struct pair_node *b) {
  for (int i = 0; i < 3; i++) {
    a->ms += 31000;
    b->ms += 31000;
    pair_rest(a, b);
  }
}

static struct pair_answer proof_of(struct pair_node *node, const char *id) {
  char json[200];
  snprintf(json, sizeof json, "{\"actor\":\"test\",\"id\":\"%s\"}", id);
  return pair_ask(node, LINK_PROOF_GET, json, -1);
}

static void proved(struct pair_node *node, const char *id) {
  struct pair_answer answer = proof_of(node, id);
  if (answer.status != BASE_OK)
    fail_msg("%.*s", (int)answer.payload.size, (const char *)answer.payload.data);
  pair_answer_free(&answer);
}

/* The clocks of a case, as JSON. */
static void clocks_of(struct pair_node *node, const char *id, struct base_buf *out) {
  char json[200];
  snprintf(json, sizeof json, "{\"actor\":\"test\",\"id\":\"%s\"}", id);
  struct pair_answer answer = pair_ask(node, LINK_CASE_SHOW, json, -1);
  assert_int_equal(answer.status, BASE_OK);
  struct wire_json *shown = NULL;
  struct wire_writer writer;
  assert_int_equal(wire_json_parse(base_buf_view(&answer.payload), 1 << 20, "case", &shown, NULL), BASE_OK);
  wire_writer_init(&writer, out);
  wire_write_value(&writer, wire_json_get(shown, "clocks"));
  wire_json_free(shown);
  pair_answer_free(&answer);
}

static void same_clocks(struct pair_node *a, struct pair_node *b, const char *id) {
  struct base_buf here = {0}, there = {0};
  base_buf_init(&here, 1 << 16);
  base_buf_init(&there, 1 << 16);
  clocks_of(a, id, &here);
  clocks_of(b, id, &there);
  assert_true(here.size > 10);
  if (!base_view_equal(base_buf_view(&here), base_buf_view(&there)))
    fail_msg("%.*s\n%.*s", (int)here.size, (const char *)here.data, (int)there.size, (const char *)there.data);
  base_buf_free(&here);
  base_buf_free(&there);
}

static void compared(struct pair_node *a, struct pair_node *b) {
  struct pair_node *nodes[] = {a, b};
  for (int i = 0; i < 2; i++) {
    if (try_partner(nodes[i])->compare.difference[0] != '\0')
      fail_msg("%s: %s", nodes[i]->name, try_partner(nodes[i])->compare.difference);
    assert_true(try_partner(nodes[i])->compare.compared > 0);
  }
}

static void test_comes_back(void **state) {
  (void)state;
  struct pair_node a, b;
  char kept[65], lost[65], with_part[65], his[65], more[65];
  try_agreed(&a, &b);
  pair_request(&b, &a, kept);
  pair_rest(&a, &b);
  save(&b);
  uint64_t given = try_partner(&b)->row.sent_number;
  pair_request(&b, &a, lost);
  pair_rest(&a, &b);
  try_send(&a, lost, "answer", try_answer, more); /* his, in a case of which nothing is left */
  request_with_part(&b, &a, 5 << 20, 7, with_part);
  pair_request(&a, &b, his);
  pair_rest(&a, &b);
  try_send(&b, his, "answer", try_answer, more); /* ours, in a case of his */
  try_send(&b, kept, "withdraw", "{}", more);
  pair_rest(&a, &b);
  uint64_t last = try_partner(&b)->row.sent_number, taken = try_partner(&a)->row.received_number;
  put_back(&b);
  a.now += 3600;
  b.now += 3600;
  renewed(&a, &b);
  at_rest(&a, &b);
  assert_int_equal(try_partner(&b)->back.came, last - given);
  assert_int_equal(try_partner(&b)->back.count, 0);
  assert_int_equal(try_partner(&a)->row.received_number, taken); /* nothing was sent again */
  assert_int_equal(try_count(&b, WIRE_ACT_RETURNED), last - given);
  assert_int_equal(try_count(&a, WIRE_ACT_HANDED), 1);
  assert_int_equal(try_agree(&a, &b), 5);
  try_state(&b, kept, "withdrawn");
  try_receipted(&b, lost);
  try_part_arrived(&b, 5 << 20, 7);
  const char *const ids[] = {lost, with_part, his, more, kept};
  for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
    proved(&b, ids[i]);
  same_clocks(&a, &b, his); /* which b received twice */
  same_clocks(&a, &b, lost);
  compared(&a, &b);
  try_sound(&b);
  try_restart(&b);
  try_restart(&a);
  try_send(&b, lost, "close", "{}", more); /* what is whole again goes on where it was */
  pair_rest(&a, &b);
  try_receipted(&b, more);
  assert_int_equal(try_partner(&a)->row.received_number, taken + 1);
  try_agree(&a, &b);
  assert_int_equal(try_count(&b, WIRE_ACT_RETURNED), last - given);
  assert_int_equal(try_count(&a, WIRE_ACT_FAULT) + try_count(&b, WIRE_ACT_FAULT), 0);
  try_remove(&a, &b);
}

/* On whichever side of the wall, and an exercise's, too: each with its file, and none is left behind for another one's sake. */
static void test_of_every_sort(void **state) {
  (void)state;
  struct pair_node a, b;
  static const char *const sorts[][2] = {{"tracing", ""}, {"request", ""}, {"tracing", ",\"exercise\":true"}};
  enum { SORTS = sizeof sorts / sizeof sorts[0] };
  char ids[SORTS][65];
  two(&a, &b);
  save(&b);
  for (size_t i = 0; i < SORTS; i++) {
    struct base_buf parts = {0}, json = {0};
    try_upload(&b, 1 << 20, 7 + i, &parts);
    base_buf_text(&json, "{\"actor\":\"test\",");
    opening(&b, sorts[i][0], a.name, "", &json);
    base_buf_printf(&json, ",\"parts\":%s%s}%c", try_parts_end(&parts), sorts[i][1], 0);
    pair_id(&b, LINK_CASE_OPEN, (const char *)json.data, ids[i]);
    base_buf_free(&parts);
    base_buf_free(&json);
  }
  pair_rest(&a, &b);
  put_back(&b);
  renewed(&a, &b);
  at_rest(&a, &b);
  assert_int_equal(try_partner(&b)->back.came, SORTS);
  assert_int_equal(try_partner(&b)->back.count, 0);
  for (size_t i = 0; i < SORTS; i++) {
    try_receipted(&b, ids[i]);
    try_part_arrived(&b, 1 << 20, 7 + i);
  }
  try_sound(&b);
  try_remove(&a, &b);
}

/* b's clock was wrong when it gave the first receipt: the stricter time of both counts. */
static void test_stricter(void **state) {
  (void)state;
  struct pair_node a, b;
  char his[65];
  struct core_received received = {0};
  struct base_error err = {0};
  try_agreed(&a, &b);
  save(&b);
  b.now += 7200;
  pair_request(&a, &b, his);
  pair_rest(&a, &b);
  put_back(&b);
  b.now -= 7000;
  renewed(&a, &b);
  at_rest(&a, &b);
  struct base_id id = try_id(his);
  assert_int_equal(core_show_received(b.core, &id, a.core->card.origin, NULL, &received, &err), BASE_OK);
  assert_true(received.ours > 0 && received.ours + CORE_DISPUTE_SECONDS < received.at);
  try_remove(&a, &b);
}

/* Both are killed over and over while it comes, and answers are lost. */
static void test_goes_on(void **state) {
  (void)state;
  struct pair_node a, b;
  char first[65], lost[65], last[65];
  try_agreed(&a, &b);
  save(&b);
  pair_request(&b, &a, first);
  request_with_part(&b, &a, 9 << 20, 4, lost);
  pair_request(&b, &a, last);
  pair_rest(&a, &b);
  put_back(&b);
  renewed(&a, &b);
  for (int i = 0; i < 12; i++) {
    a.ms += 31000;
    b.ms += 31000;
    (void)(i % 3 == 1 ? try_answer_lost(&b, &a) : pair_send(&b, &a));
    try_restart(i % 2 ? &a : &b);
  }
  at_rest(&a, &b);
  assert_int_equal(try_partner(&b)->back.came, 3);
  try_part_arrived(&b, 9 << 20, 4);
  try_receipted(&b, last);
  assert_int_equal(try_count(&b, WIRE_ACT_RETURNED), 3);
  assert_int_equal(try_count(&a, WIRE_ACT_HANDED), 1);
  try_agree(&a, &b);
  try_remove(&a, &b);
}

/* The partner confirmed, and was asked for nothing yet. */
static void joined(struct pair_node *a, struct pair_node *b) {
  open_epoch(b);
  later(a, b);
  confirm(a, b, BASE_OK);
  a->ms += 31000;
  b->ms += 31000;
  while (core_epoch_waits(try_partner(b)))
    assert_true(pair_send(b, a));
}

/* --- what a partner could say */

/* What a would answer to the question for this number. */
static void handed(struct pair_node *a, uint64_t number, struct base_buf *out) {
  struct core_give give = {.partner = try_partner(a), .asks = true, .ask_taken = true, .ask_number = number};
  struct base_error err = {0};
  base_buf_init(out, WIRE_CONSIGNMENT_MAX);
  assert_int_equal(core_handback_write(a->core, &give, a->core->reg.attested, out, &err), BASE_OK);
}

enum lie { HONEST, HEADER, PART0, NUMBER, OPENING, NOTE, EPOCH, RECEIPT, NO_RECEIPT, LIES };

static void lie_in(enum lie lie, struct pair_node *a, struct pair_node *b, struct wire_frame *frame, size_t back) {
  static uint8_t room[WIRE_PART0_MAX];
  struct base_view *view = lie == HEADER ? &frame->header : &frame->proof.opening;
  if (frame->type == WIRE_FRAME_RECEIPT && lie == RECEIPT)
    frame->proof.index++;
  if (frame->type != WIRE_FRAME_BACK || back > 0)
    return;
  if (lie == HEADER || lie == OPENING) {
    memcpy(room, view->data, view->size);
    room[view->size - 3] ^= 1;
    *view = base_view_of(room, view->size);
  } else if (lie == NOTE) { /* a head that he signed himself */
    frame->head = base_buf_view(&a->core->reg.note);
  } else if (lie == EPOCH) {
    frame->head = base_buf_view(&b->core->reg.note);
  }
}

/* Of the message behind this one. */
static struct base_view other_part0(struct base_reader reader) {
  static struct wire_frame frame;
  struct base_error err = {0};
  bool end = false;
  do
    assert_int_equal(wire_frame_read(&reader, &frame, &end, &err), BASE_OK);
  while (frame.type != WIRE_FRAME_BACK);
  return frame.part0;
}

static enum base_code told(struct pair_node *a, struct pair_node *b, struct base_view honest, enum lie lie) {
  struct base_buf document = {0};
  struct base_reader reader = base_reader_of(honest);
  struct wire_frame frame;
  struct base_error fault = {0}, err = {0};
  size_t backs = 0;
  base_buf_init(&document, WIRE_CONSIGNMENT_MAX);
  for (bool end = false; wire_frame_read(&reader, &frame, &end, &err) == BASE_OK && !end;) {
    if (lie == NO_RECEIPT && frame.type == WIRE_FRAME_RECEIPT)
      continue;
    size_t back = backs;
    backs += frame.type == WIRE_FRAME_BACK;
    if (lie == NUMBER && backs <= 1) /* another message of ours stands for the first */
      continue;
    if (lie == NUMBER && back == 1 && frame.type == WIRE_FRAME_BACK)
      frame.number--;
    if (lie == PART0 && back == 0 && frame.type == WIRE_FRAME_BACK)
      frame.part0 = other_part0(reader);
    lie_in(lie, a, b, &frame, back);
    wire_frame_write(&frame, &document);
  }
  struct wire_checkpoint head = {.origin = a->core->card.origin, .size = a->core->reg.attested, .root = a->core->reg.attested_root};
  assert_int_equal(core_answers_take(b->core, try_partner(b), base_buf_view(&document), &head, &fault, &err), BASE_OK);
  pair_settle(b);
  base_buf_free(&document);
  return fault.code;
}

/* A message that b never wrote, received by a, and a tree of one leaf that says b sent it: all but b's signature. */
static void forge(struct pair_node *a, struct pair_node *b, base_time now, const struct wire_frame *honest,
                  struct base_buf *out) {
  static struct wire_header header;
  struct base_arena arena = {0};
  struct base_buf bytes = {0}, opening = {0}, leaf = {0}, note = {0};
  struct base_error err = {0};
  base_arena_init(&arena, 4 << 20);
  assert_int_equal(wire_header_parse(honest->header, &arena, &header, &err), BASE_OK);
  header.time++;
  assert_int_equal(wire_header_write(&header, &bytes, &err), BASE_OK);
  struct wire_opening sent = {.has_message = true,
                              .message = seal_message_id(base_buf_view(&bytes)),
                              .from = b->core->card.origin,
                              .to = a->core->card.origin,
                              .number = honest->number,
                              .clause = BASE_VIEW("agreement"),
                              .from_card = b->core->card_hash,
                              .to_card = a->core->card_hash};
  assert_int_equal(wire_opening_write(WIRE_ACT_SENT, &sent, &opening, &err), BASE_OK);
  wire_leaf_write(&(struct wire_leaf){WIRE_ACT_SENT, now, seal_sha256(base_buf_view(&opening))}, &leaf);
  struct wire_checkpoint head = {b->core->card.origin, 1, seal_leaf_hash(base_buf_view(&leaf))};
  wire_checkpoint_write(&head, &note);
  base_buf_text(&note, "\n");
  const struct core_card *his = core_cards_newest(&b->core->cards), *own = core_cards_newest(&a->core->cards);
  wire_signature_write(&(struct wire_signature){.name = his->log.name, .id = his->log.id, .size = 64}, &note);
  wire_signature_write(&(struct wire_signature){.name = own->witness.name, .id = own->witness.id, .size = 72}, &note);
  struct wire_frame frame = *honest;
  frame.header = base_buf_view(&bytes);
  frame.proof = (struct wire_frame_proof){.leaf = base_buf_view(&leaf), .opening = base_buf_view(&opening)};
  frame.head = base_buf_view(&note);
  wire_frame_write(&frame, out);
  struct wire_opening received = {.has_message = true,
                                  .message = sent.message,
                                  .from = sent.from,
                                  .to = sent.to,
                                  .sent = seal_sha256(base_buf_view(&leaf))};
  struct core_leaf answer;
  assert_int_equal(core_write(a->core, &err), BASE_OK);
  assert_int_equal(core_register_add(a->core, WIRE_ACT_RECEIVED, &received, &answer, &err), BASE_OK);
  pair_settle(a);
  struct wire_frame receipt = {.type = WIRE_FRAME_RECEIPT, .message = sent.message};
  assert_int_equal(core_register_prove(a->core, answer.index, a->core->reg.attested, &arena, &receipt.proof, &err), BASE_OK);
  wire_frame_write(&receipt, out);
  base_buf_free(&bytes);
  base_buf_free(&opening);
  base_buf_free(&leaf);
  base_buf_free(&note);
  base_arena_free(&arena);
}

/* The partner made up a message, and wants it taken as ours. */
static void test_forged(void **state) {
  (void)state;
  struct pair_node a, b;
  char lost[65];
  struct base_buf honest = {0}, forged = {0};
  struct base_error err = {0};
  struct wire_frame frame;
  bool end;
  try_agreed(&a, &b);
  save(&b);
  pair_request(&b, &a, lost);
  pair_rest(&a, &b);
  put_back(&b);
  joined(&a, &b);
  handed(&a, try_partner(&b)->back.next, &honest);
  struct base_reader reader = base_reader_of(base_buf_view(&honest));
  assert_int_equal(wire_frame_read(&reader, &frame, &end, &err), BASE_OK);
  base_buf_init(&forged, WIRE_CONSIGNMENT_MAX);
  forge(&a, &b, b.now, &frame, &forged);
  assert_int_equal(told(&a, &b, base_buf_view(&forged), HONEST), BASE_EVIDENCE);
  assert_int_equal(try_count(&b, WIRE_ACT_RETURNED), 0);
  base_buf_free(&honest);
  base_buf_free(&forged);
  pair_remove(&a);
  pair_remove(&b);
}

static void test_lies(void **state) {
  (void)state;
  struct pair_node a, b;
  char lost[2][65];
  struct base_buf honest = {0};
  try_agreed(&a, &b);
  save(&b);
  for (int i = 0; i < 2; i++)
    pair_request(&b, &a, lost[i]);
  pair_rest(&a, &b);
  put_back(&b);
  joined(&a, &b);
  uint64_t next = try_partner(&b)->back.next;
  assert_int_equal(next, try_partner(&b)->epoch_told.lost_from);
  handed(&a, next, &honest);
  for (enum lie lie = HEADER; lie < LIES; lie++) {
    struct base_view document = base_buf_view(&honest);
    enum base_code code = told(&a, &b, document, lie);
    if (code != (lie == NO_RECEIPT ? BASE_OK : BASE_EVIDENCE))
      fail_msg("lie %d: %s", (int)lie, base_code_name(code));
    assert_int_equal(try_count(&b, WIRE_ACT_RETURNED), 0);
    assert_int_equal(try_partner(&b)->back.next, next);
    assert_int_equal(try_partner(&b)->back.count, 0);
  }
  assert_int_equal(told(&a, &b, base_buf_view(&honest), HONEST), BASE_OK);
  assert_int_equal(try_count(&b, WIRE_ACT_RETURNED), 2);
  try_receipted(&b, lost[0]);
  try_receipted(&b, lost[1]);
  assert_int_equal(told(&a, &b, base_buf_view(&honest), HONEST), BASE_OK); /* once is enough */
  assert_int_equal(try_count(&b, WIRE_ACT_RETURNED), 2);
  base_buf_free(&honest);
  at_rest(&a, &b);
  try_agree(&a, &b);
  try_remove(&a, &b);
}

/* --- what cannot come back */

static void missing(struct pair_node *b, size_t at, uint64_t number, char why) {
  const struct core_back *back = &try_partner(b)->back;
  assert_true(at < back->count);
  const struct core_back_range *range = &back->missing[at];
  if (range->from != number || range->to != number || range->why != why)
    fail_msg("%zu: numbers %llu to %llu '%c', not %llu '%c'", at, (unsigned long long)range->from,
             (unsigned long long)range->to, range->why, (unsigned long long)number, why);
}

static void status_says(struct pair_node *b, const char *words) {
  struct pair_answer answer = pair_ask(b, LINK_NODE_STATUS, "{\"actor\":\"test\"}", -1);
  base_buf_u8(&answer.payload, 0);
  if (strstr((const char *)answer.payload.data, words) == NULL)
    fail_msg("%s is not in %s", words, (const char *)answer.payload.data);
  pair_answer_free(&answer);
}

static void test_cannot(void **state) {
  (void)state;
  struct pair_node a, b;
  char ended[65], damaged[65], open[65], good[65], kept[65], command[256], json[256];
  try_agreed(&a, &b);
  pair_request(&b, &a, kept);
  pair_rest(&a, &b);
  save(&b);
  pair_request(&b, &a, ended);
  try_end(&b, ended);
  request_with_part(&b, &a, 2 << 20, 1, damaged);
  pair_request(&b, &a, good);
  pair_rest(&a, &b);
  uint64_t last = try_partner(&b)->row.sent_number;
  snprintf(command, sizeof command, "truncate -s 100 '%s'/core/parts/*", a.dir);
  assert_int_equal(system(command), 0);
  request_with_part(&b, &a, 9 << 20, 2, open); /* on the way */
  assert_true(pair_send(&b, &a));
  put_back(&b);
  renewed(&a, &b);
  at_rest(&a, &b);
  assert_int_equal(try_partner(&b)->back.came, 1);
  assert_int_equal(try_partner(&b)->back.count, 3);
  missing(&b, 0, last - 2, WIRE_OUTCOME_VOIDED);
  missing(&b, 1, last - 1, WIRE_BACK_DAMAGED);
  missing(&b, 2, last + 1, WIRE_OUTCOME_OPEN);
  status_says(&b, "rabat cannot read them or a part of them");
  try_receipted(&b, good);
  proved(&b, good);
  snprintf(json, sizeof json, "{\"actor\":\"test\",\"id\":\"%s\",\"type\":\"withdraw\",\"fields\":{}}", kept);
  pair_refused(&b, LINK_CASE_SEND, json, BASE_CONFLICT); /* something of ours may stand there that is not known here */
  try_sound(&b);
  try_restart(&b);
  assert_int_equal(try_partner(&b)->back.count, 3);
  pair_remove(&a);
  pair_remove(&b);
}

/* Asked for nothing that was lost, nobody hands anything out; and not before an officer confirmed. */
static void test_not_asked(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65];
  try_agreed(&a, &b);
  pair_request(&b, &a, id);
  pair_rest(&a, &b);
  struct core_give give = {.partner = try_partner(&a)};
  struct wire_frame ask = {.type = WIRE_FRAME_WANT_BACK, .taken = true, .number = 1};
  struct base_error err = {0};
  assert_int_equal(core_handback_take(a.core, &give, &ask, &err), BASE_OK);
  assert_false(give.asks);
  assert_int_equal(try_count(&a, WIRE_ACT_HANDED), 0);
  try_remove(&a, &b);
}

/* He says that there is nothing more; and the numbers of a second loss, some of which came back after the first. */
static void test_twice(void **state) {
  (void)state;
  struct pair_node a, b;
  char lost[4][65];
  struct base_buf end = {0};
  struct wire_frame frame = {.type = WIRE_FRAME_BACK, .taken = true, .letter = WIRE_BACK_END};
  try_agreed(&a, &b);
  save(&b);
  for (int i = 0; i < 3; i++)
    pair_request(&b, &a, lost[i]);
  pair_rest(&a, &b);
  put_back(&b);
  joined(&a, &b);
  frame.number = try_partner(&b)->back.next;
  base_buf_init(&end, 1 << 16);
  wire_frame_write(&frame, &end);
  assert_int_equal(told(&a, &b, base_buf_view(&end), HONEST), BASE_OK);
  base_buf_free(&end);
  assert_int_equal(try_partner(&b)->back.count, 1);
  assert_int_equal(try_partner(&b)->back.missing[0].to - try_partner(&b)->back.missing[0].from, 2);
  status_says(&b, "rabat does not hold them");
  pair_rest(&a, &b);
  try_sound(&b);
  /* the next epoch asks for all of them again */
  save(&b);
  pair_request(&b, &a, lost[3]);
  pair_rest(&a, &b);
  put_back(&b);
  renewed(&a, &b);
  at_rest(&a, &b);
  assert_int_equal(try_partner(&b)->back.came, 4);
  for (int i = 0; i < 4; i++) {
    try_receipted(&b, lost[i]);
    proved(&b, lost[i]);
  }
  assert_int_equal(try_count(&a, WIRE_ACT_HANDED), 1);
  try_agree(&a, &b);
  compared(&a, &b);
  try_remove(&a, &b);
}

/* Who was closed, and which token was ended, since the backup stands open in it: nothing of theirs passes before the owner says so. */
static void test_who_left(void **state) {
  (void)state;
  struct pair_node a, b;
  char spy[SECRET], omar[SECRET], anew[SECRET], id[65];
  try_agreed(&a, &b);
  add(&b, "spy", "\"liaison\"");
  add(&b, "omar", "\"liaison\"");
  token_for(&b, "spy", "", spy);
  token_for(&b, "omar", "", omar);
  save(&b);
  done_as(&b, LINK_PERSON_CHANGE, "", "\"do\":\"close\",\"person\":\"spy\"");
  pair_request(&b, &a, id);
  pair_rest(&a, &b);
  put_back(&b);
  renewed(&a, &b);
  at_rest(&a, &b);
  refused_as(&b, LINK_CASE_LIST, spy, "", BASE_LOGIN, "it is over");
  refused_as(&b, LINK_CASE_LIST, omar, "", BASE_LOGIN, "it is over");
  refused_as(&b, LINK_TOKEN_CHANGE, spy, "\"do\":\"make\"", BASE_LOGIN, "it is over");
  struct told told = tell(&b, LINK_PERSON_LIST, "{\"actor\":\"test\"}");
  size_t unconfirmed = 0;
  const struct wire_json *persons = wire_json_get(told.json, "persons");
  for (size_t i = 0; i < wire_json_size(persons); i++)
    unconfirmed += base_view_is(wire_json_text(wire_json_get(at(persons, i), "state")), "unconfirmed");
  assert_int_equal(unconfirmed, 2); /* the owner is not */
  forget(&told);
  refused_as(&b, LINK_PERSON_CHANGE, "", "\"do\":\"roles\",\"person\":\"omar\",\"roles\":[\"auditor\"]", BASE_CONFLICT,
             "omar was here before leaves were lost");
  done_as(&b, LINK_PERSON_CHANGE, "", "\"do\":\"confirm\",\"person\":\"omar\"");
  refused_as(&b, LINK_PERSON_CHANGE, "", "\"do\":\"confirm\",\"person\":\"omar\"", BASE_CONFLICT, "omar is confirmed already");
  refused_as(&b, LINK_CASE_LIST, omar, "", BASE_LOGIN, "it is over"); /* his token is one of before all the same */
  done_as(&b, LINK_PERSON_CHANGE, "", "\"do\":\"close\",\"person\":\"spy\"");
  token_for(&b, "omar", "", anew);
  done_as(&b, LINK_CASE_LIST, anew, "");
  try_restart(&b);
  done_as(&b, LINK_CASE_LIST, anew, "");
  refused_as(&b, LINK_CASE_LIST, omar, "", BASE_LOGIN, "it is over");
  try_sound(&b);
  try_remove(&a, &b);
}

static void rest_all(struct pair_node **all, size_t count) {
  for (unsigned quiet = 0, rounds = 0; quiet < 6; quiet++) {
    bool any = false;
    for (size_t i = 0; i < count; i++) {
      all[i]->ms += rounds < 6 ? 31000 : 100; /* what is asked for with pauses, too */
      any = pair_deliver(all[i], all, count) || any;
    }
    quiet = any ? 0 : quiet;
    if (++rounds > 500)
      fail_msg("the nodes do not come to rest");
  }
}

/* Its acceptance comes back from two, one behind the other: it counts from the newer receipt, at once as after a start. */
static void test_accepted(void **state) {
  (void)state;
  struct pair_node a, b, c, *all[] = {&a, &b, &c};
  char agreement[65], accepted[65], terms[160];
  pair_make(&a, "rabat");
  pair_make(&b, "paris");
  pair_make(&c, "madrid");
  for (size_t i = 0; i < 3; i++)
    for (size_t k = 0; k < 3; k++)
      if (i != k)
        pair_partner(all[i], all[k]);
  pair_id(&a, LINK_CASE_OPEN,
          "{\"actor\":\"test\",\"kind\":\"agreement\",\"to\":[\"paris\",\"madrid\"],\"fields\":{\"title\":\"t\","
          "\"legal_basis\":\"l\",\"language\":\"fr\",\"until\":\"2036-01-01\",\"articles\":\"1.\",\"rows\":[{\"id\":\"1\","
          "\"kind\":\"*\",\"types\":[\"*\"],\"purposes\":[\"*\"],\"direction\":\"both\"}]}}",
          agreement);
  rest_all(all, 3);
  snprintf(terms, sizeof terms, "{\"terms\":\"%s\"}", agreement);
  try_send(&c, agreement, "accept", terms, accepted);
  rest_all(all, 3);
  save(&b);
  c.now += 7200;
  try_send(&b, agreement, "accept", terms, accepted);
  rest_all(all, 3);
  base_time from = b.core->agreements[0].law.from;
  assert_true(b.core->agreements[0].law.accepted && from >= b.now + 7000);
  put_back(&b);
  open_epoch(&b);
  rest_all(all, 3);
  confirm(&a, &b, BASE_OK);
  rest_all(all, 3);
  assert_true(b.core->agreements[0].law.accepted && b.core->agreements[0].law.from < from);
  confirm(&c, &b, BASE_OK);
  rest_all(all, 3);
  assert_int_equal(b.core->agreements[0].law.from, from);
  for (size_t i = 0; i < 3; i++) {
    try_sound(all[i]);
    pair_remove(all[i]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_comes_back), cmocka_unit_test(test_goes_on),   cmocka_unit_test(test_lies),
      cmocka_unit_test(test_cannot),     cmocka_unit_test(test_not_asked), cmocka_unit_test(test_twice),
      cmocka_unit_test(test_forged),     cmocka_unit_test(test_stricter),
      cmocka_unit_test(test_accepted),   cmocka_unit_test(test_of_every_sort),
      cmocka_unit_test(test_who_left),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
