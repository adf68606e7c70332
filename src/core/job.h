/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_JOB_H
#define WASL_CORE_JOB_H

#include "link/link.h"

/* What core is started for by the command line, for one time, while the node stands still. The URI of a PostgreSQL
 * database comes as a sealed memory file, which names the job:
 *
 *   check     is it reachable, sound and empty? Makes its tables.
 *   migrate   all of core.db is copied there and compared. Nothing of it stands there unless this succeeds.
 *   needs     which epoch keys of the keeper's open the node's data, there or (an empty file) in core.db: {oldest,
 * newest, epoch, origin}; the keys 0 where nothing is to be opened; the register's epoch, and whose the data are, empty
 *             where they do not say it. Nothing is changed.
 *
 * What was done is printed on stdout as one JSON object; a failure as the code's name, a line end and the sentence. */
bool core_job_asked(const struct link_start *start);
enum base_code core_job(const struct link_start *start);

#endif
