/* SPDX-License-Identifier: Apache-2.0
 * An erasure certificate as the verifier looks at it: the leaf, what opens it, and that it stands in the register of
 * who says that it erased (spec/recall.md). */
#include "cli_make.h"

static const char erased_id[] = "abababababababababababababababababababababababababababababababab";

struct certified {
  struct made_node author, other;
  struct base_buf leaf, opening, proof, fields;
  struct cli_evidence evidence;
};

enum lie { HONEST, OTHER_ACT, OTHER_MESSAGE, OTHER_OPENING, OTHER_REGISTER, NO_DAY, OTHER_LEAF };

static void end(struct certified *made) {
  base_buf_free(&made->leaf);
  base_buf_free(&made->opening);
  base_buf_free(&made->proof);
  base_buf_free(&made->fields);
  base_buf_free(&made->author.card);
  base_buf_free(&made->other.card);
  cli_evidence_free(&made->evidence);
}

static void write_base64(struct wire_writer *writer, const char *key, const struct base_buf *bytes) {
  BASE_AUTO_BUF struct base_buf text = {0};
  base_buf_base64(&text, base_buf_view(bytes));
  wire_write_member_buf(writer, key, &text);
}

/* The leaf with what commits to it, and its proof under a head with the register's line alone. */
static void make_leaf(struct certified *made, enum lie lie) {
  struct base_id message;
  enum wire_act act = lie == OTHER_ACT ? WIRE_ACT_READ : WIRE_ACT_ERASED;
  struct wire_leaf leaf = {.act = act, .time = MADE_TIME + 5};
  struct wire_opening opening = {.actor = BASE_VIEW("zineb"), .reason = BASE_VIEW("recalled")};
  assert_true(base_id_parse(base_view_text(erased_id), &message));
  memset(opening.salt, 0x5a, sizeof opening.salt);
  opening.has_message = act == WIRE_ACT_ERASED;
  opening.message = message;
  opening.message.bytes[0] ^= lie == OTHER_MESSAGE;
  opening.subject = act == WIRE_ACT_ERASED ? (struct base_view){0} : base_view_text(erased_id);
  assert_int_equal(wire_opening_write(act, &opening, &made->opening, NULL), BASE_OK);
  leaf.commitment = seal_sha256(base_buf_view(&made->opening));
  leaf.commitment.bytes[0] ^= lie == OTHER_OPENING;
  wire_leaf_write(&leaf, &made->leaf);
  made_proof(lie == OTHER_REGISTER ? &made->other : &made->author, &made->other, base_buf_view(&made->leaf),
             &made->proof);
  size_t size = made->proof.size - 1; /* the cosignature's line goes */
  while (size > 0 && made->proof.data[size - 1] != '\n')
    size--;
  made->proof.size = size;
  if (lie == OTHER_LEAF) {
    base_buf_reset(&made->leaf);
    leaf.time++;
    wire_leaf_write(&leaf, &made->leaf);
  }
}

static enum base_code check(enum lie lie, struct certified *made, struct base_error *err) {
  memset(made, 0, sizeof *made);
  made_node(&made->author, "rabat", 10);
  made_node(&made->other, "paris", 20);
  make_leaf(made, lie);
  BASE_AUTO_BUF struct base_buf part0 = {0};
  struct wire_part0 empty = {0};
  struct wire_writer writer;
  struct cli_evidence *evidence = &made->evidence;
  base_arena_init(&evidence->arena, CLI_EVIDENCE_ARENA);
  wire_writer_init(&writer, &made->fields);
  wire_write_object(&writer);
  write_base64(&writer, "leaf", &made->leaf);
  write_base64(&writer, "opening", &made->opening);
  wire_write_member_buf(&writer, "proof", &made->proof);
  wire_write_end(&writer, '}');
  assert_int_equal(wire_part0_write(&empty, base_buf_view(&made->fields), &part0, NULL), BASE_OK);
  struct base_view kept = base_arena_copy(&evidence->arena, base_buf_view(&part0));
  assert_int_equal(wire_part0_parse(kept, &evidence->arena, &evidence->part0, NULL), BASE_OK);
  assert_int_equal(wire_card_parse(base_buf_view(&made->author.card), &evidence->arena, &evidence->author.card, NULL),
                   BASE_OK);
  evidence->has_content = true;
  evidence->header.kind = BASE_VIEW("recall");
  evidence->header.type = BASE_VIEW("certificate");
  evidence->header.state_count = lie == NO_DAY ? 1 : 2;
  evidence->header.state[0] = (struct wire_state_field){BASE_VIEW("message"), base_view_text(erased_id)};
  evidence->header.state[1] = (struct wire_state_field){BASE_VIEW("final_by"), BASE_VIEW("2026-12-24T00:00:00Z")};
  return cli_certificate_check(evidence, err);
}

static void tells_what_is_proved(void **state) {
  (void)state;
  struct certified made;
  struct base_error err = {0};
  if (check(HONEST, &made, &err) != BASE_OK)
    fail_msg("%s", err.text);
  const struct cli_certificate *certificate = &made.evidence.certificate;
  assert_true(certificate->there);
  assert_string_equal(base_id_text(&certificate->message).text, erased_id);
  assert_int_equal(certificate->erased, MADE_TIME + 5);
  assert_int_equal(certificate->index, MADE_AT);
  assert_true(base_view_is(certificate->actor, "zineb"));
  assert_true(certificate->final_by > certificate->erased);
  end(&made);
}

static void refuses_what_is_not_proved(void **state) {
  (void)state;
  static const struct {
    enum lie lie;
    const char *words;
  } lies[] = {{OTHER_ACT, "its act is read"},     {OTHER_MESSAGE, "names another message"},
              {OTHER_OPENING, "commitment"},      {OTHER_REGISTER, "certificate: proof"},
              {OTHER_LEAF, "certificate: proof"}, {NO_DAY, "no day"}};
  for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
    struct certified made;
    struct base_error err = {0};
    enum base_code code = check(lies[i].lie, &made, &err);
    if (code == BASE_OK || made.evidence.certificate.there || strstr(err.text, lies[i].words) == NULL)
      fail_msg("%zu: %s (%s)", i, err.text, base_code_name(code));
    end(&made);
  }
}

/* Of any other message nothing of the kind is said. */
static void looks_at_certificates_alone(void **state) {
  (void)state;
  struct certified made;
  struct base_error err = {0};
  assert_int_equal(check(HONEST, &made, &err), BASE_OK);
  made.evidence.certificate = (struct cli_certificate){0};
  made.evidence.header.type = BASE_VIEW("done");
  assert_int_equal(cli_certificate_check(&made.evidence, &err), BASE_OK);
  assert_false(made.evidence.certificate.there);
  end(&made);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tells_what_is_proved),
      cmocka_unit_test(refuses_what_is_not_proved),
      cmocka_unit_test(looks_at_certificates_alone),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
