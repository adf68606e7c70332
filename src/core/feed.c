/* SPDX-License-Identifier: Apache-2.0
 * What an item became goes on as a message in a case of another kind: written by the item's owner, once, with the marks of
 * what it comes from, and decided by law as any message. */
#include "core/feed.h"

#include "core/erase.h"
#include "core/messages.h"
#include "core/recall.h"
#include "core/submission.h"
#include "core/submit.h"
#include "wire/marking.h"

enum { FEED_ARENA = 16 << 20 };

const char *const core_feed_names[CORE_FEED_STANDS] = {[CORE_FEED_OPEN] = "open",
                                                       [CORE_FEED_UNSETTLED] = "unsettled",
                                                       [CORE_FEED_THEIRS] = "theirs",
                                                       [CORE_FEED_DUE] = "due",
                                                       [CORE_FEED_FED] = "fed"};

/* --- where it went, whence it came */

static bool feeds_from(const struct wire_kind_feed *feed, const struct wire_header *header, const struct base_id *item) {
  struct base_id named;
  return base_view_equal(header->kind, feed->kind) && base_view_equal(header->type, feed->type) &&
         base_id_parse(wire_header_state(header, (const char *)feed->reference.data), &named) &&
         base_id_equal(&named, item);
}

/* Without effect it stands for nothing: a case may have ended before it came. One that cannot be read stands. */
static enum base_code has_effect(struct core *core, const struct store_message *row, bool *out, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_case found;
  struct core_case look = {0};
  const struct core_case *kase = core_case_known(core, &row->case_id);
  enum base_code code = BASE_OK;
  if (kase == NULL) {
    code = store_case_get(core->store, &row->case_id, &arena, &found, err);
    if (code == BASE_OK)
      code = core_case_look(core, &found, &look, err);
    kase = &look;
  }
  const struct engine_message *message = code == BASE_OK ? core_case_message_of(kase, &row->id) : NULL;
  *out = code != BASE_OK || (message != NULL && message->effective);
  core_case_release(&look);
  return code == BASE_NOT_FOUND || core_damage(code) ? BASE_OK : code;
}

/* What another party writes of it is that party's word, and keeps nothing from going on. */
static enum base_code find_fed(struct core *core, const struct wire_kind_feed *feed,
                               const struct engine_message *opened, struct core_fed *out, struct base_error *err) {
  const struct base_id *item = &opened->id;
  enum base_code code = BASE_OK;
  *out = (struct core_fed){0};
  for (int64_t key = INT64_MIN; code == BASE_OK && !out->there;) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    base_arena_init(&arena, FEED_ARENA);
    struct core_mention mention;
    bool effective = false;
    code = core_mention_next(core, item, &key, &arena, &mention, err);
    bool owners = code == BASE_OK && base_view_equal(mention.header.author, opened->header->author);
    if (!owners || !feeds_from(feed, &mention.header, item))
      continue;
    code = has_effect(core, &mention.row, &effective, err);
    if (code == BASE_OK && effective)
      *out = (struct core_fed){.there = true, .case_id = mention.row.case_id, .message = mention.row.id};
  }
  return code == BASE_NOT_FOUND ? BASE_OK : code;
}

enum base_code core_feed_look(struct core *core, const struct core_case *kase, const struct wire_kind_feed *feed,
                              size_t item, enum core_feed_stands *out, struct core_fed *out_fed,
                              struct base_error *err) {
  const struct engine_message *message = &kase->messages[item];
  enum base_code code = find_fed(core, feed, message, out_fed, err);
  if (code != BASE_OK)
    return code;
  *out = out_fed->there                                                 ? CORE_FEED_FED
         : !(feed->states >> message->item_state & 1)                   ? CORE_FEED_OPEN
         : !kase->messages[message->item_by].settled                    ? CORE_FEED_UNSETTLED
         : !base_view_equal(message->header->author, core->card.origin) ? CORE_FEED_THEIRS
                                                                        : CORE_FEED_DUE;
  return BASE_OK;
}

enum base_code core_feed_source(struct core *core, const struct wire_kind *kind, const struct wire_header *header,
                                struct core_fed *out, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  const struct wire_kind_type *type = wire_kind_type_named(kind, header->type);
  *out = (struct core_fed){0};
  for (size_t i = 0; type != NULL && i < type->field_count && !out->there; i++) {
    struct store_message row;
    struct base_id id;
    if (type->fields[i].type != WIRE_FIELD_REFERENCE || !type->fields[i].state ||
        !base_id_parse(wire_header_state(header, (const char *)type->fields[i].name.data), &id))
      continue;
    enum base_code code = store_message_header(core->store, &id, &arena, &row, err);
    if (code == BASE_OK)
      *out = (struct core_fed){.there = true, .case_id = row.case_id, .message = id};
    else if (code != BASE_NOT_FOUND && !core_damage(code))
      return code;
  }
  return BASE_OK;
}

