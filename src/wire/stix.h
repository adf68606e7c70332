/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_WIRE_STIX_H
#define WASL_WIRE_STIX_H

#include "wire/json.h"

/* STIX 2.1 bundles (OASIS STIX 2.1, sections 3 and 8): shape only. A part is STIX when it is a JSON object whose type is
 * "bundle". */

enum { WIRE_STIX_MAX = 32 << 20, WIRE_STIX_TYPES_MAX = 128, WIRE_STIX_WARNINGS_MAX = 32 };

struct wire_stix_type { char name[64]; uint64_t count; };
struct wire_stix_report {
  bool is_stix;
  uint64_t object_count;
  size_t type_count;                 /* sorted by name */
  struct wire_stix_type types[WIRE_STIX_TYPES_MAX];
  size_t warning_count;              /* those kept */
  uint64_t warnings_in_all;
  char warnings[WIRE_STIX_WARNINGS_MAX][160]; /* "$.objects[3]: …" */
};
/* BASE_OK with is_stix false for anything that is no bundle (not JSON included). A bundle with a wrong id, no objects, or
 * an object without a type or with an id that is not type--UUID is BASE_FIELD with the JSON path. Repeated ids, missing
 * `created` and the like are warnings. More than WIRE_STIX_MAX bytes: is_stix false and one warning;
 * so too what begins like a JSON object but is none. out is always filled. */
BASE_NODISCARD enum base_code wire_stix_check(struct base_view bytes, struct wire_stix_report *out,
                                              struct base_error *err);
/* {"stix":true,"objects":N,"types":{…},"warnings":[…],"warnings_in_all":N} */
void wire_stix_write(const struct wire_stix_report *report, struct base_buf *out);

#endif
