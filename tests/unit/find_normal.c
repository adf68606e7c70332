/* SPDX-License-Identifier: Apache-2.0
 * The one spelling under which a value is found (spec/crosscheck.md): vectors, limits, and the values of a message. */
#include "find/find.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct vector {
  enum wire_match sort;
  const char *text, *normal; /* NULL: there is none */
} vectors[] = {
    {WIRE_MATCH_NAME, "Omar El-Fassi", "el fassi omar"},
    {WIRE_MATCH_NAME, "EL FASSI, Omar", "el fassi omar"},
    {WIRE_MATCH_NAME, "  omar\t\n el  fassi ", "el fassi omar"},
    {WIRE_MATCH_NAME, "José Núñez", "jose nunez"},
    {WIRE_MATCH_NAME, "Jose\xcc\x81 Nu\xcc\x81n\xcc\x83" "ez", "jose nunez"}, /* decomposed */
    {WIRE_MATCH_NAME, "Straße", "strasse"},
    {WIRE_MATCH_NAME, "O\xe2\x80\x99" "Brien", "brien o"},
    {WIRE_MATCH_NAME, "\xca\xbf" "Abd al-Q\xc4\x81" "dir", "abd al qadir"}, /* a raised comma, a long vowel */
    {WIRE_MATCH_NAME, "\xef\xbc\xaf\xef\xbc\xad\xef\xbc\xa1\xef\xbc\xb2", "omar"}, /* wide letters */
    {WIRE_MATCH_NAME, "\xef\xac\x81" "lipe", "filipe"}, /* a ligature */
    {WIRE_MATCH_NAME, "ΣΊΣΥΦΟΣ", "σισυφοσ"},
    {WIRE_MATCH_NAME, "Ёлкин", "елкин"},
    {WIRE_MATCH_NAME, "أَحْمَد الفَاسِيّ", "احمد الفاسي"},
    {WIRE_MATCH_NAME, "احمد الفـــاسي", "احمد الفاسي"}, /* tatweel */
    {WIRE_MATCH_NAME, "آمنة", "امنة"},
    {WIRE_MATCH_NAME, "رؤوف", "رووف"},
    {WIRE_MATCH_NAME, "\xef\xbb\xa3\xef\xba\xa4\xef\xbb\xa4\xef\xba\xaa", "محمد"}, /* presentation forms */
    {WIRE_MATCH_NAME, "مصطفى", "مصطفى"}, /* stays another letter than ي */
    {WIRE_MATCH_NAME, "فاطمة", "فاطمة"},
    {WIRE_MATCH_NAME, "\xe2\x80\x8f" "عمر\xe2\x80\x8e", "عمر"}, /* marks of direction */
    {WIRE_MATCH_NAME, "山田 太郎", "太郎 山田"}, /* stands for itself */
    {WIRE_MATCH_NAME, "Louis XIV 14", "14 louis xiv"},
    {WIRE_MATCH_NAME, "- . -", NULL},
    {WIRE_MATCH_NAME, "", NULL},
    {WIRE_MATCH_BORN, "1984-02-29", "1984-02-29"},
    {WIRE_MATCH_BORN, "1983-02-29", NULL},
    {WIRE_MATCH_BORN, "29/02/1984", NULL},
    {WIRE_MATCH_DOCUMENT, "AB 123-456", "ab123456"},
    {WIRE_MATCH_DOCUMENT, "ab١٢٣٤٥٦", "ab123456"},
    {WIRE_MATCH_DOCUMENT, "A-1 2", NULL},
    {WIRE_MATCH_DOCUMENT, "A123", "a123"},
    {WIRE_MATCH_VEHICLE, "12345-أ-6", "12345ا6"},
    {WIRE_MATCH_ACCOUNT, "FR76 3000 6000 0112 3456 7890 189", "fr7630006000011234567890189"},
    {WIRE_MATCH_IDENTIFIER, "IMEI: 49-015420-323751-8", "imei490154203237518"},
    {WIRE_MATCH_PHONE, "+212 6 00 00 00 00", "+212600000000"},
    {WIRE_MATCH_PHONE, "00212 (0)600-00-00-00", "+212600000000"},
    {WIRE_MATCH_PHONE, "+212 (0)600-00-00-00", "+212600000000"},
    {WIRE_MATCH_PHONE, "٠٠٢١٢٦٠٠٠٠٠٠٠٠", "+212600000000"},
    {WIRE_MATCH_PHONE, "06.00.00.00.00", "0600000000"},
    {WIRE_MATCH_PHONE, "(0)600000000", "0600000000"},
    {WIRE_MATCH_PHONE, "600000", NULL},
    {WIRE_MATCH_PHONE, "6000000", "6000000"},
    {WIRE_MATCH_PHONE, "+123456789012345", "+123456789012345"},
    {WIRE_MATCH_PHONE, "+1234567890123456", NULL},
    {WIRE_MATCH_PHONE, "0600000000 bureau", NULL},
    {WIRE_MATCH_PHONE, "هاتف 0600000000", NULL},
    {WIRE_MATCH_MAIL, " Amal.Fictive+x@Exemple.MA ", "amal.fictive+x@exemple.ma"},
    {WIRE_MATCH_MAIL, "amal@", NULL},
    {WIRE_MATCH_MAIL, "@exemple.ma", NULL},
    {WIRE_MATCH_MAIL, "amal@exemple.ma, b@exemple.ma", NULL},
};

