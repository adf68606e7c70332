/* SPDX-License-Identifier: Apache-2.0 */
#include "core/readers.h"

#include <stdio.h>
#include <string.h>

#include "core/cases.h"
#include "core/kinds.h"
#include "core/lane.h"
#include "core/people.h"
#include "core/register.h"
#include "core/show.h"

/* Each person who was ever named for a case is a fact, `reader/CASE/PERSON`: the index of the leaf that commits to it, and a
 * document. One that is not what its leaf says names nobody. */

static const char prefix[] = "reader/";
enum { ARENA = 16 << 20, FACT_MAX = sizeof prefix + BASE_HEX_ID + 1 + BASE_NAME_MAX, DOCUMENT_MAX = 512 };

struct fact {
  char name[FACT_MAX + 1];
};
struct reader {
  bool named, damaged;
  uint64_t leaf;
};

static struct fact fact_of(const struct base_id *case_id, struct base_view person) {
  struct fact fact;
  (void)snprintf(fact.name, sizeof fact.name, "%s%s/%.*s", prefix, base_id_text(case_id).text,
                 (int)(person.size < BASE_NAME_MAX ? person.size : BASE_NAME_MAX), (const char *)person.data);
  return fact;
}

/* --- stored */

static void write_document(const struct base_id *case_id, const char *person, bool named, struct base_buf *out) {
  struct wire_writer writer;
  wire_writer_init(&writer, out);
  wire_write_object(&writer);
  wire_write_member_id(&writer, "case", case_id);
  wire_write_member_string(&writer, "person", person);
  wire_write_member_bool(&writer, "named", named);
  wire_write_end(&writer, '}');
}

/* value: of the fact of that name. */
static enum base_code read_value(struct core *core, const char *name, struct base_view value, struct reader *out,
                                 struct base_error *err) {
  WIRE_AUTO_JSON struct wire_json *document = NULL;
  struct base_reader reader = base_reader_of(value);
  struct base_error why = {0};
  struct base_id id;
  out->leaf = base_read_u64(&reader);
  enum base_code code = reader.failed ? base_fail(&why, BASE_CORRUPT, "it is cut short")
                                      : core_register_commits(core, out->leaf, WIRE_ACT_READER, reader.rest, &why);
  if (code == BASE_OK)
    code = wire_json_parse(reader.rest, DOCUMENT_MAX, "a reader", &document, &why);
  if (code == BASE_OK && (!base_id_parse(core_request_text(document, "case"), &id) ||
                          strcmp(fact_of(&id, core_request_text(document, "person")).name, name) != 0))
    code = base_fail(&why, BASE_CORRUPT, "it is about another case or person");
  if (code != BASE_OK && !core_damage(code))
    return base_fail(err, code, "%s", why.text);
  out->damaged = code != BASE_OK;
  out->named = !out->damaged && wire_json_true(wire_json_get(document, "named"));
  if (out->damaged)
    base_log(BASE_LOG_ERROR, "reader.damaged", "%s is not what the register commits to, and names nobody: %s", name, why.text);
  return BASE_OK;
}

/* Zeroed: never named. */
static enum base_code find(struct core *core, const struct base_id *case_id, struct base_view person, struct reader *out,
                           struct base_error *err) {
  BASE_AUTO_BUF struct base_buf value = {0};
  base_buf_init(&value, DOCUMENT_MAX);
  struct fact fact = fact_of(case_id, person);
  *out = (struct reader){0};
  enum base_code code = store_fact_get(core->store, fact.name, &value, err);
  if (code == BASE_NOT_FOUND)
    return BASE_OK;
  return code == BASE_OK ? read_value(core, fact.name, base_buf_view(&value), out, err) : code;
}

