/* SPDX-License-Identifier: Apache-2.0
 * What items became goes on into a case of another kind: what is due and what went, and one after the other. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static bool is_due(const struct wire_json *item) {
  return goes_on(item) && base_view_is(cli_string(wire_json_get(item, "feed"), "stands"), "due");
}

/* "Commitment 6d3a…: carried over", "Commitment 6d3a…: to be carried over: there is no partner …"; told: in the end. */
static void note_one(struct cli *cli, const struct wire_json *kind, const struct wire_json *item, bool went,
                     const struct base_error *why, const struct base_error *told) {
  BASE_AUTO_BUF struct base_buf text = {0};
  base_buf_init(&text, 8 * BASE_ERROR_TEXT_MAX);
  base_buf_add_view(&text, cli_item_label(cli, kind, cli_string(item, "item"), (struct base_view){0}));
  base_buf_text(&text, " ");
  cli_isolated(cli, &text, cli_string(item, "id"));
  base_buf_printf(&text, ": %s", cli_word(cli, went ? CLI_FEED_FED : CLI_FEED_DUE));
  if (why->text[0] != '\0' && strcmp(why->text, told->text) != 0) {
    base_buf_text(&text, ": ");
    cli_sentence(cli, &text, base_view_text(why->text));
  }
  cli_note(cli, "%.*s", (int)text.size, (const char *)text.data);
}

/* All that is due, also when one of them is refused or waits for somebody: that one is told in the end. Of several, who went and
 * who did not is said, else it would have to be found out before the next try. */
static enum base_code feed_all(struct cli *cli, const struct cli_piece *to, const struct wire_json *told,
                               struct base_error *err) {
  CLI_AUTO_KINDS struct cli_kinds kinds = {0};
  const struct wire_json *items = wire_json_get(told, "items"), *kind = cli_kind_of(cli, &kinds, told);
  enum base_code first = BASE_OK;
  bool stopped = false;
  size_t count = wire_json_size(items), due = 0;
  BASE_AUTO_FREE struct base_error *whys = calloc(count + 1, sizeof *whys);
  if (whys == NULL)
    return base_fail(err, BASE_MEMORY, "no memory for the items of a case");
  for (size_t i = 0; i < count; i++) {
    const struct wire_json *item = wire_json_at(items, i);
    if (!is_due(item))
      continue;
    due++;
    whys[i].code = BASE_BUSY; /* it was not tried */
    if (stopped)
      continue;
    whys[i] = (struct base_error){0};
    enum base_code code = feed_one(cli, to, cli_string(told, "case"), cli_string(item, "id"), &whys[i]);
    if (code != BASE_OK && first == BASE_OK) {
      first = code;
      *err = whys[i];
    }
    stopped = code != BASE_OK && base_code_class(code) != BASE_REFUSED;
  }
  for (size_t i = 0; first != BASE_OK && due > 1 && i < count; i++)
    if (is_due(wire_json_at(items, i)))
      note_one(cli, kind, wire_json_at(items, i), whys[i].code == BASE_OK, &whys[i], err);
  if (first != BASE_OK && due > 1)
    cli_note(cli, "%s", cli_word(cli, stopped ? CLI_FEED_AGAIN : CLI_FEED_RESOLVED));
  return first;
}

/* --- nothing is due */

/* "Commitment: goes into a case of the kind Roadmap (roadmap), once it is: agreed" */
static void note_feed(struct cli *cli, struct cli_kinds *kinds, const struct wire_json *kind, const struct wire_json *feed) {
  BASE_AUTO_BUF struct base_buf text = {0};
  struct base_view item = cli_string(feed, "item"), into = cli_string(feed, "kind");
  const struct wire_json *states = wire_json_get(feed, "states");
  base_buf_init(&text, 4096);
  base_buf_add_view(&text, cli_item_label(cli, kind, item, (struct base_view){0}));
  base_buf_printf(&text, ": %s ", cli_word(cli, CLI_FEED_INTO));
  base_buf_add_view(&text, cli_label(cli, cli_kind(cli, kinds, into), into));
  base_buf_text(&text, " (");
  cli_isolated(cli, &text, into);
  base_buf_printf(&text, "), %s: ", cli_word(cli, CLI_FEED_ONCE));
  for (size_t i = 0; i < wire_json_size(states); i++) {
    base_buf_text(&text, i > 0 ? ", " : "");
    base_buf_add_view(&text, cli_item_label(cli, kind, item, wire_json_text(wire_json_at(states, i))));
  }
  cli_note(cli, "%.*s", (int)text.size, (const char *)text.data);
}

