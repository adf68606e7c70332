/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_WIRE_CONSIGNMENT_H
#define WASL_WIRE_CONSIGNMENT_H

#include "wire/register.h"

/* A consignment: frames for one partner, sealed as a whole; and its answer, frames too. spec/consignment.md. */

enum {
  WIRE_CONSIGNMENT_MAX = 8 << 20,    /* bytes, sealed */
  WIRE_CONSIGNMENT_MESSAGES_MAX = 256,
  WIRE_EPOCH_LEAVES_MAX = 2,          /* the first one of the epoch, and the one about the reader */
  WIRE_CONSISTENCIES_MAX = 8,        /* bases: heads may cross on the way, each side proves from all it has shown lately */
  WIRE_CARDS_MAX = 64,               /* generations of the writer's card that the reader may have missed */
  WIRE_RECORD_MAX = 1 << 20,         /* plaintext octets of one record of a part */
  WIRE_RECORD_OVERHEAD = 16,         /* AES-GCM tag */
  WIRE_SEAL_OVERHEAD = 16,
  WIRE_ANSWER_NONCE = 12,
  WIRE_FRAMES_MAX = 32 << 10,        /* in one document */
  WIRE_RECORDS_MAX = 1 << 20,        /* of one part: WIRE_PART_SIZE_MAX / WIRE_RECORD_MAX */
  WIRE_OUTCOMES_MAX = 2048,          /* numbers in one frame */
  WIRE_FAULT_NAME_MAX = 48,
  WIRE_FAULT_TEXT_MAX = 1024,
};
/* The two suites (RFC 9180 section 7), which differ in the KEM; any other is refused while parsing. */
enum { WIRE_KEM_P256 = 0x0010, WIRE_KEM_X25519 = 0x0020, WIRE_KDF_SHA256 = 0x0001, WIRE_AEAD_AES256 = 0x0002 };
#define WIRE_CONSIGNMENT_MAGIC "WASLCON1"
#define WIRE_ANSWER_MAGIC "WASLANS1"

/* The envelope: all that is in the clear. HPKE base mode (RFC 9180); aad is the envelope's bytes up to `enc` exclusive. */
struct wire_envelope {
  uint16_t kem, kdf, aead;           /* RFC 9180 section 7 */
  uint8_t key_id[8];
  struct base_view from, to;         /* origins */
  struct base_view clear;            /* parse: the bytes that are the aad */
  struct wire_enc enc;               /* the ephemeral public key, of the KEM's kind */
  struct base_view ciphertext;
};
BASE_NODISCARD enum base_code wire_envelope_parse(struct base_view bytes, struct wire_envelope *out,
                                                  struct base_error *err);
/* The aad part only; the caller appends enc (32 bytes), then the ciphertext to the end. */
void wire_envelope_write_clear(const struct wire_envelope *envelope, struct base_buf *out);

/* Frames: u8 type, u32 length, payload. Unknown types are refused. */
enum wire_frame_type {
  WIRE_FRAME_HEAD = 1,      /* the writer's checkpoint with its own signature only */
  WIRE_FRAME_CONSISTENCY,   /* from a head of the writer that the reader may have cosigned last */
  WIRE_FRAME_MESSAGE,
  WIRE_FRAME_VOIDED,        /* a number that holds no message */
  WIRE_FRAME_RECORD,        /* of a part */
  WIRE_FRAME_RECEIPT,       /* received or refused, proved */
  WIRE_FRAME_PENDING,       /* not complete yet: what is missing */
  WIRE_FRAME_COSIGN,        /* a cosignature line on a head of the reader */
  WIRE_FRAME_WANT_NUMBER,   /* u64: the next number the writer expects of the reader */
  WIRE_FRAME_WANT_PROOF,    /* u64: the size of the reader's head that the writer cosigned last */
  WIRE_FRAME_FAULT,         /* an error's name and text: what was refused as a whole, and why */
  WIRE_FRAME_CARD,          /* a card of the writer that follows the one before, proved */
  WIRE_FRAME_HOLDS,         /* the card of the reader that the writer holds */
  WIRE_FRAME_STATEMENT,     /* where the exchange stands, as the writer sees it, proved */
  WIRE_FRAME_WANT_OUTCOMES, /* what became of numbers: the two statements differ */
  WIRE_FRAME_OUTCOMES,
  WIRE_FRAME_SEEN,          /* a head of the reader, signed by both, that contradicts what he shows */
  WIRE_FRAME_EPOCH,         /* a leaf about the epoch that the writer's register is in, proved */
  WIRE_FRAME_WANT_BACK,     /* what the writer lost with his register, from here on: his own messages, or receipts */
  WIRE_FRAME_BACK,          /* one of them, with the reader's own leaf, proved under a head that he signed himself */
  WIRE_FRAME_YOUR_CARD,     /* a card of the reader that he may have lost, signed by his key before it: with SEEN */
};
struct wire_frame_proof {           /* a leaf, opened and proved under the HEAD of the same document */
  struct base_view leaf, opening;
  uint64_t index;
  size_t hash_count;
  struct base_hash hashes[WIRE_PROOF_HASHES_MAX];
};
/* What became of a number. */
enum { WIRE_OUTCOME_OPEN = 'o', WIRE_OUTCOME_RECEIVED = 'r', WIRE_OUTCOME_REFUSED = 'f', WIRE_OUTCOME_VOIDED = 'v' };
/* BACK alone: the writer does not hold this number; what he holds of it is damaged; he erased its content, and the header
 * follows without part 0; nothing more from this number on. */
