/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "wire/message.h"
#include "wire/register.h"

enum { SIGNATURE_SIZE = 64, COSIGNATURE_SIZE = 72 };

#define EM_DASH "\xe2\x80\x94 "

/* --- names of keys */

/* What Unicode calls White_Space, as three-byte or two-byte UTF-8. */
static bool space_at(const uint8_t *at, size_t left) {
  if (at[0] <= 0x20 || at[0] == 0x7f)
    return true;
  if (left >= 2 && at[0] == 0xc2)
    return at[1] == 0x85 || at[1] == 0xa0;
  if (left < 3)
    return false;
  uint32_t point = ((uint32_t)(at[0] & 0x0f) << 12) | ((uint32_t)(at[1] & 0x3f) << 6) | (uint32_t)(at[2] & 0x3f);
  if ((at[0] & 0xf0) != 0xe0)
    return false;
  return point == 0x1680 || (point >= 0x2000 && point <= 0x200a) || point == 0x2028 || point == 0x2029 ||
         point == 0x202f || point == 0x205f || point == 0x3000;
}

static bool key_name_valid(struct base_view name) {
  if (name.size == 0 || name.size > WIRE_KEY_NAME_MAX || !base_utf8_valid(name))
    return false;
  for (size_t i = 0; i < name.size; i++)
    if (name.data[i] == '+' || space_at(name.data + i, name.size - i))
      return false;
  return true;
}

static size_t find(struct base_view in, uint8_t byte) {
  const uint8_t *at = in.size > 0 ? memchr(in.data, byte, in.size) : NULL;
  return at != NULL ? (size_t)(at - in.data) : in.size;
}

static struct base_view from(struct base_view in, size_t offset) {
  return base_view_of(in.data + offset, in.size - offset);
}

static uint32_t id_of(const uint8_t *bytes) {
  return ((uint32_t)bytes[0] << 24) | ((uint32_t)bytes[1] << 16) | ((uint32_t)bytes[2] << 8) | (uint32_t)bytes[3];
}

static void id_to(uint32_t id, uint8_t out[4]) {
  for (int i = 0; i < 4; i++)
    out[i] = (uint8_t)(id >> (24 - 8 * i));
}

/* --- verifier keys */

const char *wire_vkey_word(uint8_t type) {
  return type == WIRE_VKEY_LOG ? "register" : "witness";
}

size_t wire_vkey_octets(uint8_t type, const struct wire_key *key, uint8_t out[WIRE_VKEY_OCTETS_MAX]) {
  size_t size = 1;
  out[0] = type;
  if (wire_key_p256(key)) {
    struct base_view word = base_view_text(type == WIRE_VKEY_LOG ? WIRE_VKEY_P256_LOG : WIRE_VKEY_P256_WITNESS);
    out[0] = WIRE_VKEY_OTHER;
    memcpy(out + size, word.data, word.size);
    size += word.size;
  }
  return size + wire_key_octets(key, out + size);
}

/* Whether the octets are a key of this type: what is at their end is one, and written again they are the same. */
static bool take_key(struct base_view octets, uint8_t type, struct wire_vkey *out) {
  uint8_t again[WIRE_VKEY_OCTETS_MAX];
  bool bare = octets.size > 0 && octets.data[0] == type;
  size_t size = bare ? WIRE_KEY - 1 : WIRE_KEY;
  struct wire_key key;
  if (octets.size <= size || !wire_key_of_octets(from(octets, octets.size - size), &key) ||
      !base_view_equal(octets, base_view_of(again, wire_vkey_octets(type, &key, again))))
    return false;
  out->type = type;
  out->key = key;
  return true;
}

