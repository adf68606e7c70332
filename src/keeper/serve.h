/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_KEEPER_SERVE_H
#define WASL_KEEPER_SERVE_H

#include "keeper/keeper.h"
#include "link/link.h"

/* For link_handlers.on_request, with the keeper as context: answers one request of core, with the outcome and, when it
 * failed, the sentence. */
void keeper_serve(void *keeper, struct link_channel *channel, struct link_message *message);

#endif
