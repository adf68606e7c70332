/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CLI_BACKUP_H
#define WASL_CLI_BACKUP_H

#include "cli/cli.h"

/* wasl-keeper at work on a key of backups: what it printed, appended to out, which must be zeroed. what: stands before
 * its complaint. */
BASE_NODISCARD enum base_code cli_backup_keeper(const struct cli_program *program, const char *what,
                                                struct base_buf *out, struct base_error *err);


/* Held by a node that runs: BASE_BUSY. */
BASE_NODISCARD enum base_code cli_not_running(int dir, const char *path, struct base_error *err);

#endif
