/* SPDX-License-Identifier: Apache-2.0
 * Free text that seems to hold what a person is known by. All persons, numbers and addresses are invented. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../shipped.h"
#include "wire/hint.h"

static const base_time NOW = 1795392000; /* 2026-11-23 */

static size_t hints(const char *kind, const char *type, const char *fields,
                    struct wire_hint_found out[WIRE_HINTS_MAX]) {
  static struct shipped shipped; /* the names of fields are looked at afterwards */
  static char kept[32];
  BASE_AUTO_ARENA struct base_arena arena = {0};
  struct wire_json *json = NULL;
  struct base_error err = {0};
  if (strcmp(kept, kind) != 0) {
    if (kept[0] != '\0')
      base_arena_free(&shipped.arena);
    shipped_load(&shipped, kind);
    snprintf(kept, sizeof kept, "%s", kind);
  }
  base_arena_init(&arena, 8 << 20);
  if (wire_json_parse(base_view_text(fields), 1 << 20, "fields", &json, &err) != BASE_OK)
    fail_msg("%s: %s", fields, err.text);
  size_t count = wire_form_hints(shipped_type(&shipped, type), json, NOW, &arena, out);
  wire_json_free(json);
  return count;
}

static size_t in_text(const char *text, struct wire_hint_found out[WIRE_HINTS_MAX]) {
  char fields[2000];
  snprintf(fields, sizeof fields, "{\"question\":\"%s\"}", text);
  return hints("request", "ask", fields, out);
}

static void finds_and_places(void **state) {
  (void)state;
  static const struct {
    const char *text;
    enum wire_hint what;
    size_t place;
  } rows[] = {
      {"Contact : amal.fictive@exemple.ma", WIRE_HINT_EMAIL, 23},
      {"a@b.co", WIRE_HINT_EMAIL, 2},
      {"Tél. +212 6 00 00 00 00.", WIRE_HINT_PHONE, 6},
      {"+34600000000", WIRE_HINT_PHONE, 1},
      {"appeler le 06.00.00.00.00", WIRE_HINT_PHONE, 12},
      {"رقمه ٠٦٠٠٠٠٠٠٠٠ حاليا", WIRE_HINT_PHONE, 6},
      {"۰۶۰۰۰۰۰۰۰۰", WIRE_HINT_PHONE, 1},
      {"Untel, né le 29/02/1984 à Nulleville", WIRE_HINT_BIRTH, 8},
      {"NÉE LE 1.2.1990", WIRE_HINT_BIRTH, 1},
      {"born on 1984-02-29", WIRE_HINT_BIRTH, 1},
      {"date of birth: 29/02/1984", WIRE_HINT_BIRTH, 1},
      {"nacido el 29-02-1984", WIRE_HINT_BIRTH, 1},
      {"data de nascimento 29/02/1984", WIRE_HINT_BIRTH, 9},
      {"فلان المزداد في ٢٩/٠٢/١٩٨٤ بمدينة", WIRE_HINT_BIRTH, 6},
      {"passeport n° 12AB34567", WIRE_HINT_DOCUMENT, 1},
      {"titulaire de la CIN AB123456", WIRE_HINT_DOCUMENT, 17},
      {"DNI 12345678Z", WIRE_HINT_DOCUMENT, 1},
      {"حامل جواز رقم AB123456", WIRE_HINT_DOCUMENT, 6},
      {"Untel, 12/03/1980, tel 06 00 00 00 00", WIRE_HINT_BIRTH, 8},
      {"0600000000 12/03/1980", WIRE_HINT_BIRTH, 12},
      {"0600000000 12/03/1980", WIRE_HINT_PHONE, 1},
      {"+212 600-00-00-00 1980-03-12", WIRE_HINT_BIRTH, 19},
      {"رقمه ٠٦٠٠٠٠٠٠٠٠ فلان ١٢/٠٣/١٩٨٠", WIRE_HINT_BIRTH, 22},
      {"12.3.1980 passeport AB123456", WIRE_HINT_BIRTH, 1},
      {"titulaire de la CIN AB123456, 12/03/1980", WIRE_HINT_BIRTH, 31},
      {"le 12/03/2026, puis 1/1/2016 : +212600000000", WIRE_HINT_BIRTH, 21},
      {"1/1/1916 +212600000000", WIRE_HINT_BIRTH, 1},
      {"1980-03-12 012345678901234567890123456789012345 +212600000000", WIRE_HINT_BIRTH, 1},
      {"P<UTOFICTIVE<<AMAL<<<<<<<<<<<<<<<<<<<<<<<<<<", WIRE_HINT_MRZ, 1},
      {"lu : L898902C36UTO7408122F1204159ZE184226B<<<<<10", WIRE_HINT_MRZ, 6},
  };
  struct wire_hint_found found[WIRE_HINTS_MAX];
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    size_t count = in_text(rows[i].text, found), k = 0;
    while (k < count && found[k].what != rows[i].what)
      k++;
    if (k == count || found[k].place != rows[i].place)
      fail_msg("%s: %zu found, %s at %zu", rows[i].text, count,
               k < count ? wire_hint_names[found[k].what] : "none of it", k < count ? found[k].place : 0);
    assert_true(base_view_is(found[k].field, "question"));
  }
}