/* --- one goes on */

struct feeding {
  struct core *core;
  struct base_id from, to, item;
  const struct wire_kind_feed *feed;
  bool waits; /* it is held for release in the case into which it is to go */
  struct base_error *err;
};

static enum base_code look_at_draft(void *context, const struct store_message *row) {
  struct feeding *feeding = context;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct wire_header header;
  if (row->state == STORE_MESSAGE_DRAFT && !core_message_dropped(row) &&
      wire_header_parse(row->header, &arena, &header, NULL) == BASE_OK)
    feeding->waits = feeding->waits || feeds_from(feeding->feed, &header, &feeding->item);
  return BASE_OK;
}

static enum base_code read_request(const struct wire_json *request, struct feeding *feeding) {
  struct core *core = feeding->core;
  enum base_code code = core_request_id(core, request, "id", "case", &feeding->to, feeding->err);
  if (code == BASE_OK)
    code = core_request_id(core, request, "from", "case", &feeding->from, feeding->err);
  return code == BASE_OK ? core_request_id(core, request, "item", "message", &feeding->item, feeding->err) : code;
}

/* The item among those of the case, and how it goes on. */
static enum base_code find_item(struct feeding *feeding, const struct core_case *kase, size_t *out) {
  const struct wire_kind *kind = &kase->kind->kind;
  const struct engine_message *message = core_case_message_of(kase, &feeding->item);
  const struct wire_kind_item *item = message != NULL ? engine_item(kind, message) : NULL;
  feeding->feed = item != NULL ? wire_kind_feed_of(kind, item) : NULL;
  *out = message != NULL ? (size_t)(message - kase->messages) : 0;
  if (item == NULL)
    return base_fail(feeding->err, BASE_NOT_FOUND, "item: case %s has no item %s; wasl case items lists them",
                     base_id_text(&feeding->from).text, base_id_text(&feeding->item).text);
  return feeding->feed != NULL
             ? BASE_OK
             : base_fail(feeding->err, BASE_FIELD, "item: in the kind %s nothing says into which kind of case %s goes on",
                         (const char *)kind->name.data, (const char *)item->name.data);
}

static enum base_code fail_not_due(const struct feeding *feeding, const struct core_case *kase, size_t item,
                                   enum core_feed_stands stands, const struct core_fed *fed) {
  const struct engine_message *message = &kase->messages[item];
  const struct wire_kind_item *kind = engine_item(&kase->kind->kind, message);
  const char *name = (const char *)kind->name.data, *state = (const char *)kind->states[message->item_state].data;
  struct base_hex_text id = base_id_text(&message->id);
  struct base_view owner = wire_origin_name(message->header->author);
  switch (stands) {
  case CORE_FEED_FED:
    return base_fail(feeding->err, BASE_CONFLICT, "the %s %.12s… is in case %s already, as message %s", name, id.text,
                     base_id_text(&fed->case_id).text, base_id_text(&fed->message).text);
  case CORE_FEED_OPEN:
    return base_fail(feeding->err, BASE_TRANSITION, "the %s %.12s… is %s and does not go on in that state", name,
                     id.text, state);
  case CORE_FEED_UNSETTLED:
    return base_fail(feeding->err, BASE_TRANSITION,
                     "the %s %.12s… is %s, and what not every party has answered yet may still change that: it goes on once "
                     "each of them has written in case %s after it",
                     name, id.text, state, base_id_text(&feeding->from).text);
  default:
    return base_fail(feeding->err, BASE_POLICY, "the %s %.12s… is of %.*s, whose node lets it go on", name, id.text,
                     (int)owner.size, (const char *)owner.data);
  }
}

/* The case into which it goes, and that nothing of the same waits there for a second person. */
static enum base_code check_target(struct feeding *feeding, bool exercise) {
  struct core_case *to = NULL;
  enum base_code code = core_case_load(feeding->core, &feeding->to, &to, feeding->err);
  if (code != BASE_OK)
    return code;
  struct base_view kind = to->kind->kind.name, wanted = feeding->feed->kind;
  if (!base_view_equal(kind, wanted))
    return base_fail(feeding->err, BASE_KIND, "case %s is of the kind %.*s; %s goes into one of the kind %.*s",
                     base_id_text(&feeding->to).text, (int)kind.size, (const char *)kind.data,
                     (const char *)feeding->feed->item->name.data, (int)wanted.size, (const char *)wanted.data);
  if (to->messages[0].header->exercise != exercise)
    return base_fail(feeding->err, BASE_POLICY,
                     "case %s and case %s are not both real, nor both exercises: nothing goes from the one into the other; wasl "
                     "case list shows what is real, wasl case list --exercise the exercises",
                     base_id_text(&feeding->from).text, base_id_text(&feeding->to).text);
  code = store_message_each(feeding->core->store, &feeding->to, look_at_draft, feeding, feeding->err);
  if (code == BASE_OK && feeding->waits)
    return base_fail(feeding->err, BASE_CONFLICT, "it waits for its release in case %s already: wasl release list",
                     base_id_text(&feeding->to).text);
  return code;
}

