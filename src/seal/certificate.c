/* SPDX-License-Identifier: Apache-2.0
 * An erasure certificate (spec/erase.md): the erased leaf of a register, with its opening and its proof. */
#include "seal/seal.h"

static enum base_code decode(const struct wire_json *fields, const char *name, struct base_arena *arena,
                             struct base_view *out, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf bytes = {0};
  base_buf_init(&bytes, WIRE_OPENING_MAX);
  enum base_code code = base_base64_parse(wire_json_text(wire_json_get(fields, name)), &bytes, err);
  if (code != BASE_OK)
    return base_fail(err, BASE_EVIDENCE, "certificate: %s: not base64, or too long", name);
  *out = base_arena_copy(arena, base_buf_view(&bytes));
  return out->data != NULL || bytes.size == 0 ? BASE_OK : base_fail(err, BASE_MEMORY, "no memory for a certificate");
}

static enum base_code read_leaf(const struct base_id *message, const struct wire_json *fields, struct base_arena *arena,
                                struct seal_certificate *out, struct base_error *err) {
  struct wire_leaf leaf;
  struct base_view text;
  enum base_code code = wire_leaf_parse(out->leaf, &leaf, err);
  if (code == BASE_OK && leaf.act != WIRE_ACT_ERASED)
    code = base_fail(err, BASE_EVIDENCE, "its act is %s", wire_act_name(leaf.act));
  if (code == BASE_OK)
    code = decode(fields, "opening", arena, &text, err);
  if (code != BASE_OK)
    return base_fail_within(err, "certificate: leaf");
  struct base_hash hash = seal_sha256(text);
  if (!base_hash_equal(&hash, &leaf.commitment))
    return base_fail(err, BASE_EVIDENCE, "certificate: opening: its hash is not the leaf's commitment");
  if (wire_opening_parse(WIRE_ACT_ERASED, text, arena, &out->opening, err) != BASE_OK)
    return base_fail_within(err, "certificate: opening");
  if (!out->opening.has_message || !base_id_equal(&out->opening.message, message))
    return base_fail(err, BASE_EVIDENCE, "certificate: opening: names another message than the certificate");
  out->erased = leaf.time;
  return BASE_OK;
}

static enum base_code read_proof(const struct wire_json *fields, struct base_arena *arena, struct seal_certificate *out,
                                 struct base_error *err) {
  struct wire_note note;
  struct base_view text = base_arena_copy(arena, wire_json_text(wire_json_get(fields, "proof")));
  enum base_code code = wire_proof_parse(text, &out->proof, err);
  if (code == BASE_OK)
    code = wire_note_parse(out->proof.checkpoint, &note, err);
  if (code == BASE_OK)
    code = wire_checkpoint_parse(note.text, &out->head, err);
  return code == BASE_OK ? BASE_OK : base_fail_within(err, "certificate: proof");
}

enum base_code seal_certificate_read(const struct base_id *message, const struct wire_json *fields,
                                     struct base_arena *arena, struct seal_certificate *out, struct base_error *err) {
  *out = (struct seal_certificate){0};
  enum base_code code = decode(fields, "leaf", arena, &out->leaf, err);
  if (code == BASE_OK)
    code = read_leaf(message, fields, arena, out, err);
  return code == BASE_OK ? read_proof(fields, arena, out, err) : code;
}

enum base_code seal_certificate_verify(const struct seal_certificate *certificate, const struct wire_vkey *log,
                                       struct base_error *err) {
  const struct wire_proof *proof = &certificate->proof;
  struct wire_checkpoint head;
  struct base_hash hash = seal_leaf_hash(certificate->leaf);
  enum base_code code = seal_checkpoint_verify(proof->checkpoint, (struct seal_signer){log, NULL}, &head, NULL, err);
  if (code == BASE_OK)
    code = seal_inclusion_verify(&hash, proof->index, head.size, proof->hashes, proof->hash_count, &head.root, err);
  return code == BASE_OK ? BASE_OK : base_fail_within(err, "certificate: proof");
}
