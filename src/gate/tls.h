/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GATE_TLS_H
#define GATE_TLS_H

#include "gate/http.h"

#define GATE_TLS_PRIORITIES "SECURE128:-VERS-ALL:+VERS-TLS1.3"

/* Makes the peer's certificate a must and its key the only thing that counts: the pin is set on the connection during
 * the handshake, or the handshake ends. session: a gnutls_session_t that has not begun. credentials: the key that is
 * presented, NULL: the one that the server was started with. */
void gate_tls_begin(void *session, struct gate_connection *connection, void *credentials);
/* Asked by the handshake: whether the pin is welcome (door.c knows the handlers). */
enum gate_welcome { GATE_WELCOME, GATE_UNKNOWN, GATE_NO_PLACE };
enum gate_welcome gate_http_welcome(struct gate_connection *connection, const struct base_hash *pin);

#endif
