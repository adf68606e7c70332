/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <time.h>

#include "cli/cli.h"

/* --- cards */

enum base_code cli_card_export(struct cli *cli, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf bytes = {0};
  BASE_AUTO_ARENA struct base_arena arena = {0};
  struct wire_card card;
  base_buf_init(&bytes, 2 * WIRE_CARD_MAX);
  base_arena_init(&arena, 4 * WIRE_CARD_MAX);
  struct cli_output output;
  const char *file = cli_option(cli, "-o");
  enum base_code code = cli_own_card(cli, &bytes, &arena, &card, err);
  if (code == BASE_OK && file == NULL)
    base_buf_add_buf(&cli->out, &bytes);
  if (code != BASE_OK || file == NULL)
    return code;
  code = cli_output_open(cli, AT_FDCWD, file, &output, err);
  if (code != BASE_OK)
    return code;
  code = base_write_all(output.fd, base_buf_view(&bytes), err);
  return cli_output_end(&output, code, err);
}

static enum base_code read_card(const char *file, struct base_buf *bytes, struct base_arena *arena,
                                struct wire_card *out, struct base_error *err) {
  base_buf_init(bytes, 2 * WIRE_CARD_MAX);
  base_arena_init(arena, 4 * WIRE_CARD_MAX);
  enum base_code code = cli_input_read(file, WIRE_CARD_MAX, bytes, err);
  if (code != BASE_OK)
    return code;
  code = wire_card_parse(base_buf_view(bytes), arena, out, err);
  if (code == BASE_OK)
    code = seal_card_check(out, err);
  return code == BASE_OK ? BASE_OK : base_fail_within(err, "%s", file);
}

static void write_card_json(struct cli *cli, const struct wire_card *card, const char *fingerprint) {
  struct wire_writer writer;
  wire_writer_init(&writer, &cli->out);
  wire_write_object(&writer);
  wire_write_member_text(&writer, "name", card->name);
  wire_write_member_string(&writer, "fingerprint", fingerprint);
  wire_write_member_text(&writer, "origin", card->origin);
  wire_write_member_integer(&writer, "generation", card->generation);
  wire_write_key(&writer, "org");
  wire_write_object(&writer);
  for (size_t i = 0; i < WIRE_LANGUAGES; i++)
    wire_write_member_text(&writer, wire_language_codes[i], card->org[i]);
  wire_write_end(&writer, '}');
  wire_write_key(&writer, "addresses");
  wire_write_array(&writer);
  for (size_t i = 0; i < card->address_count; i++)
    wire_write_text(&writer, card->addresses[i]);
  wire_write_end(&writer, ']');
  wire_write_member_text(&writer, "log", card->log);
  wire_write_member_text(&writer, "witness", card->witness);
  wire_write_member_time(&writer, "made", card->made);
  wire_write_end(&writer, '}');
  base_buf_text(&cli->out, "\n");
}

static void row(struct cli_table *table, enum cli_word word, struct base_view text, bool isolated) {
  cli_cell(table, base_view_text(cli_word(table->cli, word)));
  if (isolated)
    cli_cell_id(table, text);
  else
    cli_cell(table, text);
}

static void show_card(struct cli *cli, const struct wire_card *card, const char *fingerprint) {
  CLI_AUTO_TABLE struct cli_table table;
  cli_table_begin(&table, cli, 2, (const enum cli_word[]){CLI_NAME, CLI_FINGERPRINT});
  cli_cell_id(&table, card->name);
  cli_cell_id(&table, base_view_text(fingerprint));
  row(&table, CLI_ORGANISATION, card->org[cli->language], false);
  row(&table, CLI_ORIGIN, card->origin, true);
  cli_cell(&table, base_view_text(cli_word(cli, CLI_GENERATION)));
  cli_cell_number(&table, card->generation);
  for (size_t i = 0; i < card->address_count; i++)
    row(&table, CLI_ADDRESS, card->addresses[i], true);
  cli_cell(&table, base_view_text(cli_word(cli, CLI_MADE)));
  cli_time(cli, &table.cells, card->made);
  base_buf_u8(&table.cells, 0);
  cli_table_end(&table);
}

