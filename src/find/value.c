/* SPDX-License-Identifier: Apache-2.0
 * The values of a message that a cross-check looks for, each in its normal form. */
#include "find/find.h"

#include <stdlib.h>
#include <string.h>

/* --- names: all words, sorted, so that it does not matter which of them is the family's */

static int word_order(const void *a, const void *b) {
  const struct base_view *left = a, *right = b;
  size_t common = left->size < right->size ? left->size : right->size;
  int order = memcmp(left->data, right->data, common);
  return order != 0 ? order : (left->size > right->size) - (left->size < right->size);
}

/* How many; 0: there is none, or there are too many. */
static size_t split(struct base_view folded, struct base_view words[FIND_WORDS_MAX]) {
  size_t count = 0;
  while (folded.size > 0) {
    const uint8_t *end = memchr(folded.data, ' ', folded.size);
    size_t size = end != NULL ? (size_t)(end - folded.data) : folded.size;
    if (count == FIND_WORDS_MAX)
      return 0;
    words[count++] = base_view_of(folded.data, size);
    size += end != NULL;
    folded = base_view_of(folded.data + size, folded.size - size);
  }
  return count;
}

static size_t normal_name(struct base_view text, struct base_buf *out) {
  BASE_AUTO_BUF struct base_buf folded = {0};
  struct base_view words[FIND_WORDS_MAX];
  base_buf_init(&folded, FIND_NORMAL_MAX);
  find_fold(text, &folded);
  size_t count = folded.code == BASE_OK ? split(base_buf_view(&folded), words) : 0;
  if (folded.code != BASE_OK)
    out->code = folded.code;
  if (count > 1)
    qsort(words, count, sizeof *words, word_order);
  for (size_t i = 0; i < count; i++) {
    if (i > 0)
      base_buf_u8(out, ' ');
    base_buf_add_view(out, words[i]);
  }
  if (folded.data != NULL)
    base_wipe(folded.data, folded.size);
  return count;
}

/* --- all others */

/* Letters and digits alone. */
static bool normal_code(struct base_view text, struct base_buf *out) {
  size_t characters = 0;
  find_fold(text, out);
  size_t size = 0;
  for (size_t i = 0; i < out->size; i++)
    if (out->data[i] != ' ') {
      characters += (out->data[i] & 0xC0) != 0x80;
      out->data[size++] = out->data[i];
    }
  out->size = size;
  return characters >= FIND_LEAST;
}

/* The digit at the beginning of a text, of whatever script; 10: no digit and no letter; 11: a letter. */
static unsigned digit_of(struct base_view text, size_t *size) {
  BASE_AUTO_BUF struct base_buf folded = {0};
  uint32_t point = 0;
  *size = base_utf8_next(text, &point);
  if (point >= '0' && point <= '9')
    return point - '0';
  if (*size == 0 || (point < 0x80 && ((point | 0x20) < 'a' || (point | 0x20) > 'z')))
    return 10;
  base_buf_init(&folded, FIND_NORMAL_MAX);
  find_fold(base_view_of(text.data, *size), &folded);
  if (folded.size == 0)
    return 10;
  return folded.size == 1 && folded.data[0] >= '0' && folded.data[0] <= '9' ? (unsigned)(folded.data[0] - '0') : 11;
}

/* "+", when the country is told, and digits: +212 (0)6…, 00212 6…, and 06…, which stays as it is. Letters beside them: which
 * digits are of the number nobody knows. */
static bool normal_phone(struct base_view text, struct base_buf *out) {
  uint8_t digits[FIND_PHONE_MOST + 4];
  size_t count = 0, size = 0;
  bool plus = false, noughts = false;
  for (; text.size > 0; text = base_view_of(text.data + size, text.size - size)) {
    unsigned digit = digit_of(text, &size);
    bool nought = (plus || noughts) && text.size >= 3 && memcmp(text.data, "(0)", 3) == 0; /* which is dialled at home */
    if (size == 0 || digit == 11 || (digit < 10 && count == sizeof digits))
      return false;
    plus = plus || (text.data[0] == '+' && count == 0);
    size = nought ? 3 : size;
    if (digit < 10)
      digits[count++] = (uint8_t)('0' + digit);
    noughts = !plus && count >= 2 && digits[0] == '0' && digits[1] == '0';
  }
  size_t from = noughts ? 2 : 0;
  if (plus || noughts)
    base_buf_u8(out, '+');
  base_buf_add(out, digits + from, count - from);
  base_wipe(digits, sizeof digits);
  return count - from >= FIND_PHONE_LEAST && count - from <= FIND_PHONE_MOST;
}

/* As it is, without case: a point or a plus within it may mean another box. */
static bool normal_mail(struct base_view text, struct base_buf *out) {
  bool at = false;
  while (text.size > 0 && text.data[0] == ' ')
    text = base_view_of(text.data + 1, text.size - 1);
  while (text.size > 0 && text.data[text.size - 1] == ' ')
    text.size--;
  for (size_t i = 0; i < text.size; i++) {
    uint8_t octet = text.data[i];
    at = at || (octet == '@' && i > 0 && i + 1 < text.size);
    if (octet <= ' ')
      return false;
    base_buf_u8(out, octet >= 'A' && octet <= 'Z' ? (uint8_t)(octet - 'A' + 'a') : octet);
  }
  return at;
}

