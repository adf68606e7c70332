/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_LINK_USERS_H
#define WASL_LINK_USERS_H

/* The users (and groups of the same number) that our processes become when the node is started by root. Numbers, not
 * names: nothing has to be added to the machine, and no ordinary account or container range lies here. `[users]` in
 * wasl.conf overrides them; the folder of each in the node must belong to it. */
enum {
  LINK_USER_KEEPER = 1719000001,
  LINK_USER_CORE = 1719000002,
  LINK_USER_GATE = 1719000003,  /* towards partners */
  LINK_USER_LOCAL = 1719000004, /* console and local API */
  LINK_USER_WORKER = 1719000005,
};

#endif
