/* SPDX-License-Identifier: Apache-2.0
 * What is typed: commands, options, values of fields, media types, languages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/cli.h"

enum { WORDS = 24 };

struct typed {
  struct cli cli;
  char text[512], *argv[WORDS];
  int argc;
};

/* Words are separated by single spaces. */
static enum base_code type(struct typed *typed, const char *line, struct base_error *err) {
  memset(typed, 0, sizeof *typed);
  (void)snprintf(typed->text, sizeof typed->text, "wasl %s", line);
  char *rest = typed->text;
  while (rest != NULL && typed->argc < WORDS)
    typed->argv[typed->argc++] = strsep(&rest, " ");
  return cli_args_read(&typed->cli, typed->argc, typed->argv, err);
}

static const char help_rows[] =
#define CLI_SAID_PIECE(en, ar, fr, es, pt) en "\n"
#include "cli/help.def"
#include "cli/help_options.def"
#undef CLI_SAID_PIECE
    "";

static void understood(void **state) {
  (void)state;
  struct typed typed;
  struct base_error err;
  assert_int_equal(
      type(&typed, "-n DIR case open request --to paris,madrid --field a=b --json --field=c=d --part x", &err),
      BASE_OK);
  assert_string_equal(typed.cli.command->words, "case open");
  assert_string_equal(typed.cli.node, "DIR");
  assert_true(typed.cli.json);
  assert_int_equal(typed.cli.word_count, 1);
  assert_string_equal(typed.cli.words[0], "request");
  assert_string_equal(cli_option(&typed.cli, "--to"), "paris,madrid");
  assert_string_equal(cli_option(&typed.cli, "--field"), "c=d");
  assert_int_equal(type(&typed, "card show x.card -n OTHER", &err), BASE_OK);
  assert_string_equal(typed.cli.node, "OTHER");
  assert_int_equal(type(&typed, "card show -- --odd", &err), BASE_OK);
  assert_string_equal(typed.cli.words[0], "--odd");
  assert_int_equal(type(&typed, "card show - --json", &err), BASE_OK);
  assert_string_equal(typed.cli.words[0], "-");
}

static void wrong_use(void **state) {
  (void)state;
  static const struct {
    const char *line, *words;
  } tries[] = {
      {"-n", "-n needs a value"},
      {"-n DIR", "no command was given"},
      {"cases list", "no command 'cases list'"},
      {"case", "case: which command? open, send, list, show, items, balance, crosscheck, feed, review, export, erase; see: wasl help case"},
      {"case --json", "case: which command?"},
      {"case lists", "no command 'case lists', but open"},
      {"case show", "CASE is missing: a case's id, or its first digits"},
      {"case send d273", "TYPE is missing: a type of message"},
      {"case send --field a=b d273", "TYPE is missing"},
      {"backup restore a --key b", "DIR is missing: the node's folder, with its keys"},
      {"case show a b", "'b' is one word too many"},
      {"case list --limits 3", "no option --limits"},
      {"case list --limit", "--limit needs a value"},
      {"outbox list --open=1", "--open takes no value"},
      {"--what", "no option --what"},
      {"case show x --to y", "no option --to"},
      {"case open request --fields a.json --to b --fields c.json", "--fields stands twice"},
      {"outbox list --limit=3 --limit 4", "--limit stands twice"},
      {"outbox list --open --open", "--open stands twice"},
      {"-n A case list -n B", "-n stands twice"},
  };
  for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
    struct typed typed;
    struct base_error err = {BASE_OK, ""};
    assert_int_equal(type(&typed, tries[i].line, &err), BASE_USAGE);
    if (strstr(err.text, tries[i].words) == NULL)
      fail_msg("%s: the error \"%s\" lacks \"%s\"", tries[i].line, err.text, tries[i].words);
  }
}

static void option_limit(void **state) {
  (void)state;
  static struct cli cli;
  static char *argv[2 * CLI_OPTIONS_MAX + 8];
  static char words[][8] = {"wasl", "case", "open", "k", "--field", "a=b"};
  struct base_error err;
  int argc = 0;
  while (argc < 4) {
    argv[argc] = words[argc];
    argc++;
  }
  for (int i = 0; i <= CLI_OPTIONS_MAX; i++) {
    argv[argc++] = words[4];
    argv[argc++] = words[5];
  }
  assert_int_equal(cli_args_read(&cli, argc, argv, &err), BASE_USAGE);
  assert_non_null(strstr(err.text, "more than"));
}

/* Splits at spaces; what stands between single quotes is one word. */
static int split(char *line, char **argv) {
  int argc = 0;
  argv[argc++] = line;
  for (char *at = line + strlen(line) + 1; *at != 0;) {
    assert_true(argc < WORDS);
    argv[argc++] = at;
    char *to = at;
    for (bool quoted = false; *at != 0 && (quoted || *at != ' '); at++)
      if (*at == '\'')
        quoted = !quoted;
      else
        *to++ = *at;
    bool last = *at == 0;
    *to = 0;
    at += !last;
  }
  return argc;
}