static void write_fields(struct wire_writer *writer, const struct feeding *feeding, const struct core_content *content) {
  const struct wire_kind_feed *feed = feeding->feed;
  wire_write_key(writer, "fields");
  wire_write_object(writer);
  for (size_t i = 0; i < feed->field_count; i++) {
    const struct wire_kind_field *from = feed->fields[i].from;
    const char *name = (const char *)from->name.data, *to = (const char *)feed->fields[i].to.data;
    const struct wire_json *value = from->state ? NULL : wire_json_get(content->part0.fields, name);
    struct base_view text = from->state ? wire_header_state(&content->header, name) : (struct base_view){0};
    if (text.size > 0)
      wire_write_member_text(writer, to, text);
    if (value == NULL)
      continue;
    wire_write_key(writer, to);
    wire_write_value(writer, value);
  }
  wire_write_member_id(writer, (const char *)feed->reference.data, &feeding->item);
  wire_write_end(writer, '}');
}

/* As its owner marked it. */
static void write_marks(struct wire_writer *writer, const struct core_content *content) {
  struct wire_marking marking;
  struct wire_grading grading;
  if (wire_marking_parse(content->part0.handling, &marking))
    wire_write_member_text(writer, "handling", content->part0.handling);
  if (wire_grading_parse(content->part0.grading, &grading))
    wire_write_member_text(writer, "grading", content->part0.grading);
}

/* The document of case.send. */
static enum base_code write_document(const struct feeding *feeding, struct base_buf *out) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, FEED_ARENA);
  struct core_content content = {0};
  struct wire_writer writer;
  enum base_code code = core_content_read(feeding->core, &feeding->item, &arena, &content, feeding->err);
  if (code == BASE_OK && content.dropped)
    code = core_erase_say(feeding->core, &feeding->item, feeding->err);
  if (code == BASE_OK) {
    wire_writer_init(&writer, out);
    wire_write_object(&writer);
    wire_write_member_id(&writer, "id", &feeding->to);
    wire_write_member_text(&writer, "type", feeding->feed->type);
    if (content.header.exercise)
      wire_write_member_bool(&writer, "exercise", true);
    write_fields(&writer, feeding, &content);
    write_marks(&writer, &content);
    wire_write_end(&writer, '}');
    code = base_buf_check(out, "what goes on", feeding->err);
  }
  core_content_free(&content);
  return code;
}

static enum base_code prepare(struct feeding *feeding, struct base_buf *document) {
  struct core_case *from = NULL;
  enum core_feed_stands stands = CORE_FEED_OPEN;
  struct core_fed fed;
  size_t item = 0;
  enum base_code code = core_case_load(feeding->core, &feeding->from, &from, feeding->err);
  if (code == BASE_OK)
    code = find_item(feeding, from, &item);
  if (code == BASE_OK)
    code = core_feed_look(feeding->core, from, feeding->feed, item, &stands, &fed, feeding->err);
  if (code == BASE_OK && stands != CORE_FEED_DUE)
    code = fail_not_due(feeding, from, item, stands, &fed);
  if (code == BASE_OK)
    code = check_target(feeding, from->messages[0].header->exercise);
  return code == BASE_OK ? write_document(feeding, document) : code;
}

void core_case_feed(struct core *core, uint64_t token, const struct wire_json *request) {
  WIRE_AUTO_JSON struct wire_json *document = NULL;
  BASE_AUTO_BUF struct base_buf bytes = {0};
  struct base_error err = {0};
  struct feeding feeding = {.core = core, .err = &err};
  base_buf_init(&bytes, CORE_DOCUMENT_MAX);
  enum base_code code = read_request(request, &feeding);
  if (code == BASE_OK)
    code = prepare(&feeding, &bytes);
  if (code == BASE_OK)
    code = wire_json_parse(base_buf_view(&bytes), CORE_DOCUMENT_MAX, "what goes on", &document, &err);
  if (code == BASE_OK)
    core_submit_send(core, token, document, document);
  else
    core_reply_error(core, token, code, &err);
  if (bytes.data != NULL)
    base_wipe(bytes.data, bytes.size);
}
