/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <endian.h>
#include <string.h>

/* Times a number below 100: that number in each octet of eight. */
static const uint64_t EACH_OCTET = 0x0101010101010101;

void base_hex(const void *data, size_t size, char *out) {
  static const char digit[] = "0123456789abcdef";
  const uint8_t *bytes = data;
  for (size_t i = 0; i < size; i++) {
    out[2 * i] = digit[bytes[i] >> 4];
    out[2 * i + 1] = digit[bytes[i] & 15];
  }
  out[2 * size] = '\0';
}

/* Eight digits at once, an octet each, the first one lowest: a letter has the bit 40, and its low four bits lack 9. */
static uint64_t hex_values(uint64_t eight) {
  return (eight & 0x0F * EACH_OCTET) + 9 * (eight >> 6 & EACH_OCTET);
}

/* Not 0: one of the eight is no digit. Its high half must be 3, or of a letter 6, its value below 10, or of a letter 10 to 15. */
static uint64_t hex_wrong(uint64_t eight) {
  const uint64_t letter = eight >> 6 & EACH_OCTET, value = hex_values(eight);
  return ((eight & 0xF0 * EACH_OCTET) ^ (0x30 * EACH_OCTET + 0x30 * letter)) | (value & 0x10 * EACH_OCTET) |
         (((value + 6 * EACH_OCTET) >> 4 & EACH_OCTET) ^ letter);
}

static uint64_t hex_load(const uint8_t *digits) {
  uint64_t eight;
  memcpy(&eight, digits, sizeof eight);
  return le64toh(eight);
}

/* The last ones, fewer than eight, filled up with zeros. */
static uint64_t hex_load_rest(const uint8_t *digits, size_t count) {
  uint64_t eight = '0' * EACH_OCTET;
  for (size_t i = 0; i < count; i++)
    eight ^= (uint64_t)(digits[i] ^ '0') << 8 * i;
  return eight;
}

/* From values to octets, the first one lowest. */
static uint32_t hex_join(uint64_t values) {
  uint64_t pairs = (values << 4 | values >> 8) & 0x00FF00FF00FF00FF;
  pairs |= pairs >> 8;
  return (uint32_t)(pairs & 0xFFFF) | (uint32_t)(pairs >> 16 & 0xFFFF0000);
}

/* What is no digit changes nothing in out, and a secret is copied nowhere else. */
bool base_hex_parse(struct base_view text, void *out, size_t size) {
  if (text.size % 2 != 0 || text.size / 2 != size)
    return false;
  const size_t rest = text.size % 8, eights = text.size - rest;
  uint64_t last = hex_load_rest(text.data + eights, rest), wrong = hex_wrong(last);
  for (size_t at = 0; at < eights; at += 8)
    wrong |= hex_wrong(hex_load(text.data + at));
  if (wrong != 0)
    return false;
  uint8_t *bytes = out;
  for (size_t at = 0; at < eights; at += 8) {
    uint32_t four = htole32(hex_join(hex_values(hex_load(text.data + at))));
    memcpy(bytes + at / 2, &four, sizeof four);
  }
  for (size_t i = 0; i < rest / 2; i++)
    bytes[eights / 2 + i] = (uint8_t)(hex_join(hex_values(last)) >> 8 * i);
  return true;
}

struct base_hex_text base_hash_text(const struct base_hash *hash) {
  struct base_hex_text out;
  base_hex(hash->bytes, sizeof hash->bytes, out.text);
  return out;
}

struct base_hex_text base_id_text(const struct base_id *id) {
  struct base_hex_text out;
  base_hex(id->bytes, sizeof id->bytes, out.text);
  return out;
}

bool base_id_parse(struct base_view text, struct base_id *out) {
  return base_hex_parse(text, out->bytes, sizeof out->bytes);
}

bool base_hash_parse(struct base_view text, struct base_hash *out) {
  return base_hex_parse(text, out->bytes, sizeof out->bytes);
}

static const char BASE64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base_buf_base64(struct base_buf *buf, struct base_view data) {
  if (data.size > SIZE_MAX / 4 * 3 - 3) {
    if (buf->code == BASE_OK)
      buf->code = BASE_TOO_LARGE;
    return;
  }
  uint8_t *out = base_buf_reserve(buf, (data.size + 2) / 3 * 4);
  if (out == NULL)
    return;
  for (size_t i = 0; i < data.size; i += 3) {
    size_t have = data.size - i < 3 ? data.size - i : 3;
    uint32_t group = (uint32_t)data.data[i] << 16;
    group |= have > 1 ? (uint32_t)data.data[i + 1] << 8 : 0;
    group |= have > 2 ? data.data[i + 2] : 0;
    *out++ = (uint8_t)BASE64[group >> 18];
    *out++ = (uint8_t)BASE64[group >> 12 & 63];
    *out++ = have > 1 ? (uint8_t)BASE64[group >> 6 & 63] : '=';
    *out++ = have > 2 ? (uint8_t)BASE64[group & 63] : '=';
  }
}

