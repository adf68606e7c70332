/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_KEEPER_BACKUP_H
#define WASL_KEEPER_BACKUP_H

#include "wire/backup.h"

/* The key that backups are sealed to. It is no key of the node: an administrator keeps it offline, as a text that can
 * be printed, and brings it when a backup is opened. spec/backup.md, "The key". */

enum { KEEPER_BACKUP_FILE_MAX = 4096 };

/* Makes a key and its file, for its owner alone, whole or not at all; never in place of another file (BASE_EXISTS). */
BASE_NODISCARD enum base_code keeper_backup_make(const char *path, const struct base_world *world,
                                                 struct wire_key *out_public, struct base_error *err);
/* The secret and its public key from the text of such a file. BASE_CORRUPT when it is none, or a digit is wrong. Wipe
 * the secret when done. */
BASE_NODISCARD enum base_code keeper_backup_parse(struct base_view text, struct base_secret *out,
                                                  struct wire_key *out_public, struct base_error *err);
/* The shared secret of a backup, by its header. BASE_PERMISSION when others than its owner have rights on the file,
 * BASE_WRONG_KEY when the backup was made for another key. */
BASE_NODISCARD enum base_code keeper_backup_open(const char *path, const struct wire_backup_header *header,
                                                 uint8_t out_shared[32], struct base_error *err);

#endif
