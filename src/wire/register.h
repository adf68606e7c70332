/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_WIRE_REGISTER_H
#define WASL_WIRE_REGISTER_H

#include "wire/card.h"

/* The register's documents: leaf, opening, note, checkpoint, cosignature, proof. spec/register.md; C2SP signed-note,
 * tlog-checkpoint, tlog-cosignature, tlog-proof; RFC 6962. */

enum {
  WIRE_LEAF_MAX = 512,
  WIRE_OPENING_MAX = 4 << 10,
  WIRE_NOTE_MAX = 8 << 10,
  WIRE_NOTE_SIGNATURES_MAX = 16,
  WIRE_NOTE_SIGNATURE_MAX = 4 + 8 + 64, /* key id, time of a cosignature, signature */
  WIRE_PROOF_HASHES_MAX = 64,
  WIRE_PROOF_MAX = 16 << 10,
  WIRE_KEY_NAME_MAX = 255, /* bytes of a note key's name; ours are origins */
  WIRE_SIGNATURE_LINE_MAX = 512,
  WIRE_VKEY_MAX = 512,
};
/* Tree sizes, leaf indexes and times of cosignatures fit a signed 64-bit integer. */
#define WIRE_TREE_SIZE_MAX ((uint64_t)INT64_MAX)

/* The acts. spec/register.md says when each is written and what its opening holds. */
#define WIRE_ACTS(X)                                                                                                   \
  X(CARD, "card")                                                                                                      \
  X(PARTNER, "partner") X(SENT, "sent") X(RECEIVED, "received") X(REFUSED, "refused") X(VOIDED, "voided")              \
      X(DENIED, "denied") X(READ, "read") X(EXPORTED, "exported") X(FAULT, "fault") X(FLOOD, "flood")                  \
          X(ENDED, "ended") X(STATEMENT, "statement") X(KEY, "key") X(EPOCH, "epoch") X(WITNESS, "witness")            \
              X(RETURNED, "returned") X(HANDED, "handed") X(ERASED, "erased") X(DEADLINE, "deadline")             \
                  X(PERSON, "person") X(TOKEN, "token") X(WRITTEN, "written") X(ZONE, "zone")                          \
                      X(EMERGENCY, "emergency") X(LOGIN, "login") X(HELD, "held") X(RELEASED, "released")              \
                          X(WITHHELD, "withheld") X(REVIEWED, "reviewed") X(CLEARED, "cleared") X(KIND, "kind")      \
                              X(DEROGATION, "derogation") X(ALERT, "alert") X(CROSSCHECK, "crosscheck") X(READER, "reader")
enum wire_act {
#define WIRE_ACT_ENUM(code, name) WIRE_ACT_##code,
  WIRE_ACTS(WIRE_ACT_ENUM)
#undef WIRE_ACT_ENUM
      WIRE_ACT_COUNT
};
const char *wire_act_name(enum wire_act act);
bool wire_act_by_name(struct base_view name, enum wire_act *out);

/* {"act":…,"time":…,"commitment":…}, exactly so: one spelling. commitment = SHA-256 of the opening's bytes. */
struct wire_leaf {
  enum wire_act act;
  base_time time;
  struct base_hash commitment;
};
BASE_NODISCARD enum base_code wire_leaf_parse(struct base_view bytes, struct wire_leaf *out, struct base_error *err);
void wire_leaf_write(const struct wire_leaf *leaf, struct base_buf *out);

/* Where an exchange with one partner stands, as its writer sees it: the numbers he gave and took, and a running hash
 * over what became of each number from 1 on (spec/reconcile.md). */
struct wire_statement {
  uint64_t given, known;       /* to the partner: the last number, and the last one up to which every answer is here */
  struct base_hash given_leaf; /* SHA-256 of the sent leaf of the number given last; zero for none */
  struct base_hash known_outcomes;
  uint64_t taken, answered; /* of the partner's: the last number, and the last one up to which all are answered */
  struct base_hash taken_leaf;
  struct base_hash answered_outcomes;
};

/* The opening of a leaf: salt, and what the act needs. Fields that the act does not use are unset. */
struct wire_opening {
  uint8_t salt[32];
  bool has_message;
  struct base_id message;
  struct base_view from, to; /* origins: sent, received, refused, voided */
  uint64_t number;           /* `n`: sent, voided: counts 1, 2, 3 … per partner; epoch: its number, from 2; held, released,
                                withheld: counts what was held for release */
  struct base_hash previous; /* sent: SHA-256 of the sent leaf of the number before, zero for 1; voided: of the sent
                                leaf of this number; released, withheld: of the held leaf */
  struct base_view
      clause; /* sent: "AGREEMENT-ID[@TERMS-ID]/ROW[ transfer BASIS]", the kind when it needs no row, or "emergency/GROUND" */
  struct base_hash from_card, to_card; /* sent: SHA-256 of the cards' exact bytes as the sender had them, so that
                                          evidence shows any change to them */
  struct base_hash card;               /* partner: SHA-256 of the card that was confirmed, exact bytes */
  struct wire_statement statement;
  struct base_hash sent;     /* received, refused, returned: SHA-256 of the sent leaf */
  struct base_view actor;    /* the person, or "" */
  struct base_view subject;  /* card, partner, read, exported, fault …: what it was done to */
  struct base_view reason;   /* refused, denied, ended, fault: plain words, with the error's name first */
  struct base_hash evidence; /* fault: SHA-256 of the octets kept as evidence, zero when there are none; witness: of the
                                list of witnesses as it is from then on; person, token: of what is stored of it;
                                held, released: of part 0, which both have in common */
};
/* Which fields an act has, in this order, is a table in register.c; missing or surplus ones are refused. */
BASE_NODISCARD enum base_code wire_opening_parse(enum wire_act act, struct base_view bytes, struct base_arena *arena,
                                                 struct wire_opening *out, struct base_error *err);
