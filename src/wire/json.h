/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_WIRE_JSON_H
#define WASL_WIRE_JSON_H

#include "base/base.h"

/* JSON (RFC 8259), the one seam to the library behind it. Strict: UTF-8, no duplicate keys, no \u0000, no NaN, integers
 * within int64, nothing after the document; depth and size bounded. A value is borrowed from its document. */

struct wire_json; /* opaque, immutable */

enum { WIRE_JSON_DEPTH_MAX = 32 };

/* what: names the document in errors, e.g. "card". Errors name line and column. Free with wire_json_free. */
BASE_NODISCARD enum base_code wire_json_parse(struct base_view text, size_t max, const char *what,
                                              struct wire_json **out, struct base_error *err);
/* As wire_json_parse, of what whoever asks wrote himself: errors also name the member, "form.json: $.subject: …", by its
 * key, which of others' documents is never quoted. */
BASE_NODISCARD enum base_code wire_json_parse_own(struct base_view text, size_t max, const char *what,
                                                  struct wire_json **out, struct base_error *err);
void wire_json_free(struct wire_json *document); /* the root only */
/* How many octets from start on say what they mean inside quotes: no quote, backslash or control character (RFC 8259,
 * section 7); whether they are UTF-8 is not looked at. */
size_t wire_json_plain(struct base_view text, size_t start);
/* Once at start, before rights are dropped: seeds the tables behind objects against chosen keys. Without it the library
 * opens /dev/urandom by itself at the first object. */
void wire_json_seed(uint64_t random);
void wire_json_free_at(struct wire_json **document);
#define WIRE_AUTO_JSON __attribute__((cleanup(wire_json_free_at)))

enum wire_json_type { WIRE_JSON_NONE, WIRE_JSON_NULL, WIRE_JSON_BOOL, WIRE_JSON_INTEGER, WIRE_JSON_REAL, WIRE_JSON_TEXT,
                      WIRE_JSON_ARRAY, WIRE_JSON_OBJECT };
enum wire_json_type wire_json_type(const struct wire_json *value); /* NULL gives NONE */
struct base_view wire_json_text(const struct wire_json *value);    /* empty unless TEXT */
int64_t wire_json_integer(const struct wire_json *value);          /* 0 unless INTEGER */
double wire_json_real(const struct wire_json *value);              /* 0 unless INTEGER or REAL */
bool wire_json_true(const struct wire_json *value);
size_t wire_json_size(const struct wire_json *value);              /* of an array or object, else 0 */
const struct wire_json *wire_json_at(const struct wire_json *array, size_t index);
const struct wire_json *wire_json_get(const struct wire_json *object, const char *key); /* NULL when absent */
/* Iterates in the document's order: start with cursor NULL; false at the end. */
bool wire_json_next(const struct wire_json *object, void **cursor, struct base_view *key, const struct wire_json **value);