static int base64_value(uint8_t c) {
  if (c >= 'A' && c <= 'Z')
    return c - 'A';
  if (c >= 'a' && c <= 'z')
    return c - 'a' + 26;
  if (c >= '0' && c <= '9')
    return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

enum base_code base_base64_parse(struct base_view text, struct base_buf *out, struct base_error *err) {
  if (text.size % 4 != 0)
    return base_fail(err, BASE_SYNTAX, "base64: %zu characters are not whole groups of four", text.size);
  if (text.size == 0)
    return base_buf_check(out, "base64", err);
  size_t padding = text.data[text.size - 1] != '=' ? 0 : text.data[text.size - 2] != '=' ? 1 : 2;
  size_t coded = text.size - padding;
  for (size_t i = 0; i < coded; i++)
    if (base64_value(text.data[i]) < 0)
      return base_fail(err, BASE_SYNTAX, "base64: a character that does not belong there at byte %zu", i);
  /* The bits that padding leaves over must be zero, else two texts would mean one value. */
  unsigned left_over = padding == 2 ? 15 : padding == 1 ? 3 : 0;
  if (((unsigned)base64_value(text.data[coded - 1]) & left_over) != 0)
    return base_fail(err, BASE_SYNTAX, "base64: left-over bits that are not zero at byte %zu", coded - 1);
  uint8_t *bytes = base_buf_reserve(out, text.size / 4 * 3 - padding);
  if (bytes == NULL)
    return base_buf_check(out, "base64", err);
  for (size_t i = 0; i < coded; i += 4) {
    size_t have = coded - i < 4 ? coded - i : 4;
    uint32_t group = 0;
    for (size_t j = 0; j < 4; j++)
      group = group << 6 | (j < have ? (uint32_t)base64_value(text.data[i + j]) : 0);
    for (size_t j = 0; j + 1 < have; j++)
      *bytes++ = (uint8_t)(group >> (16 - 8 * j));
  }
  return BASE_OK;
}

size_t base_utf8_next(struct base_view text, uint32_t *out) {
  uint8_t lead = text.data[0];
  if (lead < 0x80) {
    *out = lead;
    return 1;
  }
  size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || length > text.size)
    return 0;
  uint32_t value = lead & (0x7Fu >> length);
  for (size_t i = 1; i < length; i++) {
    if ((text.data[i] & 0xC0) != 0x80)
      return 0;
    value = value << 6 | (text.data[i] & 0x3F);
  }
  bool overlong = (length == 3 && value < 0x800) || (length == 4 && value < 0x10000);
  if (overlong || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
    return 0;
  *out = value;
  return length;
}

static struct base_view after(struct base_view text, size_t size) {
  return base_view_of(text.data + size, text.size - size);
}

size_t base_printable_run(struct base_view text) {
  const uint64_t ones = EACH_OCTET;
  size_t run = 0;
  for (uint64_t eight; text.size - run >= sizeof eight; run += sizeof eight) {
    memcpy(&eight, text.data + run, sizeof eight);
    /* The high bit of an octet is set in the first from 80 on, in the second by 7F, in the third below 20. */
    if (((eight | (eight + ones) | (eight - 0x20 * ones)) & 0x80 * ones) != 0)
      break;
  }
  while (run < text.size && text.data[run] >= 0x20 && text.data[run] < 0x7F)
    run++;
  return run;
}

bool base_utf8_valid(struct base_view text) {
  for (size_t at = 0; at < text.size;) {
    const uint8_t lead = text.data[at];
    if (lead < 0x80) { /* a run, or the one octet where it ends */
      size_t run = base_printable_run(after(text, at));
      at += run > 0 ? run : 1;
    } else if (lead >= 0xC2 && lead < 0xE0 && text.size - at > 1 && (text.data[at + 1] & 0xC0) == 0x80) {
      at += 2; /* accents, Arabic */
    } else {
      uint32_t character;
      size_t length = base_utf8_next(after(text, at), &character);
      if (length == 0)
        return false;
      at += length;
    }
  }
  return true;
}

size_t base_utf8_count(struct base_view text) {
  size_t count = 0;
  for (size_t i = 0; i < text.size; i++)
    count += (text.data[i] & 0xC0) != 0x80;
  return count;
}

bool base_decimal_parse(struct base_view text, uint64_t *out) {
  if (text.size == 0 || text.size > 20 || (text.size > 1 && text.data[0] == '0'))
    return false;
  uint64_t value = 0;
  for (size_t i = 0; i < text.size; i++) {
    if (text.data[i] < '0' || text.data[i] > '9')
      return false;
    uint64_t digit = (uint64_t)(text.data[i] - '0');
    if (value > (UINT64_MAX - digit) / 10)
      return false;
    value = value * 10 + digit;
  }
  *out = value;
  return true;
}

bool base_name_valid(struct base_view name) {
  if (name.size == 0 || name.size > BASE_NAME_MAX || name.data[0] < 'a' || name.data[0] > 'z')
    return false;
  for (size_t i = 1; i < name.size; i++) {
    uint8_t c = name.data[i];
    if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-')
      return false;
  }
  return true;
}

/* Controls move a terminal's cursor; bidi controls and separators make a line look like another one. */
static bool hides(uint32_t c) {
  return c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0x061C || c == 0x200E || c == 0x200F ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF;
}

void base_buf_printable(struct base_buf *buf, struct base_view text) {
  while (text.size > 0) {
    uint32_t character = 0;
    size_t length = base_utf8_next(text, &character);
    if (length == 0 || hides(character)) {
      base_buf_text(buf, "\xEF\xBF\xBD");
      length = length == 0 ? 1 : length;
    } else {
      base_buf_add(buf, text.data, length);
    }
    text = after(text, length);
  }
}
