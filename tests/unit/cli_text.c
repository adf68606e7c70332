/* SPDX-License-Identifier: Apache-2.0
 * What people read: widths, columns, isolates, times and deadlines. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/cli.h"

static void begin(struct cli *cli, enum wire_language language, bool terminal) {
  memset(cli, 0, sizeof *cli);
  cli->language = language;
  cli->out_terminal = terminal;
  cli->world = base_world_system();
  base_buf_init(&cli->out, 1 << 20);
}

static void expect_out(struct cli *cli, const char *text) {
  base_buf_u8(&cli->out, 0);
  assert_string_equal((const char *)cli->out.data, text);
  base_buf_free(&cli->out);
}

static void widths(void **state) {
  (void)state;
  assert_int_equal(cli_width(BASE_VIEW("abc")), 3);
  assert_int_equal(cli_width(BASE_VIEW("é")), 1);
  assert_int_equal(cli_width(BASE_VIEW("e\u0301")), 1);
  assert_int_equal(cli_width(BASE_VIEW("الرباط")), 6);
  assert_int_equal(cli_width(BASE_VIEW("عَرَب")), 3);
  assert_int_equal(cli_width(BASE_VIEW("\u2066x\u2069")), 1);
}

static void columns(void **state) {
  (void)state;
  struct cli cli;
  begin(&cli, WIRE_EN, false);
  static const enum cli_word heads[] = {CLI_NAME, CLI_STATE};
  CLI_AUTO_TABLE struct cli_table table;
  cli_table_begin(&table, &cli, 2, heads);
  cli_cell(&table, BASE_VIEW("الرباط"));
  cli_cell(&table, BASE_VIEW("a\nb\x1b"));
  cli_cell(&table, BASE_VIEW("x"));
  cli_cell(&table, BASE_VIEW(""));
  cli_table_end(&table);
  expect_out(&cli, "Name    State\nالرباط  a\uFFFD"
                   "b\uFFFD\nx\n");
}

static void no_rows_no_table(void **state) {
  (void)state;
  struct cli cli;
  begin(&cli, WIRE_EN, false);
  CLI_AUTO_TABLE struct cli_table table;
  cli_table_begin(&table, &cli, 1, (const enum cli_word[]){CLI_NAME});
  cli_table_end(&table);
  expect_out(&cli, "");
}

static void isolated_only_where_needed(void **state) {
  (void)state;
  static const char id[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
  struct cli cli;
  begin(&cli, WIRE_AR, true);
  cli_id(&cli, &cli.out, base_view_text(id));
  expect_out(&cli, "\u2066"
                   "0123456789ab"
                   "\u2069");
  begin(&cli, WIRE_AR, false);
  cli_id(&cli, &cli.out, base_view_text(id));
  expect_out(&cli, id);
  begin(&cli, WIRE_FR, true);
  cli_isolated(&cli, &cli.out, BASE_VIEW("paris\u202e"));
  expect_out(&cli, "paris\uFFFD");
}

static void times(void **state) {
  (void)state;
  struct cli cli;
  begin(&cli, WIRE_EN, false);
  cli_time(&cli, &cli.out, 1795248000);
  expect_out(&cli, "2026-11-21 08:00:00 UTC");
  setenv("TZ", "XYZ-1", 1);
  tzset();
  begin(&cli, WIRE_EN, true);
  cli_time(&cli, &cli.out, 1795248000);
  expect_out(&cli, "2026-11-21 08:00:00 UTC (09:00 XYZ)");
}

/* What the letters around it would turn is kept in its order, on an Arabic terminal alone. */
static void numbers_keep_their_order(void **state) {
  (void)state;
  struct cli cli;
  setenv("TZ", "UTC", 1);
  tzset();
  begin(&cli, WIRE_AR, true);
  cli_time(&cli, &cli.out, 1795248000);
  cli_size(&cli, &cli.out, 1536);
  expect_out(&cli, "\u2066"
                   "2026-11-21 08:00:00 UTC"
                   "\u2069\u2066"
                   "1.5 KiB"
                   "\u2069");
  begin(&cli, WIRE_AR, false);
  cli_time(&cli, &cli.out, 1795248000);
  expect_out(&cli, "2026-11-21 08:00:00 UTC");
}

static void durations(void **state) {
  (void)state;
  static const struct {
    int64_t seconds;
    const char *text;
  } tries[] = {
      {0, "0 s"},    {59, "59 s"},       {60, "1 min"},   {3599, "59 min"}, {24000, "6 h 40 min"},
      {3600, "1 h"}, {90000, "1 d 1 h"}, {604800, "7 d"},
  };
  for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
    struct cli cli;
    begin(&cli, WIRE_EN, false);
    cli_duration(&cli, &cli.out, tries[i].seconds);
    expect_out(&cli, tries[i].text);
  }
}

