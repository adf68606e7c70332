/* SPDX-License-Identifier: Apache-2.0
 * The table of commands, and how one is run. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/version.h"
#include "cli/cli.h"

const struct cli_command cli_commands[] = {
    {"node init", "DIR --name NAME --org NAME --listen HOST:PORT[,…]",
     " --name= --org= --org-ar= --org-fr= --org-en= --org-es= --org-pt= --listen= --address= ", 1, 1, cli_node_init,
     "make a node in DIR (--address: where partners reach it; --org-ar and so on: its name per language)"},
    {"node status", "", "", 0, 0, cli_node_status, "what the node does; fails unless it answers and listens"},
    {"status", "", "", 0, 0, cli_node_status, "the same as node status"},
    {"card export", "", "", 0, 0, cli_card_export, "the node's card, to give to a partner"},
    {"card show", "FILE", "", 1, 1, cli_card_show, "a card and the fingerprint that two people compare by voice"},
    {"partner add", "FILE --fingerprint WORDS", " --fingerprint= ", 1, 1, cli_partner_add,
     "take a partner's card once its fingerprint is confirmed"},
    {"partner list", "", "", 0, 0, cli_partner_list, "the partners, their state and fingerprint"},
    {"partner suspend", "NAME [--reason TEXT]", " --reason= ", 1, 1, cli_partner_suspend,
     "exchange nothing with a partner for now"},
    {"partner resume", "NAME [--reason TEXT]", " --reason= ", 1, 1, cli_partner_resume,
     "exchange with a suspended partner again"},
    {"kind list", "", "", 0, 0, cli_kind_list, "the kinds of case"},
    {"kind show", "KIND", "", 1, 1, cli_kind_show, "a kind: its forms, states and clocks"},
    {"kind example", "KIND [TYPE]", "", 1, 2, cli_kind_example, "a filled form, for --fields"},
    {"agreement propose", "--to NODE[,NODE] --file FILE | --example",
     " --to= --file= --example --part= --part-as-is= --part-name= ", 0, 0, cli_agreement_propose,
     "propose an agreement, accepting it oneself; prints the case"},
    {"agreement accept", "CASE [--note TEXT]", " --note= ", 1, 1, cli_agreement_accept,
     "accept the terms that stand; prints the message"},
    {"agreement list", "", "", 0, 0, cli_agreement_list, "the agreements and whether they are in force"},
    {"case open", "KIND --to NODE[,NODE] --field NAME=VALUE … [--part FILE [--part-name NAME] …] [--fields FILE]",
     " --to= --field= --fields= --part= --part-as-is= --part-name= --handling= ", 1, 1, cli_case_open,
     "open a case; prints its id"},
    {"case send", "CASE TYPE --field NAME=VALUE … [--part FILE [--part-name NAME] …] [--fields FILE]",
     " --field= --fields= --part= --part-as-is= --part-name= --handling= ", 2, 2, cli_case_send,
     "send a message in a case; prints its id"},
    {"case list", "[--kind KIND] [--limit N]", " --kind= --limit= ", 0, 0, cli_case_list,
     "the cases, the last changed first"},
    {"case show", "CASE", "", 1, 1, cli_case_show, "a case with its messages, receipts and deadlines"},
    {"case export", "CASE DIR", "", 2, 2, cli_case_export, "a case as files in a new folder"},
    {"message show", "ID", "", 1, 1, cli_message_show, "a message with its fields and parts"},
    {"part get", "SHA256 -o FILE", " -o= ", 1, 1, cli_part_get, "a part's octets, checked against its hash"},
    {"part stix", "SHA256", "", 1, 1, cli_part_stix, "the objects of a STIX part by type"},
    {"outbox list", "[--open] [--limit N]", " --open --limit= ", 0, 0, cli_outbox_list,
     "what was sent, and what became of it"},
    {"outbox wait", "[--timeout SECONDS]", " --timeout= ", 0, 0, cli_outbox_wait,
     "wait until nothing is waiting or under way"},
    {"outbox end", "ID --reason TEXT [--to NODE]", " --reason= --to= ", 1, 1, cli_outbox_end,
     "give up sending a message, by name and with a reason"},
    {"consignment export", "--to NODE FILE", " --to= ", 1, 1, cli_consignment_export,
     "what is open for a partner, and the answers that he is owed, as a file to be carried"},
    {"consignment import", "FILE", "", 1, 1, cli_consignment_import, "take in such a file of a partner's"},
    {"register head", "", "", 0, 0, cli_register_head, "the signed head of the node's register"},
    {"register show", "N", "", 1, 1, cli_register_show, "leaf N and its opening"},
    {"register check", "", "", 0, 0, cli_register_check, "recompute and compare everything"},
    {"proof export", "MESSAGE -o FILE", " -o= ", 1, 1, cli_proof_export,
     "a message with its proofs, in one file for anybody"},
    {"proof verify", "FILE [--card FILE …]", " --card= ", 1, 1, cli_proof_verify,
     "verify such a file; needs no node and no network"},
};
const size_t cli_command_count = sizeof cli_commands / sizeof *cli_commands;

void cli_help(struct base_buf *out, const struct cli_command *command) {
  if (command != NULL) {
    base_buf_printf(out, "wasl %s%s%s\n\n  %s\n", command->words, command->usage[0] ? " " : "", command->usage,
                    command->help);
    base_buf_text(out, "\n-n DIR (or WASL_NODE) names the node's folder; --json prints one JSON document.\n");
    return;
  }
  base_buf_text(out, "wasl links organisations that stay sovereign, and hands out receipts.\n\n"
                     "Use: wasl [-n DIR] COMMAND … [--json]\n\n");
  for (size_t i = 0; i < cli_command_count; i++)
    base_buf_printf(out, "  %-18s  %s\n", cli_commands[i].words, cli_commands[i].help);
  base_buf_text(out,
                "\n  wasld DIR           run the node in DIR in the foreground\n"
                "\n-n DIR (or WASL_NODE) names the node's folder. `wasl help COMMAND` says more.\n"
                "Exit: 0 done, 1 failed, 2 wrong use, 5 not found, 6 refused by law or policy, 7 evidence does not\n"
                "verify, 8 partner unreachable.\n");
}

/* `wasl help …` and `wasl --version`, which are no commands of the table; false when it is neither. */
static bool answer_plain(struct cli *cli, int argc, char **argv, enum base_code *code, struct base_error *err) {
  *code = BASE_OK;
  if (argc == 2 && (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "version") == 0)) {
    cli_line(cli, "wasl " BASE_VERSION "\n");
    return true;
  }
  if (argc < 2 || strcmp(argv[1], "help") != 0)
    return false;
  int used;
  cli->command = argc > 2 ? cli_command_find(argc - 2, argv + 2, &used) : NULL;
  if (argc > 2 && cli->command == NULL)
    *code = cli_usage(cli, err, "there is no command '%.40s'", argv[2]);
  else
    cli_help(&cli->out, cli->command);
  return true;
}

