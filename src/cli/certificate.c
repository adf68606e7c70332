/* SPDX-License-Identifier: Apache-2.0
 * An erasure certificate (spec/erase.md): the evidence of a message of the kind recall or erasure and the type
 * certificate holds, in that message, the erased leaf of its author's register with its opening and its proof. */
#include "cli/evidence.h"
#include "wire/kind.h"

enum base_code cli_certificate_check(struct cli_evidence *evidence, struct base_error *err) {
  const struct wire_header *header = &evidence->header;
  struct cli_certificate *out = &evidence->certificate;
  struct seal_certificate certificate = {0};
  struct wire_vkey log;
  bool certifies = base_view_is(header->kind, WIRE_KIND_RECALL) || base_view_is(header->kind, WIRE_KIND_ERASURE);
  if (!evidence->has_content || !certifies || !base_view_is(header->type, "certificate"))
    return BASE_OK;
  struct base_view final = wire_header_state(header, "final_by");
  if (!base_id_parse(wire_header_state(header, "message"), &out->message) ||
      (!base_time_parse(final, &out->final_by) && !base_date_parse(final, &out->final_by)))
    return base_fail(err, BASE_EVIDENCE, "certificate: header.json names no message, or no day");
  enum base_code code =
      seal_certificate_read(&out->message, evidence->part0.fields, &evidence->arena, &certificate, err);
  if (code == BASE_OK)
    code = wire_vkey_parse(cli_evidence_card_at(&evidence->author, &certificate.head)->log, &log, err);
  if (code == BASE_OK)
    code = seal_certificate_verify(&certificate, &log, err);
  out->there = code == BASE_OK;
  out->erased = certificate.erased;
  out->index = certificate.proof.index;
  out->size = certificate.head.size;
  out->actor = certificate.opening.actor;
  out->reason = certificate.opening.reason;
  return code;
}
