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

static enum base_code check_bound(struct core *core, const struct engine_message *earlier,
                                  const struct wire_kind_field *field, const struct wire_bound *bound,
                                  struct base_view value, struct base_error *err) {
  struct core_content content = {0};
  BASE_AUTO_ARENA struct base_arena arena = {0};
  if (bound->field->state)
    return wire_earlier_check(field, bound, value, text_of(bound->field, earlier->header, NULL), err);
  base_arena_init(&arena, EARLIER_ARENA);
  enum base_code code = core_content_read(core, &earlier->id, &arena, &content, err);
  if (core_damage(code))
    code = BASE_OK; /* what it said nobody can say here */
  if (code == BASE_OK)
    code = wire_earlier_check(field, bound, value, text_of(bound->field, earlier->header, content.part0.fields), err);
  core_content_free(&content);
  return code;
}

enum base_code core_earlier_check(struct core *core, const struct core_case *kase, const struct wire_kind_type *type,
                                  const struct wire_header *header, const struct wire_json *fields, struct base_error *err) {
  enum base_code code = BASE_OK;
  for (size_t i = 0; i < type->field_count; i++) {
    const struct wire_kind_field *field = &type->fields[i];
    for (size_t k = 0; field->rules != NULL && k < field->rules->earlier_count && code == BASE_OK; k++) {
      const struct wire_bound *bound = &field->rules->earlier[k];
      const struct engine_message *earlier = last_of(kase, type, header, bound->type);
      if (earlier != NULL)
        code = check_bound(core, earlier, field, bound, text_of(field, header, fields), err);
    }
  }
  return code;
}
