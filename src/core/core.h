/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_H
#define WASL_CORE_H

#include "core/keeperlink.h"
#include "link/link.h"
#include "store/store.h"

/* The decisions. One thread and a step function: inputs are taken in, then settled together: one transaction, one
 * attested head, and only then the answers. Core reads no clock, randomness or network by itself; they are handed in.
 */

struct core;
/* The kinds of case that the program has in itself, parsed: the same for each core of a process, changed by none. */
struct core_shipped;
BASE_NODISCARD enum base_code core_shipped_load(struct core_shipped **out, struct base_error *err);
void core_shipped_free(struct core_shipped *shipped);

struct core_environment {
  const struct base_world *world;
  struct core_keeper keeper;
  int dir;               /* core's own folder, open: core.db and parts/ */
  struct store_server *database; /* instead of core.db; core_open takes it over, whatever comes of it. NULL: core.db */
  struct base_view card; /* the node's card, exact bytes */
  const struct core_shipped *shipped; /* lives longer than the core */
  struct base_view backup_key; /* the text of the key that backups are sealed to; empty: each one names its own */
  /* Bytes free on the disk of dir and its size, false: not known. NULL: the file system is asked. */
  bool (*room)(void *context, uint64_t *free, uint64_t *size);
  /* Sends the answer to the request that came in with this token. fd (or -1) stays core's. */
  void *context;
  void (*answer)(void *context, uint64_t token, enum base_code status, struct base_view payload, int fd);
};
/* Opens (or makes) the store, brings the register to an attested head, loads partners and agreements. */
BASE_NODISCARD enum base_code core_open(const struct core_environment *environment, struct core **out,
                                        struct base_error *err);
void core_close(struct core *core);

/* Takes in one request of the table; the answer comes during a later core_settle, for parked ones when there is
 * something to say. payload is read now. fd is borrowed. */
void core_input(struct core *core, enum link_request_code code, uint64_t token, struct base_view payload, int fd);
/* The asker of this token is gone: a parked request is forgotten. */
void core_forget(struct core *core, bool (*gone)(void *context, uint64_t token), void *context);
/* Commits what came in, has the head attested, hands over the answers and the next consignments. Returns the
 * milliseconds until it wants to be called again without input, -1 for not at all. A fault of store or keeper that
 * leaves it unable to go on is returned; what came in was answered with the error then. */
int64_t core_settle(struct core *core, enum base_code *out_fatal, struct base_error *err);

/* False: the connection to the database is gone, and core_settle will return a fault. */
bool core_database_alive(const struct core *core);

#endif
