/* SPDX-License-Identifier: Apache-2.0
 * Handling codes: read, written in one spelling, mapped to TLP 2.0, PAP and Europol's codes. spec/handling.md. */
#include "wire/marking.h"

#include <string.h>
#include <strings.h>

#include "wire/message.h"

const char *const wire_level_codes[WIRE_LEVELS] = {
    "", "clear", "green", "amber", "amber_strict", "red",
};
const char *const wire_pap_codes[WIRE_PAPS] = {"", "pap_clear", "pap_green", "pap_amber", "pap_red"};
const char *const wire_condition_codes[WIRE_CONDITIONS] = {"crime_purposes_only", "no_judicial_use",
                                                           "no_onward_without_consent"};
const char *const wire_marking_schemes[WIRE_MARKING_SCHEMES] = {"tlp", "pap", "europol"};

static const char *const tlp_codes[WIRE_LEVELS] = {"",          "TLP:CLEAR",        "TLP:GREEN",
                                                   "TLP:AMBER", "TLP:AMBER+STRICT", "TLP:RED"};
static const char *const pap_codes[WIRE_PAPS] = {"", "PAP:CLEAR", "PAP:GREEN", "PAP:AMBER", "PAP:RED"};
static const char *const europol_codes[WIRE_CONDITIONS] = {"H0", "H1", "H2"};

enum { CODES_SHOWN = 40 };

/* --- reading */

struct reading {
  struct wire_marking marking;
  bool needs_text; /* H3 stands for it */
  struct base_error *err;
};

static bool is_blank(uint8_t byte) {
  return byte == ' ' || byte == ',';
}

static struct base_view trimmed(struct base_view text) {
  while (text.size > 0 && text.data[0] == ' ')
    text = base_view_of(text.data + 1, text.size - 1);
  while (text.size > 0 && text.data[text.size - 1] == ' ')
    text.size--;
  return text;
}

/* Notations of others are written in either case by their users. */
static bool is_either_case(struct base_view word, const char *code) {
  return word.size == strlen(code) && strncasecmp((const char *)word.data, code, word.size) == 0;
}

/* The index from 1 of the word in one of two lists, the other notation's in either case; 0: in neither. */
static size_t find(struct base_view word, const char *const *ours, const char *const *theirs, size_t count) {
  for (size_t i = 1; i < count; i++)
    if (base_view_is(word, ours[i]) || is_either_case(word, theirs[i]))
      return i;
  return 0;
}

static enum base_code fail_unknown(struct base_view word, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf shown = {0};
  base_buf_init(&shown, 4 * CODES_SHOWN);
  base_buf_printable(&shown, base_view_of(word.data, word.size < CODES_SHOWN ? word.size : CODES_SHOWN));
  return base_fail(err, BASE_FIELD,
                   "handling: there is no code %.*s; there are clear, green, amber, amber_strict, red; "
                   "crime_purposes_only, no_judicial_use, no_onward_without_consent; pap_clear, pap_green, pap_amber, "
                   "pap_red. TLP:AMBER, PAP:RED, H0 to H3 are understood, too; a free restriction stands after a "
                   "semicolon, as in \"amber; TEXT\"",
                   (int)shown.size, (const char *)shown.data);
}

static enum base_code fail_two(const char *one, const char *other, struct base_error *err) {
  return base_fail(err, BASE_FIELD, "handling: %s and %s contradict each other; give one of them", one, other);
}

