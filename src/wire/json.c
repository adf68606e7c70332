/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/json.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A parser of our own, because a general library took more time than sealing, proving and storing together
 * (docs/speed.md has the figures). The text is copied once; strings stay where they stand in the copy, their escapes
 * resolved in place, a NUL behind each. */

struct wire_json {
  uint32_t type; /* enum wire_json_type */
  uint32_t size; /* of a text, array or object */
  union {
    const uint8_t *text;
    const struct wire_json *items;
    const struct member *members;
    int64_t integer;
    double real;
    bool truth;
  } is;
};
struct member {
  struct wire_json key, value;
};
struct document {
  struct base_arena arena; /* holds this document too */
  struct wire_json root;
};

enum { STACK_FIRST = 96, PAIRWISE_MAX = 16 };

struct parser {
  struct base_view original;
  const char *what;
  struct base_error *err;
  struct base_arena arena;
  uint8_t *start, *at, *end; /* the copy; *end is NUL */
  unsigned depth;
  /* Items of the arrays and objects that are open, a member being two: they move to the arena when these are closed. */
  struct wire_json *stack;
  size_t held, room;
  struct wire_json first[STACK_FIRST];
};

static enum base_code read_value(struct parser *parser, struct wire_json *out);

/* --- faults: they name the place and quote nothing, because the text may be anybody's data */

static enum base_code fail_at(struct parser *parser, const uint8_t *place, enum base_code code, const char *text) {
  size_t line = 1, column = 1, offset = (size_t)(place - parser->start);
  for (size_t i = 0; i < offset; i++) {
    uint8_t byte = parser->original.data[i];
    column += (byte & 0xC0) != 0x80;
    if (byte == '\n') {
      line++;
      column = 1;
    }
  }
  return base_fail(parser->err, code, "%s: %s at line %zu, column %zu", parser->what, text, line, column);
}

static enum base_code fail_memory(struct parser *parser) {
  return base_fail(parser->err, BASE_MEMORY, "%s: out of memory while reading JSON", parser->what);
}

/* The size of the well-formed UTF-8 sequence (more than one byte) that stands here, 0 for none. The NUL at the end is
 * no continuation, so nothing behind it is read. */
static unsigned sequence_size(const uint8_t *at) {
  uint8_t least = 0x80, most = 0xBF;
  unsigned size = at[0] >= 0xC2 && at[0] <= 0xDF   ? 2
                  : (at[0] & 0xF0) == 0xE0         ? 3
                  : at[0] >= 0xF0 && at[0] <= 0xF4 ? 4
                                                   : 0;
  if (at[0] == 0xE0)
    least = 0xA0;
  else if (at[0] == 0xED)
    most = 0x9F;
  else if (at[0] == 0xF0)
    least = 0x90;
  else if (at[0] == 0xF4)
    most = 0x8F;
  if (size == 0 || at[1] < least || at[1] > most)
    return 0;
  for (unsigned i = 2; i < size; i++)
    if ((at[i] & 0xC0) != 0x80)
      return 0;
  return size;
}

/* What stands here does not belong here. */
static enum base_code fail_here(struct parser *parser) {
  if (parser->at == parser->end)
    return fail_at(parser, parser->at, BASE_SYNTAX, "the JSON is cut short");
  if (*parser->at >= 0x80 && sequence_size(parser->at) == 0)
    return fail_at(parser, parser->at, BASE_UTF8, "not valid UTF-8");
  return fail_at(parser, parser->at, BASE_SYNTAX, "not well-formed JSON");
}

static void skip_space(struct parser *parser) {
  while (*parser->at == ' ' || *parser->at == '\n' || *parser->at == '\r' || *parser->at == '\t')
    parser->at++;
}

/* --- strings */

static bool read_hex4(const uint8_t *at, uint32_t *out) {
  *out = 0;
  for (unsigned i = 0; i < 4; i++) {
    uint8_t c = at[i], low = c | 0x20;
    if (c >= '0' && c <= '9')
      *out = *out << 4 | (uint32_t)(c - '0');
    else if (low >= 'a' && low <= 'f')
      *out = *out << 4 | (uint32_t)(low - 'a' + 10);
    else
      return false;
  }
  return true;
}

