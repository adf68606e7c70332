/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/hint.h"

#include <string.h>

#include "base/text.h"

const char *const wire_hint_names[WIRE_HINT_KINDS] = {"email", "phone", "birth", "document", "mrz"};

/* Small letters without accents, as fold makes them; Arabic without marks, which a writer leaves out. */
static const char *const birth_words[] = {"ne le ",  "nee le ", "ne(e) le ", "born",       "date of birth", "dob",
                                          "nacid",   "nascid",  "naissance", "nacimiento", "nascimento",    "مولود",
                                          "المولود", "المزداد", "مزداد",     "الازدياد",   "الميلاد"};
static const char *const document_words[] = {
    "passport", "passeport",     "pasaporte",        "passaporte", "cnie",          "cin ",           "cni ",
    "dni ",     "identity card", "carte d'identite", "جواز",       "بطاقة التعريف", "البطاقة الوطنية"};

enum {
  EMAIL = 1 << WIRE_HINT_EMAIL,
  PHONE = 1 << WIRE_HINT_PHONE,
  BIRTH = 1 << WIRE_HINT_BIRTH,
  DOCUMENT = 1 << WIRE_HINT_DOCUMENT,
  MRZ = 1 << WIRE_HINT_MRZ,
  ASCII = 128
};

/* A text as code points, each one folded and at its own place; and which sorts may begin at which ASCII character. */
struct scan {
  const uint32_t *at;
  size_t count;
  uint8_t begins[ASCII];
};

static uint32_t fold(uint32_t point) {
  static const struct {
    uint32_t from, to;
    char letter;
  } accents[] = {{0xC0, 0xC5, 'a'}, {0xC7, 0xC7, 'c'}, {0xC8, 0xCB, 'e'}, {0xCC, 0xCF, 'i'},
                 {0xD1, 0xD1, 'n'}, {0xD2, 0xD6, 'o'}, {0xD9, 0xDC, 'u'}};
  if (point < 0x80)
    return point >= 'A' && point <= 'Z' ? point + 'a' - 'A' : point;
  if (point >= 0x0660 && point <= 0x0669) /* Arabic-Indic digits, and the eastern ones */
    return point - 0x0660 + '0';
  if (point >= 0x06F0 && point <= 0x06F9)
    return point - 0x06F0 + '0';
  uint32_t upper = point >= 0xE0 && point <= 0xFE ? point - 0x20 : point;
  for (size_t i = 0; i < sizeof accents / sizeof *accents; i++)
    if (upper >= accents[i].from && upper <= accents[i].to)
      return (uint32_t)accents[i].letter;
  return point == 0x2019 ? '\'' : point;
}

static uint32_t point_at(const struct scan *scan, size_t i) {
  return i < scan->count ? scan->at[i] : 0;
}

static bool is_digit(uint32_t point) {
  return point >= '0' && point <= '9';
}

static bool is_letter(uint32_t point) {
  return (point >= 'a' && point <= 'z') || (point >= 0x0620 && point <= 0x064A);
}

static bool is_word(uint32_t point) {
  return is_digit(point) || (point >= 'a' && point <= 'z');
}

/* --- each sort, at one place */

static bool email_at(const struct scan *scan, size_t i) {
  size_t end = i + 1;
  bool dot = false;
  if (scan->at[i] != '@' || i == 0 || !is_word(scan->at[i - 1]) || !is_word(point_at(scan, end)))
    return false;
  for (; is_word(point_at(scan, end)) || point_at(scan, end) == '-' || point_at(scan, end) == '.'; end++) {
    dot = dot || (scan->at[end] == '.' && is_word(point_at(scan, end + 1)));
    if (end + 1 == scan->count)
      return dot;
  }
  return dot;
}

static size_t digits_at(const struct scan *scan, size_t i, size_t most) {
  size_t count = 0;
  while (count < most && is_digit(point_at(scan, i + count)))
    count++;
  return count;
}

/* 1984-02-29, or 29/2/1984 with another sign between. year: where its four digits begin, if there. */
static bool date_with_year(const struct scan *scan, size_t i, size_t *year) {
  size_t first = digits_at(scan, i, 5);
  uint32_t sign = point_at(scan, i + first);
  if ((first != 1 && first != 2 && first != 4) || (sign != '-' && sign != '/' && sign != '.'))
    return false;
  size_t at = i + first + 1, second = digits_at(scan, at, 3);
  if ((second != 1 && second != 2) || point_at(scan, at + second) != sign)
    return false;
  size_t third = digits_at(scan, at + second + 1, 5);
  *year = first == 4 ? i : at + second + 1;
  return first == 4 ? third == 1 || third == 2 : third == 4;
}

static bool date_at(const struct scan *scan, size_t i) {
  size_t year;
  return date_with_year(scan, i, &year);
}

