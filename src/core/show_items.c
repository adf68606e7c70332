/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "core/cases.h"
#include "core/clocks.h"
#include "core/feed.h"
#include "core/partners.h"
#include "core/show.h"

/* The items of a case: what has a state of its own in it. */

/* Their clocks, by item: `next` is the first that is not written. */
struct clocks {
  struct core_item_clock *all;
  size_t count, next;
};
struct filter {
  const struct wire_kind_item *item; /* NULL: any */
  struct base_view state;            /* empty: any */
};

static void write_party(struct core *core, struct wire_writer *writer, const char *key,
                        const struct wire_header *opening, unsigned party) {
  if (party < opening->party_count) {
    wire_write_member_text(writer, key, core_show_name(core, opening->parties[party]));
    return;
  }
  wire_write_key(writer, key);
  wire_write_null(writer);
}

/* The types that this node may send about it now. */
static void write_possible(struct core *core, struct wire_writer *writer, const struct core_case *kase, size_t at) {
  const struct wire_kind *kind = &kase->kind->kind;
  wire_write_key(writer, "possible");
  wire_write_array(writer);
  for (size_t i = 0; i < kind->type_count; i++)
    if (engine_allows_item(kind, kase->messages, kase->count, &kase->state, core->card.origin, &kind->types[i], at))
      wire_write_text(writer, kind->types[i].name);
  wire_write_end(writer, ']');
}

void core_show_lacks(struct core *core, struct wire_writer *writer, const struct core_case *kase, uint32_t item) {
  const struct wire_kind *kind = &kase->kind->kind;
  const struct wire_header *opening = kase->messages[0].header;
  wire_write_key(writer, "lacks");
  wire_write_array(writer);
  for (size_t i = 0; i < kind->type_count; i++) {
    uint32_t lacks = engine_lacks(kind, kase->messages, kase->count, &kase->state, &kind->types[i], item);
    if (lacks == 0)
      continue;
    wire_write_object(writer);
    wire_write_member_text(writer, "type", kind->types[i].name);
    wire_write_key(writer, "parties");
    wire_write_array(writer);
    for (size_t k = 0; k < opening->party_count; k++)
      if (lacks >> k & 1)
        wire_write_text(writer, core_show_name(core, opening->parties[k]));
    wire_write_end(writer, ']');
    wire_write_end(writer, '}');
  }
  wire_write_end(writer, ']');
}

/* Of the item at this place, which comes after those whose clocks are written. */
static void write_clocks(struct core *core, struct wire_writer *writer, const struct core_case *kase, size_t at,
                         struct clocks *clocks) {
  const struct wire_header *opening = kase->messages[0].header;
  wire_write_key(writer, "clocks");
  wire_write_array(writer);
  while (clocks->next < clocks->count && clocks->all[clocks->next].item < at)
    clocks->next++;
  for (; clocks->next < clocks->count && clocks->all[clocks->next].item == at; clocks->next++) {
    const struct core_item_clock *clock = &clocks->all[clocks->next];
    struct base_view party = opening->parties[clock->party];
    bool ours = base_view_equal(party, core->card.origin);
    core_show_clock(core, writer, party, core_partner_of(core, ours ? kase->messages[at].header->author : party),
                    &clock->now);
  }
  wire_write_end(writer, ']');
}

static void write_fed(struct wire_writer *writer, const char *key, const struct core_fed *fed) {
  wire_write_key(writer, key);
  if (!fed->there) {
    wire_write_null(writer);
    return;
  }
  wire_write_object(writer);
  wire_write_member_id(writer, "case", &fed->case_id);
  wire_write_member_id(writer, "message", &fed->message);
  wire_write_end(writer, '}');
}

/* Whence it came, and how it goes on in a case of another kind. */
static enum base_code write_feed(struct core *core, struct wire_writer *writer, const struct core_case *kase, size_t at,
                                 struct base_error *err) {
  const struct wire_kind *kind = &kase->kind->kind;
  const struct wire_kind_feed *feed = wire_kind_feed_of(kind, engine_item(kind, &kase->messages[at]));
  enum core_feed_stands stands = CORE_FEED_OPEN;
  struct core_fed source, fed;
  enum base_code code = core_feed_source(core, kind, kase->messages[at].header, &source, err);
  if (code == BASE_OK && feed != NULL)
    code = core_feed_look(core, kase, feed, at, &stands, &fed, err);
  if (code != BASE_OK)
    return code;
  write_fed(writer, "came", &source);
  wire_write_key(writer, "feed");
  if (feed == NULL) {
    wire_write_null(writer);
    return BASE_OK;
  }
  wire_write_object(writer);
  wire_write_member_text(writer, "kind", feed->kind);
  wire_write_member_text(writer, "type", feed->type);
  wire_write_member_string(writer, "stands", core_feed_names[stands]);
  write_fed(writer, "went", &fed);
  wire_write_end(writer, '}');
  return BASE_OK;
}

