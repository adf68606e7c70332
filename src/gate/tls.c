/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/tls.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

/* The SHA-256 of the SubjectPublicKeyInfo of the peer's certificate. */
static bool pin_of(gnutls_session_t session, struct base_hash *out) {
  unsigned count = 0;
  const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &count);
  gnutls_x509_crt_t certificate = NULL;
  if (chain == NULL || count == 0 || gnutls_x509_crt_init(&certificate) < 0)
    return false;
  size_t size = sizeof out->bytes;
  bool found = gnutls_x509_crt_import(certificate, &chain[0], GNUTLS_X509_FMT_DER) >= 0 &&
               gnutls_x509_crt_get_key_id(certificate, GNUTLS_KEYID_USE_SHA256, out->bytes, &size) >= 0 &&
               size == sizeof out->bytes;
  gnutls_x509_crt_deinit(certificate);
  return found;
}

static int verify(gnutls_session_t session) {
  struct gate_connection *connection = gnutls_session_get_ptr(session);
  enum gate_welcome welcome =
      pin_of(session, &connection->pin) ? gate_http_welcome(connection, &connection->pin) : GATE_UNKNOWN;
  if (welcome == GATE_WELCOME) {
    connection->has_pin = true;
    return 0;
  }
  /* The library would just hang up; the other side deserves to know why. No alert says that there is no place. */
  if (welcome == GATE_UNKNOWN)
    gnutls_alert_send(session, GNUTLS_AL_FATAL, GNUTLS_A_CERTIFICATE_UNKNOWN);
  return GNUTLS_E_CERTIFICATE_ERROR;
}

void gate_tls_begin(void *session, struct gate_connection *connection, void *credentials) {
  gnutls_session_t tls = session;
  if (credentials != NULL)
    gnutls_credentials_set(tls, GNUTLS_CRD_CERTIFICATE, credentials);
  gnutls_certificate_server_set_request(tls, GNUTLS_CERT_REQUIRE);
  gnutls_session_set_verify_function(tls, verify);
  gnutls_session_set_ptr(tls, connection);
  gnutls_handshake_set_max_packet_length(tls, GATE_HANDSHAKE_MAX);
}
