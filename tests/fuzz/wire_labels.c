/* SPDX-License-Identifier: Apache-2.0
 * A catalogue against the kind `request`: what is accepted has all texts. */
#include "../shipped.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct shipped request; /* read once: it does not change */
  if (request.kind.type_count == 0)
    shipped_load(&request, "request");
  static struct wire_faults faults;
  struct wire_labels labels;
  enum base_code code = wire_labels_parse(base_view_of(data, size), &request.kind, &labels, NULL);
  wire_labels_faults(base_view_of(data, size), &request.kind, &faults);
  if ((faults.count == 0) != (code == BASE_OK))
    abort(); /* who is told all the faults is told some if and only if it is refused */
  if (code)
    return 0;
  for (int language = 0; language < WIRE_LANGUAGES; language++)
    if (wire_label(&labels, "code.refusal.no_competence", (enum wire_language)language).size == 0)
      abort();
  wire_labels_free(&labels);
  return 0;
}
