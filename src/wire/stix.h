/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_WIRE_STIX_H
#define WASL_WIRE_STIX_H

#include "wire/json.h"

/* Whether a text is JSON (RFC 8259), whatever the limits of wire/json.h are; when not, where it stops being so. Nested
 * deeper than WIRE_WELLFORMED_DEPTH it is not looked at further, and true. Of what is JSON *out has its `values` alone. */
enum { WIRE_WELLFORMED_DEPTH = 1 << 14 };
struct wire_json_fault {
  size_t at, line, column; /* octets from 0; line and column (in octets) from 1 */
  char path[160];          /* "$.objects[3].name", the outer levels */
  const char *what;
  size_t values;           /* so many were met: texts, numbers, words, arrays and objects */
};
bool wire_json_wellformed(struct base_view text, struct wire_json_fault *out);

/* STIX 2.1 bundles (OASIS STIX 2.1, sections 3 and 8): shape only. A part is STIX when it is a JSON object whose type is
 * "bundle". */

/* As a tree each value takes up to 330 octets, whatever it took as text: who writes empty objects would have 80 for one. */
enum { WIRE_STIX_MAX = 32 << 20, WIRE_STIX_VALUES_MAX = 1 << 20, WIRE_STIX_TYPES_MAX = 128, WIRE_STIX_WARNINGS_MAX = 32 };

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
/* What whoever sends a part says that it is, by its media type. */
enum wire_stix_said { WIRE_STIX_UNSAID, WIRE_STIX_SAID_JSON, WIRE_STIX_SAID_STIX };
/* application/stix+json; application/json and whatever ends in +json (RFC 6839); anything else says nothing of it. */
enum wire_stix_said wire_stix_said(struct base_view media_type);
/* BASE_OK with is_stix false for anything that is no bundle. A bundle with a wrong id, no objects, or an object without a
 * type or with an id that is not type--UUID is BASE_FIELD with the JSON path. What is said to be JSON and is not
 * well-formed (RFC 8259), as when it was cut short, is BASE_SYNTAX with the octet and the path.
 * Warnings: repeated ids, missing `created` and the like; a byte order mark, which is passed over; no bundle though said
 * to be STIX; more than WIRE_STIX_MAX bytes or WIRE_STIX_VALUES_MAX values, and JSON beyond the limits of wire/json.h, all not
 * looked into; and what begins like a JSON object but is none, though nobody said that it is one. out is always filled. */
BASE_NODISCARD enum base_code wire_stix_check(struct base_view bytes, enum wire_stix_said said,
                                              struct wire_stix_report *out, struct base_error *err);
/* As wire_stix_check; *bundle: the bundle itself, to be freed with wire_json_free, or NULL when it is none. */
BASE_NODISCARD enum base_code wire_stix_open(struct base_view bytes, enum wire_stix_said said, struct wire_stix_report *out,
                                             struct wire_json **bundle, struct base_error *err);
/* {"stix":true,"objects":N,"types":{…},"warnings":[…],"warnings_in_all":N} */
void wire_stix_write(const struct wire_stix_report *report, struct base_buf *out);

/* --- which objects are in a bundle: what the index of a node keeps of it */
enum {
  WIRE_STIX_TYPE_MAX = 250,     /* bytes: STIX 2.1 section 3.1 */
  WIRE_STIX_LISTED_MAX = 8192,  /* objects of a bundle */
  WIRE_STIX_LIST_MAX = 2 << 20, /* bytes of the list */
};
struct wire_stix_entry { struct base_view id, type, modified; }; /* modified empty: the object has none */
/* Lines "ID" or "ID MODIFIED", in the order of ids, each once with its newest version, appended to out. BASE_FIELD, BASE_SYNTAX
 * and BASE_TOO_LARGE say in one sentence why this is no bundle that can be listed. */
BASE_NODISCARD enum base_code wire_stix_list(struct base_view bytes, struct base_buf *out, struct base_error *err);
/* Which of two versions is older, by their `modified`: below 0 the first. Without one is older than any; "08:00:00Z" is older than
 * "08:00:00.5Z", whose octets come before. Texts that tell the same moment are ordered as texts. */
int wire_stix_compare_modified(struct base_view a, struct base_view b);
/* The next line of such a list; false at its end, and where it is none: *left stays there. */
bool wire_stix_next(struct base_view *left, struct wire_stix_entry *out);
/* That all of it is one; how many objects it names. */
BASE_NODISCARD enum base_code wire_stix_list_check(struct base_view list, size_t *out_count, struct base_error *err);
/* Whether this is type--UUID, of this type. */
bool wire_stix_id_valid(struct base_view id, struct base_view type);
/* Whether it is type--UUID at all; *type: a view of it. */
bool wire_stix_id_type(struct base_view id, struct base_view *type);

#endif
