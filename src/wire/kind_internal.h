/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_WIRE_KIND_INTERNAL_H
#define WASL_WIRE_KIND_INTERNAL_H

#include "wire/kind.h"

struct wire_place; /* below */

/* Shared by kind.c, kind_answer.c, kind_apart.c, kind_earlier.c, kind_ends.c, kind_field.c, kind_match.c, kind_rule.c, form_rule.c, kind_item.c, kind_clock.c, kind_period.c, form.c and labels.c, nobody else. */

/* Reading a kind: failure is sticky in root. */
struct wire_kind_reader {
  struct wire_object root;
  struct base_arena *arena;
  struct wire_kind *kind;
  bool items_sound; /* they were read, and nothing is wrong in them */
};
/* count + 1 of them, zeroed; NULL when there is no memory. */
void *wire_kind_room(struct wire_kind_reader *reader, const char *key, size_t count, size_t size);
/* An array of 1 to most codes, each once. */
struct base_view *wire_kind_copy_codes(struct wire_object *object, const char *key, const struct wire_json *array,
                                       struct base_arena *arena, size_t most, size_t *out_count);
/* The type that a required text names. */
const struct wire_kind_type *wire_kind_take_type(struct wire_kind_reader *reader, struct wire_object *object,
                                                 const char *key);
/* Bits of those names that an optional array lists; what: what they are, for errors. */
uint64_t wire_kind_take_bits(struct wire_object *object, const char *key, const struct base_view *names, size_t count,
                             const char *what);
/* The place of a name among them; count when it is none. */
size_t wire_kind_place(const struct base_view *names, size_t count, struct base_view name);
/* `who`: the first of so many words of wire_who_names. */
enum wire_who wire_kind_take_who(struct wire_object *object, size_t count);
/* The same of the kind's types. */
uint64_t wire_kind_take_types(struct wire_kind_reader *reader, struct wire_object *object, const char *key);
/* kind_item.c: the items, once types, states and transitions are read. */
void wire_kind_read_items(struct wire_kind_reader *reader);
/* kind_period.c: the period, once the transitions are. */
void wire_kind_read_period(struct wire_kind_reader *reader);
/* The same file: whether this is a required state field of type date or time of the type; NULL: nothing to check. */
void wire_kind_check_moment(struct wire_object *object, const char *key, struct base_view name,
                            const struct wire_kind_type *type);
/* The same file: `after` of a transition, once the opening type is known. */
void wire_kind_take_after(struct wire_kind_reader *reader, struct wire_object *object,
                          struct wire_kind_transition *transition);
/* kind_clock.c: the clocks, once the items are. */
void wire_kind_read_clocks(struct wire_kind_reader *reader);
/* kind_ends.c: when personal data ends, likewise. */
void wire_kind_read_ends(struct wire_kind_reader *reader);
/* kind_picture.c: by what its cases are counted, once types and transitions are read. */
void wire_kind_read_picture(struct wire_kind_reader *reader);
/* kind_balance.c: the balances, once items are read. */
void wire_kind_read_balances(struct wire_kind_reader *reader);
/* kind_feed.c: the feeds, likewise. */
void wire_kind_read_feeds(struct wire_kind_reader *reader);
/* kind_answer.c: which rows answer which, once the transitions are read. */
void wire_kind_read_answers(struct wire_kind_reader *reader);
/* kind_apart.c: which messages are about periods that lie apart, once the items are read. */
void wire_kind_read_aparts(struct wire_kind_reader *reader);
/* kind_answer.c: `key` of a table, whose columns are read. */
void wire_kind_take_key(struct wire_object *object, struct base_arena *arena, struct wire_kind_field *field);
/* Whether the rows, which are sound, have a key of their own each. */
BASE_NODISCARD enum base_code wire_table_check_keys(const struct wire_kind_field *table, const struct wire_json *rows,
                                                    const struct wire_place *place, struct base_error *err);
/* kind_match.c: `match` of a field or column, whose type and state are read. */
void wire_kind_take_match(struct wire_object *object, const struct wire_kind *kind, struct wire_kind_field *field);
/* Whether these go together: the fields of a type, or the columns of a table. */
void wire_kind_check_match(struct wire_object *object, const char *key, const struct wire_kind_field *fields,
                           size_t count);
