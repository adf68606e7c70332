/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "core/cases.h"
#include "core/erase.h"
#include "core/people.h"
#include "core/readers.h"
#include "core/retain.h"
#include "core/submission.h"
#include "core/submit.h"

/* A message is passed on: a case of the kind `information` is opened with what fits of its content, all its parts, its
 * marks and its end, and says in `passed_on` which message that was. Law, consent and what else may refuse a case that
 * somebody opens by hand decide here as there. */

static const char passed_on[] = "passed_on", keep_until[] = "keep_until", information[] = "information";

/* A message with its type; the one that opens its case has what a later one left to it. */
struct given {
  struct base_arena arena;
  struct core_content content;
  const struct wire_kind_type *type;
};

static void given_free(struct given *given) {
  core_content_free(&given->content);
  base_arena_free(&given->arena);
}

static enum base_code read_given(struct core *core, const struct base_id *id, struct given *out,
                                 struct base_error *err) {
  struct base_error why = {0};
  base_arena_init(&out->arena, 16 << 20);
  enum base_code code = core_content_read(core, id, &out->arena, &out->content, &why);
  const struct wire_header *header = &out->content.header;
  if (code == BASE_NOT_FOUND)
    return base_fail(err, code, "there is no message %s here that could be passed on", base_id_text(id).text);
  if (code != BASE_OK)
    return base_fail(err, code, "%s", why.text);
  const struct core_kind *kind = core_kind_hashed(core, header->kind, &header->kind_hash);
  out->type = kind != NULL ? wire_kind_type_named(&kind->kind, header->type) : NULL;
  if (out->type == NULL || !kind->kind.needs_row)
    return base_fail(err, BASE_KIND, "message %s is of the kind %.*s, %s", base_id_text(id).text,
                     (int)header->kind.size, (const char *)header->kind.data,
                     out->type == NULL ? "which is another one by now" : "whose messages are not passed on");
  return BASE_OK;
}

/* --- fields */

static bool has_code(const struct wire_kind_list *list, struct base_view code) {
  for (size_t i = 0; i < list->count; i++)
    if (base_view_equal(list->codes[i], code))
      return true;
  return false;
}

static bool same_columns(const struct wire_kind_field *ours, const struct wire_kind_field *theirs) {
  bool same = ours->column_count == theirs->column_count;
  for (size_t i = 0; same && i < ours->column_count; i++)
    same = base_view_equal(ours->columns[i].name, theirs->columns[i].name);
  return same;
}

/* Writes what their field holds as the value of ours; false where it is empty or does not fit. */
static bool write_value(struct wire_writer *writer, const struct wire_kind_field *field, const struct given *given,
                        const struct wire_kind_field *theirs) {
  char name[WIRE_CODE_MAX + 1];
  (void)snprintf(name, sizeof name, "%.*s", (int)theirs->name.size, (const char *)theirs->name.data);
  const struct wire_json *value = theirs->state ? NULL : wire_json_get(given->content.part0.fields, name);
  struct base_view text = theirs->state ? wire_header_state(&given->content.header, name) : wire_json_text(value);
  bool table = field->type == WIRE_FIELD_TABLE;
  if (field->type != theirs->type || (table ? value == NULL || !same_columns(field, theirs) : text.size == 0) ||
      (field->type == WIRE_FIELD_CODE && !has_code(field->list, text)))
    return false;
  (void)snprintf(name, sizeof name, "%.*s", (int)field->name.size, (const char *)field->name.data);
  if (table) {
    wire_write_key(writer, name);
    wire_write_value(writer, value);
  } else {
    wire_write_member_text(writer, name, text);
  }
  return true;
}

static bool write_same(struct wire_writer *writer, const struct wire_kind_field *field, const struct given *given) {
  const struct wire_kind_field *theirs =
      given->type != NULL ? wire_kind_field_named(given->type, field->name) : NULL;
  return theirs != NULL && write_value(writer, field, given, theirs);
}

/* The text of a message that has no `information`, such as an answer: the first that it must have. */
static bool write_text(struct wire_writer *writer, const struct wire_kind_field *field, const struct given *given) {
  for (size_t i = 0; i < given->type->field_count; i++)
    if (given->type->fields[i].required && given->type->fields[i].type == WIRE_FIELD_TEXT &&
        write_value(writer, field, given, &given->type->fields[i]))
      return true;
  return false;
}

/* What the caller says counts; then what the message says; then, but for what is its own, what opened its case says. */
static void write_field(struct wire_writer *writer, const struct wire_kind_field *field, const struct wire_json *said,
                        const struct given *given, const struct given *opening) {
  char name[WIRE_CODE_MAX + 1];
  (void)snprintf(name, sizeof name, "%.*s", (int)field->name.size, (const char *)field->name.data);
  bool own = field->type == WIRE_FIELD_TEXT || field->type == WIRE_FIELD_TABLE;
  if (wire_json_get(said, name) != NULL) {
    wire_write_key(writer, name);
    wire_write_value(writer, wire_json_get(said, name));
  } else if (!write_same(writer, field, given) && !own) {
    (void)write_same(writer, field, opening);
  } else if (base_view_is(field->name, information) && wire_kind_field_named(given->type, field->name) == NULL) {
    (void)write_text(writer, field, given);
  }
}

