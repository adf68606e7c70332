/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/limits.h"

/* Only the owner and root come in here, and a large upload may take its time. */
const struct gate_limits gate_limits_local = {
    .connections = 384,
    .idle_s = 300,
    .head_ms = 30000,
    .body_ms = -1,
    .stop_ms = 8000,
};

/* A partner's core sends one exchange at a time, and one more after a cut. The client gives up an idle connection
 * before the server does, so that no request meets a closing door. */
const struct gate_limits gate_limits_peer = {
    .strangers = 512,
    .per_address = 64,
    .connections = 1024,
    .per_key = 16,
    .per_partner = 4,
    .gives = 32,
    .gives_reserved = 16,
    .idle_s = 75,
    .handshake_ms = 10000,
    .head_ms = 10000,
    .body_ms = 20000,
    .slowest_body_bytes_s = 8 << 10,
    .connect_ms = 5000,
    .exchange_ms = 60000,
    .slowest_bytes_s = 64 << 10,
    .stop_ms = 8000,
};
