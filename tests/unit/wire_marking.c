/* SPDX-License-Identifier: Apache-2.0 */
#include "wire_try.h"

#include "wire/marking.h"
#include "wire/message.h"

static const char *spelled(const char *text) {
  static char out[WIRE_MARKING_MAX + 1];
  struct wire_marking marking;
  struct base_error err;
  BASE_AUTO_BUF struct base_buf buf = {0};
  base_buf_init(&buf, WIRE_MARKING_MAX);
  enum base_code code = wire_marking_read(base_view_text(text), &marking, &err);
  wire_expect(code, &err, BASE_OK, "", text);
  wire_marking_write(&marking, &buf);
  assert_int_equal(buf.code, BASE_OK);
  snprintf(out, sizeof out, "%.*s", (int)buf.size, (const char *)buf.data);
  return out;
}

static void one_spelling(void **state) {
  (void)state;
  static const char *const same[][2] = {
      {"red", "red"},
      {" amber_strict ", "amber_strict"},
      {"TLP:AMBER+STRICT", "amber_strict"},
      {"tlp:clear pap:clear", "clear pap_clear"},
      {"pap_red,no_onward_without_consent,no_judicial_use,crime_purposes_only,amber",
       "amber crime_purposes_only no_judicial_use no_onward_without_consent pap_red"},
      {"H2 h1, H0", "crime_purposes_only no_judicial_use no_onward_without_consent"},
      {"amber TLP:AMBER amber", "amber"},
      {"H3 ; seulement la brigade; rien d'autre ", "; seulement la brigade; rien d'autre"},
      {"red;للوحدة وحدها", "red; للوحدة وحدها"},
  };
  for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
    struct wire_marking marking;
    assert_string_equal(spelled(same[i][0]), same[i][1]);
    assert_true(wire_marking_parse(base_view_text(same[i][1]), &marking));
    assert_int_equal(wire_marking_parse(base_view_text(same[i][0]), &marking), strcmp(same[i][0], same[i][1]) == 0);
  }
}

static void what_is_refused(void **state) {
  (void)state;
  static const struct {
    const char *text, *words;
  } bad[] = {
      {"confidentiel", "there is no code confidentiel; there are clear, green, amber, amber_strict, red"},
      {"Amber", "there is no code Amber"},
      {"amber secret", "there is no code secret"},
      {"a\xC2\xA0"
       "b",
       "there is no code"},
      {"", "it is empty"},
      {" , ", "it is empty"},
      {"amber red", "amber and red contradict each other"},
      {"red TLP:GREEN", "red and green contradict each other"},
      {"pap_red PAP:GREEN", "pap_red and pap_green contradict each other"},
      {"clear H2", "clear and no_onward_without_consent contradict each other"},
      {"H1 clear", "clear and no_judicial_use contradict each other"},
      {"clear crime_purposes_only", "clear and crime_purposes_only contradict each other"},
      {"clear; for us", "clear and a free restriction contradict each other"},
      {"amber;", "nothing stands after the semicolon"},
      {"amber; ", "nothing stands after the semicolon"},
      {"H3", "H3 is a restriction in words"},
      {"amber\nred", "one line"},
      {"amber; a\u202E", "one line"},
      {"amber; \xFF", "one line"},
  };
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    struct wire_marking marking;
    struct base_error err;
    wire_expect(wire_marking_read(base_view_text(bad[i].text), &marking, &err), &err, BASE_FIELD, bad[i].words,
                bad[i].text);
    assert_false(wire_marking_parse(base_view_text(bad[i].text), &marking));
  }
}

static void limits(void **state) {
  (void)state;
  for (size_t more = 0; more < 2; more++) {
    BASE_AUTO_BUF struct base_buf text = {0};
    struct wire_marking marking;
    struct base_error err;
    base_buf_text(&text, "red; ");
    wire_repeat(&text, "a", WIRE_MARKING_MAX - text.size + more);
    wire_expect(wire_marking_read(base_buf_view(&text), &marking, &err), &err, more ? BASE_FIELD : BASE_OK,
                "at most 512 bytes", "length");
    base_buf_reset(&text);
    base_buf_text(&text, "H2;"); /* shorter than it is spelled out */
    size_t spelled_out = strlen("no_onward_without_consent; ");
    wire_repeat(&text, "a", WIRE_MARKING_MAX - spelled_out + more);
    wire_expect(wire_marking_read(base_buf_view(&text), &marking, &err), &err, more ? BASE_FIELD : BASE_OK,
                "spelled out it has more than 512 bytes", "spelled");
  }
}