/* What is wrong with a document, all of it: who writes one by hand is told everything at once. */
enum { WIRE_FAULTS_MAX = 100 };
struct wire_faults {
  size_t count; /* the list has the first WIRE_FAULTS_MAX of them */
  struct base_error list[WIRE_FAULTS_MAX];
};
void wire_faults_add(struct wire_faults *faults, enum base_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A checked object: fields are taken one by one, and what nobody took is an unknown field. Failure is sticky and names
 * the JSON path ("card: $.seal[0].key: …"). */
struct wire_object {
  const struct wire_json *json;
  char path[160];
  const char *what;
  uint64_t taken; /* bit per member, in order; at most 64 members */
  enum base_code code;
  struct base_error error;
  struct wire_faults *faults; /* NULL: the first failure is the last. Else what an object within failed by is noted here
                                 when it is closed, and the object around it goes on */
};
enum { WIRE_OBJECT_MEMBERS_MAX = 64 };
/* path: "$" for the root. A value that is no object fails. */
void wire_object_begin(struct wire_object *object, const struct wire_json *json, const char *what, const char *path);
const struct wire_json *wire_object_take(struct wire_object *object, const char *key, enum wire_json_type type,
                                         bool required);
struct base_view wire_object_text(struct wire_object *object, const char *key, size_t max, bool required);
/* the text must be exactly this value */
void wire_object_exact(struct wire_object *object, const char *key, const char *value);
int64_t wire_object_integer(struct wire_object *object, const char *key, int64_t least, int64_t most, bool required);
bool wire_object_bool(struct wire_object *object, const char *key, bool required);
bool wire_object_hash(struct wire_object *object, const char *key, struct base_hash *out, bool required);
bool wire_object_id(struct wire_object *object, const char *key, struct base_id *out, bool required);
base_time wire_object_time(struct wire_object *object, const char *key, bool required); /* 0 when absent */
/* as wire_object_text, copied into the arena */
struct base_view wire_object_copy(struct wire_object *object, const char *key, size_t max, struct base_arena *arena,
                                  bool required);
/* exactly 2*size lowercase hex digits; whether out was set */
bool wire_object_hex(struct wire_object *object, const char *key, void *out, size_t size, bool required);
/* With `faults`: a failure of the object itself is noted, and it goes on; else nothing. */
void wire_object_note(struct wire_object *object);
/* key NULL: the object itself; only the first failure is kept */
void wire_object_fail(struct wire_object *object, enum base_code code, const char *key, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Arrays of a checked object: always required, of least to most items; NULL when failed. */
const struct wire_json *wire_object_array(struct wire_object *object, const char *key, size_t least, size_t most);
/* A text in such an array, at most max bytes, copied into the arena; errors name KEY[INDEX]. */
struct base_view wire_object_copy_at(struct wire_object *object, const char *key, const struct wire_json *array,
                                     size_t index, size_t max, struct base_arena *arena);
bool wire_object_hex_at(struct wire_object *object, const char *key, const struct wire_json *array, size_t index,
                        void *out, size_t size);
/* An object within: begin, take its fields, close; close hands its failure (an unknown field too) to the parent. */
void wire_object_begin_in(struct wire_object *child, struct wire_object *parent, const char *key);
void wire_object_begin_at(struct wire_object *child, const struct wire_object *parent, const char *key,
                          const struct wire_json *array, size_t index);
void wire_object_close(struct wire_object *child, struct wire_object *parent);
/* Checks that nothing was left over; the code, and err filled. Absent or empty fields give the empty view. */
BASE_NODISCARD enum base_code wire_object_end(struct wire_object *object, struct base_error *err);

/* Writing: compact, members in the order written, valid UTF-8 asserted. Failure is sticky in the buffer: what only a
 * broken caller can do (invalid UTF-8, too deep, an end too many, a time outside 1970 to 9999) is BASE_INTERNAL. */
struct wire_writer {
  struct base_buf *out;
  unsigned depth;
  bool comma[WIRE_JSON_DEPTH_MAX];
};
void wire_writer_init(struct wire_writer *writer, struct base_buf *out);
void wire_write_object(struct wire_writer *writer);
void wire_write_array(struct wire_writer *writer);
void wire_write_end(struct wire_writer *writer, char bracket); /* '}' or ']' */
void wire_write_key(struct wire_writer *writer, const char *key);
void wire_write_key_view(struct wire_writer *writer, struct base_view key);
void wire_write_text(struct wire_writer *writer, struct base_view text);
void wire_write_string(struct wire_writer *writer, const char *text);
void wire_write_integer(struct wire_writer *writer, int64_t value);
void wire_write_bool(struct wire_writer *writer, bool value);
void wire_write_null(struct wire_writer *writer);
void wire_write_raw(struct wire_writer *writer, struct base_view json); /* a document written before, trusted */
void wire_write_value(struct wire_writer *writer, const struct wire_json *value); /* compact, order kept */
/* The end of a document that began at start in the buffer: its failure, or BASE_TOO_LARGE above max; then the buffer is
 * cut back to start. */
BASE_NODISCARD enum base_code wire_document_end(struct base_buf *out, size_t start, size_t max, const char *what,
                                                struct base_error *err);
/* key and value in one line */
void wire_write_member_text(struct wire_writer *writer, const char *key, struct base_view text);
/* That the buffer failed is taken over with its text. */
void wire_write_member_buf(struct wire_writer *writer, const char *key, const struct base_buf *text);
void wire_write_member_string(struct wire_writer *writer, const char *key, const char *text);
void wire_write_member_integer(struct wire_writer *writer, const char *key, int64_t value);
void wire_write_member_bool(struct wire_writer *writer, const char *key, bool value);
void wire_write_member_hash(struct wire_writer *writer, const char *key, const struct base_hash *hash);
void wire_write_member_id(struct wire_writer *writer, const char *key, const struct base_id *id);
void wire_write_member_hex(struct wire_writer *writer, const char *key, const void *data, size_t size);
void wire_write_member_time(struct wire_writer *writer, const char *key, base_time time);

#endif
