/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "wire/register.h"

#define PROOF_TITLE "c2sp.org/tlog-proof@v1"
#define PROOF_INDEX "index "

static bool take_line(struct base_view *rest, struct base_view *line) {
  const uint8_t *end = rest->size > 0 ? memchr(rest->data, '\n', rest->size) : NULL;
  if (end == NULL)
    return false;
  size_t size = (size_t)(end - rest->data);
  *line = base_view_of(rest->data, size);
  *rest = base_view_of(end + 1, rest->size - size - 1);
  return true;
}

static bool starts(struct base_view line, const char *prefix) {
  size_t size = strlen(prefix);
  return line.size >= size && memcmp(line.data, prefix, size) == 0;
}

static enum base_code parse_head(struct base_view *rest, struct wire_proof *proof, struct base_error *err) {
  struct base_view line;
  if (!take_line(rest, &line) || !base_view_is(line, PROOF_TITLE))
    return base_fail(err, BASE_SYNTAX, "proof: line 1 is not %s", PROOF_TITLE);
  if (!take_line(rest, &line))
    return base_fail(err, BASE_SYNTAX, "proof: cut short after line 1");
  if (starts(line, "extra "))
    return base_fail(err, BASE_SYNTAX, "proof: line 2 carries extra data, which nothing authenticates");
  size_t prefix = sizeof PROOF_INDEX - 1;
  if (!starts(line, PROOF_INDEX) ||
      !base_decimal_parse(base_view_of(line.data + prefix, line.size - prefix), &proof->index) ||
      proof->index >= WIRE_TREE_SIZE_MAX)
    return base_fail(err, BASE_SYNTAX, "proof: line 2 is not \"index\" and a leaf's number");
  return BASE_OK;
}

/* The hash lines and the empty line that ends them. */
static enum base_code parse_hashes(struct base_view *rest, struct wire_proof *proof, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf raw = {0};
  base_buf_init(&raw, WIRE_PROOF_MAX);
  for (;;) {
    struct base_view line;
    size_t number = proof->hash_count + 3;
    if (!take_line(rest, &line))
      return base_fail(err, BASE_SYNTAX, "proof: cut short at line %zu", number);
    if (line.size == 0)
      return BASE_OK;
    if (proof->hash_count == WIRE_PROOF_HASHES_MAX)
      return base_fail(err, BASE_TOO_LARGE, "proof: more than %d hashes", WIRE_PROOF_HASHES_MAX);
    base_buf_reset(&raw);
    enum base_code code = base_base64_parse(line, &raw, err);
    if (code != BASE_OK) {
      base_fail_within(err, "proof: line %zu", number);
      return code;
    }
    if (raw.size != sizeof proof->hashes[0].bytes)
      return base_fail(err, BASE_SYNTAX, "proof: line %zu is not a SHA-256 in base64", number);
    memcpy(proof->hashes[proof->hash_count++].bytes, raw.data, raw.size);
  }
}

enum base_code wire_proof_parse(struct base_view bytes, struct wire_proof *out, struct base_error *err) {
  if (bytes.size > WIRE_PROOF_MAX)
    return base_fail(err, BASE_TOO_LARGE, "proof: %zu bytes, at most %d are allowed", bytes.size, WIRE_PROOF_MAX);
  struct base_view rest = bytes;
  struct wire_proof proof = {0};
  enum base_code code = parse_head(&rest, &proof, err);
  if (code == BASE_OK)
    code = parse_hashes(&rest, &proof, err);
  if (code != BASE_OK)
    return code;
  if (rest.size == 0)
    return base_fail(err, BASE_SYNTAX, "proof: no checkpoint after the empty line");
  proof.checkpoint = rest;
  *out = proof;
  return BASE_OK;
}

void wire_proof_write(const struct wire_proof *proof, struct base_buf *out) {
  base_buf_printf(out, PROOF_TITLE "\n" PROOF_INDEX "%llu\n", (unsigned long long)proof->index);
  for (size_t i = 0; i < proof->hash_count; i++) {
    base_buf_base64(out, base_view_of(proof->hashes[i].bytes, sizeof proof->hashes[i].bytes));
    base_buf_text(out, "\n");
  }
  base_buf_text(out, "\n");
  base_buf_add_view(out, proof->checkpoint);
}
