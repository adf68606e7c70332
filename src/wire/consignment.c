/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "wire/consignment.h"

enum { MAGIC_SIZE = 8, HASH_SIZE = 32, FRAME_HEAD_SIZE = 5, FRAME_TYPES = WIRE_FRAME_YOUR_CARD + 1 };

/* --- envelope */

static struct base_view read_origin(struct base_reader *reader) {
  return base_read_bytes(reader, base_read_u8(reader));
}

enum base_code wire_envelope_parse(struct base_view bytes, struct wire_envelope *out, struct base_error *err) {
  if (bytes.size > WIRE_CONSIGNMENT_MAX)
    return base_fail(err, BASE_TOO_LARGE, "consignment: %zu bytes, at most %d are allowed", bytes.size,
                     WIRE_CONSIGNMENT_MAX);
  struct base_reader reader = base_reader_of(bytes);
  struct wire_envelope envelope = {0};
  struct base_view magic = base_read_bytes(&reader, MAGIC_SIZE);
  if (!base_view_is(magic, WIRE_CONSIGNMENT_MAGIC)) {
    /* All versions begin alike but for the last digit. */
    bool other = magic.size == MAGIC_SIZE && memcmp(magic.data, WIRE_CONSIGNMENT_MAGIC, MAGIC_SIZE - 1) == 0 &&
                 magic.data[MAGIC_SIZE - 1] >= '0' && magic.data[MAGIC_SIZE - 1] <= '9';
    return other ? base_fail(
                       err, BASE_PROTOCOL,
                       "consignment: it is of version %c, and version %c is spoken here: bring the older of the two "
                       "nodes up to date",
                       magic.data[MAGIC_SIZE - 1], WIRE_CONSIGNMENT_MAGIC[MAGIC_SIZE - 1])
                 : base_fail(err, BASE_SYNTAX, "consignment: it does not begin with %s", WIRE_CONSIGNMENT_MAGIC);
  }
  envelope.kem = base_read_u16(&reader);
  envelope.kdf = base_read_u16(&reader);
  envelope.aead = base_read_u16(&reader);
  struct base_view key_id = base_read_bytes(&reader, sizeof envelope.key_id);
  envelope.from = read_origin(&reader);
  envelope.to = read_origin(&reader);
  envelope.clear = base_view_of(bytes.data, reader.offset);
  bool p256 = envelope.kem == WIRE_KEM_P256;
  struct base_view enc = base_read_bytes(&reader, p256 ? WIRE_ENC_P256 : WIRE_ENC_X25519);
  if (reader.failed || reader.rest.size < WIRE_SEAL_OVERHEAD)
    return base_fail(err, BASE_SYNTAX, "consignment: cut short at byte %zu", bytes.size);
  if ((!p256 && envelope.kem != WIRE_KEM_X25519) || envelope.kdf != WIRE_KDF_SHA256 ||
      envelope.aead != WIRE_AEAD_AES256)
    return base_fail(err, BASE_PROTOCOL,
                     "consignment: suite %04x/%04x/%04x is neither %s nor %s", (unsigned)envelope.kem, (unsigned)envelope.kdf,
                     (unsigned)envelope.aead, WIRE_SUITE_X25519, WIRE_SUITE_P256);
  if (!wire_origin_valid(envelope.from) || !wire_origin_valid(envelope.to))
    return base_fail(err, BASE_FIELD, "consignment: sender or receiver is not an origin");
  if (base_view_equal(envelope.from, envelope.to))
    return base_fail(err, BASE_FIELD, "consignment: sender and receiver are one");
  if (!wire_enc_of_octets(enc, &envelope.enc))
    return base_fail(err, BASE_FIELD, "consignment: the ephemeral key is no whole point of P-256");
  memcpy(envelope.key_id, key_id.data, sizeof envelope.key_id);
  envelope.ciphertext = reader.rest;
  *out = envelope;
  return BASE_OK;
}

static void write_origin(struct base_view origin, struct base_buf *out) {
  if (!wire_origin_valid(origin)) {
    out->code = BASE_INTERNAL;
    return;
  }
  base_buf_u8(out, (uint8_t)origin.size);
  base_buf_add_view(out, origin);
}