/* +212 6 12 34 56 78, or ten digits that begin with a nought: not in the middle of a number. */
static bool phone_at(const struct scan *scan, size_t i) {
  bool plus = scan->at[i] == '+';
  size_t digits = 0, gap = 0;
  if ((!plus && scan->at[i] != '0') || (i > 0 && (is_word(scan->at[i - 1]) || scan->at[i - 1] == '.' ||
                                                  scan->at[i - 1] == '-' || scan->at[i - 1] == '/')))
    return false;
  for (size_t k = i + plus; k < scan->count && digits <= WIRE_HINT_PHONE_MOST; k++) {
    uint32_t point = scan->at[k];
    bool between = point == ' ' || point == '.' || point == '-' || point == '(' || point == ')' || point == 0xA0;
    if (is_digit(point) && gap > 0 && date_at(scan, k))
      break; /* what stands behind it */
    if (is_digit(point)) {
      digits++;
      gap = 0;
    } else if (!between || ++gap > 2) {
      break;
    }
  }
  return plus ? digits >= WIRE_HINT_PHONE_LEAST && digits <= WIRE_HINT_PHONE_MOST : digits == 10;
}


static bool number_at(const struct scan *scan, size_t i) {
  size_t size = 0, digits = 0;
  while (size <= 12 && is_word(point_at(scan, i + size)))
    digits += is_digit(scan->at[i + size++]);
  return size >= 6 && size <= 12 && digits >= 5;
}

/* Behind the word, and no further from it than people write. */
static bool follows(const struct scan *scan, size_t i, bool (*what)(const struct scan *, size_t)) {
  for (size_t k = i; k < scan->count && k < i + WIRE_HINT_NEAR; k++)
    if (what(scan, k) && (k == 0 || !is_word(scan->at[k - 1])))
      return true;
  return false;
}

/* How many characters of the text are the word that stands there; 0: it does not. */
static size_t word_at(const struct scan *scan, size_t i, const char *word) {
  struct base_view rest = base_view_text(word);
  size_t count = 0;
  while (rest.size > 0) {
    uint32_t point;
    size_t size = base_utf8_next(rest, &point);
    if (point_at(scan, i + count) != point)
      return 0;
    rest = base_view_of(rest.data + size, rest.size - size);
    count++;
  }
  return count;
}

static bool word_with(const struct scan *scan, size_t i, const char *const *words, size_t count,
                      bool (*what)(const struct scan *, size_t)) {
  if (!is_letter(scan->at[i]) || (i > 0 && is_letter(scan->at[i - 1])))
    return false;
  for (size_t k = 0; k < count; k++) {
    uint8_t first = (uint8_t)words[k][0]; /* most words are none of these: their first letter says it */
    if (first < 0x80 ? scan->at[i] != first : scan->at[i] < 0x80)
      continue;
    size_t size = word_at(scan, i, words[k]);
    if (size > 0 && follows(scan, i + size, what))
      return true;
  }
  return false;
}

/* P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<< */
static bool mrz_at(const struct scan *scan, size_t i) {
  size_t size = 0, fillers = 0;
  if (i > 0 && (is_word(scan->at[i - 1]) || scan->at[i - 1] == '<'))
    return false;
  while (is_word(point_at(scan, i + size)) || point_at(scan, i + size) == '<')
    fillers += scan->at[i + size++] == '<';
  return size >= WIRE_HINT_MRZ_LEAST && fillers >= 2;
}

static bool found_at(const struct scan *scan, size_t i, enum wire_hint what) {
  switch (what) {
  case WIRE_HINT_EMAIL:
    return email_at(scan, i);
  case WIRE_HINT_PHONE:
    return phone_at(scan, i);
  case WIRE_HINT_BIRTH:
    return word_with(scan, i, birth_words, sizeof birth_words / sizeof *birth_words, date_at);
  case WIRE_HINT_DOCUMENT:
    return word_with(scan, i, document_words, sizeof document_words / sizeof *document_words, number_at);
  default:
    return mrz_at(scan, i);
  }
}

/* --- a form */

/* Which sorts a text can hold at all: an address has its sign, a line for machines its fillers, all else has digits, of
 * which the Arabic ones begin with one of two octets. Most texts are done with here. */
static unsigned sorts_in(struct base_view text) {
  bool sign = false, filler = false, digit = false;
  for (size_t i = 0; i < text.size; i++) {
    uint8_t octet = text.data[i];
    sign |= octet == '@';
    filler |= octet == '<';
    digit |= (octet >= '0' && octet <= '9') || octet == 0xD9 || octet == 0xDB;
  }
  return (sign ? EMAIL : 0U) | (filler ? MRZ : 0U) | (digit ? PHONE | BIRTH | DOCUMENT : 0U);
}

static void begin_words(struct scan *scan, const char *const *words, size_t count, unsigned sort) {
  for (size_t i = 0; i < count; i++)
    if ((uint8_t)words[i][0] < ASCII)
      scan->begins[(uint8_t)words[i][0]] |= (uint8_t)sort;
}

