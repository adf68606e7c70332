/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sql.h"

#include <inttypes.h>

/* Partners, the heads of theirs that we keep, and evidence against them. */

static enum base_code no_partner(struct store *store, int64_t number, struct base_error *err) {
  return base_fail(err, BASE_NOT_FOUND, "%s: no partner %" PRId64, store->name, number);
}

enum base_code store_partner_there(struct store *store, int64_t number, struct base_error *err) {
  int64_t there;
  bool found = false;
  enum base_code code =
      store_run_number(store, STORE_SQL_PARTNER_THERE, STORE_VALUES(store_number(number)), &found, &there, err);
  return code == BASE_OK && !found ? no_partner(store, number, err) : code;
}

static enum base_code put_progress(struct store *store, int64_t number, const struct store_partner *partner,
                                   uint64_t *changed, struct base_error *err) {
  return store_run(store, STORE_SQL_PARTNER_PROGRESS,
                   STORE_VALUES(store_number(number), store_text(partner->name), store_unsigned(partner->sent_number),
                                store_hash(&partner->sent_previous), store_unsigned(partner->received_number),
                                store_hash(&partner->received_previous), store_unsigned(partner->cosigned_size),
                                store_unsigned(partner->head_size), store_hash(&partner->head_root),
                                store_number(partner->owes_cosign), store_number(partner->last_contact)),
                   changed, err);
}

enum base_code store_partner_add(struct store *store, struct store_partner *partner, struct base_error *err) {
  bool found = false;
  int64_t number = 0;
  enum base_code code = store_run_number(store, STORE_SQL_PARTNER_ADD,
                                         STORE_VALUES(store_text(partner->origin), store_text(partner->name),
                                                      store_text(partner->fingerprint), store_number(partner->state),
                                                      store_bytes(partner->card), store_unsigned(partner->leaf_index)),
                                         &found, &number, err);
  if (code == BASE_OK && !found)
    return base_fail(err, BASE_EXISTS, "a partner named %.*s, or with the key of its card, exists already",
                     (int)partner->name.size, (const char *)partner->name.data);
  if (code == BASE_OK)
    code = put_progress(store, number, partner, NULL, err);
  if (code == BASE_OK)
    partner->number = number;
  return code;
}

enum base_code store_partner_update(struct store *store, const struct store_partner *partner, struct base_error *err) {
  uint64_t changed = 0;
  enum base_code code = store_run(store, STORE_SQL_PARTNER_UPDATE,
                                  STORE_VALUES(store_number(partner->number), store_text(partner->name),
                                               store_text(partner->fingerprint), store_number(partner->state),
                                               store_bytes(partner->card), store_unsigned(partner->leaf_index)),
                                  NULL, err);
  if (code == BASE_OK)
    code = put_progress(store, partner->number, partner, &changed, err);
  if (code != BASE_OK || changed > 0)
    return code;
  /* Nothing was written: there is no such partner, or he does not bear this name, because another one does. */
  code = store_partner_there(store, partner->number, err);
  if (code == BASE_OK)
    code = base_fail(err, BASE_EXISTS, "a partner named %.*s exists already", (int)partner->name.size,
                     (const char *)partner->name.data);
  return code;
}

static enum base_code read_partner(struct store_rows *rows, struct base_arena *arena, struct store_partner *out,
                                   struct base_error *err) {
  *out = (struct store_partner){
      .number = store_row_number(rows, 0),
      .origin = store_row_bytes(rows, 1, arena),
      .name = store_row_bytes(rows, 2, arena),
      .fingerprint = store_row_bytes(rows, 3, arena),
      .state = (enum store_partner_state)store_row_at_most(rows, 4, STORE_PARTNER_SUSPENDED),
      .card = store_row_bytes(rows, 5, arena),
      .sent_number = store_row_unsigned(rows, 6),
      .received_number = store_row_unsigned(rows, 8),
      .cosigned_size = store_row_unsigned(rows, 10),
      .head_size = store_row_unsigned(rows, 11),
      .owes_cosign = store_row_flag(rows, 13),
      .last_contact = store_row_number(rows, 14),
      .leaf_index = store_row_unsigned(rows, 15),
  };
  store_row_32(rows, 7, out->sent_previous.bytes);
  store_row_32(rows, 9, out->received_previous.bytes);
  store_row_32(rows, 12, out->head_root.bytes);
  return store_row_check(rows, err);
}

enum base_code store_partner_next(struct store *store, int64_t *key, struct base_arena *arena,
                                  struct store_partner *out, struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  enum base_code code = store_rows_after(store, STORE_SQL_PARTNER_NEXT, *key, &rows, err);
  if (code != BASE_OK)
    return code;
  *key = store_row_number(&rows, 0);
  return read_partner(&rows, arena, out, err);
}

enum base_code store_partner_kept(struct store *store, int64_t partner, uint64_t *cosignatures, uint64_t *heads,
                                  struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  bool found = false;
  enum base_code code = store_rows_open(store, STORE_SQL_PARTNER_KEPT, STORE_VALUES(store_number(partner)), &rows, err);
  if (code == BASE_OK)
    code = store_rows_next(&rows, &found, err);
  if (code == BASE_OK && !found)
    code = no_partner(store, partner, err);
  if (code != BASE_OK)
    return code;
  *cosignatures = store_row_unsigned(&rows, 0);
  *heads = store_row_unsigned(&rows, 1);
  return store_row_check(&rows, err);
}