void wire_envelope_write_clear(const struct wire_envelope *envelope, struct base_buf *out) {
  base_buf_text(out, WIRE_CONSIGNMENT_MAGIC);
  base_buf_u16(out, envelope->kem);
  base_buf_u16(out, envelope->kdf);
  base_buf_u16(out, envelope->aead);
  base_buf_add(out, envelope->key_id, sizeof envelope->key_id);
  write_origin(envelope->from, out);
  write_origin(envelope->to, out);
}

/* --- what frames are made of */

static void read_hashes(struct base_reader *in, struct base_hash hashes[WIRE_PROOF_HASHES_MAX], size_t *out_count) {
  size_t count = base_read_u8(in);
  if (count > WIRE_PROOF_HASHES_MAX) {
    in->failed = true;
    return;
  }
  for (size_t i = 0; i < count; i++)
    base_read_hash(in, &hashes[i]);
  *out_count = count;
}

static bool write_hashes(const struct base_hash *hashes, size_t count, struct base_buf *out) {
  if (count > WIRE_PROOF_HASHES_MAX)
    return false;
  base_buf_u8(out, (uint8_t)count);
  for (size_t i = 0; i < count; i++)
    base_buf_add(out, hashes[i].bytes, HASH_SIZE);
  return true;
}

static uint64_t read_size(struct base_reader *in) {
  uint64_t size = base_read_u64(in);
  if (size > WIRE_TREE_SIZE_MAX)
    in->failed = true;
  return size;
}

static bool write_size(uint64_t size, struct base_buf *out) {
  base_buf_u64(out, size);
  return size <= WIRE_TREE_SIZE_MAX;
}

/* The whole of what is left, between least and most bytes. */
static struct base_view read_rest(struct base_reader *in, size_t least, size_t most) {
  if (in->rest.size < least || in->rest.size > most)
    in->failed = true;
  return base_read_bytes(in, in->rest.size);
}

static bool write_bounded(struct base_view view, size_t least, size_t most, struct base_buf *out) {
  base_buf_add_view(out, view);
  return view.size >= least && view.size <= most;
}

static bool write_block(struct base_view view, size_t most, struct base_buf *out) {
  base_buf_block(out, view);
  return view.size <= most;
}

static void read_proof(struct base_reader *in, struct wire_frame_proof *proof) {
  proof->leaf = base_read_block(in, WIRE_LEAF_MAX);
  proof->opening = base_read_block(in, WIRE_OPENING_MAX);
  proof->index = read_size(in);
  read_hashes(in, proof->hashes, &proof->hash_count);
}

static bool write_proof(const struct wire_frame_proof *proof, struct base_buf *out) {
  return write_block(proof->leaf, WIRE_LEAF_MAX, out) && write_block(proof->opening, WIRE_OPENING_MAX, out) &&
         write_size(proof->index, out) && write_hashes(proof->hashes, proof->hash_count, out);
}

static bool fault_name_valid(struct base_view name) {
  if (name.size == 0 || name.size > WIRE_FAULT_NAME_MAX)
    return false;
  for (size_t i = 0; i < name.size; i++)
    if (!((name.data[i] >= 'a' && name.data[i] <= 'z') || (name.data[i] >= '0' && name.data[i] <= '9') ||
          name.data[i] == '-'))
      return false;
  return true;
}

/* --- one reader and one writer per type */

static void read_head(struct base_reader *in, struct wire_frame *frame) {
  frame->head = read_rest(in, 1, WIRE_NOTE_MAX);
}
static bool write_head(const struct wire_frame *frame, struct base_buf *out) {
  return write_bounded(frame->head, 1, WIRE_NOTE_MAX, out);
}

static void read_consistency(struct base_reader *in, struct wire_frame *frame) {
  frame->old_size = read_size(in);
  frame->new_size = read_size(in);
  read_hashes(in, frame->hashes, &frame->hash_count);
  if (frame->old_size > frame->new_size)
    in->failed = true;
}
static bool write_consistency(const struct wire_frame *frame, struct base_buf *out) {
  return write_size(frame->old_size, out) && write_size(frame->new_size, out) &&
         write_hashes(frame->hashes, frame->hash_count, out) && frame->old_size <= frame->new_size;
}

static void read_message(struct base_reader *in, struct wire_frame *frame) {
  read_proof(in, &frame->proof);
  frame->header = base_read_block(in, WIRE_HEADER_MAX);
  frame->part0 = base_read_block(in, WIRE_PART0_MAX);
}
static bool write_message(const struct wire_frame *frame, struct base_buf *out) {
  return write_proof(&frame->proof, out) && write_block(frame->header, WIRE_HEADER_MAX, out) &&
         write_block(frame->part0, WIRE_PART0_MAX, out);
}

