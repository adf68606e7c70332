/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/json.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>

#include "wire/stix.h"

/* The only file that knows jansson: a struct wire_json is a json_t. */
static const json_t *inside(const struct wire_json *value) {
  return (const json_t *)(const void *)value;
}

static const struct wire_json *outside(const json_t *value) {
  return (const struct wire_json *)(const void *)value;
}

/* The library must not be told that there is no memory: it calls that bad syntax, leaves octets out of a text that it
 * cannot make longer, and, when the quote at its end was left out, reads and writes behind it (2.14, lex_scan_string).
 * So an allocation that fails ends the parse from within, and what it had made by then is freed here: all blocks since
 * its beginning. A document is freed by the thread that parsed it. */
struct block {
  struct block *before, *behind;
} __attribute__((aligned(16)));
static _Thread_local struct block *newest;
static _Thread_local jmp_buf *gives_up; /* NULL: no parse runs */
static once_flag once = ONCE_FLAG_INIT;

static void *allocate(size_t size) {
  struct block *block = size <= SIZE_MAX - sizeof *block ? malloc(sizeof *block + size) : NULL;
  if (block == NULL && gives_up != NULL)
    longjmp(*gives_up, 1);
  if (block == NULL)
    return NULL;
  *block = (struct block){.before = newest};
  if (newest != NULL)
    newest->behind = block;
  newest = block;
  return block + 1;
}

static void release(void *data) {
  struct block *block = data == NULL ? NULL : (struct block *)data - 1;
  if (block == NULL)
    return;
  if (block->before != NULL)
    block->before->behind = block->behind;
  if (block->behind != NULL)
    block->behind->before = block->before;
  else
    newest = block->before;
  free(block);
}

static void take_over(void) {
  json_set_alloc_funcs(allocate, release);
}

/* False: there was not enough memory. */
static bool load(struct base_view text, json_t **out, json_error_t *error) {
  jmp_buf here;
  struct block *const mark = newest;
  if (setjmp(here) != 0) {
    gives_up = NULL;
    while (newest != mark)
      release(newest + 1);
    return false;
  }
  gives_up = &here;
  *out = json_loadb((const char *)text.data, text.size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, error);
  gives_up = NULL;
  return true;
}

void wire_json_seed(uint64_t random) {
  /* zero would mean "seed yourself" */
  json_object_seed((size_t)random | 1);
}

/* The library reads a text octet by octet through four functions, 25 times as long as it takes to copy it. So long
 * texts that say what they mean (no escape, no control character, valid UTF-8) are taken out of what it reads, and put
 * into the tree afterwards: it reads "" there. The n-th of all texts that are no names is the same in both. */
enum { LONG_TEXT = 64, LONG_TEXTS_MAX = 256 };
struct scan {
  size_t texts; /* without names of members */
  size_t count, saved;
  struct {
    size_t number, start, size;
  } taken[LONG_TEXTS_MAX];
};

size_t wire_json_plain(struct base_view text, size_t start) {
  static const uint64_t ones = 0x0101010101010101;
  size_t i = start;
  for (uint64_t eight; text.size - i >= sizeof eight; i += sizeof eight) {
    memcpy(&eight, text.data + i, sizeof eight);
    /* The high bit of an octet is set below 20, at a quote, at a backslash; of what is beyond ASCII it is masked. */
    const uint64_t quote = eight ^ '"' * ones, slash = eight ^ '\\' * ones;
    if ((((eight - 0x20 * ones) | (quote - ones) | (slash - ones)) & ~eight & 0x80 * ones) != 0)
      break;
  }
  while (i < text.size && text.data[i] >= 0x20 && text.data[i] != '"' && text.data[i] != '\\')
    i++;
  return i - start;
}

static bool is_name(struct base_view text, size_t behind) {
  while (behind < text.size && (text.data[behind] == ' ' || text.data[behind] == '\t' || text.data[behind] == '\n' ||
                                text.data[behind] == '\r'))
    behind++;
  return behind < text.size && text.data[behind] == ':';
}

