/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/tls.h"

#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "seal/seal.h"

enum { DAY = 24 * 60 * 60, SERIAL_BYTES = 16 };

static bool add_extension(X509 *certificate, int kind, const char *value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
  X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
  bool done = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return done;
}

static bool set_serial(X509 *certificate, const struct base_world *world) {
  uint8_t bytes[SERIAL_BYTES];
  world->random(world->context, bytes, sizeof bytes);
  bytes[0] = (uint8_t)((bytes[0] & 0x3f) | 0x40); /* positive, and always of one length */
  BIGNUM *number = BN_bin2bn(bytes, sizeof bytes, NULL);
  bool done = number != NULL && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;
  BN_free(number);
  return done;
}

static bool fill(X509 *certificate, EVP_PKEY *key, const char *origin, const struct base_world *world) {
  base_time now = world->now(world->context);
  X509_NAME *name = X509_get_subject_name(certificate);
  /* From yesterday: the partner's clock may be behind. */
  return X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate, world) &&
         ASN1_TIME_set(X509_getm_notBefore(certificate), (time_t)(now - DAY)) != NULL &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), (time_t)(now + (base_time)KEEPER_TLS_YEARS * 365 * DAY)) !=
             NULL &&
         X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_ASC, (const unsigned char *)origin, -1, -1, 0) ==
             1 &&
         X509_set_issuer_name(certificate, name) == 1 && X509_set_pubkey(certificate, key) == 1 &&
         add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
         add_extension(certificate, NID_key_usage, "critical,digitalSignature") &&
         add_extension(certificate, NID_ext_key_usage, "serverAuth,clientAuth") &&
         X509_sign(certificate, key, EVP_sha256()) > 0;
}

static enum base_code put(int dir, const char *name, BIO *memory, unsigned mode, struct base_error *err) {
  char *text = NULL;
  long size = BIO_get_mem_data(memory, &text);
  return base_file_replace(dir, name, base_view_of(text, size > 0 ? (size_t)size : 0), mode, err);
}

static enum base_code refuse_existing(int dir, const char *name, struct base_error *err) {
  struct stat status;
  return fstatat(dir, name, &status, AT_SYMLINK_NOFOLLOW) == 0
             ? base_fail(err, BASE_EXISTS, "%s: exists already; a node's key is never overwritten", name)
             : BASE_OK;
}

static enum base_code save(int dir, EVP_PKEY *key, X509 *certificate, BIO *secret, BIO *open, struct base_hash *out_pin,
                           struct base_error *err) {
  uint8_t *spki = NULL;
  int spki_size = i2d_PUBKEY(key, &spki);
  if (spki_size <= 0 || PEM_write_bio_PKCS8PrivateKey(secret, key, NULL, NULL, 0, NULL, NULL) != 1 ||
      PEM_write_bio_X509(open, certificate) != 1) {
    OPENSSL_free(spki);
    return base_fail(err, BASE_INTERNAL, "the TLS key cannot be written as PEM");
  }
  struct base_hash pin = seal_sha256(base_view_of(spki, (size_t)spki_size));
  OPENSSL_free(spki);
  enum base_code code = put(dir, KEEPER_TLS_KEY, secret, 0600, err);
  if (code != BASE_OK)
    return code;
  code = put(dir, KEEPER_TLS_CERTIFICATE, open, 0644, err);
  if (code != BASE_OK)
    keeper_tls_remove(dir);
  else
    *out_pin = pin;
  return code;
}

enum base_code keeper_tls_init(int dir, const char *origin, const struct base_world *world, struct base_hash *out_pin,
                               struct base_error *err) {
  enum base_code code = refuse_existing(dir, KEEPER_TLS_KEY, err);
  if (code == BASE_OK)
    code = refuse_existing(dir, KEEPER_TLS_CERTIFICATE, err);
  if (code != BASE_OK)
    return code;
  EVP_PKEY *key = EVP_EC_gen("P-256");
  X509 *certificate = X509_new();
  BIO *secret = BIO_new(BIO_s_secmem()), *open = BIO_new(BIO_s_mem());
  if (key == NULL || certificate == NULL || secret == NULL || open == NULL || !fill(certificate, key, origin, world))
    code = base_fail(err, BASE_INTERNAL, "the TLS certificate cannot be made");
  else
    code = save(dir, key, certificate, secret, open, out_pin, err);
  BIO_free(open);
  BIO_free(secret);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return code;
}

void keeper_tls_remove(int dir) {
  unlinkat(dir, KEEPER_TLS_KEY, 0);
  unlinkat(dir, KEEPER_TLS_CERTIFICATE, 0);
}
