/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GATE_GUARD_H
#define GATE_GUARD_H

#include "base/base.h"
#include "gate/limits.h"

/* What the HTTP library lets pass and we do not: everything by which two readers of one request could see two requests.
 */

struct gate_field {
  struct base_view name, value;
};
struct gate_head {
  const char *method;
  struct base_view target; /* as it came */
  const char *version;
  size_t field_count; /* may be GATE_FIELDS_MAX + 1: too many */
  struct gate_field fields[GATE_FIELDS_MAX + 1];
  /* The whole header as the library read it, line ends and separators turned to NUL; empty when it does not keep it.
   * The names and values above then point into it. */
  struct base_view raw;
};
struct gate_body {
  bool present, chunked;
  uint64_t size;         /* unless chunked */
  struct base_view type; /* Content-Type; empty: none. Valid while the request is */
  struct base_view last_event; /* Last-Event-ID, likewise */
};
/* The method and the field names are tokens, values hold no control characters. HTTP/1.1 with exactly one Host.
 * Content-Type and Last-Event-ID at most once each. Content-Length at most once, decimal, and not together with Transfer-Encoding, which may
 * only be "chunked". In raw, nothing stands but the request line and these fields: no NUL, bare line feed, folded line,
 * or empty line first. Only a line's end may hide something: a NUL or line feed in place of its carriage return. */
BASE_NODISCARD enum base_code gate_guard(const struct gate_head *head, struct gate_body *body, struct base_error *err);

#endif
