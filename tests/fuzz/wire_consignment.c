/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "wire/consignment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A consignment's or an answer's frames: each that is read is written again byte for byte. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct base_error err;
  struct base_reader reader = base_reader_of(base_view_of(data, size));
  static struct wire_frame frame;
  BASE_AUTO_BUF struct base_buf again = {0};
  base_buf_init(&again, BASE_BUF_DEFAULT_LIMIT);
  bool whole = wire_frames_check(base_view_of(data, size), "consignment", &err) == BASE_OK, end = false;
  enum base_code code;
  while ((code = wire_frame_read(&reader, &frame, &end, &err)) == BASE_OK && !end)
    wire_frame_write(&frame, &again);
  if (again.code != BASE_OK || (again.size > 0 && memcmp(again.data, data, again.size) != 0))
    abort();
  if (whole && (code != BASE_OK || again.size != size))
    abort();
  return 0;
}
