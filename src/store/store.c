/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sql.h"

#include <string.h>

/* A store's life and its transactions, whichever engine is behind it. */

enum base_code store_open_as(int dir, struct store_server *server, const struct store_schema *schema, bool target,
                             struct store **out, struct base_error *err) {
  struct store *store = NULL;
  enum base_code code = server != NULL ? store_open_postgresql(server, schema, target, &store, err)
                                       : store_open_sqlite(dir, schema, &store, err);
  if (code != BASE_OK)
    return code;
  store_forget(store);
  *out = store;
  return BASE_OK;
}

enum base_code store_open(int dir, struct store_server *server, struct store **out, struct base_error *err) {
  return store_open_as(dir, server, &store_schema, false, out, err);
}

enum base_code store_open_target(struct store_server *server, struct store **out, struct base_error *err) {
  return store_open_as(-1, server, &store_schema, true, out, err);
}

void store_close(struct store *store) {
  if (store != NULL)
    store->engine->close_store(store);
}

const char *store_name(const struct store *store) {
  return store->name;
}

bool store_alive(struct store *store) {
  return store->engine->alive(store);
}

void store_forget(struct store *store) {
  memset(store->known_ids, 0, sizeof store->known_ids);
  memset(store->known_deliveries, 0, sizeof store->known_deliveries);
  memset(store->next, 0, sizeof store->next);
  store->next_leaf = -1;
}

enum base_code store_begin(struct store *store, struct base_error *err) {
  if (store->in_transaction)
    return base_fail(err, BASE_INTERNAL, "%s: a transaction within a transaction", store->name);
  store->failed = false;
  enum base_code code = store->engine->begin(store, err);
  store->in_transaction = code == BASE_OK;
  return code;
}

enum base_code store_commit(struct store *store, struct base_error *err) {
  if (!store->in_transaction)
    return base_fail(err, BASE_INTERNAL, "%s: a commit without a transaction", store->name);
  if (store->failed)
    return base_fail(err, BASE_INTERNAL, "%s: the database failed within this transaction: it must be rolled back",
                     store->name);
  enum base_code code = store->engine->commit(store, err);
  if (code == BASE_OK)
    store->in_transaction = false;
  return code;
}

void store_rollback(struct store *store) {
  if (store->in_transaction)
    store->engine->rollback(store);
  store->in_transaction = false;
  store->failed = false;
  store_forget(store);
}

void store_tidy(struct store *store, bool tight) {
  if (!store->in_transaction)
    store->engine->tidy(store, tight);
}

enum base_code store_check(struct store *store, struct base_error *err) {
  return store->engine->check(store, err);
}