static enum base_code save(struct core *core, const struct base_id *case_id, const char *person, bool named,
                           struct base_view actor, const char *why, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf document = {0}, value = {0};
  base_buf_init(&document, DOCUMENT_MAX);
  base_buf_init(&value, DOCUMENT_MAX);
  write_document(case_id, person, named, &document);
  struct wire_opening opening = {.has_message = true,
                                 .message = *case_id,
                                 .actor = actor,
                                 .subject = base_view_text(person),
                                 .reason = base_view_text(why),
                                 .evidence = seal_sha256(base_buf_view(&document))};
  struct core_leaf leaf;
  enum base_code code = base_buf_check(&document, "a reader", err);
  if (code == BASE_OK)
    code = core_write(core, err);
  if (code == BASE_OK)
    code = core_register_add(core, WIRE_ACT_READER, &opening, &leaf, err);
  if (code != BASE_OK)
    return code;
  base_buf_u64(&value, leaf.index);
  base_buf_add_buf(&value, &document);
  code = base_buf_check(&value, "a reader", err);
  struct fact fact = fact_of(case_id, base_view_text(person));
  return code == BASE_OK ? store_fact_set(core->store, fact.name, base_buf_view(&value), err) : code;
}

enum base_code core_readers_fit(struct core *core, const struct wire_opening *opening, uint64_t index, bool *out,
                                struct base_error *err) {
  struct reader reader;
  enum base_code code = find(core, &opening->message, opening->subject, &reader, err);
  *out = code == BASE_OK && !reader.damaged && reader.leaf >= index;
  return code;
}

/* --- who may */

/* Who could name the one who asks: another supervisor, of the case's lane; and what to do where there is none. */
static enum base_code say_next(struct core *core, const struct base_id *case_id, char *out, size_t room, struct base_error *err) {
  const struct core_asker *asker = core_asker(core);
  const char *who = asker->handle[0] != '\0' ? asker->handle : asker->name;
  enum wire_lane lane = WIRE_LANE_NONE;
  bool can = false;
  enum base_code code = core_lane_of_case(core, case_id, &lane, err);
  for (size_t i = 0; code == BASE_OK && i < core->people->person_count; i++) {
    const struct core_person *person = &core->people->persons[i];
    can = can || (!person->closed && !person->damaged && (person->roles & 1U << LINK_PERSON_SUPERVISOR) != 0 &&
                  core_lanes_have(person->lanes, lane) && strcmp(person->handle, asker->handle) != 0);
  }
  if (can)
    (void)snprintf(out, room, "another supervisor than %s names him (wasl reader add)", who);
  else
    (void)snprintf(out, room,
                   "nobody names himself, and there is no supervisor here beside %s: an administrator adds one (wasl person add), "
                   "who names him (wasl reader add)",
                   who);
  return code;
}

/* A tool reads nothing of it, by whatever token: what it read would lie in a file, or with another program. */
static enum base_code check_named(struct core *core, const struct base_id *case_id, const char *more, struct base_error *err) {
  const struct core_asker *asker = core_asker(core);
  struct reader reader = {0};
  char next[CORE_ACTOR_MAX + 200];
  enum base_code code = BASE_OK;
  if (asker->lanes == 0 || core->people->person_count == 0)
    return BASE_OK;
  if ((asker->roles & CORE_BINDING_ROLES) != 0 && asker->handle[0] != '\0')
    code = find(core, case_id, base_view_text(asker->handle), &reader, err);
  if (code != BASE_OK || reader.named)
    return code;
  base_log(BASE_LOG_NOTICE, "reader.refused", "%s asked for content of case %s, for which others are named", asker->name,
           base_id_text(case_id).text);
  code = say_next(core, case_id, next, sizeof next, err);
  if (code != BASE_OK)
    return code;
  return base_fail(err, BASE_POLICY,
                   "what case %s holds is for the persons who are named for it, and %s is none of them: %s%s",
                   base_id_text(case_id).text, asker->handle[0] != '\0' ? asker->handle : asker->name, next, more);
}

/* What waits for release is read by who submitted it, and by the supervisor who decides on it: nobody lets go what he did not
 * read. */
static enum base_code check_draft(struct core *core, const struct store_message *row, bool *may, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  const struct core_asker *asker = core_asker(core);
  struct store_release release;
  *may = false;
  if (row->state != STORE_MESSAGE_DRAFT)
    return BASE_OK;
  enum base_code code = store_release_of(core->store, &row->id, false, &arena, &release, err);
  if (code == BASE_OK)
    *may = (asker->roles & 1U << LINK_PERSON_SUPERVISOR) != 0 || base_view_is(release.person, asker->handle);
  return code == BASE_NOT_FOUND ? BASE_OK : code;
}

