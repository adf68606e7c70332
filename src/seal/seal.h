/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_SEAL_H
#define WASL_SEAL_H

#include "wire/backup.h"
#include "wire/consignment.h"
#include "wire/register.h"

/* The public half of the cryptography: nothing here holds a private key. Functions that cannot fail but for a broken
 * library abort the process with a line of log. All from OpenSSL: its EVP, fetched once, and EC for points of P-256. */

/* Fetches everything now: to be called before rights are dropped, else the first use does it. */
void seal_start(void);
/* At the very beginning of a program: without memory the library then ends the process (SIGABRT, a line of log) instead
 * of going on. OpenSSL 3.0 says the same of a wrong signature and of memory that it did not get, and where a fetch of an
 * algorithm fails so, it keeps a lock for ever: the next use of it waits without end. */
void seal_take_memory(void);

/* --- hashes (FIPS 180-4) */
struct base_hash seal_sha256(struct base_view data);
struct base_id seal_message_id(struct base_view header_bytes);
struct seal_hasher; /* a running SHA-256 */
struct seal_hasher *seal_hasher_new(void); /* NULL without memory */
void seal_hasher_add(struct seal_hasher *hasher, struct base_view data);
struct base_hash seal_hasher_end(struct seal_hasher *hasher); /* and begins anew */
void seal_hasher_free(struct seal_hasher *hasher);

/* --- Merkle tree (RFC 6962 section 2.1) */
struct base_hash seal_leaf_hash(struct base_view entry);              /* H(0x00 || entry) */
struct base_hash seal_node_hash(const struct base_hash *left, const struct base_hash *right); /* H(0x01 || l || r) */
struct base_hash seal_empty_root(void);                               /* H("") */
BASE_NODISCARD enum base_code seal_inclusion_verify(const struct base_hash *leaf_hash, uint64_t index, uint64_t size,
                                                    const struct base_hash *proof, size_t count,
                                                    const struct base_hash *root, struct base_error *err);
/* old_size 0 is consistent with anything and takes no proof; old_root is not looked at then. */
BASE_NODISCARD enum base_code seal_consistency_verify(uint64_t old_size, const struct base_hash *old_root,
                                                      uint64_t new_size, const struct base_hash *new_root,
                                                      const struct base_hash *proof, size_t count,
                                                      struct base_error *err);
/* Reads hashes of complete subtrees: level 0 are leaf hashes, level L node index covers leaves [index<<L, (index+1)<<L). */
struct seal_tree {
  void *context;
  enum base_code (*node)(void *context, unsigned level, uint64_t index, struct base_hash *out, struct base_error *err);
};
BASE_NODISCARD enum base_code seal_tree_root(const struct seal_tree *tree, uint64_t size, struct base_hash *out,
                                             struct base_error *err);
BASE_NODISCARD enum base_code seal_tree_inclusion(const struct seal_tree *tree, uint64_t index, uint64_t size,
                                                  struct base_hash proof[WIRE_PROOF_HASHES_MAX], size_t *count,
                                                  struct base_error *err);
BASE_NODISCARD enum base_code seal_tree_consistency(const struct seal_tree *tree, uint64_t old_size, uint64_t new_size,
                                                    struct base_hash proof[WIRE_PROOF_HASHES_MAX], size_t *count,
                                                    struct base_error *err);

