/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/message.h"

#include <inttypes.h>
#include <stdio.h>

/* Characters that make a text look like another one. In names, which people compare and click, none is allowed (Unicode
 * UTS #39, section 3.1: default ignorable characters). In prose, right-to-left text between left-to-right words needs
 * marks and isolates; what reaches beyond its own place (overrides, embeddings, an isolate left open) is refused (UTR
 * #36, section 2.5; UAX #9, section 2). Joiners stay everywhere: Arabic-script languages are written with them. */

enum { ISOLATES_MAX = 60 }; /* within each other; UAX #9 shows no more than 125 levels */

/* One code point; 0 and no advance when it is not well formed. */
static inline uint32_t next_point(struct base_view text, size_t *at) {
  uint32_t point = text.data[*at];
  if (point < 0x80) { /* most of most texts */
    ++*at;
    return point;
  }
  if (point >= 0xC2 && point < 0xE0 && text.size - *at > 1 && (text.data[*at + 1] & 0xC0) == 0x80) { /* accents, Arabic */
    point = (point & 0x1F) << 6 | (text.data[*at + 1] & 0x3F);
    *at += 2;
    return point;
  }
  size_t size = base_utf8_next(base_view_of(text.data + *at, text.size - *at), &point);
  *at += size;
  return size > 0 ? point : 0;
}

static bool is_control(uint32_t point) {
  return point < 0x20 || (point >= 0x7F && point < 0xA0);
}

/* Letters with accents, Greek, Cyrillic, Hebrew, Arabic, Devanagari …: of nothing below is there any among these. */
static bool is_letter_of_many(uint32_t point) {
  return point > 0x00AD && point < 0x1680 && point != 0x061C;
}

static const char *hides(uint32_t point) {
  if (is_control(point))
    return "a control character";
  if (point == 0x2028 || point == 0x2029)
    return "a line or paragraph separator";
  if (point == 0x061C || point == 0x200E || point == 0x200F || (point >= 0x202A && point <= 0x202E) ||
      (point >= 0x2066 && point <= 0x2069))
    return "an invisible mark of the writing direction";
  if (point == 0x00AD || point == 0x200B || (point >= 0x2060 && point <= 0x206F) || point == 0xFEFF ||
      (point >= 0xFFF9 && point <= 0xFFFB) || (point >= 0xE0000 && point <= 0xE0FFF))
    return "an invisible character";
  return NULL;
}

static bool spot(struct wire_spot *out, uint32_t point, size_t place, const char *what) {
  if (out != NULL)
    *out = (struct wire_spot){.point = point, .place = place, .what = what};
  return false;
}

/* Passes over what no check below is about, which is most of most texts; what is left, if anything, begins with a character
 * that one may be about. */
static void pass_ordinary(struct base_view text, size_t *at, size_t *place) {
  while (*at < text.size) {
    size_t behind = *at, count = 1;
    if (text.data[*at] < 0x80) {
      count = base_printable_run(base_view_of(text.data + *at, text.size - *at));
      behind += count;
    } else if (!is_letter_of_many(next_point(text, &behind))) {
      return;
    }
    if (count == 0)
      return;
    *at = behind;
    *place += count;
  }
}

/* The first character of which wrong says what is wrong with it; NULL: nothing. */
static bool check_each(struct base_view text, const char *(*wrong)(uint32_t point), struct wire_spot *out) {
  size_t place = 0;
  for (size_t at = 0; at < text.size;) {
    pass_ordinary(text, &at, &place);
    if (at == text.size)
      break;
    size_t before = at;
    uint32_t point = next_point(text, &at);
    place++;
    if (at == before)
      return spot(out, 0, place, "no UTF-8");
    const char *what = wrong(point);
    if (what != NULL)
      return spot(out, point, place, what);
  }
  return true;
}

bool wire_line_check(struct base_view text, struct wire_spot *out) {
  return check_each(text, hides, out);
}

/* The ends of lines that editors write, and tabs, are part of a text; other control characters move a terminal's
 * cursor. */
static bool may_control(struct base_view text, uint32_t point, size_t after) {
  return point == '\n' || point == '\t' || (point == '\r' && after < text.size && text.data[after] == '\n');
}

static bool is_space(uint32_t point) {
  return point == ' ' || point == '\t' || point == '\n' || point == '\r' || point == 0xA0 || point == 0x1680 ||
         (point >= 0x2000 && point <= 0x200A) || point == 0x202F || point == 0x205F || point == 0x3000;
}

bool wire_prose_blank(struct base_view text) {
  for (size_t at = 0; at < text.size;) {
    size_t before = at;
    uint32_t point = next_point(text, &at);
    if (at == before || (!is_space(point) && hides(point) == NULL && point != 0x200C && point != 0x200D))
      return false;
  }
  return true;
}

static bool ends_paragraph(uint32_t point) {
  return point == '\n' || point == '\r' || point == 0x2029; /* those that prose may hold */
}

static bool left_open(struct wire_spot *out, const struct wire_spot *opened, size_t count) {
  return spot(out, opened[count - 1].point, opened[count - 1].place,
              "an isolate that is not closed (U+2069) in its line");
}

bool wire_prose_check(struct base_view text, struct wire_spot *out) {
  struct wire_spot opened[ISOLATES_MAX];
  size_t count = 0, place = 0;
  for (size_t at = 0; at < text.size;) {
    pass_ordinary(text, &at, &place);
    if (at == text.size)
      break;
    size_t before = at;
    uint32_t point = next_point(text, &at);
    place++;
    if (at == before)
      return spot(out, 0, place, "no UTF-8");
    if (is_control(point) && !may_control(text, point, at))
      return spot(out, point, place, "a control character");
    if (point >= 0x202A && point <= 0x202E)
      return spot(out, point, place,
                  "an embedding or override of the writing direction: leave it out, or use isolates");
    if (point >= 0x2066 && point <= 0x2068) {
      if (count == ISOLATES_MAX)
        return spot(out, point, place, "an isolate within too many others");
      (void)spot(&opened[count++], point, place, NULL);
    } else if (point == 0x2069 && count-- == 0) {
      return spot(out, point, place, "the end of an isolate that was not opened");
    } else if (ends_paragraph(point) && count > 0) {
      return left_open(out, opened, count);
    }
  }
  return count == 0 || left_open(out, opened, count);
}

static const char *breaks(uint32_t point) {
  bool found = point == '\t' || point == '\n' || point == '\r' || point == 0x2028 || point == 0x2029;
  return found ? "a tab or an end of line, where one line is expected" : NULL;
}

bool wire_prose_one_line(struct base_view text, struct wire_spot *out) {
  return check_each(text, breaks, out);
}

bool wire_line_valid(struct base_view text) {
  return wire_line_check(text, NULL);
}

struct wire_spot_text wire_spot_text(const struct wire_spot *found) {
  struct wire_spot_text out;
  if (found->point == 0)
    (void)snprintf(out.text, sizeof out.text, "character %zu is %s", found->place, found->what);
  else
    (void)snprintf(out.text, sizeof out.text, "character %zu is U+%04" PRIX32 ", %s", found->place, found->point,
                   found->what);
  return out;
}
