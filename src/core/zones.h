/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_ZONES_H
#define WASL_CORE_ZONES_H

#include "core/internal.h"

/* In which time zones deadlines are told (zones.c). spec/agreement.md, "Clocks". Not for others. */

/* After the partners. */
BASE_NODISCARD enum base_code core_zones_load(struct core *core, struct base_error *err);
/* A new node takes the zone that node init was told, once. Within the opening's transaction. */
BASE_NODISCARD enum base_code core_zones_open(struct core *core, struct base_error *err);
/* zone.set: {name: a partner's, or "" for this node, zone}. */
void core_zone_set(struct core *core, uint64_t token, const struct wire_json *request);

#endif
