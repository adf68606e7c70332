/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/guard.h"

#include <string.h>
#include <strings.h>

static bool named(const struct gate_field *field, const char *name) {
  return field->name.size == strlen(name) && strncasecmp((const char *)field->name.data, name, field->name.size) == 0;
}

static bool is_token(struct base_view name) {
  static const char others[] = "!#$%&'*+-.^_`|~";
  for (size_t i = 0; i < name.size; i++) {
    uint8_t c = name.data[i], lower = c | 0x20;
    if ((c < '0' || c > '9') && (lower < 'a' || lower > 'z') && (c == 0 || strchr(others, c) == NULL))
      return false;
  }
  return name.size > 0;
}

static bool is_value(struct base_view value) {
  for (size_t i = 0; i < value.size; i++)
    if ((value.data[i] < 0x20 && value.data[i] != '\t') || value.data[i] == 0x7f)
      return false;
  return true;
}

/* Moves *at behind text and the separator that the library replaced; false when something else stands there. */
static bool step(const uint8_t **at, const uint8_t *end, struct base_view text, const char *separator, size_t size) {
  if (text.data != *at || text.size + size > (size_t)(end - *at))
    return false;
  *at += text.size;
  if (size > 0 && memcmp(*at, separator, size) != 0)
    return false;
  *at += size;
  return true;
}

/* Whether the header is made of what was parsed from it, and of nothing else. */
static bool nothing_hidden(const struct gate_head *head) {
  const uint8_t *at = head->raw.data, *end = at + head->raw.size;
  if (!step(&at, end, base_view_text(head->method), "\0", 1) || head->target.size + 1 > (size_t)(end - at))
    return false;
  at += head->target.size + 1;
  if (!step(&at, end, base_view_text(head->version), "\0\0", 2))
    return false;
  for (size_t i = 0; i < head->field_count; i++) {
    if (!step(&at, end, head->fields[i].name, "\0", 1))
      return false;
    while (at < end && at != head->fields[i].value.data && (*at == ' ' || *at == '\t'))
      at++;
    if (!step(&at, end, head->fields[i].value, "\0\0", 2))
      return false;
  }
  return end - at == 2 && memcmp(at, "\0\0", 2) == 0;
}

enum base_code gate_guard(const struct gate_head *head, struct gate_body *body, struct base_error *err) {
  *body = (struct gate_body){.present = false};
  if (!is_token(base_view_text(head->method)))
    return base_fail(err, BASE_SYNTAX, "the request's method is not a word");
  if (strcmp(head->version, "HTTP/1.1") != 0)
    return base_fail(err, BASE_PROTOCOL, "only HTTP/1.1 is spoken here");
  if (head->field_count > GATE_FIELDS_MAX)
    return base_fail(err, BASE_TOO_LARGE, "the request has more than %d header fields", GATE_FIELDS_MAX);
  size_t hosts = 0, lengths = 0;
  for (size_t i = 0; i < head->field_count; i++) {
    const struct gate_field *field = &head->fields[i];
    if (!is_token(field->name) || !is_value(field->value))
      return base_fail(err, BASE_SYNTAX, "header field %zu of the request is not well formed", i + 1);
    if (named(field, "Host"))
      hosts++;
    if (named(field, "Content-Length")) {
      if (lengths++ > 0 || !base_decimal_parse(field->value, &body->size))
        return base_fail(err, BASE_PROTOCOL, "the request's Content-Length is no number, or stands twice");
      body->present = body->size > 0;
    }
    if (named(field, "Content-Type")) {
      if (body->type.data != NULL)
        return base_fail(err, BASE_PROTOCOL, "the request has two Content-Type fields");
      body->type = field->value;
    }
    if (named(field, "Idempotency-Key")) /* who believed in it would send the same twice */
      return base_fail(err, BASE_FIELD,
                       "Idempotency-Key: is not understood here, and nothing was done: leave it away, and where an "
                       "answer did not come ask with GET /v1/cases whether it was done before sending again");
    if (named(field, "Last-Event-ID")) {
      if (body->last_event.data != NULL)
        return base_fail(err, BASE_PROTOCOL, "the request has two Last-Event-ID fields");
      body->last_event = field->value;
    }
    if (named(field, "Transfer-Encoding")) {
      if (body->chunked || field->value.size != 7 || strncasecmp((const char *)field->value.data, "chunked", 7) != 0)
        return base_fail(err, BASE_PROTOCOL, "the only Transfer-Encoding understood here is \"chunked\", once");
      body->chunked = true;
    }
  }
  if (hosts != 1)
    return base_fail(err, BASE_PROTOCOL, "the request has %zu Host fields instead of one", hosts);
  if (body->chunked && lengths > 0)
    return base_fail(err, BASE_PROTOCOL, "the request has both a Content-Length and a Transfer-Encoding");
  body->present = body->present || body->chunked;
  if (head->raw.size > 0 && !nothing_hidden(head))
    return base_fail(err, BASE_SYNTAX, "the request's header has more in it than its fields");
  return BASE_OK;
}