static void normal_is(const struct vector *vector) {
  BASE_AUTO_BUF struct base_buf out = {0};
  base_buf_init(&out, FIND_NORMAL_MAX);
  bool found = find_normal(vector->sort, base_view_text(vector->text), &out);
  if (found != (vector->normal != NULL) || (found && !base_view_is(base_buf_view(&out), vector->normal)))
    fail_msg("%s \"%s\": %s\"%.*s\"", wire_match_names[vector->sort], vector->text, found ? "" : "none ", (int)out.size,
             out.data != NULL ? (const char *)out.data : "");
}

static void test_vectors(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
    normal_is(&vectors[i]);
}

/* What was folded stays as it is when it is folded again. */
static void test_folded_is_folded(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
    if (vectors[i].sort == WIRE_MATCH_NAME && vectors[i].normal != NULL)
      normal_is(&(struct vector){WIRE_MATCH_NAME, vectors[i].normal, vectors[i].normal});
}

static void test_limits(void **state) {
  (void)state;
  char text[FIND_TEXT_MAX + 2], words[2 * FIND_WORDS_MAX + 3], normal[sizeof text];
  memset(text, 'a', sizeof text);
  text[FIND_TEXT_MAX] = '\0';
  snprintf(normal, sizeof normal, "%s", text);
  normal_is(&(struct vector){WIRE_MATCH_NAME, text, normal});
  text[FIND_TEXT_MAX] = 'a';
  text[FIND_TEXT_MAX + 1] = '\0';
  normal_is(&(struct vector){WIRE_MATCH_NAME, text, NULL});
  for (size_t i = 0; i <= FIND_WORDS_MAX; i++)
    memcpy(words + 2 * i, "a ", 2);
  words[2 * FIND_WORDS_MAX] = '\0';
  BASE_AUTO_BUF struct base_buf out = {0};
  base_buf_init(&out, FIND_NORMAL_MAX);
  assert_true(find_normal(WIRE_MATCH_NAME, base_view_text(words), &out));
  words[2 * FIND_WORDS_MAX] = 'a';
  words[2 * FIND_WORDS_MAX + 1] = '\0';
  assert_false(find_normal(WIRE_MATCH_NAME, base_view_text(words), &out));
  text[0] = '\0'; /* what becomes longer by folding than a normal form may be */
  for (size_t i = 0; i + 3 < FIND_TEXT_MAX; i += 3)
    memcpy(text + i, "\xef\xb7\xba", 4);
  assert_false(find_normal(WIRE_MATCH_IDENTIFIER, base_view_text(text), &out));
}

/* --- of a message */

static const char KIND[] =
    "{\"wasl\":\"kind/1\",\"name\":\"talk\",\"version\":1,\"needs_row\":true,\"types\":[{\"name\":\"ask\",\"fields\":["
    "{\"name\":\"family\",\"type\":\"line\",\"most\":300,\"match\":\"name\"},"
    "{\"name\":\"given\",\"type\":\"line\",\"most\":300,\"match\":\"name\"},"
    "{\"name\":\"day\",\"type\":\"date\",\"match\":\"born\"},"
    "{\"name\":\"note\",\"type\":\"text\",\"most\":300},"
    "{\"name\":\"mail\",\"type\":\"text\",\"most\":300,\"match\":\"mail\"},"
    "{\"name\":\"things\",\"type\":\"table\",\"most\":256,\"columns\":["
    "{\"name\":\"plate\",\"type\":\"line\",\"most\":300,\"match\":\"vehicle\"},"
    "{\"name\":\"owner\",\"type\":\"line\",\"most\":300,\"match\":\"name\"},"
    "{\"name\":\"other\",\"type\":\"line\",\"most\":300,\"match\":\"account\"}]}]},"
    "{\"name\":\"nod\",\"fields\":[{\"name\":\"note\",\"type\":\"text\",\"most\":300}]}],"
    "\"lists\":{},\"states\":[\"asked\",\"done\"],\"opening\":\"ask\",\"transitions\":[{\"on\":\"ask\",\"to\":\"asked\"},"
    "{\"on\":\"nod\",\"from\":[\"asked\"],\"to\":\"done\",\"who\":\"others\"}],\"clocks\":[]}";