static struct wire_marking marking_of(const char *text) {
  struct wire_marking marking;
  assert_int_equal(wire_marking_read(base_view_text(text), &marking, NULL), BASE_OK);
  return marking;
}

/* Freer than amber alone passes without consent, and only what says so. */
static void consent(void **state) {
  (void)state;
  static const char *const free_ones[] = {"clear", "green", "green no_judicial_use pap_red", "clear pap_red"};
  static const char *const bound[] = {"amber",           "amber_strict", "red",    "green no_onward_without_consent",
                                      "no_judicial_use", "pap_clear",    "; words"};
  for (size_t i = 0; i < sizeof free_ones / sizeof free_ones[0]; i++) {
    struct wire_marking marking = marking_of(free_ones[i]);
    if (wire_marking_needs_consent(&marking))
      fail_msg("%s needs consent", free_ones[i]);
  }
  for (size_t i = 0; i < sizeof bound / sizeof bound[0]; i++) {
    struct wire_marking marking = marking_of(bound[i]);
    if (!wire_marking_needs_consent(&marking))
      fail_msg("%s needs no consent", bound[i]);
  }
  assert_true(wire_marking_needs_consent(NULL));
  assert_int_equal(wire_marking_level(NULL), WIRE_AMBER);
  struct wire_marking red = marking_of("red"), none = marking_of("H1");
  assert_int_equal(wire_marking_level(&red), WIRE_RED);
  assert_int_equal(wire_marking_level(&none), WIRE_AMBER);
}

/* Every marking there is, on all three ways: lost exactly when it does not come back, and consent is never lost. */
static void mapped_and_back(void **state) {
  (void)state;
  for (unsigned all = 0; all < WIRE_LEVELS * WIRE_PAPS << (WIRE_CONDITIONS + 1); all++) {
    struct wire_marking marking = {.conditions = all & 7,
                                   .text = all & 8 ? BASE_VIEW("pour nous") : (struct base_view){0},
                                   .level = (enum wire_level)((all >> 4) % WIRE_LEVELS),
                                   .pap = (enum wire_pap)((all >> 4) / WIRE_LEVELS)};
    struct wire_marking again;
    BASE_AUTO_BUF struct base_buf text = {0}, mapped = {0};
    wire_marking_write(&marking, &text);
    bool there = wire_marking_parse(base_buf_view(&text), &again);
    bool clear = marking.level == WIRE_CLEAR && (marking.conditions || marking.text.size);
    assert_int_equal(there, text.size > 0 && !clear);
    for (size_t i = 0; i < WIRE_MARKING_SCHEMES && there; i++) {
      base_buf_reset(&mapped);
      bool lost = wire_marking_map(&marking, (enum wire_marking_scheme)i, &mapped);
      bool back = mapped.size > 0 && wire_marking_read(base_buf_view(&mapped), &again, NULL) == BASE_OK;
      bool whole = back && again.level == marking.level && again.pap == marking.pap &&
                   again.conditions == marking.conditions && base_view_equal(again.text, marking.text);
      if (lost == whole)
        fail_msg("%.*s in %s: lost is %d", (int)text.size, (const char *)text.data, wire_marking_schemes[i], lost);
      if (i != WIRE_PAP && wire_marking_needs_consent(&marking) && !wire_marking_needs_consent(&again))
        fail_msg("%.*s in %s may be passed on", (int)text.size, (const char *)text.data, wire_marking_schemes[i]);
    }
  }
}