BASE_NODISCARD enum base_code wire_opening_write(enum wire_act act, const struct wire_opening *opening,
                                                 struct base_buf *out, struct base_error *err);

/* A C2SP verifier key: NAME+HEX8+BASE64(signature type || key). Of Ed25519 the signature type is the byte that is this
 * enum; C2SP assigns none to P-256 as it is used here, so then it is WIRE_VKEY_OTHER and an identifier of ours. */
enum { WIRE_VKEY_LOG = 1, WIRE_VKEY_WITNESS = 4, WIRE_VKEY_OTHER = 0xff };
#define WIRE_VKEY_P256_LOG "wasl ecdsa-p256-sha256 note/1"
#define WIRE_VKEY_P256_WITNESS "wasl ecdsa-p256-sha256 cosignature/1"
enum { WIRE_VKEY_OCTETS_MAX = 1 + sizeof WIRE_VKEY_P256_WITNESS - 1 + WIRE_KEY };
struct wire_vkey {
  struct base_view name;
  uint32_t id;
  uint8_t type;
  struct wire_key key;
};
/* Signature type and key, as they are written and hashed for the id; how many octets. */
size_t wire_vkey_octets(uint8_t type, const struct wire_key *key, uint8_t out[WIRE_VKEY_OCTETS_MAX]);
const char *wire_vkey_word(uint8_t type); /* "register" or "witness" */
BASE_NODISCARD enum base_code wire_vkey_parse(struct base_view text, struct wire_vkey *out, struct base_error *err);
void wire_vkey_write(const struct wire_vkey *vkey, struct base_buf *out);

/* A signed note. text includes its last newline. */
struct wire_signature {
  struct base_view name;
  uint32_t id;
  uint8_t bytes[WIRE_NOTE_SIGNATURE_MAX - 4];
  size_t size; /* 64, or 72 for a cosignature */
};
struct wire_note {
  struct base_view text;
  size_t signature_count;
  struct wire_signature signatures[WIRE_NOTE_SIGNATURES_MAX];
};
BASE_NODISCARD enum base_code wire_note_parse(struct base_view bytes, struct wire_note *out, struct base_error *err);
/* One line "— NAME BASE64\n"; signature bytes without the key id. */
void wire_signature_write(const struct wire_signature *signature, struct base_buf *out);
BASE_NODISCARD enum base_code wire_signature_parse(struct base_view line, struct wire_signature *out,
                                                   struct base_error *err);

/* A checkpoint's text: origin, size, root; extension lines are refused. */
struct wire_checkpoint {
  struct base_view origin;
  uint64_t size;
  struct base_hash root;
};
BASE_NODISCARD enum base_code wire_checkpoint_parse(struct base_view text, struct wire_checkpoint *out,
                                                    struct base_error *err);
void wire_checkpoint_write(const struct wire_checkpoint *checkpoint, struct base_buf *out);

/* Where a head stands in the row of all heads of its register: by its epoch, then by its size, which counts from less
 * again in a later one. Trees are not that large in practice; beyond it the row stands still. */
enum { WIRE_HEAD_SIZE_BITS = 48 };
uint64_t wire_head_position(uint32_t epoch, uint64_t size);
uint64_t wire_checkpoint_position(const struct wire_checkpoint *checkpoint);

/* The text of the head under which a card follows another: a checkpoint with one line more, "card GENERATION SHA-256". */
struct wire_succession {
  struct wire_checkpoint checkpoint;
  uint32_t generation;              /* of the new card, from 2 */
  struct base_hash card;            /* SHA-256 of its bytes */
};
BASE_NODISCARD enum base_code wire_succession_parse(struct base_view text, struct wire_succession *out,
                                                    struct base_error *err);
void wire_succession_write(const struct wire_succession *succession, struct base_buf *out);

/* c2sp.org/tlog-proof@v1 without extra line. */
struct wire_proof {
  uint64_t index;
  size_t hash_count;
  struct base_hash hashes[WIRE_PROOF_HASHES_MAX];
  struct base_view checkpoint; /* the signed note, verbatim */
};
BASE_NODISCARD enum base_code wire_proof_parse(struct base_view bytes, struct wire_proof *out, struct base_error *err);
void wire_proof_write(const struct wire_proof *proof, struct base_buf *out);

#endif
