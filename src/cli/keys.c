/* SPDX-License-Identifier: Apache-2.0
 * The node's own card and keys, while it runs: what there is, and changes of it. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

/* --- what there is */

static void show_keys(struct cli *cli, const struct wire_json *answer) {
  static const enum cli_word heads[] = {CLI_KEY,   CLI_NUMBER,  CLI_STATE, CLI_SINCE,
                                        CLI_UNTIL, CLI_RENEWAL, CLI_CODE,  CLI_ALGORITHM};
  const struct wire_json *keys = wire_json_get(answer, "keys");
  CLI_AUTO_TABLE struct cli_table table;
  cli_table_begin(&table, cli, 8, heads);
  for (size_t i = 0; i < wire_json_size(keys); i++) {
    const struct wire_json *key = wire_json_at(keys, i);
    cli_cell(&table, cli_code_word(cli, cli_string(key, "type")));
    cli_cell_number(&table, cli_number(key, "number"));
    cli_cell(&table, cli_code_word(cli, cli_string(key, "state")));
    cli_cell_time(&table, wire_json_get(key, "from"));
    cli_cell_time(&table, wire_json_get(key, "until"));
    cli_cell_time(&table, wire_json_get(key, "due"));
    cli_cell_id(&table, cli_string(key, "id"));
    cli_cell(&table, cli_string(key, "algorithm"));
  }
  cli_table_end(&table);
}

/* Who was not told yet: as long as there is one, old keys are of use. */
static void show_behind(struct cli *cli, const struct wire_json *answer) {
  const struct wire_json *partners = wire_json_get(answer, "partners");
  int64_t generation = cli_number(answer, "generation");
  cli_line(cli, "%s %lld  ", cli_word(cli, CLI_GENERATION), (long long)generation);
  cli_isolated(cli, &cli->out, cli_string(answer, "fingerprint"));
  base_buf_text(&cli->out, "\n");
  for (size_t i = 0; generation > 1 && i < wire_json_size(partners); i++) {
    const struct wire_json *partner = wire_json_at(partners, i);
    int64_t holds = cli_number(partner, "holds");
    if (holds >= generation)
      continue;
    cli_line(cli, "  %s: ", cli_word(cli, CLI_NOT_TOLD));
    cli_isolated(cli, &cli->out, cli_string(partner, "name"));
    if (holds > 0)
      cli_line(cli, " (%s %lld)", cli_word(cli, CLI_GENERATION), (long long)holds);
    base_buf_text(&cli->out, "\n");
  }
}

enum base_code cli_key_list(struct cli *cli, struct base_error *err) {
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  enum base_code code = cli_get(cli, &answer, err, "/v1/keys");
  if (code != BASE_OK || cli_print_json(cli, &answer))
    return code;
  show_behind(cli, answer.json);
  show_keys(cli, answer.json);
  return BASE_OK;
}

/* --- changes */

static void show_changed(struct cli *cli, const struct cli_answer *answer) {
  if (cli_print_json(cli, answer))
    return;
  cli_line(cli, "%s %lld  ", cli_word(cli, CLI_GENERATION), (long long)cli_number(answer->json, "generation"));
  cli_isolated(cli, &cli->out, cli_string(answer->json, "fingerprint"));
  base_buf_text(&cli->out, "\n");
}

static enum base_code post(struct cli *cli, const char *path, const struct base_buf *body, struct base_error *err) {
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  enum base_code code = base_buf_check(body, "the request", err);
  if (code == BASE_OK)
    code = cli_post(cli, path, base_buf_view(body), &answer, err);
  if (code == BASE_OK)
    show_changed(cli, &answer);
  return code;
}

struct addresses {
  struct wire_writer *writer;
};

static enum base_code add_address(void *context, struct base_view piece, struct base_error *err) {
  struct addresses *addresses = context;
  if (!wire_address_valid(piece))
    return base_fail(err, BASE_USAGE, "%.*s is no address: HOST:PORT or [IPv6]:PORT",
                     (int)(piece.size < 80 ? piece.size : 80), (const char *)piece.data);
  wire_write_text(addresses->writer, piece);
  return BASE_OK;
}

static void write_names(struct cli *cli, struct wire_writer *writer) {
  char option[16];
  wire_write_key(writer, "org");
  wire_write_object(writer);
  for (int i = 0; i < WIRE_LANGUAGES; i++) {
    (void)snprintf(option, sizeof option, "--org-%s", wire_language_codes[i]);
    const char *given = cli_option(cli, option);
    if (given == NULL)
      given = cli_option(cli, "--org");
    if (given != NULL)
      wire_write_member_string(writer, wire_language_codes[i], given);
  }
  wire_write_end(writer, '}');
}

