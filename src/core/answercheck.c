/* SPDX-License-Identifier: Apache-2.0
 * What a form answers against what the case asked: told before it goes out. What a partner sent is not refused for its content. */
#include "core/answercheck.h"

#include "core/messages.h"
#include "core/names.h"

enum { ASKED_ARENA = 16 << 20 };

static enum base_code check_asked(const struct wire_kind_answer *answer, const struct wire_keys *asked,
                                  const struct wire_json *rows, bool *answered, struct base_error *err) {
  const struct wire_kind_field *table = answer->table;
  for (size_t i = 0; i < wire_json_size(rows); i++) {
    struct base_view key = wire_row_key(table, wire_json_at(rows, i));
    size_t place = wire_keys_find(asked, key);
    char names[CORE_NAMES_SHOWN] = "";
    if (place < asked->count) {
      answered[place] = true;
      continue;
    }
    for (size_t k = 0; k < asked->count; k++)
      core_names_add(names, asked->keys[k]);
    return base_fail(err, BASE_FIELD, "fields: $.%s[%zu].%s: %.*s was not asked; asked are %s",
                     (const char *)table->name.data, i, (const char *)table->key->name.data, (int)key.size,
                     (const char *)key.data, names);
  }
  return BASE_OK;
}

static enum base_code check_all(const struct wire_kind_answer *answer, const struct wire_keys *asked, const bool *answered,
                                struct base_error *err) {
  char names[CORE_NAMES_SHOWN] = "";
  size_t missing = 0;
  for (size_t i = 0; i < asked->count; i++)
    if (!answered[i]) {
      core_names_add(names, asked->keys[i]);
      missing++;
    }
  if (missing == 0)
    return BASE_OK;
  return base_fail(err, BASE_FIELD, "fields: $.%s: answers %zu of the %zu that were asked, and all are to be answered; missing are %s",
                   (const char *)answer->table->name.data, asked->count - missing, asked->count, names);
}

static enum base_code check_answer(const struct wire_kind_answer *answer, const struct wire_json *opening,
                                   const struct wire_json *fields, struct base_error *err) {
  const struct wire_json *rows = wire_json_get(opening, (const char *)answer->asked->name.data);
  bool answered[WIRE_KIND_ROWS_MAX] = {false};
  struct wire_keys asked;
  wire_keys_begin(&asked);
  for (size_t i = 0; i < wire_json_size(rows); i++) {
    struct base_view key = wire_row_key(answer->asked, wire_json_at(rows, i));
    if (key.size > 0) /* a partner's content is not held to its kind: what stands there twice is asked once */
      (void)wire_keys_add(&asked, key);
  }
  if (asked.count == 0) /* erased, damaged, or none of the kind's: what was asked nobody can say here */
    return BASE_OK;
  enum base_code code =
      check_asked(answer, &asked, wire_json_get(fields, (const char *)answer->table->name.data), answered, err);
  return code == BASE_OK && answer->all ? check_all(answer, &asked, answered, err) : code;
}

static bool any_answer(const struct wire_kind *kind, const struct wire_kind_type *type) {
  bool any = false;
  for (size_t i = 0; i < kind->answer_count; i++)
    any = any || kind->answers[i].type == type;
  return any;
}

enum base_code core_answer_check(struct core *core, const struct core_case *kase, const struct wire_kind_type *type,
                                 const struct wire_json *fields, struct base_error *err) {
  const struct wire_kind *kind = &kase->kind->kind;
  struct core_content content = {0};
  BASE_AUTO_ARENA struct base_arena arena = {0};
  if (!any_answer(kind, type))
    return BASE_OK;
  base_arena_init(&arena, ASKED_ARENA);
  enum base_code code = core_content_read(core, &kase->messages[0].id, &arena, &content, err);
  if (core_damage(code))
    code = BASE_OK;
  for (size_t i = 0; i < kind->answer_count && code == BASE_OK; i++)
    if (kind->answers[i].type == type)
      code = check_answer(&kind->answers[i], content.part0.fields, fields, err);
  core_content_free(&content);
  return code;
}
