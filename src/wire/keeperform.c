/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/keeperform.h"

#include <string.h>

/* Entries of 32 bytes; a count beyond the limit is a broken caller and fails the buffer, never cuts the list. */
static void write_list(struct base_buf *out, const void *list, size_t count, size_t max, size_t each) {
  if (count > max) {
    out->code = out->code == BASE_OK ? BASE_TOO_LARGE : out->code;
    return;
  }
  base_buf_u16(out, (uint16_t)count);
  base_buf_add(out, list, count * each);
}

/* The entries as a view into the read bytes. */
static struct base_view read_list(struct base_reader *reader, size_t max, size_t each, size_t *count) {
  uint16_t said = base_read_u16(reader);
  if (said > max)
    reader->failed = true;
  struct base_view list = base_read_bytes(reader, said * each);
  *count = reader->failed ? 0 : said;
  return list;
}

static void read_proof(struct base_reader *reader, struct base_hash *proof, size_t *count) {
  struct base_view list = read_list(reader, WIRE_PROOF_HASHES_MAX, sizeof *proof, count);
  if (list.size > 0)
    memcpy(proof, list.data, list.size);
}

static void read_into(struct base_reader *reader, void *out, size_t size) {
  struct base_view taken = base_read_bytes(reader, size);
  if (taken.size == size)
    memcpy(out, taken.data, size);
}

void wire_keeper_info_write(const struct wire_keeper_info *info, struct base_buf *out) {
  base_buf_block(out, base_view_text(info->origin));
  base_buf_add(out, info->log.bytes, sizeof info->log.bytes);
  base_buf_add(out, info->witness.bytes, sizeof info->witness.bytes);
  base_buf_add(out, info->seal.id, sizeof info->seal.id);
  base_buf_add(out, info->seal.key.bytes, sizeof info->seal.key.bytes);
  base_buf_u64(out, (uint64_t)info->seal.from);
  base_buf_u64(out, (uint64_t)info->seal.until);
  base_buf_u32(out, info->epoch);
  base_buf_u64(out, info->size);
  base_buf_add(out, info->root.bytes, sizeof info->root.bytes);
}

enum base_code wire_keeper_info_parse(struct base_view bytes, struct wire_keeper_info *out, struct base_error *err) {
  struct base_reader reader = base_reader_of(bytes);
  struct wire_keeper_info info = {0};
  struct base_view origin = base_read_block(&reader, WIRE_ORIGIN_MAX);
  read_into(&reader, info.log.bytes, sizeof info.log.bytes);
  read_into(&reader, info.witness.bytes, sizeof info.witness.bytes);
  read_into(&reader, info.seal.id, sizeof info.seal.id);
  read_into(&reader, info.seal.key.bytes, sizeof info.seal.key.bytes);
  info.seal.from = (base_time)base_read_u64(&reader);
  info.seal.until = (base_time)base_read_u64(&reader);
  info.epoch = base_read_u32(&reader);
  info.size = base_read_u64(&reader);
  base_read_hash(&reader, &info.root);
  enum base_code code = base_reader_end(&reader, "keeper.info", err);
  if (code != BASE_OK)
    return code;
  if (!wire_origin_valid(origin))
    return base_fail(err, BASE_FIELD, "keeper.info: the origin is none");
  memcpy(info.origin, origin.data, origin.size);
  *out = info;
  return BASE_OK;
}

void wire_keeper_remembers_write(uint64_t size, const struct base_hash *root, struct base_buf *out) {
  base_buf_u64(out, size);
  base_buf_add(out, root->bytes, sizeof root->bytes);
}

enum base_code wire_keeper_remembers_parse(struct base_view bytes, uint64_t *size, struct base_hash *root,
                                           struct base_error *err) {
  struct base_reader reader = base_reader_of(bytes);
  uint64_t said = base_read_u64(&reader);
  struct base_hash hash = {0};
  base_read_hash(&reader, &hash);
  enum base_code code = base_reader_end(&reader, "keeper.remembers", err);
  if (code != BASE_OK)
    return code;
  *size = said;
  *root = hash;
  return BASE_OK;
}

void wire_keeper_attest_write(uint64_t size, const struct base_hash *root, const struct base_hash *proof, size_t count,
                              struct base_buf *out) {
  base_buf_u64(out, size);
  base_buf_add(out, root->bytes, sizeof root->bytes);
  write_list(out, proof, count, WIRE_PROOF_HASHES_MAX, sizeof *proof);
}

