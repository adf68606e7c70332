/* SPDX-License-Identifier: Apache-2.0
 * Where a text stops being JSON. The parser behind wire/json.h cannot say it for others' documents: it has limits of
 * our own (depth, keys, numbers), which a good document may pass, and it names no path. Nothing recurses here. */
#include <stdio.h>
#include <string.h>

#include "wire/stix.h"

enum { PATH_LEVELS = 24, KEY_SHOWN = 40 };

struct scan {
  struct base_view text;
  size_t at, depth, values;
  const char *fault;                         /* NULL: none so far */
  uint8_t arrays[WIRE_WELLFORMED_DEPTH / 8]; /* a bit per level: an array, else an object */
  struct {
    size_t index;
    struct base_view key;
  } levels[PATH_LEVELS]; /* the outer ones, for the path */
};

static bool fail(struct scan *scan, const char *fault) {
  scan->fault = scan->at >= scan->text.size ? "the text ends here" : fault;
  return false;
}

/* The octet to be read, 0 at the end: no token begins with a NUL. */
static uint8_t here(const struct scan *scan) {
  return scan->at < scan->text.size ? scan->text.data[scan->at] : 0;
}

static void skip_space(struct scan *scan) {
  while (scan->at < scan->text.size && memchr(" \t\r\n", scan->text.data[scan->at], 4) != NULL)
    scan->at++;
}

static bool in_array(const struct scan *scan) {
  size_t level = scan->depth - 1;
  return (scan->arrays[level / 8] >> level % 8 & 1) != 0;
}

static bool is_digit(uint8_t byte) {
  return byte >= '0' && byte <= '9';
}

static bool read_digits(struct scan *scan) {
  if (!is_digit(here(scan)))
    return fail(scan, "a digit was expected");
  while (is_digit(here(scan)))
    scan->at++;
  return true;
}

static bool read_number(struct scan *scan) {
  scan->at += here(scan) == '-';
  if (here(scan) == '0')
    scan->at++;
  else if (!read_digits(scan))
    return false;
  if (here(scan) == '.') {
    scan->at++;
    if (!read_digits(scan))
      return false;
  }
  if (here(scan) == 'e' || here(scan) == 'E') {
    scan->at++;
    scan->at += here(scan) == '+' || here(scan) == '-';
    return read_digits(scan);
  }
  return true;
}

static bool read_escape(struct scan *scan) {
  uint8_t letter = here(scan);
  if (letter == 0 || strchr("\"\\/bfnrtu", letter) == NULL)
    return fail(scan, "no such escape in a text");
  scan->at++;
  for (int i = 0; letter == 'u' && i < 4; i++, scan->at++) {
    uint8_t digit = here(scan);
    if (!is_digit(digit) && !((digit | 0x20) >= 'a' && (digit | 0x20) <= 'f'))
      return fail(scan, "four hex digits were expected");
  }
  return true;
}

/* One character beyond ASCII. */
static bool read_wide(struct scan *scan) {
  uint8_t lead = here(scan);
  size_t size = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (size > scan->text.size - scan->at || !base_utf8_valid(base_view_of(scan->text.data + scan->at, size))) {
    scan->fault = "not UTF-8";
    return false;
  }
  scan->at += size;
  return true;
}

static bool read_text(struct scan *scan) {
  if (here(scan) != '"')
    return fail(scan, "a text in quotes was expected");
  for (scan->at++; here(scan) != '"';) {
    if (here(scan) >= 0x80) {
      if (!read_wide(scan))
        return false;
    } else if (here(scan) == '\\') {
      scan->at++;
      if (!read_escape(scan))
        return false;
    } else if (here(scan) < 0x20) {
      return fail(scan, "a control character stands in a text");
    } else {
      scan->at++;
    }
  }
  scan->at++;
  return true;
}

static bool read_word(struct scan *scan) {
  static const char *const words[] = {"true", "false", "null"};
  for (size_t i = 0; i < 3; i++) {
    size_t size = strlen(words[i]), left = scan->text.size - scan->at;
    if (memcmp(scan->text.data + scan->at, words[i], left < size ? left : size) != 0)
      continue;
    scan->at += left < size ? left : size;
    return left >= size || fail(scan, "");
  }
  return fail(scan, "a value was expected");
}