enum base_code cli_card_change(struct cli *cli, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf body = {0};
  struct wire_writer writer;
  struct addresses addresses = {&writer};
  const char *list = cli_option(cli, "--address");
  enum base_code code = BASE_OK;
  if (cli->option_count == 0)
    return cli_usage(cli, err, "say what changes: --address or --org");
  base_buf_init(&body, BASE_BUF_DEFAULT_LIMIT);
  wire_writer_init(&writer, &body);
  wire_write_object(&writer);
  if (list != NULL) {
    wire_write_key(&writer, "address");
    wire_write_array(&writer);
    code = cli_split(cli, list, "--address", add_address, &addresses, err);
    wire_write_end(&writer, ']');
  }
  write_names(cli, &writer);
  wire_write_end(&writer, '}');
  return code == BASE_OK ? post(cli, "/v1/card", &body, err) : code;
}

/* --- the TLS key: made by wasl-keeper in the gate's folder, before the node hears of it */

static enum base_code make_tls(struct cli *cli, struct base_hash *out_pin, struct base_error *err) {
  CLI_AUTO_ANSWER struct cli_answer status = {0};
  BASE_AUTO_BUF struct base_buf said = {0};
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  char origin[WIRE_ORIGIN_MAX + 1];
  enum base_code code = cli_get(cli, &status, err, "/v1/status");
  if (code != BASE_OK)
    return code;
  struct base_view text = cli_string(status.json, "origin");
  (void)snprintf(origin, sizeof origin, "%.*s", (int)text.size, (const char *)text.data);
  code = cli_keeper_run((const char *[]){"tls", cli->node, origin}, 3, &said, err);
  if (code == BASE_OK)
    code = wire_json_parse(base_buf_view(&said), CLI_PROGRAM_OUTPUT_MAX, "the keeper's answer", &json, err);
  if (code == BASE_OK && !base_hash_parse(cli_string(json, "tls"), out_pin))
    code = base_fail(err, BASE_INTERNAL, "the keeper's answer names no TLS key");
  return code;
}

static void write_choice(struct wire_writer *writer, const struct cli *cli, const char *member, const char *option) {
  if (cli_has(cli, option))
    wire_write_member_bool(writer, member, true);
}

enum base_code cli_key_rotate(struct cli *cli, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf body = {0};
  struct wire_writer writer;
  struct base_hash pin;
  bool all = cli_has(cli, "--all"), tls = all || cli_has(cli, "--tls");
  enum base_code code = BASE_OK;
  if (!tls && !cli_has(cli, "--sign") && !cli_has(cli, "--seal"))
    return cli_usage(cli, err, "which keys? --sign, --seal, --tls or --all");
  if (tls)
    code = make_tls(cli, &pin, err);
  if (code != BASE_OK)
    return code;
  base_buf_init(&body, BASE_BUF_DEFAULT_LIMIT);
  wire_writer_init(&writer, &body);
  wire_write_object(&writer);
  write_choice(&writer, cli, "sign", all ? "--all" : "--sign");
  write_choice(&writer, cli, "seal", all ? "--all" : "--seal");
  write_choice(&writer, cli, "epoch", "--all");
  write_choice(&writer, cli, "force", "--force");
  if (tls)
    wire_write_member_hash(&writer, "tls", &pin);
  wire_write_end(&writer, '}');
  /* One that the node refuses is destroyed by the gate later: after a failure nobody here knows whether it took it. */
  code = post(cli, "/v1/keys/rotate", &body, err);
  if (code == BASE_OK && all && !cli->json)
    cli_note(
        cli, "the key of content is replaced too, and the one before is destroyed when all is wrapped anew (wasl key list "
        "shows only one then): from that moment backups and other copies from before cannot bring the node back any "
        "more. Make a new backup then (wasl backup create), and copy the keys anew");
  return code;
}

enum base_code cli_key_retire(struct cli *cli, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf body = {0};
  struct wire_writer writer;
  if (!cli_has(cli, "--seal") && !cli_has(cli, "--tls"))
    return cli_usage(cli, err, "which keys? --seal or --tls");
  base_buf_init(&body, BASE_BUF_DEFAULT_LIMIT);
  wire_writer_init(&writer, &body);
  wire_write_object(&writer);
  write_choice(&writer, cli, "seal", "--seal");
  write_choice(&writer, cli, "tls", "--tls");
  write_choice(&writer, cli, "force", "--force");
  wire_write_end(&writer, '}');
  return post(cli, "/v1/keys/retire", &body, err);
}
