/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cases.h"
#include "core/kinds.h"
#include "core/lane.h"
#include "core/people.h"
#include "core/register.h"

/* Kinds that were added to the node, as they are stored: a fact for each version, held against the leaf that commits to
 * it. So they go with the database wherever it goes, and a case never comes without its kind. What is stored of one:
 * octets of the first file (4 octets, big-endian), the first file, the labels. Of one that was removed nothing. */

static const char kind_fact[] = "kind/";

enum { SUBJECT_MAX = WIRE_CODE_MAX + 16, FACT_MAX = sizeof kind_fact + SUBJECT_MAX, DOCUMENT_MAX = 2 * WIRE_KIND_MAX + 4 };

/* "NAME VERSION", as leaves name it; facts too, so that none is confused with another. */
struct subject {
  char text[SUBJECT_MAX];
};
static struct subject subject_of(const struct wire_kind *kind) {
  struct subject subject;
  (void)snprintf(subject.text, sizeof subject.text, "%.*s %lld", (int)kind->name.size, (const char *)kind->name.data,
                 (long long)kind->version);
  return subject;
}

static void fact_of(const char *subject, char out[FACT_MAX]) {
  (void)snprintf(out, FACT_MAX, "%s%s", kind_fact, subject);
}

struct document {
  struct base_view file, labels;
};
static enum base_code read_document(struct base_view bytes, struct document *out, struct base_error *err) {
  struct base_reader reader = base_reader_of(bytes);
  uint32_t size = base_read_u32(&reader);
  out->file = base_read_bytes(&reader, size);
  out->labels = reader.rest;
  return reader.failed ? base_fail(err, BASE_CORRUPT, "it is cut short") : BASE_OK;
}

/* --- loading */

/* What is wrong with it, to be told for as long as it is so. */
static void leave_out(struct core *core, struct base_view fact, const struct base_error *why) {
  size_t skip = sizeof kind_fact - 1;
  struct base_view subject = base_view_of(fact.data + skip, fact.size - skip);
  base_log(BASE_LOG_ERROR, "kind.out", "the kind %.*s is left out: %s", (int)subject.size, (const char *)subject.data,
           why->text);
  if (core->kinds_out++ >= CORE_KINDS_TOLD)
    return;
  struct core_kind_out *out = &core->kinds_told[core->kinds_out - 1];
  (void)snprintf(out->subject, sizeof out->subject, "%.*s", (int)subject.size, (const char *)subject.data);
  out->why = *why;
}

static enum base_code load_one(struct core *core, struct base_view fact, struct base_view value,
                               struct base_error *err) {
  struct base_reader reader = base_reader_of(value);
  uint64_t leaf = base_read_u64(&reader);
  struct document document;
  struct core_kind *kind = NULL;
  if (!reader.failed && reader.rest.size == 0)
    return BASE_OK; /* it was removed */
  enum base_code code = reader.failed ? base_fail(err, BASE_CORRUPT, "it is cut short")
                                      : core_register_commits(core, leaf, WIRE_ACT_KIND, reader.rest, err);
  if (code != BASE_OK && !core_damage(code))
    return code;
  if (code == BASE_OK)
    code = read_document(reader.rest, &document, err);
  if (code == BASE_OK)
    code = core_kind_make(document.file, document.labels, false, &kind, err);
  if (code == BASE_MEMORY)
    return code;
  if (code == BASE_OK && core->kinds_added == CORE_KINDS_MAX)
    code = base_fail(err, BASE_TOO_LARGE, "there are more than %d", CORE_KINDS_MAX);
  if (code != BASE_OK) {
    core_kind_free(kind);
    leave_out(core, fact, err);
    return BASE_OK;
  }
  kind->local = true;
  return core_kind_insert(core, kind, err);
}

static void forget(struct core *core) {
  for (size_t i = core->kind_count; i > 0; i--)
    if (core->kinds[i - 1]->local)
      core_kind_drop(core, core->kinds[i - 1]);
  core->kinds_out = 0;
}

