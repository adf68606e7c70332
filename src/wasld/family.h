/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASLD_FAMILY_H
#define WASLD_FAMILY_H

#include "link/family.h"
#include "wasld/conf.h"

/* The processes of a node: started together, watched, started again together when one fails, ended in order. */

/* What wasld has opened and hands over. All descriptors stay wasld's, for the next start. */
struct wasld_handed {
  const struct wasld_conf *conf;
  int tcp[WASLD_LISTEN_MAX]; /* conf->listen_count of them */
  int local;                 /* api.sock */
  int dir;                   /* the node's folder */
  int life; /* locked; every child keeps it open, so that the next wasld can wait until they are all gone */
  struct link_family *page; /* what the gates are told, and its descriptor for reading */
  int family;
  char programs[4096]; /* the folder of wasld itself, where the others are */
};
/* Runs until SIGTERM or SIGINT, or until it gives up. The exit status for main. */
int wasld_family_run(const struct wasld_handed *handed);
/* Starts the partner gate for a moment, which says whether its TLS pair and the node's name are those of the card. life and page
 * must be there, sockets need not. */
BASE_NODISCARD enum base_code wasld_family_try(const struct wasld_handed *handed, struct base_error *err);
/* Are the programs and the folders of all children there? */
BASE_NODISCARD enum base_code wasld_family_check(const struct wasld_handed *handed, struct base_error *err);

#endif
