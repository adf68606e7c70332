/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_FIND_FIND_H
#define WASL_FIND_FIND_H

#include "wire/kind.h"

/* What is looked for, in the one spelling under which it is found: pure functions. Exact after that, and nothing else: no
 * likeness, no transliteration. spec/crosscheck.md. */

enum {
  FIND_TEXT_MAX = 4096,   /* bytes of a value as it was written; a longer one is not looked for */
  FIND_NORMAL_MAX = 8192, /* of its normal form */
  FIND_WORDS_MAX = 32,    /* of a name */
  FIND_NAME_WORDS = 2,    /* of a name that stands alone, at least: one word means too many people */
  FIND_LEAST = 4,         /* letters and digits of a document, account, plate or identifier, at least */
  FIND_PHONE_LEAST = 7,   /* digits */
  FIND_PHONE_MOST = 15,   /* E.164 */
  FIND_ROW_BITS = 8,      /* a row of a table is one of WIRE_KIND_ROWS_MAX */
};

/* One value of a message. sort: WIRE_MATCH_NAME is the name alone, WIRE_MATCH_BORN name and day of birth together. */
struct find_value {
  enum wire_match sort;
  size_t field, row; /* the place of the field in its type, and of the row in a table, else 0 */
  struct base_view normal;
};
/* All that the fields marked so hold, in the order of the type's fields; nothing for what has no normal form. A partner's content
 * is not held to its kind: what has another type is passed over. *left counts the values above WIRE_KIND_MATCHES_MAX, and rows
 * above WIRE_KIND_ROWS_MAX, which are left out. */
BASE_NODISCARD enum base_code find_values(const struct wire_kind_type *type, const struct wire_json *fields,
                                          enum base_code (*each)(void *context, const struct find_value *),
                                          void *context, size_t *left, struct base_error *err);

/* The normal form of one value; false: it has none. out is emptied first; it fails alone without memory. Of a name all words, sorted. */
bool find_normal(enum wire_match sort, struct base_view text, struct base_buf *out);

/* fold.c: folded letters and digits, one blank for whatever stands between them, none at the ends. */
void find_fold(struct base_view text, struct base_buf *out);

#endif
