/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_WORKER_CHECK_H
#define WASL_WORKER_CHECK_H

#include "link/link.h"

/* For link_handlers.on_request: answers `stix.check` about the sealed memory file that came with it. The payload
 * is what its sender says that it is ("opaque", "json", "stix"), or empty for a part that is stored. The answer is
 * wire_stix_write's JSON; for what is no JSON though it should be, and for a bundle whose shape is wrong the code and the sentence with the JSON path. For `stix.index` the answer is wire_stix_list's
 * list. Keeps nothing from one request to the next. context is not used. */
void worker_check(void *context, struct link_channel *channel, struct link_message *message);

#endif
