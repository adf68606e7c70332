/* SPDX-License-Identifier: Apache-2.0
 * The verifier of evidence on any file: it must end, within its bounds, and what it accepts must name all it rests on.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/evidence.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
  if (!holds)
    abort();
}

static enum base_code read_view(void *context, uint64_t offset, uint8_t *out, size_t size, struct base_error *err) {
  const struct base_view *view = context;
  (void)err;
  require(offset <= view->size && size <= view->size - offset);
  if (size > 0)
    memcpy(out, view->data + offset, size);
  return BASE_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct base_view view = base_view_of(data, size);
  struct cli_source source = {&view, size, read_view};
  struct cli_evidence evidence = {0};
  struct base_error err = {BASE_OK, ""};
  static const struct cli_trust nobody;
  enum base_code code = cli_evidence_verify(&source, &nobody, &evidence, &err);
  if (code == BASE_OK) {
    require(evidence.receiver_count > 0 && evidence.receiver_count <= WIRE_PARTIES_MAX);
    require(base_view_equal(evidence.author.card.origin, evidence.header.author));
    require(1 + evidence.receiver_count + evidence.unproved_count == evidence.header.party_count);
    for (size_t i = 0; i < evidence.receiver_count; i++)
      require(!evidence.receivers[i].party.confirmed && evidence.receivers[i].number > 0);
  } else {
    require(err.text[0] != 0 && base_utf8_valid(base_view_text(err.text)));
  }
  cli_evidence_free(&evidence);
  return 0;
}
