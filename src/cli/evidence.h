/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CLI_EVIDENCE_H
#define WASL_CLI_EVIDENCE_H

#include "seal/seal.h"
#include "wire/policy.h"
#include "wire/tar.h"

/* The verifier of a .wasl-proof (spec/proof.md): no node, no network, memory that does not grow with the parts. Uses
 * nothing but what is in the file and the cards given. */

enum {
  CLI_EVIDENCE_MEMBERS_MAX =
      1 + (WIRE_PARTS_MAX + 1) + (1 + 2 * WIRE_CARD_LATER_MAX) * WIRE_PARTIES_MAX + 8 * WIRE_PARTIES_MAX,
  CLI_EVIDENCE_ARENA = 16 << 20,
  CLI_EVIDENCE_GIVEN_MAX = 64,
  CLI_EVIDENCE_WITNESSES_MAX = WIRE_POLICY_WITNESSES_MAX,
};

/* Where the octets come from, so that the fuzzer needs no file. read fills all of out; the caller never asks beyond
 * size. */
struct cli_source {
  void *context;
  uint64_t size;
  enum base_code (*read)(void *context, uint64_t offset, uint8_t *out, size_t size, struct base_error *err);
};

/* A card that the verifying person trusts; what it is called in errors. */
struct cli_given_card {
  const char *file;
  struct base_view bytes;
};

/* Which witnesses the verifying person counts on, and how many of them there must be for each receiver. The file names
 * none: whoever made it could name his own. */
struct cli_trust {
  size_t card_count;
  struct cli_given_card cards[CLI_EVIDENCE_GIVEN_MAX];
  size_t witness_count;
  struct wire_vkey witnesses[CLI_EVIDENCE_WITNESSES_MAX];
  size_t quorum;
  bool has_policy; /* these witnesses are those of a C2SP tlog-policy, which says which of them must have cosigned */
  struct wire_policy policy;
};

struct cli_evidence_card {
  struct base_view bytes; /* as it is in the file */
  struct wire_card card;
  char fingerprint[SEAL_FINGERPRINT_TEXT];
  uint64_t position; /* of the head from which on its key signs (wire_checkpoint_position); 0: the first in the file */
};
/* The card that the sent leaf names, and those that followed it, each proved by the one before. */
struct cli_evidence_party {
  struct base_view bytes;
  struct wire_card card;
  char fingerprint[SEAL_FINGERPRINT_TEXT];
  size_t later_count;
  struct cli_evidence_card *later;
  bool confirmed; /* one of them was given */
};
struct cli_evidence_leaf {
  base_time time, cosigned; /* what the register says; when the other side's witness signed */
  uint64_t index, size;
};
/* A leaf once more, under a head that witnesses cosigned. */
struct cli_evidence_witnessed {
  bool there;
  uint64_t size;
  bool unlisted;                               /* the policy names registers, and not this one's key */
  size_t count, others;                        /* of those that were named; lines by keys that were not */
  base_time times[CLI_EVIDENCE_WITNESSES_MAX]; /* as in cli_trust; -1: none */
};
struct cli_evidence_receiver {
  struct cli_evidence_party party;
  uint64_t number;
  struct base_view clause, reason; /* reason: of a refusal */
  bool refused;
  struct cli_evidence_leaf sent, answered;
  struct cli_evidence_witnessed sent_witnessed, answered_witnessed;
};
/* Of an erasure certificate: what its author's register proves of the message that it erased (certificate.c). */
struct cli_certificate {
  bool there;
  struct base_id message;
  base_time erased, final_by; /* the leaf's time; from when on no key opens an old copy any more, as its author says */
  uint64_t index, size;
  struct base_view actor, reason;
};
struct cli_evidence {
  struct base_arena arena; /* all views */
  struct base_id message;
  bool headless; /* it was erased with its case: there is no header, and who wrote it to whom the sent leaves say */
  struct wire_header header;
  bool has_content; /* false: all whose answer is here refused, and the content is not in the file */
  struct wire_part0 part0;
  struct cli_evidence_party author;
  size_t receiver_count;
  struct cli_evidence_receiver receivers[WIRE_PARTIES_MAX];
  /* Origins of the parties that the header names and of whom the file proves nothing, in the header's order. A file is
   * right without them, and who hands it out may have taken them away: so it must be said. */
  size_t unproved_count;
  struct base_view unproved[WIRE_PARTIES_MAX];
  struct cli_certificate certificate;
};

/* Verifies everything that spec/proof.md lists. Whatever is wrong with the file is BASE_EVIDENCE (exit 7) with the
 * member's name and why; reading that fails is BASE_IO and the like. out is zeroed by the caller and freed with
 * cli_evidence_free in any case. */
BASE_NODISCARD enum base_code cli_evidence_verify(const struct cli_source *source, const struct cli_trust *trust,
                                                  struct cli_evidence *out, struct base_error *err);
void cli_evidence_free(struct cli_evidence *evidence);

/* evidence.c: whose log key signs this head. */
const struct wire_card *cli_evidence_card_at(const struct cli_evidence_party *party,
                                             const struct wire_checkpoint *head);
/* When the message is a certificate: its leaf, opening and proof. BASE_EVIDENCE with what is wrong. */
BASE_NODISCARD enum base_code cli_certificate_check(struct cli_evidence *evidence, struct base_error *err);

/* --- the members of the archive (members.c) */
struct cli_member {
  char name[WIRE_TAR_NAME_MAX + 1];
  uint64_t offset, size;
  bool used;
};
struct cli_members {
  const struct cli_source *source;
  size_t count;
  struct cli_member list[CLI_EVIDENCE_MEMBERS_MAX];
};
/* Reads all headers: a plain ustar without a member twice, and nothing behind its end but the zeros of a tar record. */
BASE_NODISCARD enum base_code cli_members_read(const struct cli_source *source, struct cli_members *out,
                                               struct base_error *err);
struct cli_member *cli_member_named(struct cli_members *members, const char *name); /* NULL when absent */
/* The octets of one member of at most max bytes, which becomes used. */
BASE_NODISCARD enum base_code cli_member_load(struct cli_members *members, const char *name, size_t max,
                                              struct base_arena *arena, struct base_view *out, struct base_error *err);
/* Its SHA-256, read in pieces. */
BASE_NODISCARD enum base_code cli_member_hash(const struct cli_members *members, const struct cli_member *member,
                                              struct base_hash *out, struct base_error *err);

#endif