static void read_voided(struct base_reader *in, struct wire_frame *frame) {
  read_proof(in, &frame->proof);
}
static bool write_voided(const struct wire_frame *frame, struct base_buf *out) {
  return write_proof(&frame->proof, out);
}

static void read_record(struct base_reader *in, struct wire_frame *frame) {
  base_read_id(in, &frame->message);
  frame->part = base_read_u16(in);
  frame->record = base_read_u32(in);
  uint8_t last = base_read_u8(in);
  frame->last = last == 1;
  frame->ciphertext = read_rest(in, WIRE_RECORD_OVERHEAD, WIRE_RECORD_MAX + WIRE_RECORD_OVERHEAD);
  if (frame->part >= WIRE_PARTS_MAX || frame->record >= WIRE_RECORDS_MAX || last > 1)
    in->failed = true;
}
static bool write_record(const struct wire_frame *frame, struct base_buf *out) {
  base_buf_add(out, frame->message.bytes, HASH_SIZE);
  base_buf_u16(out, frame->part);
  base_buf_u32(out, frame->record);
  base_buf_u8(out, frame->last ? 1 : 0);
  return write_bounded(frame->ciphertext, WIRE_RECORD_OVERHEAD, WIRE_RECORD_MAX + WIRE_RECORD_OVERHEAD, out) &&
         frame->part < WIRE_PARTS_MAX && frame->record < WIRE_RECORDS_MAX;
}

static void read_receipt(struct base_reader *in, struct wire_frame *frame) {
  base_read_id(in, &frame->message);
  read_proof(in, &frame->proof);
}
static bool write_receipt(const struct wire_frame *frame, struct base_buf *out) {
  base_buf_add(out, frame->message.bytes, HASH_SIZE);
  return write_proof(&frame->proof, out);
}

static void read_pending(struct base_reader *in, struct wire_frame *frame) {
  base_read_id(in, &frame->message);
  uint16_t count = base_read_u16(in);
  if (count > WIRE_PARTS_MAX) {
    in->failed = true;
    return;
  }
  for (uint16_t i = 0; i < count; i++) {
    frame->wants[i] = base_read_u32(in);
    if (frame->wants[i] > WIRE_RECORDS_MAX)
      in->failed = true;
  }
  frame->wants_count = count;
}
static bool write_pending(const struct wire_frame *frame, struct base_buf *out) {
  if (frame->wants_count > WIRE_PARTS_MAX)
    return false;
  base_buf_add(out, frame->message.bytes, HASH_SIZE);
  base_buf_u16(out, frame->wants_count);
  bool fits = true;
  for (uint16_t i = 0; i < frame->wants_count; i++) {
    base_buf_u32(out, frame->wants[i]);
    fits = fits && frame->wants[i] <= WIRE_RECORDS_MAX;
  }
  return fits;
}

static void read_cosign(struct base_reader *in, struct wire_frame *frame) {
  frame->new_size = read_size(in);
  frame->head = read_rest(in, 1, WIRE_SIGNATURE_LINE_MAX);
}
static bool write_cosign(const struct wire_frame *frame, struct base_buf *out) {
  return write_size(frame->new_size, out) && write_bounded(frame->head, 1, WIRE_SIGNATURE_LINE_MAX, out);
}

static void read_want(struct base_reader *in, struct wire_frame *frame) {
  frame->new_size = read_size(in);
}
static bool write_want(const struct wire_frame *frame, struct base_buf *out) {
  return write_size(frame->new_size, out);
}

static void read_fault(struct base_reader *in, struct wire_frame *frame) {
  frame->name = base_read_block(in, WIRE_FAULT_NAME_MAX);
  frame->head = read_rest(in, 0, WIRE_FAULT_TEXT_MAX);
  if (!fault_name_valid(frame->name) || !base_utf8_valid(frame->head))
    in->failed = true;
}
static bool write_fault(const struct wire_frame *frame, struct base_buf *out) {
  return fault_name_valid(frame->name) && base_utf8_valid(frame->head) &&
         write_block(frame->name, WIRE_FAULT_NAME_MAX, out) && write_bounded(frame->head, 0, WIRE_FAULT_TEXT_MAX, out);
}