/* --- notes, checkpoints, cosignatures (C2SP signed-note, tlog-checkpoint, tlog-cosignature v1) */
/* Ed25519 (RFC 8032), or ECDSA over P-256 with SHA-256 (FIPS 186-5), r and s of 32 bytes each: as the key is. */
bool seal_verify(const struct wire_key *key, struct base_view message, const uint8_t signature[64]);
/* False for what has the form of a point of P-256 and is none. */
bool seal_key_valid(const struct wire_key *key);
bool seal_enc_valid(const struct wire_enc *enc);
struct base_hash seal_key_hash(const struct wire_key *key); /* of its octets: ids of sealing keys begin so */
/* The id is the key's, and the key is one. */
bool seal_vkey_valid(const struct wire_vkey *vkey);
uint32_t seal_vkey_id(struct base_view name, uint8_t type, const struct wire_key *key);
/* wasl/NAME/ and the first 16 hex digits of the SHA-256 of the first log key. out: WIRE_ORIGIN_MAX + 1 bytes. */
void seal_origin(struct base_view name, const struct wire_key *first_log_key, char *out);
/* The message that a cosignature signs: "cosignature/v1\ntime T\n" and the note's text. */
void seal_cosign_message(struct base_view note_text, base_time time, struct base_buf *out);
/* Which signatures a note must have: exactly these and no other. */
struct seal_signer { const struct wire_vkey *log, *witness; /* either may be NULL */ };
/* certificate.c: an erasure certificate as its fields have it. */
struct seal_certificate {
  base_time erased;            /* the leaf's time */
  struct base_view leaf;
  struct wire_opening opening; /* who erased it, and why */
  struct wire_proof proof;
  struct wire_checkpoint head; /* as it says; verified below */
};
/* Reads it: the leaf is `erased`, the opening fits it and names this message. Views into arena. BASE_EVIDENCE and the like with
 * what is wrong. Which key must have signed follows from the size of the head. */
BASE_NODISCARD enum base_code seal_certificate_read(const struct base_id *message, const struct wire_json *fields,
                                                    struct base_arena *arena, struct seal_certificate *out,
                                                    struct base_error *err);
/* Whether the leaf is included under a head signed by this key of its register. */
BASE_NODISCARD enum base_code seal_certificate_verify(const struct seal_certificate *certificate,
                                                      const struct wire_vkey *log, struct base_error *err);
/* Verifies the note as a checkpoint of signer.log's name: every signature line must belong to one of the two keys and verify,
 * none twice, and both given keys must have signed. The checkpoint may be of any epoch of that register (its origin says which):
 * who expects one epoch compares wire_origin_epoch. out_checkpoint and out_cosigned (time of the cosignature) may be NULL. */
BASE_NODISCARD enum base_code seal_checkpoint_verify(struct base_view note, struct seal_signer signer,
                                                     struct wire_checkpoint *out_checkpoint, base_time *out_cosigned,
                                                     struct base_error *err);
/* Verifies the note as a checkpoint of the register with cosignatures of witnesses that the caller names: the register's
 * line must be there and verify, a line of a named witness must verify, none stands twice; lines of other keys are
 * counted in *out_others and not looked at, since nobody vouches for them. out_times[i]: the time of witness i's line, -1
 * without one. */
BASE_NODISCARD enum base_code seal_witnessed_verify(struct base_view note, const struct wire_vkey *log,
                                                    const struct wire_vkey *witnesses, size_t count,
                                                    struct wire_checkpoint *out_checkpoint, base_time *out_times,
                                                    size_t *out_others, struct base_error *err);
/* Verifies the note as the head under which `card` follows `before`: `previous` is the SHA-256 of before_bytes, generation
 * one more, first and origin the same; the note names the card's bytes and is signed by exactly the log keys of both (one
 * line when it is the same key). out may be NULL. */
BASE_NODISCARD enum base_code seal_succession_verify(struct base_view note, const struct wire_card *before,
                                                     struct base_view before_bytes, const struct wire_card *card,
                                                     struct base_view card_bytes, struct wire_succession *out,
                                                     struct base_error *err);
/* The same of the note alone: signed by exactly these two keys of the origin that it is of. */
BASE_NODISCARD enum base_code seal_succession_signed(struct base_view note, const struct wire_key *old_key,
                                                     const struct wire_key *new_key, struct wire_succession *out,
                                                     struct base_error *err);
/* The keys are such, and the key ids of log and witness, the seal ids and the origin's digits fit them. */
BASE_NODISCARD enum base_code seal_card_check(const struct wire_card *card, struct base_error *err);

