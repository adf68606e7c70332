/* SPDX-License-Identifier: Apache-2.0
 * A dishonest partner's consignments: each lie is refused under its own name, leaves its trace in the register, changes
 * nothing else, and what he says honestly afterwards is taken. */
#include "core/cases.h"
#include "core/messages.h"
#include "core_liar.h"

struct rig {
  struct pair_node a, b;
  struct liar liar; /* in b's place */
  char request[65]; /* opened by a */
};

static void rig_make(struct rig *rig) {
  try_agreed(&rig->a, &rig->b);
  pair_request(&rig->a, &rig->b, rig->request);
  pair_rest(&rig->a, &rig->b);
  liar_begin(&rig->liar, &rig->b, &rig->a);
}
static void rig_remove(struct rig *rig) {
  liar_end(&rig->liar);
  try_remove(&rig->a, &rig->b);
}
/* The honest word: taken and receipted. The numbers are those that the victim has. */
static void rig_honest(struct rig *rig) {
  struct liar_message message;
  rig->liar.number = try_partner(&rig->a)->row.received_number;
  rig->liar.previous = try_partner(&rig->a)->row.received_previous;
  liar_draft(&rig->liar, rig->request, &message);
  liar_made(&rig->liar, &message);
  struct liar_answer answer = liar_give(&rig->liar);
  if (answer.status != BASE_OK || answer.fault != BASE_OK || answer.receipts != 1)
    fail_msg("an honest message was not receipted: %s %s", answer.text, answer.reason);
}

/* --- lies within one consignment */

static void lie_header(struct liar *liar, struct liar_message *message) {
  struct wire_frame *frame = liar_made(liar, message);
  frame->header = liar_flip(liar, frame->header, frame->header.size / 2);
}
static void lie_part0(struct liar *liar, struct liar_message *message) {
  struct wire_frame *frame = liar_made(liar, message);
  frame->part0 = liar_flip(liar, frame->part0, frame->part0.size / 2);
}
static void lie_leaf_time(struct liar *liar, struct liar_message *message) {
  struct wire_frame *frame = liar_made(liar, message);
  frame->proof.leaf = liar_flip(liar, frame->proof.leaf, strlen("{\"act\":\"sent\",\"time\":\"202"));
}
static void lie_leaf_commitment(struct liar *liar, struct liar_message *message) {
  struct wire_frame *frame = liar_made(liar, message);
  frame->proof.leaf = liar_keep(liar, frame->proof.leaf);
  uint8_t *digit = (uint8_t *)(uintptr_t)&frame->proof.leaf.data[frame->proof.leaf.size - 3];
  *digit = *digit == '0' ? '1' : '0';
}
static void lie_opening(struct liar *liar, struct liar_message *message) {
  struct wire_frame *frame = liar_made(liar, message);
  frame->proof.opening = liar_flip(liar, frame->proof.opening, 20);
}
static void lie_index(struct liar *liar, struct liar_message *message) {
  liar_made(liar, message)->proof.index--;
}
static void lie_proof_hash(struct liar *liar, struct liar_message *message) {
  liar_made(liar, message)->proof.hashes[0].bytes[7] ^= 1;
}
static void lie_proof_short(struct liar *liar, struct liar_message *message) {
  liar_made(liar, message)->proof.hash_count--;
}
static void lie_checkpoint(struct liar *liar, struct liar_message *message) {
  liar_made(liar, message);
  struct base_view note = liar_keep(liar, liar->frames[0].head);
  uint8_t *digit = memchr(note.data, '\n', note.size);
  digit[1] = digit[1] == '1' ? '2' : '1'; /* the tree's size */
  liar->frames[0].head = note;
}
static void lie_signature(struct liar *liar, struct liar_message *message) {
  liar_made(liar, message);
  struct base_view note = liar_keep(liar, liar->frames[0].head);
  uint8_t *digit = (uint8_t *)(uintptr_t)&note.data[note.size - 20];
  *digit = *digit == 'A' ? 'B' : 'A';
  liar->frames[0].head = note;
}
static void lie_other_key(struct liar *liar, struct liar_message *message) {
  liar_made(liar, message);
  liar->frames[0].head = base_buf_view(&liar->victim->core->reg.note); /* a good head, but not his */
}
static void lie_no_head(struct liar *liar, struct liar_message *message) {
  (void)message;
  liar->count = 0;
  liar_frame(liar, (struct wire_frame){.type = WIRE_FRAME_WANT_PROOF, .new_size = 1});
}
static void lie_not_to_us(struct liar *liar, struct liar_message *message) {
  message->opening.to = BASE_VIEW("wasl/lisbon/0123456789abcdef");
  liar_made(liar, message);
}
static void lie_not_from_him(struct liar *liar, struct liar_message *message) {
  message->opening.from = BASE_VIEW("wasl/lisbon/0123456789abcdef");
  liar_made(liar, message);
}
static void lie_other_id(struct liar *liar, struct liar_message *message) {
  liar_write(liar, message);
  message->opening.message.bytes[0] ^= 1;
  liar_made(liar, message);
}
static void lie_without_us(struct liar *liar, struct liar_message *message) {
  for (size_t i = 0; i < 2; i++)
    if (base_view_equal(message->header.parties[i], liar->victim->core->card.origin))
      message->header.parties[i] = BASE_VIEW("wasl/rabat/0000000000000000");
  if (base_view_equal(message->header.parties[0], message->header.author)) {
    liar_made(liar, message); /* paris before rabat, as it must be */
    return;
  }
  struct base_view first = message->header.parties[0];
  message->header.parties[0] = message->header.parties[1];
  message->header.parties[1] = first;
  liar_made(liar, message);
}
static void lie_author(struct liar *liar, struct liar_message *message) {
  message->header.author = liar->victim->core->card.origin;
  liar_made(liar, message);
}
static void lie_kind(struct liar *liar, struct liar_message *message) {
  message->header.kind_hash.bytes[0] ^= 1;
  liar_made(liar, message);
}
static void lie_type(struct liar *liar, struct liar_message *message) {
  message->header.type = BASE_VIEW("obey");
  liar_made(liar, message);
}
static void lie_state_field(struct liar *liar, struct liar_message *message) {
  message->header.state_count = 1;
  message->header.state[0] = (struct wire_state_field){BASE_VIEW("rank"), BASE_VIEW("high")};
  liar_made(liar, message);
}
static void lie_header_syntax(struct liar *liar, struct liar_message *message) {
  message->header_bytes = BASE_VIEW("{\"لا\":\"\xd9\x84\xd8\xa7 يوجد\"}");
  message->id = message->opening.message = seal_message_id(message->header_bytes);
  liar_made(liar, message);
}
static void lie_header_octets(struct liar *liar, struct liar_message *message) {
  message->header_bytes = BASE_VIEW("{\"\xff\xfe\x01\":1}");
  message->id = message->opening.message = seal_message_id(message->header_bytes);
  liar_made(liar, message);
}
static void lie_number_again(struct liar *liar, struct liar_message *message) {
  message->opening.number--;
  liar_made(liar, message);
}
static void lie_previous(struct liar *liar, struct liar_message *message) {
  message->opening.previous.bytes[0] ^= 1;
  liar_made(liar, message);
}
static void lie_act(struct liar *liar, struct liar_message *message) {
  liar_write(liar, message);
  struct wire_opening opening = {
      .has_message = true, .message = message->id, .from = message->opening.from, .to = message->opening.to};
  uint64_t index = liar_leaf(liar, WIRE_ACT_RECEIVED, &opening);
  liar_heads(liar);
  liar_add(liar, message, index);
}
static void lie_cosign(struct liar *liar, struct liar_message *message) {
  struct base_view origin = liar->node->core->card.origin;
  struct wire_signature line = {
      .name = origin,
      .id = seal_vkey_id(origin, WIRE_VKEY_WITNESS,
                         &wire_keeper_key_in_force(&liar->node->core->info, WIRE_KEEPER_WITNESS)->public_key),
      .size = 8 + 64};
  struct base_buf text = {0};
  wire_signature_write(&line, &text);
  liar_made(liar, message);
  liar_frame(liar, (struct wire_frame){.type = WIRE_FRAME_COSIGN,
                                       .new_size = liar->victim->core->reg.attested,
                                       .head = liar_keep(liar, base_buf_view(&text))});
  base_buf_free(&text);
}

