/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

/* The command whose words stand first; the longest match wins. */
const struct cli_command *cli_command_find(int argc, char **argv, int *used) {
  for (size_t i = 0; i < cli_command_count; i++) {
    const char *rest = cli_commands[i].words;
    int count = 0;
    while (rest != NULL && count < argc) {
      size_t size = strcspn(rest, " ");
      if (strlen(argv[count]) != size || memcmp(argv[count], rest, size) != 0)
        break;
      count++;
      rest = rest[size] == ' ' ? rest + size + 1 : NULL;
    }
    if (rest == NULL) {
      *used = count;
      return &cli_commands[i];
    }
  }
  return NULL;
}

enum base_code cli_usage(const struct cli *cli, struct base_error *err, const char *format, ...) {
  char text[256];
  va_list args;
  va_start(args, format);
  (void)vsnprintf(text, sizeof text, format, args);
  va_end(args);
  const struct cli_command *command = cli->command;
  if (command == NULL)
    return base_fail(err, BASE_USAGE, "%s; see: wasl --help", text);
  return base_fail(err, BASE_USAGE, "%s: %s; use: wasl %s %s", command->words, text, command->words, command->usage);
}

/* Whether the command knows the option, and whether it takes a value. */
static bool knows(const struct cli_command *command, const char *name, size_t size, bool *valued) {
  static const char everywhere[] = " --json -n= ";
  const char *lists[] = {everywhere, command == NULL ? "" : command->options};
  for (size_t i = 0; i < 2; i++)
    for (const char *at = lists[i]; *at != 0;) {
      at += strspn(at, " ");
      size_t length = strcspn(at, " ");
      *valued = length > 0 && at[length - 1] == '=';
      if (length - *valued == size && memcmp(at, name, size) == 0)
        return true;
      at += length;
    }
  return false;
}

/* Those that may stand often; of another one given twice nobody could say which is meant. */
static bool may_repeat(const char *name) {
  static const char *const names[] = {"--field", "--part", "--part-as-is", "--part-name", "--card", "--witness"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(name, names[i]) == 0)
      return true;
  return false;
}

static enum base_code keep_option(struct cli *cli, const char *name, const char *value, struct base_error *err) {
  if (strncmp(name, "--json", 6) == 0) {
    cli->json = true;
    return BASE_OK;
  }
  bool node = strcmp(name, "-n") == 0;
  if (node ? cli->node_given : !may_repeat(name) && cli_has(cli, name))
    return cli_usage(cli, err, "%s stands twice", name);
  if (node) {
    cli->node = value;
    cli->node_given = true;
    return BASE_OK;
  }
  if (cli->option_count == CLI_OPTIONS_MAX)
    return cli_usage(cli, err, "more than %d options", CLI_OPTIONS_MAX);
  cli->options[cli->option_count++] = (struct cli_option){name, value};
  return BASE_OK;
}

/* One option at argv[*at]: `--name value` or `--name=value`. */
static enum base_code read_option(struct cli *cli, int argc, char **argv, int *at, struct base_error *err) {
  char *word = argv[*at], *equals = strncmp(word, "--", 2) == 0 ? strchr(word, '=') : NULL;
  size_t size = equals == NULL ? strlen(word) : (size_t)(equals - word);
  bool valued;
  if (!knows(cli->command, word, size, &valued))
    return cli_usage(cli, err, "there is no option %.*s", (int)(size < 40 ? size : 40), word);
  if (!valued)
    return equals == NULL ? keep_option(cli, word, "", err)
                          : cli_usage(cli, err, "%.*s takes no value", (int)size, word);
  const char *value = NULL;
  if (equals != NULL) {
    *equals = 0; /* the arguments are ours to cut */
    value = equals + 1;
  } else if (*at + 1 < argc) {
    value = argv[++*at];
  }
  if (value == NULL)
    return cli_usage(cli, err, "%s needs a value", word);
  return keep_option(cli, word, value, err);
}