static void what_is_none(void **state) {
  (void)state;
  static const char *const texts[] = {
      "",
      "Le navire arrive demain.",
      "نجمة المضيق تصل غدا",
      "réf. 2026-11-23/0612",
      "le 29/02/1984 un navire",
      "@tous",
      "prix @ 3.50",
      "x@y",
      "a@b.",
      "a@-.c",
      "+33",
      "+12345678",
      "+1234567890123456",
      "061234567",
      "06123456789",
      "12061234567890",
      "1/0612345678",
      "born in Nulleville",
      "né le matin",
      "born a long time ago, and after it 1984-02-29",
      "1984-02",
      "born 1984-02-",
      "born 1984-123-1",
      "born 12345-1-1",
      "born 1-2-198",
      "born 1/2-1984",
      "passeport valable",
      "passeport n° ABCDEFGH",
      "passeport 1234",
      "passeport 1234567890123",
      "reborn 1984-02-29",
      "<<<<<<<<<<",
      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789ABCDEFGH",
      "P<UTO<FICTIVE",
  };
  struct wire_hint_found found[WIRE_HINTS_MAX];
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    if (in_text(texts[i], found) != 0)
      fail_msg("%s: %s at %zu", texts[i], wire_hint_names[found[0].what], found[0].place);
}

/* Beside a telephone number or a document's: the day of a meeting, an age that nobody has, too far from it. */
static void no_birth(void **state) {
  (void)state;
  static const char *const texts[] = {
      "le 12/03/2026 : +212600000000",
      "1/1/2017 +212600000000",
      "1/1/1915 +212600000000",
      "1980-03-12 0123456789012345678901234567890123456 +212600000000 1/1/2020",
      "x12/03/1980 +212600000000",
      "réf. 2612/03/1980 +212600000000",
      "12/03/80 +212600000000",
      "le 12/03/1980, lettre 12345",
  };
  struct wire_hint_found found[WIRE_HINTS_MAX];
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    for (size_t k = in_text(texts[i], found); k-- > 0;)
      if (found[k].what == WIRE_HINT_BIRTH)
        fail_msg("%s: birth at %zu", texts[i], found[k].place);
}

/* A record of a person, and nothing is said; without a place for one only of what counts as free of personal data. */
static void by_the_form(void **state) {
  (void)state;
  struct wire_hint_found found[WIRE_HINTS_MAX];
  assert_int_equal(hints("information", "provide",
                         "{\"subject\":\"a@b.co\",\"information\":\"a@b.co +34600000000\",\"persons\":[]}", found),
                   3);
  assert_true(base_view_is(found[0].field, "subject") && base_view_is(found[1].field, "information"));
  assert_int_equal(
      hints("information", "provide", "{\"information\":\"a@b.co\",\"persons\":[{\"name\":\"x\"}]}", found), 0);
  assert_int_equal(hints("information", "correct", "{\"information\":\"a@b.co\",\"reason\":\"c@d.co\"}", found), 1);
  assert_true(base_view_is(found[0].field, "reason"));
  assert_int_equal(hints("information", "provide", "{\"information\":7,\"language\":\"a@b.co\"}", found), 0);
}

/* Of each sort the first; and no more than there is room for, nor memory. */
static void bounded(void **state) {
  (void)state;
  struct wire_hint_found found[WIRE_HINTS_MAX];
  assert_int_equal(in_text("a@b.co c@d.co +34600000000 +34600000001", found), 2);
  struct base_view names[8];
  struct wire_kind_field fields[8];
  struct wire_kind_type type = {.field_count = 8, .fields = fields};
  char text[1200] = "{";
  for (size_t i = 0; i < 8; i++) {
    static const char letters[] = "a\0b\0c\0d\0e\0f\0g\0h";
    names[i] = base_view_of(letters + 2 * i, 1);
    fields[i] = (struct wire_kind_field){.name = names[i], .type = WIRE_FIELD_TEXT};
    snprintf(text + strlen(text), sizeof text - strlen(text), "%s\"%s\":\"a@b.co +34600000000 born 1984-02-29\"",
             i > 0 ? "," : "", letters + 2 * i);
  }
  snprintf(text + strlen(text), sizeof text - strlen(text), "}");
  struct wire_json *json = NULL;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  assert_int_equal(wire_json_parse(base_view_text(text), 4096, "fields", &json, NULL), BASE_OK);
  assert_int_equal(wire_form_hints(&type, json, NOW, &arena, found), WIRE_HINTS_MAX);
  BASE_AUTO_ARENA struct base_arena small = {0};
  base_arena_init(&small, 16);
  assert_int_equal(wire_form_hints(&type, json, NOW, &small, found), 0);
  wire_json_free(json);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(finds_and_places),
      cmocka_unit_test(what_is_none), cmocka_unit_test(no_birth),
      cmocka_unit_test(by_the_form),
      cmocka_unit_test(bounded),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