enum base_code wire_keeper_attest_parse(struct base_view bytes, struct wire_keeper_attest *out,
                                        struct base_error *err) {
  struct base_reader reader = base_reader_of(bytes);
  struct wire_keeper_attest form = {.size = base_read_u64(&reader)};
  base_read_hash(&reader, &form.root);
  read_proof(&reader, form.proof, &form.count);
  enum base_code code = base_reader_end(&reader, "keeper.attest", err);
  if (code == BASE_OK)
    *out = form;
  return code;
}

void wire_keeper_cosign_write(const struct wire_key *log_key, struct base_view note, uint64_t old_size,
                              const struct base_hash *proof, size_t count, struct base_buf *out) {
  base_buf_add(out, log_key->bytes, sizeof log_key->bytes);
  base_buf_u64(out, old_size);
  write_list(out, proof, count, WIRE_PROOF_HASHES_MAX, sizeof *proof);
  base_buf_block(out, note);
}

enum base_code wire_keeper_cosign_parse(struct base_view bytes, struct wire_keeper_cosign *out,
                                        struct base_error *err) {
  struct base_reader reader = base_reader_of(bytes);
  struct wire_keeper_cosign form = {0};
  read_into(&reader, form.log_key.bytes, sizeof form.log_key.bytes);
  form.old_size = base_read_u64(&reader);
  read_proof(&reader, form.proof, &form.count);
  form.note = base_read_block(&reader, WIRE_NOTE_MAX);
  enum base_code code = base_reader_end(&reader, "keeper.cosign", err);
  if (code == BASE_OK)
    *out = form;
  return code;
}

void wire_keeper_decapsulate_write(const uint8_t key_id[WIRE_KEEPER_KEY_ID], const struct wire_key *enc,
                                   struct base_buf *out) {
  base_buf_add(out, key_id, WIRE_KEEPER_KEY_ID);
  base_buf_add(out, enc->bytes, sizeof enc->bytes);
}

enum base_code wire_keeper_decapsulate_parse(struct base_view bytes, struct wire_keeper_decapsulate *out,
                                             struct base_error *err) {
  struct base_reader reader = base_reader_of(bytes);
  struct wire_keeper_decapsulate form = {0};
  read_into(&reader, form.key_id, sizeof form.key_id);
  read_into(&reader, form.enc.bytes, sizeof form.enc.bytes);
  enum base_code code = base_reader_end(&reader, "keeper.decapsulate", err);
  if (code == BASE_OK)
    *out = form;
  return code;
}

enum base_code wire_keeper_shared_parse(struct base_view bytes, uint8_t out[32], struct base_error *err) {
  if (bytes.size != 32)
    return base_fail(err, BASE_SYNTAX, "keeper.decapsulate: an answer of %zu bytes, not 32", bytes.size);
  memcpy(out, bytes.data, 32);
  return BASE_OK;
}

void wire_keeper_keys_write(const struct base_secret *keys, size_t count, struct base_buf *out) {
  write_list(out, keys, count, WIRE_KEEPER_WRAP_MAX, sizeof *keys);
}

enum base_code wire_keeper_keys_parse(struct base_view bytes, const struct base_secret **out, size_t *count,
                                      struct base_error *err) {
  struct base_reader reader = base_reader_of(bytes);
  size_t said;
  struct base_view list = read_list(&reader, WIRE_KEEPER_WRAP_MAX, sizeof **out, &said);
  enum base_code code = base_reader_end(&reader, "keys", err);
  if (code != BASE_OK)
    return code;
  *out = (const struct base_secret *)list.data;
  *count = said;
  return BASE_OK;
}

void wire_keeper_wrapped_write(uint32_t epoch, const uint8_t (*wrapped)[WIRE_KEEPER_WRAPPED], size_t count,
                               struct base_buf *out) {
  base_buf_u32(out, epoch);
  write_list(out, wrapped, count, WIRE_KEEPER_WRAP_MAX, sizeof *wrapped);
}

enum base_code wire_keeper_wrapped_parse(struct base_view bytes, uint32_t *epoch,
                                         const uint8_t (**out)[WIRE_KEEPER_WRAPPED], size_t *count,
                                         struct base_error *err) {
  struct base_reader reader = base_reader_of(bytes);
  uint32_t number = base_read_u32(&reader);
  size_t said;
  struct base_view list = read_list(&reader, WIRE_KEEPER_WRAP_MAX, sizeof **out, &said);
  enum base_code code = base_reader_end(&reader, "wrapped keys", err);
  if (code != BASE_OK)
    return code;
  *epoch = number;
  *out = (const uint8_t(*)[WIRE_KEEPER_WRAPPED])list.data;
  *count = said;
  return BASE_OK;
}
