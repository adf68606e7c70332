/* SPDX-License-Identifier: Apache-2.0
 * Gradings of source and information: the original scheme is kept, conversions say whether they lose. spec/handling.md.
 */
#include <string.h>

#include "wire/marking.h"
#include "wire/message.h"

const char *const wire_schemes[WIRE_SCHEMES] = {"4x4", "6x6", "5x5x5", "3x5x2"};

/* What each grade is in the other schemes, one letter for each grade of the row's own scheme, and below it in `same`
 * '=' where it means the same, '~' where it is only the nearest. No conversion makes a grade look better, but for the
 * worst ones where the other scheme knows nothing worse. */
struct scale {
  const char *grades;
  struct {
    const char *nearest, *same;
  } to[WIRE_SCHEMES];
};

/* 4x4 (Europol): A no doubt, B mostly, C mostly not, X cannot be assessed. 6x6 (Admiralty, NATO): A completely, B
 * usually, C fairly, D not usually, E not reliable, F cannot be judged. 5x5x5 (UK until 2016): A always, B mostly, C
 * sometimes, D not reliable, E untested. 3x5x2 (UK): 1 reliable, which is generally so; 2 untested; 3 not reliable. */
static const struct scale sources[WIRE_SCHEMES] = {
    [WIRE_4X4] = {"ABCX", {{"ABCX", "===="}, {"ABDF", "===="}, {"ABDE", "==~~"}, {"1132", "~=~~"}}},
    [WIRE_6X6] = {"ABCDEF", {{"ABCCCX", "==~=~="}, {"ABCDEF", "======"}, {"ABCDDE", "===~=~"}, {"113332", "~=~~=~"}}},
    [WIRE_5X5X5] = {"ABCDE", {{"ABCCX", "==~~~"}, {"ABCEF", "====~"}, {"ABCDE", "====="}, {"11332", "~=~=="}}},
    [WIRE_3X5X2] = {"123", {{"BXC", "=~~"}, {"BFE", "=~="}, {"BED", "==="}, {"123", "==="}}},
};

/* 4x4: 1 not in doubt, 2 known personally to the source, 3 corroborated, 4 neither. 6x6: 1 confirmed, 2 probably, 3
 * possibly true, 4 doubtful, 5 improbable, 6 cannot be judged. 5x5x5: 1 to 3 as 4x4, 4 cannot be judged, 5 suspected to
 * be false. 3x5x2: A known directly to the source, B indirectly but corroborated, C indirectly, D not known, E
 * suspected to be false. */
static const struct scale informations[WIRE_SCHEMES] = {
    [WIRE_4X4] = {"1234", {{"1234", "===="}, {"1226", "~~~~"}, {"1234", "===~"}, {"AABC", "~==="}}},
    [WIRE_6X6] = {"123456", {{"134444", "~~~~~~"}, {"123456", "======"}, {"134554", "~~~~~="}, {"BBCEED", "~~~~~="}}},
    [WIRE_5X5X5] = {"12345", {{"12344", "===~~"}, {"12265", "~~~=~"}, {"12345", "====="}, {"AABDE", "~===="}}},
    [WIRE_3X5X2] = {"ABCDE", {{"23444", "===~~"}, {"22665", "~~~=~"}, {"23445", "==~=="}, {"ABCDE", "====="}}},
};

/* The schemes with a code for how the report may be handled. 5x5x5: 1 within the police, 2 to others in the country, 3
 * abroad, 4 within the force alone, 5 with conditions. 3x5x2: P may be shared lawfully, C with conditions. */
static const struct scale thirds[WIRE_SCHEMES] = {
    [WIRE_4X4] = {"", {{0}}},
    [WIRE_6X6] = {"", {{0}}},
    [WIRE_5X5X5] = {"12345", {[WIRE_5X5X5] = {"12345", "====="}, [WIRE_3X5X2] = {"PCCCC", "~~~~="}}},
    [WIRE_3X5X2] = {"PC", {[WIRE_5X5X5] = {"15", "~="}, [WIRE_3X5X2] = {"PC", "=="}}},
};

const char *wire_grading_sources(enum wire_scheme scheme) {
  return sources[scheme].grades;
}

const char *wire_grading_informations(enum wire_scheme scheme) {
  return informations[scheme].grades;
}

const char *wire_grading_thirds(enum wire_scheme scheme) {
  return thirds[scheme].grades;
}