static enum base_code take_word(struct reading *reading, struct base_view word) {
  struct wire_marking *marking = &reading->marking;
  size_t level = find(word, wire_level_codes, tlp_codes, WIRE_LEVELS);
  size_t pap = find(word, wire_pap_codes, pap_codes, WIRE_PAPS);
  if (level > 0 && marking->level != WIRE_LEVEL_NONE && marking->level != level)
    return fail_two(wire_level_codes[marking->level], wire_level_codes[level], reading->err);
  if (pap > 0 && marking->pap != WIRE_PAP_NONE && marking->pap != pap)
    return fail_two(wire_pap_codes[marking->pap], wire_pap_codes[pap], reading->err);
  if (level > 0)
    marking->level = (enum wire_level)level;
  if (pap > 0)
    marking->pap = (enum wire_pap)pap;
  if (level > 0 || pap > 0)
    return BASE_OK;
  for (size_t i = 0; i < WIRE_CONDITIONS; i++)
    if (base_view_is(word, wire_condition_codes[i]) || is_either_case(word, europol_codes[i])) {
      marking->conditions |= 1u << i;
      return BASE_OK;
    }
  if (!is_either_case(word, "H3"))
    return fail_unknown(word, reading->err);
  reading->needs_text = true;
  return BASE_OK;
}

/* What is for everybody cannot be for some. */
static enum base_code check_clear(const struct wire_marking *marking, struct base_error *err) {
  if (marking->level != WIRE_CLEAR)
    return BASE_OK;
  for (size_t i = 0; i < WIRE_CONDITIONS; i++)
    if (marking->conditions >> i & 1)
      return fail_two(wire_level_codes[WIRE_CLEAR], wire_condition_codes[i], err);
  return marking->text.size == 0 ? BASE_OK : fail_two(wire_level_codes[WIRE_CLEAR], "a free restriction", err);
}

static size_t spelled_size(const struct wire_marking *marking) {
  BASE_AUTO_BUF struct base_buf out = {0};
  base_buf_init(&out, 2 * WIRE_MARKING_MAX);
  wire_marking_write(marking, &out);
  return out.code == BASE_OK ? out.size : SIZE_MAX;
}

/* The words before the semicolon, and what stands after it. */
static enum base_code split(struct base_view text, struct base_view *words, struct wire_marking *marking,
                            struct base_error *err) {
  const uint8_t *semicolon = text.size > 0 ? memchr(text.data, ';', text.size) : NULL;
  *words = semicolon == NULL ? text : base_view_of(text.data, (size_t)(semicolon - text.data));
  if (semicolon == NULL)
    return BASE_OK;
  marking->text = trimmed(base_view_of(semicolon + 1, text.size - words->size - 1));
  return marking->text.size > 0
             ? BASE_OK
             : base_fail(err, BASE_FIELD, "handling: nothing stands after the semicolon; leave it out");
}

enum base_code wire_marking_read(struct base_view text, struct wire_marking *out, struct base_error *err) {
  struct reading reading = {.err = err};
  struct base_view words;
  if (text.size > WIRE_MARKING_MAX || !wire_line_valid(text))
    return base_fail(err, BASE_FIELD, "handling: must be one line of at most %d bytes, without invisible characters",
                     WIRE_MARKING_MAX);
  enum base_code code = split(text, &words, &reading.marking, err);
  for (size_t at = 0; at < words.size && code == BASE_OK;) {
    size_t end = at;
    while (end < words.size && !is_blank(words.data[end]))
      end++;
    if (end > at)
      code = take_word(&reading, base_view_of(words.data + at, end - at));
    at = end + 1;
  }
  const struct wire_marking *marking = &reading.marking;
  if (code == BASE_OK && reading.needs_text && marking->text.size == 0)
    code = base_fail(err, BASE_FIELD, "handling: H3 is a restriction in words: give them, as in \"H3; TEXT\"");
  if (code == BASE_OK && marking->level == 0 && marking->pap == 0 && marking->conditions == 0 &&
      marking->text.size == 0)
    code = base_fail(err, BASE_FIELD, "handling: it is empty; leave it out");
  if (code == BASE_OK)
    code = check_clear(marking, err);
  if (code == BASE_OK && spelled_size(marking) > WIRE_MARKING_MAX)
    code = base_fail(err, BASE_FIELD, "handling: spelled out it has more than %d bytes; shorten the restriction",
                     WIRE_MARKING_MAX);
  if (code == BASE_OK)
    *out = *marking;
  return code;
}

/* --- writing */

static void add_word(struct base_buf *out, size_t start, const char *word) {
  if (word[0] == '\0')
    return;
  base_buf_text(out, out->size > start ? " " : "");
  base_buf_text(out, word);
}

