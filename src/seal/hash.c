/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <threads.h>

#include "seal/library.h"
#include "seal/seal.h"

/* One digest context per thread, made at its first hash: making one costs as much as hashing a Merkle node. It keeps
 * no secret: what is hashed here is public or a commitment's opening, and each use begins anew. */
static tss_t thread_slot;
static once_flag thread_once = ONCE_FLAG_INIT;
static _Thread_local EVP_MD_CTX *thread_context;

static void free_context(void *context) {
  EVP_MD_CTX_free(context);
}

static void make_slot(void) {
  if (tss_create(&thread_slot, free_context) != thrd_success)
    seal_broken("making a slot for threads");
}

static EVP_MD_CTX *begin(void) {
  if (thread_context == NULL) {
    call_once(&thread_once, make_slot);
    thread_context = EVP_MD_CTX_new();
    if (thread_context == NULL || tss_set(thread_slot, thread_context) != thrd_success)
      seal_broken("making a digest context");
    if (EVP_DigestInit_ex2(thread_context, seal_library()->sha256, NULL) != 1)
      seal_broken("SHA-256");
  } else if (EVP_DigestInit_ex2(thread_context, NULL, NULL) != 1) {
    seal_broken("SHA-256");
  }
  return thread_context;
}

static void add(EVP_MD_CTX *context, const void *data, size_t size) {
  if (size > 0 && EVP_DigestUpdate(context, data, size) != 1)
    seal_broken("SHA-256");
}

static struct base_hash end(EVP_MD_CTX *context) {
  struct base_hash hash;
  if (EVP_DigestFinal_ex(context, hash.bytes, NULL) != 1)
    seal_broken("SHA-256");
  return hash;
}

struct base_hash seal_sha256(struct base_view data) {
  EVP_MD_CTX *context = begin();
  add(context, data.data, data.size);
  return end(context);
}

struct base_id seal_message_id(struct base_view header_bytes) {
  struct base_hash hash = seal_sha256(header_bytes);
  struct base_id id;
  memcpy(id.bytes, hash.bytes, sizeof id.bytes);
  return id;
}

struct base_hash seal_leaf_hash(struct base_view entry) {
  EVP_MD_CTX *context = begin();
  add(context, "\x00", 1);
  add(context, entry.data, entry.size);
  return end(context);
}

struct base_hash seal_node_hash(const struct base_hash *left, const struct base_hash *right) {
  uint8_t block[1 + sizeof left->bytes + sizeof right->bytes] = {1};
  memcpy(block + 1, left->bytes, sizeof left->bytes);
  memcpy(block + 1 + sizeof left->bytes, right->bytes, sizeof right->bytes);
  EVP_MD_CTX *context = begin();
  add(context, block, sizeof block);
  return end(context);
}

struct base_hash seal_empty_root(void) {
  return seal_sha256(BASE_VIEW(""));
}

struct seal_hasher {
  EVP_MD_CTX *context;
};

struct seal_hasher *seal_hasher_new(void) {
  struct seal_hasher *hasher = calloc(1, sizeof *hasher);
  if (hasher == NULL)
    return NULL;
  hasher->context = EVP_MD_CTX_new();
  if (hasher->context == NULL || EVP_DigestInit_ex2(hasher->context, seal_library()->sha256, NULL) != 1) {
    seal_hasher_free(hasher);
    return NULL;
  }
  return hasher;
}

void seal_hasher_add(struct seal_hasher *hasher, struct base_view data) {
  add(hasher->context, data.data, data.size);
}

struct base_hash seal_hasher_end(struct seal_hasher *hasher) {
  struct base_hash hash = end(hasher->context);
  if (EVP_DigestInit_ex2(hasher->context, NULL, NULL) != 1)
    seal_broken("SHA-256");
  return hash;
}

void seal_hasher_free(struct seal_hasher *hasher) {
  if (hasher == NULL)
    return;
  EVP_MD_CTX_free(hasher->context);
  free(hasher);
}
