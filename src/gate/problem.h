/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GATE_PROBLEM_H
#define GATE_PROBLEM_H

#include "base/base.h"
#include "gate/limits.h"

/* Problem documents (RFC 9457), as spec/api.md has them. What is wrong with a field names it in the member "field",
 * when the sentence begins with it: "reason: must be a text", "fields: $.subject: missing" (fields.subject). */
void gate_problem_write(enum base_code code, struct base_view detail, struct base_buf *out);

/* What a partner's answer other than 200 tells, made harmless: code is a name of our own table of errors ("protocol"
 * when it names none), detail at most GATE_DETAIL_MAX octets that may be shown on a terminal. Never fails: a document
 * that is none gives a sentence about that. */
struct gate_problem {
  const char *code;
  struct base_buf detail; /* free with base_buf_free */
};
void gate_problem_read(struct base_view document, long status, struct gate_problem *out);

/* Appends text as a person may see it, cut to at most max octets at a character's boundary. */
void gate_printable(struct base_buf *out, struct base_view text, size_t max);

#endif