static void gradings_read(void **state) {
  (void)state;
  static const char *const good[][2] = {{"4x4:B/2", "4x4:B/2"},     {"4x4:x4", "4x4:X/4"},
                                        {"6x6:F6", "6x6:F/6"},      {"5x5x5:e/5/1", "5x5x5:E/5/1"},
                                        {"5x5x5:A1", "5x5x5:A/1"},  {"3x5x2:3ec", "3x5x2:3/E/C"},
                                        {"3x5x2:1/A", "3x5x2:1/A"}, {"3x5x2:2bp", "3x5x2:2/B/P"}};
  static const struct {
    const char *text, *words;
  } bad[] = {{"B2", "grading: must be SCHEME:"},
             {"4x4", "must be SCHEME:"},
             {"", "must be SCHEME:"},
             {"7x7:A1", "4x4, 6x6, 5x5x5, 3x5x2"},
             {"4x4:", "4x4 has the sources ABCX and the information 1234"},
             {"4x4:D/1", "4x4 has the sources ABCX"},
             {"4x4:A/5", "write it like 4x4:B/2"},
             {"4x4:A/1/1", "4x4 has"},
             {"4x4:A/", "4x4 has"},
             {"4x4:A//1", "4x4 has"},
             {"4x4:A/1/", "4x4 has"},
             {"4x4: A1", "4x4 has"},
             {"6x6:G/1", "6x6 has the sources ABCDEF"},
             {"5x5x5:A/1/6", "may have one of 12345"},
             {"3x5x2:1/A/X", "may have one of PC"},
             {"5x5x5:A1/1", "5x5x5 has"},
             {"5x5x5:A/11", "5x5x5 has"},
             {"5x5x5:A/1/1/1", "5x5x5 has"}};
  struct wire_grading grading;
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
    struct base_error err;
    BASE_AUTO_BUF struct base_buf out = {0};
    wire_expect(wire_grading_read(base_view_text(good[i][0]), &grading, &err), &err, BASE_OK, "", good[i][0]);
    wire_grading_write(&grading, &out);
    assert_true(base_view_is(base_buf_view(&out), good[i][1]));
    assert_true(wire_grading_parse(base_view_text(good[i][1]), &grading));
    assert_int_equal(wire_grading_parse(base_view_text(good[i][0]), &grading), strcmp(good[i][0], good[i][1]) == 0);
  }
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    struct base_error err;
    wire_expect(wire_grading_read(base_view_text(bad[i].text), &grading, &err), &err, BASE_FIELD, bad[i].words,
                bad[i].text);
    assert_false(wire_grading_parse(base_view_text(bad[i].text), &grading));
  }
}

/* Each grade of each scheme goes to each other one; what is said to be whole comes back the same. */
static void gradings_converted(void **state) {
  (void)state;
  size_t whole = 0;
  for (size_t from = 0; from < WIRE_SCHEMES; from++)
    for (size_t to = 0; to < WIRE_SCHEMES; to++)
      for (const char *source = wire_grading_sources((enum wire_scheme)from); *source; source++)
        for (const char *information = wire_grading_informations((enum wire_scheme)from); *information; information++) {
          struct wire_grading grading = {(enum wire_scheme)from, *source, *information, 0}, there, back;
          bool lost = wire_grading_convert(&grading, (enum wire_scheme)to, &there);
          assert_int_equal(there.scheme, to);
          assert_non_null(strchr(wire_grading_sources((enum wire_scheme)to), there.source));
          assert_non_null(strchr(wire_grading_informations((enum wire_scheme)to), there.information));
          if (lost)
            continue;
          whole++;
          assert_false(wire_grading_convert(&there, (enum wire_scheme)from, &back));
          assert_true(back.source == *source && back.information == *information);
        }
  assert_in_range(whole, 16 + 36 + 25 + 15 + 1, 200);
  struct wire_grading grading = {WIRE_5X5X5, 'B', '2', '5'}, out;
  assert_false(wire_grading_convert(&grading, WIRE_3X5X2, &out));
  assert_int_equal(out.third, 'C');
  assert_true(wire_grading_convert(&grading, WIRE_4X4, &out)); /* which has no place for the third */
  assert_int_equal(out.third, 0);
}

static void freer(void **state) {
  (void)state;
  static const struct {
    const char *marking, *than;
    bool want;
  } cases[] = {
      {"green", "green", false},
      {"clear", "green", true},
      {"red", "green", false},
      {"green", "amber", true},
      {"", "amber", false},
      {"", "green", false},
      {"green", "", true},
      {"amber", "", false},
      {"amber", "amber no_onward_without_consent", true},
      {"amber no_judicial_use no_onward_without_consent", "amber no_onward_without_consent", false},
      {"amber pap_green", "amber pap_amber", true},
      {"amber", "amber pap_amber", true},
      {"amber pap_red", "amber pap_amber", false},
      {"amber", "amber; ask first", true},
      {"amber; please ask first", "amber; ask first", false},
      {"amber; ask", "amber; ask first", true},
      {"amber; ask second", "amber; ask third!", true},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct wire_marking a, b;
    bool has_a = wire_marking_parse(base_view_text(cases[i].marking), &a);
    bool has_b = wire_marking_parse(base_view_text(cases[i].than), &b);
    assert_int_equal(has_a, cases[i].marking[0] != '\0');
    assert_int_equal(has_b, cases[i].than[0] != '\0');
    if (wire_marking_freer(has_a ? &a : NULL, has_b ? &b : NULL) != cases[i].want)
      fail_msg("%s, %s", cases[i].marking, cases[i].than);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_spelling),
      cmocka_unit_test(what_is_refused),
      cmocka_unit_test(limits),
      cmocka_unit_test(consent),
      cmocka_unit_test(freer),
      cmocka_unit_test(mapped_and_back),
      cmocka_unit_test(gradings_read),
      cmocka_unit_test(gradings_converted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
