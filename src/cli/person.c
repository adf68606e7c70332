/* SPDX-License-Identifier: Apache-2.0
 * Persons with their roles, and the tokens by which programs act for them. spec/people.md. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "link/link.h"
#include "wire/kind.h"

enum { DAY = 86400, DAYS_MAX = 366 };

/* --- what is said of roles */

static enum base_code add_role(void *context, struct base_view piece, struct base_error *err) {
  struct wire_writer *writer = context;
  enum link_person_role role;
  if (!link_person_role_named(piece, &role))
    return base_fail(err, BASE_USAGE,
                     "'%.*s' is no role; there are liaison, supervisor, operations, integrator, auditor and "
                     "administrator",
                     (int)(piece.size < 40 ? piece.size : 40), (const char *)piece.data);
  wire_write_text(writer, piece);
  return BASE_OK;
}

static enum base_code add_request(void *context, struct base_view piece, struct base_error *err) {
  struct wire_writer *writer = context;
  if (!base_utf8_valid(piece))
    return base_fail(err, BASE_UTF8, "--requests is not UTF-8");
  wire_write_text(writer, piece);
  return BASE_OK;
}

/* The pieces of an option as a member that is an array; nothing when the option is not there. */
static enum base_code write_list(struct cli *cli, struct wire_writer *writer, const char *key, const char *option,
                                 enum base_code (*each)(void *, struct base_view, struct base_error *),
                                 struct base_error *err) {
  const char *given = cli_option(cli, option);
  if (given == NULL)
    return BASE_OK;
  wire_write_key(writer, key);
  wire_write_array(writer);
  enum base_code code = cli_split(cli, given, option, each, writer, err);
  wire_write_end(writer, ']');
  return code;
}

static enum base_code add_lane(void *context, struct base_view piece, struct base_error *err) {
  struct wire_writer *writer = context;
  enum wire_lane lane;
  if (!wire_lane_named(piece, &lane))
    return base_fail(err, BASE_USAGE, "'%.*s' is no lane; there are enforcement, humanitarian and civil",
                     (int)(piece.size < 40 ? piece.size : 40), (const char *)piece.data);
  wire_write_text(writer, piece);
  return BASE_OK;
}

enum base_code cli_lanes_write(struct cli *cli, struct wire_writer *writer, struct base_error *err) {
  return write_list(cli, writer, "lanes", "--lanes", add_lane, err);
}

enum base_code cli_roles_write(struct cli *cli, struct wire_writer *writer, struct base_error *err) {
  return write_list(cli, writer, "roles", "--roles", add_role, err);
}

/* A line of text as a member; nothing when it is not there. */
static enum base_code write_text(struct wire_writer *writer, const char *key, const char *text,
                                 struct base_error *err) {
  if (text != NULL && !base_utf8_valid(base_view_text(text)))
    return base_fail(err, BASE_UTF8, "%s is not UTF-8", key);
  if (text != NULL)
    wire_write_member_string(writer, key, text);
  return BASE_OK;
}

/* The words of a list of codes, of roles or of lanes. */
static void add_codes(struct cli *cli, const struct wire_json *codes, struct base_buf *out) {
  for (size_t i = 0; i < wire_json_size(codes); i++) {
    base_buf_text(out, i > 0 ? ", " : "");
    base_buf_add_view(out, cli_code_word(cli, wire_json_text(wire_json_at(codes, i))));
  }
}

static void cell_codes(struct cli *cli, struct cli_table *table, const struct wire_json *codes) {
  BASE_AUTO_BUF struct base_buf text = {0};
  base_buf_init(&text, 1024);
  add_codes(cli, codes, &text);
  cli_cell(table, base_buf_view(&text));
}

/* --- persons */