/* By a row of its own, which has no values. */
static void in_all_languages(const char *english) {
  for (enum wire_language language = 0; language < WIRE_LANGUAGES; language++) {
    BASE_AUTO_BUF struct base_buf out = {0};
    base_buf_init(&out, 1 << 16);
    bool said = cli_said(language, base_view_text(english), false, &out);
    if (said != (language != WIRE_EN) || (said && strstr(help_rows, english) == NULL))
      fail_msg("help.def and help_options.def lack: %s", english);
  }
}

/* Every command can be found by its own words and says what it does; each of its words and options is explained, stands
 * in its usage, and its example is a right use of it. */
static void table(void **state) {
  (void)state;
  for (size_t i = 0; i < cli_command_count; i++) {
    const struct cli_command *command = &cli_commands[i];
    struct typed typed = {0};
    struct base_error err;
    char line[512] = "wasl";
    assert_true(strlen(command->help) > 10);
    assert_non_null(command->run);
    (void)snprintf(line + 5, sizeof line - 5, "%s", command->example);
    typed.argc = split(line, typed.argv);
    for (int word = 0; word < typed.argc; word++)
      if (strcmp(typed.argv[word], ">") == 0)
        typed.argc = word;
    if (cli_args_read(&typed.cli, typed.argc, typed.argv, &err) != BASE_OK)
      fail_msg("%s: %s", command->example, err.text);
    assert_ptr_equal(typed.cli.command, command);
    base_buf_init(&typed.cli.out, 1 << 16);
    cli_help_command(&typed.cli, command);
    assert_int_equal(base_buf_check(&typed.cli.out, "help", NULL), BASE_OK);
    base_buf_free(&typed.cli.out);
    in_all_languages(command->help);
    for (const char *at = command->options; *at != 0; at += strcspn(at, " ")) {
      at += strspn(at, " ");
      size_t size = strcspn(at, " =");
      char name[32];
      const char *value = NULL;
      if (size == 0)
        continue;
      (void)snprintf(name, sizeof name, "%.*s", (int)size, at);
      const char *text = cli_help_option(command, base_view_text(name), &value);
      if (text == NULL || strstr(command->usage, name) == NULL)
        fail_msg("%s: %s is not explained, or not in its usage", command->words, name);
      in_all_languages(text);
      assert_int_equal(value != NULL, at[size] == '=');
      char named[128];
      (void)snprintf(named, sizeof named, "%s%s%s", name, value != NULL ? " " : "", value != NULL ? value : "");
      if (strstr(command->usage, named) == NULL)
        fail_msg("%s: '%s' stands otherwise in its usage", command->words, named);
    }
    size_t count = 0;
    struct base_view word;
    for (const char *at = command->usage; cli_help_next_word(command, &at, &word); count++)
      if (cli_help_word(command, word) == NULL)
        fail_msg("%s: %.*s is not explained", command->words, (int)word.size, (const char *)word.data);
      else
        in_all_languages(cli_help_word(command, word));
    assert_true(count >= command->least && count <= command->most + 1); /* one more where words are given one for another */
  }
}

static void expect_help(const char *line, enum base_code code, const char *words) {
  struct typed typed;
  struct base_error err = {BASE_OK, ""};
  memset(&typed, 0, sizeof typed);
  (void)snprintf(typed.text, sizeof typed.text, "wasl %s", line);
  char *rest = typed.text;
  while (rest != NULL && typed.argc < WORDS)
    typed.argv[typed.argc++] = strsep(&rest, " ");
  base_buf_init(&typed.cli.out, 1 << 16);
  typed.cli.language = WIRE_EN;
  assert_true(cli_help_asked(typed.argc, typed.argv));
  assert_int_equal(cli_help(&typed.cli, typed.argc, typed.argv, &err), code);
  base_buf_u8(&typed.cli.out, 0);
  if (strstr(code == BASE_OK ? (const char *)typed.cli.out.data : err.text, words) == NULL)
    fail_msg("%s: '%s' is not in: %s%s", line, words, (const char *)typed.cli.out.data, err.text);
  base_buf_free(&typed.cli.out);
}

