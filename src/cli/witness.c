/* SPDX-License-Identifier: Apache-2.0
 * Witnesses: who they are, how far they have seen the register, and of whom this node is one. spec/witness.md. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

static void show_witness(struct cli_table *table, const struct wire_json *witness) {
  cli_cell_id(table, cli_string(witness, "name"));
  cli_cell_number(table, cli_number(witness, "size"));
  cli_cell_number(table, cli_number(witness, "behind"));
  cli_cell_time(table, wire_json_get(witness, "last"));
  cli_sentence(table->cli, &table->cells, cli_string(witness, "trouble"));
  cli_cell(table, BASE_VIEW(""));
}

void cli_witnesses_show(struct cli *cli, const struct wire_json *witnesses) {
  static const enum cli_word heads[] = {CLI_WITNESS, CLI_WITNESS_SIZE, CLI_WITNESS_BEHIND, CLI_WITNESS_LAST,
                                        CLI_TROUBLE};
  CLI_AUTO_TABLE struct cli_table table;
  cli_table_begin(&table, cli, 5, heads);
  for (size_t i = 0; i < wire_json_size(witnesses); i++)
    show_witness(&table, wire_json_at(witnesses, i));
  cli_table_end(&table);
}

/* The list as the node answers it; also after each change. */
static void show_list(struct cli *cli, const struct cli_answer *answer) {
  const struct wire_json *witnessed = wire_json_get(answer->json, "witnessed");
  if (cli_print_json(cli, answer))
    return;
  cli_witnesses_show(cli, wire_json_get(answer->json, "witnesses"));
  cli_line(cli, "%s: %lld\n", cli_word(cli, CLI_WITNESS_QUORUM), (long long)cli_number(answer->json, "quorum"));
  for (size_t i = 0; i < wire_json_size(witnessed); i++) {
    cli_line(cli, "%s ", cli_word(cli, CLI_WITNESS_OF));
    cli_isolated(cli, &cli->out, wire_json_text(wire_json_at(witnessed, i)));
    base_buf_text(&cli->out, "\n");
  }
  cli_line(cli, "%s ", cli_word(cli, CLI_WITNESS_REGISTER_KEY));
  cli_isolated(cli, &cli->out, cli_string(answer->json, "log"));
  cli_line(cli, "\n%s ", cli_word(cli, CLI_WITNESS_OWN_KEY));
  cli_isolated(cli, &cli->out, cli_string(answer->json, "key"));
  base_buf_text(&cli->out, "\n");
}

static enum base_code change(struct cli *cli, struct base_view body, struct base_error *err) {
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  enum base_code code = cli_post(cli, "/v1/witnesses", body, &answer, err);
  if (code == BASE_OK)
    show_list(cli, &answer);
  return code;
}

enum base_code cli_witness_list(struct cli *cli, struct base_error *err) {
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  enum base_code code = cli_get(cli, &answer, err, "/v1/witnesses");
  if (code == BASE_OK)
    show_list(cli, &answer);
  return code;
}

enum base_code cli_witness_add(struct cli *cli, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf body = {0};
  const char *key = cli_option(cli, "--key"), *url = cli_option(cli, "--url"), *pin = cli_option(cli, "--pin");
  size_t named = 0;
  for (size_t i = 0; i < cli->option_count; i++)
    named += strcmp(cli->options[i].name, "--witness") == 0;
  if (named > 1 || cli->word_count > 0 || cli_has(cli, "--fingerprint"))
    return cli_usage(cli, err, "one witness at a time, and no card beside it");
  if ((key == NULL) != (url == NULL) || (key == NULL && pin != NULL))
    return cli_usage(cli, err, "a witness that is no partner needs both --key and --url, a partner neither");
  enum base_code code =
      cli_body(&body, err, "do", "add", "name", cli_option(cli, "--witness"), "key", key, "url", url, "pin", pin, NULL);
  return code == BASE_OK ? change(cli, base_buf_view(&body), err) : code;
}

enum base_code cli_witness_remove(struct cli *cli, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf body = {0};
  enum base_code code = cli_body(&body, err, "do", "remove", "name", cli->words[0], NULL);
  return code == BASE_OK ? change(cli, base_buf_view(&body), err) : code;
}

enum base_code cli_witness_for(struct cli *cli, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf body = {0};
  enum base_code code =
      cli_body(&body, err, "do", cli_has(cli, "--stop") ? "leave" : "witness", "name", cli->words[0], NULL);
  return code == BASE_OK ? change(cli, base_buf_view(&body), err) : code;
}

enum base_code cli_witness_policy(struct cli *cli, struct base_error *err) {
  char body[64];
  uint64_t quorum;
  if (!base_decimal_parse(base_view_text(cli->words[0]), &quorum) || quorum > INT32_MAX)
    return cli_usage(cli, err, "a whole number: so many witnesses");
  (void)snprintf(body, sizeof body, "{\"do\":\"quorum\",\"quorum\":%llu}", (unsigned long long)quorum);
  return change(cli, base_view_text(body), err);
}