enum base_code core_kinds_reload(struct core *core, struct base_error *err) {
  char after[FACT_MAX];
  enum base_code code = BASE_OK;
  forget(core);
  fact_of("", after);
  while (code == BASE_OK) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    base_arena_init(&arena, DOCUMENT_MAX + (1 << 20));
    struct base_view name, value;
    code = store_fact_next(core->store, after, &arena, &name, &value, err);
    if (code == BASE_NOT_FOUND || (code == BASE_OK && (name.size < sizeof kind_fact || name.size >= FACT_MAX ||
                                                       memcmp(name.data, kind_fact, sizeof kind_fact - 1) != 0)))
      break;
    if (code == BASE_OK) {
      (void)snprintf(after, sizeof after, "%.*s", (int)name.size, (const char *)name.data);
      code = load_one(core, name, value, err);
    }
  }
  core->kinds_touched = false;
  return code == BASE_NOT_FOUND ? BASE_OK : code;
}

static enum base_code read_fact(struct core *core, const char *subject, struct base_buf *out, struct base_error *err) {
  char fact[FACT_MAX];
  fact_of(subject, fact);
  base_buf_init(out, DOCUMENT_MAX + 8);
  return store_fact_get(core->store, fact, out, err);
}

enum base_code core_kind_labels(struct core *core, const struct core_kind *kind, struct wire_labels *out,
                                struct base_error *err) {
  BASE_AUTO_BUF struct base_buf value = {0};
  struct document document;
  enum base_code code = read_fact(core, subject_of(&kind->kind).text, &value, err);
  struct base_reader reader = base_reader_of(base_buf_view(&value));
  (void)base_read_u64(&reader);
  if (code == BASE_OK)
    code = read_document(reader.rest, &document, err);
  return code == BASE_OK ? wire_labels_parse(document.labels, &kind->kind, out, err) : code;
}

enum base_code core_kind_fits(struct core *core, const struct wire_opening *opening, uint64_t index, bool *fits,
                              struct base_error *err) {
  BASE_AUTO_BUF struct base_buf value = {0};
  char subject[SUBJECT_MAX];
  (void)snprintf(subject, sizeof subject, "%.*s", (int)opening->subject.size, (const char *)opening->subject.data);
  enum base_code code = read_fact(core, subject, &value, err);
  struct base_reader reader = base_reader_of(base_buf_view(&value));
  uint64_t leaf = base_read_u64(&reader);
  struct base_hash hash = seal_sha256(reader.rest);
  *fits = code == BASE_OK && !reader.failed &&
          (leaf > index || (leaf == index && base_hash_equal(&hash, &opening->evidence)));
  return code == BASE_NOT_FOUND || core_damage(code) ? BASE_OK : code;
}

void core_kinds_unsound(const struct core *core, struct wire_writer *writer) {
  for (size_t i = 0; i < core->kinds_out && i < CORE_KINDS_TOLD; i++) {
    const struct core_kind_out *out = &core->kinds_told[i];
    char text[BASE_ERROR_TEXT_MAX + 200];
    (void)snprintf(text, sizeof text,
                   "the kind %s is left out (%s): its cases can be neither read nor answered until the file is added "
                   "again (wasl kind add)",
                   out->subject, out->why.text);
    wire_write_string(writer, text);
  }
  if (core->kinds_out > CORE_KINDS_TOLD) {
    char text[96];
    (void)snprintf(text, sizeof text, "%zu more kinds are left out: the log names them",
                   core->kinds_out - CORE_KINDS_TOLD);
    wire_write_string(writer, text);
  }
}

/* --- saving */

