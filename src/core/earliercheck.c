/* SPDX-License-Identifier: Apache-2.0
 * The days and times of a form against those that earlier messages of the case said: told before it goes out. What a partner sent is
 * not refused for its content. */
#include "core/earliercheck.h"

#include "core/messages.h"

/* A content has at most this, and as much again for what is read of it. */
enum { EARLIER_ARENA = 16 << 20 };

/* Whether a message of a type, which is about the same item where both are about one, is about that one. */
static bool about(const struct core_case *kase, const struct engine_message *message, const struct wire_kind_type *of,
                  const struct wire_kind_item *item, const struct base_id *id) {
  if (item == NULL || (of->opens != item && of->moves != item))
    return true;
  if (of->moves == item && message->about != ENGINE_NO_ITEM)
    return base_id_equal(&kase->messages[message->about].id, id);
  return base_id_equal(&message->id, id);
}

/* The last of this type that has an effect; NULL: none was written. */
static const struct engine_message *last_of(const struct core_case *kase, const struct wire_kind_type *type,
                                            const struct wire_header *header, const struct wire_kind_type *of) {
  struct base_id id = {0};
  if (type->moves != NULL)
    (void)base_id_parse(wire_header_state(header, (const char *)type->names_item.data), &id);
  for (size_t i = kase->count; i > 0; i--) {
    const struct engine_message *message = &kase->messages[i - 1];
    if (message->effective && base_view_equal(message->header->type, of->name) && about(kase, message, of, type->moves, &id))
      return message;
  }
  return NULL;
}

static struct base_view text_of(const struct wire_kind_field *field, const struct wire_header *header,
                                const struct wire_json *fields) {
  const char *name = (const char *)field->name.data;
  return field->state ? wire_header_state(header, name) : wire_json_text(wire_json_get(fields, name));
}

/* Of several types whichever was sent last holds. *count: how many bounds that are. NULL: none of them was written. */
static const struct wire_bound *holding(const struct core_case *kase, const struct wire_kind_type *type,
                                        const struct wire_header *header, const struct wire_bound *bounds, size_t *count,
                                        const struct engine_message **earlier) {
  const struct wire_bound *chosen = NULL;
  bool more = true;
  *earlier = NULL;
  for (*count = 0; more; more = bounds[(*count)++].or_next) {
    const struct engine_message *last = last_of(kase, type, header, bounds[*count].type);
    if (last == NULL || (*earlier != NULL && last < *earlier))
      continue;
    *earlier = last;
    chosen = &bounds[*count];
  }
  return chosen;
}

/* field NULL: a bound on the type, held against now. */
static enum base_code check_text(struct core *core, const struct wire_kind_type *type, const struct wire_kind_field *field,
                                 const struct wire_bound *bound, struct base_view value, struct base_view other,
                                 struct base_error *err) {
  return field != NULL ? wire_earlier_check(field, bound, value, other, err)
                       : wire_written_check(type, bound, core_now(core), other, err);
}

static enum base_code check_bound(struct core *core, const struct engine_message *earlier, const struct wire_kind_type *type,
                                  const struct wire_kind_field *field, const struct wire_bound *bound,
                                  struct base_view value, struct base_error *err) {
  struct core_content content = {0};
  BASE_AUTO_ARENA struct base_arena arena = {0};
  if (bound->field->state)
    return check_text(core, type, field, bound, value, text_of(bound->field, earlier->header, NULL), err);
  base_arena_init(&arena, EARLIER_ARENA);
  enum base_code code = core_content_read(core, &earlier->id, &arena, &content, err);
  if (core_damage(code))
    code = BASE_OK; /* what it said nobody can say here */
  if (code == BASE_OK)
    code = check_text(core, type, field, bound, value, text_of(bound->field, earlier->header, content.part0.fields), err);
  core_content_free(&content);
  return code;
}

struct held { /* what is held against earlier messages */
  struct core *core;
  const struct core_case *kase;
  const struct wire_kind_type *type;
  const struct wire_header *header;
  const struct wire_json *fields;
};

static enum base_code check_rules(const struct held *held, const struct wire_rules *rules, const struct wire_kind_field *field,
                                  struct base_error *err) {
  struct base_view value = field != NULL ? text_of(field, held->header, held->fields) : (struct base_view){0};
  enum base_code code = BASE_OK;
  size_t count = 0;
  for (size_t k = 0; rules != NULL && k < rules->earlier_count && code == BASE_OK; k += count) {
    const struct engine_message *earlier = NULL;
    const struct wire_bound *bound = holding(held->kase, held->type, held->header, &rules->earlier[k], &count, &earlier);
    if (bound != NULL)
      code = check_bound(held->core, earlier, held->type, field, bound, value, err);
  }
  return code;
}

enum base_code core_earlier_check(struct core *core, const struct core_case *kase, const struct wire_kind_type *type,
                                  const struct wire_header *header, const struct wire_json *fields, struct base_error *err) {
  const struct held held = {core, kase, type, header, fields};
  enum base_code code = check_rules(&held, type->written, NULL, err);
  for (size_t i = 0; i < type->field_count && code == BASE_OK; i++)
    code = check_rules(&held, type->fields[i].rules, &type->fields[i], err);
  return code;
}
