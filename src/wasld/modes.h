/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASLD_MODES_H
#define WASLD_MODES_H

#include "wasld/conf.h"

/* Whether the node belongs to who starts it, and whether others could read its keys or put something else in place.
 * Each refusal says what is wrong, why it matters and what to run. path: of the node, for these commands. */

/* Before anything in the folder is opened: its owner alone starts it. */
BASE_NODISCARD enum base_code wasld_modes_owner(const char *path, struct base_error *err);
/* dir: the node's folder, opened. What is only readable and holds nothing secret is a line in the log. */
BASE_NODISCARD enum base_code wasld_modes_check(int dir, const char *path, const struct wasld_conf *conf,
                                                struct base_error *err);

#endif
