/* SPDX-License-Identifier: Apache-2.0
 * What items became goes on into a case of another kind: what is due and what went, and one after the other. */
#include <stdio.h>

#include "cli/cli.h"

static struct base_view stands_word(const struct cli *cli, struct base_view stands) {
  static const struct {
    const char *code;
    enum cli_word word;
  } words[] = {{"open", CLI_FEED_OPEN}, {"unsettled", CLI_FEED_UNSETTLED}, {"theirs", CLI_FEED_THEIRS},
               {"due", CLI_FEED_DUE}, {"fed", CLI_FEED_FED}};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (base_view_is(stands, words[i].code))
      return base_view_text(cli_word(cli, words[i].word));
  return stands;
}

static bool goes_on(const struct wire_json *item) {
  return wire_json_type(wire_json_get(item, "feed")) == WIRE_JSON_OBJECT;
}

void cli_show_feeds(struct cli *cli, const struct wire_json *kind, const struct wire_json *items) {
  static const enum cli_word heads[] = {CLI_ITEM, CLI_MESSAGE, CLI_STATE, CLI_OWNER, CLI_FEED_GOES_ON, CLI_CASE, CLI_MESSAGE};
  CLI_AUTO_TABLE struct cli_table table;
  cli_table_begin(&table, cli, sizeof heads / sizeof *heads, heads);
  for (size_t i = 0; i < wire_json_size(items); i++) {
    const struct wire_json *item = wire_json_at(items, i), *feed = wire_json_get(item, "feed"),
                           *went = wire_json_get(feed, "went");
    struct base_view name = cli_string(item, "item");
    if (!goes_on(item))
      continue;
    cli_cell(&table, cli_item_label(cli, kind, name, (struct base_view){0}));
    cli_cell_id(&table, cli_string(item, "id"));
    cli_cell(&table, cli_item_label(cli, kind, name, cli_string(item, "state")));
    cli_cell(&table, cli_string(item, "owner"));
    cli_cell(&table, stands_word(cli, cli_string(feed, "stands")));
    cli_cell_id(&table, cli_string(went, "case"));
    cli_cell_id(&table, cli_string(went, "message"));
  }
  cli_table_end(&table);
}

void cli_show_origins(struct cli *cli, const struct wire_json *items) {
  for (size_t i = 0; i < wire_json_size(items); i++) {
    const struct wire_json *item = wire_json_at(items, i), *came = wire_json_get(item, "came");
    if (wire_json_type(came) != WIRE_JSON_OBJECT)
      continue;
    cli_isolated(cli, &cli->out, cli_string(item, "id"));
    cli_line(cli, "  %s: %s ", cli_word(cli, CLI_FEED_CAME), cli_word(cli, CLI_CASE));
    cli_isolated(cli, &cli->out, cli_string(came, "case"));
    cli_line(cli, ", %s ", cli_word(cli, CLI_MESSAGE));
    cli_isolated(cli, &cli->out, cli_string(came, "message"));
    base_buf_text(&cli->out, "\n");
  }
}

static enum base_code feed_one(struct cli *cli, const struct cli_piece *to, struct base_view from, struct base_view item,
                               struct base_error *err) {
  BASE_AUTO_BUF struct base_buf body = {0};
  struct wire_writer writer;
  char path[64 + sizeof to->text];
  base_buf_init(&body, 4096);
  wire_writer_init(&writer, &body);
  wire_write_object(&writer);
  wire_write_member_text(&writer, "from", from);
  wire_write_member_text(&writer, "item", item);
  wire_write_end(&writer, '}');
  (void)snprintf(path, sizeof path, "/v1/cases/%s/feed", to->text);
  enum base_code code = base_buf_check(&body, "the request", err);
  return code == BASE_OK ? cli_send_written(cli, path, base_buf_view(&body), err) : code;
}

/* All that is due, also when one of them is refused or waits for somebody: that one is told in the end. */
static enum base_code feed_all(struct cli *cli, const struct cli_piece *to, const struct wire_json *told,
                               struct base_error *err) {
  const struct wire_json *items = wire_json_get(told, "items");
  enum base_code first = BASE_OK;
  for (size_t i = 0; i < wire_json_size(items); i++) {
    const struct wire_json *item = wire_json_at(items, i);
    struct base_error why = {0};
    if (!goes_on(item) || !base_view_is(cli_string(wire_json_get(item, "feed"), "stands"), "due"))
      continue;
    enum base_code code = feed_one(cli, to, cli_string(told, "case"), cli_string(item, "id"), &why);
    if (code != BASE_OK && first == BASE_OK) {
      first = code;
      *err = why;
    }
    if (code != BASE_OK && base_code_class(code) != BASE_REFUSED)
      return first;
  }
  return first;
}

enum base_code cli_case_feed(struct cli *cli, struct base_error *err) {
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  CLI_AUTO_KINDS struct cli_kinds kinds = {0};
  struct cli_piece from, to;
  enum base_code code = cli_id_word(cli, 0, "FROM", &from, err);
  if (code == BASE_OK && cli->word_count > 1)
    code = cli_id_word(cli, 1, "TO", &to, err);
  if (code == BASE_OK)
    code = cli_get(cli, &answer, err, "/v1/cases/%s/items", from.text);
  if (code == BASE_OK && cli->word_count > 1)
    return feed_all(cli, &to, answer.json, err);
  if (code != BASE_OK || cli_print_json(cli, &answer))
    return code;
  cli_exercise_line(cli, wire_json_true(wire_json_get(answer.json, "exercise")));
  cli_show_feeds(cli, cli_kind_of(cli, &kinds, answer.json), wire_json_get(answer.json, "items"));
  return BASE_OK;
}