/* The next fact about this case behind `after`, which is that one's name from then on. BASE_NOT_FOUND: there is none. */
static enum base_code next_fact(struct core *core, struct fact *after, struct base_arena *arena, struct base_view *value,
                                struct base_error *err) {
  struct base_view name;
  const size_t skip = sizeof prefix + BASE_HEX_ID;
  enum base_code code = store_fact_next(core->store, after->name, arena, &name, value, err);
  if (code != BASE_OK || name.size <= skip || name.size > FACT_MAX || memcmp(name.data, after->name, skip) != 0)
    return code == BASE_OK ? BASE_NOT_FOUND : code;
  (void)snprintf(after->name, sizeof after->name, "%.*s", (int)name.size, (const char *)name.data);
  return BASE_OK;
}

/* What a kind that is not held here any more, or not in that version, said of its cases is taken from the version that is here,
 * or seen by that somebody was named. */
enum base_code core_readers_named(struct core *core, const struct wire_header *header, const struct base_id *case_id,
                                  bool *out, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  const struct core_kind *kind = core_kind_hashed(core, header->kind, &header->kind_hash);
  const struct core_kind *other = kind != NULL ? kind : core_kind_named(core, header->kind);
  struct fact first = fact_of(case_id, BASE_VIEW(""));
  struct base_view value;
  *out = other != NULL && other->kind.named_readers;
  if (kind != NULL || *out)
    return BASE_OK;
  enum base_code code = next_fact(core, &first, &arena, &value, err);
  *out = code == BASE_OK;
  return code == BASE_NOT_FOUND ? BASE_OK : code;
}

/* The header, which says of which kind it is, as it was written: the content would open under another one, too. */
static enum base_code read_header(struct core *core, const struct base_id *id, struct base_arena *arena,
                                  struct store_message *row, struct wire_header *out, struct base_error *err) {
  enum base_code code = store_message_header(core->store, id, arena, row, err);
  struct base_id is = code == BASE_OK ? seal_message_id(row->header) : *id;
  if (code == BASE_OK && !base_id_equal(&is, id))
    return base_fail(err, BASE_CORRUPT,
                     "message %s: its stored header is not the one that was written, and nothing of it is shown: wasl register "
                     "check says what else is damaged",
                     base_id_text(id).text);
  return code == BASE_OK ? wire_header_parse(row->header, arena, out, err) : code;
}

enum base_code core_readers_open(struct core *core, const struct base_id *message, bool gives_out, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, ARENA);
  struct store_message row;
  struct wire_header header = {0};
  bool named = false, may = false;
  enum base_code code = read_header(core, message, &arena, &row, &header, err);
  if (code == BASE_NOT_FOUND)
    return BASE_OK;
  const struct base_id case_id = header.opens ? *message : header.case_id; /* as its author wrote it, not as the row has it */
  if (code == BASE_OK)
    code = core_readers_named(core, &header, &case_id, &named, err);
  if (code != BASE_OK || !named)
    return code;
  if (gives_out)
    return base_fail(err, BASE_POLICY,
                     "what case %s holds is for the persons who are named for it, here: nobody gives it out, passes it on or "
                     "exports it",
                     base_id_text(&case_id).text);
  const char *more = header.opens ? "; without its content it is shown (wasl case show CASE --bare)" : "";
  code = check_draft(core, &row, &may, err);
  return code != BASE_OK || may ? code : check_named(core, &case_id, more, err);
}

enum base_code core_readers_erase(struct core *core, const struct base_id *message, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, ARENA);
  struct store_message row;
  struct wire_header header = {0};
  bool named = false;
  enum base_code code = read_header(core, message, &arena, &row, &header, err);
  if (code == BASE_NOT_FOUND)
    return BASE_OK;
  const struct base_id case_id = header.opens ? *message : header.case_id;
  if (code == BASE_OK)
    code = core_readers_named(core, &header, &case_id, &named, err);
  return code == BASE_OK && named ? check_named(core, &case_id, "; nobody else erases it by hand", err) : code;
}