/* document empty: it is no more. */
static enum base_code save(struct core *core, const char *subject, const char *why, struct base_view document,
                           struct base_error *err) {
  BASE_AUTO_BUF struct base_buf value = {0};
  char fact[FACT_MAX];
  struct wire_opening opening = {.actor = core_actor(core),
                                 .subject = base_view_text(subject),
                                 .reason = base_view_text(why),
                                 .evidence = seal_sha256(document)};
  struct core_leaf leaf;
  base_buf_init(&value, DOCUMENT_MAX + 8);
  fact_of(subject, fact);
  enum base_code code = core_write(core, err);
  if (code == BASE_OK)
    code = core_register_add(core, WIRE_ACT_KIND, &opening, &leaf, err);
  if (code == BASE_OK) {
    base_buf_u64(&value, leaf.index);
    base_buf_add_view(&value, document);
    code = base_buf_check(&value, "a kind", err);
  }
  if (code == BASE_OK)
    code = store_fact_set(core->store, fact, base_buf_view(&value), err);
  core->kinds_touched = true;
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

static void answer(struct core *core, uint64_t token, const struct wire_kind *kind, const char *what) {
  struct wire_writer writer;
  wire_writer_init(&writer, &core_reply(core, token, BASE_OK)->payload);
  wire_write_object(&writer);
  wire_write_member_text(&writer, "name", kind->name);
  wire_write_member_integer(&writer, "version", kind->version);
  wire_write_member_hash(&writer, "hash", &kind->hash);
  wire_write_member_string(&writer, "done", what);
  wire_write_end(&writer, '}');
}

/* --- added */

/* The program's kinds stay what they are: an older version of one may stand beside it, so that its cases can be read;
 * none may take its place, and none at all stands beside those that law and core obey by their names. */
static enum base_code check_beside(const struct core *core, const struct wire_kind *kind, struct base_error *err) {
  const struct core_kind *held = core_kind_named(core, kind->name);
  int size = (int)kind->name.size;
  const char *name = (const char *)kind->name.data;
  if (!kind->needs_row)
    return base_fail(err, BASE_CONFLICT, "the kind %.*s is the program's own, and law goes by it: give yours another name",
                     size, name);
  if (held == NULL || held->local || kind->version < held->kind.version)
    return BASE_OK;
  return base_fail(err, BASE_CONFLICT,
                   "the kind %.*s is the program's own, in version %lld: give yours another name; an older version of it "
                   "may be added",
                   size, name, (long long)held->kind.version);
}

/* held: the same version, as it is here; NULL: there is none. */
static enum base_code check_new(const struct core *core, const struct wire_kind *kind, const struct core_kind *held,
                                struct base_error *err) {
  enum base_code code = check_beside(core, kind, err);
  if (code != BASE_OK)
    return code;
  if (held != NULL && !base_hash_equal(&held->kind.hash, &kind->hash))
    return base_fail(err, BASE_CONFLICT,
                     "version %lld of the kind %.*s is here with the hash %s, and this file has another one: give it a "
                     "higher version, or remove that one first (wasl kind remove)",
                     (long long)kind->version, (int)kind->name.size, (const char *)kind->name.data,
                     base_hash_text(&held->kind.hash).text);
  const struct core_kind *other = core_kind_named(core, kind->name);
  if (other != NULL && other->kind.lane != kind->lane)
    return base_fail(err, BASE_CONFLICT,
                     "the kind %.*s is %s in version %lld, and %s in this file: a row of an agreement names a kind in all its "
                     "versions, so all are of one lane; give yours another name",
                     (int)kind->name.size, (const char *)kind->name.data, core_lane_name(other->kind.lane),
                     (long long)other->kind.version, core_lane_name(kind->lane));
  if (held == NULL && core->kinds_added >= CORE_KINDS_MAX)
    return base_fail(err, BASE_POLICY, "a node holds at most %d kinds of its own: remove one that no case uses",
                     CORE_KINDS_MAX);
  return BASE_OK;
}

/* Only its labels are other ones: what is in memory stays where it is, for cases hold it. */
static void take_titles(struct core_kind *held, struct core_kind *kind) {
  struct base_arena texts = held->texts;
  held->texts = kind->texts;
  kind->texts = texts;
  memcpy(held->titles, kind->titles, sizeof held->titles);
  core_kind_free(kind);
}

static enum base_code add(struct core *core, const struct wire_json *request, const struct core_kind **out,
                          const char **what, struct base_error *err) {
  struct base_view file = core_request_text(request, "file"), labels = core_request_text(request, "labels");
  BASE_AUTO_BUF struct base_buf document = {0};
  struct core_kind *kind = NULL;
  enum base_code code = core_kind_make(file, labels, false, &kind, err);
  if (code != BASE_OK)
    return code;
  struct core_kind *held = NULL;
  for (size_t i = 0; i < core->kind_count && held == NULL; i++)
    if (core->kinds[i]->local && core->kinds[i]->kind.version == kind->kind.version &&
        base_view_equal(core->kinds[i]->kind.name, kind->kind.name))
      held = core->kinds[i];
  *what = held != NULL ? "labels" : "added";
  code = check_new(core, &kind->kind, held, err);
  base_buf_init(&document, DOCUMENT_MAX);
  base_buf_u32(&document, (uint32_t)file.size);
  base_buf_add_view(&document, file);
  base_buf_add_view(&document, labels);
  if (code == BASE_OK)
    code = base_buf_check(&document, "a kind", err);
  if (code == BASE_OK)
    code = save(core, subject_of(&kind->kind).text, *what, base_buf_view(&document), err);
  if (code != BASE_OK) {
    core_kind_free(kind);
    return code;
  }
  kind->local = true;
  *out = held != NULL ? held : kind;
  if (held != NULL)
    take_titles(held, kind);
  else
    code = core_kind_insert(core, kind, err);
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

void core_kind_add(struct core *core, uint64_t token, const struct wire_json *request) {
  struct base_error err = {0};
  const struct core_kind *kind = NULL;
  const char *what = NULL;
  enum base_code code = add(core, request, &kind, &what, &err);
  if (code == BASE_OK)
    answer(core, token, &kind->kind, what);
  else
    core_reply_error(core, token, code, &err);
}

/* --- removed */

/* The version that is meant; without a number, the only one that was added. */
static enum base_code find(const struct core *core, struct base_view name, int64_t version,
                           const struct core_kind **out, struct base_error *err) {
  size_t found = 0;
  bool any = false;
  for (size_t i = 0; i < core->kind_count; i++) {
    const struct core_kind *kind = core->kinds[i];
    if (!base_view_equal(kind->kind.name, name))
      continue;
    any = true;
    if (!kind->local || (version != 0 && kind->kind.version != version))
      continue;
    *out = kind;
    found++;
  }
  if (!any)
    return core_kind_none(name, err);
  if (found == 0)
    return base_fail(err, BASE_NOT_FOUND,
                     "no such version of the kind %.*s was added to this node; what is the program's own stays (wasl kind "
                     "list)",
                     (int)name.size, (const char *)name.data);
  return found == 1 ? BASE_OK
                    : base_fail(err, BASE_CONFLICT, "%zu versions of the kind %.*s were added: say which one", found,
                                (int)name.size, (const char *)name.data);
}

static enum base_code remove_one(struct core *core, const struct wire_json *request, const struct core_kind **out,
                                 struct base_error *err) {
  bool used = false;
  enum base_code code = find(core, core_request_text(request, "kind"),
                             wire_json_integer(wire_json_get(request, "version")), out, err);
  if (code == BASE_OK)
    code = store_case_of_kind(core->store, (*out)->kind.name, &(*out)->kind.hash, &used, err);
  if (code == BASE_OK && used)
    return base_fail(err, BASE_CONFLICT,
                     "a case here is of version %lld of the kind %.*s: it stays for as long as the case can be read; a "
                     "higher version takes the new cases",
                     (long long)(*out)->kind.version, (int)(*out)->kind.name.size,
                     (const char *)(*out)->kind.name.data);
  return code == BASE_OK ? save(core, subject_of(&(*out)->kind).text, "removed", (struct base_view){0}, err) : code;
}

void core_kind_remove(struct core *core, uint64_t token, const struct wire_json *request) {
  struct base_error err = {0};
  const struct core_kind *kind = NULL;
  enum base_code code = remove_one(core, request, &kind, &err);
  if (code != BASE_OK) {
    core_reply_error(core, token, code, &err);
    return;
  }
  answer(core, token, &kind->kind, "removed");
  core_case_drop(core, NULL); /* one that nobody took may have left its place */
  core_kind_drop(core, kind);
}
