/* SPDX-License-Identifier: Apache-2.0
 * `wasl kind show`: a kind with its texts, for people and for whoever draws a form. */
#include "wire/kind_internal.h"

#include <stdarg.h>
#include <stdio.h>

struct shower {
  const struct wire_kind *kind;
  const struct wire_labels *labels;
  struct wire_writer *writer;
};

/* "label": the text under a key in each language. */
__attribute__((format(printf, 2, 3))) static void write_label(const struct shower *shower, const char *format, ...) {
  if (!shower->labels)
    return;
  char key[4 * (WIRE_CODE_MAX + 1) + 8];
  va_list args;
  va_start(args, format);
  (void)vsnprintf(key, sizeof key, format, args);
  va_end(args);
  wire_write_key(shower->writer, "label");
  wire_write_object(shower->writer);
  for (int i = 0; i < WIRE_LANGUAGES; i++)
    wire_write_member_text(shower->writer, wire_language_codes[i],
                           wire_label(shower->labels, key, (enum wire_language)i));
  wire_write_end(shower->writer, '}');
}

static void begin_array(const struct shower *shower, const char *key) {
  wire_write_key(shower->writer, key);
  wire_write_array(shower->writer);
}

static void write_bounds(const struct shower *shower, const struct wire_kind_field *field) {
  switch (field->type) {
  case WIRE_FIELD_TABLE:
  case WIRE_FIELD_NAMES:
  case WIRE_FIELD_INTEGER:
    wire_write_member_integer(shower->writer, "least", field->least);
    wire_write_member_integer(shower->writer, "most", field->most);
    break;
  case WIRE_FIELD_TEXT:
  case WIRE_FIELD_LINE:
    wire_write_member_integer(shower->writer, "most", field->most);
    break;
  default:
    break;
  }
}

static size_t count_limits(const struct wire_bound *bounds, size_t count, bool after) {
  size_t found = 0;
  for (size_t i = 0; i < count; i++)
    found += bounds[i].after == after;
  return found;
}

static void write_bound_list(const struct shower *shower, const struct wire_bound *bounds, size_t count, bool after) {
  for (size_t i = 0; i < count; i++) {
    const struct wire_bound *bound = &bounds[i];
    if (bound->after != after)
      continue;
    wire_write_object(shower->writer);
    if (bound->or_next) {
      begin_array(shower, "of");
      for (; bound->or_next; bound = &bounds[++i])
        wire_write_text(shower->writer, bound->of);
      wire_write_text(shower->writer, bound->of);
      wire_write_end(shower->writer, ']');
    } else if (bound->type) {
      wire_write_member_text(shower->writer, "of", bound->of);
    }
    if (bound->field)
      wire_write_member_text(shower->writer, "field", bound->name);
    wire_write_member_integer(shower->writer, "days", bound->days);
    wire_write_end(shower->writer, '}');
  }
}

/* In the notation of the file, each as an array. */
static void write_limits(const struct shower *shower, const char *key, bool after, const struct wire_rules *rules) {
  if (count_limits(rules->bounds, rules->bound_count, after) + count_limits(rules->earlier, rules->earlier_count, after) == 0)
    return;
  begin_array(shower, key);
  write_bound_list(shower, rules->bounds, rules->bound_count, after);
  write_bound_list(shower, rules->earlier, rules->earlier_count, after);
  wire_write_end(shower->writer, ']');
}

static void write_when(const struct shower *shower, const char *key, const struct wire_when *when) {
  if (when->count == 0)
    return;
  wire_write_key(shower->writer, key);
  wire_write_object(shower->writer);
  wire_write_member_text(shower->writer, "field", when->name);
  begin_array(shower, "is");
  for (size_t i = 0; i < when->count; i++)
    if (when->bools)
      wire_write_bool(shower->writer, base_view_is(when->is[i], "true"));
    else
      wire_write_text(shower->writer, when->is[i]);
  wire_write_end(shower->writer, ']');
  wire_write_end(shower->writer, '}');
}

static void write_rules(const struct shower *shower, const struct wire_kind_field *field) {
  if (field->multiple != 0)
    wire_write_member_integer(shower->writer, "multiple", field->multiple);
  if (field->must_be)
    wire_write_member_bool(shower->writer, "must_be", true);
  if (field->other)
    wire_write_member_bool(shower->writer, "other", true);
  if (!field->rules)
    return;
  write_limits(shower, "not_before", false, field->rules);
  write_limits(shower, "not_after", true, field->rules);
  write_when(shower, "absent_when", &field->rules->absent);
  write_when(shower, "required_when", &field->rules->required);
}

