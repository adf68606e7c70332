/* SPDX-License-Identifier: Apache-2.0 */
#include "core/crosscheck.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/check.h"
#include "core/kinds.h"
#include "find/find.h"

/* What a message holds, as tokens: HMAC under a key of the node, wrapped by the keeper's epoch key like those of messages, so that
 * whoever has the database alone can test no guess. A purpose for each sort keeps one from another. */

static struct store_match_token token_of(const struct core *core, const struct find_value *value) {
  char purpose[32];
  struct store_match_token token;
  (void)snprintf(purpose, sizeof purpose, "wasl crosscheck/1 %s", wire_match_names[value->sort]);
  struct base_hash hash = seal_keyed(&core->match_key, purpose, value->normal);
  memcpy(token.bytes, hash.bytes, sizeof token.bytes);
  return token;
}

/* --- noted */

struct noting {
  struct core *core;
  const struct base_id *message;
  struct base_error *err;
};

static enum base_code note_value(void *context, const struct find_value *value) {
  const struct noting *noting = context;
  struct store_match_token token = token_of(noting->core, value);
  return store_match_add(noting->core->store, noting->message, &token,
                         core_crosscheck_place(value->field, value->row, value->sort), noting->err);
}

enum base_code core_crosscheck_note(struct core *core, const struct base_id *message, const struct wire_kind_type *type,
                                    const struct wire_json *fields, struct base_error *err) {
  struct noting noting = {core, message, err};
  size_t left = 0;
  if (core->match_key_lost || type == NULL || !type->matched)
    return BASE_OK;
  enum base_code code = find_values(type, fields, note_value, &noting, &left, err);
  if (code == BASE_OK && left > 0)
    base_log(BASE_LOG_WARNING, "crosscheck.left",
             "message %s has %zu values more than its kind allows: no cross-check finds these", base_id_text(message).text,
             left);
  return code;
}

/* --- held against the content */

struct noted {
  uint32_t place;
  struct store_match_token token;
};

struct list {
  struct core *core;
  size_t count, room;
  struct noted *all;
  struct base_error *err;
};

static enum base_code add(struct list *list, const struct store_match_token *token, uint32_t place) {
  if (list->count == list->room) {
    size_t room = list->room == 0 ? 16 : 2 * list->room;
    struct noted *grown = realloc(list->all, room * sizeof *grown);
    if (grown == NULL)
      return base_fail(list->err, BASE_MEMORY, "no memory for what a cross-check finds");
    list->all = grown;
    list->room = room;
  }
  list->all[list->count++] = (struct noted){place, *token};
  return BASE_OK;
}

static enum base_code add_row(void *context, const struct store_match_token *token, uint32_t place) {
  return add(context, token, place);
}

static enum base_code add_value(void *context, const struct find_value *value) {
  struct list *list = context;
  struct store_match_token token = token_of(list->core, value);
  return add(list, &token, core_crosscheck_place(value->field, value->row, value->sort));
}

static int noted_order(const void *a, const void *b) {
  const struct noted *left = a, *right = b;
  if (left->place != right->place)
    return left->place < right->place ? -1 : 1;
  return memcmp(left->token.bytes, right->token.bytes, sizeof left->token.bytes);
}

/* The same value twice in one place is one row. */
static void put_in_order(struct list *list) {
  size_t kept = 0;
  if (list->count > 1)
    qsort(list->all, list->count, sizeof *list->all, noted_order);
  for (size_t i = 0; i < list->count; i++)
    if (i == 0 || noted_order(&list->all[kept - 1], &list->all[i]) != 0)
      list->all[kept++] = list->all[i];
  list->count = kept;
}

static bool same(const struct list *a, const struct list *b) {
  bool equal = a->count == b->count;
  for (size_t i = 0; i < a->count && equal; i++)
    equal = noted_order(&a->all[i], &b->all[i]) == 0;
  return equal;
}

static enum base_code note_anew(struct core *core, const struct base_id *message, const struct list *held,
                                struct base_error *err) {
  enum base_code code = core_write(core, err);
  if (code == BASE_OK)
    code = store_match_drop(core->store, message, err);
  for (size_t i = 0; i < held->count && code == BASE_OK; i++)
    code = store_match_add(core->store, message, &held->all[i].token, held->all[i].place, err);
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

enum base_code core_crosscheck_check(struct core *core, const struct store_message *row, const struct wire_header *header,
                                     const struct wire_json *fields, struct base_error *err) {
  const struct core_kind *kind = core_kind_hashed(core, header->kind, &header->kind_hash);
  const struct wire_kind_type *type = kind != NULL ? wire_kind_type_named(&kind->kind, header->type) : NULL;
  struct list held = {.core = core, .err = err}, noted = {.core = core, .err = err};
  size_t left = 0;
  if (core->match_key_lost || (kind == NULL && fields != NULL))
    return BASE_OK;
  enum base_code code = store_match_of(core->store, &row->id, add_row, &noted, err);
  if (code == BASE_OK && type != NULL && fields != NULL && row->state != STORE_MESSAGE_DRAFT)
    code = find_values(type, fields, add_value, &held, &left, err);
  put_in_order(&held);
  put_in_order(&noted);
  if (code == BASE_OK && !same(&held, &noted)) {
    core_check_found(core, CORE_SO_FOUND, core_place_message(&row->id),
                     "%zu values of it are noted for a cross-check, and these are not the %zu that it holds", noted.count,
                     held.count);
    code = note_anew(core, &row->id, &held, err);
  }
  free(held.all);
  free(noted.all);
  return core_damage(code) ? BASE_OK : code;
}