/* Until when this node may keep it, nobody to whom it gives it may for longer. */
static enum base_code write_end(struct core *core, struct wire_writer *writer, const struct base_id *id,
                                const struct wire_json *said, struct base_error *err) {
  base_time until = 0;
  enum base_code code = core_retain_end(core, id, &until, err);
  if (wire_json_get(said, keep_until) != NULL) {
    wire_write_key(writer, keep_until);
    wire_write_value(writer, wire_json_get(said, keep_until));
  } else if (code == BASE_OK && until != 0) {
    wire_write_member_time(writer, keep_until, until);
  }
  return code;
}

static enum base_code write_fields(struct core *core, struct wire_writer *writer, const struct wire_kind_type *provide,
                                   const struct wire_json *said, const struct given *given,
                                   const struct given *opening, struct base_error *err) {
  struct base_view key;
  const struct wire_json *value;
  enum base_code code = BASE_OK;
  wire_write_key(writer, "fields");
  wire_write_object(writer);
  for (void *cursor = NULL; wire_json_next(said, &cursor, &key, &value) && code == BASE_OK;)
    if (wire_kind_field_named(provide, key) == NULL || base_view_is(key, passed_on))
      code = base_fail(err, BASE_FIELD, "fields: $.%.*s: %s", (int)(key.size < 64 ? key.size : 64),
                       (const char *)key.data,
                       base_view_is(key, passed_on) ? "is the message itself: leave it out"
                                                    : "what passes a message on has no such field");
  for (size_t i = 0; i < provide->field_count && code == BASE_OK; i++) {
    const struct wire_kind_field *field = &provide->fields[i];
    if (base_view_is(field->name, passed_on))
      wire_write_member_id(writer, passed_on, &given->content.row.id);
    else if (base_view_is(field->name, keep_until))
      code = write_end(core, writer, &given->content.row.id, said, err);
    else
      write_field(writer, field, said, given, opening);
  }
  wire_write_end(writer, '}');
  return code;
}

/* --- marks */

/* As the message is marked, where nothing else is asked for: what is no code here counts as it does for law. */
static void write_marks(struct wire_writer *writer, const struct wire_json *request, const struct given *given) {
  struct base_view handling = core_request_text(request, "handling"), grading = core_request_text(request, "grading");
  struct base_view theirs = given->content.part0.handling, graded = given->content.part0.grading;
  struct wire_marking marking;
  struct wire_grading grade;
  if (handling.size == 0 && theirs.size > 0)
    handling = wire_marking_parse(theirs, &marking) ? theirs : base_view_text(wire_level_codes[WIRE_LEVEL_DEFAULT]);
  if (grading.size == 0 && wire_grading_parse(graded, &grade))
    grading = graded;
  if (handling.size > 0)
    wire_write_member_text(writer, "handling", handling);
  if (grading.size > 0)
    wire_write_member_text(writer, "grading", grading);
}

/* --- the request */

static enum base_code write_document(struct core *core, const struct wire_json *request, const struct given *given,
                                     struct base_buf *out, struct base_error *err) {
  struct given opening = {0};
  struct wire_writer writer;
  const struct wire_header *header = &given->content.header;
  const struct core_kind *kind = core_kind_named(core, base_view_text(information));
  enum base_code code = header->opens ? BASE_OK : read_given(core, &header->case_id, &opening, err);
  if (code != BASE_OK && !core_damage(code)) {
    given_free(&opening);
    return code;
  }
  wire_writer_init(&writer, out);
  wire_write_object(&writer);
  wire_write_member_text(&writer, "kind", kind->kind.name);
  if (header->exercise)
    wire_write_member_bool(&writer, "exercise", true);
  wire_write_key(&writer, "to");
  wire_write_value(&writer, wire_json_get(request, "to"));
  code = write_fields(core, &writer, &kind->kind.types[kind->kind.opening], wire_json_get(request, "fields"), given,
                      &opening, err);
  write_marks(&writer, request, given);
  wire_write_end(&writer, '}');
  given_free(&opening);
  return code == BASE_OK ? base_buf_check(out, "what passes it on", err) : code;
}

void core_message_pass_on(struct core *core, uint64_t token, const struct wire_json *request) {
  BASE_AUTO_BUF struct base_buf text = {0};
  WIRE_AUTO_JSON struct wire_json *document = NULL;
  struct given given = {0};
  struct base_error err = {0};
  struct base_id id;
  base_buf_init(&text, CORE_DOCUMENT_MAX);
  enum base_code code = core_request_id(core, request, "id", "message", &id, &err);
  if (code == BASE_OK)
    code = core_readers_open(core, &id, true, &err);
  if (code == BASE_OK)
    code = read_given(core, &id, &given, &err);
  if (code == BASE_OK && given.content.dropped)
    code = core_erase_say(core, &id, &err);
  if (code == BASE_OK)
    code = write_document(core, request, &given, &text, &err);
  if (code == BASE_OK)
    code = wire_json_parse(base_buf_view(&text), CORE_DOCUMENT_MAX, "request", &document, &err);
  if (code == BASE_OK)
    core_submit_carrying(core, token, document, &given.content);
  else
    core_reply_error(core, token, code, &err);
  if (text.data != NULL)
    base_wipe(text.data, text.size);
  given_free(&given);
}