static const struct lie {
  const char *name;
  void (*tell)(struct liar *liar, struct liar_message *message);
  enum base_code want;
  bool refused; /* the one message; otherwise the consignment is at fault */
} lies[] = {
    {"a byte of the header", lie_header, BASE_HASH, false},
    {"a byte of part 0", lie_part0, BASE_HASH, true},
    {"the leaf's time", lie_leaf_time, BASE_INCLUSION, false},
    {"the leaf's commitment", lie_leaf_commitment, BASE_COMMITMENT, false},
    {"the opening", lie_opening, BASE_COMMITMENT, false},
    {"the index", lie_index, BASE_INCLUSION, false},
    {"a hash of the proof", lie_proof_hash, BASE_INCLUSION, false},
    {"a proof cut short", lie_proof_short, BASE_INCLUSION, false},
    {"the checkpoint's text", lie_checkpoint, BASE_SIGNATURE, false},
    {"the signature", lie_signature, BASE_SIGNATURE, false},
    {"a head of another key", lie_other_key, BASE_WRONG_KEY, false},
    {"no head", lie_no_head, BASE_PROTOCOL, false},
    {"a message to somebody else", lie_not_to_us, BASE_NOT_PARTY, false},
    {"a message from somebody else", lie_not_from_him, BASE_NOT_PARTY, false},
    {"a leaf of another message", lie_other_id, BASE_HASH, false},
    {"parties without us", lie_without_us, BASE_NOT_PARTY, true},
    {"an author who is not the sender", lie_author, BASE_NOT_PARTY, true},
    {"an unknown version of the kind", lie_kind, BASE_KIND, true},
    {"an unknown type", lie_type, BASE_KIND, true},
    {"a field that the type lacks", lie_state_field, BASE_UNKNOWN_FIELD, true},
    {"a header of another form", lie_header_syntax, BASE_FIELD, true},
    {"a header of no text", lie_header_octets, BASE_UTF8, true},
    {"a number used before", lie_number_again, BASE_FORK, false},
    {"another predecessor of the number", lie_previous, BASE_NUMBER, false},
    {"a leaf of another act", lie_act, BASE_PROTOCOL, false},
    {"a cosignature that is none", lie_cosign, BASE_SIGNATURE, false},
};

static void tell(struct rig *rig, const struct lie *lie) {
  struct liar_message message;
  char prefix[64], trace[600] = "";
  enum wire_act act = lie->refused ? WIRE_ACT_REFUSED : WIRE_ACT_FAULT;
  struct core_partner *partner = try_partner(&rig->a);
  rig->a.now += CORE_FAULT_SECONDS + 1;
  rig->liar.number = partner->row.received_number;
  rig->liar.previous = partner->row.received_previous;
  uint64_t number = partner->row.received_number, size = rig->a.core->reg.size;
  unsigned traces = try_count(&rig->a, act);
  liar_draft(&rig->liar, rig->request, &message);
  lie->tell(&rig->liar, &message);
  struct liar_answer answer = liar_give(&rig->liar);
  snprintf(prefix, sizeof prefix, "%s: ", base_code_name(lie->want));
  unsigned after = try_leaves(&rig->a, act, trace, sizeof trace);
  const char *told = lie->refused ? answer.reason : base_code_name(answer.fault);
  if (answer.status != BASE_OK || strncmp(told, prefix, lie->refused ? strlen(prefix) : strlen(prefix) - 2) != 0 ||
      answer.receipts != 0)
    fail_msg("%s: told \"%s\" \"%s\" instead of %s", lie->name, told, answer.text, prefix);
  if (after != traces + 1 || strncmp(trace, prefix, strlen(prefix)) != 0)
    fail_msg("%s: %u leaves, \"%s\"", lie->name, after - traces, trace);
  if (rig->a.core->reg.size != size + 1 || partner->row.received_number != number + lie->refused)
    fail_msg("%s: more changed than a leaf", lie->name);
}

static void test_lies(void **state) {
  (void)state;
  struct rig rig;
  rig_make(&rig);
  for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
    tell(&rig, &lies[i]);
    if (try_partner(&rig.a)->stopped != (lies[i].want == BASE_FORK))
      fail_msg("%s: %s the exchange", lies[i].name, try_partner(&rig.a)->stopped ? "stops" : "does not stop");
    if (try_partner(&rig.a)->stopped)
      try_suspend(&rig.a, &rig.b, "active");
  }
  try_state(&rig.a, rig.request, "asked");
  rig_honest(&rig);
  try_state(&rig.a, rig.request, "clarifying");
  rig_remove(&rig);
}

