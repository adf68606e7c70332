/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/problem.h"

#include "wire/json.h"

static bool is_word(uint8_t c) {
  uint8_t lower = c | 0x20;
  return (c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'z') || c == '_' || c == '-';
}

static bool is_step(uint8_t c) {
  return is_word(c) || c == '.' || c == '[' || c == ']';
}

/* Cuts a run of such octets that ends in ": " off; empty when there is none. */
static struct base_view cut_place(struct base_view *text, bool (*fits)(uint8_t c)) {
  size_t size = 0;
  while (size < text->size && fits(text->data[size]))
    size++;
  if (size + 1 >= text->size || text->data[size] != ':' || text->data[size + 1] != ' ')
    return (struct base_view){NULL, 0};
  struct base_view place = base_view_of(text->data, size);
  *text = base_view_of(text->data + size + 2, text->size - size - 2);
  return place;
}

/* The place that the sentence begins with: a document's name, and after "$" the way into it. within: only a member of the
 * body, not the body itself or another document, where it is none that can be read. */
static void write_field(struct wire_writer *writer, struct base_view detail, bool within) {
  BASE_AUTO_BUF struct base_buf field = {0};
  struct base_view what = cut_place(&detail, is_word), path = {NULL, 0};
  if (what.size > 0 && detail.size > 0 && detail.data[0] == '$') {
    detail = base_view_of(detail.data + 1, detail.size - 1);
    path = cut_place(&detail, is_step);
  }
  bool whole = base_view_is(what, "request") && path.size > 1; /* the body itself */
  base_buf_init(&field, GATE_FIELD_MAX);
  base_buf_add_view(&field, whole ? base_view_of(path.data + 1, path.size - 1) : what);
  if (!whole)
    base_buf_add_view(&field, path);
  if (field.size > 0 && field.code == BASE_OK && (whole || !within))
    wire_write_member_buf(writer, "field", &field);
}

void gate_problem_write(enum base_code code, struct base_view detail, struct base_buf *out) {
  struct wire_writer writer;
  wire_writer_init(&writer, out);
  wire_write_object(&writer);
  wire_write_member_string(&writer, "type", "about:blank");
  wire_write_member_string(&writer, "title", base_code_text(code));
  wire_write_member_integer(&writer, "status", base_code_http(code));
  /* What a caller called something stands in sentences: nothing of it may turn the text around it. */
  BASE_AUTO_BUF struct base_buf safe = {0};
  base_buf_printable(&safe, detail);
  detail = base_buf_view(&safe);
  wire_write_member_text(&writer, "detail", base_utf8_valid(detail) ? detail : base_view_text(base_code_text(code)));
  wire_write_member_string(&writer, "code", base_code_name(code));
  if (code == BASE_FIELD || code == BASE_UNKNOWN_FIELD || code == BASE_DATE || code == BASE_MEDIA_TYPE)
    write_field(&writer, detail, false);
  else if (code == BASE_SYNTAX || code == BASE_UTF8 || code == BASE_DUPLICATE_KEY)
    write_field(&writer, detail, true);
  wire_write_end(&writer, '}');
}

void gate_printable(struct base_buf *out, struct base_view text, size_t max) {
  BASE_AUTO_BUF struct base_buf whole = {0};
  base_buf_printable(&whole, base_view_of(text.data, text.size < max ? text.size : max));
  struct base_view shown = base_buf_view(&whole);
  if (shown.size > max)
    shown.size = max;
  while (shown.size > 0 && !base_utf8_valid(shown))
    shown.size--;
  base_buf_add_view(out, shown);
}

void gate_problem_read(struct base_view document, long status, struct gate_problem *out) {
  out->code = base_code_name(BASE_PROTOCOL);
  base_buf_init(&out->detail, 0);
  struct base_view detail = {NULL, 0};
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  if (wire_json_parse(document, GATE_PROBLEM_MAX, "problem", &json, NULL) == BASE_OK) {
    struct base_view name = wire_json_text(wire_json_get(json, "code"));
    for (enum base_code code = BASE_OK + 1; code < BASE_CODES; code++)
      if (base_view_is(name, base_code_name(code)))
        out->code = base_code_name(code);
    detail = wire_json_text(wire_json_get(json, "detail"));
  }
  if (detail.size > 0)
    gate_printable(&out->detail, detail, GATE_DETAIL_MAX);
  else
    base_buf_printf(&out->detail, "the partner answered with HTTP status %ld and gave no reason", status);
}
