/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_WIRE_HINT_H
#define WASL_WIRE_HINT_H

#include "wire/kind.h"

/* Free text that seems to hold what a person is known by, while the form has nobody in it: told to whoever writes it,
 * and never a reason to refuse. A hint and no more: it finds spellings, not persons. spec/kind.md, "Hints". */

enum {
  WIRE_HINTS_MAX = 16, /* of one form; what follows is not told */
  WIRE_HINT_NEAR = 24, /* characters between a word as "born" and what it is about */
  WIRE_HINT_BESIDE = 48, /* … between the beginnings of a date and of a telephone number or a document's, in either order */
  WIRE_HINT_AGE_LEAST = 10, /* years: of such a date what is newer is the day of something else, … */
  WIRE_HINT_AGE_MOST = 110, /* … and nobody's is older */
  WIRE_HINT_PHONE_LEAST = 9,
  WIRE_HINT_PHONE_MOST = 15, /* digits, E.164 */
  WIRE_HINT_MRZ_LEAST = 30,  /* characters of a line of a travel document (ICAO 9303) */
};
enum wire_hint {
  WIRE_HINT_EMAIL,
  WIRE_HINT_PHONE,
  WIRE_HINT_BIRTH,    /* a date beside a word for birth; or, of a year that may be one's birth, beside a phone or a document */
  WIRE_HINT_DOCUMENT, /* a number beside a word for a passport or an identity card */
  WIRE_HINT_MRZ,
  WIRE_HINT_KINDS
};
extern const char *const wire_hint_names[WIRE_HINT_KINDS]; /* "email", "phone", "birth", "document", "mrz" */

struct wire_hint_found {
  struct base_view field; /* the kind's */
  enum wire_hint what;
  size_t place; /* in characters, from 1 */
};
/* Of each free text the first of each sort. Nothing where the form has a record of a person; and where its type has no
 * place for one, only of texts that the kind takes for free of personal data. fields: as submitted, checked, at now. Working
 * memory: the arena's; without any, nothing is found. */
size_t wire_form_hints(const struct wire_kind_type *type, const struct wire_json *fields, base_time now,
                       struct base_arena *arena, struct wire_hint_found out[WIRE_HINTS_MAX]);

#endif
