/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_KINDS_H
#define WASL_CORE_KINDS_H

#include "core/internal.h"

/* The kinds of case that this node holds: those of the program, and those that were added to the node (kinds.c,
 * kindkept.c). spec/kind.md, "Kinds of a node". Not for others. */

/* kinds.c. Those of the program among the node's, before anything is opened. */
BASE_NODISCARD enum base_code core_kinds_begin(struct core *core, struct base_error *err);
void core_kinds_free(struct core *core);
/* What new cases are of: the program's, else the highest version that was added; NULL: there is none. */
const struct core_kind *core_kind_named(const struct core *core, struct base_view name);
/* What a case that is there is of. */
const struct core_kind *core_kind_hashed(const struct core *core, struct base_view name, const struct base_hash *hash);
/* version 0: as core_kind_named. */
const struct core_kind *core_kind_versioned(const struct core *core, struct base_view name, int64_t version);
/* BASE_KIND: there is none of this name. */
enum base_code core_kind_none(struct base_view name, struct base_error *err);
/* BASE_KIND, for a partner to read: what he sent is of a kind that is not here, or not with this hash; what is, and
 * what to do. */
enum base_code core_kind_unknown(const struct core *core, struct base_view name, const struct base_hash *hash,
                                 struct base_error *err);
/* Whether its cases are what law goes by. */
bool core_kind_agreement(const struct wire_kind *kind);
bool core_kind_recall(const struct core_kind *kind);
/* BASE_KIND: it has no type of this name. */
enum base_code core_kind_lacks(const struct core_kind *kind, struct base_view type, struct base_error *err);
/* From its two files; not among those of the node yet. keep: its labels stay in memory. */
BASE_NODISCARD enum base_code core_kind_make(struct base_view file, struct base_view labels, bool keep,
                                             struct core_kind **out, struct base_error *err);
void core_kind_free(struct core_kind *kind);
/* Takes over one that was added, also when it fails. */
BASE_NODISCARD enum base_code core_kind_insert(struct core *core, struct core_kind *kind, struct base_error *err);
/* One that was added, out of memory; nobody may hold it any more. */
void core_kind_drop(struct core *core, const struct core_kind *kind);

/* kindkept.c. Those that were added, as they are stored, anew. One that is damaged, or that this program does not
 * understand, is left out and told; it stops nothing. After the register. */
BASE_NODISCARD enum base_code core_kinds_reload(struct core *core, struct base_error *err);
/* Their labels, which are not kept in memory. */
BASE_NODISCARD enum base_code core_kind_labels(struct core *core, const struct core_kind *kind, struct wire_labels *out,
                                               struct base_error *err);
/* kind.add: {file, labels}; kind.remove: {kind, version}. */
void core_kind_add(struct core *core, uint64_t token, const struct wire_json *request);
void core_kind_remove(struct core *core, uint64_t token, const struct wire_json *request);
/* Whether what is stored of the kind that this leaf is about is at least as new. */
BASE_NODISCARD enum base_code core_kind_fits(struct core *core, const struct wire_opening *opening, uint64_t index,
                                             bool *fits, struct base_error *err);
/* Those left out, as texts of an array that is open. */
void core_kinds_unsound(const struct core *core, struct wire_writer *writer);

#endif
