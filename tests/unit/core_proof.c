/* SPDX-License-Identifier: Apache-2.0
 * The evidence that core hands out: what is in it, that each proof verifies with nothing but the cards, and what is
 * said while it is not complete. */
#include "core/register.h"
#include "core_ask.h"

static void expect_conflict(struct pair_node *node, const char *id, const char *words) {
  uint64_t size = node->core->reg.attested;
  struct pair_answer answer = pair_ask(node, LINK_PROOF_GET, with_id(id), -1);
  assert_int_equal(answer.status, BASE_CONFLICT);
  base_buf_u8(&answer.payload, 0);
  if (strstr((const char *)answer.payload.data, words) == NULL)
    fail_msg("\"%s\" lacks \"%s\"", (const char *)answer.payload.data, words);
  pair_answer_free(&answer);
  assert_int_equal(node->core->reg.attested, size); /* nothing left the node */
}

static size_t count(const struct told *evidence) {
  return wire_json_size(wire_json_get(evidence->json, "files"));
}

static bool file(const struct told *evidence, const char *name, struct base_buf *out) {
  const struct wire_json *files = wire_json_get(evidence->json, "files");
  base_buf_reset(out);
  for (size_t i = 0; i < wire_json_size(files); i++)
    if (base_view_is(wire_json_text(wire_json_get(wire_json_at(files, i), "name")), name)) {
      assert_int_equal(base_base64_parse(wire_json_text(wire_json_get(wire_json_at(files, i), "base64")), out, NULL),
                       BASE_OK);
      return true;
    }
  return false;
}

static void expect_file(const struct told *evidence, const char *name, struct base_view bytes) {
  BASE_AUTO_BUF struct base_buf found = {0};
  base_buf_init(&found, BASE_BUF_DEFAULT_LIMIT);
  assert_true(file(evidence, name, &found));
  assert_true(base_view_equal(base_buf_view(&found), bytes));
}

/* One leaf of the evidence by what stands on two cards, as a stranger would. Returns SHA-256 of the leaf. */
static struct base_hash verify(const struct told *evidence, const char *folder, const char *act,
                               const struct wire_card *by, const struct wire_card *witness, struct base_arena *arena,
                               struct wire_opening *opening) {
  char name[128];
  BASE_AUTO_BUF struct base_buf leaf_bytes = {0}, opening_bytes = {0}, proof_bytes = {0};
  base_buf_init(&leaf_bytes, 65536);
  base_buf_init(&opening_bytes, 65536);
  base_buf_init(&proof_bytes, 65536);
  snprintf(name, sizeof name, "%s/%s.leaf", folder, act);
  assert_true(file(evidence, name, &leaf_bytes));
  snprintf(name, sizeof name, "%s/%s.opening", folder, act);
  assert_true(file(evidence, name, &opening_bytes));
  snprintf(name, sizeof name, "%s/%s.tlog-proof", folder, act);
  assert_true(file(evidence, name, &proof_bytes));
  struct wire_leaf leaf;
  struct wire_proof proof;
  struct wire_vkey log, cosigner;
  struct wire_note note;
  struct wire_checkpoint head;
  struct base_hash commitment = seal_sha256(base_buf_view(&opening_bytes));
  struct base_hash hash = seal_leaf_hash(base_buf_view(&leaf_bytes));
  struct base_error err = {0};
  assert_int_equal(wire_leaf_parse(base_buf_view(&leaf_bytes), &leaf, NULL), BASE_OK);
  assert_string_equal(wire_act_name(leaf.act), act);
  assert_true(base_hash_equal(&commitment, &leaf.commitment));
  struct base_view kept = base_arena_copy(arena, base_buf_view(&opening_bytes));
  assert_int_equal(wire_opening_parse(leaf.act, kept, arena, opening, NULL), BASE_OK);
  assert_int_equal(wire_proof_parse(base_buf_view(&proof_bytes), &proof, NULL), BASE_OK);
  assert_int_equal(wire_vkey_parse(by->log, &log, NULL), BASE_OK);
  assert_int_equal(wire_vkey_parse(witness->witness, &cosigner, NULL), BASE_OK);
  assert_int_equal(wire_note_parse(proof.checkpoint, &note, NULL), BASE_OK);
  assert_int_equal(note.signature_count, 2);
  assert_true(base_view_equal(note.signatures[0].name, by->origin));
  assert_true(base_view_equal(note.signatures[1].name, witness->origin));
  if (seal_checkpoint_verify(proof.checkpoint, (struct seal_signer){&log, &cosigner}, &head, NULL, &err) != BASE_OK ||
      seal_inclusion_verify(&hash, proof.index, head.size, proof.hashes, proof.hash_count, &head.root, &err) != BASE_OK)
    fail_msg("%s: %s", name, err.text);
  return seal_sha256(base_buf_view(&leaf_bytes));
}

