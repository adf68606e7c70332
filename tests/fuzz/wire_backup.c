/* SPDX-License-Identifier: Apache-2.0
 * A backup's header, then its frames as they lie in the opened records. What reads is written again to the same bytes.
 */
#include <stdlib.h>

#include "wire/backup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
  if (!holds)
    abort();
}

static void read_header(struct base_view bytes) {
  struct wire_backup_header header;
  BASE_AUTO_BUF struct base_buf again = {0};
  base_buf_init(&again, 4096);
  if (wire_backup_header_parse(bytes, &header, NULL) != BASE_OK)
    return;
  wire_backup_header_write(&header, &again);
  require(again.code == BASE_OK && base_view_equal(base_buf_view(&again), bytes));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  read_header(base_view_of(data, size < WIRE_BACKUP_HEADER ? size : WIRE_BACKUP_HEADER));
  size_t used = 1;
  for (size_t at = size < WIRE_BACKUP_HEADER ? 0 : WIRE_BACKUP_HEADER; used > 0; at += used) {
    struct wire_backup_frame frame;
    struct base_error err;
    BASE_AUTO_BUF struct base_buf again = {0};
    base_buf_init(&again, BASE_BUF_DEFAULT_LIMIT);
    if (wire_backup_frame_read(base_view_of(data + at, size - at), &frame, &used, &err) != BASE_OK)
      return 0;
    require(used <= size - at);
    if (used == 0)
      return 0;
    wire_backup_frame_write(&frame, &again);
    require(again.code == BASE_OK && base_view_equal(base_buf_view(&again), base_view_of(data + at, used)));
  }
  return 0;
}