static void note_text(struct scan *scan, struct base_view text, size_t start, size_t end, bool plain) {
  if (is_name(text, end + 1))
    return;
  const struct base_view inside = base_view_of(text.data + start, end - start);
  if (plain && inside.size >= LONG_TEXT && scan->count < LONG_TEXTS_MAX && base_utf8_valid(inside)) {
    scan->taken[scan->count].number = scan->texts;
    scan->taken[scan->count].start = start;
    scan->taken[scan->count].size = inside.size;
    scan->count++;
    scan->saved += inside.size;
  }
  scan->texts++;
}

/* Nesting is measured, and NUL octets (which the library passes over between tokens) are found, before the parser sees
 * the text, so that no input decides how deep a function recurses. Up to the first fault of syntax this scan and the
 * parser agree on what is a string; after it nothing is nested any more. */
static enum base_code look_over(struct base_view text, const char *what, struct scan *out, size_t *out_at,
                                struct base_error *err) {
  size_t depth = 0, line = 1, line_start = 0, text_start = 0;
  bool quoted = false, plain = true;
  for (size_t i = 0; i < text.size; i++) {
    if (quoted)
      i += wire_json_plain(text, i);
    if (i == text.size)
      break;
    switch (text.data[i]) {
    case '\0':
      *out_at = i;
      return base_fail(err, BASE_SYNTAX, "%s: a NUL octet at line %zu, column %zu", what, line, i - line_start + 1);
    case '\n':
      line++;
      line_start = i + 1;
      plain = false;
      break;
    case '"':
      if (quoted)
        note_text(out, text, text_start, i, plain);
      quoted = !quoted;
      plain = true;
      text_start = i + 1;
      break;
    case '\\':
      i += quoted;
      plain = false;
      break;
    case '[':
    case '{':
      *out_at = i;
      if (!quoted && ++depth > WIRE_JSON_DEPTH_MAX)
        return base_fail(err, BASE_TOO_DEEP, "%s: nested deeper than %d levels at line %zu, column %zu", what,
                         WIRE_JSON_DEPTH_MAX, line, i - line_start + 1);
      break;
    case ']':
    case '}':
      depth -= !quoted && depth > 0;
      break;
    default:
      plain = plain && !quoted; /* a control character */
      break;
    }
  }
  return BASE_OK;
}

/* The text without what was taken out of it. NULL: no memory. */
static char *shorten(struct base_view text, const struct scan *scan, size_t *out_size) {
  char *shorter = malloc(text.size - scan->saved);
  size_t from = 0, size = 0;
  for (size_t i = 0; shorter != NULL && i <= scan->count; i++) {
    size_t until = i < scan->count ? scan->taken[i].start : text.size;
    memcpy(shorter + size, text.data + from, until - from);
    size += until - from;
    from = i < scan->count ? until + scan->taken[i].size : until;
  }
  *out_size = size;
  return shorter;
}

struct putting {
  const struct scan *scan;
  struct base_view text;
  size_t number, done;
  bool failed;
};

/* In the document's order, in which the library keeps members; as deep as the document. */
static void put_back(struct putting *putting, json_t *value) {
  const struct scan *scan = putting->scan;
  const char *name;
  json_t *inner;
  size_t i;
  switch (json_typeof(value)) {
  case JSON_STRING:
    if (putting->done < scan->count && scan->taken[putting->done].number == putting->number) {
      const char *start = (const char *)putting->text.data + scan->taken[putting->done].start;
      putting->failed |= json_string_setn_nocheck(value, start, scan->taken[putting->done].size) != 0;
      putting->done++;
    }
    putting->number++;
    break;
  case JSON_ARRAY:
    json_array_foreach(value, i, inner) put_back(putting, inner);
    break;
  case JSON_OBJECT:
    json_object_foreach(value, name, inner) put_back(putting, inner);
    break;
  default:
    break;
  }
}

