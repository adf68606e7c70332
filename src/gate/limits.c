/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/limits.h"

/* Only the owner and root come in here, and a large upload may take its time. */
const struct gate_limits gate_limits_local = {
    .connections = 384,
    .idle_s = 300,
    .head_ms = 310000,
    .body_ms = -1,
    .stop_ms = 8000,
};

/* A partner may send as many exchanges at once as a gate takes up. The client gives up an idle connection before the
 * server does, so that no request meets a closing door. */
const struct gate_limits gate_limits_peer = {
    .connections = GATE_CONNECTIONS_MAX,
    .per_address = 64,
    .per_partner = GATE_TAKES_MAX,
    .gives = 48,
    .idle_s = 75,
    .head_ms = 90000,
    .body_ms = 120000,
    .connect_ms = 5000,
    .exchange_ms = 60000,
    .slowest_bytes_s = 64 << 10,
    .stop_ms = 8000,
};