enum { WIRE_BACK_NOTHING = 'n', WIRE_BACK_DAMAGED = 'd', WIRE_BACK_ERASED = 'g', WIRE_BACK_END = 'e' };
enum { WIRE_OUTCOME_SIZE = 33 }; /* the letter, and SHA-256 of the leaf that says so; zero for open */
struct wire_frame {
  enum wire_frame_type type;
  struct base_view head;             /* HEAD, SEEN, BACK: the note; COSIGN: the signature line; FAULT: the text; CARD, YOUR_CARD:
                                        the succession */
  struct base_view name;             /* FAULT: the error's name */
  uint64_t old_size, new_size;       /* CONSISTENCY; COSIGN: new_size is the head's size; WANT_*: new_size */
  size_t hash_count;                 /* CONSISTENCY */
  struct base_hash hashes[WIRE_PROOF_HASHES_MAX];
  struct wire_frame_proof proof;     /* MESSAGE (sent), VOIDED, RECEIPT, CARD, STATEMENT; BACK: under `head` */
  struct base_view card;             /* CARD, YOUR_CARD: its exact bytes */
  uint32_t generation;               /* HOLDS */
  struct base_hash card_hash;        /* HOLDS: SHA-256 of that card */
  struct base_view header, part0;    /* MESSAGE, BACK */
  char letter;                       /* BACK: what became of the number … */
  struct base_hash outcome;          /* … and SHA-256 of the leaf that says so, as in OUTCOMES */
  struct base_id message;            /* RECORD, RECEIPT, PENDING */
  uint16_t part;                     /* RECORD, WANT_BACK: index in part 0; PENDING: part_count entries follow */
  uint32_t record;                   /* RECORD, WANT_BACK: index */
  bool last;                         /* RECORD */
  struct base_view ciphertext;       /* RECORD */
  bool taken;                        /* WANT_*, OUTCOMES, BACK: of numbers that the answering side took from the other, else gave it */
  uint64_t number;                   /* … from this one on; BACK: this one */
  struct base_view outcomes;         /* OUTCOMES: WIRE_OUTCOME_SIZE bytes each */
  uint16_t wants_count;              /* PENDING: per part of the message the next record wanted */
  uint32_t wants[WIRE_PARTS_MAX];
};
/* Reads one frame from the reader; the frame's views point into it. *out_end true (and no frame) at the clean end. */
BASE_NODISCARD enum base_code wire_frame_read(struct base_reader *reader, struct wire_frame *out, bool *out_end,
                                              struct base_error *err);
/* Appends one frame. A frame that breaks the bounds that wire_frame_read checks is a broken caller: the buffer fails with
 * BASE_INTERNAL. */
void wire_frame_write(const struct wire_frame *frame, struct base_buf *out);
/* What holds of a document as a whole, to be asked before acting on its first frame: every frame reads, at most WIRE_FRAMES_MAX
 * of them and WIRE_CONSIGNMENT_MESSAGES_MAX messages, at most one HEAD, WIRE_CONSISTENCIES_MAX CONSISTENCY, WIRE_CARDS_MAX CARD and as many YOUR_CARD, and HEAD stands before all that is
 * proved under it. what: names the document in errors. */
BASE_NODISCARD enum base_code wire_frames_check(struct base_view document, const char *what, struct base_error *err);
const char *wire_frame_name(enum wire_frame_type type);

#endif
