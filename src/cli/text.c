/* SPDX-License-Identifier: Apache-2.0
 * What people read: words in their language, columns, times, identifiers among Arabic, progress. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#include "cli/cli.h"

#define ISOLATE "\u2066"
#define ISOLATE_END "\u2069"

enum { ID_SHOWN = 12, LINE_MAX_BYTES = 2048, COLUMNS_MAX = 12, PROGRESS_MS = 200, DAY = 86400 };

static const struct {
  const char *code, *texts[WIRE_LANGUAGES];
} catalogue[CLI_WORD_COUNT] = {
#define CLI_WORD(word, code, ar, fr, en, es, pt) {code, {ar, fr, en, es, pt}},
#include "cli/words.def"
#undef CLI_WORD
};

/* By the code's own place in the table, so that a row may stand anywhere and none is missed. */
static const char *const code_texts[BASE_CODES][WIRE_LANGUAGES] = {
#define CLI_CODE(code, ar, fr, es, pt) [BASE_##code] = {[WIRE_AR] = ar, [WIRE_FR] = fr, [WIRE_ES] = es, [WIRE_PT] = pt},
#include "cli/codes.def"
#undef CLI_CODE
};

const char *cli_code_text(enum wire_language language, enum base_code code) {
  return language == WIRE_EN ? base_code_text(code) : code_texts[code][language];
}

static void add_said(const struct cli *cli, bool terminal, struct base_view english, struct base_buf *out) {
  bool isolate = terminal && cli->language == WIRE_AR;
  if (cli_said(cli->language, english, isolate, out))
    return;
  base_buf_text(out, isolate ? ISOLATE : "");
  base_buf_printable(out, english);
  base_buf_text(out, isolate ? ISOLATE_END : "");
}

void cli_sentence(const struct cli *cli, struct base_buf *out, struct base_view english) {
  add_said(cli, cli->out_terminal, english, out);
}

static const char *colon(const struct cli *cli) {
  return cli->language == WIRE_FR ? " : " : ": ";
}

/* There is nobody left to tell when stderr is gone. */
static void tell(struct base_buf *line) {
  base_buf_text(line, "\n");
  if (base_write_all(STDERR_FILENO, base_buf_view(line), NULL) != BASE_OK)
    return;
}

void cli_warn(const struct cli *cli, const char *name, struct base_view english) {
  BASE_AUTO_BUF struct base_buf line = {0};
  base_buf_init(&line, 8 * BASE_ERROR_TEXT_MAX);
  base_buf_printf(&line, "%s%s", cli_word(cli, CLI_HINT), colon(cli));
  if (name != NULL) {
    base_buf_printable(&line, base_view_text(name));
    base_buf_text(&line, colon(cli));
  }
  add_said(cli, cli->err_terminal, english, &line);
  tell(&line);
}

void cli_complain(const struct cli *cli, const struct base_error *err) {
  BASE_AUTO_BUF struct base_buf line = {0};
  base_buf_init(&line, 8 * BASE_ERROR_TEXT_MAX);
  base_buf_text(&line, "wasl: ");
  if (cli->language != WIRE_EN)
    base_buf_printf(&line, "%s%s", cli_code_text(cli->language, err->code), colon(cli));
  add_said(cli, cli->err_terminal, base_view_text(err->text), &line);
  tell(&line);
}

const char *cli_word_in(enum cli_word word, enum wire_language language) {
  return catalogue[word].texts[language];
}

const char *cli_word(const struct cli *cli, enum cli_word word) {
  return cli_word_in(word, cli->language);
}

struct base_view cli_code_word(const struct cli *cli, struct base_view code) {
  for (int i = 0; code.size > 0 && i < CLI_WORD_COUNT; i++)
    if (base_view_is(code, catalogue[i].code))
      return base_view_text(catalogue[i].texts[cli->language]);
  return code;
}

void cli_line(struct cli *cli, const char *format, ...) {
  char line[LINE_MAX_BYTES];
  va_list args;
  va_start(args, format);
  (void)vsnprintf(line, sizeof line, format, args);
  va_end(args);
  base_buf_text(&cli->out, line);
}

void cli_note(const struct cli *cli, const char *format, ...) {
  char line[LINE_MAX_BYTES];
  va_list args;
  va_start(args, format);
  (void)vsnprintf(line, sizeof line, format, args);
  va_end(args);
  BASE_AUTO_BUF struct base_buf text = {0};
  base_buf_init(&text, 8 * sizeof line);
  if (!cli_said(cli->language, base_view_text(line), cli->err_terminal && cli->language == WIRE_AR, &text))
    base_buf_printable(&text, base_view_text(line));
  tell(&text);
}

