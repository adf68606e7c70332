/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_WIRE_WITNESS_H
#define WASL_WIRE_WITNESS_H

#include "wire/register.h"

/* What goes between a register and a witness: the request and the answers of C2SP tlog-witness' add-checkpoint.
 * spec/witness.md. */

enum {
  WIRE_WITNESS_HASHES_MAX = 63,        /* of a consistency proof; the protocol's own limit */
  WIRE_WITNESS_REQUEST_MAX = 16 << 10, /* bytes of a request */
  WIRE_WITNESS_ANSWER_MAX = 16 << 10,  /* and of an answer: some lines by keys that are of no concern here */
  WIRE_WITNESS_LINE_MAX = 8 << 10,     /* of one of them: room for signatures larger than ours */
  WIRE_WITNESS_LINES_MAX = 16,         /* of a note or of an answer */
};

struct wire_witness_request {
  uint64_t old_size;
  size_t hash_count;
  struct base_hash hashes[WIRE_WITNESS_HASHES_MAX];
  struct base_view text;  /* of the checkpoint, as it is signed */
  struct base_view lines; /* its signatures, at least one, each of the form that wire_witness_line reads */
  struct wire_checkpoint checkpoint;
};
/* Views into bytes. BASE_TOO_LARGE above a limit, else BASE_SYNTAX and the like. Whose signatures there are, and
 * whether the sizes fit each other, is not looked at. */
BASE_NODISCARD enum base_code wire_witness_request_parse(struct base_view bytes, struct wire_witness_request *out,
                                                         struct base_error *err);
void wire_witness_request_write(uint64_t old_size, const struct base_hash *hashes, size_t count, struct base_view note,
                                struct base_buf *out);

/* A signature line by any kind of key: who signed, by name and id, and all of it for wire_signature_parse. */
struct wire_witness_line {
  struct base_view name;
  uint32_t id;
  struct base_view line; /* with its newline */
};
/* The first line of *lines, which moves behind it. False at the end, or when what is there is no signature line. */
bool wire_witness_line(struct base_view *lines, struct wire_witness_line *out);
/* An answer with status 200: one signature line or more, and nothing else. */
BASE_NODISCARD enum base_code wire_witness_lines_check(struct base_view bytes, struct base_error *err);
/* The size in an answer with status 409: decimal digits and a newline. */
BASE_NODISCARD enum base_code wire_witness_size_parse(struct base_view bytes, uint64_t *out, struct base_error *err);

#endif