static void verify_receiver(const struct told *evidence, const char *id, const struct pair_node *from,
                            const struct pair_node *to, const char *act) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct wire_opening sent, answer;
  struct base_id message;
  struct base_hash hash = verify(evidence, to->name, "sent", &from->core->card, &to->core->card, &arena, &sent);
  (void)verify(evidence, to->name, act, &to->core->card, &from->core->card, &arena, &answer);
  assert_true(base_id_parse(base_view_text(id), &message));
  assert_true(base_id_equal(&sent.message, &message));
  assert_true(base_id_equal(&answer.message, &message));
  assert_true(base_hash_equal(&answer.sent, &hash));
}

static void verify_cards(const struct told *evidence, const struct pair_node *a, const struct pair_node *b) {
  char name[64];
  snprintf(name, sizeof name, "cards/%s.card", a->name);
  expect_file(evidence, name, base_buf_view(&a->card));
  snprintf(name, sizeof name, "cards/%s.card", b->name);
  expect_file(evidence, name, base_buf_view(&b->card));
}

/* Both sides prove the same message, each from what it holds; asking for it is a leaf. */
static void test_both_sides(void **state) {
  (void)state;
  struct pair_node a, b;
  struct told evidence;
  char agreement[65], request[65];
  ask_two(&a, &b);
  pair_agree(&a, &b, agreement);
  pair_request(&a, &b, request);
  expect_conflict(&a, request, "no receipt yet");
  pair_rest(&a, &b);
  struct pair_node *sides[] = {&a, &b};
  for (size_t i = 0; i < 2; i++) {
    uint64_t size = sides[i]->core->reg.attested;
    evidence = tell(sides[i], LINK_PROOF_GET, with_id(request));
    assert_int_equal(count(&evidence), 1 + 1 + 2 + 6);
    assert_int_equal(wire_json_size(wire_json_get(evidence.json, "missing")), 0);
    assert_int_equal(wire_json_size(wire_json_get(evidence.json, "parts")), 0);
    verify_receiver(&evidence, request, &a, &b, "received");
    verify_cards(&evidence, &a, &b);
    BASE_AUTO_BUF struct base_buf bytes = {0};
    BASE_AUTO_ARENA struct base_arena arena = {0};
    base_buf_init(&bytes, 1 << 20);
    base_arena_init(&arena, 1 << 20);
    struct wire_header header;
    char name[96];
    assert_true(file(&evidence, "header.json", &bytes));
    struct base_id id = seal_message_id(base_buf_view(&bytes));
    assert_string_equal(base_id_text(&id).text, request);
    assert_int_equal(wire_header_parse(base_buf_view(&bytes), &arena, &header, NULL), BASE_OK);
    snprintf(name, sizeof name, "parts/%s", base_hash_text(&header.part0).text);
    assert_true(file(&evidence, name, &bytes));
    struct base_hash hash = seal_sha256(base_buf_view(&bytes));
    assert_true(base_hash_equal(&hash, &header.part0));
    forget(&evidence);
    assert_int_equal(sides[i]->core->reg.attested, size + 1);
    struct base_view entry, opening;
    struct wire_leaf leaf;
    struct wire_opening read;
    assert_int_equal(core_register_read(sides[i]->core, size, &arena, &entry, &opening, NULL), BASE_OK);
    assert_int_equal(wire_leaf_parse(entry, &leaf, NULL), BASE_OK);
    assert_int_equal(leaf.act, WIRE_ACT_EXPORTED);
    assert_int_equal(wire_opening_parse(leaf.act, opening, &arena, &read, NULL), BASE_OK);
    assert_true(base_view_is(read.actor, "amal") && base_view_is(read.subject, request));
  }
  pair_refused(&a, LINK_PROOF_GET, with_id("00000000"), BASE_NOT_FOUND);
  ask_remove(&a, &b);
}

/* The receipt is there before the head that covers it is cosigned by the other side. */
static void test_not_cosigned(void **state) {
  (void)state;
  struct pair_node a, b;
  struct told evidence;
  char agreement[65], request[65];
  ask_two(&a, &b);
  pair_agree(&a, &b, agreement);
  pair_request(&a, &b, request);
  assert_true(pair_send(&a, &b));
  expect_conflict(&b, request, "has not cosigned a head of this register that covers it yet");
  pair_rest(&a, &b);
  evidence = tell(&b, LINK_PROOF_GET, with_id(request));
  verify_receiver(&evidence, request, &a, &b, "received");
  forget(&evidence);
  ask_remove(&a, &b);
}

