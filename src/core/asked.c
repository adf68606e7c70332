/* SPDX-License-Identifier: Apache-2.0 */
#include "core/asked.h"

#include <stdio.h>
#include <string.h>

#include "core/people.h"
#include "core/witness.h"

enum { SHOWN_MAX = 64, ALLOWED_MAX = 256 };

enum place { PATH, QUERY, BODY, GATE };
enum type { TEXT, INTEGER, BOOLEAN, TEXTS, OBJECT, OBJECTS };

static const struct row {
  enum link_request_code code;
  const char *name;
  enum place place;
  enum type type;
  bool needed;
  size_t most;
} rows[] = {
#define CORE_ASKED(code, name, place, type, needed, most) {LINK_##code, name, place, type, needed, most},
#include "core/asked.def"
#undef CORE_ASKED
};
enum { ROWS = sizeof rows / sizeof rows[0] };

struct words {
  char text[ALLOWED_MAX];
};

/* What is allowed, in words. */
static struct words type_words(const struct row *row) {
  static const char *const plain[] = {
      [TEXT] = "a text",           [INTEGER] = "a whole number", [BOOLEAN] = "true or false",
      [TEXTS] = "a list of texts", [OBJECT] = "an object",       [OBJECTS] = "a list of objects"};
  struct words out;
  if (row->most > 0)
    (void)snprintf(out.text, sizeof out.text, "%s, at most %zu%s", plain[row->type], row->most,
                   row->type == TEXT ? " bytes" : "");
  else
    (void)snprintf(out.text, sizeof out.text, "%s", plain[row->type]);
  return out;
}

static bool all_are(const struct wire_json *list, enum wire_json_type type) {
  for (size_t i = 0; i < wire_json_size(list); i++)
    if (wire_json_type(wire_json_at(list, i)) != type)
      return false;
  return true;
}

static bool fits(const struct row *row, const struct wire_json *value) {
  enum wire_json_type type = wire_json_type(value);
  switch (row->type) {
  case TEXT:
    return type == WIRE_JSON_TEXT && wire_json_text(value).size <= row->most;
  case INTEGER:
    return type == WIRE_JSON_INTEGER;
  case BOOLEAN:
    return type == WIRE_JSON_BOOL;
  case OBJECT:
    return type == WIRE_JSON_OBJECT;
  case TEXTS:
  case OBJECTS:
    return type == WIRE_JSON_ARRAY && wire_json_size(value) <= row->most &&
           all_are(value, row->type == TEXTS ? WIRE_JSON_TEXT : WIRE_JSON_OBJECT);
  }
  return false;
}

/* inside: the document beside a packet, in which nothing but the body may stand. */
static bool known(enum link_request_code code, struct base_view name, bool inside) {
  for (size_t i = 0; i < ROWS; i++)
    if (rows[i].code == code && base_view_is(name, rows[i].name))
      return !inside || rows[i].place == BODY;
  return !inside && (base_view_is(name, "actor") || base_view_is(name, "token"));
}

/* The members that a body may have. */
static struct words body_words(enum link_request_code code) {
  struct words out = {{0}};
  size_t at = 0;
  for (size_t i = 0; i < ROWS; i++)
    if (rows[i].code == code && rows[i].place == BODY && at < sizeof out.text)
      at += (size_t)snprintf(out.text + at, sizeof out.text - at, "%s%s", at > 0 ? ", " : "", rows[i].name);
  return out;
}

static enum base_code fail_unknown(enum link_request_code code, struct base_view name, struct base_error *err) {
  struct words allowed = body_words(code);
  BASE_AUTO_BUF struct base_buf shown = {0};
  size_t size = name.size < SHOWN_MAX ? name.size : SHOWN_MAX;
  while (size > 0 && !base_utf8_valid(base_view_of(name.data, size)))
    size--;
  base_buf_printable(&shown, base_view_of(name.data, size));
  return base_fail(err, BASE_UNKNOWN_FIELD, "%.*s: there is no such member; %s%s", (int)shown.size,
                   (const char *)shown.data, allowed.text[0] != '\0' ? "allowed are: " : "none is allowed here",
                   allowed.text);
}

static enum base_code check_known(enum link_request_code code, const struct wire_json *object, bool inside,
                                  struct base_error *err) {
  void *cursor = NULL;
  struct base_view name;
  const struct wire_json *value;
  while (wire_json_next(object, &cursor, &name, &value))
    if (!known(code, name, inside))
      return fail_unknown(code, name, err);
  return BASE_OK;
}

enum base_code core_asked_check(enum link_request_code code, const struct wire_json *request,
                                const struct wire_json *document, struct base_error *err) {
  const struct link_row *link = link_row(code);
  const struct wire_json *body = document != NULL ? document : request;
  if (link == NULL || (link->senders & 1U << LINK_ROLE_GATE_LOCAL) == 0)
    return BASE_OK;
  if (wire_json_type(body) != WIRE_JSON_OBJECT)
    return base_fail(err, BASE_SYNTAX, "the body is not a JSON object");
  enum base_code status = check_known(code, request, false, err);
  if (status == BASE_OK && document != NULL)
    status = check_known(code, document, true, err);
  for (size_t i = 0; i < ROWS && status == BASE_OK; i++) {
    if (rows[i].code != code || rows[i].place != BODY)
      continue;
    const struct wire_json *value = wire_json_get(body, rows[i].name);
    if (value == NULL && rows[i].needed)
      status = base_fail(err, BASE_FIELD, "%s: is missing; it must be %s", rows[i].name, type_words(&rows[i]).text);
    else if (value != NULL && !fits(&rows[i], value))
      status = base_fail(err, BASE_FIELD, "%s: must be %s", rows[i].name, type_words(&rows[i]).text);
  }
  return status;
}