enum base_code core_readers_unread(struct core *core, uint64_t *out, struct base_error *err) {
  enum base_code code = BASE_OK;
  *out = 0;
  for (size_t i = 0; i < core->kind_count && code == BASE_OK; i++) {
    const struct wire_kind *kind = &core->kinds[i]->kind;
    BASE_AUTO_FREE struct base_id *ids = NULL;
    size_t count = 0;
    if (core_kind_named(core, kind->name) != core->kinds[i] || !kind->named_readers) /* of several versions the newest */
      continue;
    code = core_case_ids(core, kind->name, &ids, &count, err);
    *out += count;
  }
  return code;
}

enum base_code core_readers_write(struct core *core, const struct wire_kind *kind, const struct base_id *case_id,
                                  struct base_error *err) {
  const struct core_asker *asker = core_asker(core);
  if (!kind->named_readers)
    return BASE_OK;
  if (case_id != NULL)
    return check_named(core, case_id, "", err);
  if ((asker->roles & CORE_BINDING_ROLES) != 0)
    return BASE_OK;
  return base_fail(err, BASE_POLICY,
                   "cases of the kind %.*s are for named persons: %s, which is a tool, opens none and reads nothing of them",
                   (int)kind->name.size, (const char *)kind->name.data, asker->name);
}

enum base_code core_readers_opened(struct core *core, const struct wire_kind *kind, const struct base_id *case_id,
                                   struct base_view actor, struct base_error *err) {
  const struct core_person *person = core_person_named(core, core_actor_plain(actor));
  return !kind->named_readers || person == NULL
             ? BASE_OK
             : save(core, case_id, person->handle, true, actor, "named: opened the case", err);
}

/* --- named by a supervisor */

/* The case, and that its kind has named readers. Its opening message's id is the case's. */
static enum base_code read_case(struct core *core, const struct wire_json *request, struct base_id *out,
                                struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, ARENA);
  struct store_message row;
  struct wire_header header;
  bool named = false;
  enum base_code code = core_request_id(core, request, "id", "case", out, err);
  if (code == BASE_OK)
    code = read_header(core, out, &arena, &row, &header, err);
  if (code == BASE_NOT_FOUND)
    return base_fail(err, BASE_NOT_FOUND, "there is no case %s here", base_id_text(out).text);
  if (code == BASE_OK)
    code = core_readers_named(core, &header, out, &named, err);
  if (code == BASE_OK && !named)
    code = base_fail(err, BASE_POLICY, "case %s is of the kind %.*s, which has no named readers: who may read cases reads it",
                     base_id_text(out).text, (int)header.kind.size, (const char *)header.kind.data);
  return code;
}

/* Nobody names himself: else a supervisor would read whatever he wants. */
static enum base_code check_person(struct core *core, const struct base_id *case_id, const struct core_person *person,
                                   struct base_error *err) {
  enum wire_lane lane = WIRE_LANE_NONE;
  char next[CORE_ACTOR_MAX + 200];
  enum base_code code = say_next(core, case_id, next, sizeof next, err);
  if (code != BASE_OK)
    return code;
  if (strcmp(core_asker(core)->handle, person->handle) == 0)
    return base_fail(err, BASE_POLICY, "nobody names himself a reader: %s", next);
  if (person->closed || person->damaged || (person->roles & CORE_BINDING_ROLES) == 0)
    return base_fail(err, BASE_POLICY, "%s %s and reads no content here", person->handle,
                     person->closed ? "has left" : "is neither liaison nor supervisor nor operations");
  code = core_lane_of_case(core, case_id, &lane, err);
  if (code == BASE_OK && !core_lanes_have(person->lanes, lane))
    return base_fail(err, BASE_POLICY, "the case is %s, and %s does not work in that lane", core_lane_name(lane),
                     person->handle);
  return code;
}

