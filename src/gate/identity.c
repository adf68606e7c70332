/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/identity.h"

#include <errno.h>
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>
#include <unistd.h>

enum base_code gate_card_read(int fd, struct base_buf *bytes, struct base_arena *arena, struct wire_card *out,
                              struct base_error *err) {
  base_buf_init(bytes, WIRE_CARD_MAX + 1);
  for (;;) {
    uint8_t piece[4096];
    ssize_t got = read(fd, piece, sizeof piece);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return base_fail_errno(err, "node.card cannot be read");
    if (got == 0)
      break;
    base_buf_add(bytes, piece, (size_t)got);
  }
  enum base_code code = base_buf_check(bytes, "node.card", err);
  return code == BASE_OK ? wire_card_parse(base_buf_view(bytes), arena, out, err) : code;
}

/* --- the TLS pair */

static enum base_code read_certificate(const char *pem, struct base_hash *pin, struct base_error *err) {
  gnutls_datum_t text = {(unsigned char *)(uintptr_t)pem, (unsigned)strlen(pem)};
  gnutls_x509_crt_t certificate = NULL;
  size_t size = sizeof pin->bytes;
  bool good = gnutls_x509_crt_init(&certificate) >= 0 &&
              gnutls_x509_crt_import(certificate, &text, GNUTLS_X509_FMT_PEM) >= 0 &&
              gnutls_x509_crt_get_key_id(certificate, GNUTLS_KEYID_USE_SHA256, pin->bytes, &size) >= 0;
  if (certificate != NULL)
    gnutls_x509_crt_deinit(certificate);
  return good ? BASE_OK
              : base_fail(err, BASE_CORRUPT,
                          "gate/tls.crt is damaged: it is no certificate in PEM; put it back from a copy of the node");
}

static enum base_code read_key(const char *pem, struct base_hash *pin, struct base_error *err) {
  gnutls_datum_t text = {(unsigned char *)(uintptr_t)pem, (unsigned)strlen(pem)};
  gnutls_x509_privkey_t key = NULL;
  size_t size = sizeof pin->bytes;
  bool good = gnutls_x509_privkey_init(&key) >= 0 &&
              gnutls_x509_privkey_import2(key, &text, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN) >= 0 &&
              gnutls_x509_privkey_get_key_id(key, GNUTLS_KEYID_USE_SHA256, pin->bytes, &size) >= 0;
  if (key != NULL)
    gnutls_x509_privkey_deinit(key);
  return good ? BASE_OK
              : base_fail(err, BASE_CORRUPT,
                          "gate/tls.key is damaged: it is no private key in PEM; put it back from a copy of the node");
}

enum base_code gate_identity_check(const struct wire_card *card, const char *name, const char *certificate,
                                   const char *key, struct base_error *err) {
  struct base_hash shown, held;
  if (!base_view_is(card->name, name))
    return base_fail(err, BASE_CONFLICT,
                     "wasl.conf calls this node %s, but its card says %.*s, and partners know it by its card: write "
                     "name = %.*s into wasl.conf",
                     name, (int)card->name.size, (const char *)card->name.data, (int)card->name.size,
                     (const char *)card->name.data);
  enum base_code code = read_certificate(certificate, &shown, err);
  if (code == BASE_OK)
    code = read_key(key, &held, err);
  if (code != BASE_OK)
    return code;
  if (!base_hash_equal(&shown, &held))
    return base_fail(
        err, BASE_WRONG_KEY,
        "gate/tls.key is not the key of gate/tls.crt: put back the pair that belongs together, from a copy "
        "of the node: cp -p COPY/gate/tls.key COPY/gate/tls.crt gate/");
  for (size_t i = 0; i < card->pin_count; i++)
    if (base_hash_equal(&card->pins[i], &held))
      return BASE_OK;
  return base_fail(
      err, BASE_WRONG_KEY,
      "the key in gate/tls.key is not the one on node.card, so every partner would refuse this node: put back "
      "tls.key and tls.crt as they were made with the card, from a copy of the node");
}

/* --- addresses */

static bool stands_in(struct base_view list, struct base_view address) {
  while (list.size > 0) {
    const uint8_t *comma = memchr(list.data, ',', list.size);
    struct base_view one = base_view_of(list.data, comma != NULL ? (size_t)(comma - list.data) : list.size);
    if (base_view_equal(one, address))
      return true;
    list = comma != NULL ? base_view_of(comma + 1, list.size - one.size - 1) : (struct base_view){NULL, 0};
  }
  return false;
}

bool gate_addresses_fit(const struct base_view *addresses, size_t count, const struct link_family *family,
                        struct base_buf *why) {
  struct base_view ours = base_view_text(family->addresses);
  bool fit = true;
  for (size_t i = 0; i < count; i++)
    fit = fit && stands_in(ours, addresses[i]);
  if (fit)
    return true;
  base_buf_text(why, "the node's card sends partners to ");
  for (size_t i = 0; i < count; i++) {
    base_buf_text(why, i > 0 ? "," : "");
    base_buf_add_view(why, addresses[i]);
  }
  base_buf_text(why, ", but by wasl.conf they are to come to ");
  base_buf_text(why, family->addresses);
  base_buf_text(why,
                ": they will not find it. Put listen back, or, where a way leads from there to here, write address = ");
  for (size_t i = 0; i < count; i++) {
    base_buf_text(why, i > 0 ? "," : "");
    base_buf_add_view(why, addresses[i]);
  }
  base_buf_text(why, " below it, or give partners another card: wasl card change --address");
  return false;
}
