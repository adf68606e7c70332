/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CLI_DATABASE_H
#define WASL_CLI_DATABASE_H

#include "base/base.h"

/* A node's store as a person names it. */
enum { CLI_DATABASE_MAX = 1024, CLI_PASSWORD_MAX = 1024 };
struct cli_database {
  struct base_buf uri;                     /* of PostgreSQL, without its password; empty: SQLite */
  char password[CLI_PASSWORD_MAX + 1];     /* that was in it; "": none */
};
#define CLI_AUTO_DATABASE __attribute__((cleanup(cli_database_free)))
/* "sqlite" or a postgresql:// URI, taken apart so that its password goes to no file that others read. BASE_USAGE. */
BASE_NODISCARD enum base_code cli_database_read(const char *given, struct cli_database *out, struct base_error *err);
void cli_database_free(struct cli_database *database);
/* The password, if there is one, as a file of core's folder, for core alone. */
BASE_NODISCARD enum base_code cli_database_password(const struct cli_database *database, int core,
                                                    struct base_error *err);
/* The section of wasl.conf. */
void cli_database_conf(const struct cli_database *database, struct base_buf *conf);
/* wasl.conf, line by line: what of it is about the store. */
enum { CLI_CONF_MAX = 64 << 10 };
struct cli_conf {
  struct base_view rest;        /* to be set to all of it before the first call */
  struct base_view whole, line; /* the line with its end, and what stands in it */
  bool store;                   /* it is in the section of the store, */
  bool database;                /* and says which one, or goes on with that: */
  struct base_view value;
};
/* False: at its end. */
bool cli_conf_next(struct cli_conf *conf);
/* The store that wasl.conf of this folder names, as it stands there; SQLite without one. */
BASE_NODISCARD enum base_code cli_database_of(int dir, struct cli_database *out, struct base_error *err);
/* Runs wasl-core for one job (core/job.h) as the owner of core's folder. out: what it printed; its failure is the error. */
BASE_NODISCARD enum base_code cli_database_job(const char *job, const struct cli_database *database, int core,
                                               struct base_buf *out, struct base_error *err);

#endif