static uint8_t *write_point(uint8_t *to, uint32_t point) {
  if (point < 0x80) {
    *to++ = (uint8_t)point;
    return to;
  }
  unsigned more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
  *to++ = (uint8_t)(0xF0u << (3 - more) | point >> (6 * more));
  while (more-- > 0)
    *to++ = (uint8_t)(0x80 | (point >> (6 * more) & 0x3F));
  return to;
}

/* At the four digits behind \u; a pair of surrogates is one character. */
static enum base_code read_unicode(struct parser *parser, uint32_t *out) {
  uint32_t low = 0;
  if (!read_hex4(parser->at, out))
    return fail_here(parser);
  if (*out == 0)
    return fail_at(parser, parser->at, BASE_SYNTAX, "\\u0000 is not allowed");
  if (*out >= 0xDC00 && *out <= 0xDFFF)
    return fail_here(parser);
  if (*out >= 0xD800 && *out <= 0xDBFF) {
    const uint8_t *at = parser->at + 4;
    if (at[0] != '\\' || at[1] != 'u' || !read_hex4(at + 2, &low) || low < 0xDC00 || low > 0xDFFF)
      return fail_here(parser);
    *out = 0x10000 + ((*out & 0x3FF) << 10 | (low & 0x3FF));
    parser->at += 6;
  }
  parser->at += 4;
  return BASE_OK;
}

/* At the backslash. What it stands for is never longer than what is written. */
static enum base_code read_escape(struct parser *parser, uint8_t **to) {
  static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
  uint32_t point = 0;
  parser->at++;
  const char *letter = *parser->at != 0 ? strchr(letters, *parser->at) : NULL;
  if (letter != NULL) {
    parser->at++;
    *(*to)++ = (uint8_t)meanings[letter - letters];
    return BASE_OK;
  }
  if (*parser->at != 'u')
    return fail_here(parser);
  parser->at++;
  enum base_code code = read_unicode(parser, &point);
  if (code == BASE_OK)
    *to = write_point(*to, point);
  return code;
}

