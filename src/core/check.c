/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/check.h"
#include "core/register.h"
#include "core/stix.h"

/* register.check: the stages, what was found, the request. */

static const struct stage {
  const char *name;
  core_check_step *step;
} stages[] = {
    {"ids", core_check_ids},
    {"partners", core_check_partners},
    {"heads", core_check_heads},
    {"cosignatures", core_check_cosignatures},
    {"partner heads", core_check_partner_heads},
    {"messages", core_check_messages},
    {"erasures", core_check_erasures},
    {"releases", core_check_releases},
    {"waits", core_check_waits},
    {"cases", core_check_cases},
    {"picture", core_check_picture},
    {"deliveries", core_check_deliveries},
    {"arrivals", core_check_arrivals},
    {"parts", core_check_parts},
    {"files", core_check_files},
    {"STIX objects", core_check_stix},
    {"STIX counts", core_check_stix_counts},
    {"evidence", core_check_evidence},
    {"leaves", core_check_leaves}, /* the last: it alone goes on over what came since */
};
enum { STAGES = sizeof stages / sizeof stages[0] };

/* --- what was found */

struct core_place core_place(const char *format, ...) {
  struct core_place place;
  va_list args;
  va_start(args, format);
  if (vsnprintf(place.text, sizeof place.text, format, args) < 0)
    place.text[0] = '\0';
  va_end(args);
  return place;
}

struct core_place core_place_message(const struct base_id *id) {
  return core_place("message %s", base_id_text(id).text);
}

struct core_place core_place_partner(const struct core *core, int64_t number) {
  for (size_t i = 0; i < core->partner_count; i++)
    if (core->partners[i]->row.number == number)
      return core_place("partner %.*s", (int)core->partners[i]->card.name.size,
                        (const char *)core->partners[i]->card.name.data);
  return core_place("partner of row %lld", (long long)number);
}

static const char *const consequences[] = {
    [CORE_SO_REGISTER] = "what was signed can no longer be proved from here: keep this folder as it is, and put back a "
                         "backup of core/ or its database that is as new as the last head",
    [CORE_SO_MESSAGE] =
        "do not act on it: ask the other side for its evidence (wasl proof export), and put back a backup of "
        "core/ or its database that is as new",
    [CORE_SO_CASE] = "decide nothing on this case before you compared it with the other parties (wasl case show there)",
    [CORE_SO_PROOF] = "this cannot be proved from here: ask the other side for its evidence (wasl proof export)",
    [CORE_SO_PARTNER] =
        "exchange nothing with it before you compared the card by voice again, and put back a backup of core/ or its "
        "database that is as new",
    [CORE_SO_PART] = "it cannot be given out as it was sent: ask the other side for it, and put back the file",
    [CORE_SO_STRAY] = "nothing here names it: find out how it came there, then remove it",
    [CORE_SO_ERASED] =
        "it was put there past this node: find out how, and put back a backup of core/ or its database that "
        "is as new as the last head",
    [CORE_SO_DERIVED] =
        "lists may show what is not so; what is shown of a single case is computed anew: put back a backup of "
        "core/ or its database that is as new",
    [CORE_SO_KEPT] =
        "it may stay here for longer than it may: look at it yourself in time (wasl message erase), and put back a backup "
        "of core/ or its database that is as new",
    [CORE_SO_ALARM] = "a deadline may be told not at all, or twice: look at the case itself (wasl case show), and put back a "
                      "backup of core/ or its database that is as new as the last head",
    [CORE_SO_COUNTED] = "it was counted anew from the cases; what the picture showed before may have been wrong",
    [CORE_SO_LISTED] = "it is looked into or counted anew; what lists and counts of STIX objects said before may have been wrong",
    [CORE_SO_FOUND] = "it is noted anew from its content; a cross-check made before may have missed it, or found what is not there",
    [CORE_SO_TABLE] =
        "the database is damaged there: put back a backup of core/ or its database that is as new as the last head",
    [CORE_SO_ONCE] = NULL,
};

