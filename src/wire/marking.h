/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_WIRE_MARKING_H
#define WASL_WIRE_MARKING_H

#include "base/base.h"

/* The two lines of part 0 that say how far a message may go and how good it is: `handling` and `grading`. One spelling
 * for one meaning; other notations are read where people type, and mapped both ways. spec/handling.md. */

/* --- handling */
/* How far it may go, in ascending strictness: the marks of the Traffic Light Protocol 2.0 (FIRST). */
enum wire_level { WIRE_LEVEL_NONE, WIRE_CLEAR, WIRE_GREEN, WIRE_AMBER, WIRE_AMBER_STRICT, WIRE_RED, WIRE_LEVELS };
/* What may be done with it: the Permissible Actions Protocol. */
enum wire_pap { WIRE_PAP_NONE, WIRE_PAP_CLEAR, WIRE_PAP_GREEN, WIRE_PAP_AMBER, WIRE_PAP_RED, WIRE_PAPS };
/* Bits: Europol's H0, H1, H2. H3 is the free restriction. */
enum wire_condition { WIRE_CRIME_PURPOSES_ONLY = 1, WIRE_NO_JUDICIAL_USE = 2, WIRE_NO_ONWARD = 4 };
enum { WIRE_CONDITIONS = 3 };
extern const char *const wire_level_codes[WIRE_LEVELS]; /* [WIRE_LEVEL_NONE] is "" */
extern const char *const wire_pap_codes[WIRE_PAPS];     /* likewise; "pap_clear" … */
extern const char *const wire_condition_codes[WIRE_CONDITIONS];

struct wire_marking {
  enum wire_level level;
  enum wire_pap pap;
  unsigned conditions;
  struct base_view text; /* a free restriction; may be empty */
};
/* What a message without a level counts as: no mark is no permission to pass it on. */
enum { WIRE_LEVEL_DEFAULT = WIRE_AMBER };

/* What a person wrote: codes in any order, between blanks or commas; TLP:AMBER+STRICT, PAP:RED, H0 to H3 are
 * understood; after a semicolon a free restriction. out->text is a view into text. BASE_FIELD: no such code (all are
 * named), more than one level, or two that contradict each other. */
BASE_NODISCARD enum base_code wire_marking_read(struct base_view text, struct wire_marking *out,
                                                struct base_error *err);
/* Appends its one spelling: level, conditions, pap, text. */
void wire_marking_write(const struct wire_marking *marking, struct base_buf *out);
/* Whether the text is that spelling of some marking, which is out; false leaves out alone. */
bool wire_marking_parse(struct base_view text, struct wire_marking *out);
/* The level that law goes by. marking NULL: there is none, or it cannot be read. */
enum wire_level wire_marking_level(const struct wire_marking *marking);
/* Whether a message marked with the first may be used or passed on more freely than one marked with the second: a lower
 * level, a condition, a lower pap or a free restriction that is not there. NULL: there is none, or it cannot be read;
 * that counts as its default level. */
bool wire_marking_freer(const struct wire_marking *marking, const struct wire_marking *than);
/* Whether passing its message on needs its originator's consent. marking NULL: yes. */
bool wire_marking_needs_consent(const struct wire_marking *marking);

enum wire_marking_scheme { WIRE_TLP, WIRE_PAP, WIRE_EUROPOL, WIRE_MARKING_SCHEMES };
extern const char *const wire_marking_schemes[WIRE_MARKING_SCHEMES]; /* "tlp", "pap", "europol" */
/* Appends how that scheme says it, never freer than it was said about passing on; nothing when it has no word for it.
 * Whether something was lost: reading it again gives another marking. */
bool wire_marking_map(const struct wire_marking *marking, enum wire_marking_scheme scheme, struct base_buf *out);

/* --- grading of source and information */
enum wire_scheme { WIRE_4X4, WIRE_6X6, WIRE_5X5X5, WIRE_3X5X2, WIRE_SCHEMES };
extern const char *const wire_schemes[WIRE_SCHEMES]; /* "4x4" … */
struct wire_grading {
  enum wire_scheme scheme;
  char source, information;
  char third; /* 5x5x5 and 3x5x2 have a handling code of their own; 0: not given */
};
/* "4x4:B/2", also b2 or B2 after the colon; the third of 5x5x5 and 3x5x2 may be left out. BASE_FIELD names what there
 * is. */
BASE_NODISCARD enum base_code wire_grading_read(struct base_view text, struct wire_grading *out,
                                                struct base_error *err);
/* Its one spelling, "4x4:B/2". */
void wire_grading_write(const struct wire_grading *grading, struct base_buf *out);
bool wire_grading_parse(struct base_view text, struct wire_grading *out);
/* The nearest grade of another scheme that does not look better, where there is one. Whether something was lost: a
 * grade that does not mean the same. */
bool wire_grading_convert(const struct wire_grading *grading, enum wire_scheme to, struct wire_grading *out);
/* "A", "B" … of a scheme, the best first. */
const char *wire_grading_sources(enum wire_scheme scheme);
const char *wire_grading_informations(enum wire_scheme scheme);
const char *wire_grading_thirds(enum wire_scheme scheme); /* "" when it has none */

#endif
