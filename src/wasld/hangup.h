/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASLD_HANGUP_H
#define WASLD_HANGUP_H

#include "link/link.h"

/* SIGHUP: when the terminal is gone that wasld was started from, gone is called. Sent by somebody, it changes nothing,
 * which the log says. Where it is ignored already (nohup), it stays so. */
BASE_NODISCARD enum base_code wasld_hangup_watch(struct link_loop *loop, void (*gone)(void *context), void *context,
                                                 struct base_error *err);

#endif
