/* SPDX-License-Identifier: Apache-2.0
 * An erasure certificate (spec/recall.md): the evidence of a message of the kind recall and the type certificate holds,
 * in that message, the erased leaf of its author's register with its opening and its proof. */
#include "cli/evidence.h"
#include "wire/kind.h"

#include <string.h>

static struct base_view field(const struct cli_evidence *evidence, const char *name) {
  return wire_json_text(wire_json_get(evidence->part0.fields, name));
}

static enum base_code decode(struct cli_evidence *evidence, const char *name, struct base_view *out,
                             struct base_error *err) {
  BASE_AUTO_BUF struct base_buf bytes = {0};
  base_buf_init(&bytes, WIRE_OPENING_MAX);
  enum base_code code = base_base64_parse(field(evidence, name), &bytes, err);
  if (code != BASE_OK)
    return base_fail(err, BASE_EVIDENCE, "certificate: %s: not base64, or too long", name);
  *out = base_arena_copy(&evidence->arena, base_buf_view(&bytes));
  return out->data != NULL || bytes.size == 0 ? BASE_OK : base_fail(err, BASE_MEMORY, "no memory for a certificate");
}

static enum base_code check_leaf(struct cli_evidence *evidence, struct base_view bytes, struct wire_opening *opening,
                                 struct base_error *err) {
  struct wire_leaf leaf;
  struct base_view text;
  struct cli_certificate *out = &evidence->certificate;
  enum base_code code = wire_leaf_parse(bytes, &leaf, err);
  if (code == BASE_OK && leaf.act != WIRE_ACT_ERASED)
    code = base_fail(err, BASE_EVIDENCE, "its act is %s", wire_act_name(leaf.act));
  if (code == BASE_OK)
    code = decode(evidence, "opening", &text, err);
  if (code != BASE_OK)
    return base_fail_within(err, "certificate: leaf");
  struct base_hash hash = seal_sha256(text);
  if (!base_hash_equal(&hash, &leaf.commitment))
    return base_fail(err, BASE_EVIDENCE, "certificate: opening: its hash is not the leaf's commitment");
  if (wire_opening_parse(WIRE_ACT_ERASED, text, &evidence->arena, opening, err) != BASE_OK)
    return base_fail_within(err, "certificate: opening");
  if (!opening->has_message || !base_id_equal(&opening->message, &out->message))
    return base_fail(err, BASE_EVIDENCE, "certificate: opening: names another message than the certificate");
  out->erased = leaf.time;
  return BASE_OK;
}

static enum base_code check_proof(struct cli_evidence *evidence, struct base_view leaf, struct base_error *err) {
  struct wire_proof proof;
  struct wire_note note;
  struct wire_vkey log;
  struct wire_checkpoint head;
  enum base_code code = wire_proof_parse(field(evidence, "proof"), &proof, err);
  if (code == BASE_OK)
    code = wire_note_parse(proof.checkpoint, &note, err);
  if (code == BASE_OK)
    code = wire_checkpoint_parse(note.text, &head, err);
  if (code == BASE_OK)
    code = wire_vkey_parse(cli_evidence_card_at(&evidence->author, &head)->log, &log, err);
  if (code == BASE_OK)
    code = seal_checkpoint_verify(proof.checkpoint, (struct seal_signer){&log, NULL}, &head, NULL, err);
  struct base_hash hash = seal_leaf_hash(leaf);
  if (code == BASE_OK)
    code = seal_inclusion_verify(&hash, proof.index, head.size, proof.hashes, proof.hash_count, &head.root, err);
  if (code != BASE_OK)
    return base_fail_within(err, "certificate: proof");
  evidence->certificate.index = proof.index;
  evidence->certificate.size = head.size;
  return BASE_OK;
}

enum base_code cli_certificate_check(struct cli_evidence *evidence, struct base_error *err) {
  const struct wire_header *header = &evidence->header;
  struct cli_certificate *out = &evidence->certificate;
  struct wire_opening opening = {0};
  struct base_view leaf;
  if (!evidence->has_content || !base_view_is(header->kind, WIRE_KIND_RECALL) ||
      !base_view_is(header->type, "certificate"))
    return BASE_OK;
  struct base_view final = wire_header_state(header, "final_by");
  if (!base_id_parse(wire_header_state(header, "message"), &out->message) ||
      (!base_time_parse(final, &out->final_by) && !base_date_parse(final, &out->final_by)))
    return base_fail(err, BASE_EVIDENCE, "certificate: header.json names no message, or no day");
  enum base_code code = decode(evidence, "leaf", &leaf, err);
  if (code == BASE_OK)
    code = check_leaf(evidence, leaf, &opening, err);
  if (code == BASE_OK)
    code = check_proof(evidence, leaf, err);
  out->there = code == BASE_OK;
  out->actor = opening.actor;
  out->reason = opening.reason;
  return code;
}
