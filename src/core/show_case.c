/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "core/show.h"

/* Cases. Clocks run from receipts: the receiver's `received` leaf, which both sides hold. */

/* --- clocks */

static void write_clock(struct wire_writer *writer, const struct law_clock *clock) {
  wire_write_object(writer);
  wire_write_member_text(writer, "name", clock->name);
  core_show_time(writer, "started", clock->started);
  core_show_time(writer, "due", clock->due);
  wire_write_member_bool(writer, "running", clock->running);
  wire_write_member_bool(writer, "paused", clock->paused);
  wire_write_member_bool(writer, "stopped", clock->stopped);
  core_show_time(writer, "ended", clock->stopped ? clock->ended : 0);
  wire_write_end(writer, '}');
}

static enum base_code case_events(struct core *core, const struct core_case *kase, struct law_clock_event *events,
                                  size_t *out_count, struct base_error *err) {
  size_t count = 0;
  enum base_code code = BASE_OK;
  for (size_t i = 0; i < kase->count && code == BASE_OK; i++) {
    const struct core_case_message *message = &kase->messages[i];
    const struct wire_kind_type *type = wire_kind_type_named(&kase->kind->kind, message->header->type);
    if (!message->effective || type == NULL)
      continue;
    events[count] = (struct law_clock_event){.type = type, .header = message->header};
    code = core_show_received(core, &message->id, message->header->author, &events[count].at, err);
    count++;
  }
  *out_count = count;
  return code;
}

static enum base_code write_clocks(struct core *core, struct wire_writer *writer, const struct core_case *kase,
                                   struct base_error *err) {
  struct law_clock clocks[WIRE_KIND_CLOCKS_MAX];
  size_t event_count = 0, count = 0;
  enum base_code code = BASE_OK;
  BASE_AUTO_FREE struct law_clock_event *events = NULL;
  if (kase->kind->kind.clock_count > 0) {
    events = calloc(kase->count + 1, sizeof *events);
    code = events == NULL ? base_fail(err, BASE_MEMORY, "no memory for the clocks of a case")
                          : case_events(core, kase, events, &event_count, err);
    if (code == BASE_OK)
      count = law_clocks(&kase->kind->kind, events, event_count, clocks);
  }
  wire_write_key(writer, "clocks");
  wire_write_array(writer);
  for (size_t i = 0; i < count; i++)
    write_clock(writer, &clocks[i]);
  wire_write_end(writer, ']');
  return code;
}

/* --- a case */

struct showing {
  struct core *core;
  bool bare;
  struct wire_writer *writer;
  struct base_error *err;
};

static enum base_code show_unadmitted(void *context, const struct store_message *row) {
  struct showing *showing = context;
  struct base_id id = row->id;
  return row->state == STORE_MESSAGE_HELD
             ? BASE_OK
             : core_show_case_message(showing->core, showing->writer, showing->bare, &id, NULL, showing->err);
}

static void write_possible(struct core *core, struct wire_writer *writer, const struct core_case *kase) {
  const struct wire_kind *kind = &kase->kind->kind;
  wire_write_key(writer, "possible");
  wire_write_array(writer);
  for (size_t i = 0; i < kind->type_count; i++)
    if (core_case_allows(kind, kase->messages, kase->count, &kase->state, core->card.origin, &kind->types[i], NULL) ==
        BASE_OK)
      wire_write_text(writer, kind->types[i].name);
  wire_write_end(writer, ']');
}

enum base_code core_show_case(struct core *core, const struct wire_json *request, struct base_buf *out,
                              struct base_error *err) {
  struct base_id id;
  struct core_case *kase = NULL;
  struct wire_writer writer;
  bool bare = core_show_bare(request);
  wire_writer_init(&writer, out);
  enum base_code code = core_request_id(core, request, "id", "case", &id, err);
  if (code == BASE_OK)
    code = core_case_load(core, &id, &kase, err);
  if (code != BASE_OK)
    return code;
  const struct wire_header *opening = kase->messages[0].header;
  wire_write_object(&writer);
  wire_write_member_id(&writer, "id", &id);
  wire_write_member_text(&writer, "kind", kase->kind->kind.name);
  wire_write_member_text(&writer, "state", core_case_state_name(kase));
  wire_write_member_bool(&writer, "flagged", kase->state.flagged);
  wire_write_member_id(&writer, "made_by", &kase->state.by);
  core_show_names(&writer, core, "parties", opening->parties, opening->party_count);
  write_possible(core, &writer, kase);
  code = write_clocks(core, &writer, kase, err);
  wire_write_key(&writer, "messages");
  wire_write_array(&writer);
  for (size_t i = 0; i < kase->count && code == BASE_OK; i++)
    code = core_show_case_message(core, &writer, bare, &kase->messages[i].id, &kase->messages[i], err);
  struct showing showing = {core, bare, &writer, err};
  if (code == BASE_OK)
    code = store_message_each(core->store, &id, true, show_unadmitted, &showing, err);
  wire_write_end(&writer, ']');
  wire_write_end(&writer, '}');
  return code;
}

/* --- the list of cases */

static enum base_code list_case(void *context, const struct store_case *row) {
  struct showing *showing = context;
  struct wire_writer *writer = showing->writer;
  struct core_case *kase = NULL;
  enum base_code code = core_case_load(showing->core, &row->id, &kase, showing->err);
  /* One of a kind that is not shipped any more is listed with what its row says. */
  if (code != BASE_OK && code != BASE_KIND)
    return code;
  code = BASE_OK;
  wire_write_object(writer);
  wire_write_member_id(writer, "id", &row->id);
  wire_write_member_text(writer, "kind", row->kind);
  wire_write_member_text(writer, "state", row->state);
  wire_write_member_bool(writer, "flagged", row->flagged);
  core_show_time(writer, "opened", row->opened);
  core_show_time(writer, "changed", row->changed);
  wire_write_member_integer(writer, "messages", (int64_t)row->message_count);
  if (kase != NULL) {
    const struct wire_header *opening = kase->messages[0].header;
    core_show_names(writer, showing->core, "parties", opening->parties, opening->party_count);
    code = write_clocks(showing->core, writer, kase, showing->err);
  }
  wire_write_end(writer, '}');
  return code == BASE_OK ? base_buf_check(writer->out, "the list, which takes a limit,", showing->err) : code;
}

enum base_code core_show_case_list(struct core *core, const struct wire_json *request, struct base_buf *out,
                                   struct base_error *err) {
  uint64_t limit = 0;
  struct wire_writer writer;
  struct showing showing = {.core = core, .writer = &writer, .err = err};
  wire_writer_init(&writer, out);
  enum base_code code = core_show_limit(request, &limit, err);
  wire_write_array(&writer);
  if (code == BASE_OK)
    code = store_case_each(core->store, core_request_text(request, "kind"), limit, list_case, &showing, err);
  wire_write_end(&writer, ']');
  return code;
}
