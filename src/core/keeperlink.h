/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_KEEPERLINK_H
#define WASL_CORE_KEEPERLINK_H

#include "link/link.h"
#include "seal/seal.h"

/* Core's view of the keeper: remote calls with the signatures of the local ones, so that the simulator can hand in a
 * keeper of its own. The payloads are those of spec/keeper.md. */

enum { CORE_WRAPPED = 40, CORE_WRAP_MAX = 512 };
struct core_keeper_info {
  char origin[WIRE_ORIGIN_MAX + 1];
  struct wire_key log, witness;
  struct wire_seal_key seal;
  uint32_t epoch;
  uint64_t size;
  struct base_hash root;
};
struct core_keeper {
  void *context;
  enum base_code (*info)(void *context, struct core_keeper_info *out, struct base_error *err);
  enum base_code (*attest)(void *context, uint64_t size, const struct base_hash *root, const struct base_hash *proof,
                           size_t count, struct base_buf *out_note, struct base_error *err);
  enum base_code (*cosign)(void *context, const struct wire_key *log_key, struct base_view note, uint64_t old_size,
                           const struct base_hash *proof, size_t count, struct base_buf *out_line,
                           struct base_error *err);
  enum base_code (*remembers)(void *context, struct base_view origin, uint64_t *out_size, struct base_hash *out_root,
                              struct base_error *err);
  enum base_code (*decapsulate)(void *context, const uint8_t key_id[8], const struct wire_key *enc,
                                uint8_t out_shared[32], struct base_error *err);
  enum base_code (*wrap)(void *context, const struct base_secret *keys, size_t count, uint8_t (*out)[CORE_WRAPPED],
                         uint32_t *out_epoch, struct base_error *err);
  enum base_code (*unwrap)(void *context, uint32_t epoch, const uint8_t (*wrapped)[CORE_WRAPPED], size_t count,
                           struct base_secret *out, struct base_error *err);
};
/* Over a channel to the keeper process (blocking). The channel stays the caller's. */
struct core_keeper core_keeper_over(struct link_channel *channel);

#endif