static void write_field(const struct shower *shower, const struct wire_kind_type *type,
                        const struct wire_kind_field *field, const struct wire_kind_field *table) {
  static const char *const personal[] = {"none", "ordinary", "special"};
  struct wire_writer *writer = shower->writer;
  const char *name = wire_kind_text(field->name);
  wire_write_object(writer);
  wire_write_member_string(writer, "name", name);
  if (table)
    write_label(shower, "column.%s.%s.%s", wire_kind_text(type->name), wire_kind_text(table->name), name);
  else
    write_label(shower, "field.%s.%s", wire_kind_text(type->name), name);
  wire_write_member_string(writer, "type", wire_field_type_names[field->type]);
  wire_write_member_bool(writer, "required", field->required);
  if (!table)
    wire_write_member_bool(writer, "state", field->state);
  wire_write_member_string(writer, "personal", personal[field->personal]);
  if (field->match)
    wire_write_member_string(writer, "match", wire_match_names[field->match]);
  if (field->list)
    wire_write_member_text(writer, "list", field->list->name);
  if (field->item.size)
    wire_write_member_text(writer, "item", field->item);
  write_bounds(shower, field);
  write_rules(shower, field);
  if (field->key)
    wire_write_member_text(writer, "key", field->key->name);
  if (field->column_count) {
    begin_array(shower, "columns");
    for (size_t i = 0; i < field->column_count; i++)
      write_field(shower, type, &field->columns[i], field);
    wire_write_end(writer, ']');
  }
  wire_write_end(writer, '}');
}

static void write_types(const struct shower *shower) {
  begin_array(shower, "types");
  for (size_t i = 0; i < shower->kind->type_count; i++) {
    const struct wire_kind_type *type = &shower->kind->types[i];
    wire_write_object(shower->writer);
    wire_write_member_text(shower->writer, "name", type->name);
    write_label(shower, "type.%s", wire_kind_text(type->name));
    wire_write_member_string(shower->writer, "release", wire_release_names[type->release]);
    wire_write_member_bool(shower->writer, "parts", !type->no_parts);
    if (type->written) {
      write_limits(shower, "not_before", false, type->written);
      write_limits(shower, "not_after", true, type->written);
    }
    begin_array(shower, "fields");
    for (size_t j = 0; j < type->field_count; j++)
      write_field(shower, type, &type->fields[j], NULL);
    wire_write_end(shower->writer, ']');
    wire_write_end(shower->writer, '}');
  }
  wire_write_end(shower->writer, ']');
}

static void write_lists(const struct shower *shower) {
  begin_array(shower, "lists");
  for (size_t i = 0; i < shower->kind->list_count; i++) {
    const struct wire_kind_list *list = &shower->kind->lists[i];
    wire_write_object(shower->writer);
    wire_write_member_text(shower->writer, "name", list->name);
    write_label(shower, "list.%s", wire_kind_text(list->name));
    begin_array(shower, "codes");
    for (size_t j = 0; j < list->count; j++) {
      wire_write_object(shower->writer);
      wire_write_member_text(shower->writer, "code", list->codes[j]);
      write_label(shower, "code.%s.%s", wire_kind_text(list->name), wire_kind_text(list->codes[j]));
      wire_write_end(shower->writer, '}');
    }
    wire_write_end(shower->writer, ']');
    wire_write_end(shower->writer, '}');
  }
  wire_write_end(shower->writer, ']');
}

static void write_states(const struct shower *shower) {
  begin_array(shower, "states");
  for (size_t i = 0; i < shower->kind->state_count; i++) {
    wire_write_object(shower->writer);
    wire_write_member_text(shower->writer, "name", shower->kind->states[i]);
    write_label(shower, "state.%s", wire_kind_text(shower->kind->states[i]));
    wire_write_end(shower->writer, '}');
  }
  wire_write_end(shower->writer, ']');
}

static void write_names(const struct shower *shower, const char *key, const struct base_view *names, size_t count,
                        uint64_t bits) {
  begin_array(shower, key);
  for (size_t i = 0; i < count; i++)
    if (bits >> i & 1)
      wire_write_text(shower->writer, names[i]);
  wire_write_end(shower->writer, ']');
}