static enum base_code write_item(struct core *core, struct wire_writer *writer, const struct core_case *kase, size_t at,
                                 struct clocks *clocks, struct base_error *err) {
  const struct engine_message *message = &kase->messages[at], *made = &kase->messages[message->item_by];
  const struct wire_header *opening = kase->messages[0].header;
  const struct wire_kind_item *item = engine_item(&kase->kind->kind, message);
  wire_write_object(writer);
  wire_write_member_id(writer, "id", &message->id);
  wire_write_member_text(writer, "item", item->name);
  wire_write_member_text(writer, "state", item->states[message->item_state]);
  write_party(core, writer, "owner", opening, engine_party_of(opening, message->header->author));
  write_party(core, writer, "assignee", opening, message->assignee);
  core_show_time(writer, "since", made->header->time);
  wire_write_member_id(writer, "made_by", &made->id);
  wire_write_member_bool(writer, "settled", made->settled);
  enum base_code code = write_feed(core, writer, kase, at, err);
  write_possible(core, writer, kase, at);
  core_show_lacks(core, writer, kase, (uint32_t)at);
  write_clocks(core, writer, kase, at, clocks);
  wire_write_end(writer, '}');
  return code;
}

static enum base_code write_items(struct core *core, struct wire_writer *writer, const struct core_case *kase,
                                  const struct filter *filter, struct base_error *err) {
  struct clocks clocks = {0};
  enum base_code code = core_item_clocks(core, kase, true, &clocks.all, &clocks.count, err);
  wire_write_array(writer);
  for (size_t i = 0; i < kase->count && code == BASE_OK; i++) {
    const struct wire_kind_item *item = engine_item(&kase->kind->kind, &kase->messages[i]);
    if (item == NULL || (filter->item != NULL && item != filter->item) ||
        (filter->state.size > 0 && !base_view_equal(item->states[kase->messages[i].item_state], filter->state)))
      continue;
    code = write_item(core, writer, kase, i, &clocks, err);
  }
  wire_write_end(writer, ']');
  free(clocks.all);
  return code;
}

enum base_code core_show_items(struct core *core, struct wire_writer *writer, const struct core_case *kase,
                               struct base_error *err) {
  return write_items(core, writer, kase, &(struct filter){0}, err);
}

/* An empty list would say that there are no such items, when only the word was wrong. */
static enum base_code take_filter(const struct wire_json *request, const struct wire_kind *kind, struct filter *out,
                                  struct base_error *err) {
  struct base_view name = core_request_text(request, "item"), state = core_request_text(request, "state");
  bool known = state.size == 0;
  *out = (struct filter){.item = wire_kind_item_named(kind, name), .state = state};
  if (name.size > 0 && out->item == NULL)
    return base_fail(err, BASE_FIELD, "item: the kind %.*s has no item %.*s; wasl kind show %.*s lists those there are",
                     (int)kind->name.size, (const char *)kind->name.data, (int)name.size, (const char *)name.data,
                     (int)kind->name.size, (const char *)kind->name.data);
  for (size_t i = 0; i < kind->item_count; i++)
    for (size_t j = 0; j < kind->items[i].state_count && (out->item == NULL || out->item == &kind->items[i]); j++)
      known = known || base_view_equal(kind->items[i].states[j], state);
  return known ? BASE_OK
               : base_fail(err, BASE_FIELD,
                           "state: no item that is asked for has %.*s; wasl kind show %.*s lists those there are",
                           (int)state.size, (const char *)state.data, (int)kind->name.size,
                           (const char *)kind->name.data);
}

enum base_code core_show_case_items(struct core *core, const struct wire_json *request, struct base_buf *out,
                                    struct base_error *err) {
  struct base_id id;
  struct core_case *kase = NULL;
  struct filter filter;
  struct wire_writer writer;
  wire_writer_init(&writer, out);
  enum base_code code = core_request_id(core, request, "id", "case", &id, err);
  if (code == BASE_OK)
    code = core_case_load(core, &id, &kase, err);
  if (code == BASE_OK)
    code = take_filter(request, &kase->kind->kind, &filter, err);
  if (code != BASE_OK)
    return code;
  wire_write_object(&writer);
  wire_write_member_id(&writer, "case", &id);
  core_show_kind_of(core, &writer, kase->kind->kind.name, &kase->kind->kind.hash);
  wire_write_member_bool(&writer, "exercise", kase->row.exercise);
  wire_write_key(&writer, "items");
  code = write_items(core, &writer, kase, &filter, err);
  wire_write_end(&writer, '}');
  return code == BASE_OK ? base_buf_check(out, "the list, which takes an item or a state,", err) : code;
}