/* Plaintexts that are no frames: an unknown type, a length beyond the end, a cut at every octet. */
static void test_frames(void **state) {
  (void)state;
  struct rig rig;
  struct liar_message message;
  struct base_buf plain = {0};
  rig_make(&rig);
  liar_draft(&rig.liar, rig.request, &message);
  liar_made(&rig.liar, &message);
  base_buf_init(&plain, WIRE_CONSIGNMENT_MAX);
  for (size_t i = 0; i < rig.liar.count; i++)
    wire_frame_write(&rig.liar.frames[i], &plain);
  uint64_t number = try_partner(&rig.a)->row.received_number;
  for (size_t cut = 1; cut < plain.size; cut += 1 + plain.size / 150) {
    struct liar_answer answer = liar_give_plain(&rig.liar, base_view_of(plain.data, cut));
    assert_int_equal(answer.receipts, 0);
    assert_int_equal(try_partner(&rig.a)->row.received_number, number);
  }
  struct base_buf unknown = {0};
  base_buf_add_view(&unknown, base_buf_view(&plain));
  base_buf_u8(&unknown, 99);
  base_buf_u32(&unknown, 0);
  struct liar_answer answer = liar_give_plain(&rig.liar, base_buf_view(&unknown));
  assert_int_equal(answer.fault, BASE_PROTOCOL);
  assert_int_equal(answer.receipts, 0);
  assert_int_equal(try_count(&rig.a, WIRE_ACT_FAULT), 1); /* all within a minute */
  answer = liar_give_plain(&rig.liar, base_buf_view(&plain));
  assert_int_equal(answer.receipts, 1);
  base_buf_free(&plain);
  base_buf_free(&unknown);
  rig_remove(&rig);
}

static void test_flood(void **state) {
  (void)state;
  struct rig rig;
  struct liar_message message;
  rig_make(&rig);
  liar_draft(&rig.liar, rig.request, &message);
  lie_proof_hash(&rig.liar, &message);
  uint64_t size = rig.a.core->reg.size;
  for (int i = 0; i < 50; i++)
    assert_int_equal(liar_give(&rig.liar).fault, BASE_INCLUSION);
  assert_int_equal(rig.a.core->reg.size, size + 1);
  rig.a.now += CORE_FAULT_SECONDS + 1;
  assert_int_equal(liar_give(&rig.liar).fault, BASE_INCLUSION);
  try_expect(&rig.a, WIRE_ACT_FLOOD, 1, "49 more faults");
  try_expect(&rig.a, WIRE_ACT_FAULT, 2, "inclusion: ");
  assert_int_equal(rig.a.core->reg.size, size + 3);
  rig_honest(&rig);
  rig_remove(&rig);
}

/* --- octets that do not open */

/* A sound consignment, sealed by the liar from this origin to that one. */
static void sealed_by(struct rig *rig, struct base_view from, struct base_view to, struct base_buf *out) {
  struct liar_message message;
  struct base_buf plain = {0};
  uint8_t entropy[32] = {7};
  rig->liar.number = try_partner(&rig->a)->row.received_number;
  rig->liar.previous = try_partner(&rig->a)->row.received_previous;
  liar_draft(&rig->liar, rig->request, &message);
  liar_made(&rig->liar, &message);
  base_buf_init(&plain, WIRE_CONSIGNMENT_MAX);
  for (size_t i = 0; i < rig->liar.count; i++)
    wire_frame_write(&rig->liar.frames[i], &plain);
  base_buf_init(out, WIRE_CONSIGNMENT_MAX);
  assert_int_equal(seal_consignment(&rig->a.core->card.seals[0], from, to, false, base_buf_view(&plain), entropy, out,
                                    &rig->liar.context, NULL),
                   BASE_OK);
  base_buf_free(&plain);
}
static enum base_code give_octets(struct rig *rig, struct base_view octets) {
  int fd = base_memfd_sealed("octets", octets, NULL);
  struct pair_answer answer = pair_give(&rig->b, &rig->a, fd);
  enum base_code status = answer.status;
  pair_answer_free(&answer);
  close(fd);
  return status;
}
/* Refused with this code, and a leaf names it. */
static void nonsense(struct rig *rig, struct base_view octets, enum base_code want) {
  char prefix[64];
  rig->a.now += CORE_FAULT_SECONDS + 1;
  uint64_t size = rig->a.core->reg.size;
  unsigned faults = try_count(&rig->a, WIRE_ACT_FAULT);
  enum base_code status = give_octets(rig, octets);
  if (status != want)
    fail_msg("%s instead of %s", base_code_name(status), base_code_name(want));
  snprintf(prefix, sizeof prefix, "%s: ", base_code_name(want));
  try_expect(&rig->a, WIRE_ACT_FAULT, faults + 1, prefix);
  assert_int_equal(rig->a.core->reg.size, size + 1);
}

static void test_nonsense(void **state) {
  (void)state;
  struct rig rig;
  struct base_buf good = {0}, strange = {0}, lost = {0};
  rig_make(&rig);
  struct base_view mine = rig.b.core->card.origin, yours = rig.a.core->card.origin;
  uint64_t number = try_partner(&rig.a)->row.received_number;
  nonsense(&rig, BASE_VIEW("GET / HTTP/1.1\r\n\r\n"), BASE_SYNTAX);
  nonsense(&rig, (struct base_view){0}, BASE_SYNTAX);
  sealed_by(&rig, mine, yours, &good);
  nonsense(&rig, base_view_of(good.data, 40), BASE_SYNTAX);
  nonsense(&rig, base_view_of(good.data, good.size - 1), BASE_UNSEAL);
  good.data[good.size / 2] ^= 1;
  nonsense(&rig, base_buf_view(&good), BASE_UNSEAL);
  good.data[good.size / 2] ^= 1;
  struct wire_envelope envelope;
  assert_int_equal(wire_envelope_parse(base_buf_view(&good), &envelope, NULL), BASE_OK);
  uint8_t *key_id = memmem(good.data, good.size, envelope.key_id, sizeof envelope.key_id);
  key_id[0] ^= 1;
  nonsense(&rig, base_buf_view(&good), BASE_WRONG_KEY);
  key_id[0] ^= 1;
  sealed_by(&rig, BASE_VIEW("wasl/lisbon/0123456789abcdef"), yours, &strange);
  nonsense(&rig, base_buf_view(&strange), BASE_PROTOCOL);
  sealed_by(&rig, mine, BASE_VIEW("wasl/lisbon/0123456789abcdef"), &lost);
  nonsense(&rig, base_buf_view(&lost), BASE_PROTOCOL);
  assert_int_equal(try_partner(&rig.a)->row.received_number, number);
  assert_false(try_partner(&rig.a)->stopped);
  rig_honest(&rig);
  base_buf_free(&good);
  base_buf_free(&strange);
  base_buf_free(&lost);
  rig_remove(&rig);
}