static enum base_code show_file(struct cli *cli, const char *file, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf bytes = {0};
  BASE_AUTO_ARENA struct base_arena arena = {0};
  struct wire_card card;
  char fingerprint[SEAL_FINGERPRINT_TEXT];
  enum base_code code = read_card(file, &bytes, &arena, &card, err);
  if (code != BASE_OK)
    return code;
  seal_fingerprint(base_buf_view(&bytes), fingerprint);
  if (cli->json)
    write_card_json(cli, &card, fingerprint);
  else
    show_card(cli, &card, fingerprint);
  return BASE_OK;
}

enum base_code cli_card_show(struct cli *cli, struct base_error *err) {
  return show_file(cli, cli->words[0], err);
}

/* --- partners */

static void show_partner(struct cli *cli, const struct cli_answer *answer) {
  struct base_view state = cli_string(answer->json, "state");
  if (cli_print_json(cli, answer))
    return;
  cli_isolated(cli, &cli->out, cli_string(answer->json, "name"));
  base_buf_text(&cli->out, "  ");
  cli_text(cli, cli_code_word(cli, state));
  base_buf_text(&cli->out, "\n");
}

enum base_code cli_partner_add(struct cli *cli, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf bytes = {0}, body = {0};
  BASE_AUTO_ARENA struct base_arena arena = {0};
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  struct wire_card card;
  struct wire_writer writer;
  const char *typed = cli_option(cli, "--fingerprint");
  char fingerprint[SEAL_FINGERPRINT_TEXT];
  if (cli_has(cli, "--witness"))
    return cli_witness_add(cli, err);
  if (cli->word_count == 0 || cli_has(cli, "--key") || cli_has(cli, "--url") || cli_has(cli, "--pin"))
    return cli_usage(cli, err,
                     cli->word_count == 0 ? "FILE is missing, the partner's card, or --witness NAME"
                                          : "--key, --url and --pin are those of a witness: --witness NAME is missing");
  enum base_code code = read_card(cli->words[0], &bytes, &arena, &card, err);
  if (code != BASE_OK)
    return code;
  seal_fingerprint(base_buf_view(&bytes), fingerprint);
  if (typed == NULL) {
    if (cli->json)
      write_card_json(cli, &card, fingerprint);
    else
      show_card(cli, &card, fingerprint);
    cli_note(cli, "%s", cli_word(cli, CLI_COMPARE));
    return cli_usage(cli, err, "--fingerprint is missing");
  }
  if (!seal_fingerprint_equal(fingerprint, base_view_text(typed)))
    return base_fail(err, BASE_POLICY,
                     "%s: the fingerprint given is not this card's; compare again with the partner by voice, and trust "
                     "neither the card nor its way here until both agree",
                     cli->words[0]);
  base_buf_init(&body, 8 * WIRE_CARD_MAX);
  wire_writer_init(&writer, &body);
  wire_write_object(&writer);
  wire_write_member_buf(&writer, "card", &bytes);
  wire_write_member_string(&writer, "fingerprint", fingerprint);
  wire_write_end(&writer, '}');
  code = base_buf_check(&body, "the request", err);
  if (code == BASE_OK)
    code = cli_post(cli, "/v1/partners", base_buf_view(&body), &answer, err);
  if (code == BASE_OK)
    show_partner(cli, &answer);
  return code;
}

