/* SPDX-License-Identifier: Apache-2.0
 * A handling or a grading as somebody may have typed it or a partner sent it: what is read has one spelling, which is
 * read as the same; no mapping of it is freer about passing on. */
#include <stdlib.h>

#include "wire/marking.h"
#include "wire/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
  if (!holds)
    abort();
}

static void handling(struct base_view text) {
  struct wire_marking marking, again;
  struct base_error err = {BASE_OK, ""};
  if (wire_marking_read(text, &marking, &err) != BASE_OK) {
    require(err.text[0] != 0);
    require(!wire_marking_parse(text, &again));
    return;
  }
  BASE_AUTO_BUF struct base_buf spelled = {0}, mapped = {0};
  wire_marking_write(&marking, &spelled);
  require(spelled.size > 0 && spelled.size <= WIRE_MARKING_MAX);
  require(wire_marking_parse(base_buf_view(&spelled), &again));
  require(again.level == marking.level && again.pap == marking.pap && again.conditions == marking.conditions &&
          base_view_equal(again.text, marking.text));
  for (size_t i = 0; i < WIRE_MARKING_SCHEMES; i++) {
    base_buf_reset(&mapped);
    bool lost = wire_marking_map(&marking, (enum wire_marking_scheme)i, &mapped);
    if (mapped.size == 0 || wire_marking_read(base_buf_view(&mapped), &again, NULL) != BASE_OK)
      require(lost);
    else
      require(i == WIRE_PAP || !wire_marking_needs_consent(&marking) || wire_marking_needs_consent(&again));
  }
}

static void grading(struct base_view text) {
  struct wire_grading grading, again, to;
  struct base_error err = {BASE_OK, ""};
  if (wire_grading_read(text, &grading, &err) != BASE_OK) {
    require(err.text[0] != 0);
    return;
  }
  BASE_AUTO_BUF struct base_buf spelled = {0};
  wire_grading_write(&grading, &spelled);
  require(wire_grading_parse(base_buf_view(&spelled), &again));
  require(again.scheme == grading.scheme && again.source == grading.source && again.third == grading.third);
  for (size_t i = 0; i < WIRE_SCHEMES; i++) {
    bool lost = wire_grading_convert(&grading, (enum wire_scheme)i, &to);
    base_buf_reset(&spelled);
    wire_grading_write(&to, &spelled);
    require(wire_grading_parse(base_buf_view(&spelled), &again));
    require(i != grading.scheme || (!lost && to.source == grading.source && to.information == grading.information));
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  handling(base_view_of(data, size));
  grading(base_view_of(data, size));
  return 0;
}