static void show_person(struct cli *cli, struct cli_table *table, const struct wire_json *person) {
  bool owner = wire_json_true(wire_json_get(person, "owner"));
  cli_cell_id(table, cli_string(person, "person"));
  cli_cell(table, cli_string(person, "name"));
  cli_cell(table, cli_string(person, "unit"));
  cell_codes(cli, table, wire_json_get(person, "roles"));
  cell_codes(cli, table, wire_json_get(person, "lanes"));
  cli_cell(table,
           owner ? base_view_text(cli_word(cli, CLI_PERSON_OWNER)) : cli_code_word(cli, cli_string(person, "state")));
  cli_cell(table, cli_code_word(cli, cli_string(person, "login")));
}

static void show_persons(struct cli *cli, const struct wire_json *persons, bool one) {
  static const enum cli_word heads[] = {CLI_PERSON, CLI_NAME, CLI_UNIT, CLI_ROLES, CLI_LANES, CLI_STATE, CLI_LOGIN};
  CLI_AUTO_TABLE struct cli_table table;
  cli_table_begin(&table, cli, 7, heads);
  if (one)
    show_person(cli, &table, persons);
  for (size_t i = 0; !one && i < wire_json_size(persons); i++)
    show_person(cli, &table, wire_json_at(persons, i));
  cli_table_end(&table);
}

enum base_code cli_person_list(struct cli *cli, struct base_error *err) {
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  enum base_code code = cli->word_count == 0 ? cli_get(cli, &answer, err, "/v1/persons")
                                             : cli_get(cli, &answer, err, "/v1/persons/%s",
                                                       cli_piece(base_view_text(cli->words[0])).text);
  if (code != BASE_OK || cli_print_json(cli, &answer))
    return code;
  show_persons(cli, wire_json_get(answer.json, "persons"), false);
  if (cli->word_count > 0 || wire_json_size(wire_json_get(answer.json, "persons")) > 0)
    return BASE_OK;
  cli_note(cli, "%s: wasl -n %s person add PERSON --name NAME --roles administrator,…", cli_word(cli, CLI_PERSON_NOBODY),
           cli->node);
  cli_note(cli, "%s", cli_word(cli, CLI_PERSON_BEFORE));
  return code;
}

/* The first person makes the node's owner one: from then on he sees one side of the wall. */
static void note_owner(struct cli *cli, const struct wire_json *owner) {
  BASE_AUTO_BUF struct base_buf text = {0};
  if (wire_json_type(owner) != WIRE_JSON_OBJECT)
    return;
  base_buf_init(&text, 1024);
  cli_isolated(cli, &text, cli_string(owner, "person"));
  base_buf_text(&text, ": ");
  add_codes(cli, wire_json_get(owner, "lanes"), &text);
  cli_note(cli, "%s %.*s", cli_word(cli, CLI_PERSON_OWNER_LANES), (int)text.size, (const char *)text.data);
  cli_note(cli, "%s wasl -n %s person add PERSON --name NAME --roles ROLE,… --lanes humanitarian",
           cli_word(cli, CLI_PERSON_OTHER_SIDE), cli->node);
}

/* What the command's last word says is done to the person that follows. */
static enum base_code change(struct cli *cli, const char *what, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf body = {0};
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  struct wire_writer writer;
  wire_writer_init(&writer, &body);
  wire_write_object(&writer);
  wire_write_member_string(&writer, "do", what);
  enum base_code code = write_text(&writer, "person", cli->words[0], err);
  if (code == BASE_OK)
    code = write_text(&writer, "name", cli_option(cli, "--name"), err);
  if (code == BASE_OK)
    code = write_text(&writer, "unit", cli_option(cli, "--unit"), err);
  if (code == BASE_OK)
    code = write_text(&writer, "reason", cli_option(cli, "--reason"), err);
  if (code == BASE_OK)
    code = cli_roles_write(cli, &writer, err);
  if (code == BASE_OK)
    code = cli_lanes_write(cli, &writer, err);
  wire_write_end(&writer, '}');
  if (code == BASE_OK)
    code = base_buf_check(&body, "the request", err);
  if (code == BASE_OK)
    code = cli_post(cli, "/v1/persons", base_buf_view(&body), &answer, err);
  if (code == BASE_OK && !cli_print_json(cli, &answer))
    show_persons(cli, answer.json, true);
  if (code == BASE_OK)
    note_owner(cli, wire_json_get(answer.json, "owner_named"));
  if (code == BASE_OK && cli_number(answer.json, "unread") > 0)
    cli_note(cli, "%s %lld: wasl -n %s reader add CASE PERSON --reason TEXT", cli_word(cli, CLI_READER_UNREAD),
             (long long)cli_number(answer.json, "unread"), cli->node);
  return code;
}