static void begin_sorts(struct scan *scan) {
  for (unsigned i = 0; i < ASCII; i++)
    scan->begins[i] = is_word(i) || i == '<' ? MRZ : 0;
  scan->begins['@'] = EMAIL;
  scan->begins['+'] = PHONE;
  scan->begins['0'] |= PHONE;
  begin_words(scan, birth_words, sizeof birth_words / sizeof *birth_words, BIRTH);
  begin_words(scan, document_words, sizeof document_words / sizeof *document_words, DOCUMENT);
}

static bool scan_begin(struct base_view text, struct base_arena *arena, struct scan *out) {
  uint32_t *points = base_arena_alloc(arena, text.size * sizeof *points);
  if (points == NULL || text.size == 0)
    return false;
  *out = (struct scan){.at = points};
  begin_sorts(out);
  while (text.size > 0) {
    uint32_t point = text.data[0];
    size_t size = point < 0x80 ? 1 : base_utf8_next(text, &point);
    if (size == 0)
      return false;
    points[out->count++] = fold(point);
    text = base_view_of(text.data + size, text.size - size);
  }
  return true;
}

static bool is_number_of_person(const struct scan *scan, size_t i) {
  return phone_at(scan, i) ||
         word_with(scan, i, document_words, sizeof document_words / sizeof *document_words, number_at);
}

/* A date of somebody old enough at now, and a number that a person has near it: its place; scan->count: there is none. */
static size_t birth_beside(const struct scan *scan, base_time now) {
  struct base_time_text today = base_time_format(now);
  int present = 0;
  for (size_t i = 0; i < 4; i++)
    present = present * 10 + (today.text[i] - '0');
  for (size_t i = 0, at; i < scan->count; i++) {
    if ((i > 0 && is_word(scan->at[i - 1])) || !date_with_year(scan, i, &at))
      continue;
    int year = 0;
    for (size_t k = at; k < at + 4; k++)
      year = year * 10 + (int)(scan->at[k] - '0');
    if (year < present - WIRE_HINT_AGE_MOST || year > present - WIRE_HINT_AGE_LEAST)
      continue;
    size_t k = i > WIRE_HINT_BESIDE ? i - WIRE_HINT_BESIDE : 0;
    while (k < scan->count && k <= i + WIRE_HINT_BESIDE && !is_number_of_person(scan, k))
      k++;
    if (k < scan->count && k <= i + WIRE_HINT_BESIDE)
      return i;
  }
  return scan->count;
}

static size_t scan_text(struct base_view field, struct base_view text, base_time now, struct base_arena *arena,
                        struct wire_hint_found *out, size_t room) {
  struct scan scan;
  unsigned wanted = sorts_in(text);
  size_t count = 0;
  if (wanted == 0 || !scan_begin(text, arena, &scan))
    return 0;
  for (size_t i = 0; i < scan.count && wanted != 0; i++) {
    uint32_t point = scan.at[i];
    unsigned sorts = wanted & (point < ASCII ? scan.begins[point] : BIRTH | DOCUMENT);
    bool inside = i > 0 && scan.at[i - 1] >= 'a' && scan.at[i - 1] <= 'z';
    if (sorts == 0 || (inside && point != '@')) /* in a word nothing but an address has a sign of its own */
      continue;
    for (unsigned what = 0; what < WIRE_HINT_KINDS && count < room; what++)
      if ((sorts & 1U << what) != 0 && found_at(&scan, i, (enum wire_hint)what)) {
        wanted &= ~(1U << what);
        out[count++] = (struct wire_hint_found){field, (enum wire_hint)what, i + 1};
      }
  }
  size_t birth = (wanted & BIRTH) != 0 && count < room ? birth_beside(&scan, now) : scan.count;
  if (birth < scan.count)
    out[count++] = (struct wire_hint_found){field, WIRE_HINT_BIRTH, birth + 1};
  return count;
}

static const struct wire_json *value_of(const struct wire_json *fields, const struct wire_kind_field *field) {
  return wire_json_get(fields, (const char *)field->name.data); /* a kind's names have a NUL behind them */
}

size_t wire_form_hints(const struct wire_kind_type *type, const struct wire_json *fields, base_time now,
                       struct base_arena *arena, struct wire_hint_found out[WIRE_HINTS_MAX]) {
  bool place = false;
  size_t count = 0;
  for (size_t i = 0; i < type->field_count; i++) {
    const struct wire_kind_field *field = &type->fields[i];
    bool persons = field->type == WIRE_FIELD_TABLE && field->personal != WIRE_PERSONAL_NONE;
    if (persons && wire_json_size(value_of(fields, field)) > 0)
      return 0;
    place = place || persons;
  }
  for (size_t i = 0; i < type->field_count; i++) {
    const struct wire_kind_field *field = &type->fields[i];
    bool free = field->type == WIRE_FIELD_TEXT || field->type == WIRE_FIELD_LINE;
    if (free && !field->state && (place || field->personal == WIRE_PERSONAL_NONE))
      count += scan_text(field->name, wire_json_text(value_of(fields, field)), now, arena, &out[count],
                         WIRE_HINTS_MAX - count);
  }
  return count;
}