void core_check_found(struct core *core, enum core_check_so so, struct core_place place, const char *format, ...) {
  struct core_check *check = core->check;
  struct core_problem problem;
  char what[CORE_CHECK_WHAT];
  va_list args;
  va_start(args, format);
  if (vsnprintf(what, sizeof what, format, args) < 0)
    what[0] = '\0';
  va_end(args);
  const char *then = consequences[so];
  size_t room = sizeof problem.what - (then == NULL ? 1 : strlen(then) + 3);
  memcpy(problem.place, place.text, sizeof problem.place);
  snprintf(problem.what, sizeof problem.what, "%.*s%s%s", (int)room, what, then == NULL ? "" : "; ",
           then == NULL ? "" : then);
  for (size_t i = 0; i < check->count; i++) /* the end is looked at again when leaves came since */
    if (strcmp(problem.place, check->problems[i].place) == 0 && strcmp(problem.what, check->problems[i].what) == 0)
      return;
  if (check->found++ >= CORE_CHECK_PROBLEMS_MAX)
    return;
  check->problems[check->count++] = problem;
  base_log(BASE_LOG_ERROR, "register.corrupt", "%s: %s", problem.place, problem.what);
}

bool core_check_row(struct core *core, const char *table, bool moved, enum base_code *code, bool *done,
                    const struct base_error *err) {
  if (*code == BASE_OK)
    return true;
  if (*code != BASE_NOT_FOUND && !core_damage(*code))
    return false;
  if (*code != BASE_NOT_FOUND)
    core_check_found(core, CORE_SO_TABLE, core_place("database"), "a row of %s cannot be read: %s", table, err->text);
  *done = *code == BASE_NOT_FOUND || !moved;
  *code = BASE_OK;
  return false;
}

struct core_check_partner *core_check_partner(struct core_check *check, int64_t number, struct base_error *err) {
  for (size_t i = 0; i < check->partner_count; i++)
    if (check->partners[i].number == number)
      return &check->partners[i];
  struct core_check_partner *grown = realloc(check->partners, (check->partner_count + 1) * sizeof *grown);
  if (grown == NULL) {
    (void)base_fail(err, BASE_MEMORY, "no memory for the check");
    return NULL;
  }
  check->partners = grown;
  grown[check->partner_count] = (struct core_check_partner){.number = number};
  return &grown[check->partner_count++];
}

void core_check_free(struct core *core) {
  struct core_check *check = core->check;
  if (check == NULL)
    return;
  store_delivery_watch(core->store, NULL, NULL);
  core_check_file_end(check);
  if (check->folder != NULL)
    closedir(check->folder);
  free(check->partners);
  free(check->problems);
  free(check);
  core->check = NULL;
}

/* --- the request */

static enum base_code check_new(struct core *core, struct base_error *err) {
  core_check_free(core);
  struct core_check *check = calloc(1, sizeof *check);
  core->check = check;
  if (check != NULL)
    check->problems = calloc(CORE_CHECK_PROBLEMS_MAX, sizeof *check->problems);
  if (check == NULL || check->problems == NULL)
    return base_fail(err, BASE_MEMORY, "no memory for the check");
  const struct core_asker *asker = core_asker(core);
  (void)snprintf(check->by, sizeof check->by, "%s", asker->handle[0] != '\0' ? asker->handle : asker->name);
  check->file.fd = -1;
  check->key = check->pair.first = check->pair.second = INT64_MIN;
  store_delivery_watch(core->store, core_check_delivery_changed, core);
  return BASE_OK;
}

