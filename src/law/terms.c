/* SPDX-License-Identifier: Apache-2.0
 * The terms of an agreement, read from what its parties accepted. They come from outside: whatever is not plainly a
 * permission is none. */
#include "law/law.h"

enum { ROW_ID_MAX = 32, ROW_CODES_MAX = 256 };

static bool row_id_valid(struct base_view id) {
  if (id.size == 0 || id.size > ROW_ID_MAX)
    return false;
  for (size_t i = 0; i < id.size; i++) {
    uint8_t byte = id.data[i];
    bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
    if (!letter && !(byte >= '0' && byte <= '9') && byte != '.' && byte != '-')
      return false;
  }
  return true;
}

static bool code_or_star(struct base_view code) {
  return base_view_is(code, "*") || wire_code_valid(code);
}

static struct base_view *take_codes(struct wire_object *object, const char *key, struct base_arena *arena,
                                    size_t *count) {
  const struct wire_json *array = wire_object_array(object, key, 1, ROW_CODES_MAX);
  size_t size = wire_json_size(array);
  struct base_view *codes = base_arena_array(arena, size + 1, sizeof *codes);
  if (!codes)
    wire_object_fail(object, BASE_MEMORY, key, "no memory left");
  for (size_t i = 0; i < size && !object->code; i++) {
    codes[i] = wire_object_copy_at(object, key, array, i, WIRE_CODE_MAX, arena);
    if (!code_or_star(codes[i]) || (size > 1 && base_view_is(codes[i], "*")))
      wire_object_fail(object, BASE_FIELD, key, "item %zu must be a code, or \"*\" alone", i);
  }
  *count = object->code ? 0 : size;
  return codes;
}

static enum law_direction take_direction(struct wire_object *object) {
  static const char *const words[] = {
      [LAW_BOTH] = "both", [LAW_FROM_PROPOSER] = "from_proposer", [LAW_TO_PROPOSER] = "to_proposer"};
  struct base_view text = wire_object_text(object, "direction", WIRE_CODE_MAX, true);
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (base_view_is(text, words[i]))
      return (enum law_direction)i;
  wire_object_fail(object, BASE_FIELD, "direction", "must be both, from_proposer or to_proposer");
  return LAW_BOTH;
}

static void take_row(struct wire_object *object, struct base_arena *arena, struct law_row *row) {
  row->id = wire_object_copy(object, "id", ROW_ID_MAX, arena, true);
  if (!row_id_valid(row->id))
    wire_object_fail(object, BASE_FIELD, "id", "must be an article such as 12.3: 1 to %d of A-Z a-z 0-9 . -",
                     ROW_ID_MAX);
  row->kind = wire_object_copy(object, "kind", WIRE_CODE_MAX, arena, true);
  if (!code_or_star(row->kind))
    wire_object_fail(object, BASE_FIELD, "kind", "must be a code or \"*\"");
  row->types = take_codes(object, "types", arena, &row->type_count);
  row->purposes = take_codes(object, "purposes", arena, &row->purpose_count);
  row->direction = take_direction(object);
  (void)wire_object_text(object, "note", WIRE_KIND_TEXT_MAX, false);
}

/* A clause names a row by its id, so ids are unique. */
static void check_ids(struct wire_object *root, const struct law_row *rows, size_t count) {
  for (size_t i = 0; i < count && !root->code; i++)
    for (size_t j = 0; j < i; j++)
      if (base_view_equal(rows[i].id, rows[j].id))
        wire_object_fail(root, BASE_FIELD, "rows", "rows %zu and %zu have the same id", j, i);
}

static void take_rows(struct wire_object *root, struct base_arena *arena, struct law_agreement *terms) {
  const struct wire_json *array = wire_object_array(root, "rows", 1, LAW_ROWS_MAX);
  size_t count = wire_json_size(array);
  terms->rows = base_arena_array(arena, count + 1, sizeof *terms->rows);
  if (!terms->rows)
    wire_object_fail(root, BASE_MEMORY, "rows", "no memory left");
  for (size_t i = 0; i < count && !root->code; i++) {
    struct wire_object row;
    wire_object_begin_at(&row, root, "rows", array, i);
    take_row(&row, arena, &terms->rows[i]);
    wire_object_close(&row, root);
  }
  if (!root->code)
    check_ids(root, terms->rows, count);
  terms->row_count = root->code ? 0 : count;
}

static enum base_code take_moment(const struct wire_header *header, const char *name, base_time missing, base_time *out,
                                  struct base_error *err) {
  struct base_view text = wire_header_state(header, name);
  *out = missing;
  if (text.size == 0 || base_time_parse(text, out) || base_date_parse(text, out))
    return BASE_OK;
  return base_fail(err, BASE_DATE,
                   "agreement: state $.%s: must be a time like 2026-11-21T08:00:00Z, or a date, that exists", name);
}

static enum base_code copy_parties(const struct wire_header *header, struct base_arena *arena,
                                   struct law_agreement *terms, struct base_error *err) {
  terms->party_count = header->party_count;
  for (size_t i = 0; i < header->party_count; i++) {
    terms->parties[i] = base_arena_copy(arena, header->parties[i]);
    if (!terms->parties[i].data)
      return base_fail(err, BASE_MEMORY, "agreement: no memory left for its parties");
    if (base_view_equal(header->parties[i], header->author))
      terms->proposer = terms->parties[i];
  }
  if (!terms->proposer.data)
    return base_fail(err, BASE_FIELD, "agreement: its author is not a party");
  return BASE_OK;
}

enum base_code law_terms_parse(const struct wire_json *fields, const struct wire_header *header, base_time accepted_at,
                               struct base_arena *arena, struct law_agreement *out, struct base_error *err) {
  struct law_agreement terms = {0};
  struct wire_object root;
  wire_object_begin(&root, fields, "agreement", "$");
  if (!root.code)
    take_rows(&root, arena, &terms);
  /* The other fields are for people; only the rows are law, and what surrounds them is the kind's to check. */
  if (root.code) {
    if (err)
      *err = root.error;
    return root.code;
  }
  enum base_code code = take_moment(header, "from", accepted_at, &terms.from, err);
  if (!code)
    code = take_moment(header, "until", 0, &terms.until, err);
  if (!code && terms.until <= terms.from)
    code = base_fail(err, BASE_FIELD, "agreement: state $.until: must be later than the begin, %s",
                     base_time_format(terms.from).text);
  if (!code)
    code = copy_parties(header, arena, &terms, err);
  if (code)
    return code;
  if (!header->opens)
    terms.id = header->case_id;
  *out = terms;
  return BASE_OK;
}