enum base_code cli_person_add(struct cli *cli, struct base_error *err) {
  const char *name, *roles;
  enum base_code code = cli_need(cli, "--name", &name, err);
  if (code == BASE_OK)
    code = cli_need(cli, "--roles", &roles, err);
  return code == BASE_OK ? change(cli, "add", err) : code;
}

enum base_code cli_person_roles(struct cli *cli, struct base_error *err) {
  const char *roles;
  enum base_code code = cli_need(cli, "--roles", &roles, err);
  return code == BASE_OK ? change(cli, "roles", err) : code;
}

enum base_code cli_person_lanes(struct cli *cli, struct base_error *err) {
  const char *lanes;
  enum base_code code = cli_need(cli, "--lanes", &lanes, err);
  return code == BASE_OK ? change(cli, "lanes", err) : code;
}

enum base_code cli_person_unit(struct cli *cli, struct base_error *err) {
  return cli_has(cli, "--unit") ? change(cli, "unit", err) : cli_usage(cli, err, "--unit is missing");
}

enum base_code cli_person_owner(struct cli *cli, struct base_error *err) {
  return change(cli, "owner", err);
}

enum base_code cli_person_confirm(struct cli *cli, struct base_error *err) {
  return change(cli, "confirm", err);
}

enum base_code cli_person_close(struct cli *cli, struct base_error *err) {
  return change(cli, "close", err);
}

/* --- tokens */

enum base_code cli_token_list(struct cli *cli, struct base_error *err) {
  static const enum cli_word heads[] = {CLI_NUMBER, CLI_PERSON, CLI_TOKEN_FOR, CLI_ROLES, CLI_UNTIL, CLI_STATE};
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  enum base_code code = cli_get(cli, &answer, err, "/v1/tokens");
  if (code != BASE_OK || cli_print_json(cli, &answer))
    return code;
  const struct wire_json *tokens = wire_json_get(answer.json, "tokens");
  CLI_AUTO_TABLE struct cli_table table;
  cli_table_begin(&table, cli, 6, heads);
  for (size_t i = 0; i < wire_json_size(tokens); i++) {
    const struct wire_json *token = wire_json_at(tokens, i);
    cli_cell_number(&table, cli_number(token, "token"));
    cli_cell_id(&table, cli_string(token, "person"));
    cli_cell(&table, cli_string(token, "label"));
    cell_codes(cli, &table, wire_json_get(token, "roles"));
    cli_cell_time(&table, wire_json_get(token, "until"));
    cli_cell(&table, cli_code_word(cli, cli_string(token, "state")));
  }
  cli_table_end(&table);
  return BASE_OK;
}

static enum base_code token_body(struct cli *cli, const char *label, uint64_t days, struct base_buf *body,
                                 struct base_error *err) {
  base_time now = cli->world->now(cli->world->context);
  struct wire_writer writer;
  wire_writer_init(&writer, body);
  wire_write_object(&writer);
  wire_write_member_string(&writer, "do", "make");
  enum base_code code = write_text(&writer, "person", cli->word_count > 0 ? cli->words[0] : NULL, err);
  if (code == BASE_OK)
    code = write_text(&writer, "label", label, err);
  wire_write_member_time(&writer, "until", now + (base_time)days * DAY);
  if (code == BASE_OK)
    code = cli_roles_write(cli, &writer, err);
  if (code == BASE_OK)
    code = write_list(cli, &writer, "requests", "--requests", add_request, err);
  wire_write_end(&writer, '}');
  return code == BASE_OK ? base_buf_check(body, "the request", err) : code;
}