static void write_state_names(const struct shower *shower, const char *key, uint64_t bits) {
  write_names(shower, key, shower->kind->states, shower->kind->state_count, bits);
}

static void write_type_names(const struct shower *shower, const char *key, uint64_t bits) {
  begin_array(shower, key);
  for (size_t i = 0; i < shower->kind->type_count; i++)
    if (bits >> i & 1)
      wire_write_text(shower->writer, shower->kind->types[i].name);
  wire_write_end(shower->writer, ']');
}

static void write_transitions(const struct shower *shower) {
  begin_array(shower, "transitions");
  for (size_t i = 0; i < shower->kind->transition_count; i++) {
    const struct wire_kind_transition *transition = &shower->kind->transitions[i];
    wire_write_object(shower->writer);
    wire_write_member_text(shower->writer, "on", transition->on->name);
    write_state_names(shower, "from", transition->from);
    if (!transition->stays)
      wire_write_member_text(shower->writer, "to", shower->kind->states[transition->to]);
    wire_write_member_string(shower->writer, "who", wire_who_names[transition->who]);
    wire_write_member_bool(shower->writer, "all", transition->all);
    if (transition->anew)
      wire_write_member_bool(shower->writer, "anew", true);
    wire_write_member_bool(shower->writer, "each", transition->each);
    wire_write_member_bool(shower->writer, "settles", transition->settles);
    if (transition->names.size)
      wire_write_member_text(shower->writer, "names", transition->names);
    if (transition->after.size)
      wire_write_member_text(shower->writer, "after", transition->after);
    wire_write_end(shower->writer, '}');
  }
  wire_write_end(shower->writer, ']');
}

static void write_together(const struct shower *shower) {
  begin_array(shower, "together");
  for (size_t i = 0; i < shower->kind->together_count; i++) {
    const struct wire_kind_together *rule = &shower->kind->together[i];
    wire_write_object(shower->writer);
    if (rule->any != 0)
      write_state_names(shower, "any", rule->any);
    if (rule->all != 0)
      write_state_names(shower, "all", rule->all);
    wire_write_member_text(shower->writer, "state", shower->kind->states[rule->state]);
    wire_write_end(shower->writer, '}');
  }
  wire_write_end(shower->writer, ']');
}

static void write_item_transitions(const struct shower *shower, const struct wire_kind_item *item) {
  struct wire_writer *writer = shower->writer;
  begin_array(shower, "transitions");
  for (size_t i = 0; i < item->transition_count; i++) {
    const struct wire_item_transition *transition = &item->transitions[i];
    wire_write_object(writer);
    wire_write_member_text(writer, "on", transition->on->name);
    if (transition->from != 0)
      write_names(shower, "from", item->states, item->state_count, transition->from);
    if (!transition->stays)
      wire_write_member_text(writer, "to", item->states[transition->to]);
    wire_write_member_string(writer, "who", wire_who_names[transition->who]);
    wire_write_member_bool(writer, "all", transition->all);
    if (transition->anew)
      wire_write_member_bool(writer, "anew", true);
    write_state_names(shower, "in", transition->in);
    wire_write_end(writer, '}');
  }
  wire_write_end(writer, ']');
}

static void write_items(const struct shower *shower) {
  struct wire_writer *writer = shower->writer;
  begin_array(shower, "items");
  for (size_t i = 0; i < shower->kind->item_count; i++) {
    const struct wire_kind_item *item = &shower->kind->items[i];
    wire_write_object(writer);
    wire_write_member_text(writer, "name", item->name);
    write_label(shower, "item.%s", wire_kind_text(item->name));
    wire_write_member_text(writer, "opened_by", item->opened_by->name);
    begin_array(shower, "states");
    for (size_t j = 0; j < item->state_count; j++) {
      wire_write_object(writer);
      wire_write_member_text(writer, "name", item->states[j]);
      write_label(shower, "state.%s.%s", wire_kind_text(item->name), wire_kind_text(item->states[j]));
      wire_write_end(writer, '}');
    }
    wire_write_end(writer, ']');
    if (item->assignee_field.size)
      wire_write_member_text(writer, "assignee_field", item->assignee_field);
    write_item_transitions(shower, item);
    wire_write_end(writer, '}');
  }
  wire_write_end(writer, ']');
}

