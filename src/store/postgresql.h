/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_STORE_POSTGRESQL_H
#define WASL_STORE_POSTGRESQL_H

#include <libpq-fe.h>

#include "store/sql.h"

/* PostgreSQL behind the verbs, by libpq. Statements are prepared once and run in pipeline mode: what nobody waits for is sent
 * and its result read later, so that a step of core costs a round trip for each question and one for its commit. */

enum {
  STORE_SERVER_OLDEST = 130000, /* as PQserverVersion counts: 13 */
  STORE_PENDING_MAX = 64,       /* results not read yet; their size stays far below a socket's buffer */
  STORE_PENDING_BYTES = 1 << 20,
  STORE_FETCH = 500, /* rows of a whole table at a time */
};

struct store_server {
  PGconn *link;
  char name[STORE_NAME_MAX];
};

struct store_pending {
  const char *doing;
  int prepares; /* the statement that this makes; -1: none */
  bool fence;   /* its failure says that another core has taken over */
};

struct store_postgresql {
  struct store store; /* first: a pointer to it is one to this */
  PGconn *link;
  int64_t generation; /* of this writer; any later one fences this one off */
  bool lost;
  struct base_error why; /* lost */
  bool prepared[STORE_STATEMENTS];
  size_t pending_count, pending_bytes;
  struct store_pending pending[STORE_PENDING_MAX];
};

extern const struct store_engine store_engine_postgresql;
void store_postgresql_close(struct store *store);
/* One sentence from a failed result (NULL: from the connection). */
enum base_code store_postgresql_fail(struct store_postgresql *store, const PGresult *result, const char *doing,
                                     struct base_error *err);
/* Before the pipeline: runs SQL and gives its first row's columns as text, at most `columns`, which live in *out. */
BASE_NODISCARD enum base_code store_postgresql_ask(struct store_postgresql *store, const char *sql, int columns,
                                                   PGresult **out, struct base_error *err);

#endif
