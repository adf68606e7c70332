/* SPDX-License-Identifier: Apache-2.0
 * STIX shape: the report counts what is there and is itself well-formed JSON. */
#include <stdlib.h>

#include "wire/stix.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
  if (!holds)
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct wire_stix_report report;
  struct base_error err;
  /* What was said of it changes whether it is refused, never what is found in it. */
  enum wire_stix_said said = size == 0 ? WIRE_STIX_UNSAID : (enum wire_stix_said)(data[size - 1] % 3);
  struct wire_json_fault fault = {.path = ""};
  bool wellformed = wire_json_wellformed(base_view_of(data, size), &fault);
  WIRE_AUTO_JSON struct wire_json *parsed = NULL;
  if (!wellformed)
    require(fault.at <= size && fault.line > 0 && fault.column > 0 && fault.what[0] != 0 && fault.path[0] == '$' &&
            base_utf8_valid(base_view_text(fault.path)));
  /* The parser refuses more than the grammar, never less. */
  if (wire_json_parse(base_view_of(data, size), SIZE_MAX, "it", &parsed, NULL) == BASE_OK)
    require(wellformed);
  enum base_code code = wire_stix_check(base_view_of(data, size), said, &report, &err);
  require(code == BASE_OK || (!report.is_stix && err.code == code));
  uint64_t listed = 0;
  for (size_t i = 0; i < report.type_count; i++)
    listed += report.types[i].count;
  require(listed <= report.object_count && (report.object_count > 0) == report.is_stix);
  BASE_AUTO_BUF struct base_buf out = {0}, list = {0};
  size_t objects = 0;
  /* What can be listed is a bundle, and its list is one. */
  if (wire_stix_list(base_view_of(data, size), &list, &err) == BASE_OK) {
    require(report.is_stix && wire_stix_list_check(base_buf_view(&list), &objects, &err) == BASE_OK);
    require(objects > 0 && objects <= report.object_count);
  }
  wire_stix_write(&report, &out);
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  require(out.code == BASE_OK);
  require(wire_json_parse(base_buf_view(&out), SIZE_MAX, "report", &json, NULL) == BASE_OK);
  return 0;
}