/* What is counted is kept over a restart, and is a leaf when its minute is over, whether more comes or not. */
static void test_nonsense_counted(void **state) {
  (void)state;
  struct rig rig;
  rig_make(&rig);
  uint64_t size = rig.a.core->reg.size;
  for (int i = 0; i < 20; i++)
    assert_int_equal(give_octets(&rig, BASE_VIEW("nonsense")), BASE_SYNTAX);
  assert_int_equal(rig.a.core->reg.size, size + 1);
  pair_close(&rig.a);
  pair_open(&rig.a);
  assert_int_equal(try_partner(&rig.a)->faults_counted, 19);
  for (int i = 0; i < 5; i++)
    assert_int_equal(give_octets(&rig, BASE_VIEW("nonsense")), BASE_SYNTAX);
  assert_int_equal(rig.a.core->reg.size, size + 1); /* the minute is the same, whatever run it began in */
  rig.a.now += CORE_FAULT_SECONDS - 1;
  assert_in_range(pair_settle(&rig.a), 1, 1000); /* it wants to be called again when the minute is over */
  try_expect(&rig.a, WIRE_ACT_FLOOD, 0, NULL);
  rig.a.now += 1;
  pair_settle(&rig.a);
  try_expect(&rig.a, WIRE_ACT_FLOOD, 1, "24 more faults");
  assert_int_equal(rig.a.core->reg.size, size + 2);
  pair_close(&rig.a);
  pair_open(&rig.a);
  rig.a.now += 10 * CORE_FAULT_SECONDS;
  pair_settle(&rig.a);
  try_expect(&rig.a, WIRE_ACT_FLOOD, 1, NULL);
  rig_remove(&rig);
}

/* A card with the TLS key of a partner: what came over that line could be laid at the wrong door. */
static void test_shared_line(void **state) {
  (void)state;
  struct rig rig;
  struct pair_node third;
  rig_make(&rig);
  pair_make_line(&third, "tunis", "paris");
  struct base_buf json = {0};
  pair_partner_json(&third, &json);
  pair_refused(&rig.a, LINK_PARTNER_ADD, (const char *)json.data, BASE_CONFLICT);
  base_buf_free(&json);
  pair_remove(&third);
  rig_honest(&rig);
  rig_remove(&rig);
}

/* A number left out is no fault, and nothing is taken: the answer says which is wanted. */
static void test_number_skipped(void **state) {
  (void)state;
  struct rig rig;
  struct liar_message message;
  rig_make(&rig);
  uint64_t number = try_partner(&rig.a)->row.received_number, size = rig.a.core->reg.size;
  liar_draft(&rig.liar, rig.request, &message);
  message.opening.number += 5;
  liar_made(&rig.liar, &message);
  struct liar_answer answer = liar_give(&rig.liar);
  assert_int_equal(answer.want_number, number + 1);
  assert_int_equal(answer.receipts + answer.refusals, 0);
  assert_int_equal(rig.a.core->reg.size, size);
  rig_honest(&rig);
  rig_remove(&rig);
}

/* What is against the kind's rules is receipted and held without effect; a backdated header moves nothing. */
static void test_invalid_transition(void **state) {
  (void)state;
  struct rig rig;
  struct liar_message message;
  rig_make(&rig);
  liar_draft(&rig.liar, rig.request, &message);
  message.header.type = BASE_VIEW("withdraw"); /* the opener's right alone */
  message.header.state_count = 0;
  message.header.time -= 10 * 365 * 86400;
  liar_made(&rig.liar, &message);
  struct liar_answer answer = liar_give(&rig.liar);
  assert_int_equal(answer.receipts, 1);
  try_state(&rig.a, rig.request, "asked");
  struct core_case *kase = NULL;
  struct base_id id = try_id(rig.request);
  assert_int_equal(core_case_load(rig.a.core, &id, &kase, NULL), BASE_OK);
  assert_false(core_case_message_of(kase, &message.id)->effective);
  assert_false(kase->state.flagged);
  assert_true(rig.a.core->reg.last_time == rig.a.now);
  rig_remove(&rig);
}

static void test_equivocation(void **state) {
  (void)state;
  struct rig rig;
  struct liar_message first, second;
  rig_make(&rig);
  liar_draft(&rig.liar, rig.request, &first);
  liar_draft(&rig.liar, rig.request, &second);
  second.header.type = BASE_VIEW("partial_answer");
  second.header.state_count = 0;
  liar_made(&rig.liar, &first);
  assert_int_equal(liar_give(&rig.liar).receipts, 1);
  second.opening.number = rig.liar.number + 1;
  second.opening.previous = rig.liar.previous;
  liar_made(&rig.liar, &second);
  assert_int_equal(liar_give(&rig.liar).receipts, 1);
  struct core_case *kase = NULL;
  struct base_id id = try_id(rig.request);
  assert_int_equal(core_case_load(rig.a.core, &id, &kase, NULL), BASE_OK);
  assert_true(kase->state.flagged && kase->row.flagged);
  assert_true(core_case_message_of(kase, &first.id)->equivocal && core_case_message_of(kase, &second.id)->equivocal);
  try_expect(&rig.a, WIRE_ACT_FAULT, 1, "equivocation: ");
  rig_honest(&rig);
  rig_remove(&rig);
}