static void write_balances(const struct shower *shower) {
  struct wire_writer *writer = shower->writer;
  begin_array(shower, "balances");
  for (size_t i = 0; i < shower->kind->balance_count; i++) {
    const struct wire_kind_balance *balance = &shower->kind->balances[i];
    wire_write_object(writer);
    wire_write_member_text(writer, "name", balance->name);
    write_label(shower, "balance.%s", wire_kind_text(balance->name));
    wire_write_member_text(writer, "item", balance->item->name);
    wire_write_member_text(writer, "needs", balance->needs);
    wire_write_member_text(writer, "gives", balance->gives);
    wire_write_member_text(writer, "line", balance->line);
    wire_write_member_text(writer, "what", balance->what);
    wire_write_member_text(writer, "quantity", balance->quantity);
    wire_write_member_text(writer, "unit", balance->unit);
    wire_write_key(writer, "stands");
    wire_write_object(writer);
    for (size_t k = 0; k < WIRE_STANDINGS; k++)
      if (balance->stands[k] != 0)
        write_names(shower, wire_standing_names[k], balance->item->states, balance->item->state_count, balance->stands[k]);
    wire_write_end(writer, '}');
    wire_write_end(writer, '}');
  }
  wire_write_end(writer, ']');
}

static void write_feeds(const struct shower *shower) {
  struct wire_writer *writer = shower->writer;
  begin_array(shower, "feeds");
  for (size_t i = 0; i < shower->kind->feed_count; i++) {
    const struct wire_kind_feed *feed = &shower->kind->feeds[i];
    wire_write_object(writer);
    wire_write_member_text(writer, "item", feed->item->name);
    write_names(shower, "states", feed->item->states, feed->item->state_count, feed->states);
    wire_write_member_text(writer, "kind", feed->kind);
    wire_write_member_text(writer, "type", feed->type);
    wire_write_member_text(writer, "reference", feed->reference);
    wire_write_key(writer, "fields");
    wire_write_object(writer);
    for (size_t k = 0; k < feed->field_count; k++)
      wire_write_member_text(writer, wire_kind_text(feed->fields[k].to), feed->fields[k].from->name);
    wire_write_end(writer, '}');
    wire_write_end(writer, '}');
  }
  wire_write_end(writer, ']');
}

static void write_answers(const struct shower *shower) {
  struct wire_writer *writer = shower->writer;
  begin_array(shower, "answers");
  for (size_t i = 0; i < shower->kind->answer_count; i++) {
    const struct wire_kind_answer *answer = &shower->kind->answers[i];
    wire_write_object(writer);
    wire_write_member_text(writer, "type", answer->type->name);
    wire_write_member_text(writer, "table", answer->table->name);
    wire_write_member_text(writer, "asked", answer->asked->name);
    wire_write_member_bool(writer, "all", answer->all);
    wire_write_end(writer, '}');
  }
  wire_write_end(writer, ']');
}

static void write_aparts(const struct shower *shower) {
  struct wire_writer *writer = shower->writer;
  begin_array(shower, "apart");
  for (size_t i = 0; i < shower->kind->apart_count; i++) {
    const struct wire_kind_apart *apart = &shower->kind->aparts[i];
    wire_write_object(writer);
    wire_write_member_text(writer, "type", apart->type->name);
    wire_write_member_text(writer, "from", apart->from);
    wire_write_member_text(writer, "to", apart->to);
    wire_write_end(writer, '}');
  }
  wire_write_end(writer, ']');
}

