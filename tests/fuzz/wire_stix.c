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
  enum base_code code = wire_stix_check(base_view_of(data, size), &report, &err);
  require(code == BASE_OK || (!report.is_stix && err.code == code));
  uint64_t listed = 0;
  for (size_t i = 0; i < report.type_count; i++)
    listed += report.types[i].count;
  require(listed <= report.object_count && (report.object_count > 0) == report.is_stix);
  BASE_AUTO_BUF struct base_buf out = {0};
  wire_stix_write(&report, &out);
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  require(out.code == BASE_OK);
  require(wire_json_parse(base_buf_view(&out), SIZE_MAX, "report", &json, NULL) == BASE_OK);
  return 0;
}
