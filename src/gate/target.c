/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/target.h"

#include <string.h>

static int digit(uint8_t c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes the percent codes of raw behind what out holds already: decoding never makes text longer, so there is room.
 */
static enum base_code decode(struct gate_target *out, struct base_view raw, const char *what, struct base_view *decoded,
                             struct base_error *err) {
  uint8_t *start = out->store + out->used, *at = start;
  for (size_t i = 0; i < raw.size; i++) {
    uint8_t c = raw.data[i];
    if (c == '%') {
      int high = raw.size - i > 2 ? digit(raw.data[i + 1]) : -1, low = raw.size - i > 2 ? digit(raw.data[i + 2]) : -1;
      if (high < 0 || low < 0)
        return base_fail(err, BASE_SYNTAX, "the request's %s has a percent sign without two hex digits behind it", what);
      c = (uint8_t)(high << 4 | low);
      i += 2;
    }
    if (c < 0x20 || c == 0x7f)
      return base_fail(err, BASE_SYNTAX, "the request's %s has a control character in it", what);
    *at++ = c;
  }
  struct base_view view = base_view_of(start, (size_t)(at - start));
  if (!base_utf8_valid(view))
    return base_fail(err, BASE_UTF8, "the request's %s is not UTF-8 when it is decoded", what);
  out->used += view.size;
  *decoded = view;
  return BASE_OK;
}

/* Cuts what stands before the first separator off rest; false when nothing was left. */
static bool cut(struct base_view *rest, char separator, struct base_view *piece) {
  if (rest->data == NULL)
    return false;
  const uint8_t *found = memchr(rest->data, separator, rest->size);
  size_t size = found == NULL ? rest->size : (size_t)(found - rest->data);
  *piece = base_view_of(rest->data, size);
  *rest = found == NULL ? (struct base_view){NULL, 0} : base_view_of(found + 1, rest->size - size - 1);
  return true;
}

static enum base_code parse_path(struct gate_target *out, struct base_view path, struct base_error *err) {
  struct base_view piece;
  while (cut(&path, '/', &piece)) {
    if (out->piece_count == GATE_PIECES_MAX)
      return base_fail(err, BASE_TOO_LARGE, "the request's path has more than %d pieces", GATE_PIECES_MAX);
    struct base_view *decoded = &out->pieces[out->piece_count];
    enum base_code code = decode(out, piece, "path", decoded, err);
    if (code != BASE_OK)
      return code;
    if (decoded->size == 0 || base_view_is(*decoded, ".") || base_view_is(*decoded, "..") ||
        memchr(decoded->data, '/', decoded->size) != NULL)
      return base_fail(err, BASE_SYNTAX, "the request's path has a piece that is empty, a dot or holds a slash");
    out->piece_count++;
  }
  return BASE_OK;
}

static enum base_code parse_query(struct gate_target *out, struct base_view query, struct base_error *err) {
  struct base_view pair;
  while (cut(&query, '&', &pair)) {
    if (out->query_count == GATE_QUERY_MAX)
      return base_fail(err, BASE_TOO_LARGE, "the request's query has more than %d parameters", GATE_QUERY_MAX);
    struct base_view name = {NULL, 0}, value = pair;
    if (!cut(&value, '=', &name) || value.data == NULL || name.size == 0)
      return base_fail(err, BASE_SYNTAX, "the request's query has a parameter that is not NAME=VALUE");
    struct gate_parameter *parameter = &out->query[out->query_count];
    enum base_code code = decode(out, name, "query", &parameter->name, err);
    if (code == BASE_OK)
      code = decode(out, value, "query", &parameter->value, err);
    if (code != BASE_OK)
      return code;
    for (size_t i = 0; i < out->query_count; i++)
      if (base_view_equal(out->query[i].name, parameter->name))
        return base_fail(err, BASE_DUPLICATE_KEY, "the request's query has a parameter twice");
    out->query_count++;
  }
  return BASE_OK;
}

enum base_code gate_target_parse(struct base_view raw, struct gate_target *out, struct base_error *err) {
  out->piece_count = out->query_count = out->used = 0;
  if (raw.size > GATE_TARGET_MAX)
    return base_fail(err, BASE_TOO_LARGE, "the request's target has more than %d octets", GATE_TARGET_MAX);
  if (raw.size == 0 || raw.data[0] != '/')
    return base_fail(err, BASE_SYNTAX, "the request's target does not begin with a slash");
  for (size_t i = 0; i < raw.size; i++)
    if (raw.data[i] <= 0x20 || raw.data[i] >= 0x7f || raw.data[i] == '#')
      return base_fail(err, BASE_SYNTAX, "the request's target has an octet at %zu that is not allowed in it", i);
  struct base_view query = base_view_of(raw.data + 1, raw.size - 1), path = {NULL, 0};
  if (!cut(&query, '?', &path))
    return base_fail(err, BASE_SYNTAX, "the request's target is empty");
  enum base_code code = parse_path(out, path, err);
  return code == BASE_OK ? parse_query(out, query, err) : code;
}

const struct base_view *gate_target_query(const struct gate_target *target, const char *name) {
  for (size_t i = 0; i < target->query_count; i++)
    if (base_view_is(target->query[i].name, name))
      return &target->query[i].value;
  return NULL;
}