static enum base_code change(struct core *core, const struct wire_json *request, bool named, const struct base_id *case_id,
                             struct base_error *err) {
  struct base_view handle = core_request_text(request, "person"), reason = core_request_text(request, "reason");
  const struct core_person *person = core_person_named(core, handle);
  char why[CORE_REASON_MAX + 16];
  struct reader reader = {0};
  if (person == NULL)
    return base_fail(err, BASE_NOT_FOUND, "there is no person %.*s; wasl person list shows them",
                     (int)(handle.size < BASE_NAME_MAX ? handle.size : BASE_NAME_MAX), (const char *)handle.data);
  enum base_code code = named ? check_person(core, case_id, person, err) : BASE_OK;
  if (code == BASE_OK)
    code = find(core, case_id, handle, &reader, err);
  if (code == BASE_OK && reader.named == named)
    code = named ? base_fail(err, BASE_EXISTS, "%s is named for case %s already", person->handle, base_id_text(case_id).text)
                 : base_fail(err, BASE_NOT_FOUND, "%s is not named for case %s", person->handle, base_id_text(case_id).text);
  if (code != BASE_OK)
    return code;
  (void)snprintf(why, sizeof why, "%s: %.*s", named ? "named" : "removed", (int)reason.size, (const char *)reason.data);
  code = save(core, case_id, person->handle, named, core_actor(core), why, err);
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

static enum base_code check_change(const struct wire_json *request, bool *named, struct base_error *err) {
  struct base_view what = core_request_text(request, "do"), reason = core_request_text(request, "reason");
  *named = base_view_is(what, "add");
  if (!*named && !base_view_is(what, "remove"))
    return base_fail(err, BASE_FIELD, "do: add or remove");
  if (reason.size == 0)
    return base_fail(err, BASE_FIELD, "reason: say in 1 to %d bytes why; it stays in the register", CORE_REASON_MAX);
  return core_request_purpose(reason, err);
}

/* --- listed */

static void write_reader(struct core *core, struct wire_writer *writer, struct base_view handle, const struct reader *reader) {
  const struct core_person *person = core_person_named(core, handle);
  bool damaged = reader->damaged || person == NULL || person->damaged;
  wire_write_object(writer);
  wire_write_member_text(writer, "person", handle);
  wire_write_member_string(writer, "state", damaged ? "damaged" : person->closed ? "closed" : "open");
  wire_write_member_integer(writer, "leaf", (int64_t)reader->leaf);
  wire_write_end(writer, '}');
}

static enum base_code write_readers(struct core *core, struct wire_writer *writer, const struct base_id *case_id,
                                    struct base_error *err) {
  struct fact after = fact_of(case_id, BASE_VIEW(""));
  const size_t skip = strlen(after.name);
  for (;;) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    base_arena_init(&arena, 1 << 20);
    struct base_view value;
    struct reader reader = {0};
    enum base_code code = next_fact(core, &after, &arena, &value, err);
    if (code == BASE_OK)
      code = read_value(core, after.name, value, &reader, err);
    if (code != BASE_OK)
      return code == BASE_NOT_FOUND ? BASE_OK : code;
    if (reader.named || reader.damaged)
      write_reader(core, writer, base_view_text(after.name + skip), &reader);
  }
}

static void answer(struct core *core, uint64_t token, enum base_code code, const struct base_id *case_id,
                   struct base_error *err) {
  BASE_AUTO_BUF struct base_buf out = {0};
  base_buf_init(&out, BASE_BUF_DEFAULT_LIMIT);
  struct wire_writer writer;
  wire_writer_init(&writer, &out);
  wire_write_object(&writer);
  if (code == BASE_OK)
    wire_write_member_id(&writer, "case", case_id);
  wire_write_key(&writer, "readers");
  wire_write_array(&writer);
  if (code == BASE_OK)
    code = write_readers(core, &writer, case_id, err);
  wire_write_end(&writer, ']');
  wire_write_end(&writer, '}');
  if (code == BASE_OK)
    core_show_answer(core, token, &out);
  else
    core_reply_error(core, token, code, err);
}

void core_reader_list(struct core *core, uint64_t token, const struct wire_json *request) {
  struct base_error err = {0};
  struct base_id id = {{0}};
  enum base_code code = read_case(core, request, &id, &err);
  answer(core, token, code, &id, &err);
}

void core_reader_change(struct core *core, uint64_t token, const struct wire_json *request) {
  struct base_error err = {0};
  struct base_id id = {{0}};
  bool named = false;
  enum base_code code = check_change(request, &named, &err);
  if (code == BASE_OK)
    code = read_case(core, request, &id, &err);
  if (code == BASE_OK)
    code = change(core, request, named, &id, &err);
  answer(core, token, code, &id, &err);
}
