/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_LANE_H
#define WASL_CORE_LANE_H

#include "core/internal.h"

/* The wall between what is humanitarian and all others (lane.c): of which lane a case is, what a person sees of it, and
 * what a message may name. Everything in core that keeps to the wall asks here. spec/lanes.md. Not for others. */

#define CORE_LANE_BIT(lane) (1U << (lane))
enum {
  CORE_LANES_APART = CORE_LANE_BIT(WIRE_LANE_HUMANITARIAN),
  CORE_LANES_SHARED = CORE_LANE_BIT(WIRE_LANE_ENFORCEMENT) | CORE_LANE_BIT(WIRE_LANE_CIVIL),
  CORE_LANES_ALL = CORE_LANES_APART | CORE_LANES_SHARED, /* of the node itself, and of its owner where it knows no persons */
};

#define CORE_LANE_SAID " humanitarian" /* in the subject of a `denied` leaf, behind KIND/TYPE, and of the `read` leaf of … */
#define CORE_LANE_SEARCH "stix"        /* … a search that found nothing */

/* --- of which lane */
/* WIRE_LANE_NONE: it makes law for all, or nothing of it is here. WIRE_LANE_UNKNOWN: its kind is gone, it makes law and names
 * what is not here yet, or it was erased with its case and no leaf here says of which lane that was. A failure is one of the
 * machine. */
BASE_NODISCARD enum base_code core_lane_of_case(struct core *core, const struct base_id *id, enum wire_lane *out,
                                                struct base_error *err);
BASE_NODISCARD enum base_code core_lane_of_message(struct core *core, const struct base_id *id, enum wire_lane *out,
                                                   struct base_error *err);
/* Of a case that this header opens: the kind's; where that makes law, the one of what the header names, which
 * WIRE_LANE_UNKNOWN stands for until that is here. */
BASE_NODISCARD enum base_code core_lane_opened(struct core *core, const struct wire_kind *kind,
                                               const struct wire_header *header, enum wire_lane *out,
                                               struct base_error *err);
/* Of a message that is refused: of its case, of what it follows and names; WIRE_LANE_UNKNOWN where these lie on both sides, or
 * its kind is not here. fields may be NULL. A failure is one of the machine. */
BASE_NODISCARD enum base_code core_lane_refused(struct core *core, const struct wire_header *header,
                                                const struct wire_json *fields, enum wire_lane *out,
                                                struct base_error *err);
/* The subject of its leaf, which core_lane_of_leaf reads: of most that is refused nothing else is kept. */
void core_lane_refused_write(enum wire_lane lane, bool exercise, struct base_buf *out);
/* A message of this lane is here: what named it before it came, and makes law, is of its lane, too. */
BASE_NODISCARD enum base_code core_lane_settle(struct core *core, const struct base_id *message, enum wire_lane lane,
                                               struct base_error *err);
/* Of a leaf, by the message or case that it is about, or by what it says itself. */
BASE_NODISCARD enum base_code core_lane_of_leaf(struct core *core, enum wire_act act, const struct wire_opening *opening,
                                                enum wire_lane *out, struct base_error *err);

/* Of any lane but WIRE_LANE_NONE, to stand in a sentence. */
const char *core_lane_name(enum wire_lane lane);

/* --- who sees it */
bool core_lanes_have(unsigned lanes, enum wire_lane lane);
/* Whether the one who asks does; when nobody asks, the node itself does. */
bool core_lane_sees(const struct core *core, enum wire_lane lane);
/* BASE_NOT_FOUND, in the same words of what is on the other side and of what is not here at all. what: "case" or "message". */
BASE_NODISCARD enum base_code core_lane_open(struct core *core, const char *what, const struct base_id *id,
                                             struct base_error *err);
/* BASE_POLICY: who asks does not work in the kind's lane. */
BASE_NODISCARD enum base_code core_lane_writes(const struct core *core, const struct wire_kind *kind,
                                               struct base_error *err);
/* What a list, a table or a stream shows, never both sides: the request's `lane`, else that of its
 * `kind`, else what the asker has, and of one who has all of them what is not humanitarian. BASE_FIELD, BASE_POLICY. */
BASE_NODISCARD enum base_code core_lane_view(const struct core *core, const struct wire_json *request, unsigned *out,
                                             struct base_error *err);

/* --- what a message names */
/* The text of a field: of the header, where it is a state field, else of those of part 0. Either may be NULL. */
struct base_view core_field_text(const struct wire_kind_field *field, const struct wire_header *header,
                                 const struct wire_json *fields);
struct core_names {
  const struct wire_kind *kind;
  const struct wire_kind_type *type;
  const struct base_id *case_id;    /* NULL: it opens one */
  const struct wire_header *header; /* this or fields may be NULL */
  const struct wire_json *fields;
  struct base_view partner; /* the origin of who sent it; empty: it is ours */
  bool by_person;           /* who asks wrote it: the node itself may name what is not here yet */
};
/* BASE_POLICY: a field of the type reference names a message of the other side. Of what he is no party a partner is told
 * nothing: to him it is not here. BASE_FIELD: nor is it to a person who has not its lane, who can name nothing else either that
 * is not here. */
BASE_NODISCARD enum base_code core_lane_names(struct core *core, const struct core_names *names, struct base_error *err);

/* Whether that partner is a party of a message that is here: of any other one he is told nothing. */
BASE_NODISCARD enum base_code core_lane_party(struct core *core, const struct base_id *id, struct base_view partner, bool *out,
                                              struct base_error *err);

/* --- of persons */
/* An array of names; BASE_FIELD: one is unknown, there is none, or both sides are in it. */
BASE_NODISCARD enum base_code core_lanes_read(const struct wire_json *list, unsigned *out, struct base_error *err);
void core_lanes_write(struct wire_writer *writer, unsigned lanes);
/* "enforcement, civil" */
void core_lanes_text(unsigned lanes, struct base_buf *out);

#endif