/* 0 begins anew; where the check stands goes on, over the leaves that came since when it had ended. */
static enum base_code check_begin(struct core *core, const struct wire_json *request, struct base_error *err) {
  const struct wire_json *member = wire_json_get(request, "from");
  int64_t from = wire_json_integer(member);
  if (member != NULL && (wire_json_type(member) != WIRE_JSON_INTEGER || from < 0))
    return base_fail(err, BASE_FIELD, "from: a whole number from 0");
  /* Whoever began one that is still going on is not put off by another. */
  bool going =
      core->check != NULL && !core->check->ended && core_now_ms(core) - core->check->touched_ms < CORE_CHECK_IDLE_MS;
  if (from == 0 && going)
    return base_fail(err, BASE_BUSY,
                     "a check by %s is going on, at row %llu (%s): this one can begin when that has ended, or was not "
                     "asked for during %d seconds",
                     core->check->by, (unsigned long long)core->check->total, stages[core->check->stage].name,
                     CORE_CHECK_IDLE_MS / 1000);
  if (from == 0)
    return check_new(core, err);
  return core->check != NULL && core->check->total == (uint64_t)from
             ? BASE_OK
             : base_fail(err, BASE_CONFLICT, "no check stands at row %lld: begin anew, with from=0", (long long)from);
}

/* The stages, as far as this request's share goes. */
static enum base_code check_go(struct core *core, bool *out_done, struct base_error *err) {
  struct core_check *check = core->check;
  enum base_code code = BASE_OK;
  bool done = false;
  check->budget = CORE_CHECK_STEP;
  *out_done = false;
  core_register_ahead(core, true);
  while (code == BASE_OK && check->budget > 0 && !*out_done) {
    code = stages[check->stage].step(core, &done, err);
    if (!done || code != BASE_OK)
      continue;
    *out_done = check->stage + 1 == STAGES;
    if (!*out_done) {
      check->stage++;
      check->rows = 0;
      check->key = check->pair.first = check->pair.second = INT64_MIN;
      done = false;
    }
  }
  core_register_ahead(core, false);
  return code;
}

static void check_answer(struct core *core, uint64_t token, bool done) {
  struct core_check *check = core->check;
  struct wire_writer writer;
  wire_writer_init(&writer, &core_reply(core, token, BASE_OK)->payload);
  wire_write_object(&writer);
  wire_write_member_integer(&writer, "checked", (int64_t)(check->next < check->size ? check->next : check->size));
  wire_write_member_integer(&writer, "next", (int64_t)check->total);
  wire_write_member_integer(&writer, "size", (int64_t)check->size);
  if (done) {
    wire_write_member_hash(&writer, "root", &check->root);
    wire_write_member_buf(&writer, "note", &core->reg.note);
  } else {
    wire_write_key(&writer, "root");
    wire_write_null(&writer);
    wire_write_key(&writer, "note");
    wire_write_null(&writer);
  }
  wire_write_member_bool(&writer, "done", done);
  wire_write_member_string(&writer, "stage", stages[check->stage].name);
  wire_write_member_integer(&writer, "rows", (int64_t)check->rows);
  wire_write_member_integer(&writer, "found", (int64_t)check->found);
  wire_write_key(&writer, "problems");
  wire_write_array(&writer);
  for (; check->told < check->count; check->told++) {
    wire_write_object(&writer);
    core_show_text(&writer, "place", base_view_text(check->problems[check->told].place));
    core_show_text(&writer, "what", base_view_text(check->problems[check->told].what));
    wire_write_end(&writer, '}');
  }
  wire_write_end(&writer, ']');
  wire_write_end(&writer, '}');
}

void core_register_check(struct core *core, uint64_t token, const struct wire_json *request) {
  struct base_error err = {0};
  bool done = false;
  enum base_code code = check_begin(core, request, &err);
  if (code == BASE_CONFLICT || code == BASE_FIELD || code == BASE_BUSY) {
    core_reply_error(core, token, code, &err);
    return;
  }
  if (code == BASE_OK)
    core->check->touched_ms = core_now_ms(core);
  if (code == BASE_OK)
    code = check_go(core, &done, &err);
  if (code == BASE_OK) {
    check_answer(core, token, done);
    return;
  }
  core_check_free(core);
  core_reply_error(core, token, code, &err);
}