/* Who says that we lost leaves must show our signature: everything else is passed over. */
static void test_lost_claimed(void **state) {
  (void)state;
  struct rig rig;
  rig_make(&rig);
  struct base_view note = base_buf_view(&rig.a.core->reg.note);
  struct base_buf line = {0}, cosigned = {0}, larger = {0};
  assert_int_equal(keeper_cosign(rig.b.keeper, &rig.a.core->card.log_key, note, try_partner(&rig.b)->seen_size, NULL, 0,
                                 &line, NULL),
                   BASE_OK);
  base_buf_add_view(&cosigned, note);
  base_buf_add_view(&cosigned, base_buf_view(&line));
  /* a head of ours with one more digit in its size, as if we had signed it */
  base_buf_add_view(&larger, base_buf_view(&cosigned));
  uint8_t *end = memchr(larger.data, '\n', larger.size), *digit = end == NULL ? NULL : end + 1;
  assert_non_null(digit);
  *digit = '9';
  struct base_view shown[] = {note, base_buf_view(&cosigned), base_buf_view(&larger),
                              base_buf_view(&rig.b.core->reg.note)};
  for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
    liar_heads(&rig.liar);
    rig.liar.frames[rig.liar.count - 1].new_size = 1 << 20; /* what he says he cosigned */
    liar_frame(&rig.liar, (struct wire_frame){.type = WIRE_FRAME_SEEN, .head = shown[i]});
    (void)liar_give(&rig.liar);
    assert_string_equal(rig.a.core->lost, "");
  }
  rig_honest(&rig);
  struct pair_answer answer = pair_ask(&rig.a, LINK_KEY_ROTATE, "{\"actor\":\"amal\",\"sign\":true}", -1);
  assert_int_equal(answer.status, BASE_OK);
  pair_answer_free(&answer);
  pair_settle(&rig.a);
  const struct core_card *card = core_cards_newest(&rig.a.core->cards);
  struct base_buf other = {0};
  base_buf_add_view(&other, card->bytes); /* as if another one had been signed */
  uint8_t *made = memmem(other.data, other.size, "\"made\":\"20", 10);
  assert_non_null(made);
  made[10] ^= 1;
  struct base_view cards[] = {card->bytes, base_buf_view(&other)};
  for (size_t i = 0; i < sizeof cards / sizeof cards[0]; i++) {
    liar_heads(&rig.liar);
    liar_frame(&rig.liar, (struct wire_frame){.type = WIRE_FRAME_YOUR_CARD,
                                              .card = cards[i],
                                              .head = liar_keep(&rig.liar, card->succession)});
    liar_frame(&rig.liar, (struct wire_frame){.type = WIRE_FRAME_SEEN, .head = base_buf_view(&rig.a.core->reg.note)});
    (void)liar_give(&rig.liar);
    assert_string_equal(rig.a.core->lost, "");
  }
  rig_honest(&rig);
  base_buf_free(&other);
  base_buf_free(&line);
  base_buf_free(&cosigned);
  base_buf_free(&larger);
  rig_remove(&rig);
}

/* A proof from the head cosigned last that does not hold: the exchange stops, and a person decides. */
static void test_inconsistent(void **state) {
  (void)state;
  struct rig rig;
  struct liar_message message;
  char mine[65];
  rig_make(&rig);
  liar_draft(&rig.liar, rig.request, &message);
  lie_proof_hash(&rig.liar, &message);
  assert_int_equal(liar_give(&rig.liar).fault, BASE_INCLUSION); /* the flood that it would hide in */
  liar_draft(&rig.liar, rig.request, &message);
  liar_made(&rig.liar, &message);
  rig.liar.frames[1].hashes[0].bytes[0] ^= 1;
  assert_int_equal(rig.liar.frames[1].type, WIRE_FRAME_CONSISTENCY);
  uint64_t number = try_partner(&rig.a)->row.received_number;
  struct liar_answer answer = liar_give(&rig.liar);
  assert_int_equal(answer.fault, BASE_CONSISTENCY);
  assert_int_equal(try_partner(&rig.a)->row.received_number, number);
  try_expect(&rig.a, WIRE_ACT_FAULT, 2, "consistency: ");
  assert_true(try_partner(&rig.a)->stopped);
  rig.a.ms += 60000;
  assert_false(try_lost(&rig.a));
  try_suspend(&rig.a, &rig.b, "suspended");
  try_suspend(&rig.a, &rig.b, "active");
  pair_request(&rig.a, &rig.b, mine);
  assert_true(try_lost(&rig.a));
  rig_remove(&rig);
}

/* --- parts */

static struct wire_frame record_of(struct rig *rig, const struct liar_message *message, const struct base_secret *key,
                                   uint32_t record, bool last, size_t size, uint64_t seed) {
  uint8_t *plain = malloc(WIRE_RECORD_MAX), *sealed = malloc(WIRE_RECORD_MAX + WIRE_RECORD_OVERHEAD);
  for (size_t i = 0; i < size; i++)
    plain[i] = try_octet(seed, (uint64_t)record * WIRE_RECORD_MAX + i);
  seal_record_encrypt(key, record, last, base_view_of(plain, size), sealed);
  struct wire_frame frame = {.type = WIRE_FRAME_RECORD,
                             .message = message->id,
                             .record = record,
                             .last = last,
                             .ciphertext = liar_keep(&rig->liar, base_view_of(sealed, size + WIRE_RECORD_OVERHEAD))};
  free(plain);
  free(sealed);
  return frame;
}

