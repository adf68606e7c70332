/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_BACKUP_H
#define WASL_CORE_BACKUP_H

#include "core/internal.h"

/* backup.c: the node as a file, sealed to a key that is kept offline */
void core_backup_begin(struct core *core, uint64_t token, const struct wire_json *request);
void core_backup_next(struct core *core, uint64_t token, const struct wire_json *request);

/* core->backup_key, of what is stored. */
BASE_NODISCARD enum base_code core_backup_key_load(struct core *core, struct base_error *err);
/* Of a store that was restored: the newest backup known to it is the one that it came from. */
BASE_NODISCARD enum base_code core_backup_key_restored(struct store *store, struct base_error *err);
/* Some backup is under way: files of parts stay where they are. */
bool core_backups_run(const struct core *core);
/* Gives up those that nobody goes on with, and all when room becomes short. */
void core_backups_expire(struct core *core);
void core_backups_end(struct core *core);

#define CORE_NEWEST_CARD "newest.card" /* of a folder that is restored; node.card is the first one there */

/* restore.c: the other way round, in a process of its own without a keeper */
struct core_restored {
  base_time made;
  uint64_t size; /* leaves */
  struct base_hash root;
  base_time head_time; /* of the last leaf */
  uint64_t rows, messages, cases, partners;
  uint64_t parts, octets;
  uint64_t missing; /* parts that rows name and that the backup does not have whole */
  bool database;
  char origin[WIRE_ORIGIN_MAX + 1], version[32 + 1];
};
struct core_restoring {
  int from;                         /* the backup, read to its end */
  struct wire_backup_header header; /* its origin: borrowed */
  struct base_secret key;           /* of its records */
  int dir;                          /* an empty folder: becomes a core's, and gets node.card */
  bool parts;                       /* false: only sizes of parts are kept, for who wants to look and not to use it */
};
/* Restores, makes durable, and checks what can be checked without a keeper: records and their end, rows, leaves and
 * tiles against the root, the root against the signed head, the head's signature against the card, parts against their
 * rows. After a failure the folder is to be thrown away. */
BASE_NODISCARD enum base_code core_restore(const struct core_restoring *restoring, struct core_restored *out,
                                           struct base_error *err);
/* inspect.c: the checks of a folder that is there. head: the backup's first frame. */
BASE_NODISCARD enum base_code core_inspect(const struct wire_backup_header *header, int dir,
                                           const struct wire_backup_frame *head, struct core_restored *found,
                                           struct base_error *err);

#endif