static void read_want_outcomes(struct base_reader *in, struct wire_frame *frame) {
  uint8_t taken = base_read_u8(in);
  frame->taken = taken == 1;
  frame->number = read_size(in);
  if (taken > 1 || frame->number == 0)
    in->failed = true;
}
static bool write_want_outcomes(const struct wire_frame *frame, struct base_buf *out) {
  base_buf_u8(out, frame->taken ? 1 : 0);
  return write_size(frame->number, out) && frame->number > 0;
}

static void read_want_back(struct base_reader *in, struct wire_frame *frame) {
  read_want_outcomes(in, frame);
  frame->part = base_read_u16(in);
  frame->record = base_read_u32(in);
  if (frame->part >= WIRE_PARTS_MAX || frame->record > WIRE_RECORDS_MAX)
    in->failed = true;
}
static bool write_want_back(const struct wire_frame *frame, struct base_buf *out) {
  bool fits = write_want_outcomes(frame, out);
  base_buf_u16(out, frame->part);
  base_buf_u32(out, frame->record);
  return fits && frame->part < WIRE_PARTS_MAX && frame->record <= WIRE_RECORDS_MAX;
}

static bool letter_valid(char letter) {
  return letter != '\0' && strchr("orfvndge", letter) != NULL;
}
static void read_back(struct base_reader *in, struct wire_frame *frame) {
  read_want_outcomes(in, frame);
  frame->letter = (char)base_read_u8(in);
  base_read_hash(in, &frame->outcome);
  read_proof(in, &frame->proof);
  frame->head = base_read_block(in, WIRE_NOTE_MAX);
  frame->header = base_read_block(in, WIRE_HEADER_MAX);
  frame->part0 = base_read_block(in, WIRE_PART0_MAX);
  if (!letter_valid(frame->letter))
    in->failed = true;
}
static bool write_back(const struct wire_frame *frame, struct base_buf *out) {
  bool fits = write_want_outcomes(frame, out);
  base_buf_u8(out, (uint8_t)frame->letter);
  base_buf_add(out, frame->outcome.bytes, HASH_SIZE);
  return fits && letter_valid(frame->letter) && write_proof(&frame->proof, out) &&
         write_block(frame->head, WIRE_NOTE_MAX, out) && write_block(frame->header, WIRE_HEADER_MAX, out) &&
         write_block(frame->part0, WIRE_PART0_MAX, out);
}

static bool outcomes_valid(struct base_view outcomes) {
  for (size_t at = 0; at < outcomes.size; at += WIRE_OUTCOME_SIZE)
    if (strchr("orfv", outcomes.data[at]) == NULL || outcomes.data[at] == 0)
      return false;
  return outcomes.size % WIRE_OUTCOME_SIZE == 0;
}

static void read_outcomes(struct base_reader *in, struct wire_frame *frame) {
  read_want_outcomes(in, frame);
  frame->outcomes = read_rest(in, 0, WIRE_OUTCOMES_MAX * WIRE_OUTCOME_SIZE);
  if (!outcomes_valid(frame->outcomes))
    in->failed = true;
}
static bool write_outcomes(const struct wire_frame *frame, struct base_buf *out) {
  return write_want_outcomes(frame, out) && outcomes_valid(frame->outcomes) &&
         write_bounded(frame->outcomes, 0, WIRE_OUTCOMES_MAX * WIRE_OUTCOME_SIZE, out);
}

static void read_your_card(struct base_reader *in, struct wire_frame *frame) {
  frame->card = base_read_block(in, WIRE_CARD_MAX);
  frame->head = read_rest(in, 1, WIRE_NOTE_MAX);
}
static bool write_your_card(const struct wire_frame *frame, struct base_buf *out) {
  return write_block(frame->card, WIRE_CARD_MAX, out) && write_bounded(frame->head, 1, WIRE_NOTE_MAX, out);
}

static void read_card(struct base_reader *in, struct wire_frame *frame) {
  read_proof(in, &frame->proof);
  read_your_card(in, frame);
}
static bool write_card(const struct wire_frame *frame, struct base_buf *out) {
  return write_proof(&frame->proof, out) && write_your_card(frame, out);
}