/* A token that was made in a session ends sooner than --days says. */
static void note_until(struct cli *cli, const struct wire_json *moment) {
  BASE_AUTO_BUF struct base_buf text = {0};
  base_time until;
  base_buf_init(&text, 128);
  if (cli_moment(moment, &until))
    cli_time(cli, &text, until);
  cli_note(cli, "%s: %.*s", cli_word(cli, CLI_UNTIL), (int)text.size, (const char *)text.data);
}

enum base_code cli_token_make(struct cli *cli, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf body = {0};
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  const char *label, *days_text;
  uint64_t days = 0;
  enum base_code code = cli_need(cli, "--label", &label, err);
  if (code == BASE_OK)
    code = cli_need(cli, "--days", &days_text, err);
  if (code == BASE_OK && (!base_decimal_parse(base_view_text(days_text), &days) || days == 0 || days > DAYS_MAX))
    code = cli_usage(cli, err, "--days takes a number from 1 to %d", DAYS_MAX);
  if (code == BASE_OK)
    code = token_body(cli, label, days, &body, err);
  if (code == BASE_OK)
    code = cli_post(cli, "/v1/tokens", base_buf_view(&body), &answer, err);
  if (code != BASE_OK || cli_print_json(cli, &answer))
    return code;
  base_buf_add_view(&cli->out, cli_string(answer.json, "secret"));
  base_buf_text(&cli->out, "\n");
  cli_note(cli, "%s", cli_word(cli, CLI_TOKEN_ONCE));
  note_until(cli, wire_json_get(answer.json, "until"));
  return BASE_OK;
}

enum base_code cli_token_end(struct cli *cli, struct base_error *err) {
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  char body[64];
  uint64_t number;
  if (!base_decimal_parse(base_view_text(cli->words[0]), &number) || number > INT32_MAX)
    return cli_usage(cli, err, "NUMBER is that of wasl token list");
  (void)snprintf(body, sizeof body, "{\"do\":\"end\",\"number\":%llu}", (unsigned long long)number);
  enum base_code code = cli_post(cli, "/v1/tokens", base_view_text(body), &answer, err);
  if (code == BASE_OK)
    (void)cli_print_json(cli, &answer);
  return code;
}

/* --- the token that this command asks with */

enum base_code cli_token_read(struct base_buf *out, struct base_error *err) {
  const char *file = getenv("WASL_TOKEN_FILE"), *text = getenv("WASL_TOKEN");
  enum base_code code = BASE_OK;
  base_buf_init(out, CLI_TOKEN_MAX + 2);
  if (file == NULL && text == NULL)
    return BASE_OK;
  if (file != NULL && file[0] != '\0')
    code = cli_input_read(file, CLI_TOKEN_MAX + 1, out, err);
  else if (file == NULL)
    base_buf_text(out, text);
  while (code == BASE_OK && out->size > 0 && (out->data[out->size - 1] == '\n' || out->data[out->size - 1] == '\r'))
    out->size--;
  /* Set and empty: a program that lost its token must not act as the owner instead. */
  bool bad = out->code != BASE_OK || out->size > CLI_TOKEN_MAX || out->size == 0;
  for (size_t i = 0; i < out->size && !bad; i++)
    bad = out->data[i] <= ' ' || out->data[i] >= 0x7f;
  if (code == BASE_OK && bad)
    code = base_fail(err, BASE_LOGIN, "%s holds no token: one line, as wasl token make or wasl login gave it",
                     file != NULL ? "the file in WASL_TOKEN_FILE" : "WASL_TOKEN");
  return code;
}