static bool is_plain(uint8_t byte) {
  return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

/* At the opening quotation mark. */
static enum base_code read_string(struct parser *parser, const uint8_t **out, uint32_t *out_size) {
  uint8_t *begin = ++parser->at;
  while (is_plain(*parser->at))
    parser->at++;
  uint8_t *to = parser->at;
  while (*parser->at != '"') {
    unsigned size = is_plain(*parser->at) ? 1 : sequence_size(parser->at);
    if (*parser->at == '\\') {
      enum base_code code = read_escape(parser, &to);
      if (code != BASE_OK)
        return code;
    } else if (size == 0) {
      return fail_here(parser);
    } else {
      while (size-- > 0)
        *to++ = *parser->at++;
    }
  }
  parser->at++;
  *to = 0;
  *out = begin;
  *out_size = (uint32_t)(to - begin);
  return BASE_OK;
}

/* --- numbers */

static bool skip_digits(struct parser *parser) {
  const uint8_t *begin = parser->at;
  while (*parser->at >= '0' && *parser->at <= '9')
    parser->at++;
  return parser->at > begin;
}

static enum base_code integer_of(struct parser *parser, const uint8_t *begin, struct wire_json *out) {
  bool negative = *begin == '-', fits = true;
  int64_t value = 0;
  for (const uint8_t *at = begin + negative; at < parser->at && fits; at++) {
    int64_t digit = *at - '0';
    fits =
        !__builtin_mul_overflow(value, 10, &value) && !__builtin_add_overflow(value, negative ? -digit : digit, &value);
  }
  if (!fits)
    return fail_at(parser, begin, BASE_SYNTAX, "a number is out of range");
  *out = (struct wire_json){.type = WIRE_JSON_INTEGER, .is.integer = value};
  return BASE_OK;
}

static enum base_code read_number(struct parser *parser, struct wire_json *out) {
  const uint8_t *begin = parser->at;
  bool whole = true;
  if (*parser->at == '-')
    parser->at++;
  if (*parser->at == '0')
    parser->at++;
  else if (!skip_digits(parser))
    return fail_here(parser);
  if (*parser->at == '.') {
    whole = false;
    parser->at++;
    if (!skip_digits(parser))
      return fail_here(parser);
  }
  if (*parser->at == 'e' || *parser->at == 'E') {
    whole = false;
    parser->at++;
    if (*parser->at == '+' || *parser->at == '-')
      parser->at++;
    if (!skip_digits(parser))
      return fail_here(parser);
  }
  if (whole)
    return integer_of(parser, begin, out);
  double value = strtod((const char *)begin, NULL);
  if (isinf(value))
    return fail_at(parser, begin, BASE_SYNTAX, "a number is out of range");
  *out = (struct wire_json){.type = WIRE_JSON_REAL, .is.real = value};
  return BASE_OK;
}

static enum base_code read_word(struct parser *parser, const char *word, enum wire_json_type type, bool truth,
                                struct wire_json *out) {
  size_t size = strlen(word);
  if (strncmp((const char *)parser->at, word, size) != 0)
    return fail_here(parser);
  parser->at += size;
  *out = (struct wire_json){.type = type, .is.truth = truth};
  return BASE_OK;
}

/* --- arrays and objects */

static enum base_code push(struct parser *parser, const struct wire_json *item) {
  if (parser->held == parser->room) {
    bool first = parser->stack == parser->first;
    struct wire_json *grown = reallocarray(first ? NULL : parser->stack, 2 * parser->room, sizeof *grown);
    if (grown == NULL)
      return fail_memory(parser);
    if (first)
      memcpy(grown, parser->first, sizeof parser->first);
    parser->stack = grown;
    parser->room *= 2;
  }
  parser->stack[parser->held++] = *item;
  return BASE_OK;
}

static enum base_code open_bracket(struct parser *parser) {
  if (++parser->depth > WIRE_JSON_DEPTH_MAX) {
    char text[48];
    snprintf(text, sizeof text, "nested deeper than %d levels", WIRE_JSON_DEPTH_MAX);
    return fail_at(parser, parser->at, BASE_TOO_DEEP, text);
  }
  parser->at++;
  skip_space(parser);
  return BASE_OK;
}

/* Behind an item: whether another one follows. */
static enum base_code more_items(struct parser *parser, uint8_t bracket, bool *out) {
  skip_space(parser);
  *out = *parser->at == ',';
  if (!*out && *parser->at != bracket)
    return fail_here(parser);
  parser->at++;
  skip_space(parser);
  return BASE_OK;
}

/* Closes what began at base in the stack: its items, in the arena. */
static void *close_bracket(struct parser *parser, size_t base) {
  size_t count = parser->held - base;
  struct wire_json *items = base_arena_array(&parser->arena, count, sizeof *items);
  if (items != NULL && count > 0)
    memcpy(items, &parser->stack[base], count * sizeof *items);
  parser->held = base;
  parser->depth--;
  return items;
}

static enum base_code read_array(struct parser *parser, struct wire_json *out) {
  size_t base = parser->held;
  enum base_code code = open_bracket(parser);
  if (code != BASE_OK)
    return code;
  bool more = *parser->at != ']';
  parser->at += !more;
  while (more) {
    struct wire_json item;
    code = read_value(parser, &item);
    if (code == BASE_OK)
      code = push(parser, &item);
    if (code == BASE_OK)
      code = more_items(parser, ']', &more);
    if (code != BASE_OK)
      return code;
  }
  *out = (struct wire_json){.type = WIRE_JSON_ARRAY, .size = (uint32_t)(parser->held - base)};
  out->is.items = close_bracket(parser, base);
  return out->is.items != NULL ? BASE_OK : fail_memory(parser);
}

static int key_order(const struct member *a, const struct member *b) {
  if (a->key.size != b->key.size)
    return a->key.size < b->key.size ? -1 : 1;
  return memcmp(a->key.is.text, b->key.is.text, a->key.size);
}

static int sorted_order(const void *a, const void *b) {
  const struct member *left = *(const struct member *const *)a, *right = *(const struct member *const *)b;
  int order = key_order(left, right);
  return order != 0 ? order : (left > right) - (left < right);
}

/* The first member whose key stood before, NULL for none. Never quadratic in what a stranger chose. */
static enum base_code find_repeated(struct parser *parser, const struct member *members, size_t count,
                                    const struct member **out) {
  *out = NULL;
  if (count <= PAIRWISE_MAX) {
    for (size_t i = 1; i < count; i++)
      for (size_t k = 0; k < i && *out == NULL; k++)
        if (key_order(&members[i], &members[k]) == 0)
          *out = &members[i];
    return BASE_OK;
  }
  const struct member **sorted = reallocarray(NULL, count, sizeof(const struct member *));
  if (sorted == NULL)
    return fail_memory(parser);
  for (size_t i = 0; i < count; i++)
    sorted[i] = &members[i];
  qsort(sorted, count, sizeof *sorted, sorted_order);
  for (size_t i = 1; i < count; i++)
    if (key_order(sorted[i - 1], sorted[i]) == 0 && (*out == NULL || sorted[i] < *out))
      *out = sorted[i];
  free(sorted);
  return BASE_OK;
}

static enum base_code read_member(struct parser *parser) {
  struct member member = {.key = {.type = WIRE_JSON_TEXT}};
  if (*parser->at != '"')
    return fail_here(parser);
  enum base_code code = read_string(parser, &member.key.is.text, &member.key.size);
  if (code != BASE_OK)
    return code;
  skip_space(parser);
  if (*parser->at != ':')
    return fail_here(parser);
  parser->at++;
  skip_space(parser);
  code = read_value(parser, &member.value);
  if (code == BASE_OK)
    code = push(parser, &member.key);
  return code == BASE_OK ? push(parser, &member.value) : code;
}

static enum base_code read_object(struct parser *parser, struct wire_json *out) {
  size_t base = parser->held;
  const struct member *repeated = NULL;
  enum base_code code = open_bracket(parser);
  if (code != BASE_OK)
    return code;
  bool more = *parser->at != '}';
  parser->at += !more;
  while (more) {
    code = read_member(parser);
    if (code == BASE_OK)
      code = more_items(parser, '}', &more);
    if (code != BASE_OK)
      return code;
  }
  *out = (struct wire_json){.type = WIRE_JSON_OBJECT, .size = (uint32_t)((parser->held - base) / 2)};
  out->is.members = close_bracket(parser, base);
  if (out->is.members == NULL)
    return fail_memory(parser);
  code = find_repeated(parser, out->is.members, out->size, &repeated);
  if (code == BASE_OK && repeated != NULL)
    code = fail_at(parser, repeated->key.is.text, BASE_DUPLICATE_KEY, "a key stands twice in one object");
  return code;
}

/* --- values */

static enum base_code read_value(struct parser *parser, struct wire_json *out) {
  switch (*parser->at) {
  case '{':
    return read_object(parser, out);
  case '[':
    return read_array(parser, out);
  case '"':
    *out = (struct wire_json){.type = WIRE_JSON_TEXT};
    return read_string(parser, &out->is.text, &out->size);
  case 't':
    return read_word(parser, "true", WIRE_JSON_BOOL, true, out);
  case 'f':
    return read_word(parser, "false", WIRE_JSON_BOOL, false, out);
  case 'n':
    return read_word(parser, "null", WIRE_JSON_NULL, false, out);
  default:
    return read_number(parser, out);
  }
}

static enum base_code read_document(struct parser *parser, struct wire_json **out) {
  parser->start = base_arena_alloc(&parser->arena, parser->original.size + 1);
  struct document *document = base_arena_alloc(&parser->arena, sizeof *document);
  if (parser->start == NULL || document == NULL)
    return fail_memory(parser);
  memcpy(parser->start, parser->original.data, parser->original.size);
  parser->at = parser->start;
  parser->end = parser->start + parser->original.size;
  skip_space(parser);
  enum base_code code = read_value(parser, &document->root);
  if (code != BASE_OK)
    return code;
  skip_space(parser);
  if (parser->at != parser->end)
    return fail_at(parser, parser->at, BASE_SYNTAX, "something stands after the JSON document");
  document->arena = parser->arena;
  *out = &document->root;
  return BASE_OK;
}

enum base_code wire_json_parse(struct base_view text, size_t max, const char *what, struct wire_json **out,
                               struct base_error *err) {
  if (max > UINT32_MAX)
    max = UINT32_MAX;
  if (text.size > max)
    return base_fail(err, BASE_TOO_LARGE, "%s: %zu bytes, at most %zu are allowed", what, text.size, max);
  if (text.size == 0)
    return base_fail(err, BASE_SYNTAX, "%s: empty, JSON was expected", what);
  struct parser parser;
  parser.original = text;
  parser.what = what;
  parser.err = err;
  parser.depth = 0;
  parser.stack = parser.first;
  parser.held = 0;
  parser.room = STACK_FIRST;
  base_arena_init(&parser.arena, SIZE_MAX);
  enum base_code code = read_document(&parser, out);
  if (code != BASE_OK)
    base_arena_free(&parser.arena);
  if (parser.stack != parser.first)
    free(parser.stack);
  return code;
}

void wire_json_free(struct wire_json *document) {
  if (document == NULL)
    return;
  struct base_arena arena = ((struct document *)((char *)document - offsetof(struct document, root)))->arena;
  base_arena_free(&arena);
}

void wire_json_free_at(struct wire_json **document) {
  wire_json_free(*document);
  *document = NULL;
}

/* --- what a value is */

enum wire_json_type wire_json_type(const struct wire_json *value) {
  return value == NULL ? WIRE_JSON_NONE : (enum wire_json_type)value->type;
}

struct base_view wire_json_text(const struct wire_json *value) {
  return wire_json_type(value) == WIRE_JSON_TEXT ? base_view_of(value->is.text, value->size) : (struct base_view){0};
}

int64_t wire_json_integer(const struct wire_json *value) {
  return wire_json_type(value) == WIRE_JSON_INTEGER ? value->is.integer : 0;
}

double wire_json_real(const struct wire_json *value) {
  return wire_json_type(value) == WIRE_JSON_REAL ? value->is.real : (double)wire_json_integer(value);
}

bool wire_json_true(const struct wire_json *value) {
  return wire_json_type(value) == WIRE_JSON_BOOL && value->is.truth;
}

size_t wire_json_size(const struct wire_json *value) {
  enum wire_json_type type = wire_json_type(value);
  return type == WIRE_JSON_OBJECT || type == WIRE_JSON_ARRAY ? value->size : 0;
}

const struct wire_json *wire_json_at(const struct wire_json *array, size_t index) {
  return wire_json_type(array) == WIRE_JSON_ARRAY && index < array->size ? &array->is.items[index] : NULL;
}

const struct wire_json *wire_json_get(const struct wire_json *object, const char *key) {
  if (wire_json_type(object) != WIRE_JSON_OBJECT)
    return NULL;
  size_t size = strlen(key);
  for (size_t i = 0; i < object->size; i++) {
    const struct member *member = &object->is.members[i];
    if (member->key.size == size && memcmp(member->key.is.text, key, size) == 0)
      return &member->value;
  }
  return NULL;
}

bool wire_json_next(const struct wire_json *object, void **cursor, struct base_view *key,
                    const struct wire_json **value) {
  if (wire_json_type(object) != WIRE_JSON_OBJECT)
    return false;
  const struct member *member = *cursor == NULL ? object->is.members : (const struct member *)*cursor + 1;
  if (member == object->is.members + object->size) {
    *cursor = NULL;
    return false;
  }
  *cursor = (void *)(uintptr_t)member;
  *key = wire_json_text(&member->key);
  *value = &member->value;
  return true;
}