enum base_code wire_vkey_parse(struct base_view text, struct wire_vkey *out, struct base_error *err) {
  if (text.size > WIRE_VKEY_MAX)
    return base_fail(err, BASE_TOO_LARGE, "verifier key: %zu bytes, at most %d are allowed", text.size, WIRE_VKEY_MAX);
  size_t plus = find(text, '+');
  if (plus == text.size || text.size - plus < 10 || text.data[plus + 9] != '+')
    return base_fail(err, BASE_SYNTAX, "verifier key: not of the form NAME+8 HEX DIGITS+BASE64");
  struct wire_vkey vkey = {.name = base_view_of(text.data, plus)};
  if (!key_name_valid(vkey.name))
    return base_fail(err, BASE_SYNTAX, "verifier key: its name is empty, too long, or holds a space");
  uint8_t id[4];
  if (!base_hex_parse(base_view_of(text.data + plus + 1, 8), id, sizeof id))
    return base_fail(err, BASE_SYNTAX, "verifier key: its id is not 8 lowercase hexadecimal digits");
  vkey.id = id_of(id);
  BASE_AUTO_BUF struct base_buf raw = {0};
  base_buf_init(&raw, WIRE_VKEY_MAX);
  enum base_code code = base_base64_parse(from(text, plus + 10), &raw, err);
  if (code != BASE_OK) {
    base_fail_within(err, "verifier key");
    return code;
  }
  if (!take_key(base_buf_view(&raw), WIRE_VKEY_LOG, &vkey) && !take_key(base_buf_view(&raw), WIRE_VKEY_WITNESS, &vkey))
    return base_fail(err, BASE_FIELD,
                     "verifier key: neither an Ed25519 key of type 1 (log) or 4 (witness), nor a P-256 key of wasl's");
  *out = vkey;
  return BASE_OK;
}

void wire_vkey_write(const struct wire_vkey *vkey, struct base_buf *out) {
  uint8_t raw[WIRE_VKEY_OCTETS_MAX];
  size_t size = wire_vkey_octets(vkey->type, &vkey->key, raw);
  base_buf_add_view(out, vkey->name);
  base_buf_printf(out, "+%08x+", (unsigned)vkey->id);
  base_buf_base64(out, base_view_of(raw, size));
}

/* --- signature lines */

enum base_code wire_signature_parse(struct base_view line, struct wire_signature *out, struct base_error *err) {
  size_t dash = sizeof EM_DASH - 1;
  if (line.size > WIRE_SIGNATURE_LINE_MAX)
    return base_fail(err, BASE_TOO_LARGE, "signature line: %zu bytes, at most %d are allowed", line.size,
                     WIRE_SIGNATURE_LINE_MAX);
  if (line.size < dash + 1 || memcmp(line.data, EM_DASH, dash) != 0 || line.data[line.size - 1] != '\n')
    return base_fail(err, BASE_SYNTAX, "signature line: not of the form \"\u2014 NAME BASE64\" and a newline");
  struct base_view rest = base_view_of(line.data + dash, line.size - dash - 1);
  size_t space = find(rest, ' ');
  if (space == rest.size)
    return base_fail(err, BASE_SYNTAX, "signature line: no space between name and signature");
  struct wire_signature signature = {.name = base_view_of(rest.data, space)};
  if (!key_name_valid(signature.name))
    return base_fail(err, BASE_SYNTAX, "signature line: the key's name is empty, too long, or holds a space or plus");
  BASE_AUTO_BUF struct base_buf raw = {0};
  base_buf_init(&raw, WIRE_SIGNATURE_LINE_MAX);
  enum base_code code = base_base64_parse(from(rest, space + 1), &raw, err);
  if (code != BASE_OK) {
    base_fail_within(err, "signature line");
    return code;
  }
  if (raw.size != 4 + SIGNATURE_SIZE && raw.size != 4 + COSIGNATURE_SIZE)
    return base_fail(err, BASE_FIELD, "signature line: %zu bytes, neither a signature nor a cosignature", raw.size);
  signature.id = id_of(raw.data);
  signature.size = raw.size - 4;
  memcpy(signature.bytes, raw.data + 4, signature.size);
  *out = signature;
  return BASE_OK;
}