/* The type is read whole: whether it has any, and not more than a message may have. */
void wire_kind_count_matches(struct wire_object *object, struct wire_kind_type *type);
/* kind_rule.c: what a field or column must be to others; its type and whether it is required are read. */
void wire_kind_take_rules(struct wire_object *object, struct base_arena *arena, struct wire_kind_field *field);
/* Of a type: when it may be written. */
void wire_kind_take_written(struct wire_object *object, struct base_arena *arena, struct wire_kind_type *type);
/* The type is read whole: what its rules name, and whether its examples keep to them. */
void wire_kind_join_rules(struct wire_object *object, const struct wire_kind *kind, const struct wire_kind_type *type);
bool wire_field_moment(enum wire_field_type type); /* date or time */
/* kind_earlier.c: what they name of earlier messages, once the opening type is known. */
void wire_kind_join_earlier(struct wire_kind_reader *reader);
/* kind_lane.c: once needs_row is read. */
void wire_kind_read_lane(struct wire_kind_reader *reader);
/* The same file: who reads its content. */
void wire_kind_read_readers(struct wire_kind_reader *reader);
/* After them. */
void wire_kind_read_mark(struct wire_kind_reader *reader);

/* A name of a kind as a C string: names in an arena have a NUL behind them. */
static inline const char *wire_kind_text(struct base_view name) {
  return name.data ? (const char *)name.data : "";
}

/* A code under key as a NUL-terminated copy; empty when absent and not required. Failure is sticky in object. */
struct base_view wire_kind_take_code(struct wire_object *object, const char *key, struct base_arena *arena,
                                     bool required);
/* A code again, as a copy; key names its place in errors. */
struct base_view wire_kind_copy_code(struct wire_object *object, const char *key, struct base_view code,
                                     struct base_arena *arena);
/* The members of `fields` or `columns`, in order. parent: the list of the kind is read already. */
struct wire_kind_field *wire_kind_take_fields(struct wire_object *object, const char *key, bool columns,
                                              const struct wire_kind *kind, struct base_arena *arena,
                                              size_t *out_count);

/* Where a value stands, for errors: "what: path: …". The path is written when something is wrong, and not before: most
 * values are right, and there are many of them. */
struct wire_place {
  const char *what;
  const struct wire_form_parties *parties; /* of the case, of a form that is filled in here; else NULL: origins alone */
  base_time now;                           /* when it is written */
  const struct wire_place *within;         /* NULL: name is a member of what is at path */
  const char *path;
  const char *name;                        /* a member; NULL: a row */
  size_t row;
};
struct wire_place_text {
  char text[320];
};
struct wire_place_text wire_place_text(const struct wire_place *place);
/* Is this value one that the field allows? Not whether it is required. */
BASE_NODISCARD enum base_code wire_field_check(const struct wire_kind_field *field, const struct wire_json *value,
                                               const struct wire_place *place, struct base_error *err);
/* The same for a field whose value is a text (all state fields). */
BASE_NODISCARD enum base_code wire_field_check_text(const struct wire_kind_field *field, struct base_view text,
                                                    const struct wire_place *place, struct base_error *err);
/* form_rule.c: what stands beside a value: in the same form or row, or in the header, of which state fields alone count. */
struct wire_beside {
  const struct wire_json *object;
  const struct wire_header *header; /* NULL: object */
  base_time now;
};
/* Is this value, or that there is none, what the field must be to what stands beside it? value: its text, of a date or time. */
BASE_NODISCARD enum base_code wire_rules_check(const struct wire_kind_field *field, bool there, struct base_view value,
                                               const struct wire_beside *beside, const struct wire_place *place,
                                               struct base_error *err);
/* The party that a text means, by name, origin, as "self" or, of two, as "other"; parties->count when it is none. */
size_t wire_party_meant(const struct wire_form_parties *parties, struct base_view text);
/* Its value is the id of a message: no example can know one. */
bool wire_field_names_message(enum wire_field_type type);
/* The names of a list's codes, joined by ", " and cut to fit: for errors. */
enum { WIRE_CODE_NAMES_MAX = 200 };
struct wire_code_names {
  char text[WIRE_CODE_NAMES_MAX + sizeof ", … and 256 more (wasl kind show)"];
};
struct wire_code_names wire_kind_code_names(const struct base_view *codes, size_t count);

#endif
