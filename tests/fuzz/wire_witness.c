/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "wire/witness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition) {
  if (!condition)
    abort();
}

/* What an add-checkpoint was read from is what would be written of it. */
static void try_request(struct base_view bytes) {
  static struct wire_witness_request request;
  struct base_error err;
  BASE_AUTO_BUF struct base_buf again = {0};
  if (wire_witness_request_parse(bytes, &request, &err) != BASE_OK)
    return;
  require(request.hash_count <= WIRE_WITNESS_HASHES_MAX && request.lines.size > 0);
  struct base_view note = base_view_of(request.text.data, request.text.size + 1 + request.lines.size);
  require(note.data + note.size == bytes.data + bytes.size);
  base_buf_init(&again, 2 * WIRE_WITNESS_REQUEST_MAX);
  wire_witness_request_write(request.old_size, request.hashes, request.hash_count, note, &again);
  require(base_view_equal(base_buf_view(&again), bytes));
}

/* The lines of an answer are all of it. */
static void try_answer(struct base_view bytes) {
  struct wire_witness_line line;
  struct wire_signature signature;
  uint64_t number;
  size_t count = 0, all = 0;
  if (wire_witness_lines_check(bytes, NULL) == BASE_OK) {
    for (struct base_view rest = bytes; wire_witness_line(&rest, &line); count++) {
      all += line.line.size;
      if (wire_signature_parse(line.line, &signature, NULL) == BASE_OK)
        require(signature.id == line.id && base_view_equal(signature.name, line.name));
    }
    require(count > 0 && count <= WIRE_WITNESS_LINES_MAX && all == bytes.size);
  }
  if (wire_witness_size_parse(bytes, &number, NULL) == BASE_OK)
    require(number <= WIRE_TREE_SIZE_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  try_request(base_view_of(data, size));
  try_answer(base_view_of(data, size));
  return 0;
}