/* Records changed, of another part, of another length, out of their place, or not what part 0 promised. */
static void test_records(void **state) {
  (void)state;
  enum { SIZE = WIRE_RECORD_MAX + 10 };
  static const char *const wants[] = {"unseal: ", "unseal: ", "protocol: ", "protocol: ", "hash: ", NULL};
  struct rig rig;
  rig_make(&rig);
  for (int lie = 0; lie < 6; lie++) {
    struct liar_message message;
    struct wire_part0 part0 = {.part_count = 1};
    struct base_buf bytes = {0};
    struct base_secret key, other;
    pair_random(NULL, &key, sizeof key);
    pair_random(NULL, &other, sizeof other);
    struct seal_hasher *hasher = seal_hasher_new();
    for (uint64_t i = 0; i < SIZE; i++) {
      uint8_t octet = try_octet(77, i);
      seal_hasher_add(hasher, base_view_of(&octet, 1));
    }
    part0.parts[0] = (struct wire_part){.name = BASE_VIEW("a"),
                                        .media_type = BASE_VIEW("text/plain"),
                                        .size = SIZE,
                                        .sha256 = seal_hasher_end(hasher),
                                        .key = key};
    seal_hasher_free(hasher);
    pair_random(NULL, part0.nonce, sizeof part0.nonce);
    liar_draft(&rig.liar, rig.request, &message);
    assert_int_equal(wire_part0_write(&part0, BASE_VIEW("{\"question\":\"?\"}"), &bytes, NULL), BASE_OK);
    message.part0 = liar_keep(&rig.liar, base_buf_view(&bytes));
    base_buf_free(&bytes);
    message.header.part0 = seal_sha256(message.part0);
    liar_made(&rig.liar, &message);
    struct liar_answer begun = liar_give(&rig.liar);
    if (begun.pendings != 1)
      fail_msg("%s %s", begun.text, begun.reason);
    assert_int_equal(try_part_files(&rig.a), 1);
    unsigned refused = try_count(&rig.a, WIRE_ACT_REFUSED);
    liar_heads(&rig.liar);
    struct wire_frame *frame =
        liar_frame(&rig.liar, record_of(&rig, &message, lie == 1 ? &other : &key, 0, false, WIRE_RECORD_MAX, 77));
    if (lie == 0)
      frame->ciphertext = liar_flip(&rig.liar, frame->ciphertext, 1000);
    if (lie == 2)
      frame->last = true;
    if (lie == 3)
      frame->ciphertext.size--;
    liar_frame(&rig.liar, record_of(&rig, &message, &key, 1, true, 10, lie == 4 ? 78 : 77));
    struct liar_answer answer = liar_give(&rig.liar);
    if (wants[lie] == NULL) {
      assert_int_equal(answer.receipts, 1);
      try_part_arrived(&rig.a, SIZE, 77);
      break;
    }
    if (answer.refusals != 1)
      fail_msg("record lie %d: %s", lie, answer.text);
    try_expect(&rig.a, WIRE_ACT_REFUSED, refused + 1, wants[lie]);
    assert_int_equal(try_part_files(&rig.a), 0);
    struct base_arena arena = {0};
    base_arena_init(&arena, 1 << 20);
    struct store_message row;
    assert_int_equal(store_message_get(rig.a.core->store, &message.id, &arena, &row, NULL), BASE_OK);
    assert_int_equal(row.state, STORE_MESSAGE_REFUSED);
    assert_int_equal(row.part0.size, 0);
    base_arena_free(&arena);
    try_state(&rig.a, rig.request, "asked");
  }
  rig_remove(&rig);
}

/* --- answers */

static uint64_t receipt_leaf(struct rig *rig, const struct base_id *message, const struct base_hash *sent,
                             enum wire_act act) {
  struct wire_opening opening = {.has_message = true,
                                 .message = *message,
                                 .from = rig->a.core->card.origin,
                                 .to = rig->b.core->card.origin,
                                 .sent = *sent,
                                 .reason = act == WIRE_ACT_REFUSED ? BASE_VIEW("refused-by-policy: no")
                                                                   : (struct base_view){0}};
  return liar_leaf(&rig->liar, act, &opening);
}

static void test_answers(void **state) {
  (void)state;
  enum {
    TAMPERED,
    SENT_HASH,
    OTHER_MESSAGE,
    ACT,
    INDEX,
    OTHER_NODES,
    TOO_MANY,
    PENDING_UNKNOWN,
    PENDING_PARTS,
    HONEST
  };
  static const enum base_code wants[] = {BASE_UNSEAL,   BASE_EVIDENCE, BASE_EVIDENCE, BASE_PROTOCOL, BASE_INCLUSION,
                                         BASE_EVIDENCE, BASE_NUMBER,   BASE_EVIDENCE, BASE_PROTOCOL, BASE_OK};
  struct rig rig;
  char request[65], reason[64];
  rig_make(&rig);
  pair_request(&rig.a, &rig.b, request);
  for (int lie = TAMPERED; lie <= HONEST; lie++) {
    struct base_buf plain = {0};
    struct base_reader reader;
    struct wire_frame frame;
    bool end = false;
    int64_t exchange = 0;
    rig.a.now += CORE_FAULT_SECONDS + 1;
    rig.a.ms += 31000;
    assert_true(liar_take(&rig.liar, &exchange, &plain));
    reader = base_reader_of(base_buf_view(&plain));
    do {
      assert_int_equal(wire_frame_read(&reader, &frame, &end, NULL), BASE_OK);
    } while (!end && frame.type != WIRE_FRAME_MESSAGE);
    assert_false(end);
    struct base_id id = seal_message_id(frame.header), named = id;
    struct base_hash sent = seal_sha256(frame.proof.leaf);
    if (lie == SENT_HASH)
      sent.bytes[0] ^= 1;
    if (lie == OTHER_MESSAGE)
      named.bytes[0] ^= 1;
    uint64_t index = receipt_leaf(&rig, &id, &sent, WIRE_ACT_RECEIVED);
    if (lie == OTHER_NODES) {
      struct wire_opening opening = {.has_message = true,
                                     .message = id,
                                     .from = BASE_VIEW("wasl/lisbon/0123456789abcdef"),
                                     .to = rig.b.core->card.origin,
                                     .sent = sent};
      index = liar_leaf(&rig.liar, WIRE_ACT_RECEIVED, &opening);
    }
    if (lie == ACT) {
      struct wire_opening opening = {.has_message = true,
                                     .message = id,
                                     .from = rig.b.core->card.origin,
                                     .to = rig.a.core->card.origin,
                                     .number = 99,
                                     .clause = BASE_VIEW("agreement")};
      index = liar_leaf(&rig.liar, WIRE_ACT_SENT, &opening);
    }
    liar_heads(&rig.liar);
    if (lie == PENDING_UNKNOWN || lie == PENDING_PARTS) {
      struct base_id unknown = id;
      unknown.bytes[0] ^= lie == PENDING_UNKNOWN;
      liar_frame(&rig.liar, (struct wire_frame){
                                .type = WIRE_FRAME_PENDING, .message = unknown, .wants_count = lie == PENDING_PARTS});
    } else if (lie != TOO_MANY) {
      struct wire_frame *receipt = liar_frame(
          &rig.liar,
          (struct wire_frame){.type = WIRE_FRAME_RECEIPT, .message = named, .proof = liar_prove(&rig.liar, index)});
      if (lie == INDEX)
        receipt->proof.index--;
    }
    liar_frame(&rig.liar,
               (struct wire_frame){.type = WIRE_FRAME_WANT_NUMBER,
                                   .new_size = try_partner(&rig.a)->row.sent_number + (lie == TOO_MANY ? 7 : 1)});
    unsigned faults = try_count(&rig.a, WIRE_ACT_FAULT);
    liar_answer(&rig.liar, exchange, lie == TAMPERED);
    base_buf_free(&plain);
    if (lie == HONEST)
      break;
    snprintf(reason, sizeof reason, "%s: ", base_code_name(wants[lie]));
    try_expect(&rig.a, WIRE_ACT_FAULT, faults + 1, reason);
    assert_int_equal(pair_outbox(&rig.a, request, NULL), STORE_WAITING);
    assert_int_equal(try_partner(&rig.a)->trouble_code, wants[lie]);
    assert_int_equal(try_partner(&rig.a)->transfer_count, 0);
  }
  try_receipted(&rig.a, request);
  rig_remove(&rig);
}