enum base_code cli_partner_list(struct cli *cli, struct base_error *err) {
  static const enum cli_word heads[] = {CLI_NAME,        CLI_STATE,      CLI_LAST_CONTACT,
                                        CLI_FINGERPRINT, CLI_GENERATION, CLI_TROUBLE};
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  enum base_code code = cli_get(cli, &answer, err, "/v1/partners");
  if (code != BASE_OK || cli_print_json(cli, &answer))
    return code;
  CLI_AUTO_TABLE struct cli_table table;
  cli_table_begin(&table, cli, 6, heads);
  for (size_t i = 0; i < wire_json_size(answer.json); i++) {
    const struct wire_json *partner = wire_json_at(answer.json, i);
    cli_cell_id(&table, cli_string(partner, "name"));
    cli_cell(&table, cli_code_word(cli, cli_string(partner, "state")));
    cli_cell_time(&table, wire_json_get(partner, "last_contact"));
    cli_cell_id(&table, cli_string(partner, "fingerprint"));
    cli_cell_number(&table, cli_number(partner, "generation"));
    cli_sentence(cli, &table.cells, cli_string(partner, "trouble"));
    cli_cell(&table, BASE_VIEW(""));
  }
  cli_table_end(&table);
  CLI_AUTO_ANSWER struct cli_answer witnesses = {0};
  code = cli_get(cli, &witnesses, err, "/v1/witnesses");
  if (code == BASE_OK)
    cli_witnesses_show(cli, wire_json_get(witnesses.json, "witnesses"));
  return code;
}

/* --- what both sides hold */

/* The partner's row of the list; NULL when there is none. */
static const struct wire_json *row_of(const struct wire_json *list, const char *name) {
  for (size_t i = 0; i < wire_json_size(list); i++)
    if (base_view_is(cli_string(wire_json_at(list, i), "name"), name))
      return wire_json_at(list, i);
  return NULL;
}

static enum base_code tell_compared(struct cli *cli, const char *name, const struct wire_json *reconciled,
                                    struct base_error *err) {
  struct base_view difference = cli_string(reconciled, "difference");
  if (cli->json) {
    struct wire_writer writer;
    wire_writer_init(&writer, &cli->out);
    wire_write_value(&writer, reconciled);
    base_buf_text(&cli->out, "\n");
  } else if (difference.size == 0) {
    cli_line(cli, "%s. %s: %lld. %s: %lld.\n", cli_word(cli, CLI_RECONCILE_EQUAL), cli_word(cli, CLI_RECONCILE_GIVEN),
             (long long)cli_number(reconciled, "given"), cli_word(cli, CLI_RECONCILE_TAKEN),
             (long long)cli_number(reconciled, "taken"));
  }
  return difference.size == 0 ? BASE_OK
                              : base_fail(err, BASE_CONFLICT, "%s and this node do not hold the same: %.*s", name,
                                          (int)difference.size, (const char *)difference.data);
}

enum base_code cli_partner_reconcile(struct cli *cli, struct base_error *err) {
  enum { SECONDS = 60, SECONDS_MAX = 86400, POLL_MS = 100 };
  const char *timeout = cli_option(cli, "--timeout"), *name = cli->words[0];
  CLI_AUTO_ANSWER struct cli_answer begun = {0};
  struct cli_progress progress = {.cli = cli, .label = cli_word(cli, CLI_REGISTER)};
  uint64_t seconds = SECONDS;
  char path[64 + 3 * 256];
  if (timeout != NULL && (!base_decimal_parse(base_view_text(timeout), &seconds) || seconds > SECONDS_MAX))
    return cli_usage(cli, err, "--timeout takes seconds, at most %d", SECONDS_MAX);
  (void)snprintf(path, sizeof path, "/v1/partners/%s/reconcile", cli_piece(base_view_text(name)).text);
  enum base_code code =
      cli_post(cli, path, cli_has(cli, "--all") ? BASE_VIEW("{\"all\":true}") : BASE_VIEW("{}"), &begun, err);
  int64_t rounds = code == BASE_OK ? cli_number(begun.json, "rounds") : 0;
  int64_t end = cli->world->monotonic_ms(cli->world->context) + (int64_t)seconds * 1000;
  while (code == BASE_OK) {
    CLI_AUTO_ANSWER struct cli_answer list = {0};
    code = cli_get(cli, &list, err, "/v1/partners");
    const struct wire_json *row = code == BASE_OK ? row_of(list.json, name) : NULL;
    const struct wire_json *reconciled = row != NULL ? wire_json_get(row, "reconciled") : NULL;
    if (code == BASE_OK && cli_number(reconciled, "rounds") > rounds &&
        !wire_json_true(wire_json_get(reconciled, "asking"))) {
      cli_progress_end(&progress);
      return tell_compared(cli, name, reconciled, err);
    }
    if (code == BASE_OK && cli->world->monotonic_ms(cli->world->context) >= end) {
      struct base_view trouble = cli_string(row, "trouble");
      cli_progress_end(&progress);
      return base_fail(err, trouble.size > 0 ? BASE_UNREACHABLE : BASE_TIMEOUT,
                       "after %llu s %s has not answered%s%.*s; the comparison goes on by itself: wasl partner list",
                       (unsigned long long)seconds, name, trouble.size > 0 ? ": " : "", (int)trouble.size,
                       (const char *)trouble.data);
    }
    cli_progress_at(&progress, 1, 0);
    nanosleep(&(struct timespec){.tv_nsec = POLL_MS * 1000000}, NULL);
  }
  return code;
}

