/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_BASE_TEXT_H
#define WASL_BASE_TEXT_H

#include "base/bytes.h"

/* Texts: hex, base64, UTF-8, decimals, time. All strict: one spelling for one value. */

enum { BASE_HEX_ID = 64, BASE_TIME_TEXT = 20 };

/* lowercase; out has 2*size+1 bytes */
void base_hex(const void *data, size_t size, char *out);
/* exactly 2*size lowercase digits, else false */
bool base_hex_parse(struct base_view text, void *out, size_t size);
/* For log lines and answers: a NUL-terminated copy by value. */
struct base_hex_text { char text[BASE_HEX_ID + 1]; };
struct base_hex_text base_hash_text(const struct base_hash *hash);
struct base_hex_text base_id_text(const struct base_id *id);
bool base_id_parse(struct base_view text, struct base_id *out);
bool base_hash_parse(struct base_view text, struct base_hash *out);

/* RFC 4648 section 4, with padding; parsing refuses non-canonical trailing bits, white space, wrong padding. */
void base_buf_base64(struct base_buf *buf, struct base_view data);
BASE_NODISCARD enum base_code base_base64_parse(struct base_view text, struct base_buf *out, struct base_error *err);

/* Well-formed UTF-8 (no surrogates, no overlong forms, at most U+10FFFF). */
bool base_utf8_valid(struct base_view text);
/* The first character of a text that is not empty: its value, and its length; 0 when it is not well formed (RFC 3629). */
size_t base_utf8_next(struct base_view text, uint32_t *out);
/* Characters (code points) of a well-formed text; of another as many as have a first octet. */
size_t base_utf8_count(struct base_view text);
/* How many octets at the beginning are printable ASCII (20 to 7E). */
size_t base_printable_run(struct base_view text);

/* ASCII decimal without leading zeroes, up to 2^64-1. */
bool base_decimal_parse(struct base_view text, uint64_t *out);

/* A node's local name: [a-z][a-z0-9-]{0,31} */
enum { BASE_NAME_MAX = 32 };
bool base_name_valid(struct base_view name);

/* Moments: whole seconds since 1970-01-01T00:00:00Z (POSIX). Text: RFC 3339 "2026-11-21T08:00:00Z". */
typedef int64_t base_time;
struct base_time_text { char text[BASE_TIME_TEXT + 1]; };
struct base_time_text base_time_format(base_time time);
/* Accepts exactly YYYY-MM-DDTHH:MM:SSZ with a date that exists, years 1970 to 9999. */
bool base_time_parse(struct base_view text, base_time *out);
/* A name of the time zone database, by its form: "Africa/Casablanca", "UTC". Whether there is such a zone only the
 * database of the machine knows. */
enum { BASE_ZONE_MAX = 64 };
bool base_zone_valid(struct base_view name);
/* YYYY-MM-DD, meaning its midnight UTC; years as above. */
bool base_date_parse(struct base_view text, base_time *out);
/* YYYY-MM-DD, a day that exists in the years 1 to 9999: a day in somebody's life is no moment, and may be long ago. */
bool base_date_valid(struct base_view text);
/* The same as days since 1970-01-01, negative before it. */
bool base_date_day(struct base_view text, int64_t *out);

/* What a person may show on a terminal: control characters and bidi controls become U+FFFD. */
void base_buf_printable(struct base_buf *buf, struct base_view text);

#endif