/* Ended by its sender while it was on its way: the receiver drops what it had, and both can prove that. */
static void test_refused(void **state) {
  (void)state;
  struct pair_node a, b;
  struct told told;
  char agreement[65], request[65], message[65], text[160];
  struct base_hash sha256;
  ask_two(&a, &b);
  pair_agree(&a, &b, agreement);
  pair_request(&a, &b, request);
  pair_rest(&a, &b);
  send_in(&b, request, "answer", 6 * WIRE_RECORD_MAX, message, &sha256);
  assert_true(pair_send(&b, &a));
  snprintf(text, sizeof text, "{\"actor\":\"amal\",\"id\":\"%s\",\"reason\":\"the wrong file\"}", message);
  told = tell(&b, LINK_OUTBOX_END, text);
  forget(&told);
  pair_rest(&a, &b);
  told = tell(&a, LINK_CASE_SHOW, with_id(request));
  expect_text(told.json, "state", "asked");
  const struct wire_json *refused = at(wire_json_get(told.json, "messages"), 1);
  expect_text(refused, "id", message);
  expect_text(refused, "state", "refused");
  expect_text(refused, "why", "refused-by-policy: the sender ended it before it was complete");
  assert_int_equal(wire_json_size(wire_json_get(refused, "fields")), 0);
  assert_int_equal(wire_json_size(wire_json_get(refused, "parts")), 0);
  forget(&told);
  told = tell(&a, LINK_PROOF_GET, with_id(message));
  assert_int_equal(count(&told), 1 + 2 + 6); /* no content any more */
  assert_int_equal(wire_json_size(wire_json_get(told.json, "parts")), 0);
  verify_receiver(&told, message, &b, &a, "refused");
  verify_cards(&told, &b, &a);
  forget(&told);
  told = tell(&b, LINK_PROOF_GET, with_id(message));
  assert_int_equal(count(&told), 1 + 1 + 2 + 6);
  const struct wire_json *part = at(wire_json_get(told.json, "parts"), 0);
  expect_text(part, "sha256", base_hash_text(&sha256).text);
  assert_int_equal(number(part, "size"), 6 * WIRE_RECORD_MAX);
  verify_receiver(&told, message, &b, &a, "refused");
  forget(&told);
  struct told check = tell(&a, LINK_REGISTER_CHECK, "{\"actor\":\"amal\"}");
  forget(&check);
  check = tell(&b, LINK_REGISTER_CHECK, "{\"actor\":\"amal\"}");
  forget(&check);
  ask_remove(&a, &b);
}

static void open_for(struct pair_node *node, const char *kind, const char *to, char id[65]) {
  char text[128];
  snprintf(text, sizeof text, "{\"actor\":\"amal\",\"kind\":\"%s\"}", kind);
  struct pair_answer example = pair_ask(node, LINK_KIND_EXAMPLE, text, -1);
  assert_int_equal(example.status, BASE_OK);
  struct base_buf json = {0};
  base_buf_printf(&json, "{\"actor\":\"amal\",\"kind\":\"%s\",\"to\":[%s],\"fields\":%.*s}%c", kind, to,
                  (int)example.payload.size, (const char *)example.payload.data, 0);
  pair_id(node, LINK_CASE_OPEN, (const char *)json.data, id);
  base_buf_free(&json);
  pair_answer_free(&example);
}

/* Three parties, one of them away: what is complete goes into the file, who is missing is named. */
static void test_one_missing(void **state) {
  (void)state;
  struct pair_node a, b, c;
  struct told evidence;
  char agreement[65];
  ask_two(&a, &b);
  pair_make(&c, "madrid");
  pair_partner(&a, &c);
  pair_partner(&c, &a);
  pair_partner(&b, &c);
  pair_partner(&c, &b);
  open_for(&a, "agreement", "\"paris\",\"madrid\"", agreement);
  struct pair_node *present[] = {&a, &b, NULL};
  for (unsigned quiet = 0; quiet < 4; quiet++) {
    a.ms += 100;
    b.ms += 100;
    bool any = pair_deliver(&a, present, 3);
    any = pair_deliver(&b, present, 3) || any;
    quiet = any ? 0 : quiet;
  }
  evidence = tell(&a, LINK_PROOF_GET, with_id(agreement));
  assert_int_equal(count(&evidence), 1 + 1 + 2 + 6);
  verify_receiver(&evidence, agreement, &a, &b, "received");
  verify_cards(&evidence, &a, &b);
  const struct wire_json *missing = wire_json_get(evidence.json, "missing");
  assert_int_equal(wire_json_size(missing), 1);
  assert_true(base_view_is(wire_json_text(wire_json_get(wire_json_at(missing, 0), "to")), "madrid"));
  assert_true(base_view_is(wire_json_text(wire_json_get(wire_json_at(missing, 0), "why")), "no receipt yet"));
  forget(&evidence);
  pair_remove(&a);
  pair_remove(&b);
  pair_remove(&c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_both_sides),
      cmocka_unit_test(test_not_cosigned),
      cmocka_unit_test(test_refused),
      cmocka_unit_test(test_one_missing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