bool find_normal(enum wire_match sort, struct base_view text, struct base_buf *out) {
  base_buf_reset(out);
  if (text.size == 0 || text.size > FIND_TEXT_MAX)
    return false;
  bool found = false;
  switch (sort) {
  case WIRE_MATCH_NAME:
    found = normal_name(text, out) > 0;
    break;
  case WIRE_MATCH_BORN:
    base_buf_add_view(out, text);
    found = base_date_valid(text);
    break;
  case WIRE_MATCH_PHONE:
    found = normal_phone(text, out);
    break;
  case WIRE_MATCH_MAIL:
    found = normal_mail(text, out);
    break;
  default:
    found = normal_code(text, out);
    break;
  }
  return found && out->code == BASE_OK && out->size > 0;
}

/* --- of a message */

struct walk {
  enum base_code (*each)(void *context, const struct find_value *);
  void *context;
  size_t count, *left;
  bool memory; /* there was none */
  struct base_buf text, normal; /* of the value that is told, with room for what it was made of */
};

static enum base_code tell(struct walk *walk, enum wire_match sort, size_t field, size_t row) {
  struct find_value value = {.sort = sort, .field = field, .row = row, .normal = base_buf_view(&walk->normal)};
  if (walk->count++ < WIRE_KIND_MATCHES_MAX)
    return walk->each(walk->context, &value);
  ++*walk->left;
  return BASE_OK;
}

static bool normal(struct walk *walk, enum wire_match sort, struct base_view text) {
  bool found = find_normal(sort, text, &walk->normal);
  walk->memory = walk->memory || walk->normal.code == BASE_MEMORY || walk->text.code == BASE_MEMORY;
  return found;
}

static struct base_view text_of(const struct wire_json *values, const struct wire_kind_field *field) {
  return wire_json_text(wire_json_get(values, (const char *)field->name.data));
}

/* Who stands in this row: by the name, and by name and day of birth. place: of the field that is told; SIZE_MAX: of each itself. */
static enum base_code tell_person(struct walk *walk, const struct wire_kind_field *fields, size_t count,
                                  const struct wire_json *values, size_t place, size_t row) {
  const struct wire_kind_field *born = NULL;
  size_t first = SIZE_MAX, words = 1;
  base_buf_reset(&walk->text);
  for (size_t i = 0; i < count; i++) {
    struct base_view text = text_of(values, &fields[i]);
    if (fields[i].match == WIRE_MATCH_BORN)
      born = &fields[i];
    if (fields[i].match != WIRE_MATCH_NAME || text.size == 0)
      continue;
    first = first == SIZE_MAX ? i : first;
    base_buf_add_view(&walk->text, text);
    base_buf_u8(&walk->text, ' ');
  }
  if (first == SIZE_MAX || !normal(walk, WIRE_MATCH_NAME, base_buf_view(&walk->text)))
    return BASE_OK;
  for (size_t i = 0; i < walk->normal.size; i++)
    words += walk->normal.data[i] == ' ';
  place = place == SIZE_MAX ? first : place;
  enum base_code code = words >= FIND_NAME_WORDS ? tell(walk, WIRE_MATCH_NAME, place, row) : BASE_OK;
  struct base_view day = born != NULL ? text_of(values, born) : (struct base_view){0};
  if (code != BASE_OK || !base_date_valid(day))
    return code;
  base_buf_u8(&walk->normal, '\n');
  base_buf_add_view(&walk->normal, day);
  return tell(walk, WIRE_MATCH_BORN, place, row);
}

static enum base_code tell_fields(struct walk *walk, const struct wire_kind_field *fields, size_t count,
                                  const struct wire_json *values, size_t place, size_t row) {
  enum base_code code = tell_person(walk, fields, count, values, place, row);
  for (size_t i = 0; i < count && code == BASE_OK; i++)
    if (fields[i].match > WIRE_MATCH_BORN && normal(walk, fields[i].match, text_of(values, &fields[i])))
      code = tell(walk, fields[i].match, place == SIZE_MAX ? i : place, row);
  return code;
}

enum base_code find_values(const struct wire_kind_type *type, const struct wire_json *fields,
                           enum base_code (*each)(void *context, const struct find_value *), void *context,
                           size_t *left, struct base_error *err) {
  struct walk walk = {.each = each, .context = context, .left = left};
  *left = 0;
  if (!type->matched)
    return BASE_OK;
  base_buf_init(&walk.text, WIRE_PART0_MAX + WIRE_KIND_FIELDS_MAX);
  base_buf_init(&walk.normal, FIND_NORMAL_MAX);
  enum base_code code = tell_fields(&walk, type->fields, type->field_count, fields, SIZE_MAX, 0);
  for (size_t i = 0; i < type->field_count && code == BASE_OK; i++) {
    const struct wire_kind_field *table = &type->fields[i];
    const struct wire_json *rows = wire_json_get(fields, (const char *)table->name.data);
    size_t count = table->type == WIRE_FIELD_TABLE ? wire_json_size(rows) : 0;
    for (size_t row = 0; row < count && row < WIRE_KIND_ROWS_MAX && code == BASE_OK; row++)
      code = tell_fields(&walk, table->columns, table->column_count, wire_json_at(rows, row), i, row);
    *left += count > WIRE_KIND_ROWS_MAX ? count - WIRE_KIND_ROWS_MAX : 0;
  }
  struct base_buf *both[] = {&walk.text, &walk.normal};
  for (size_t i = 0; i < 2; i++) {
    if (both[i]->data != NULL)
      base_wipe(both[i]->data, both[i]->size);
    base_buf_free(both[i]);
  }
  return code == BASE_OK && walk.memory ? base_fail(err, BASE_MEMORY, "no memory for what a cross-check looks for") : code;
}
