/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GATE_STATUS_H
#define GATE_STATUS_H

#include "link/family.h"

/* What the local gate knows of the node beside core: which processes serve and where it listens. */

/* The reason for which core cannot answer now, when there is one: it is halted, or has not started yet (told of status
 * alone: the others wait for it). */
BASE_NODISCARD enum base_code gate_status_core(const struct link_family *family, bool status, struct base_error *err);
/* core's answer to node.status, an object, with listening, processes and warnings behind its members. */
void gate_status_join(const struct link_family *family, struct base_view answer, struct base_buf *out);

#endif