static bool generation_valid(uint32_t generation) {
  return generation >= 1 && generation <= WIRE_CARD_GENERATION_MAX;
}
static void read_holds(struct base_reader *in, struct wire_frame *frame) {
  frame->generation = base_read_u32(in);
  base_read_hash(in, &frame->card_hash);
  if (!generation_valid(frame->generation))
    in->failed = true;
}
static bool write_holds(const struct wire_frame *frame, struct base_buf *out) {
  base_buf_u32(out, frame->generation);
  base_buf_add(out, frame->card_hash.bytes, HASH_SIZE);
  return generation_valid(frame->generation);
}

static const struct frame_row {
  const char *name;
  void (*read)(struct base_reader *in, struct wire_frame *frame);
  bool (*write)(const struct wire_frame *frame, struct base_buf *out); /* false: out of bounds */
  bool proved;                                                         /* stands or falls with the HEAD */
} rows[FRAME_TYPES] = {
    [WIRE_FRAME_HEAD] = {"head", read_head, write_head, false},
    [WIRE_FRAME_CONSISTENCY] = {"consistency", read_consistency, write_consistency, true},
    [WIRE_FRAME_MESSAGE] = {"message", read_message, write_message, true},
    [WIRE_FRAME_VOIDED] = {"voided", read_voided, write_voided, true},
    [WIRE_FRAME_RECORD] = {"record", read_record, write_record, false},
    [WIRE_FRAME_RECEIPT] = {"receipt", read_receipt, write_receipt, true},
    [WIRE_FRAME_PENDING] = {"pending", read_pending, write_pending, false},
    [WIRE_FRAME_COSIGN] = {"cosign", read_cosign, write_cosign, false},
    [WIRE_FRAME_WANT_NUMBER] = {"want-number", read_want, write_want, false},
    [WIRE_FRAME_WANT_PROOF] = {"want-proof", read_want, write_want, false},
    [WIRE_FRAME_FAULT] = {"fault", read_fault, write_fault, false},
    [WIRE_FRAME_CARD] = {"card", read_card, write_card, true},
    [WIRE_FRAME_HOLDS] = {"holds", read_holds, write_holds, false},
    [WIRE_FRAME_STATEMENT] = {"statement", read_voided, write_voided, true},
    [WIRE_FRAME_WANT_OUTCOMES] = {"want-outcomes", read_want_outcomes, write_want_outcomes, false},
    [WIRE_FRAME_OUTCOMES] = {"outcomes", read_outcomes, write_outcomes, false},
    [WIRE_FRAME_SEEN] = {"seen", read_head, write_head, false},
    [WIRE_FRAME_EPOCH] = {"epoch", read_voided, write_voided, true},
    [WIRE_FRAME_WANT_BACK] = {"want-back", read_want_back, write_want_back, false},
    [WIRE_FRAME_BACK] = {"back", read_back, write_back, false},
    [WIRE_FRAME_YOUR_CARD] = {"your-card", read_your_card, write_your_card, false},
};

static bool type_known(unsigned type) {
  return type < FRAME_TYPES && rows[type].name != NULL;
}

const char *wire_frame_name(enum wire_frame_type type) {
  return type_known(type) ? rows[type].name : "unknown";
}

/* --- frames */

/* The number of the frame at the reader's offset, from 1: counted over again, for an error's text alone. */
static size_t frame_number(const struct base_reader *at) {
  struct base_reader reader = base_reader_of(base_view_of(at->rest.data - at->offset, at->offset));
  size_t number = 1;
  while (reader.rest.size > FRAME_HEAD_SIZE - 1 && !reader.failed) {
    base_read_u8(&reader);
    base_read_block(&reader, reader.rest.size);
    number++;
  }
  return number;
}

enum base_code wire_frame_read(struct base_reader *reader, struct wire_frame *out, bool *out_end,
                               struct base_error *err) {
  const struct base_reader start = *reader;
  if (reader->failed)
    return base_fail(err, BASE_INTERNAL, "frame: read on after an error");
  if (reader->rest.size == 0) {
    *out_end = true;
    return BASE_OK;
  }
  unsigned type = base_read_u8(reader);
  uint32_t size = base_read_u32(reader);
  struct base_view payload = base_read_bytes(reader, size);
  if (reader->failed)
    return base_fail(err, BASE_SYNTAX, "frame %zu at byte %zu: cut short", frame_number(&start), start.offset);
  if (!type_known(type)) {
    reader->failed = true;
    return base_fail(err, BASE_PROTOCOL, "frame %zu at byte %zu: type %u is unknown", frame_number(&start),
                     start.offset, type);
  }
  struct base_reader in = base_reader_of(payload);
  struct wire_frame frame = {.type = (enum wire_frame_type)type};
  rows[type].read(&in, &frame);
  if (in.failed || in.rest.size != 0) {
    reader->failed = true;
    return base_fail(err, BASE_SYNTAX, "frame %zu at byte %zu (%s): %s near byte %zu of its %zu", frame_number(&start),
                     start.offset, rows[type].name, in.failed ? "cut short or out of bounds" : "bytes too many",
                     in.offset, payload.size);
  }
  *out = frame;
  *out_end = false;
  return BASE_OK;
}