/* As load. *out is NULL for what is no JSON; what is wrong then is seen in the whole text. */
static bool load_short(struct base_view text, const struct scan *scan, json_t **out) {
  json_error_t ignored;
  struct putting putting = {.scan = scan, .text = text};
  struct base_view shorter;
  char *bytes = shorten(text, scan, &shorter.size);
  shorter.data = (const uint8_t *)bytes;
  bool done = bytes != NULL && load(shorter, out, &ignored);
  if (done && *out != NULL) {
    put_back(&putting, *out);
    done = !putting.failed;
  }
  if (!done) {
    json_decref(*out);
    *out = NULL;
  }
  free(bytes);
  return done;
}

/* Where it stops being JSON, and what was expected there: the library's own place is behind what it could not read. In
 * characters, as editors count; false: it is well formed, and one of our own rules was broken. */
static bool find_fault(struct base_view text, const char *what, size_t *out_at, struct base_error *err) {
  struct wire_json_fault fault;
  if (wire_json_wellformed(text, &fault))
    return false;
  size_t start = fault.at;
  while (start > 0 && text.data[start - 1] != '\n')
    start--;
  size_t column = 1 + base_utf8_count(base_view_of(text.data + start, fault.at - start));
  *out_at = fault.at;
  (void)base_fail(err, BASE_SYNTAX, "%s: not well-formed JSON at line %zu, column %zu: %s", what, fault.line, column,
                  fault.what);
  return true;
}

/* The library's own words are not passed on: they quote the text around the fault, which may be anybody's data. */
static enum base_code parse_failure(const json_error_t *error, struct base_view bytes, const char *what, size_t *out_at,
                                    struct base_error *err) {
  enum base_code code = BASE_SYNTAX;
  const char *text = "not well-formed JSON";
  switch (json_error_code(error)) {
  case json_error_invalid_utf8:
    code = BASE_UTF8;
    text = "not valid UTF-8";
    break;
  case json_error_duplicate_key:
    code = BASE_DUPLICATE_KEY;
    text = "a key stands twice in one object";
    break;
  case json_error_stack_overflow:
    code = BASE_TOO_DEEP;
    text = "nested too deep";
    break;
  case json_error_premature_end_of_input:
    text = "the JSON is cut short";
    break;
  case json_error_end_of_input_expected:
    text = "something stands after the JSON document";
    break;
  case json_error_invalid_syntax: /* of what is well formed elsewhere */
    text = "half of a surrogate pair, \\uD800 to \\uDFFF, stands alone";
    break;
  case json_error_null_character:
  case json_error_null_byte_in_key:
    text = "\\u0000 is not allowed";
    break;
  case json_error_numeric_overflow:
    text = "a number is out of range";
    break;
  default:
    break;
  }
  if (code == BASE_SYNTAX && find_fault(bytes, what, out_at, err))
    return code;
  *out_at = (size_t)error->position;
  return base_fail(err, code, "%s: %s at line %d, column %d", what, text, error->line, error->column);
}

/* *out_at: the octet at which it went wrong. */
static enum base_code parse(struct base_view text, size_t max, const char *what, struct wire_json **out, size_t *out_at,
                            struct base_error *err) {
  if (text.size > max)
    return base_fail(err, BASE_TOO_LARGE, "%s: %zu bytes, at most %zu are allowed", what, text.size, max);
  if (text.size == 0)
    return base_fail(err, BASE_SYNTAX, "%s: empty, JSON was expected", what);
  struct scan scan = {0};
  enum base_code code = look_over(text, what, &scan, out_at, err);
  if (code)
    return code;
  json_error_t error = {0};
  json_t *root = NULL;
  call_once(&once, take_over);
  bool done = scan.saved == 0 || scan.saved < text.size / 2 || load_short(text, &scan, &root);
  if (done && root == NULL)
    done = load(text, &root, &error);
  if (!done)
    return base_fail(err, BASE_MEMORY, "%s: out of memory while reading JSON", what);
  if (!root)
    return parse_failure(&error, text, what, out_at, err);
  *out = (struct wire_json *)(void *)root;
  return BASE_OK;
}

