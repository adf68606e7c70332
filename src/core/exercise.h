/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_EXERCISE_H
#define WASL_CORE_EXERCISE_H

#include "core/internal.h"

/* Exercises, apart from what is real (exercise.c): a case is one from the message that opens it on, by a mark in the header of
 * each of its messages. Everything in core that keeps the two apart asks here. spec/exercise.md. Not for others. */

/* --- whether it is one */
/* Of a case or of a message. What is not here, or cannot be read, is none. A failure is one of the machine. */
BASE_NODISCARD enum base_code core_exercise_of_case(struct core *core, const struct base_id *id, bool *out,
                                                    struct base_error *err);
/* Of a message. *there: it is here, or was, and so it is known. */
BASE_NODISCARD enum base_code core_exercise_known(struct core *core, const struct base_id *id, bool *there, bool *out,
                                                  struct base_error *err);
/* Of a leaf, by the message or case that it is about, also when that was erased whole since. */
BASE_NODISCARD enum base_code core_exercise_of_leaf(struct core *core, enum wire_act act, const struct wire_opening *opening,
                                                    bool *out, struct base_error *err);
/* The end of the subject of a `denied` leaf, which is about no message, and of a `cleared` one, where of a case no message is
 * left. */
#define CORE_EXERCISE_SAID " exercise"

/* --- what is written */
/* Whether the document says that an exercise is meant; BASE_POLICY: in a case that it is not, or the other way round. by_hand:
 * else it is the node's own, which goes by the case. kase NULL: it opens one; *out: whether it is an exercise. */
BASE_NODISCARD enum base_code core_exercise_meant(const struct wire_json *document, bool by_hand,
                                                  const struct core_case *kase, bool *out, struct base_error *err);
/* BASE_POLICY: the kind has none, since what it makes is law for what is real. */
BASE_NODISCARD enum base_code core_exercise_may(const struct wire_kind *kind, bool exercise, struct base_error *err);
/* BASE_POLICY: it is marked, and its case is not, or the other way round. */
BASE_NODISCARD enum base_code core_exercise_fits(const struct wire_header *header, bool exercise, struct base_error *err);
/* BASE_POLICY: a field of the type reference names a message of the other. header or fields may be NULL. */
BASE_NODISCARD enum base_code core_exercise_names(struct core *core, const struct wire_kind_type *type,
                                                  const struct wire_header *header, const struct wire_json *fields,
                                                  bool exercise, struct base_error *err);

/* "EXERCISE: " before a line of the log, or nothing. */
const char *core_exercise_word(bool exercise);
/* The member `exercise` of what is shown. */
BASE_NODISCARD enum base_code core_exercise_show(struct core *core, struct wire_writer *writer, const struct base_id *id,
                                                 struct base_error *err);

#endif
