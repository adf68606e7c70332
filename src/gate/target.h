/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GATE_TARGET_H
#define GATE_TARGET_H

#include "base/base.h"
#include "gate/limits.h"

/* A request target (RFC 9112 section 3.2.1, origin form only), taken apart and decoded. */
struct gate_parameter {
  struct base_view name, value;
};
struct gate_target {
  size_t piece_count, query_count;
  struct base_view pieces[GATE_PIECES_MAX];
  struct gate_parameter query[GATE_QUERY_MAX];
  size_t used;
  uint8_t store[GATE_TARGET_MAX]; /* what the views point into */
};
/* Strict, so that no two spellings of a path differ in meaning: visible ASCII, percent codes of two hex digits; a piece
 * is not empty, not "." or "..", holds no "/" and no control character when decoded, and is UTF-8; a parameter stands
 * once. "+" is a plus. out must stay where it is while its views are used. */
BASE_NODISCARD enum base_code gate_target_parse(struct base_view raw, struct gate_target *out, struct base_error *err);
/* NULL when absent */
const struct base_view *gate_target_query(const struct gate_target *target, const char *name);

#endif
