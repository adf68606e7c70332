/* SPDX-License-Identifier: Apache-2.0
 * Handling codes and gradings: listed, converted, shown with their meaning. Needs no node. */
#include <string.h>

#include "cli/cli.h"
#include "wire/marking.h"

enum { MARKING_ROOM = 2 * 512 };

/* --- shown with a message */

static void show_code(struct cli *cli, const char *code, const char **between) {
  if (code[0] == '\0')
    return;
  base_buf_text(&cli->out, *between);
  *between = ", ";
  cli_isolated(cli, &cli->out, base_view_text(code));
  base_buf_text(&cli->out, " (");
  cli_text(cli, cli_code_word(cli, base_view_text(code)));
  base_buf_text(&cli->out, ")");
}

static void show_codes(struct cli *cli, const struct wire_marking *marking) {
  const char *between = "";
  show_code(cli, wire_level_codes[marking->level], &between);
  for (size_t i = 0; i < WIRE_CONDITIONS; i++)
    if (marking->conditions >> i & 1)
      show_code(cli, wire_condition_codes[i], &between);
  show_code(cli, wire_pap_codes[marking->pap], &between);
  if (marking->text.size > 0) {
    base_buf_text(&cli->out, between[0] != '\0' ? "; " : "");
    cli_text(cli, marking->text);
  }
}

/* What a partner wrote in another notation is shown as it is. */
static void show_foreign(struct cli *cli, struct base_view text) {
  cli_text(cli, text);
  cli_line(cli, "  (%s)", cli_word(cli, CLI_OTHER_NOTATION));
}

void cli_show_markings(struct cli *cli, const struct wire_json *message, unsigned indent) {
  struct base_view handling = cli_string(message, "handling"), grading = cli_string(message, "grading");
  struct wire_marking marking;
  struct wire_grading graded;
  if (handling.size > 0) {
    cli_line(cli, "%*s%s: ", (int)indent, "", cli_word(cli, CLI_HANDLING));
    if (wire_marking_parse(handling, &marking))
      show_codes(cli, &marking);
    else
      show_foreign(cli, handling);
    base_buf_text(&cli->out, "\n");
  }
  if (grading.size == 0)
    return;
  cli_line(cli, "%*s%s: ", (int)indent, "", cli_word(cli, CLI_GRADING));
  if (wire_grading_parse(grading, &graded))
    cli_isolated(cli, &cli->out, grading);
  else
    show_foreign(cli, grading);
  base_buf_text(&cli->out, "\n");
}

/* --- wasl handling list */

static void list_code(struct cli *cli, struct cli_table *table, const char *code, enum wire_marking_scheme scheme) {
  struct wire_marking marking;
  BASE_AUTO_BUF struct base_buf elsewhere = {0};
  base_buf_init(&elsewhere, MARKING_ROOM);
  if (wire_marking_read(base_view_text(code), &marking, NULL) != BASE_OK)
    return;
  (void)wire_marking_map(&marking, scheme, &elsewhere);
  bool says = marking.level != WIRE_LEVEL_NONE || marking.conditions & WIRE_NO_ONWARD;
  cli_cell_id(table, base_view_text(code));
  cli_cell(table, base_buf_view(&elsewhere));
  cli_cell(table, !says ? (struct base_view){0}
                        : base_view_text(cli_word(cli, wire_marking_needs_consent(&marking) ? CLI_YES : CLI_NO)));
  cli_cell(table, cli_code_word(cli, base_view_text(code)));
}

static void list_json(struct wire_writer *writer, const char *code, enum wire_marking_scheme scheme) {
  struct wire_marking marking;
  BASE_AUTO_BUF struct base_buf elsewhere = {0};
  base_buf_init(&elsewhere, MARKING_ROOM);
  if (wire_marking_read(base_view_text(code), &marking, NULL) != BASE_OK)
    return;
  (void)wire_marking_map(&marking, scheme, &elsewhere);
  wire_write_object(writer);
  wire_write_member_string(writer, "code", code);
  wire_write_member_text(writer, wire_marking_schemes[scheme], base_buf_view(&elsewhere));
  wire_write_end(writer, '}');
}