static enum base_code no_command(const struct cli *cli, int argc, char **argv, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf words = {0};
  base_buf_init(&words, 256);
  if (!cli_help_group_words(argv[0], &words))
    return cli_usage(cli, err, "there is no command '%.40s%s%.40s'", argv[0], argc > 1 ? " " : "",
                     argc > 1 ? argv[1] : "");
  if (argc == 1 || argv[1][0] == '-')
    return base_fail(err, BASE_USAGE, "%s: which command? %.*s; see: wasl help %s", argv[0], (int)words.size,
                     (const char *)words.data, argv[0]);
  return base_fail(err, BASE_USAGE, "there is no command '%s %.40s', but %.*s; see: wasl help %s", argv[0], argv[1],
                   (int)words.size, (const char *)words.data, argv[0]);
}

/* The first word of the usage that was not given, and what it is. */
static enum base_code lacks_word(const struct cli *cli, struct base_error *err) {
  struct base_view word = {0};
  const char *at = cli->command->usage;
  for (size_t i = 0; i <= cli->word_count; i++)
    if (!cli_help_next_word(cli->command, &at, &word))
      return cli_usage(cli, err, "a word is missing");
  return cli_usage(cli, err, "%.*s is missing: %s", (int)word.size, (const char *)word.data,
                   cli_help_word(cli->command, word));
}

enum base_code cli_args_read(struct cli *cli, int argc, char **argv, struct base_error *err) {
  int at = 1, used;
  bool options = true;
  for (; at < argc && argv[at][0] == '-' && argv[at][1] != 0; at++) {
    enum base_code code = read_option(cli, argc, argv, &at, err);
    if (code != BASE_OK)
      return code;
  }
  if (at == argc)
    return cli_usage(cli, err, "no command was given");
  cli->command = cli_command_find(argc - at, argv + at, &used);
  if (cli->command == NULL)
    return no_command(cli, argc - at, argv + at, err);
  for (at += used; at < argc; at++) {
    if (options && strcmp(argv[at], "--") == 0) {
      options = false;
      continue;
    }
    enum base_code code = BASE_OK;
    if (options && argv[at][0] == '-' && argv[at][1] != 0)
      code = read_option(cli, argc, argv, &at, err);
    else if (cli->word_count == cli->command->most || cli->word_count == CLI_WORDS_MAX)
      code = cli_usage(cli, err, "'%.40s' is one word too many", argv[at]);
    else
      cli->words[cli->word_count++] = argv[at];
    if (code != BASE_OK)
      return code;
  }
  return cli->word_count < cli->command->least ? lacks_word(cli, err) : BASE_OK;
}

const char *cli_option(const struct cli *cli, const char *name) {
  for (size_t i = cli->option_count; i-- > 0;)
    if (strcmp(cli->options[i].name, name) == 0)
      return cli->options[i].value;
  return NULL;
}

bool cli_has(const struct cli *cli, const char *name) {
  return cli_option(cli, name) != NULL;
}

enum base_code cli_need(const struct cli *cli, const char *name, const char **out, struct base_error *err) {
  const char *value = cli_option(cli, name);
  if (value == NULL || value[0] == 0)
    return cli_usage(cli, err, "%s is missing", name);
  *out = value;
  return BASE_OK;
}

enum base_code cli_split(const struct cli *cli, const char *list, const char *what,
                         enum base_code (*each)(void *context, struct base_view piece, struct base_error *err),
                         void *context, struct base_error *err) {
  for (const char *at = list;; at++) {
    size_t size = strcspn(at, ",");
    if (size == 0)
      return cli_usage(cli, err, "an empty piece in %s", what);
    enum base_code code = each(context, base_view_of(at, size), err);
    if (code != BASE_OK)
      return code;
    at += size;
    if (*at == 0)
      return BASE_OK;
  }
}

enum wire_language cli_language(const char *locale) {
  for (int i = 0; locale != NULL && i < WIRE_LANGUAGES; i++)
    if (strncmp(locale, wire_language_codes[i], 2) == 0 && strchr("_.@", locale[2]) != NULL)
      return (enum wire_language)i;
  return WIRE_EN;
}