/* Answers that always cross on the way: asked again, but not without pause. */
static void test_always_crossing(void **state) {
  (void)state;
  struct rig rig;
  char request[65];
  int tries = 0;
  rig_make(&rig);
  pair_request(&rig.a, &rig.b, request);
  for (int i = 0; i < 100; i++) {
    struct base_buf plain = {0};
    struct base_hash none = {{0}};
    struct base_id id = try_id(request);
    int64_t exchange = 0;
    if (!liar_take(&rig.liar, &exchange, &plain))
      break;
    base_buf_free(&plain);
    tries++;
    receipt_leaf(&rig, &id, &none, WIRE_ACT_RECEIVED);
    liar_heads(&rig.liar);
    rig.liar.frames[1] = (struct wire_frame){.type = WIRE_FRAME_WANT_NUMBER, .new_size = 1}; /* no consistency proof */
    liar_answer(&rig.liar, exchange, false);
  }
  assert_true(tries < 10);
  rig_remove(&rig);
}

/* A message under another card than the confirmed one could never be proved here: refused as a whole, with a leaf. */
static void test_other_card(void **state) {
  (void)state;
  for (int which = 0; which < 2; which++) {
    struct rig rig;
    struct liar_message message;
    rig_make(&rig);
    unsigned faults = try_count(&rig.a, WIRE_ACT_FAULT);
    liar_draft(&rig.liar, rig.request, &message);
    (which == 0 ? &message.opening.from_card : &message.opening.to_card)->bytes[0] ^= 1;
    liar_made(&rig.liar, &message);
    struct liar_answer answer = liar_give(&rig.liar);
    assert_int_equal(answer.receipts + answer.refusals, 0);
    try_expect(&rig.a, WIRE_ACT_FAULT, faults + 1, "wrong-key");
    rig_remove(&rig);
  }
}

/* A message that no agreement covers any more is kept and receipted, and a leaf says so. */
static void test_lawless(void **state) {
  (void)state;
  struct rig rig;
  struct liar_message message;
  rig_make(&rig);
  unsigned faults = try_count(&rig.a, WIRE_ACT_FAULT);
  for (size_t i = 0; i < rig.a.core->agreement_count; i++)
    rig.a.core->law[i].ends = 1;
  liar_draft(&rig.liar, rig.request, &message);
  liar_made(&rig.liar, &message);
  struct liar_answer answer = liar_give(&rig.liar);
  assert_int_equal(answer.receipts, 1);
  try_expect(&rig.a, WIRE_ACT_FAULT, faults + 1, "no-legal-basis");
  rig_remove(&rig);
}

/* What stands beside its form is kept, receipted, and on record, once. */
static void test_members(void **state) {
  (void)state;
  static const struct { const char *says; bool fault; } all[] = {
      {"{\"question\":\"?\"}", false}, {"{\"question\":\"?\",\"officers\":[{\"name\":\"N. N.\"}]}", true}, {"{\"ground\":\"x\"}", true}};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    struct rig rig;
    struct liar_message message;
    rig_make(&rig);
    unsigned faults = try_count(&rig.a, WIRE_ACT_FAULT);
    liar_draft(&rig.liar, rig.request, &message);
    struct wire_part0 part0 = {.part_count = 0};
    struct base_buf bytes = {0};
    pair_random(NULL, part0.nonce, sizeof part0.nonce);
    assert_int_equal(wire_part0_write(&part0, base_view_text(all[i].says), &bytes, NULL), BASE_OK);
    message.part0 = liar_keep(&rig.liar, base_buf_view(&bytes));
    message.header.part0 = seal_sha256(message.part0);
    base_buf_free(&bytes);
    liar_made(&rig.liar, &message);
    struct liar_answer answer = liar_give(&rig.liar);
    assert_int_equal(answer.receipts, 1);
    assert_int_equal(try_count(&rig.a, WIRE_ACT_FAULT), faults + all[i].fault);
    if (all[i].fault)
      try_expect(&rig.a, WIRE_ACT_FAULT, faults + 1, "unknown-field");
    rig_remove(&rig);
  }
}

/* One who answers, but always wants the same number: asked again, but not without pause, and the outbox says why. */
static void test_takes_nothing(void **state) {
  (void)state;
  struct rig rig;
  char request[65];
  int tries = 0;
  rig_make(&rig);
  pair_request(&rig.a, &rig.b, request);
  for (int i = 0; i < 100; i++) {
    struct base_buf plain = {0};
    int64_t exchange = 0;
    if (!liar_take(&rig.liar, &exchange, &plain))
      break;
    base_buf_free(&plain);
    tries++;
    rig.liar.frames[0] =
        (struct wire_frame){.type = WIRE_FRAME_WANT_NUMBER, .new_size = try_partner(&rig.a)->row.sent_number};
    rig.liar.count = 1;
    liar_answer(&rig.liar, exchange, false);
  }
  assert_true(tries < 10);
  assert_int_equal(try_partner(&rig.a)->trouble_code, BASE_CONFLICT);
  assert_int_equal(pair_outbox(&rig.a, request, NULL), STORE_WAITING);
  rig_remove(&rig);
}

/* --- what is not his to say */

/* Hands over to the liar, who answers each message with a leaf of this act, and no more. */
static void liar_judges(struct rig *rig, const enum wire_act *acts, size_t count) {
  struct base_buf plain = {0};
  struct wire_frame frame;
  struct base_id ids[4];
  uint64_t indices[4];
  bool end = false;
  int64_t exchange = 0;
  size_t found = 0;
  assert_true(liar_take(&rig->liar, &exchange, &plain));
  struct base_reader reader = base_reader_of(base_buf_view(&plain));
  while (wire_frame_read(&reader, &frame, &end, NULL) == BASE_OK && !end) {
    if (frame.type != WIRE_FRAME_MESSAGE)
      continue;
    assert_true(found < count);
    struct base_hash sent = seal_sha256(frame.proof.leaf);
    ids[found] = seal_message_id(frame.header);
    indices[found] = receipt_leaf(rig, &ids[found], &sent, acts[found]);
    found++;
  }
  assert_int_equal(found, count);
  base_buf_free(&plain);
  liar_heads(&rig->liar);
  for (size_t i = 0; i < count; i++)
    liar_frame(&rig->liar, (struct wire_frame){.type = WIRE_FRAME_RECEIPT,
                                               .message = ids[i],
                                               .proof = liar_prove(&rig->liar, indices[i])});
  liar_frame(&rig->liar, (struct wire_frame){.type = WIRE_FRAME_WANT_NUMBER,
                                             .new_size = try_partner(&rig->a)->row.sent_number + 1});
  liar_answer(&rig->liar, exchange, false);
}

