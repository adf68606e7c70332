/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_PEOPLE_H
#define WASL_CORE_PEOPLE_H

#include "core/internal.h"

/* Persons, their roles, and the tokens by which programs act for them: what people.c, persons.c and tokens.c share, and
 * what the rest of core asks of them. spec/people.md. Each person and each token is a small document, stored as a fact;
 * each change of it is a leaf that commits to all of it, so what is stored can be held against the register. */

enum {
  CORE_PERSONS_MAX = 1024,
  CORE_TOKENS_MAX = 1024,       /* rows; that of one that is over is taken for the next */
  CORE_TOKEN_REQUESTS_MAX = 16, /* requests that one token is limited to */
  CORE_PERSON_ROLES_MAX = 6,          /* items of a list of roles */
  CORE_TOKEN_SECONDS_MAX = 366 * 86400,
  CORE_PERSON_TEXT_MAX = 128,         /* bytes of a name, a unit, a label */
  CORE_PERSON_DOCUMENT_MAX = 4 << 10, /* bytes of a document */
  CORE_OWNER_FILE_MAX = 4 << 10,      /* of `owner`, which node init left in core's folder */
  CORE_ACTOR_MAX = BASE_NAME_MAX + 80,
  CORE_TOKEN_SECRET = 32, /* random bytes in a token */
};
#define CORE_TOKEN_PREFIX "wasl-token-"

struct core_person {
  char handle[BASE_NAME_MAX + 1]; /* never given to another person */
  char name[CORE_PERSON_TEXT_MAX + 1], unit[CORE_PERSON_TEXT_MAX + 1];
  unsigned roles; /* bits of enum link_person_role */
  bool owner;     /* the user of the operating system who owns the node acts as this person */
  bool closed;
  bool damaged; /* what is stored is not what the register says: may do nothing */
  uint64_t leaf;
};
struct core_token {
  uint32_t number; /* its row, from 1 */
  char person[BASE_NAME_MAX + 1];
  char label[CORE_PERSON_TEXT_MAX + 1];
  unsigned roles;
  size_t request_count; /* 0: all that the roles may */
  enum link_request_code requests[CORE_TOKEN_REQUESTS_MAX];
  base_time made, until;
  struct base_hash secret; /* SHA-256 of the token's text, which is nowhere else */
  bool ended, damaged;
  uint64_t leaf;
};
/* Who asks, while one request is handled. */
struct core_asker {
  char name[CORE_ACTOR_MAX];      /* as leaves say it */
  char handle[BASE_NAME_MAX + 1]; /* "": an owner whom nobody has named yet */
  unsigned roles;
  uint32_t token; /* the number of the one it came with, 0: none */
};
struct core_people {
  size_t person_count, token_count;
  struct core_person *persons; /* CORE_PERSONS_MAX, in order of their handles */
  struct core_token *tokens;   /* CORE_TOKENS_MAX, in order of their numbers */
  struct core_asker asker;
};

/* --- people.c */
BASE_NODISCARD enum base_code core_people_load(struct core *core, struct base_error *err);
/* A new node takes in whom node init named as its owner, once. Within the opening's transaction. */
BASE_NODISCARD enum base_code core_people_open(struct core *core, struct base_error *err);
void core_people_free(struct core *core);
/* Before any verb runs: who asks, and may he? BASE_LOGIN: nobody whom this node knows; BASE_POLICY: none of his roles
 * may. What a process asks and no person passes. */
BASE_NODISCARD enum base_code core_people_admit(struct core *core, enum link_request_code code,
                                                const struct wire_json *request, struct base_error *err);
void core_people_leave(struct core *core);
/* The person who asks, for the leaf of what he does; valid while the request is handled. */
struct base_view core_actor(const struct core *core);
const struct core_asker *core_asker(const struct core *core);
/* Of one who asked before and was not answered yet. BASE_LOGIN: his token is over, or he has left. */
BASE_NODISCARD enum base_code core_asker_check(const struct core *core, const struct core_asker *asker,
                                               struct base_error *err);
struct core_person *core_person_named(const struct core *core, struct base_view handle);
struct core_person *core_person_owner(const struct core *core); /* NULL: nobody was named */
/* "auditor, administrator" */
void core_roles_text(unsigned roles, struct base_buf *out);
/* An array of names of roles; BASE_FIELD when one is unknown, or there is none. */
BASE_NODISCARD enum base_code core_roles_read(const struct wire_json *list, unsigned *out, struct base_error *err);
void core_roles_write(struct wire_writer *writer, unsigned roles);
/* The leaf and the fact of a changed document. why: what was done, for the leaf. */
BASE_NODISCARD enum base_code core_person_save(struct core *core, struct core_person *person, const char *why,
                                               struct base_error *err);
BASE_NODISCARD enum base_code core_token_save(struct core *core, struct core_token *token, const char *why,
                                              struct base_error *err);
/* For the check of the register: the newest `person` or `token` leaf about its subject is the one that the stored row
 * names. index: of this leaf. */
bool core_people_fits(const struct core *core, enum wire_act act, const struct wire_opening *opening, uint64_t index);

/* A reason that is kept in the register: at most CORE_REASON_MAX bytes, and nothing in it that does not belong. */
BASE_NODISCARD enum base_code core_request_purpose(struct base_view reason, struct base_error *err);

/* Texts into an array that is open: persons who are damaged. */
void core_people_unsound(const struct core *core, struct wire_writer *writer);

/* --- persons.c, tokens.c */
void core_person_list(struct core *core, uint64_t token, const struct wire_json *request);
void core_person_change(struct core *core, uint64_t token, const struct wire_json *request);
void core_token_list(struct core *core, uint64_t token);
void core_token_change(struct core *core, uint64_t token, const struct wire_json *request);
/* Neither ended, nor over, nor of a person who is closed. */
bool core_token_holds(const struct core *core, const struct core_token *token);

#endif
