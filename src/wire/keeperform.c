/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/keeperform.h"

#include <string.h>

/* A count beyond the limit is a broken caller and fails the buffer, never cuts the list. */
static bool write_count(struct base_buf *out, size_t count, size_t max) {
  if (count > max) {
    out->code = out->code == BASE_OK ? BASE_TOO_LARGE : out->code;
    return false;
  }
  base_buf_u16(out, (uint16_t)count);
  return true;
}

static void write_list(struct base_buf *out, const void *list, size_t count, size_t max, size_t each) {
  if (write_count(out, count, max))
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

static void write_key(const struct wire_keeper_key *key, struct base_buf *out) {
  base_buf_u8(out, (uint8_t)key->type);
  base_buf_u32(out, key->number);
  base_buf_u8(out, (uint8_t)key->state);
  base_buf_u64(out, (uint64_t)key->from);
  base_buf_u64(out, (uint64_t)key->until);
  wire_key_write(&key->public_key, out);
}

static bool type_valid(unsigned type) {
  return type >= WIRE_KEEPER_LOG && type < WIRE_KEEPER_TYPES;
}

static void read_key(struct base_reader *reader, struct wire_keeper_key *key) {
  unsigned type = base_read_u8(reader);
  key->number = base_read_u32(reader);
  unsigned state = base_read_u8(reader);
  key->from = (base_time)base_read_u64(reader);
  key->until = (base_time)base_read_u64(reader);
  wire_key_read(reader, &key->public_key);
  if (!type_valid(type) || state >= WIRE_KEEPER_STATES || key->number == 0)
    reader->failed = true;
  key->type = (enum wire_keeper_type)type;
  key->state = (enum wire_keeper_state)state;
}

const struct wire_keeper_key *wire_keeper_key_in_force(const struct wire_keeper_info *info,
                                                       enum wire_keeper_type type) {
  for (size_t i = 0; i < info->count; i++)
    if (info->keys[i].type == type && info->keys[i].state == WIRE_KEEPER_IN_FORCE)
      return &info->keys[i];
  return NULL;
}

void wire_keeper_info_write(const struct wire_keeper_info *info, struct base_buf *out) {
  base_buf_block(out, base_view_text(info->origin));
  base_buf_u32(out, info->generation);
  base_buf_add(out, info->card.bytes, sizeof info->card.bytes);
  base_buf_u64(out, info->size);
  base_buf_add(out, info->root.bytes, sizeof info->root.bytes);
  base_buf_u8(out, (uint8_t)info->count);
  for (size_t i = 0; i < info->count; i++)
    write_key(&info->keys[i], out);
}

enum base_code wire_keeper_info_parse(struct base_view bytes, struct wire_keeper_info *out, struct base_error *err) {
  struct base_reader reader = base_reader_of(bytes);
  struct wire_keeper_info info = {0};
  struct base_view origin = base_read_block(&reader, WIRE_ORIGIN_MAX);
  info.generation = base_read_u32(&reader);
  base_read_hash(&reader, &info.card);
  info.size = base_read_u64(&reader);
  base_read_hash(&reader, &info.root);
  info.count = base_read_u8(&reader);
  if (info.count > WIRE_KEEPER_KEYS_MAX)
    reader.failed = true;
  for (size_t i = 0; i < info.count && !reader.failed; i++)
    read_key(&reader, &info.keys[i]);
  enum base_code code = base_reader_end(&reader, "keeper.info", err);
  if (code != BASE_OK)
    return code;
  if (!wire_origin_valid(origin))
    return base_fail(err, BASE_FIELD, "keeper.info: the origin is none");
  memcpy(info.origin, origin.data, origin.size);
  *out = info;
  return BASE_OK;
}

void wire_keeper_memory_write(const struct wire_keeper_memory *memory, struct base_buf *out) {
  base_buf_u64(out, memory->size);
  base_buf_add(out, memory->root.bytes, sizeof memory->root.bytes);
  wire_key_write(&memory->log, out);
}

enum base_code wire_keeper_memory_parse(struct base_view bytes, struct wire_keeper_memory *out,
                                        struct base_error *err) {
  struct base_reader reader = base_reader_of(bytes);
  struct wire_keeper_memory memory = {.size = base_read_u64(&reader)};
  base_read_hash(&reader, &memory.root);
  wire_key_read(&reader, &memory.log);
  enum base_code code = base_reader_end(&reader, "keeper.remembers", err);
  if (code == BASE_OK)
    *out = memory;
  return code;
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
  wire_key_write(log_key, out);
  base_buf_u64(out, old_size);
  write_list(out, proof, count, WIRE_PROOF_HASHES_MAX, sizeof *proof);
  base_buf_block(out, note);
}

enum base_code wire_keeper_cosign_parse(struct base_view bytes, struct wire_keeper_cosign *out,
                                        struct base_error *err) {
  struct base_reader reader = base_reader_of(bytes);
  struct wire_keeper_cosign form = {0};
  wire_key_read(&reader, &form.log_key);
  form.old_size = base_read_u64(&reader);
  read_proof(&reader, form.proof, &form.count);
  form.note = base_read_block(&reader, WIRE_NOTE_MAX);
  enum base_code code = base_reader_end(&reader, "keeper.cosign", err);
  if (code == BASE_OK)
    *out = form;
  return code;
}

void wire_keeper_succeed_write(const struct wire_keeper_succeed *form, struct base_buf *out) {
  wire_keeper_attest_write(form->head.size, &form->head.root, form->head.proof, form->head.count, out);
  base_buf_block(out, form->card);
}

enum base_code wire_keeper_succeed_parse(struct base_view bytes, struct wire_keeper_succeed *out,
                                         struct base_error *err) {
  struct base_reader reader = base_reader_of(bytes);
  struct wire_keeper_succeed form = {.head = {.size = base_read_u64(&reader)}};
  base_read_hash(&reader, &form.head.root);
  read_proof(&reader, form.head.proof, &form.head.count);
  form.card = base_read_block(&reader, WIRE_CARD_MAX);
  enum base_code code = base_reader_end(&reader, "keeper.succeed", err);
  if (code == BASE_OK)
    *out = form;
  return code;
}

void wire_keeper_succeeded_write(const struct wire_keeper_succeeded *form, struct base_buf *out) {
  base_buf_block(out, form->succession);
  base_buf_block(out, form->note);
}

enum base_code wire_keeper_succeeded_parse(struct base_view bytes, struct wire_keeper_succeeded *out,
                                           struct base_error *err) {
  struct base_reader reader = base_reader_of(bytes);
  struct wire_keeper_succeeded form = {.succession = base_read_block(&reader, WIRE_NOTE_MAX)};
  form.note = base_read_block(&reader, WIRE_NOTE_MAX);
  enum base_code code = base_reader_end(&reader, "keeper.succeed", err);
  if (code == BASE_OK)
    *out = form;
  return code;
}

void wire_keeper_generation_write(uint32_t generation, struct base_buf *out) {
  base_buf_u32(out, generation);
}

enum base_code wire_keeper_generation_parse(struct base_view bytes, uint32_t *generation, struct base_error *err) {
  struct base_reader reader = base_reader_of(bytes);
  uint32_t read = base_read_u32(&reader);
  enum base_code code = base_reader_end(&reader, "keeper.card", err);
  if (code == BASE_OK)
    *generation = read;
  return code;
}

void wire_keeper_card_write(const struct wire_keeper_card *form, struct base_buf *out) {
  base_buf_block(out, form->card);
  base_buf_block(out, form->succession);
}

enum base_code wire_keeper_card_parse(struct base_view bytes, struct wire_keeper_card *out, struct base_error *err) {
  struct base_reader reader = base_reader_of(bytes);
  struct wire_keeper_card form = {.card = base_read_block(&reader, WIRE_CARD_MAX)};
  form.succession = base_read_block(&reader, WIRE_NOTE_MAX);
  enum base_code code = base_reader_end(&reader, "keeper.card", err);
  if (code == BASE_OK)
    *out = form;
  return code;
}

void wire_keeper_follow_write(const struct wire_keeper_follow *form, struct base_buf *out) {
  wire_key_write(&form->old_key, out);
  wire_key_write(&form->new_key, out);
  base_buf_block(out, form->succession);
}

enum base_code wire_keeper_follow_parse(struct base_view bytes, struct wire_keeper_follow *out,
                                        struct base_error *err) {
  struct base_reader reader = base_reader_of(bytes);
  struct wire_keeper_follow form = {0};
  wire_key_read(&reader, &form.old_key);
  wire_key_read(&reader, &form.new_key);
  form.succession = base_read_block(&reader, WIRE_NOTE_MAX);
  enum base_code code = base_reader_end(&reader, "keeper.follow", err);
  if (code == BASE_OK)
    *out = form;
  return code;
}

void wire_keeper_renew_write(unsigned types, struct base_buf *out) {
  base_buf_u8(out, (uint8_t)types);
}

enum base_code wire_keeper_renew_parse(struct base_view bytes, unsigned *types, struct base_error *err) {
  struct base_reader reader = base_reader_of(bytes);
  unsigned said = base_read_u8(&reader);
  if (said == 0 || (said & 1) != 0 || said >= 1u << WIRE_KEEPER_TYPES)
    reader.failed = true;
  enum base_code code = base_reader_end(&reader, "keeper.renew", err);
  if (code == BASE_OK)
    *types = said;
  return code;
}

void wire_keeper_forget_write(enum wire_keeper_type type, uint32_t number, struct base_buf *out) {
  base_buf_u8(out, (uint8_t)type);
  base_buf_u32(out, number);
}

enum base_code wire_keeper_forget_parse(struct base_view bytes, enum wire_keeper_type *type, uint32_t *number,
                                        struct base_error *err) {
  struct base_reader reader = base_reader_of(bytes);
  unsigned said = base_read_u8(&reader);
  uint32_t counts = base_read_u32(&reader);
  if (!type_valid(said) || counts == 0)
    reader.failed = true;
  enum base_code code = base_reader_end(&reader, "keeper.forget", err);
  if (code != BASE_OK)
    return code;
  *type = (enum wire_keeper_type)said;
  *number = counts;
  return BASE_OK;
}

void wire_keeper_decapsulate_write(const uint8_t key_id[WIRE_KEEPER_KEY_ID], const struct wire_enc *enc,
                                   struct base_buf *out) {
  base_buf_add(out, key_id, WIRE_KEEPER_KEY_ID);
  base_buf_add(out, enc->bytes, wire_enc_size(enc));
}

enum base_code wire_keeper_decapsulate_parse(struct base_view bytes, struct wire_keeper_decapsulate *out,
                                             struct base_error *err) {
  struct base_reader reader = base_reader_of(bytes);
  struct wire_keeper_decapsulate form = {0};
  read_into(&reader, form.key_id, sizeof form.key_id);
  struct base_view enc = base_read_bytes(&reader, reader.rest.size);
  if (!wire_enc_of_octets(enc, &form.enc))
    reader.failed = true;
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

void wire_keeper_retire_write(const struct wire_keeper_erased *list, size_t count, struct base_buf *out) {
  if (!write_count(out, count, WIRE_KEEPER_WRAP_MAX))
    return;
  for (size_t i = 0; i < count; i++) {
    base_buf_add(out, list[i].message.bytes, sizeof list[i].message.bytes);
    base_buf_u32(out, list[i].epoch);
    base_buf_add(out, list[i].wrapped, sizeof list[i].wrapped);
  }
}

enum base_code wire_keeper_retire_parse(struct base_view bytes, struct wire_keeper_erased *out, size_t *count,
                                        struct base_error *err) {
  static const uint8_t none[WIRE_KEEPER_WRAPPED];
  struct base_reader reader = base_reader_of(bytes);
  size_t said = base_read_u16(&reader);
  if (said > WIRE_KEEPER_WRAP_MAX)
    reader.failed = true;
  for (size_t i = 0; i < said && !reader.failed; i++) {
    read_into(&reader, out[i].message.bytes, sizeof out[i].message.bytes);
    out[i].epoch = base_read_u32(&reader);
    read_into(&reader, out[i].wrapped, sizeof out[i].wrapped);
    if (!reader.failed && out[i].epoch == 0 && memcmp(out[i].wrapped, none, sizeof none) != 0)
      reader.failed = true;
  }
  enum base_code code = base_reader_end(&reader, "keeper.retire", err);
  if (code == BASE_OK)
    *count = said;
  return code;
}

void wire_keeper_retired_write(const struct wire_keeper_retired *retired, struct base_buf *out) {
  base_buf_u64(out, retired->total);
  base_buf_add(out, retired->mark.bytes, sizeof retired->mark.bytes);
  base_buf_u16(out, retired->unopened);
}

enum base_code wire_keeper_retired_parse(struct base_view bytes, struct wire_keeper_retired *out,
                                         struct base_error *err) {
  struct base_reader reader = base_reader_of(bytes);
  struct wire_keeper_retired retired = {.total = base_read_u64(&reader)};
  read_into(&reader, retired.mark.bytes, sizeof retired.mark.bytes);
  retired.unopened = base_read_u16(&reader);
  enum base_code code = base_reader_end(&reader, "keeper.retire", err);
  if (code == BASE_OK)
    *out = retired;
  return code;
}

void wire_keeper_list_write(uint64_t from, size_t most, struct base_buf *out) {
  base_buf_u64(out, from);
  (void)write_count(out, most, WIRE_KEEPER_WRAP_MAX);
}

enum base_code wire_keeper_list_parse(struct base_view bytes, uint64_t *from, size_t *most, struct base_error *err) {
  struct base_reader reader = base_reader_of(bytes);
  uint64_t first = base_read_u64(&reader);
  size_t said = base_read_u16(&reader);
  if (said > WIRE_KEEPER_WRAP_MAX)
    reader.failed = true;
  enum base_code code = base_reader_end(&reader, "keeper.retired", err);
  if (code != BASE_OK)
    return code;
  *from = first;
  *most = said;
  return BASE_OK;
}

void wire_keeper_listed_write(const struct wire_keeper_listed *listed, struct base_buf *out) {
  base_buf_u64(out, listed->total);
  base_buf_add(out, listed->mark.bytes, sizeof listed->mark.bytes);
  write_list(out, listed->messages, listed->count, WIRE_KEEPER_WRAP_MAX, sizeof listed->messages[0]);
}

enum base_code wire_keeper_listed_parse(struct base_view bytes, struct wire_keeper_listed *out,
                                        struct base_error *err) {
  struct base_reader reader = base_reader_of(bytes);
  uint64_t total = base_read_u64(&reader);
  struct wire_keeper_mark mark = {{0}};
  size_t count;
  read_into(&reader, mark.bytes, sizeof mark.bytes);
  struct base_view list = read_list(&reader, WIRE_KEEPER_WRAP_MAX, sizeof out->messages[0], &count);
  enum base_code code = base_reader_end(&reader, "keeper.retired", err);
  if (code != BASE_OK)
    return code;
  out->total = total;
  out->mark = mark;
  out->count = count;
  if (list.size > 0)
    memcpy(out->messages, list.data, list.size);
  return BASE_OK;
}