/* He refuses one message, says that he took the next one, which follows it, and goes on from there. Ours has no effect,
 * so his has no place: it is refused, and no step is taken back for it. */
static void test_follows_left_out(void **state) {
  (void)state;
  static const enum wire_act acts[] = {WIRE_ACT_REFUSED, WIRE_ACT_RECEIVED};
  struct rig rig;
  struct liar_message message;
  char first[65], second[65];
  rig_make(&rig);
  rig_honest(&rig); /* his question */
  try_no_gate(&rig.a);
  try_send(&rig.a, rig.request, "clarification", try_answer, first);
  try_send(&rig.a, rig.request, "withdraw", "{}", second);
  rig.a.ms += 31000;
  liar_judges(&rig, acts, 2);
  assert_int_equal(pair_outbox(&rig.a, first, NULL), STORE_REFUSED);
  try_receipted(&rig.a, second);
  liar_draft(&rig.liar, rig.request, &message);
  message.header.follow_count = 1;
  message.header.follows[0] = try_id(second);
  unsigned refused = try_count(&rig.a, WIRE_ACT_REFUSED);
  liar_made(&rig.liar, &message);
  struct liar_answer answer = liar_give(&rig.liar);
  if (answer.status != BASE_OK || answer.refusals != 1)
    fail_msg("%s: %s", base_code_name(answer.status), answer.text);
  try_expect(&rig.a, WIRE_ACT_REFUSED, refused + 1, "refused-by-policy: it follows message ");
  rig_honest(&rig);
  rig_remove(&rig);
}

/* A case takes so much and no more: what comes then is refused, and sending says why. */
static void test_full_case(void **state) {
  (void)state;
  struct rig rig;
  struct liar_message message;
  struct core_case *kase = NULL;
  rig_make(&rig);
  struct base_id id = try_id(rig.request);
  assert_int_equal(core_case_load(rig.a.core, &id, &kase, NULL), BASE_OK);
  size_t used = kase->arena.used;
  kase->arena.used = CORE_CASE_BYTES + 1;
  liar_draft(&rig.liar, rig.request, &message);
  liar_made(&rig.liar, &message);
  struct liar_answer answer = liar_give(&rig.liar);
  assert_int_equal(answer.status, BASE_OK);
  assert_int_equal(answer.refusals, 1);
  assert_non_null(strstr(answer.reason, "open another one"));
  struct base_buf json = {0};
  try_send_json(rig.request, "withdraw", "{}", NULL, &json);
  pair_refused(&rig.a, LINK_CASE_SEND, (const char *)json.data, BASE_POLICY);
  base_buf_free(&json);
  kase->arena.used = used;
  rig_honest(&rig);
  rig_remove(&rig);
}

/* A message of a third node waits here for its part. Another partner sends it as his own, which is refused, and then
 * records for it: they are no business of his, and what waits goes on waiting for its author. */
static void test_records_for_another(void **state) {
  (void)state;
  struct rig rig;
  struct pair_node third;
  struct liar_message message = {0};
  struct core_content content = {0};
  struct base_buf parts = {0};
  struct base_arena arena = {0};
  struct base_secret key = {{0}};
  struct store_message row;
  char agreement[65], request[65];
  rig_make(&rig);
  pair_make(&third, "tunis");
  pair_partner(&rig.a, &third);
  pair_partner(&third, &rig.a);
  pair_agree(&third, &rig.a, agreement);
  try_upload(&third, 10, 5, &parts);
  try_request_with(&third, &rig.a, try_parts_end(&parts), request);
  base_buf_free(&parts);
  third.ms += 100;
  assert_true(pair_send(&third, &rig.a));
  struct base_id id = try_id(request);
  base_arena_init(&arena, 16 << 20);
  assert_int_equal(core_content_bytes(third.core, &id, &arena, &content, NULL), BASE_OK);
  liar_draft(&rig.liar, rig.request, &message);
  message.header_bytes = liar_keep(&rig.liar, content.row.header);
  message.part0 = liar_keep(&rig.liar, content.row.part0);
  message.id = message.opening.message = id;
  liar_made(&rig.liar, &message);
  liar_frame(&rig.liar, record_of(&rig, &message, &key, 0, true, 10, 5));
  struct liar_answer answer = liar_give(&rig.liar);
  assert_int_equal(answer.status, BASE_OK);
  assert_int_equal(answer.refusals, 1);
  try_expect(&rig.a, WIRE_ACT_REFUSED, 1, "not-a-party: the author is ");
  assert_int_equal(store_message_get(rig.a.core->store, &id, &arena, &row, NULL), BASE_OK);
  assert_int_equal(row.state, STORE_MESSAGE_PENDING);
  for (int i = 0; i < 4; i++) {
    third.ms += 31000;
    (void)pair_send(&third, &rig.a);
  }
  try_receipted(&third, request);
  try_part_arrived(&rig.a, 10, 5);
  core_content_free(&content);
  base_arena_free(&arena);
  pair_remove(&third);
  rig_remove(&rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_lies),
      cmocka_unit_test(test_frames),
      cmocka_unit_test(test_flood),
      cmocka_unit_test(test_nonsense),
      cmocka_unit_test(test_nonsense_counted),
      cmocka_unit_test(test_shared_line),
      cmocka_unit_test(test_number_skipped),
      cmocka_unit_test(test_invalid_transition),
      cmocka_unit_test(test_equivocation),
      cmocka_unit_test(test_lost_claimed),
      cmocka_unit_test(test_inconsistent),
      cmocka_unit_test(test_records),
      cmocka_unit_test(test_answers),
      cmocka_unit_test(test_always_crossing),
      cmocka_unit_test(test_takes_nothing),
      cmocka_unit_test(test_other_card),
      cmocka_unit_test(test_lawless),
      cmocka_unit_test(test_members),
      cmocka_unit_test(test_follows_left_out),
      cmocka_unit_test(test_full_case),
      cmocka_unit_test(test_records_for_another),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
