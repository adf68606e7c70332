/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "seal/library.h"
#include "seal/seal.h"

#define DOMAIN_LINE "wasl card fingerprint/1\n"
enum { GROUPS = 8, DIGITS = 5, MODULUS = 100000, ALL_DIGITS = GROUPS * DIGITS };

void seal_fingerprint(struct base_view card_bytes, char out[SEAL_FINGERPRINT_TEXT]) {
  uint8_t hash[64];
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  if (context == NULL || EVP_DigestInit_ex2(context, seal_library()->sha512, NULL) != 1 ||
      EVP_DigestUpdate(context, DOMAIN_LINE, sizeof DOMAIN_LINE - 1) != 1 ||
      EVP_DigestUpdate(context, card_bytes.data, card_bytes.size) != 1 || EVP_DigestFinal_ex(context, hash, NULL) != 1)
    seal_broken("SHA-512");
  EVP_MD_CTX_free(context);
  struct base_reader reader = base_reader_of(base_view_of(hash, sizeof hash));
  for (size_t group = 0; group < GROUPS; group++)
    snprintf(out + group * (DIGITS + 1), DIGITS + 1, "%05u", (unsigned)(base_read_u64(&reader) % MODULUS));
  for (size_t group = 1; group < GROUPS; group++)
    out[group * (DIGITS + 1) - 1] = ' ';
}

/* The digit at `at` (ASCII; Arabic-Indic U+0660 and, as in Persian and Urdu, U+06F0), or -1; *out_size is its length.
 */
static int digit_at(const uint8_t *at, size_t left, size_t *out_size) {
  *out_size = 1;
  if (at[0] >= '0' && at[0] <= '9')
    return at[0] - '0';
  *out_size = 2;
  if (left >= 2 && at[0] == 0xd9 && at[1] >= 0xa0 && at[1] <= 0xa9)
    return at[1] - 0xa0;
  if (left >= 2 && at[0] == 0xdb && at[1] >= 0xb0 && at[1] <= 0xb9)
    return at[1] - 0xb0;
  return -1;
}

static bool forgiven(uint8_t byte) {
  return byte == ' ' || byte == '-' || byte == '.';
}

static bool digits_of(struct base_view text, char out[ALL_DIGITS]) {
  size_t count = 0, size = 1;
  for (size_t i = 0; i < text.size; i += size) {
    size = 1;
    if (forgiven(text.data[i]))
      continue;
    int digit = digit_at(text.data + i, text.size - i, &size);
    if (digit < 0 || count == ALL_DIGITS)
      return false;
    out[count++] = (char)('0' + digit);
  }
  return count == ALL_DIGITS;
}

bool seal_fingerprint_equal(const char *fingerprint, struct base_view typed) {
  char expected[ALL_DIGITS], given[ALL_DIGITS];
  return digits_of(base_view_text(fingerprint), expected) && digits_of(typed, given) &&
         memcmp(expected, given, ALL_DIGITS) == 0;
}
