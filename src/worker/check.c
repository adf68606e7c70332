/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/check.h"

#include <malloc.h>

#include "wire/stix.h"

enum { TRIM_ABOVE = 1 << 20 }; /* bytes of a document */

static enum base_code check_mapped(int fd, struct base_buf *answer, struct base_error *err) {
  struct base_view bytes;
  struct wire_stix_report report;
  enum base_code code = base_map_sealed(fd, WIRE_STIX_MAX, &bytes, err);
  if (code != BASE_OK)
    return code;
  code = wire_stix_check(bytes, &report, err);
  if (code == BASE_OK)
    wire_stix_write(&report, answer);
  /* A large document as a tree takes many times its size; an idle worker should be small again. */
  if (bytes.size > TRIM_ABOVE)
    malloc_trim(0);
  base_unmap(&bytes);
  return code == BASE_OK ? base_buf_check(answer, "the report on a STIX bundle", err) : code;
}

void worker_check(void *context, struct link_channel *channel, struct link_message *message) {
  (void)context;
  BASE_AUTO_BUF struct base_buf answer = {0};
  struct base_error err;
  enum base_code code = message->payload.size == 0
                            ? check_mapped(message->fd, &answer, &err)
                            : base_fail(&err, BASE_SYNTAX, "stix.check: %zu bytes too many", message->payload.size);
  link_answer(channel, message->id, code, code == BASE_OK ? base_buf_view(&answer) : base_view_text(err.text), -1);
}