static void add_text(struct base_buf *out, struct base_view text) {
  if (text.size == 0)
    return;
  base_buf_text(out, "; ");
  base_buf_add_view(out, text);
}

void wire_marking_write(const struct wire_marking *marking, struct base_buf *out) {
  size_t start = out->size;
  add_word(out, start, wire_level_codes[marking->level]);
  for (size_t i = 0; i < WIRE_CONDITIONS; i++)
    if (marking->conditions >> i & 1)
      add_word(out, start, wire_condition_codes[i]);
  add_word(out, start, wire_pap_codes[marking->pap]);
  add_text(out, marking->text);
}

bool wire_marking_parse(struct base_view text, struct wire_marking *out) {
  struct wire_marking marking;
  BASE_AUTO_BUF struct base_buf spelled = {0};
  base_buf_init(&spelled, WIRE_MARKING_MAX);
  if (wire_marking_read(text, &marking, NULL) != BASE_OK)
    return false;
  wire_marking_write(&marking, &spelled);
  if (spelled.code != BASE_OK || !base_view_equal(base_buf_view(&spelled), text))
    return false;
  *out = marking;
  return true;
}

/* --- what law asks */

enum wire_level wire_marking_level(const struct wire_marking *marking) {
  return marking == NULL || marking->level == WIRE_LEVEL_NONE ? (enum wire_level)WIRE_LEVEL_DEFAULT : marking->level;
}

bool wire_marking_freer(const struct wire_marking *marking, const struct wire_marking *than) {
  static const struct wire_marking none = {0};
  const struct wire_marking *a = marking != NULL ? marking : &none, *b = than != NULL ? than : &none;
  bool text = b->text.size == 0 ||
              (a->text.size >= b->text.size && memmem(a->text.data, a->text.size, b->text.data, b->text.size) != NULL);
  return wire_marking_level(marking) < wire_marking_level(than) || (b->conditions & ~a->conditions) != 0 ||
         a->pap < b->pap || !text;
}

bool wire_marking_needs_consent(const struct wire_marking *marking) {
  return wire_marking_level(marking) >= WIRE_AMBER || (marking->conditions & WIRE_NO_ONWARD) != 0;
}

/* --- mapping */

static void map_europol(const struct wire_marking *marking, struct base_buf *out) {
  size_t start = out->size;
  unsigned conditions = marking->conditions;
  if (marking->level >= WIRE_AMBER)
    conditions |= WIRE_NO_ONWARD;
  if (conditions == 0 && marking->text.size == 0)
    conditions = WIRE_CRIME_PURPOSES_ONLY; /* under the Europol Regulation that much always holds */
  for (size_t i = 0; i < WIRE_CONDITIONS; i++)
    if (conditions >> i & 1)
      add_word(out, start, europol_codes[i]);
  if (marking->text.size > 0)
    add_word(out, start, "H3");
  add_text(out, marking->text);
}

static void map_tlp(const struct wire_marking *marking, struct base_buf *out) {
  enum wire_level level = wire_marking_level(marking);
  if (level < WIRE_AMBER && (marking->conditions & WIRE_NO_ONWARD))
    level = WIRE_AMBER;
  base_buf_text(out, tlp_codes[level]);
}

static bool same(const struct wire_marking *a, const struct wire_marking *b) {
  return a->level == b->level && a->pap == b->pap && a->conditions == b->conditions &&
         base_view_equal(a->text, b->text);
}

bool wire_marking_map(const struct wire_marking *marking, enum wire_marking_scheme scheme, struct base_buf *out) {
  size_t start = out->size;
  struct wire_marking again;
  if (scheme == WIRE_TLP)
    map_tlp(marking, out);
  else if (scheme == WIRE_PAP)
    base_buf_text(out, pap_codes[marking->pap]);
  else
    map_europol(marking, out);
  if (out->code != BASE_OK || out->size == start)
    return true;
  return wire_marking_read(base_view_of(out->data + start, out->size - start), &again, NULL) != BASE_OK ||
         !same(marking, &again);
}
