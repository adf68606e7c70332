/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_MESSAGES_H
#define WASL_CORE_MESSAGES_H

#include "core/internal.h"

/* Content at rest (messages.c). Not for others. */

/* messages.c: content at rest */
struct core_content {
  struct store_message row;
  struct wire_header header;
  struct wire_part0 part0; /* free with core_content_free */
  struct base_secret key;
  bool dropped; /* no part 0 any more */
};
BASE_NODISCARD enum base_code core_content_read(struct core *core, const struct base_id *id, struct base_arena *arena,
                                                struct core_content *out, struct base_error *err);
/* The same without a look into part 0: its exact bytes are in row.part0, part0 stays empty. */
BASE_NODISCARD enum base_code core_content_bytes(struct core *core, const struct base_id *id, struct base_arena *arena,
                                                 struct core_content *out, struct base_error *err);
void core_content_free(struct core_content *content);
/* Remembers the key of a message that is written now, until it goes out. */
void core_content_fresh(struct core *core, const struct base_id *id, const struct base_secret *key);
/* Encrypts part 0 under the message's key into out. An exercise's opens as an exercise's alone, what is real as real. */
void core_content_seal(const struct base_secret *key, const struct base_id *id, bool exercise, struct base_view part0,
                       struct base_buf *out);
BASE_NODISCARD enum base_code core_content_unseal(const struct base_secret *key, const struct base_id *id, bool exercise,
                                                  struct base_view sealed, struct base_buf *out,
                                                  struct base_error *err);

#endif
