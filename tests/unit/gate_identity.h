/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_GATE_IDENTITY_H
#define TESTS_GATE_IDENTITY_H

/* A key and its self-signed certificate, made for one run. */

#include "gate_rig.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "wire/card.h"
#include "wire/register.h"

struct identity {
  char certificate[4096], key[4096];
  struct base_hash pin;
};

static void make_identity(struct identity *out, const char *name) {
  gnutls_x509_privkey_t key;
  gnutls_x509_crt_t certificate;
  size_t size = sizeof out->pin.bytes, key_size = sizeof out->key, certificate_size = sizeof out->certificate;
  assert_int_equal(gnutls_x509_privkey_init(&key), 0);
  assert_int_equal(gnutls_x509_crt_init(&certificate), 0);
  assert_int_equal(gnutls_x509_privkey_generate(key, GNUTLS_PK_EDDSA_ED25519, 0, 0), 0);
  assert_int_equal(gnutls_x509_crt_set_version(certificate, 3), 0);
  assert_int_equal(gnutls_x509_crt_set_serial(certificate, "\1", 1), 0);
  assert_int_equal(
      gnutls_x509_crt_set_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0, name, (unsigned)strlen(name)), 0);
  gnutls_x509_crt_set_activation_time(certificate, time(NULL) - 3600);
  gnutls_x509_crt_set_expiration_time(certificate, time(NULL) + 86400);
  assert_int_equal(gnutls_x509_crt_set_key(certificate, key), 0);
  assert_int_equal(gnutls_x509_crt_sign2(certificate, certificate, key, GNUTLS_DIG_SHA512, 0), 0);
  assert_int_equal(gnutls_x509_crt_export(certificate, GNUTLS_X509_FMT_PEM, out->certificate, &certificate_size), 0);
  assert_int_equal(
      gnutls_x509_privkey_export_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, out->key, &key_size), 0);
  assert_int_equal(gnutls_x509_crt_get_key_id(certificate, GNUTLS_KEYID_USE_SHA256, out->pin.bytes, &size), 0);
  gnutls_x509_crt_deinit(certificate);
  gnutls_x509_privkey_deinit(key);
}

/* A card of the node rabat with this pin and these addresses, a JSON array's content. Its other keys are made up. */
static __attribute__((unused)) void make_card(struct base_buf *out, const struct base_hash *pin,
                                              const char *addresses) {
  BASE_AUTO_BUF struct base_buf log = {0}, witness = {0};
  struct wire_vkey key = {
      .name = BASE_VIEW("wasl/rabat/0123456789abcdef"), .id = 0x01020304, .type = WIRE_VKEY_LOG, .key = {.bytes = {1}}};
  wire_vkey_write(&key, &log);
  key.type = WIRE_VKEY_WITNESS;
  key.key = (struct wire_key){.bytes = {2}};
  wire_vkey_write(&key, &witness);
  base_buf_printf(
      out,
      "{\"wasl\":\"card/1\",\"generation\":1,\"name\":\"rabat\",\"org\":{\"ar\":\"R\",\"fr\":\"R\",\"en\":\"R\",\"es\":\"R\","
      "\"pt\":\"R\"},\"address\":[%s],\"log\":\"%.*s\",\"witness\":\"%.*s\",\"seal\":[{\"id\":"
      "\"0011223344556677\",\"suite\":\"" WIRE_SUITE_X25519 "\",\"key\":\"%064d\",\"from\":"
      "\"2026-11-21T08:00:00Z\",\"until\":\"2027-02-19T08:00:00Z\"}],\"tls\":[\"%s\"],\"made\":"
      "\"2026-11-21T08:00:00Z\"}",
      addresses, (int)log.size, (const char *)log.data, (int)witness.size, (const char *)witness.data, 1,
      base_hash_text(pin).text);
}

#endif