static void sizes(void **state) {
  (void)state;
  static const struct {
    uint64_t size;
    const char *text;
  } tries[] = {{0, "0 B"}, {1023, "1023 B"}, {1536, "1.5 KiB"}, {1 << 30, "1.0 GiB"}, {300 << 20, "300 MiB"}};
  for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
    struct cli cli;
    begin(&cli, WIRE_EN, false);
    cli_size(&cli, &cli.out, tries[i].size);
    expect_out(&cli, tries[i].text);
  }
}

static void blocks(void **state) {
  (void)state;
  struct cli cli;
  begin(&cli, WIRE_EN, false);
  cli_block(&cli, BASE_VIEW("one\ntwo\x1b\n\nfour"), 2);
  expect_out(&cli, "  one\n  two\uFFFD\n  \n  four\n");
}

static bool has_arabic(const char *text) {
  for (; *text != 0; text++)
    if (((unsigned char)*text & 0xFC) == 0xD8) /* U+0600 to U+06FF */
      return true;
  return false;
}

/* Said in this language, as one line that shows as it is, and with nothing for printf to fill in: what is put beside a
 * text stands in the same place in every language. */
static void expect_text(enum wire_language language, const char *text) {
  assert_non_null(text);
  assert_true(text[0] != 0);
  assert_true(wire_line_valid(base_view_text(text)));
  assert_null(strchr(text, '%'));
  if (has_arabic(text) != (language == WIRE_AR))
    fail_msg("language %d: %s", (int)language, text);
}

/* A sentence is one in all five, and what a value follows is. An abbreviation ("No.") is no sentence. */
static char ending(const char *text) {
  char last = text[strlen(text) - 1];
  return last == ':' || (last == '.' && strchr(text, ' ') != NULL) ? last : 0;
}

static void every_word_in_every_language(void **state) {
  (void)state;
  struct cli english, cli;
  begin(&english, WIRE_EN, false);
  for (int language = 0; language < WIRE_LANGUAGES; language++) {
    begin(&cli, (enum wire_language)language, false);
    for (int word = 0; word < CLI_WORD_COUNT; word++) {
      expect_text(cli.language, cli_word(&cli, (enum cli_word)word));
      if (ending(cli_word(&cli, (enum cli_word)word)) != ending(cli_word(&english, (enum cli_word)word)))
        fail_msg("%s / %s", cli_word(&cli, (enum cli_word)word), cli_word(&english, (enum cli_word)word));
    }
    for (int code = 0; code < BASE_CODES; code++)
      expect_text(cli.language, cli_code_text(cli.language, (enum base_code)code));
    base_buf_free(&cli.out);
  }
  base_buf_free(&english.out);
}

static void complaints(void **state) {
  (void)state;
  static const struct {
    enum wire_language language;
    bool terminal;
    const char *line;
  } tries[] = {
      {WIRE_EN, true, "wasl: to madrid: no\uFFFDrow\n"},
      {WIRE_FR, true, "wasl: aucun accord en vigueur ne couvre cela : to madrid: no\uFFFDrow\n"},
      {WIRE_AR, false, "wasl: لا اتفاق نافذ يشمل هذا: to madrid: no\uFFFDrow\n"},
      {WIRE_AR, true, "wasl: لا اتفاق نافذ يشمل هذا: \u2066to madrid: no\uFFFDrow\u2069\n"},
  };
  const struct base_error err = {BASE_LAW, "to madrid: no\033row"};
  for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
    struct cli cli;
    char line[512] = "";
    int ends[2], kept = dup(STDERR_FILENO);
    begin(&cli, tries[i].language, false);
    cli.err_terminal = tries[i].terminal;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
    cli_complain(&cli, &err);
    assert_int_equal(dup2(kept, STDERR_FILENO), STDERR_FILENO);
    assert_true(read(ends[0], line, sizeof line - 1) > 0);
    assert_string_equal(line, tries[i].line);
    close(ends[0]);
    close(ends[1]);
    close(kept);
    base_buf_free(&cli.out);
  }
}

static void words(void **state) {
  (void)state;
  struct cli cli;
  for (int language = 0; language < WIRE_LANGUAGES; language++) {
    begin(&cli, (enum wire_language)language, false);
    assert_false(base_view_is(cli_code_word(&cli, BASE_VIEW("under_way")), "under_way"));
    assert_true(base_view_is(cli_code_word(&cli, BASE_VIEW("unheard")), "unheard"));
    base_buf_free(&cli.out);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(widths),
      cmocka_unit_test(columns),
      cmocka_unit_test(no_rows_no_table),
      cmocka_unit_test(isolated_only_where_needed),
      cmocka_unit_test(times),
      cmocka_unit_test(numbers_keep_their_order),
      cmocka_unit_test(durations),
      cmocka_unit_test(sizes),
      cmocka_unit_test(blocks),
      cmocka_unit_test(words),
      cmocka_unit_test(every_word_in_every_language),
      cmocka_unit_test(complaints),
  };
  setlocale(LC_CTYPE, "C.UTF-8");
  return cmocka_run_group_tests(tests, NULL, NULL);
}
