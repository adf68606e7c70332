/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/clear.h"
#include "core/internal.h"
#include "core/messages.h"

/* Content at rest: part 0 under the message's own key, which is wrapped by the keeper's epoch key. The key is used for
 * this one encryption, so the nonce is zero; the message's id is bound in, and whether it is of an exercise: another header
 * in its row opens nothing. */

static struct core_fresh *fresh_of(struct core *core, const struct base_id *id) {
  return &core->fresh[(id->bytes[0] << 8 | id->bytes[1]) % CORE_KEYS_FRESH];
}

void core_content_fresh(struct core *core, const struct base_id *id, const struct base_secret *key) {
  *fresh_of(core, id) = (struct core_fresh){*id, *key};
}

static const uint8_t content_nonce[SEAL_NONCE];

enum { AAD_MAX = sizeof "wasl exercise content/1" - 1 + sizeof(struct base_id) };

static struct base_view content_aad(const struct base_id *id, bool exercise, uint8_t out[AAD_MAX]) {
  const char *label = exercise ? "wasl exercise content/1" : "wasl content/1";
  size_t size = strlen(label);
  memcpy(out, label, size);
  memcpy(out + size, id->bytes, sizeof id->bytes);
  return base_view_of(out, size + sizeof id->bytes);
}

void core_content_seal(const struct base_secret *key, const struct base_id *id, bool exercise, struct base_view part0,
                       struct base_buf *out) {
  uint8_t aad[AAD_MAX];
  uint8_t *room = base_buf_reserve(out, part0.size + SEAL_TAG);
  if (room != NULL)
    seal_aead_encrypt(key, content_nonce, content_aad(id, exercise, aad), part0, room);
}

enum base_code core_content_unseal(const struct base_secret *key, const struct base_id *id, bool exercise,
                                   struct base_view sealed, struct base_buf *out, struct base_error *err) {
  uint8_t aad[AAD_MAX];
  if (sealed.size < SEAL_TAG)
    return base_fail(err, BASE_CORRUPT, "message %s: its stored content is cut short", base_id_text(id).text);
  uint8_t *room = base_buf_reserve(out, sealed.size - SEAL_TAG);
  if (room == NULL)
    return base_fail(err, BASE_MEMORY, "no memory for a message's content");
  return seal_aead_decrypt(key, content_nonce, content_aad(id, exercise, aad), sealed, room, err);
}

/* The key of a message that this run wrote is usually still here: its first hand-over needs no call to the keeper. */
static enum base_code content_key(struct core *core, const struct base_id *id, const struct store_message *row,
                                  struct base_secret *out, struct base_error *err) {
  struct core_fresh *fresh = fresh_of(core, id);
  if (!base_id_equal(&fresh->id, id))
    return core_key_unwrap(core, row->epoch, row->wrapped_key, out, err);
  *out = fresh->key;
  base_wipe(fresh, sizeof *fresh);
  return BASE_OK;
}

/* Decrypts part 0 in its place. */
static enum base_code content_open(struct core *core, const struct base_id *id, struct base_arena *arena,
                                   struct core_content *out, struct base_error *err) {
  enum base_code code = content_key(core, id, &out->row, &out->key, err);
  if (code != BASE_OK)
    return code;
  BASE_AUTO_BUF struct base_buf plain = {0};
  base_buf_init(&plain, WIRE_PART0_MAX + SEAL_TAG);
  code = core_content_unseal(&out->key, id, out->header.exercise, out->row.part0, &plain, err);
  if (code != BASE_OK)
    return base_fail(err, BASE_CORRUPT, "message %s: its stored content does not decrypt", base_id_text(id).text);
  /* Kept as it is: the exact bytes are what the header's hash is of. */
  out->row.part0 = base_arena_copy(arena, base_buf_view(&plain));
  base_wipe(plain.data, plain.size);
  return out->row.part0.data != NULL ? BASE_OK : base_fail(err, BASE_MEMORY, "no memory for a message's content");
}

enum base_code core_content_bytes(struct core *core, const struct base_id *id, struct base_arena *arena,
                                  struct core_content *out, struct base_error *err) {
  struct core_content content = {0};
  enum base_code code = store_message_get(core->store, id, arena, &content.row, err);
  if (code == BASE_NOT_FOUND)
    return core_clear_say_message(core, id, err);
  if (code == BASE_OK)
    code = wire_header_parse(content.row.header, arena, &content.header, err);
  if (code != BASE_OK)
    return code;
  content.dropped = content.row.part0.size == 0;
  if (!content.dropped)
    code = content_open(core, id, arena, &content, err);
  if (code != BASE_OK)
    core_content_free(&content);
  else
    *out = content;
  return code;
}

enum base_code core_content_read(struct core *core, const struct base_id *id, struct base_arena *arena,
                                 struct core_content *out, struct base_error *err) {
  struct core_content content = {0};
  enum base_code code = core_content_bytes(core, id, arena, &content, err);
  if (code == BASE_OK && !content.dropped)
    code = wire_part0_parse(content.row.part0, arena, &content.part0, err);
  if (code != BASE_OK)
    core_content_free(&content);
  else
    *out = content;
  return code;
}

void core_content_free(struct core_content *content) {
  wire_part0_free(&content->part0);
  base_wipe(&content->key, sizeof content->key);
}