enum base_code store_kept_next(struct store *store, enum store_statement statement, struct store_pair *key,
                               struct base_buf *out, struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  enum base_code code = store_rows_after_pair(store, statement, key, &rows, err);
  if (code != BASE_OK)
    return code;
  *key = (struct store_pair){store_row_number(&rows, 0), store_row_number(&rows, 1)};
  base_buf_add_view(out, store_row_bytes(&rows, 2, NULL));
  return base_buf_check(out, "a head or a cosignature", err);
}

enum base_code store_partner_head_next(struct store *store, struct store_pair *key, struct base_buf *note,
                                       struct base_error *err) {
  return store_kept_next(store, STORE_SQL_PARTNER_HEAD_NEXT, key, note, err);
}

enum base_code store_kept_put(struct store *store, enum store_statement add, enum store_statement change,
                              int64_t partner, uint64_t size, struct base_view bytes, struct base_error *err) {
  uint64_t added = 0;
  enum base_code code =
      store_run(store, add, STORE_VALUES(store_number(partner), store_unsigned(size), store_bytes(bytes)), &added, err);
  if (code != BASE_OK)
    return code;
  if (added == 0) {
    code = store_run(store, change, STORE_VALUES(store_number(partner), store_unsigned(size), store_bytes(bytes)),
                     &added, err);
    return code == BASE_OK && added == 0
               ? base_fail(err, BASE_NOT_FOUND, "%s: no partner %" PRId64 ", or no head of size %" PRIu64, store->name,
                           partner, size)
               : code;
  }
  bool head = add == STORE_SQL_PARTNER_HEAD_ADD;
  return store_run(store, STORE_SQL_PARTNER_KEPT_CHANGE,
                   STORE_VALUES(store_number(partner), store_number(!head), store_number(head)), NULL, err);
}

enum base_code store_partner_head_put(struct store *store, int64_t partner, uint64_t size, struct base_view note,
                                      struct base_error *err) {
  return store_kept_put(store, STORE_SQL_PARTNER_HEAD_ADD, STORE_SQL_PARTNER_HEAD_CHANGE, partner, size, note, err);
}

enum base_code store_partner_head_get(struct store *store, int64_t partner, uint64_t size, struct base_buf *note,
                                      struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  bool found = false;
  enum base_code code = store_rows_open(store, STORE_SQL_PARTNER_HEAD_GET,
                                        STORE_VALUES(store_number(partner), store_unsigned(size)), &rows, err);
  if (code == BASE_OK)
    code = store_rows_next(&rows, &found, err);
  if (code == BASE_OK && !found)
    code = base_fail(err, BASE_NOT_FOUND, "%s: no head of size %" PRIu64 " of partner %" PRId64, store->name, size,
                     partner);
  if (code != BASE_OK)
    return code;
  base_buf_add_view(note, store_row_bytes(&rows, 0, NULL));
  return base_buf_check(note, "a partner's head", err);
}

enum base_code store_partner_head_upto(struct store *store, int64_t partner, uint64_t most, uint64_t *out_size,
                                       struct base_buf *note, struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  bool found = false;
  enum base_code code = store_rows_open(store, STORE_SQL_PARTNER_HEAD_UPTO,
                                        STORE_VALUES(store_number(partner), store_unsigned(most)), &rows, err);
  if (code == BASE_OK)
    code = store_rows_next(&rows, &found, err);
  if (code == BASE_OK && !found)
    code =
        base_fail(err, BASE_NOT_FOUND, "%s: no head of partner %" PRId64 " up to %" PRIu64, store->name, partner, most);
  if (code != BASE_OK)
    return code;
  *out_size = (uint64_t)store_row_number(&rows, 0);
  base_buf_add_view(note, store_row_bytes(&rows, 1, NULL));
  return base_buf_check(note, "a partner's head", err);
}

enum base_code store_evidence_add(struct store *store, uint64_t leaf, int64_t partner, struct base_view name,
                                  struct base_view bytes, base_time time, struct base_error *err) {
  uint64_t changed = 0;
  enum base_code code = store_run(store, STORE_SQL_EVIDENCE_ADD,
                                  STORE_VALUES(store_number(partner), store_number(time), store_text(name),
                                               store_bytes(bytes), store_unsigned(leaf)),
                                  &changed, err);
  return code == BASE_OK && changed == 0 ? no_partner(store, partner, err) : code;
}

enum base_code store_evidence_next(struct store *store, int64_t *leaf, struct base_arena *arena,
                                   struct store_evidence *out, struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  enum base_code code = store_rows_after(store, STORE_SQL_EVIDENCE_NEXT, *leaf, &rows, err);
  if (code != BASE_OK)
    return code;
  *leaf = store_row_number(&rows, 0);
  *out = (struct store_evidence){.leaf = store_row_unsigned(&rows, 0),
                                 .partner = store_row_number(&rows, 1),
                                 .kept = store_row_number(&rows, 2),
                                 .name = store_row_bytes(&rows, 3, arena),
                                 .bytes = store_row_bytes(&rows, 4, arena)};
  return store_row_check(&rows, err);
}

enum base_code store_evidence_get(struct store *store, uint64_t leaf, struct base_arena *arena,
                                  struct store_evidence *out, struct base_error *err) {
  int64_t key = (int64_t)leaf - 1;
  enum base_code code = store_evidence_next(store, &key, arena, out, err);
  if (code == BASE_NOT_FOUND || (code == BASE_OK && out->leaf != leaf))
    return base_fail(err, BASE_NOT_FOUND, "%s: no evidence is kept for leaf %" PRIu64, store->name, leaf);
  return code;
}