void wire_signature_write(const struct wire_signature *signature, struct base_buf *out) {
  uint8_t raw[WIRE_NOTE_SIGNATURE_MAX];
  id_to(signature->id, raw);
  memcpy(raw + 4, signature->bytes, signature->size);
  base_buf_text(out, EM_DASH);
  base_buf_add_view(out, signature->name);
  base_buf_text(out, " ");
  base_buf_base64(out, base_view_of(raw, 4 + signature->size));
  base_buf_text(out, "\n");
}

/* --- notes */

/* The text ends at the last empty line; everything after it is signatures. */
static bool split(struct base_view bytes, struct base_view *text, struct base_view *lines) {
  for (size_t i = bytes.size; i >= 2; i--)
    if (bytes.data[i - 1] == '\n' && bytes.data[i - 2] == '\n') {
      *text = base_view_of(bytes.data, i - 1);
      *lines = from(bytes, i);
      return true;
    }
  return false;
}

static bool text_valid(struct base_view bytes) {
  for (size_t i = 0; i < bytes.size; i++)
    if (bytes.data[i] < 0x20 && bytes.data[i] != '\n')
      return false;
  return base_utf8_valid(bytes);
}

enum base_code wire_note_parse(struct base_view bytes, struct wire_note *out, struct base_error *err) {
  if (bytes.size > WIRE_NOTE_MAX)
    return base_fail(err, BASE_TOO_LARGE, "note: %zu bytes, at most %d are allowed", bytes.size, WIRE_NOTE_MAX);
  if (!text_valid(bytes))
    return base_fail(err, BASE_UTF8, "note: not UTF-8, or it holds a control character other than newline");
  struct wire_note note = {0};
  struct base_view lines;
  if (!split(bytes, &note.text, &lines))
    return base_fail(err, BASE_SYNTAX, "note: no empty line between text and signatures");
  while (lines.size > 0) {
    if (note.signature_count == WIRE_NOTE_SIGNATURES_MAX)
      return base_fail(err, BASE_TOO_LARGE, "note: more than %d signatures", WIRE_NOTE_SIGNATURES_MAX);
    size_t end = find(lines, '\n');
    if (end == lines.size)
      return base_fail(err, BASE_SYNTAX, "note: signature %zu does not end in a newline", note.signature_count + 1);
    struct base_view line = base_view_of(lines.data, end + 1);
    enum base_code code = wire_signature_parse(line, &note.signatures[note.signature_count], err);
    if (code != BASE_OK) {
      base_fail_within(err, "note: signature %zu", note.signature_count + 1);
      return code;
    }
    note.signature_count++;
    lines = from(lines, end + 1);
  }
  if (note.signature_count == 0)
    return base_fail(err, BASE_SYNTAX, "note: no signature");
  *out = note;
  return BASE_OK;
}

/* --- checkpoints */

static bool take_line(struct base_view *rest, struct base_view *line) {
  size_t end = find(*rest, '\n');
  if (end == rest->size)
    return false;
  *line = base_view_of(rest->data, end);
  *rest = from(*rest, end + 1);
  return true;
}

