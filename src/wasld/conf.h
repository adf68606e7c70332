/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASLD_CONF_H
#define WASLD_CONF_H

#include "link/link.h"

/* DIR/wasl.conf: an INI file, held to the schema in conf.c. */

enum { WASLD_CONF_MAX = 64 << 10, WASLD_LISTEN_MAX = 8, WASLD_HOST_MAX = 255, WASLD_DATABASE_MAX = 1024, WASLD_BACKUP_KEY = 12 + 16 + 1 + 64 };

struct wasld_address {
  char host[WASLD_HOST_MAX + 1]; /* a number or a name; IPv6 without its brackets */
  char port[6];
};
struct wasld_user {
  uid_t uid;
  gid_t gid;
};
struct wasld_conf {
  char name[BASE_NAME_MAX + 1];
  struct wasld_address listen[WASLD_LISTEN_MAX];
  struct wasld_address addresses[WASLD_LISTEN_MAX]; /* where partners reach the node: as on its card */
  size_t listen_count, address_count;
  struct wasld_user users[LINK_ROLES]; /* of each role, used when started by root */
  char database[WASLD_DATABASE_MAX + 1]; /* a PostgreSQL URI, which may hold a password; "": SQLite */
  uint64_t stop_seconds;               /* that the gates get to finish what is under way */
  uint64_t restarts;                   /* within a minute, before the node gives up */
  char backup[WASLD_BACKUP_KEY + 1];   /* the key that backups are sealed to; empty: each one names its own */
};
/* HOST:PORT or [IPv6]:PORT of each, with commas between; cut where it does not fit. */
void wasld_addresses_write(const struct wasld_address *addresses, size_t count, char *out, size_t room);
/* file: its name, for error texts, which begin "file:line: ". */
BASE_NODISCARD enum base_code wasld_conf_parse(struct base_view text, const char *file, struct wasld_conf *out,
                                               struct base_error *err);

#endif
