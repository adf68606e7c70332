/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_WIRE_KIND_INTERNAL_H
#define WASL_WIRE_KIND_INTERNAL_H

#include "wire/kind.h"

/* Shared by kind.c, kind_field.c, form.c and labels.c, nobody else. */

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

/* Where a value stands, for errors: "what: path: …". */
struct wire_place {
  const char *what;
  char path[160];
};
/* Is this value one that the field allows? Not whether it is required. */
BASE_NODISCARD enum base_code wire_field_check(const struct wire_kind_field *field, const struct wire_json *value,
                                               const struct wire_place *place, struct base_error *err);
/* The same for a field whose value is a text (all state fields). */
BASE_NODISCARD enum base_code wire_field_check_text(const struct wire_kind_field *field, struct base_view text,
                                                    const struct wire_place *place, struct base_error *err);
/* Its value is the id of a message: no example can know one. */
bool wire_field_names_message(enum wire_field_type type);
/* The names of a list's codes, joined by ", " and cut to fit: for errors. */
struct wire_code_names {
  char text[200];
};
struct wire_code_names wire_kind_code_names(const struct base_view *codes, size_t count);

#endif
