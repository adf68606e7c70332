/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

/* The head's note against the key of the node's own card, and what it says against size and root as told beside it. */
static enum base_code check_head(struct cli *cli, const struct wire_json *head, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf bytes = {0};
  BASE_AUTO_ARENA struct base_arena arena = {0};
  struct wire_card card;
  struct wire_vkey log;
  struct wire_checkpoint checkpoint;
  base_buf_init(&bytes, 2 * WIRE_CARD_MAX);
  base_arena_init(&arena, 4 * WIRE_CARD_MAX);
  enum base_code code = cli_own_card(cli, &bytes, &arena, &card, err);
  if (code == BASE_OK)
    code = wire_vkey_parse(card.log, &log, err);
  if (code == BASE_OK)
    code = seal_checkpoint_verify(cli_string(head, "note"), (struct seal_signer){.log = &log}, &checkpoint, NULL, err);
  if (code != BASE_OK)
    return code;
  struct base_hash root;
  if (checkpoint.size != (uint64_t)cli_number(head, "size") || !base_hash_parse(cli_string(head, "root"), &root) ||
      !base_hash_equal(&root, &checkpoint.root))
    return base_fail(err, BASE_SIGNATURE, "the signed head of %llu leaves is not the one that the node names",
                     (unsigned long long)checkpoint.size);
  return BASE_OK;
}

static void show_head(struct cli *cli, const struct wire_json *head) {
  static const enum cli_word heads[] = {CLI_COSIGNED, CLI_SIZE, CLI_SINCE};
  const struct wire_json *cosigned = wire_json_get(head, "cosigned");
  cli_line(cli, "%s  ", cli_word(cli, CLI_ORIGIN));
  cli_isolated(cli, &cli->out, cli_string(head, "origin"));
  cli_line(cli, "\n%s  %lld\n%s  ", cli_word(cli, CLI_SIZE), (long long)cli_number(head, "size"),
           cli_word(cli, CLI_HEAD));
  cli_isolated(cli, &cli->out, cli_string(head, "root"));
  base_buf_text(&cli->out, "\n");
  CLI_AUTO_TABLE struct cli_table table;
  cli_table_begin(&table, cli, 3, heads);
  for (size_t i = 0; i < wire_json_size(cosigned); i++) {
    const struct wire_json *row = wire_json_at(cosigned, i);
    cli_cell_id(&table, cli_string(row, "by"));
    cli_cell_number(&table, cli_number(row, "size"));
    cli_cell_time(&table, wire_json_get(row, "time"));
  }
  cli_table_end(&table);
}

enum base_code cli_register_head(struct cli *cli, struct base_error *err) {
  CLI_AUTO_ANSWER struct cli_answer head = {0};
  enum base_code code = cli_get(cli, &head, err, "/v1/register/head");
  if (code == BASE_OK && !cli_print_json(cli, &head))
    show_head(cli, head.json);
  return code;
}

enum base_code cli_register_show(struct cli *cli, struct base_error *err) {
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  uint64_t number;
  if (!base_decimal_parse(base_view_text(cli->words[0]), &number) || number > INT64_MAX)
    return cli_usage(cli, err, "N is a leaf's number, counted from 0");
  enum base_code code = cli_get(cli, &answer, err, "/v1/register/leaves/%llu", (unsigned long long)number);
  if (code != BASE_OK || cli_print_json(cli, &answer))
    return code;
  const struct wire_json *opening = wire_json_get(answer.json, "opening"), *value;
  struct base_view key;
  cli_line(cli, "%s %lld  ", cli_word(cli, CLI_LEAF), (long long)cli_number(answer.json, "index"));
  cli_isolated(cli, &cli->out, cli_string(answer.json, "hash"));
  base_buf_text(&cli->out, "\n");
  cli_block(cli, cli_string(answer.json, "leaf"), 2);
  for (void *cursor = NULL; wire_json_next(opening, &cursor, &key, &value);) {
    base_buf_text(&cli->out, "  ");
    cli_isolated(cli, &cli->out, key);
    base_buf_text(&cli->out, ": ");
    if (wire_json_type(value) == WIRE_JSON_INTEGER)
      cli_line(cli, "%lld", (long long)wire_json_integer(value));
    else
      cli_isolated(cli, &cli->out, wire_json_text(value));
    base_buf_text(&cli->out, "\n");
  }
  return BASE_OK;
}

static enum base_code finish_check(struct cli *cli, const struct wire_json *head, const struct wire_json *last,
                                   struct base_error *err) {
  struct wire_writer writer;
  enum base_code code = check_head(cli, head, err);
  if (code == BASE_OK && !base_view_equal(cli_string(head, "root"), cli_string(last, "root")))
    code = base_fail(err, BASE_CONSISTENCY, "the root computed anew over %lld leaves is not that of the signed head",
                     (long long)cli_number(head, "size"));
  if (code != BASE_OK)
    return code;
  if (!cli->json) {
    cli_line(cli, "%s\n", cli_word(cli, CLI_ALL_CHECKED));
    show_head(cli, head);
    return BASE_OK;
  }
  wire_writer_init(&writer, &cli->out);
  wire_write_object(&writer);
  wire_write_member_integer(&writer, "checked", cli_number(head, "size"));
  wire_write_member_integer(&writer, "size", cli_number(head, "size"));
  wire_write_member_text(&writer, "root", cli_string(head, "root"));
  wire_write_member_bool(&writer, "done", true);
  wire_write_end(&writer, '}');
  base_buf_text(&cli->out, "\n");
  return BASE_OK;
}

/* Some leaves per call, so that the node serves others meanwhile; until what was checked is what the head covers. */
enum base_code cli_register_check(struct cli *cli, struct base_error *err) {
  struct cli_progress progress = {.cli = cli, .label = cli_word(cli, CLI_REGISTER)};
  int64_t next = 0;
  for (;;) {
    CLI_AUTO_ANSWER struct cli_answer answer = {0}, head = {0};
    enum base_code code = cli_get(cli, &answer, err, "/v1/register/check?from=%lld", (long long)next);
    int64_t reached = cli_number(answer.json, "next"), size = cli_number(answer.json, "size");
    bool done = wire_json_true(wire_json_get(answer.json, "done"));
    if (code == BASE_OK && !done && reached <= next)
      code = base_fail(err, BASE_PROTOCOL, "the check does not advance beyond leaf %lld", (long long)next);
    if (code == BASE_OK && done)
      code = cli_get(cli, &head, err, "/v1/register/head");
    if (code != BASE_OK) {
      cli_progress_end(&progress);
      return code;
    }
    next = reached;
    cli_progress_at(&progress, (uint64_t)next, (uint64_t)size);
    if (done && cli_number(head.json, "size") == size) {
      cli_progress_end(&progress);
      return finish_check(cli, head.json, answer.json, err);
    }
  }
}
