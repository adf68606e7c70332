/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_RESTORING_H
#define WASL_CORE_RESTORING_H

#include "link/link.h"
#include "wire/backup.h"

/* What wasl-core does for `wasl backup`, once, in an empty working folder: the backup comes on stdin, without its
 * header; a memory file with the header and the 32 bytes of the shared secret names the job:
 *
 *   restore   the folder becomes a core's
 *   verify    the same, but of the files of parts only their sizes are kept: to be looked at and thrown away
 *
 * What was found is printed on stdout as one JSON object; a failure as the code's name, a line end and the sentence. */
enum { CORE_RESTORING_OPENED = WIRE_BACKUP_HEADER + 32 };
bool core_restoring_asked(const struct link_start *start);
enum base_code core_restoring_run(const struct link_start *start);

#endif
