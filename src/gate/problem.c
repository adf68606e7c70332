/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/problem.h"

#include "wire/json.h"

void gate_problem_write(enum base_code code, struct base_view detail, struct base_buf *out) {
  struct wire_writer writer;
  wire_writer_init(&writer, out);
  wire_write_object(&writer);
  wire_write_member_string(&writer, "type", "about:blank");
  wire_write_member_string(&writer, "title", base_code_text(code));
  wire_write_member_integer(&writer, "status", base_code_http(code));
  BASE_AUTO_BUF struct base_buf safe = {0};
  if (!base_utf8_valid(detail)) {
    base_buf_printable(&safe, detail);
    detail = base_buf_view(&safe);
  }
  wire_write_member_text(&writer, "detail", base_utf8_valid(detail) ? detail : base_view_text(base_code_text(code)));
  wire_write_member_string(&writer, "code", base_code_name(code));
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