enum base_code wire_checkpoint_parse(struct base_view text, struct wire_checkpoint *out, struct base_error *err) {
  if (text.size > WIRE_NOTE_MAX)
    return base_fail(err, BASE_TOO_LARGE, "checkpoint: %zu bytes, at most %d are allowed", text.size, WIRE_NOTE_MAX);
  struct base_view rest = text, size, root;
  struct wire_checkpoint checkpoint;
  if (!take_line(&rest, &checkpoint.origin) || !take_line(&rest, &size) || !take_line(&rest, &root))
    return base_fail(err, BASE_SYNTAX, "checkpoint: not three lines (origin, size, root)");
  if (rest.size != 0)
    return base_fail(err, BASE_SYNTAX, "checkpoint: %zu bytes after the root; extension lines are refused", rest.size);
  if (!key_name_valid(checkpoint.origin))
    return base_fail(err, BASE_SYNTAX, "checkpoint: line 1 is not an origin");
  if (!base_decimal_parse(size, &checkpoint.size) || checkpoint.size > WIRE_TREE_SIZE_MAX)
    return base_fail(err, BASE_SYNTAX, "checkpoint: line 2 is not a tree size");
  BASE_AUTO_BUF struct base_buf raw = {0};
  base_buf_init(&raw, WIRE_NOTE_MAX);
  enum base_code code = base_base64_parse(root, &raw, err);
  if (code != BASE_OK) {
    base_fail_within(err, "checkpoint: line 3");
    return code;
  }
  if (raw.size != sizeof checkpoint.root.bytes)
    return base_fail(err, BASE_SYNTAX, "checkpoint: line 3 is not a SHA-256 in base64");
  memcpy(checkpoint.root.bytes, raw.data, sizeof checkpoint.root.bytes);
  *out = checkpoint;
  return BASE_OK;
}

void wire_checkpoint_write(const struct wire_checkpoint *checkpoint, struct base_buf *out) {
  base_buf_add_view(out, checkpoint->origin);
  base_buf_printf(out, "\n%llu\n", (unsigned long long)checkpoint->size);
  base_buf_base64(out, base_view_of(checkpoint->root.bytes, sizeof checkpoint->root.bytes));
  base_buf_text(out, "\n");
}

/* --- the head under which a card follows another */

#define CARD_WORD "card "

/* "card GENERATION SHA-256" in its one spelling. */
static bool parse_card_line(struct base_view line, struct wire_succession *out) {
  size_t word = sizeof CARD_WORD - 1;
  uint64_t generation;
  if (line.size <= word || memcmp(line.data, CARD_WORD, word) != 0)
    return false;
  struct base_view rest = from(line, word);
  size_t space = find(rest, ' ');
  if (space == rest.size || !base_decimal_parse(base_view_of(rest.data, space), &generation) || generation < 2 ||
      generation > WIRE_CARD_GENERATION_MAX)
    return false;
  out->generation = (uint32_t)generation;
  return base_hash_parse(from(rest, space + 1), &out->card);
}

uint64_t wire_head_position(uint32_t epoch, uint64_t size) {
  uint64_t most = ((uint64_t)1 << WIRE_HEAD_SIZE_BITS) - 1;
  return ((uint64_t)(epoch - 1) << WIRE_HEAD_SIZE_BITS) | (size < most ? size : most);
}

uint64_t wire_checkpoint_position(const struct wire_checkpoint *checkpoint) {
  return wire_head_position(wire_origin_epoch(checkpoint->origin), checkpoint->size);
}

enum base_code wire_succession_parse(struct base_view text, struct wire_succession *out, struct base_error *err) {
  struct base_view rest = text, line;
  struct wire_succession succession;
  if (!take_line(&rest, &line) || !take_line(&rest, &line) || !take_line(&rest, &line))
    return base_fail(err, BASE_SYNTAX, "succession: not four lines (origin, size, root, card)");
  size_t head = text.size - rest.size;
  if (!take_line(&rest, &line) || rest.size != 0 || !parse_card_line(line, &succession))
    return base_fail(err, BASE_SYNTAX,
                     "succession: line 4, its last, is not \"card\", a generation from 2 and a SHA-256");
  enum base_code code = wire_checkpoint_parse(base_view_of(text.data, head), &succession.checkpoint, err);
  if (code != BASE_OK)
    return base_fail_within(err, "succession");
  *out = succession;
  return BASE_OK;
}

void wire_succession_write(const struct wire_succession *succession, struct base_buf *out) {
  wire_checkpoint_write(&succession->checkpoint, out);
  base_buf_printf(out, CARD_WORD "%u %s\n", (unsigned)succession->generation, base_hash_text(&succession->card).text);
}