static bool read_key(struct scan *scan) {
  skip_space(scan);
  size_t start = scan->at + 1;
  if (!read_text(scan))
    return false;
  if (scan->depth <= PATH_LEVELS)
    scan->levels[scan->depth - 1].key = base_view_of(scan->text.data + start, scan->at - 1 - start);
  skip_space(scan);
  if (here(scan) != ':')
    return fail(scan, "a colon was expected");
  scan->at++;
  return true;
}

/* Goes into an object or array; false with no fault: deeper than this looks. */
static bool enter(struct scan *scan, bool array) {
  if (scan->depth == WIRE_WELLFORMED_DEPTH)
    return false;
  size_t level = scan->depth++;
  uint8_t bit = (uint8_t)(1U << level % 8);
  scan->arrays[level / 8] = (uint8_t)(array ? scan->arrays[level / 8] | bit : scan->arrays[level / 8] & ~bit);
  if (level < PATH_LEVELS) {
    scan->levels[level].index = 0;
    scan->levels[level].key = (struct base_view){0};
  }
  scan->at++;
  return true;
}

/* Behind a value: closes what closes here; true when another value is to be read, *done at the end of the document. */
static bool go_on(struct scan *scan, bool *done) {
  for (;;) {
    skip_space(scan);
    if (scan->depth == 0) {
      *done = scan->at == scan->text.size;
      return *done ? true : fail(scan, "something stands behind the document");
    }
    bool array = in_array(scan);
    if (here(scan) == (array ? ']' : '}')) {
      scan->at++;
      scan->depth--;
      continue;
    }
    if (here(scan) != ',')
      return fail(scan, array ? "a comma or ] was expected" : "a comma or } was expected");
    scan->at++;
    if (array && scan->depth <= PATH_LEVELS)
      scan->levels[scan->depth - 1].index++;
    return array ? true : read_key(scan);
  }
}

/* A value; *opened: one that has another value within, which comes next. */
static bool read_value(struct scan *scan, bool *opened) {
  *opened = false;
  scan->values++;
  skip_space(scan);
  uint8_t first = here(scan);
  if (first == '"')
    return read_text(scan);
  if (first == '-' || is_digit(first))
    return read_number(scan);
  if (first != '{' && first != '[')
    return scan->at < scan->text.size ? read_word(scan) : fail(scan, "");
  if (!enter(scan, first == '['))
    return false;
  skip_space(scan);
  if (here(scan) == (first == '[' ? ']' : '}')) {
    scan->at++;
    scan->depth--;
    return true;
  }
  *opened = true;
  return first == '[' ? true : read_key(scan);
}

static bool plain(struct base_view key) {
  for (size_t i = 0; i < key.size; i++) {
    uint8_t c = key.data[i];
    if (!is_digit(c) && !((c | 0x20) >= 'a' && (c | 0x20) <= 'z') && c != '_' && c != '-')
      return false;
  }
  return key.size > 0 && key.size <= KEY_SHOWN;
}

/* "$.objects[3].name"; a key that is no plain word is a question mark, for it may be anything. */
static void write_path(const struct scan *scan, char *out, size_t room) {
  size_t at = (size_t)snprintf(out, room, "$");
  for (size_t i = 0; i < scan->depth && i < PATH_LEVELS && at + KEY_SHOWN + 24 < room; i++) {
    bool array = (scan->arrays[i / 8] >> i % 8 & 1) != 0;
    struct base_view key = scan->levels[i].key;
    int size = array        ? snprintf(out + at, room - at, "[%zu]", scan->levels[i].index)
               : plain(key) ? snprintf(out + at, room - at, ".%.*s", (int)key.size, (const char *)key.data)
                            : snprintf(out + at, room - at, ".?");
    at += size > 0 ? (size_t)size : 0;
  }
}

bool wire_json_wellformed(struct base_view text, struct wire_json_fault *out) {
  struct scan scan = {.text = text};
  bool done = false, opened;
  while (!done && read_value(&scan, &opened) && (opened || go_on(&scan, &done)))
    ;
  out->values = scan.values;
  if (scan.fault == NULL)
    return true;
  *out = (struct wire_json_fault){.at = scan.at, .line = 1, .what = scan.fault, .values = scan.values};
  for (size_t i = 0, start = 0; i <= scan.at; i++) {
    out->column = i - start + 1;
    if (i < scan.at && text.data[i] == '\n') {
      out->line++;
      start = i + 1;
    }
  }
  write_path(&scan, out->path, sizeof out->path);
  return false;
}
