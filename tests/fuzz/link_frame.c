/* SPDX-License-Identifier: Apache-2.0
 * A packet from another process: whatever is read must be written back the same, and what is judged fit must keep to
 * the table. The first two bytes choose who reads, who wrote, and whether a descriptor came. */
#include <stdlib.h>
#include <string.h>

#include "link/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
  if (!holds)
    abort();
}

static void check_allowed(const struct link_frame *frame, enum link_role self, enum link_role peer, bool fd) {
  const struct link_row *row = link_row(frame->code);
  require(row != NULL);
  enum link_role asker = frame->answer ? self : peer, server = frame->answer ? peer : self;
  require(row->receiver == server && (row->senders & 1U << asker) != 0);
  require(!fd || (frame->answer ? row->fd_out : row->fd_in));
  require(frame->answer || (frame->size <= row->largest && frame->status == BASE_OK));
  require(frame->size <= (frame->sealed ? LINK_ANSWER_MAX : LINK_INLINE_MAX));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 2)
    return 0;
  enum link_role self = (enum link_role)(data[0] % LINK_ROLES), peer = (enum link_role)(data[0] / 16 % LINK_ROLES);
  bool fd = (data[1] & 1) != 0;
  struct base_view packet = base_view_of(data + 2, size - 2), payload;
  struct link_frame frame;
  if (link_frame_read(packet, &frame, &payload) != NULL)
    return 0;
  uint8_t head[LINK_FRAME_HEAD];
  link_frame_write(&frame, head);
  require(memcmp(head, packet.data, sizeof head) == 0);
  require(payload.size + LINK_FRAME_HEAD == packet.size);
  if (link_frame_judge(&frame, self, peer, fd) == NULL)
    check_allowed(&frame, self, peer, fd);
  return 0;
}
