/* SPDX-License-Identifier: Apache-2.0 */
#include "link/frame.h"

static void put(uint8_t *out, uint64_t value, size_t size) {
  for (size_t i = size; i > 0; i--) {
    out[i - 1] = (uint8_t)(value & 0xff);
    value >>= 8;
  }
}

void link_frame_write(const struct link_frame *frame, uint8_t out[LINK_FRAME_HEAD]) {
  unsigned flags = (frame->answer ? LINK_FRAME_ANSWER : 0U) | (frame->sealed ? LINK_FRAME_SEALED : 0U);
  put(out, LINK_FRAME_MAGIC, 4);
  put(out + 4, frame->code, 2);
  put(out + 6, flags, 2);
  put(out + 8, frame->id, 8);
  put(out + 16, frame->status, 4);
  put(out + 20, frame->size, 4);
}

const char *link_frame_read(struct base_view packet, struct link_frame *out, struct base_view *payload) {
  if (packet.size < LINK_FRAME_HEAD)
    return "a packet shorter than its head";
  struct base_reader reader = base_reader_of(packet);
  if (base_read_u32(&reader) != LINK_FRAME_MAGIC)
    return "a packet without the magic number";
  uint16_t code = base_read_u16(&reader), flags = base_read_u16(&reader);
  uint64_t id = base_read_u64(&reader);
  uint32_t status = base_read_u32(&reader), size = base_read_u32(&reader);
  struct link_frame frame = {.code = (enum link_request_code)code,
                             .answer = (flags & LINK_FRAME_ANSWER) != 0,
                             .sealed = (flags & LINK_FRAME_SEALED) != 0,
                             .id = id,
                             .status = (enum base_code)status,
                             .size = size};
  if (link_row(frame.code) == NULL)
    return "a request that is not in the table";
  if ((flags & ~(LINK_FRAME_ANSWER | LINK_FRAME_SEALED)) != 0)
    return "a flag that does not exist";
  if (id == 0)
    return "the id 0";
  if (status >= BASE_CODES)
    return "a status that does not exist";
  if (packet.size - LINK_FRAME_HEAD != (frame.sealed ? 0 : size))
    return "a payload that is not as long as its head says";
  *out = frame;
  *payload = base_view_of(packet.data + LINK_FRAME_HEAD, packet.size - LINK_FRAME_HEAD);
  return NULL;
}

static const char *judge_request(const struct link_frame *frame, const struct link_row *row, enum link_role self,
                                 enum link_role peer, bool fd) {
  if ((row->senders & 1U << peer) == 0)
    return "a request that this sender may not make";
  if (row->receiver != self)
    return "a request that this process does not serve";
  if (frame->status != BASE_OK || frame->sealed)
    return "a request with the marks of an answer";
  if (frame->size > row->largest)
    return "a request larger than the table allows";
  if (fd && !row->fd_in)
    return "a request with a descriptor that the table does not allow";
  return NULL;
}

static const char *judge_answer(const struct link_frame *frame, const struct link_row *row, enum link_role self,
                                enum link_role peer, bool fd) {
  if ((row->senders & 1U << self) == 0 || row->receiver != peer)
    return "an answer to a request that was never this process's to make";
  if (fd && !row->fd_out)
    return "an answer with a descriptor that the table does not allow";
  if (frame->sealed && !fd)
    return "a sealed payload without its descriptor";
  /* One spelling for one payload: only what does not fit into a packet is sealed. */
  if (frame->sealed ? frame->size <= LINK_INLINE_MAX || frame->size > LINK_ANSWER_MAX : frame->size > LINK_INLINE_MAX)
    return "an answer of a size that does not go this way";
  return NULL;
}

const char *link_frame_judge(const struct link_frame *frame, enum link_role self, enum link_role peer, bool fd) {
  const struct link_row *row = link_row(frame->code);
  if (row == NULL)
    return "a request that is not in the table";
  return frame->answer ? judge_answer(frame, row, self, peer, fd) : judge_request(frame, row, self, peer, fd);
}
