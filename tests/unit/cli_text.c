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
    cli_size(&cli.out, tries[i].size);
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

static void words(void **state) {
  (void)state;
  struct cli cli;
  for (int language = 0; language < WIRE_LANGUAGES; language++) {
    begin(&cli, (enum wire_language)language, false);
    for (int word = 0; word < CLI_WORD_COUNT; word++)
      assert_true(cli_word(&cli, (enum cli_word)word)[0] != 0);
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
      cmocka_unit_test(durations),
      cmocka_unit_test(sizes),
      cmocka_unit_test(blocks),
      cmocka_unit_test(words),
  };
  setlocale(LC_CTYPE, "C.UTF-8");
  return cmocka_run_group_tests(tests, NULL, NULL);
}