static const char *locale_name(void) {
  static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
  for (size_t i = 0; i < 3; i++) {
    const char *value = getenv(names[i]);
    if (value != NULL && value[0] != 0)
      return value;
  }
  return NULL;
}

static enum base_code run(struct cli *cli, int argc, char **argv, struct base_error *err) {
  enum base_code code;
  if (answer_plain(cli, argc, argv, &code, err))
    return code;
  code = cli_args_read(cli, argc, argv, err);
  if (code != BASE_OK)
    return code;
  if (cli_has(cli, "--help")) {
    cli_help(&cli->out, cli->command);
    return BASE_OK;
  }
  return cli->command->run(cli, err);
}

int cli_main(int argc, char **argv) {
  static struct cli cli; /* large, and one per program */
  struct base_error err = {BASE_OK, ""};
  cli.program = argc > 0 ? argv[0] : "wasl";
  cli.world = base_world_system();
  cli.node = getenv("WASL_NODE");
  if (cli.node != NULL && cli.node[0] == 0)
    cli.node = NULL;
  cli.language = cli_language(locale_name());
  cli.out_terminal = isatty(STDOUT_FILENO) == 1;
  cli.err_terminal = isatty(STDERR_FILENO) == 1;
  base_log_program("wasl");
  base_buf_init(&cli.out, BASE_BUF_DEFAULT_LIMIT);
  enum base_code code = run(&cli, argc, argv, &err), written = base_buf_check(&cli.out, "the answer", NULL);
  if (code == BASE_OK && written != BASE_OK)
    code = base_buf_check(&cli.out, "the answer", &err);
  if (cli.out.size > 0 &&
      base_write_all(STDOUT_FILENO, base_buf_view(&cli.out), code == BASE_OK ? &err : NULL) != BASE_OK &&
      code == BASE_OK)
    code = base_fail_within(&err, "the output");
  base_buf_free(&cli.out);
  if (code != BASE_OK)
    cli_note("wasl: %s", err.text);
  return base_code_exit(code);
}
