/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_WIRE_MESSAGE_H
#define WASL_WIRE_MESSAGE_H

#include "wire/json.h"

/* A message: the header and part 0. spec/message.md. The id of a message is the SHA-256 of its header's exact bytes,
 * which nobody re-serialises; wire computes no hash, its caller hands the id in. */

enum {
  WIRE_HEADER_MAX = 64 << 10,   /* bytes */
  WIRE_PART0_MAX = 1 << 20,     /* bytes */
  WIRE_PARTIES_MAX = 16,
  WIRE_FOLLOWS_MAX = 32,
  WIRE_STATE_FIELDS_MAX = 32,
  WIRE_STATE_VALUE_MAX = 2048,  /* bytes: of 512 characters, WIRE_STATE_TEXT_MAX */
  WIRE_PARTS_MAX = 64,
  WIRE_PART_NAME_MAX = 255,     /* bytes */
  WIRE_MEDIA_TYPE_MAX = 127,    /* bytes */
  WIRE_MARKING_MAX = 512,       /* bytes of handling, of grading */
  WIRE_ORIGIN_MAX = 64,         /* "wasl/" name "/" 16 hex digits, and "/2" for a later epoch */
  WIRE_CODE_MAX = 48,           /* kind, type, state, code: [a-z][a-z0-9_]{0,47} */
};
#define WIRE_PART_SIZE_MAX ((uint64_t)1 << 40)

struct wire_state_field { struct base_view name, value; };

struct wire_header {
  bool opens;                    /* no `case`: this message opens one, and its id is the case's */
  bool exercise;                 /* of an exercise, as its case is: never taken for the real */
  struct base_id case_id;        /* unset when opens */
  struct base_view kind, type, author;
  struct base_hash kind_hash;    /* of the semantics file */
  size_t party_count, follow_count, state_count;
  struct base_id *follows;       /* ascending, no duplicate; none when opens, else at least one */
  base_time time;                /* what the author says; no clock runs from it */
  struct base_hash part0;
  struct base_view parties[WIRE_PARTIES_MAX];     /* origins, ascending, no duplicate; the author is among them */
  struct wire_state_field state[WIRE_STATE_FIELDS_MAX]; /* the kind's state fields, all texts */
};
/* What it points to lies in the arena. Of parties and state no more is set than there are. Errors name the path. */
BASE_NODISCARD enum base_code wire_header_parse(struct base_view bytes, struct base_arena *arena, struct wire_header *out,
                                                struct base_error *err);
BASE_NODISCARD enum base_code wire_header_write(const struct wire_header *header, struct base_buf *out,
                                                struct base_error *err);
/* A copy that points into the arena alone; BASE_MEMORY when it is full. */
BASE_NODISCARD enum base_code wire_header_copy(const struct wire_header *header, struct base_arena *arena,
                                               struct wire_header *out, struct base_error *err);
/* empty view when absent */
struct base_view wire_header_state(const struct wire_header *header, const char *name);
bool wire_header_has_party(const struct wire_header *header, struct base_view origin);

struct wire_part {
  struct base_view name, media_type;
  uint64_t size;                 /* octets of the plaintext */
  struct base_hash sha256;       /* of the plaintext */
  struct base_secret key;        /* seals its records, here and in transit */
};
struct wire_part0 {
  uint8_t nonce[32];
  const struct wire_json *fields; /* an object, borrowed from document */
  struct base_view handling, grading; /* may be empty */
  size_t part_count;
  struct wire_part parts[WIRE_PARTS_MAX];
  struct wire_json *document;    /* owned: wire_part0_free */
};
BASE_NODISCARD enum base_code wire_part0_parse(struct base_view bytes, struct base_arena *arena, struct wire_part0 *out,
                                               struct base_error *err);
void wire_part0_free(struct wire_part0 *part0); /* and wipes it */
/* fields_json: a JSON object's text, trusted, at most WIRE_JSON_DEPTH_MAX - 1 deep. part0's own fields and document are
 * not looked at. */
BASE_NODISCARD enum base_code wire_part0_write(const struct wire_part0 *part0, struct base_view fields_json,
                                               struct base_buf *out, struct base_error *err);

bool wire_origin_valid(struct base_view origin);
struct base_view wire_origin_name(struct base_view origin); /* "paris" of "wasl/paris/0123456789abcdef" */
/* A node's register has one epoch, or several when it lost leaves (spec/epoch.md): the origin of the first is the node's own,
 * later ones end in "/2", "/3" …. Of an origin that is valid: the node's, and the number. */
#define WIRE_EPOCHS_MAX 999
struct base_view wire_origin_node(struct base_view origin);
uint32_t wire_origin_epoch(struct base_view origin);
bool wire_code_valid(struct base_view code);
/* line.c: a character that does not belong in a text, and why. */
struct wire_spot {
  uint32_t point;   /* 0: not well formed */
  size_t place;     /* in characters, from 1 */
  const char *what; /* "an invisible character" */
};
struct wire_spot_text { char text[160]; }; /* "character 7 is U+200F, …" */
struct wire_spot_text wire_spot_text(const struct wire_spot *found);
/* One line that shows as it is: UTF-8 without control characters (C0, DEL, C1, line and paragraph separators), bidirectional
 * controls and what is invisible. False: the first that does not belong there is in *out, which may be NULL. */
bool wire_line_check(struct base_view text, struct wire_spot *out);
bool wire_line_valid(struct base_view text);
/* Text of a form: ends of lines, tabs, marks of direction and closed isolates are allowed, other control characters and what
 * turns the text around it are not. */
bool wire_prose_check(struct base_view text, struct wire_spot *out);
/* Prose that a list can show as a column: no tab, no end of a line. */
bool wire_prose_one_line(struct base_view text, struct wire_spot *out);
/* Nothing in it that anybody could see. */
bool wire_prose_blank(struct base_view text);
/* A wire_line without "/", 1 to WIRE_PART_NAME_MAX bytes, not "." or "..". */
bool wire_part_name_valid(struct base_view name);
/* token/token (RFC 9110 section 8.3.1), without parameters, at most WIRE_MEDIA_TYPE_MAX bytes. */
bool wire_media_type_valid(struct base_view type);
/* Whether it is this media type, written in whatever case (RFC 9110 section 8.3.1). */
bool wire_media_type_is(struct base_view type, const char *wanted);

#endif
