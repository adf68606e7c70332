/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_LINK_FRAME_H
#define WASL_LINK_FRAME_H

#include "link/link.h"

/* One packet between two processes: a fixed head, then the payload (big-endian):
 *   u32 magic "wasl" · u16 request code · u16 flags · u64 id · u32 status · u32 size
 * and at most one descriptor beside it. With LINK_FRAME_SEALED the payload is not in the packet: the descriptor is a
 * sealed memory file of size bytes. Pure functions: no descriptor is touched here. */
enum {
  LINK_FRAME_MAGIC = 0x7761736c,
  LINK_FRAME_HEAD = 24,
  LINK_FRAME_MAX = LINK_FRAME_HEAD + LINK_INLINE_MAX,
};
enum { LINK_FRAME_ANSWER = 1, LINK_FRAME_SEALED = 2 };

struct link_frame {
  enum link_request_code code;
  bool answer, sealed;
  uint64_t id;
  enum base_code status; /* of an answer; BASE_OK in a request */
  uint32_t size;
};
void link_frame_write(const struct link_frame *frame, uint8_t out[LINK_FRAME_HEAD]);
/* Reads a whole packet. payload borrows from it and is empty when sealed. NULL when it is well formed, else what is
 * wrong. */
const char *link_frame_read(struct base_view packet, struct link_frame *out, struct base_view *payload);
/* Holds a well-formed frame against the table: may peer send this to self, in this size, with (fd) or without a
 * descriptor? NULL when it may, else what is wrong. */
const char *link_frame_judge(const struct link_frame *frame, enum link_role self, enum link_role peer, bool fd);

#endif