struct gathered {
  struct base_buf text;
  size_t count;
};

static enum base_code gather(void *context, const struct find_value *value) {
  struct gathered *gathered = context;
  gathered->count++;
  if (gathered->text.size < 4096)
    base_buf_printf(&gathered->text, "%s %zu/%zu %.*s;", wire_match_names[value->sort], value->field, value->row,
                    (int)value->normal.size, (const char *)value->normal.data);
  return BASE_OK;
}

static struct gathered values(const struct wire_kind_type *type, const char *json, size_t want_left) {
  struct gathered gathered = {0};
  WIRE_AUTO_JSON struct wire_json *fields = NULL;
  size_t left = 0;
  assert_int_equal(wire_json_parse(base_view_text(json), 1 << 20, "fields", &fields, NULL), BASE_OK);
  assert_int_equal(find_values(type, fields, gather, &gathered, &left, NULL), BASE_OK);
  assert_int_equal(left, want_left);
  base_buf_u8(&gathered.text, 0);
  return gathered;
}

static void gives(const struct wire_kind_type *type, const char *json, const char *want) {
  struct gathered gathered = values(type, json, 0);
  assert_string_equal((const char *)gathered.text.data, want);
  base_buf_free(&gathered.text);
}

static void test_values(void **state) {
  (void)state;
  BASE_AUTO_ARENA struct base_arena arena;
  base_arena_init(&arena, WIRE_KIND_ARENA);
  struct base_hash hash = {{0}};
  struct wire_kind kind;
  struct base_error err;
  if (wire_kind_parse(base_view_text(KIND), &hash, &arena, &kind, &err) != BASE_OK)
    fail_msg("%s", err.text);
  const struct wire_kind_type *ask = &kind.types[0], *nod = &kind.types[1];
  assert_true(ask->matched && !nod->matched);
  gives(nod, "{\"note\":\"Omar El-Fassi\"}", "");
  gives(ask, "{}", "");
  gives(ask, "{\"family\":\"El Fassi\",\"given\":\"Omar\",\"day\":\"1984-02-28\",\"note\":\"X Y\",\"mail\":\"A@b\"}",
        "name 0/0 el fassi omar;born 0/0 el fassi omar\n1984-02-28;mail 4/0 a@b;");
  gives(ask, "{\"given\":\"Omar\",\"day\":\"1984-02-28\"}", "born 1/0 omar\n1984-02-28;"); /* one word, but with the day */
  gives(ask, "{\"given\":\"Omar\",\"day\":\"1984-02-30\"}", "");
  gives(ask, "{\"day\":\"1984-02-28\"}", "");
  gives(ask, "{\"things\":[{\"plate\":\"12-A-34\"},{\"owner\":\"A B\",\"plate\":\"x\",\"other\":\"1234\"}]}",
        "vehicle 5/0 12a34;name 5/1 a b;account 5/1 1234;");
  /* a partner's content is what he made it */
  gives(ask, "{\"given\":7,\"family\":[\"a b\"],\"mail\":{},\"things\":\"x\",\"day\":null}", "");
  gives(ask, "{\"things\":{\"plate\":\"12-A-34\"}}", "");
  gives(ask, "{\"things\":[\"12-A-34\",{\"plate\":false},[]]}", "");
}

/* More than the kind allows: counted, and no more. */
static void test_too_many(void **state) {
  (void)state;
  BASE_AUTO_ARENA struct base_arena arena;
  base_arena_init(&arena, WIRE_KIND_ARENA);
  struct base_hash hash = {{0}};
  struct wire_kind kind;
  BASE_AUTO_BUF struct base_buf json = {0};
  assert_int_equal(wire_kind_parse(base_view_text(KIND), &hash, &arena, &kind, NULL), BASE_OK);
  base_buf_text(&json, "{\"things\":[");
  for (int i = 0; i < WIRE_KIND_ROWS_MAX + 2; i++)
    base_buf_printf(&json, "%s{\"plate\":\"P%d\",\"owner\":\"A %d\",\"other\":\"0000%d\"}", i > 0 ? "," : "", i + 1000, i, i);
  base_buf_printf(&json, "]}%c", 0);
  struct gathered gathered = values(&kind.types[0], (const char *)json.data, 2);
  assert_int_equal(gathered.count, 3 * WIRE_KIND_ROWS_MAX);
  base_buf_free(&gathered.text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_vectors), cmocka_unit_test(test_folded_is_folded), cmocka_unit_test(test_limits),
      cmocka_unit_test(test_values),  cmocka_unit_test(test_too_many),
  };
  return cmocka_run_group_tests_name("find: the normal form", tests, NULL, NULL);
}