/* The grade that this byte means, in either case; 0: none. */
static char grade_of(const char *grades, uint8_t byte) {
  char capital = byte >= 'a' && byte <= 'z' ? (char)(byte - 'a' + 'A') : (char)byte;
  return capital != 0 && strchr(grades, capital) != NULL ? capital : 0;
}

static enum base_code fail_grade(enum wire_scheme scheme, struct base_error *err) {
  bool third = thirds[scheme].grades[0] != '\0';
  return base_fail(err, BASE_FIELD,
                   "grading: %s has the sources %s and the information %s%s%s; write it like %s:%c/%c%s",
                   wire_schemes[scheme], sources[scheme].grades, informations[scheme].grades,
                   third ? ", and then may have one of " : "", thirds[scheme].grades, wire_schemes[scheme],
                   sources[scheme].grades[1], informations[scheme].grades[1], third ? " or with a third" : "");
}

/* The letters after the colon: two or three, all with a slash between them or all without. */
static enum base_code read_letters(struct base_view rest, struct wire_grading *out, struct base_error *err) {
  uint8_t letters[3] = {0};
  size_t count = 0;
  bool slashes = rest.size > 1 && rest.data[1] == '/';
  bool shaped = slashes ? rest.size % 2 == 1 : true;
  for (size_t i = 0; i < rest.size && shaped; i++) {
    bool between = slashes && i % 2 == 1;
    if (between)
      shaped = rest.data[i] == '/';
    else if (count < 3)
      letters[count++] = rest.data[i];
    else
      shaped = false;
  }
  out->source = grade_of(sources[out->scheme].grades, letters[0]);
  out->information = grade_of(informations[out->scheme].grades, letters[1]);
  out->third = grade_of(thirds[out->scheme].grades, letters[2]);
  bool whole = count == 2 || (count == 3 && out->third != 0);
  return shaped && whole && out->source && out->information ? BASE_OK : fail_grade(out->scheme, err);
}

enum base_code wire_grading_read(struct base_view text, struct wire_grading *out, struct base_error *err) {
  const uint8_t *colon = text.size > 0 ? memchr(text.data, ':', text.size) : NULL;
  size_t before = colon == NULL ? text.size : (size_t)(colon - text.data);
  struct wire_grading grading = {.scheme = WIRE_SCHEMES};
  for (size_t i = 0; i < WIRE_SCHEMES; i++)
    if (base_view_is(base_view_of(text.data, before), wire_schemes[i]))
      grading.scheme = (enum wire_scheme)i;
  if (grading.scheme == WIRE_SCHEMES || colon == NULL)
    return base_fail(err, BASE_FIELD,
                     "grading: must be SCHEME:SOURCE/INFORMATION with one of the schemes 4x4, 6x6, 5x5x5, 3x5x2, as in "
                     "4x4:B/2");
  enum base_code code = read_letters(base_view_of(colon + 1, text.size - before - 1), &grading, err);
  if (code == BASE_OK)
    *out = grading;
  return code;
}

void wire_grading_write(const struct wire_grading *grading, struct base_buf *out) {
  base_buf_printf(out, "%s:%c/%c", wire_schemes[grading->scheme], grading->source, grading->information);
  if (grading->third != 0)
    base_buf_printf(out, "/%c", grading->third);
}

bool wire_grading_parse(struct base_view text, struct wire_grading *out) {
  struct wire_grading grading;
  BASE_AUTO_BUF struct base_buf spelled = {0};
  base_buf_init(&spelled, WIRE_MARKING_MAX);
  if (wire_grading_read(text, &grading, NULL) != BASE_OK)
    return false;
  wire_grading_write(&grading, &spelled);
  if (spelled.code != BASE_OK || !base_view_equal(base_buf_view(&spelled), text))
    return false;
  *out = grading;
  return true;
}

static char convert_one(const struct scale *scale, char grade, enum wire_scheme to, bool *lost) {
  size_t at = (size_t)(strchr(scale->grades, grade) - scale->grades);
  *lost = *lost || scale->to[to].same[at] != '=';
  return scale->to[to].nearest[at];
}

bool wire_grading_convert(const struct wire_grading *grading, enum wire_scheme to, struct wire_grading *out) {
  bool lost = false;
  struct wire_grading converted = {.scheme = to};
  converted.source = convert_one(&sources[grading->scheme], grading->source, to, &lost);
  converted.information = convert_one(&informations[grading->scheme], grading->information, to, &lost);
  if (grading->third != 0 && thirds[to].grades[0] == '\0')
    lost = true;
  else if (grading->third != 0)
    converted.third = convert_one(&thirds[grading->scheme], grading->third, to, &lost);
  *out = converted;
  return lost;
}