/* The first one was compared by voice; each later one was signed by the keys of the one before. */
static void show_cards(struct cli *cli, const struct wire_json *cards, int64_t confirmed) {
  static const enum cli_word heads[] = {CLI_GENERATION, CLI_MADE, CLI_FINGERPRINT, CLI_CONFIRMED};
  CLI_AUTO_TABLE struct cli_table table;
  cli_table_begin(&table, cli, 4, heads);
  for (size_t i = 0; i < wire_json_size(cards); i++) {
    const struct wire_json *card = wire_json_at(cards, i);
    bool by_voice = cli_number(card, "generation") == confirmed;
    cli_cell_number(&table, cli_number(card, "generation"));
    cli_cell_time(&table, wire_json_get(card, "made"));
    cli_cell_id(&table, cli_string(card, "fingerprint"));
    cli_cell(&table, base_view_text(cli_word(cli, by_voice ? CLI_BY_VOICE : CLI_BY_CARD_BEFORE)));
  }
  cli_table_end(&table);
}

enum base_code cli_partner_show(struct cli *cli, struct base_error *err) {
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  enum base_code code = cli_get(cli, &answer, err, "/v1/partners/%s", cli_piece(base_view_text(cli->words[0])).text);
  if (code != BASE_OK || cli_print_json(cli, &answer))
    return code;
  struct base_view trouble = cli_string(answer.json, "trouble");
  show_partner(cli, &answer);
  if (trouble.size > 0) {
    base_buf_text(&cli->out, "  ");
    cli_sentence(cli, &cli->out, trouble);
    base_buf_text(&cli->out, "\n");
  }
  show_cards(cli, wire_json_get(answer.json, "cards"), cli_number(answer.json, "confirmed"));
  return BASE_OK;
}

enum base_code cli_partner_epoch(struct cli *cli, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf body = {0};
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  char path[64 + 3 * 256];
  const char *typed = NULL;
  (void)snprintf(path, sizeof path, "/v1/partners/%s/epoch", cli_piece(base_view_text(cli->words[0])).text);
  base_buf_init(&body, BASE_BUF_DEFAULT_LIMIT);
  enum base_code code = cli_need(cli, "--fingerprint", &typed, err);
  if (code == BASE_OK)
    code = cli_body(&body, err, "fingerprint", typed, NULL);
  if (code == BASE_OK)
    code = cli_post(cli, path, base_buf_view(&body), &answer, err);
  if (code == BASE_OK)
    show_partner(cli, &answer);
  return code;
}

static enum base_code set_state(struct cli *cli, const char *state, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf body = {0};
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  char path[64 + 3 * 256];
  (void)snprintf(path, sizeof path, "/v1/partners/%s/state", cli_piece(base_view_text(cli->words[0])).text);
  base_buf_init(&body, BASE_BUF_DEFAULT_LIMIT);
  enum base_code code = cli_body(&body, err, "state", state, "reason", cli_option(cli, "--reason"), NULL);
  if (code == BASE_OK)
    code = cli_post(cli, path, base_buf_view(&body), &answer, err);
  if (code == BASE_OK)
    show_partner(cli, &answer);
  return code;
}

enum base_code cli_partner_suspend(struct cli *cli, struct base_error *err) {
  return set_state(cli, "suspended", err);
}
enum base_code cli_partner_resume(struct cli *cli, struct base_error *err) {
  return set_state(cli, "active", err);
}