/* --- fingerprint: 8 groups of 5 decimal digits over the card's exact bytes (SHA-512 of a domain line and the bytes, each 8
 * bytes modulo 100000), 132 bits: digits are said alike in every language. "04821 99120 …" */
enum { SEAL_FINGERPRINT_TEXT = 8 * 6 };
void seal_fingerprint(struct base_view card_bytes, char out[SEAL_FINGERPRINT_TEXT]);
/* Spaces, hyphens, full stops and Arabic-Indic digits in what a person typed are forgiven. */
bool seal_fingerprint_equal(const char *fingerprint, struct base_view typed);

/* --- AES-256-GCM (NIST SP 800-38D) */
enum { SEAL_NONCE = 12, SEAL_TAG = 16 };
/* out has size + SEAL_TAG bytes */
void seal_aead_encrypt(const struct base_secret *key, const uint8_t nonce[SEAL_NONCE], struct base_view aad,
                       struct base_view plain, uint8_t *out);
/* BASE_UNSEAL when it does not open; out has size - SEAL_TAG bytes and is wiped then. */
BASE_NODISCARD enum base_code seal_aead_decrypt(const struct base_secret *key, const uint8_t nonce[SEAL_NONCE],
                                                struct base_view aad, struct base_view sealed, uint8_t *out,
                                                struct base_error *err);

/* --- what a login takes (login.c) */
/* HMAC-SHA256 (RFC 2104) of purpose, a zero octet and the data; a purpose keeps one use of a key apart from another. */
struct base_hash seal_keyed(const struct base_secret *key, const char *purpose, struct base_view data);
/* In the same time for all values. */
bool seal_same(const void *a, const void *b, size_t size);
/* HOTP of RFC 4226 section 5.3, with HMAC-SHA-1: at most 9 digits of it. Of RFC 6238 with the step as counter. */
uint32_t seal_hotp(struct base_view secret, uint64_t counter, unsigned digits);

/* --- records of a part: plaintext in pieces of WIRE_RECORD_MAX, each sealed under the part's key, which is used for this
 * part of this message alone; nonce = index as 12 bytes big-endian, aad = "wasl record/1" || index || last. Every record but
 * the last is full; an empty part has one empty last record. Sealing a piece of another size aborts (a broken
 * caller); opening one is BASE_PROTOCOL, and BASE_UNSEAL when it does not belong to this place. */
void seal_record_encrypt(const struct base_secret *part_key, uint32_t index, bool last, struct base_view plain,
                         uint8_t *out);
BASE_NODISCARD enum base_code seal_record_decrypt(const struct base_secret *part_key, uint32_t index, bool last,
                                                  struct base_view sealed, uint8_t *out, struct base_error *err);
uint32_t seal_record_count(uint64_t part_size); /* at least 1 */

/* --- HPKE (RFC 9180), base mode, single shot, DHKEM(X25519, HKDF-SHA256) or DHKEM(P-256, HKDF-SHA256), as the
 * receiver's key is, HKDF-SHA256; AEAD a parameter for the vectors. */
enum { SEAL_KEM_P256 = 0x0010, SEAL_KEM_X25519 = 0x0020, SEAL_KDF_SHA256 = 0x0001, SEAL_AEAD_AES128 = 0x0001, SEAL_AEAD_AES256 = 0x0002,
       SEAL_AEAD_CHACHA20 = 0x0003 };
struct seal_hpke_context { /* key schedule's result */
  uint16_t kem, aead;
  uint8_t key[32], base_nonce[12], exporter[32];
};
/* Encap with the ephemeral key derived from entropy by DeriveKeyPair (7.1.3), so that vectors and simulator can drive it. */
BASE_NODISCARD enum base_code seal_hpke_encap(const struct wire_key *receiver, const uint8_t entropy[32],
                                              struct wire_enc *out_enc, uint8_t out_shared[32], struct base_error *err);
