/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CLI_CARRIED_H
#define WASL_CLI_CARRIED_H

#include "base/base.h"

/* The file in which consignments go by hand: spec/carried.md. */

#define CLI_CARRIED_MAGIC "WASLCAR1"
enum { CLI_CARRIED_MAGIC_SIZE = 8, CLI_CARRIED_HASH_SIZE = 32 };

/* Where the consignments of a file lie. */
struct cli_carried {
  int fd;      /* borrowed */
  uint64_t at; /* of the next length */
};
/* Walks the whole file (an ordinary one, any size, constant memory): every length within its bounds, the hash right,
 * nothing behind it. BASE_SYNTAX names the byte, BASE_HASH says that something was changed. *out_count: consignments.
 * *out is set at the first one. */
BASE_NODISCARD enum base_code cli_carried_check(int fd, struct cli_carried *out, uint64_t *out_count,
                                                struct base_error *err);
/* The next consignment into out, which is emptied before; *out_end at the end. After cli_carried_check. */
BASE_NODISCARD enum base_code cli_carried_next(struct cli_carried *carried, struct base_buf *out, bool *out_end,
                                               struct base_error *err);

#endif
