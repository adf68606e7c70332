/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_KEEPERLINK_H
#define WASL_CORE_KEEPERLINK_H

#include "link/link.h"
#include "seal/seal.h"
#include "wire/keeperform.h"

/* Core's view of the keeper: remote calls with the signatures of the local ones, so that the simulator can hand in a
 * keeper of its own. The payloads are those of spec/keeper.md. */

enum { CORE_WRAPPED = 40, CORE_WRAP_MAX = 512 };
struct core_keeper {
  void *context;
  enum base_code (*info)(void *context, struct wire_keeper_info *out, struct base_error *err);
  enum base_code (*attest)(void *context, uint64_t size, const struct base_hash *root, const struct base_hash *proof,
                           size_t count, struct base_buf *out_note, struct base_error *err);
  enum base_code (*cosign)(void *context, const struct wire_key *log_key, struct base_view note, uint64_t old_size,
                           const struct base_hash *proof, size_t count, struct base_buf *out_line,
                           struct base_error *err);
  enum base_code (*remembers)(void *context, struct base_view origin, struct wire_keeper_memory *out,
                              struct base_error *err);
  enum base_code (*renew)(void *context, unsigned types, struct wire_keeper_info *out, struct base_error *err);
  enum base_code (*succeed)(void *context, const struct wire_keeper_succeed *form, struct base_buf *out_succession,
                            struct base_buf *out_note, struct base_error *err);
  enum base_code (*card)(void *context, uint32_t generation, struct base_buf *out,
                         struct base_error *err); /* keeper_card */
  enum base_code (*follow)(void *context, const struct wire_keeper_follow *form, struct base_error *err);
  enum base_code (*forget)(void *context, enum wire_keeper_type type, uint32_t number, struct base_error *err);
  enum base_code (*decapsulate)(void *context, const uint8_t key_id[8], const struct wire_enc *enc,
                                uint8_t out_shared[32], struct base_error *err);
  enum base_code (*wrap)(void *context, const struct base_secret *keys, size_t count, uint8_t (*out)[CORE_WRAPPED],
                         uint32_t *out_epoch, struct base_error *err);
  enum base_code (*unwrap)(void *context, uint32_t epoch, const uint8_t (*wrapped)[CORE_WRAPPED], size_t count,
                           struct base_secret *out, struct base_error *err);
  enum base_code (*retire)(void *context, const struct wire_keeper_erased *list, size_t count,
                           struct wire_keeper_retired *out, struct base_error *err);
  enum base_code (*list)(void *context, uint64_t from, size_t most, struct wire_keeper_listed *out,
                         struct base_error *err);
};
/* Over a channel to the keeper process (blocking). The channel stays the caller's. */
struct core_keeper core_keeper_over(struct link_channel *channel);

#endif
