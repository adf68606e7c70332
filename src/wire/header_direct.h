/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_WIRE_HEADER_DIRECT_H
#define WASL_WIRE_HEADER_DIRECT_H

#include "wire/message.h"

/* Within wire: a header that is spelled as wire_header_write spells it, read without a tree of JSON. True: *out is what
 * wire_header_parse gives. False says nothing about the header, and nothing was set: the reader of any spelling must look
 * (wrong, of another spelling, an escape in a text, no memory). */
bool wire_header_direct(struct base_view bytes, struct base_arena *arena, struct wire_header *out);
/* What both readers and the writer hold alike, beyond what a member is by itself. */
BASE_NODISCARD enum base_code wire_header_check(const struct wire_header *header, struct base_error *err);

#endif