void cli_text(struct cli *cli, struct base_view text) {
  base_buf_printable(&cli->out, text);
}

void cli_block(struct cli *cli, struct base_view text, unsigned indent) {
  while (text.size > 0) {
    const uint8_t *end = memchr(text.data, '\n', text.size);
    size_t size = end == NULL ? text.size : (size_t)(end - text.data);
    base_buf_printf(&cli->out, "%*s", (int)indent, "");
    base_buf_printable(&cli->out, base_view_of(text.data, size));
    base_buf_text(&cli->out, "\n");
    size += end != NULL;
    text = base_view_of(text.data + size, text.size - size);
  }
}

/* Among Arabic letters "2026-11-21" would be shown as 21-11-2026 and "7 / 9" as 9 / 7: numbers that belong together are
 * kept in their order like a name. */
static const char *isolate_here(const struct cli *cli, const char *mark) {
  bool isolate = cli->out_terminal && cli->language == WIRE_AR;
  return isolate ? mark : "";
}

void cli_isolated(const struct cli *cli, struct base_buf *out, struct base_view text) {
  base_buf_text(out, isolate_here(cli, ISOLATE));
  base_buf_printable(out, text);
  base_buf_text(out, isolate_here(cli, ISOLATE_END));
}

void cli_id(struct cli *cli, struct base_buf *out, struct base_view id) {
  if (cli->out_terminal && id.size == BASE_HEX_ID)
    id.size = ID_SHOWN;
  cli_isolated(cli, out, id);
}

void cli_time(const struct cli *cli, struct base_buf *out, base_time time) {
  struct base_time_text text = base_time_format(time);
  struct tm local;
  time_t moment = (time_t)time;
  char there[32] = "";
  text.text[10] = ' ';
  text.text[19] = 0; /* the Z, said as UTC */
  if (!cli->out_terminal || localtime_r(&moment, &local) == NULL || local.tm_gmtoff == 0 ||
      strftime(there, sizeof there, " (%H:%M %Z)", &local) == 0)
    there[0] = 0;
  base_buf_printf(out, "%s%s UTC%s%s", isolate_here(cli, ISOLATE), text.text, there, isolate_here(cli, ISOLATE_END));
}

void cli_duration(const struct cli *cli, struct base_buf *out, int64_t seconds) {
  static const struct {
    int64_t seconds;
    enum cli_word word;
  } units[] = {{DAY, CLI_DAYS}, {3600, CLI_HOURS}, {60, CLI_MINUTES}, {1, CLI_SECONDS}};
  size_t first = 0;
  while (first < 3 && seconds < units[first].seconds)
    first++;
  base_buf_printf(out, "%lld %s", (long long)(seconds / units[first].seconds), cli_word(cli, units[first].word));
  seconds %= units[first].seconds;
  /* Days with hours, hours with minutes; nobody needs more of a deadline. */
  if (first < 2 && seconds / units[first + 1].seconds > 0)
    base_buf_printf(out, " %lld %s", (long long)(seconds / units[first + 1].seconds),
                    cli_word(cli, units[first + 1].word));
}

void cli_size(const struct cli *cli, struct base_buf *out, uint64_t size) {
  static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  size_t unit = 0;
  double shown = (double)size;
  for (; shown >= 1024 && unit < 4; unit++)
    shown /= 1024;
  base_buf_text(out, isolate_here(cli, ISOLATE));
  base_buf_printf(out, unit == 0 || shown >= 100 ? "%.0f %s" : "%.1f %s", shown, units[unit]);
  base_buf_text(out, isolate_here(cli, ISOLATE_END));
}

/* --- columns */

/* The next character of valid UTF-8. */
static wchar_t next_character(struct base_view text, size_t *at) {
  uint8_t lead = text.data[(*at)++];
  unsigned more = lead < 0x80 ? 0 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
  uint32_t value = more == 0 ? lead : lead & (0x3FU >> more);
  for (; more > 0 && *at < text.size; more--)
    value = value << 6 | (text.data[(*at)++] & 0x3FU);
  return (wchar_t)value;
}

