/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_READERS_H
#define WASL_CORE_READERS_H

#include "core/internal.h"

/* Cases whose content is for named persons alone (readers.c): the kind says `readers`, a supervisor names them, and nobody
 * gives anything of it out. Everything in core that shows content to who asks for it looks here first. spec/readers.md. */

/* --- who may */
/* Before anything of this message, or of the case that it opens, is read for who asks. gives_out: it is to leave the node,
 * which nobody may. BASE_POLICY; what is not here passes, for whoever reads it next says so. */
BASE_NODISCARD enum base_code core_readers_open(struct core *core, const struct base_id *message, bool gives_out,
                                                struct base_error *err);
/* Whether what the case of a message with this header holds is for named persons alone. */
BASE_NODISCARD enum base_code core_readers_named(struct core *core, const struct wire_header *header,
                                                 const struct base_id *case_id, bool *out, struct base_error *err);
/* Before a person erases this message, or the case that it opens, by hand: BASE_POLICY for who may not read it, by whom else nobody
 * would ever learn what was there. */
BASE_NODISCARD enum base_code core_readers_erase(struct core *core, const struct base_id *message, struct base_error *err);
/* How many cases with named readers are here. When the first person is added none of them has any. */
BASE_NODISCARD enum base_code core_readers_unread(struct core *core, uint64_t *out, struct base_error *err);
/* Likewise of a message that who asks writes into a case that is here; case_id NULL: it opens one. */
BASE_NODISCARD enum base_code core_readers_write(struct core *core, const struct wire_kind *kind,
                                                 const struct base_id *case_id, struct base_error *err);
/* Who opened the case reads it, when he is a person of this node. Within the step that opens it. */
BASE_NODISCARD enum base_code core_readers_opened(struct core *core, const struct wire_kind *kind,
                                                  const struct base_id *case_id, struct base_view actor,
                                                  struct base_error *err);

/* --- named, and listed */
void core_reader_list(struct core *core, uint64_t token, const struct wire_json *request);
void core_reader_change(struct core *core, uint64_t token, const struct wire_json *request);

/* For the check of the register: the newest `reader` leaf about a person and a case is the one that the stored row names. */
BASE_NODISCARD enum base_code core_readers_fit(struct core *core, const struct wire_opening *opening, uint64_t index,
                                               bool *out, struct base_error *err);

#endif
