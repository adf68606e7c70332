/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/witness.h"

#include <string.h>

#define OLD_WORD "old "
#define EM_DASH "\xe2\x80\x94 "

static bool take_line(struct base_view *rest, struct base_view *line) {
  const uint8_t *end = rest->size > 0 ? memchr(rest->data, '\n', rest->size) : NULL;
  if (end == NULL)
    return false;
  size_t size = (size_t)(end - rest->data);
  *line = base_view_of(rest->data, size);
  *rest = base_view_of(rest->data + size + 1, rest->size - size - 1);
  return true;
}

/* --- signature lines */

bool wire_witness_line(struct base_view *lines, struct wire_witness_line *out) {
  enum { DASH = sizeof EM_DASH - 1, ID = 4 };
  struct base_view rest = *lines, line;
  if (!take_line(&rest, &line) || line.size > WIRE_WITNESS_LINE_MAX || line.size <= DASH ||
      memcmp(line.data, EM_DASH, DASH) != 0)
    return false;
  struct base_view name = base_view_of(line.data + DASH, line.size - DASH);
  const uint8_t *space = memchr(name.data, ' ', name.size);
  if (space == NULL || space == name.data || (size_t)(space - name.data) > WIRE_KEY_NAME_MAX)
    return false;
  name.size = (size_t)(space - name.data);
  BASE_AUTO_BUF struct base_buf raw = {0};
  base_buf_init(&raw, WIRE_WITNESS_LINE_MAX);
  struct base_view text = base_view_of(space + 1, line.size - DASH - name.size - 1);
  if (memchr(name.data, '+', name.size) != NULL || base_base64_parse(text, &raw, NULL) != BASE_OK || raw.size <= ID)
    return false;
  uint32_t id = 0;
  for (size_t i = 0; i < ID; i++)
    id = id << 8 | raw.data[i];
  *out = (struct wire_witness_line){name, id, base_view_of(line.data, line.size + 1)};
  *lines = rest;
  return true;
}

enum base_code wire_witness_lines_check(struct base_view bytes, struct base_error *err) {
  struct wire_witness_line line;
  size_t count = 0;
  if (bytes.size > WIRE_WITNESS_ANSWER_MAX)
    return base_fail(err, BASE_TOO_LARGE, "signatures: %zu bytes, at most %d are allowed", bytes.size,
                     WIRE_WITNESS_ANSWER_MAX);
  if (!base_utf8_valid(bytes))
    return base_fail(err, BASE_UTF8, "signatures: not UTF-8");
  for (struct base_view rest = bytes; rest.size > 0; count++) {
    if (count == WIRE_WITNESS_LINES_MAX)
      return base_fail(err, BASE_TOO_LARGE, "signatures: more than %d", WIRE_WITNESS_LINES_MAX);
    if (!wire_witness_line(&rest, &line))
      return base_fail(err, BASE_SYNTAX, "signatures: line %zu is not of the form \"\u2014 NAME BASE64\"", count + 1);
  }
  return count > 0 ? BASE_OK : base_fail(err, BASE_SYNTAX, "signatures: none");
}

enum base_code wire_witness_size_parse(struct base_view bytes, uint64_t *out, struct base_error *err) {
  struct base_view rest = bytes, line;
  uint64_t size;
  if (!take_line(&rest, &line) || rest.size > 0 || !base_decimal_parse(line, &size) || size > WIRE_TREE_SIZE_MAX)
    return base_fail(err, BASE_SYNTAX, "size: not decimal digits and a newline");
  *out = size;
  return BASE_OK;
}

/* --- requests */

static enum base_code read_hash(struct base_view line, struct wire_witness_request *request, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf raw = {0};
  base_buf_init(&raw, 64);
  if (request->hash_count == WIRE_WITNESS_HASHES_MAX)
    return base_fail(err, BASE_TOO_LARGE, "add-checkpoint: more than %d hashes", WIRE_WITNESS_HASHES_MAX);
  struct base_hash *hash = &request->hashes[request->hash_count++];
  if (base_base64_parse(line, &raw, NULL) != BASE_OK || raw.size != sizeof hash->bytes)
    return base_fail(err, BASE_SYNTAX, "add-checkpoint: hash %zu is not a SHA-256 in base64", request->hash_count);
  memcpy(hash->bytes, raw.data, raw.size);
  return BASE_OK;
}

/* The text ends at its empty line. It is not empty itself, so the first one is meant. */
static enum base_code read_note(struct base_view note, struct wire_witness_request *request, struct base_error *err) {
  struct base_view rest = note, line;
  bool found = false;
  while (!found && take_line(&rest, &line))
    found = line.size == 0;
  if (!found)
    return base_fail(err, BASE_SYNTAX, "add-checkpoint: no empty line between the checkpoint and its signatures");
  request->text = base_view_of(note.data, note.size - rest.size - 1);
  request->lines = rest;
  enum base_code code = wire_witness_lines_check(rest, err);
  if (code == BASE_OK)
    code = wire_checkpoint_parse(request->text, &request->checkpoint, err);
  if (code != BASE_OK)
    base_fail_within(err, "add-checkpoint");
  return code;
}

enum base_code wire_witness_request_parse(struct base_view bytes, struct wire_witness_request *out,
                                          struct base_error *err) {
  enum { WORD = sizeof OLD_WORD - 1 };
  if (bytes.size > WIRE_WITNESS_REQUEST_MAX)
    return base_fail(err, BASE_TOO_LARGE, "add-checkpoint: %zu bytes, at most %d are allowed", bytes.size,
                     WIRE_WITNESS_REQUEST_MAX);
  for (size_t i = 0; i < bytes.size; i++)
    if (bytes.data[i] < 0x20 && bytes.data[i] != '\n')
      return base_fail(err, BASE_UTF8, "add-checkpoint: it holds a control character other than newline");
  if (!base_utf8_valid(bytes))
    return base_fail(err, BASE_UTF8, "add-checkpoint: not UTF-8");
  struct wire_witness_request request = {0};
  struct base_view rest = bytes, line;
  if (!take_line(&rest, &line) || line.size <= WORD || memcmp(line.data, OLD_WORD, WORD) != 0 ||
      !base_decimal_parse(base_view_of(line.data + WORD, line.size - WORD), &request.old_size) ||
      request.old_size > WIRE_TREE_SIZE_MAX)
    return base_fail(err, BASE_SYNTAX, "add-checkpoint: line 1 is not \"old\" and a size");
  enum base_code code = BASE_OK;
  for (;;) {
    if (!take_line(&rest, &line))
      return base_fail(err, BASE_SYNTAX, "add-checkpoint: no empty line before the checkpoint");
    if (line.size == 0)
      break;
    code = read_hash(line, &request, err);
    if (code != BASE_OK)
      return code;
  }
  code = read_note(rest, &request, err);
  if (code == BASE_OK)
    *out = request;
  return code;
}

void wire_witness_request_write(uint64_t old_size, const struct base_hash *hashes, size_t count, struct base_view note,
                                struct base_buf *out) {
  base_buf_printf(out, OLD_WORD "%llu\n", (unsigned long long)old_size);
  for (size_t i = 0; i < count; i++) {
    base_buf_base64(out, base_view_of(hashes[i].bytes, sizeof hashes[i].bytes));
    base_buf_text(out, "\n");
  }
  base_buf_text(out, "\n");
  base_buf_add_view(out, note);
}