enum base_code wire_json_parse(struct base_view text, size_t max, const char *what, struct wire_json **out,
                               struct base_error *err) {
  size_t at = 0;
  return parse(text, max, what, out, &at, err);
}

/* Up to where it went wrong a text is well formed, so what is open there is the way to it: "$.fields.persons[0].name". */
enum base_code wire_json_parse_own(struct base_view text, size_t max, const char *what, struct wire_json **out,
                                   struct base_error *err) {
  struct base_error plain = {0};
  struct wire_json_fault fault = {.path = "$"};
  size_t at = 0;
  enum base_code code = parse(text, max, what, out, &at, &plain);
  if (code == BASE_OK)
    return BASE_OK;
  (void)wire_json_wellformed(base_view_of(text.data, at < text.size ? at : text.size), &fault);
  bool within = strcmp(fault.path, "$") != 0;
  return base_fail(err, code, "%s: %s%s%s", what, within ? fault.path : "", within ? ": " : "",
                   plain.text + strlen(what) + strlen(": "));
}

void wire_json_free(struct wire_json *document) {
  json_decref((json_t *)(void *)document);
}

void wire_json_free_at(struct wire_json **document) {
  wire_json_free(*document);
  *document = NULL;
}

enum wire_json_type wire_json_type(const struct wire_json *value) {
  if (!value)
    return WIRE_JSON_NONE;
  switch (json_typeof(inside(value))) {
  case JSON_OBJECT:
    return WIRE_JSON_OBJECT;
  case JSON_ARRAY:
    return WIRE_JSON_ARRAY;
  case JSON_STRING:
    return WIRE_JSON_TEXT;
  case JSON_INTEGER:
    return WIRE_JSON_INTEGER;
  case JSON_REAL:
    return WIRE_JSON_REAL;
  case JSON_TRUE:
  case JSON_FALSE:
    return WIRE_JSON_BOOL;
  case JSON_NULL:
    return WIRE_JSON_NULL;
  }
  return WIRE_JSON_NONE;
}

struct base_view wire_json_text(const struct wire_json *value) {
  if (wire_json_type(value) != WIRE_JSON_TEXT)
    return (struct base_view){0};
  return base_view_of(json_string_value(inside(value)), json_string_length(inside(value)));
}

int64_t wire_json_integer(const struct wire_json *value) {
  return json_integer_value(inside(value));
}

double wire_json_real(const struct wire_json *value) {
  return json_number_value(inside(value));
}

bool wire_json_true(const struct wire_json *value) {
  return json_is_true(inside(value));
}

size_t wire_json_size(const struct wire_json *value) {
  return wire_json_type(value) == WIRE_JSON_OBJECT ? json_object_size(inside(value)) : json_array_size(inside(value));
}

const struct wire_json *wire_json_at(const struct wire_json *array, size_t index) {
  return outside(json_array_get(inside(array), index));
}

const struct wire_json *wire_json_get(const struct wire_json *object, const char *key) {
  return outside(json_object_get(inside(object), key));
}

bool wire_json_next(const struct wire_json *object, void **cursor, struct base_view *key,
                    const struct wire_json **value) {
  json_t *json = (json_t *)(void *)(uintptr_t)object;
  void *at = *cursor ? json_object_iter_next(json, *cursor) : json_object_iter(json);
  *cursor = at;
  if (!at)
    return false;
  *key = base_view_of(json_object_iter_key(at), json_object_iter_key_len(at));
  *value = outside(json_object_iter_value(at));
  return true;
}