static void write_clock(const struct shower *shower, const struct wire_kind_clock *clock) {
  struct wire_writer *writer = shower->writer;
  wire_write_object(writer);
  wire_write_member_text(writer, "name", clock->name);
  write_label(shower, "clock.%s", wire_kind_text(clock->name));
  wire_write_member_text(writer, "starts", clock->starts->name);
  if (clock->at) {
    wire_write_key(writer, "at");
    wire_write_object(writer);
    wire_write_member_text(writer, "field", clock->field);
    wire_write_member_integer(writer, "offset", clock->offset);
    if (clock->before > 0)
      wire_write_member_integer(writer, "before", clock->before);
    if (clock->least > 0)
      wire_write_member_integer(writer, "least", clock->least);
    wire_write_end(writer, '}');
  } else if (clock->field.size) {
    wire_write_member_text(writer, "field", clock->field);
    wire_write_key(writer, "lengths");
    wire_write_object(writer);
    for (size_t i = 0; i < clock->length_count; i++)
      wire_write_member_integer(writer, wire_kind_text(clock->lengths[i].code), clock->lengths[i].seconds);
    wire_write_end(writer, '}');
  } else {
    wire_write_member_integer(writer, "length", clock->lengths[0].seconds);
  }
  if (clock->soon > 0)
    wire_write_member_integer(writer, "soon", clock->soon);
  if (clock->owes != WIRE_OWES_ASKED)
    wire_write_member_string(writer, "owes", wire_owes_names[clock->owes]);
  if (clock->item)
    wire_write_member_text(writer, "item", clock->item->name);
  if (clock->ground.size)
    wire_write_member_text(writer, "ground", clock->ground);
  write_type_names(shower, "pauses", clock->pauses);
  write_type_names(shower, "resumes", clock->resumes);
  write_type_names(shower, "stops", clock->stops);
  if (clock->stops_all != 0)
    write_type_names(shower, "stops_all", clock->stops_all);
  if (clock->again != 0)
    write_type_names(shower, "again", clock->again);
  if (clock->from != 0)
    write_type_names(shower, "from", clock->from);
  wire_write_end(writer, '}');
}

static void write_ends(const struct shower *shower) {
  const struct wire_kind_ends *ends = &shower->kind->personal_ends;
  wire_write_key(shower->writer, "personal_ends");
  wire_write_object(shower->writer);
  write_state_names(shower, "state", ends->states);
  wire_write_member_integer(shower->writer, "days", ends->days);
  if (ends->field.size)
    wire_write_member_text(shower->writer, "field", ends->field);
  wire_write_end(shower->writer, '}');
}

static void write_period(const struct shower *shower, const struct wire_kind_period *period) {
  struct wire_writer *writer = shower->writer;
  wire_write_key(writer, "period");
  wire_write_object(writer);
  wire_write_member_text(writer, "from", period->from);
  wire_write_member_text(writer, "to", period->to);
  if (period->moved_by)
    wire_write_member_text(writer, "moved_by", period->moved_by->name);
  write_type_names(shower, "after", period->after);
  wire_write_end(writer, '}');
}

void wire_kind_write(const struct wire_kind *kind, const struct wire_labels *labels, struct wire_writer *writer) {
  struct shower shower = {.kind = kind, .labels = labels, .writer = writer};
  wire_write_object(writer);
  wire_write_member_text(writer, "name", kind->name);
  wire_write_member_hash(writer, "hash", &kind->hash);
  wire_write_member_integer(writer, "version", kind->version);
  write_label(&shower, "kind");
  wire_write_member_bool(writer, "needs_row", kind->needs_row);
  if (kind->lane != WIRE_LANE_NONE)
    wire_write_member_string(writer, "lane", wire_lane_names[kind->lane]);
  if (kind->named_readers)
    wire_write_member_string(writer, "readers", "named");
  if (kind->mark != WIRE_LEVEL_NONE)
    wire_write_member_string(writer, "mark", wire_level_codes[kind->mark]);
  if (kind->purpose_field.size)
    wire_write_member_text(writer, "purpose_field", kind->purpose_field);
  if (kind->picture_field.size) {
    wire_write_key(writer, "picture");
    wire_write_object(writer);
    wire_write_member_text(writer, "field", kind->picture_field);
    wire_write_member_text(writer, "region", kind->picture_region);
    wire_write_end(writer, '}');
  }
  wire_write_member_text(writer, "opening", kind->types[kind->opening].name);
  write_types(&shower);
  write_lists(&shower);
  write_states(&shower);
  write_transitions(&shower);
  if (kind->together_count > 0)
    write_together(&shower);
  if (kind->item_count > 0)
    write_items(&shower);
  if (kind->personal_ends.days > 0)
    write_ends(&shower);
  if (kind->balance_count > 0)
    write_balances(&shower);
  if (kind->feed_count > 0)
    write_feeds(&shower);
  if (kind->answer_count > 0)
    write_answers(&shower);
  if (kind->apart_count > 0)
    write_aparts(&shower);
  if (kind->period.from.size > 0)
    write_period(&shower, &kind->period);
  begin_array(&shower, "clocks");
  for (size_t i = 0; i < kind->clock_count; i++)
    write_clock(&shower, &kind->clocks[i]);
  wire_write_end(writer, ']');
  wire_write_end(writer, '}');
}
