/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASLD_SOCKETS_H
#define WASLD_SOCKETS_H

#include "wasld/conf.h"

/* Binds and listens at each address of the configuration. A killed predecessor, whose lock is free already, may hold one
 * a moment longer: it is tried again for WASLD_BIND_MS, no longer, because whoever starts a node beside another program
 * wants to hear of it at once. out has WASLD_LISTEN_MAX places. */
enum { WASLD_BIND_MS = 1000 };
BASE_NODISCARD enum base_code wasld_listen_tcp(const struct wasld_conf *conf, int *out, struct base_error *err);
/* The Unix socket api.sock in the working folder (relative, as its path may be longer than a socket address), for the
 * owner of that folder alone. One that is there already is stale: the caller holds the node's lock. */
BASE_NODISCARD enum base_code wasld_listen_local(int *out, struct base_error *err);

#endif