void wire_frame_write(const struct wire_frame *frame, struct base_buf *out) {
  if (out->code != BASE_OK)
    return;
  size_t start = out->size;
  if (!type_known(frame->type)) {
    out->code = BASE_INTERNAL;
    return;
  }
  base_buf_u8(out, (uint8_t)frame->type);
  base_buf_u32(out, 0);
  if (!rows[frame->type].write(frame, out) && out->code == BASE_OK)
    out->code = BASE_INTERNAL;
  if (out->code != BASE_OK)
    return;
  uint32_t size = (uint32_t)(out->size - start - FRAME_HEAD_SIZE);
  for (size_t i = 0; i < 4; i++)
    out->data[start + 1 + i] = (uint8_t)(size >> (24 - 8 * i));
}

struct tally {
  size_t frames, messages, heads, consistencies, cards, your_cards;
};

static enum base_code count_frame(struct tally *tally, const struct wire_frame *frame, size_t offset, const char *what,
                                  struct base_error *err) {
  tally->frames++;
  tally->messages += frame->type == WIRE_FRAME_MESSAGE || frame->type == WIRE_FRAME_BACK;
  tally->heads += frame->type == WIRE_FRAME_HEAD;
  tally->consistencies += frame->type == WIRE_FRAME_CONSISTENCY;
  tally->cards += frame->type == WIRE_FRAME_CARD;
  tally->your_cards += frame->type == WIRE_FRAME_YOUR_CARD;
  if (tally->frames > WIRE_FRAMES_MAX || tally->messages > WIRE_CONSIGNMENT_MESSAGES_MAX)
    return base_fail(err, BASE_TOO_LARGE, "%s: frame %zu at byte %zu: more than %d %s", what, tally->frames, offset,
                     tally->frames > WIRE_FRAMES_MAX ? WIRE_FRAMES_MAX : WIRE_CONSIGNMENT_MESSAGES_MAX,
                     tally->frames > WIRE_FRAMES_MAX ? "frames" : "messages");
  if (tally->heads > 1)
    return base_fail(err, BASE_PROTOCOL, "%s: frame %zu at byte %zu: a second %s", what, tally->frames, offset,
                     rows[frame->type].name);
  if (tally->consistencies > WIRE_CONSISTENCIES_MAX)
    return base_fail(err, BASE_TOO_LARGE, "%s: frame %zu at byte %zu: more than %d consistency proofs", what,
                     tally->frames, offset, WIRE_CONSISTENCIES_MAX);
  if (tally->cards > WIRE_CARDS_MAX || tally->your_cards > WIRE_CARDS_MAX)
    return base_fail(err, BASE_TOO_LARGE, "%s: frame %zu at byte %zu: more than %d cards", what, tally->frames, offset,
                     WIRE_CARDS_MAX);
  if (rows[frame->type].proved && tally->heads == 0)
    return base_fail(err, BASE_PROTOCOL, "%s: frame %zu at byte %zu: %s stands before any head", what, tally->frames,
                     offset, rows[frame->type].name);
  return BASE_OK;
}

enum base_code wire_frames_check(struct base_view document, const char *what, struct base_error *err) {
  struct base_reader reader = base_reader_of(document);
  struct tally tally = {0};
  struct wire_frame frame;
  for (;;) {
    size_t offset = reader.offset;
    bool end;
    enum base_code code = wire_frame_read(&reader, &frame, &end, err);
    if (code != BASE_OK) {
      base_fail_within(err, "%s", what);
      return code;
    }
    if (end)
      return BASE_OK;
    code = count_frame(&tally, &frame, offset, what, err);
    if (code != BASE_OK)
      return code;
  }
}