uint16_t seal_kem_of(const struct wire_key *receiver);
void seal_hpke_schedule(uint16_t kem, uint16_t aead, const uint8_t shared[32], struct base_view info,
                        struct seal_hpke_context *out);
/* sequence number 0; out has size + SEAL_TAG bytes */
void seal_hpke_seal(const struct seal_hpke_context *context, struct base_view aad, struct base_view plain, uint8_t *out);
BASE_NODISCARD enum base_code seal_hpke_open(const struct seal_hpke_context *context, struct base_view aad,
                                             struct base_view sealed, uint8_t *out, struct base_error *err);
void seal_hpke_export(const struct seal_hpke_context *context, struct base_view label, uint8_t *out, size_t size);
/* HKDF parts that keeper needs for Decap: ExtractAndExpand(dh, kem_context) of 4.1. The receiver's key is one, and enc of
 * its kind. */
void seal_kem_extract_expand(const uint8_t dh[32], const struct wire_enc *enc, const struct wire_key *receiver,
                             uint8_t out_shared[32]);
void seal_kem_derive_private(const uint8_t entropy[32], uint8_t out_private[32]); /* DeriveKeyPair's scalar, X25519 */
void seal_kem_derive_public(const uint8_t entropy[32], struct wire_key *out);      /* and its public key */

/* --- consignments: envelope, info and answer key in one place. info = "wasl consignment/1" || the envelope's clear bytes; of
 * exercises, which are never in one with what is real, "wasl exercise consignment/1" || them. One opens as what it was sealed
 * as, and as nothing else. */
/* entropy: 32 fresh bytes. out: the whole sealed consignment. context is kept for the answer. */
BASE_NODISCARD enum base_code seal_consignment(const struct wire_seal_key *receiver, struct base_view from,
                                               struct base_view to, bool exercise, struct base_view plain,
                                               const uint8_t entropy[32], struct base_buf *out,
                                               struct seal_hpke_context *out_context,
                                               struct base_error *err);
/* shared: what the keeper's decapsulate gave for envelope->enc. */
BASE_NODISCARD enum base_code seal_consignment_open(const struct wire_envelope *envelope, const uint8_t shared[32],
                                                    bool exercise, struct base_buf *out_plain,
                                                    struct seal_hpke_context *out_context, struct base_error *err);
/* Answers: WASLANS1 || nonce(12) || AES-256-GCM under export("wasl answer/1"). */
void seal_answer(const struct seal_hpke_context *context, const uint8_t nonce[WIRE_ANSWER_NONCE], struct base_view plain,
                 struct base_buf *out);
BASE_NODISCARD enum base_code seal_answer_open(const struct seal_hpke_context *context, struct base_view sealed,
                                               struct base_buf *out_plain, struct base_error *err);

/* --- backups: sealed to a key that is kept offline. spec/backup.md. */
enum { SEAL_BACKUP_KEY_TEXT = 12 + 16 + 1 + 64 + 1 }; /* "wasl-backup+" id "+" key, and the final NUL */
void seal_backup_key_id(const struct wire_key *key, uint8_t out[8]);
void seal_backup_key_write(const struct wire_key *key, char out[SEAL_BACKUP_KEY_TEXT]);
/* Exactly that text, with the id that is the key's. */
BASE_NODISCARD enum base_code seal_backup_key_parse(struct base_view text, struct wire_key *out,
                                                    struct base_error *err);
/* Appends the header. out_key: of the records, which are sealed as those of a part (seal_record_encrypt). entropy: 32
 * fresh bytes. */
BASE_NODISCARD enum base_code seal_backup_begin(const struct wire_key *to, struct base_view origin, base_time made,
                                                const uint8_t entropy[32], struct base_buf *out,
                                                struct base_secret *out_key, struct base_error *err);
/* shared: what the holder of the secret key decapsulated from header->enc. */
void seal_backup_open(const struct wire_backup_header *header, const uint8_t shared[32], struct base_secret *out_key);

#endif