/* Each code with the scheme that has it, too, the levels in ascending strictness. */
static const struct {
  const char *const *codes;
  size_t from, count;
  enum wire_marking_scheme scheme;
} lists[] = {{wire_level_codes, 1, WIRE_LEVELS, WIRE_TLP},
             {wire_condition_codes, 0, WIRE_CONDITIONS, WIRE_EUROPOL},
             {wire_pap_codes, 1, WIRE_PAPS, WIRE_PAP}};

enum base_code cli_handling_list(struct cli *cli, struct base_error *err) {
  static const enum cli_word heads[] = {CLI_CODE, CLI_ELSEWHERE, CLI_NEEDS_CONSENT, CLI_LABEL};
  (void)err;
  CLI_AUTO_TABLE struct cli_table table;
  struct wire_writer writer;
  wire_writer_init(&writer, &cli->out);
  cli_table_begin(&table, cli, 4, heads);
  if (cli->json)
    wire_write_array(&writer);
  for (size_t k = 0; k < sizeof lists / sizeof *lists; k++)
    for (size_t i = lists[k].from; i < lists[k].count; i++) {
      if (cli->json)
        list_json(&writer, lists[k].codes[i], lists[k].scheme);
      else
        list_code(cli, &table, lists[k].codes[i], lists[k].scheme);
    }
  if (cli->json) {
    wire_write_end(&writer, ']');
    base_buf_text(&cli->out, "\n");
  }
  cli_table_end(&table);
  return BASE_OK;
}

/* --- wasl handling convert, wasl grading convert */

static enum base_code say(struct cli *cli, const char *what, const struct base_buf *text, bool lost,
                          struct base_error *err) {
  enum base_code code = base_buf_check(text, what, err);
  if (code != BASE_OK)
    return code;
  if (cli->json) {
    struct wire_writer writer;
    wire_writer_init(&writer, &cli->out);
    wire_write_object(&writer);
    wire_write_member_text(&writer, what, base_buf_view(text));
    wire_write_member_bool(&writer, "lost", lost);
    wire_write_end(&writer, '}');
    base_buf_text(&cli->out, "\n");
    return BASE_OK;
  }
  cli_text(cli, base_buf_view(text));
  if (lost)
    cli_line(cli, "%s(%s)", text->size > 0 ? "  " : "", cli_word(cli, CLI_LOSES));
  base_buf_text(&cli->out, "\n");
  return BASE_OK;
}

enum base_code cli_handling_convert(struct cli *cli, struct base_error *err) {
  const char *to = cli_option(cli, "--to");
  struct wire_marking marking;
  BASE_AUTO_BUF struct base_buf text = {0};
  base_buf_init(&text, MARKING_ROOM);
  enum base_code code = wire_marking_read(base_view_text(cli->words[0]), &marking, err);
  if (code != BASE_OK)
    return code;
  if (to == NULL || strcmp(to, "wasl") == 0) {
    wire_marking_write(&marking, &text);
    return say(cli, "handling", &text, false, err);
  }
  for (size_t i = 0; i < WIRE_MARKING_SCHEMES; i++)
    if (strcmp(to, wire_marking_schemes[i]) == 0) {
      bool lost = wire_marking_map(&marking, (enum wire_marking_scheme)i, &text);
      return say(cli, "handling", &text, lost, err);
    }
  return cli_usage(cli, err, "--to takes tlp, pap, europol or wasl");
}

enum base_code cli_grading_convert(struct cli *cli, struct base_error *err) {
  const char *to = NULL;
  struct wire_grading grading, converted;
  BASE_AUTO_BUF struct base_buf text = {0};
  base_buf_init(&text, MARKING_ROOM);
  enum base_code code = cli_need(cli, "--to", &to, err);
  if (code == BASE_OK)
    code = wire_grading_read(base_view_text(cli->words[0]), &grading, err);
  if (code != BASE_OK)
    return code;
  for (size_t i = 0; i < WIRE_SCHEMES; i++)
    if (strcmp(to, wire_schemes[i]) == 0) {
      bool lost = wire_grading_convert(&grading, (enum wire_scheme)i, &converted);
      wire_grading_write(&converted, &text);
      return say(cli, "grading", &text, lost, err);
    }
  return cli_usage(cli, err, "--to takes 4x4, 6x6, 5x5x5 or 3x5x2");
}
