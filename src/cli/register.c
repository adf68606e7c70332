/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <time.h>

#include "cli/cli.h"

/* The signed head against the key of the node's own card, and what it says against size and root as told beside it. */
static enum base_code check_head(struct cli *cli, const struct wire_json *last, struct base_error *err) {
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
    code = seal_checkpoint_verify(cli_string(last, "note"), (struct seal_signer){.log = &log}, &checkpoint, NULL, err);
  if (code != BASE_OK)
    return code;
  struct base_hash root;
  if (checkpoint.size != (uint64_t)cli_number(last, "size") || !base_hash_parse(cli_string(last, "root"), &root) ||
      !base_hash_equal(&root, &checkpoint.root))
    return base_fail(err, BASE_CONSISTENCY, "the root computed anew over %lld leaves is not that of the signed head",
                     (long long)cli_number(last, "size"));
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

/* What a partner signed and contradicted, as it came. */
static enum base_code put_evidence(struct cli *cli, const struct cli_answer *answer, const char *file,
                                   struct base_error *err) {
  struct base_view text = cli_string(answer->json, "evidence");
  BASE_AUTO_BUF struct base_buf bytes = {0};
  struct cli_output output;
  base_buf_init(&bytes, text.size + 1);
  if (text.size == 0)
    return base_fail(err, BASE_NOT_FOUND,
                     "no evidence is kept with leaf %lld: only with faults of partners, and not all",
                     (long long)cli_number(answer->json, "index"));
  enum base_code code = base_base64_parse(text, &bytes, err);
  if (code == BASE_OK)
    code = cli_output_open(cli, AT_FDCWD, file, &output, err);
  if (code != BASE_OK)
    return code;
  return cli_output_end(&output, base_write_all(output.fd, base_buf_view(&bytes), err), err);
}

enum base_code cli_register_show(struct cli *cli, struct base_error *err) {
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  uint64_t number;
  if (!base_decimal_parse(base_view_text(cli->words[0]), &number) || number > INT64_MAX)
    return cli_usage(cli, err, "N is a leaf's number, counted from 0");
  const char *file = cli_option(cli, "-o");
  enum base_code code = cli_get(cli, &answer, err, "/v1/register/leaves/%llu", (unsigned long long)number);
  if (code == BASE_OK && file != NULL)
    code = put_evidence(cli, &answer, file, err);
  if (code != BASE_OK || (file != NULL && cli_to_stdout(file)) || cli_print_json(cli, &answer))
    return code;
  const struct wire_json *opening = wire_json_get(answer.json, "opening"), *value;
  struct base_view key;
  cli_exercise_line(cli, wire_json_true(wire_json_get(answer.json, "exercise")));
  cli_line(cli, "%s %lld  ", cli_word(cli, CLI_LEAF), (long long)cli_number(answer.json, "index"));
  cli_isolated(cli, &cli->out, cli_string(answer.json, "hash"));
  base_buf_text(&cli->out, "\n");
  cli_block(cli, cli_string(answer.json, "leaf"), 2);
  if (wire_json_true(wire_json_get(answer.json, "hidden")))
    cli_line(cli, "  %s\n", cli_word(cli, CLI_LEAF_HIDDEN));
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

/* --- the check */

/* What was found, call by call. */
struct finding {
  struct base_buf json; /* {place, what}, separated by commas */
  size_t named;
};

static void keep_problems(struct cli *cli, struct finding *finding, const struct wire_json *answer) {
  const struct wire_json *problems = wire_json_get(answer, "problems");
  for (size_t i = 0; i < wire_json_size(problems); i++) {
    const struct wire_json *problem = wire_json_at(problems, i);
    struct wire_writer writer;
    if (finding->named++ > 0)
      base_buf_text(&finding->json, ",");
    wire_writer_init(&writer, &finding->json);
    wire_write_value(&writer, problem);
    if (cli->json)
      continue;
    cli_isolated(cli, &cli->out, cli_string(problem, "place"));
    base_buf_text(&cli->out, ": ");
    cli_text(cli, cli_string(problem, "what"));
    base_buf_text(&cli->out, "\n");
  }
}

static void write_checked(struct cli *cli, const struct finding *finding, const struct wire_json *last) {
  struct wire_writer writer;
  wire_writer_init(&writer, &cli->out);
  wire_write_object(&writer);
  wire_write_member_integer(&writer, "checked", cli_number(last, "checked"));
  wire_write_member_integer(&writer, "size", cli_number(last, "size"));
  wire_write_member_text(&writer, "root", cli_string(last, "root"));
  wire_write_member_bool(&writer, "done", true);
  wire_write_member_integer(&writer, "rows", cli_number(last, "next"));
  wire_write_member_integer(&writer, "found", cli_number(last, "found"));
  wire_write_key(&writer, "problems");
  base_buf_text(&cli->out, "[");
  base_buf_add_buf(&cli->out, &finding->json);
  base_buf_text(&cli->out, "]}\n");
}

static enum base_code finish_check(struct cli *cli, const struct finding *finding, const struct wire_json *last,
                                   struct base_error *err) {
  int64_t found = cli_number(last, "found");
  enum base_code code = base_buf_check(&finding->json, "what was found", err);
  if (code == BASE_OK && found == 0)
    code = check_head(cli, last, err);
  if (code != BASE_OK)
    return code;
  if (cli->json)
    write_checked(cli, finding, last);
  if (found > 0)
    return base_fail(
        err, BASE_CORRUPT, "%lld %s found among %lld rows%s; each is in the node's log too (register.corrupt)",
        (long long)found, found == 1 ? "difference was" : "differences were", (long long)cli_number(last, "next"),
        (int64_t)finding->named < found ? ", the first of them are named" : "");
  if (cli->json)
    return BASE_OK;
  CLI_AUTO_ANSWER struct cli_answer head = {0};
  cli_line(cli, "%s\n", cli_word(cli, CLI_ALL_CHECKED));
  code = cli_get(cli, &head, err, "/v1/register/head");
  if (code == BASE_OK)
    show_head(cli, head.json);
  return code;
}

/* Some rows per call, so that the node serves others meanwhile. */
enum base_code cli_register_check(struct cli *cli, struct base_error *err) {
  enum { AGAIN_MAX = 5 };
  unsigned again = 0;
  struct cli_progress progress = {.cli = cli, .label = cli_word(cli, CLI_REGISTER)};
  BASE_AUTO_BUF struct base_buf label = {0};
  struct finding finding = {.named = 0};
  base_buf_init(&finding.json, BASE_BUF_DEFAULT_LIMIT);
  enum base_code code = BASE_OK;
  bool done = false, waits = false;
  for (int64_t next = 0; code == BASE_OK && !done;) {
    CLI_AUTO_ANSWER struct cli_answer answer = {0};
    code = cli_get(cli, &answer, err, "/v1/register/check?from=%lld", (long long)next);
    if (code == BASE_CONFLICT && again++ < AGAIN_MAX) { /* a restart, or a step that the node took back, ended it */
      next = 0;
      finding.named = 0;
      base_buf_reset(&finding.json);
      base_buf_reset(&cli->out);
      code = BASE_OK;
      continue;
    }
    if (code == BASE_BUSY) { /* another one is going on: ours comes after it */
      if (!waits)
        cli_note(cli, "%s", err->text);
      waits = true;
      cli_progress_at(&progress, 0, 0);
      nanosleep(&(struct timespec){.tv_nsec = 200 * 1000000}, NULL);
      code = BASE_OK;
      continue;
    }
    int64_t reached = cli_number(answer.json, "next");
    bool leaves = base_view_is(cli_string(answer.json, "stage"), "leaves");
    done = wire_json_true(wire_json_get(answer.json, "done"));
    if (code == BASE_OK && !done && reached <= next)
      code = base_fail(err, BASE_PROTOCOL, "the check does not advance beyond row %lld", (long long)next);
    if (code != BASE_OK)
      break;
    next = reached;
    keep_problems(cli, &finding, answer.json);
    base_buf_reset(&label);
    base_buf_printf(&label, "%s: %.*s%c", cli_word(cli, CLI_REGISTER), (int)cli_string(answer.json, "stage").size,
                    (const char *)cli_string(answer.json, "stage").data, 0);
    progress.label = label.data == NULL ? "" : (const char *)label.data;
    cli_progress_at(&progress, (uint64_t)cli_number(answer.json, leaves ? "checked" : "rows"),
                    leaves ? (uint64_t)cli_number(answer.json, "size") : 0);
    if (done) {
      cli_progress_end(&progress);
      code = finish_check(cli, &finding, answer.json, err);
    }
  }
  cli_progress_end(&progress);
  base_buf_free(&finding.json);
  return code;
}