/* How many of the items stand how, each a line: "not yet: 2" */
static void note_stands(const struct cli *cli, const struct wire_json *items) {
  static const char *const codes[] = {"open", "unsettled", "theirs", "fed"};
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
    unsigned count = 0;
    for (size_t k = 0; k < wire_json_size(items); k++)
      count += base_view_is(cli_string(wire_json_get(wire_json_at(items, k), "feed"), "stands"), codes[i]);
    struct base_view word = stands_word(cli, base_view_text(codes[i]));
    if (count > 0)
      cli_note(cli, "%.*s: %u", (int)word.size, (const char *)word.data, count);
  }
}

/* The kinds whose cases feed others, where the one that was asked about feeds none. */
static enum base_code note_feeding(struct cli *cli, struct base_error *err) {
  CLI_AUTO_ANSWER struct cli_answer list = {0};
  BASE_AUTO_BUF struct base_buf text = {0};
  const char *between = ": ";
  base_buf_init(&text, BASE_BUF_DEFAULT_LIMIT);
  base_buf_text(&text, cli_word(cli, CLI_FEED_NOT_HERE));
  enum base_code code = cli_get(cli, &list, err, "/v1/kinds");
  for (size_t i = 0; code == BASE_OK && i < wire_json_size(list.json); i++) {
    CLI_AUTO_ANSWER struct cli_answer kind = {0};
    struct base_view name = cli_string(wire_json_at(list.json, i), "name");
    code = cli_kind_get(cli, name, 0, &kind, err);
    if (code != BASE_OK || wire_json_size(wire_json_get(kind.json, "feeds")) == 0)
      continue;
    base_buf_text(&text, between);
    base_buf_add_view(&text, cli_label(cli, kind.json, name));
    base_buf_text(&text, " (");
    cli_isolated(cli, &text, name);
    base_buf_text(&text, ")");
    between = ", ";
  }
  if (code == BASE_OK)
    cli_note(cli, "%.*s", (int)text.size, (const char *)text.data);
  return code;
}

static bool any_due(const struct wire_json *items) {
  for (size_t i = 0; i < wire_json_size(items); i++)
    if (base_view_is(cli_string(wire_json_get(wire_json_at(items, i), "feed"), "stands"), "due"))
      return true;
  return false;
}

/* An answer that is empty would leave open whether all went on, nothing is ripe yet, or nothing ever will be. To standard
 * error: a script reads the ids of what went. */
static enum base_code note_nothing(struct cli *cli, const struct wire_json *told, struct base_error *err) {
  CLI_AUTO_KINDS struct cli_kinds kinds = {0};
  const struct wire_json *items = wire_json_get(told, "items");
  if (cli->json || any_due(items))
    return BASE_OK;
  const struct wire_json *kind = cli_kind_of(cli, &kinds, told), *feeds = wire_json_get(kind, "feeds");
  if (wire_json_size(feeds) == 0)
    return note_feeding(cli, err);
  cli_note(cli, "%s", cli_word(cli, CLI_FEED_NOTHING));
  note_stands(cli, items);
  for (size_t i = 0; i < wire_json_size(feeds); i++)
    note_feed(cli, &kinds, kind, wire_json_at(feeds, i));
  return BASE_OK;
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
  if (code == BASE_OK)
    code = note_nothing(cli, answer.json, err);
  if (code == BASE_OK && cli->word_count > 1)
    return feed_all(cli, &to, answer.json, err);
  if (code != BASE_OK || cli_print_json(cli, &answer))
    return code;
  cli_exercise_line(cli, wire_json_true(wire_json_get(answer.json, "exercise")));
  cli_show_feeds(cli, cli_kind_of(cli, &kinds, answer.json), wire_json_get(answer.json, "items"));
  return BASE_OK;
}