static void help(void **state) {
  (void)state;
  expect_help("help", BASE_OK, "8 the partner cannot be reached");
  expect_help("--help", BASE_OK, "  case open ");
  expect_help("-n DIR -h", BASE_OK, "  case open ");
  expect_help("case --help", BASE_OK, "wasl case export CASE DIR");
  expect_help("help case", BASE_OK, "wasl case export CASE DIR");
  expect_help("help case open", BASE_OK, "  --handling CODES");
  expect_help("case open --help", BASE_OK, "Example\n  wasl -n paris case open request");
  expect_help("-n DIR case open request --to --help", BASE_OK, "the partners it goes to");
  expect_help("outbox end x --help", BASE_OK, "only to this partner");
  expect_help("help status", BASE_OK, "wasl status");
  expect_help("help case", BASE_OK, "wasl help case COMMAND says more of each.");
  expect_help("help stix list", BASE_OK, "[--reason TEXT]\n\n  STIX objects in parts of messages, the newest message first\n\n  --type TYPE ");
  expect_help("help case review", BASE_OK, "  CASE   ");
  expect_help("help consignment export", BASE_OK, "  FILE   ");
  expect_help("help events", BASE_OK, "what came after this event");
  expect_help("help release list", BASE_OK, "only what was submitted after this one");
  expect_help("help partner reconcile", BASE_OK, "every number");
  expect_help("help cases", BASE_USAGE, "no command 'cases'");
  expect_help("case lists --help", BASE_USAGE, "no command 'case lists'");
  char *plain[] = {(char[]){"wasl"}, (char[]){"card"}, (char[]){"show"}, (char[]){"--"}, (char[]){"--help"}};
  assert_false(cli_help_asked(5, plain));
  assert_false(cli_help_asked(1, plain));
}

static void field_values(void **state) {
  (void)state;
  static const struct {
    const char *type, *value, *json;
  } tries[] = {
      {"text", "أين \"هو\"؟", "\"أين \\\"هو\\\"؟\""},
      {"code", "normal", "\"normal\""},
      {"", "what", "\"what\""},
      {"integer", "-12", "-12"},
      {"integer", "0", "0"},
      {"integer", "9223372036854775807", "9223372036854775807"},
      {"integer", "9223372036854775808", NULL},
      {"integer", "1.5", NULL},
      {"integer", "", NULL},
      {"bool", "true", "true"},
      {"bool", "yes", NULL},
      {"codes", "a,b", "[\"a\",\"b\"]"},
      {"names", "", "[]"},
      {"table", "[{\"a\": 1}]", "[{\"a\":1}]"},
      {"table", "[{", NULL},
      {"text", "\xff", NULL},
  };
  for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
    BASE_AUTO_BUF struct base_buf out = {0};
    struct base_error err;
    base_buf_init(&out, 1 << 16);
    enum base_code code =
        cli_field_value("f", base_view_text(tries[i].type), base_view_text(tries[i].value), &out, &err);
    if ((code == BASE_OK) != (tries[i].json != NULL))
      fail_msg("%s of %s: %s", tries[i].value, tries[i].type, base_code_name(code));
    if (code == BASE_OK)
      assert_true(base_view_is(base_buf_view(&out), tries[i].json));
    else
      assert_non_null(strstr(err.text, "--field f"));
  }
}

static void media_types(void **state) {
  (void)state;
  assert_string_equal(cli_media_type("a.JSON", false), "application/json");
  assert_string_equal(cli_media_type("a.json", true), "application/stix+json");
  assert_string_equal(cli_media_type("a.stix", false), "application/stix+json");
  assert_string_equal(cli_media_type("report.ar.txt", false), "text/plain");
  assert_string_equal(cli_media_type("x.pdf", false), "application/pdf");
  assert_string_equal(cli_media_type("noending", false), "application/octet-stream");
}

static void languages(void **state) {
  (void)state;
  assert_int_equal(cli_language("ar_MA.UTF-8"), WIRE_AR);
  assert_int_equal(cli_language("pt"), WIRE_PT);
  assert_int_equal(cli_language("es@euro"), WIRE_ES);
  assert_int_equal(cli_language("fr.UTF-8"), WIRE_FR);
  assert_int_equal(cli_language("frp_IT"), WIRE_EN);
  assert_int_equal(cli_language("C.UTF-8"), WIRE_EN);
  assert_int_equal(cli_language(NULL), WIRE_EN);
}

static void pieces(void **state) {
  (void)state;
  assert_string_equal(cli_piece(BASE_VIEW("a/b c&d=é")).text, "a%2Fb%20c%26d%3D%C3%A9");
  assert_string_equal(cli_piece(BASE_VIEW("A-z_0.9~")).text, "A-z_0.9~");
  char long_text[1000];
  memset(long_text, ' ', sizeof long_text);
  assert_true(strlen(cli_piece(base_view_of(long_text, sizeof long_text)).text) < sizeof(struct cli_piece));
}

static void ids(void **state) {
  (void)state;
  assert_true(cli_id_like("0a1f"));
  assert_false(cli_id_like("0a1"));
  assert_false(cli_id_like("0A1F"));
  assert_false(cli_id_like("00000000000000000000000000000000000000000000000000000000000000000"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(understood),  cmocka_unit_test(wrong_use), cmocka_unit_test(option_limit),
      cmocka_unit_test(table),       cmocka_unit_test(help),      cmocka_unit_test(field_values),
      cmocka_unit_test(media_types), cmocka_unit_test(languages), cmocka_unit_test(pieces),
      cmocka_unit_test(ids),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