size_t cli_width(struct base_view text) {
  size_t width = 0;
  for (size_t at = 0; at < text.size;) {
    int columns = wcwidth(next_character(text, &at));
    width += columns > 0 ? (size_t)columns : 0;
  }
  return width;
}

void cli_table_begin(struct cli_table *table, struct cli *cli, size_t columns, const enum cli_word *heads) {
  *table = (struct cli_table){.cli = cli, .columns = columns};
  base_buf_init(&table->cells, BASE_BUF_DEFAULT_LIMIT);
  for (size_t i = 0; i < columns; i++)
    cli_cell(table, base_view_text(cli_word(cli, heads[i])));
}

static void cell_end(struct cli_table *table) {
  base_buf_u8(&table->cells, 0);
}

void cli_cell(struct cli_table *table, struct base_view text) {
  base_buf_printable(&table->cells, text);
  cell_end(table);
}

void cli_exercise_mark(const struct cli *cli, struct base_buf *out, const struct wire_json *of) {
  if (wire_json_true(wire_json_get(of, "exercise")))
    base_buf_printf(out, "%s ", cli_word(cli, CLI_EXERCISE));
}

void cli_exercise_line(struct cli *cli, bool exercise) {
  if (exercise)
    cli_line(cli, "%s\n", cli_word(cli, CLI_EXERCISE_LINE));
}

void cli_exercise_note(struct cli *cli, const struct wire_json *of) {
  if (!cli->json && wire_json_true(wire_json_get(of, "exercise")))
    cli_note(cli, "%s", cli_word(cli, CLI_EXERCISE_LINE));
}

void cli_cell_id(struct cli_table *table, struct base_view id) {
  cli_id(table->cli, &table->cells, id);
  cell_end(table);
}

void cli_cell_number(struct cli_table *table, int64_t value) {
  base_buf_printf(&table->cells, "%lld", (long long)value);
  cell_end(table);
}

void cli_cell_time(struct cli_table *table, const struct wire_json *value) {
  base_time time;
  if (cli_moment(value, &time))
    cli_time(table->cli, &table->cells, time);
  cell_end(table);
}

void cli_table_free(struct cli_table *table) {
  base_buf_free(&table->cells);
}

static struct base_view next_cell(struct base_view *rest) {
  size_t size = strnlen((const char *)rest->data, rest->size);
  struct base_view cell = base_view_of(rest->data, size);
  *rest = base_view_of(rest->data + size + 1, rest->size - size - 1);
  return cell;
}

void cli_table_end(struct cli_table *table) {
  size_t widths[COLUMNS_MAX] = {0}, cells = 0;
  struct base_buf *out = &table->cli->out;
  if (base_buf_check(&table->cells, "the table", NULL) != BASE_OK) {
    out->code = table->cells.code;
    return;
  }
  for (struct base_view rest = base_buf_view(&table->cells); rest.size > 0; cells++) {
    size_t width = cli_width(next_cell(&rest)), column = cells % table->columns;
    if (width > widths[column])
      widths[column] = width;
  }
  if (cells <= table->columns)
    return;
  size_t column = 0;
  for (struct base_view rest = base_buf_view(&table->cells); rest.size > 0; column = (column + 1) % table->columns) {
    struct base_view cell = next_cell(&rest);
    bool last = column + 1 == table->columns;
    base_buf_add_view(out, cell);
    while (last && out->size > 0 && out->data[out->size - 1] == ' ')
      out->size--;
    if (last)
      base_buf_text(out, "\n");
    else
      base_buf_printf(out, "%*s", (int)(widths[column] - cli_width(cell) + 2), "");
  }
}

/* --- progress */

void cli_progress_at(struct cli_progress *progress, uint64_t done, uint64_t all) {
  if (!progress->cli->err_terminal)
    return;
  int64_t now = progress->cli->world->monotonic_ms(progress->cli->world->context);
  progress->done = done;
  progress->all = all;
  if (progress->shown != 0 && now - progress->shown < PROGRESS_MS)
    return;
  progress->shown = now == 0 ? 1 : now;
  if (all > 0)
    fprintf(stderr, "\r%s: %llu %% of %llu  ", progress->label, (unsigned long long)((double)done * 100 / (double)all),
            (unsigned long long)all);
  else
    fprintf(stderr, "\r%s: %llu  ", progress->label, (unsigned long long)done);
}

void cli_progress_end(struct cli_progress *progress) {
  if (progress->shown != 0)
    fputs("\r\033[K", stderr);
  progress->shown = 0;
}
