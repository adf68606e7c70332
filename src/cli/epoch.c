/* SPDX-License-Identifier: Apache-2.0
 * `wasl node epoch`: the register of a stopped node, which lost leaves, goes on in a new epoch. The keeper alone
 * decides what is signed, so the keeper is told; core begins the epoch when it is started next. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/backup.h"
#include "cli/database.h"

/* With its memory the keeper goes on signing the register that it has, unless whoever runs the node says that leaves of
 * it are lost: nothing takes a new epoch back. Without the memory there is no other way. */
static enum base_code ask(struct cli *cli, int dir, const char *path, struct base_error *err) {
  struct stat status;
  if (cli_has(cli, "--leaves-lost") || (fstatat(dir, "keeper/heads.state", &status, 0) != 0 && errno == ENOENT))
    return BASE_OK;
  return cli_usage(
      cli, err,
      "a new epoch closes the register of %s for ever, and nothing is exchanged before each partner's officer "
      "confirmed it by voice: only when leaves of the register are lost, and no newer copy is found, say so with "
      "--leaves-lost",
      path);
}

/* Whose the data in place are, in which epoch, and which keys open them is core's to know, and what is held the
 * keeper's: the one is asked before the other is told, so that nothing is closed over data with which the node would
 * not start. */
struct needs {
  char oldest[12], newest[12], epoch[12], origin[WIRE_ORIGIN_MAX + 1];
};

static void take_number(const struct wire_json *told, const char *name, char out[12]) {
  (void)snprintf(out, 12, "%u", (unsigned)cli_number(told, name));
}

static enum base_code ask_needs(int dir, struct needs *out_needs, struct base_error *err) {
  CLI_AUTO_DATABASE struct cli_database database = {0};
  BASE_AUTO_BUF struct base_buf out = {0};
  WIRE_AUTO_JSON struct wire_json *told = NULL;
  BASE_AUTO_FD int core = openat(dir, "core", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  enum base_code code =
      core < 0 ? base_fail_errno(err, "core/ cannot be opened") : cli_database_of(dir, &database, err);
  if (code == BASE_OK)
    code = cli_database_job("needs", &database, core, &out, err);
  if (code == BASE_OK)
    code = wire_json_parse(base_buf_view(&out), CLI_PROGRAM_OUTPUT_MAX, "core's answer", &told, err);
  if (code != BASE_OK)
    return base_fail_within(err, "no new epoch was opened, and nothing was changed: the data in place cannot be read");
  struct base_view origin = wire_json_text(wire_json_get(told, "origin"));
  take_number(told, "oldest", out_needs->oldest);
  take_number(told, "newest", out_needs->newest);
  take_number(told, "epoch", out_needs->epoch);
  (void)snprintf(out_needs->origin, sizeof out_needs->origin, "%.*s", (int)origin.size, (const char *)origin.data);
  return BASE_OK;
}

enum base_code cli_node_epoch(struct cli *cli, struct base_error *err) {
  const char *path = cli->words[0], *number = cli_option(cli, "--number");
  char keeper_path[4096], card[4096];
  struct needs needs;
  uint64_t epoch = 0;
  struct stat status;
  BASE_AUTO_BUF struct base_buf origin = {0};
  if (number != NULL && (!base_decimal_parse(base_view_text(number), &epoch) || epoch < 2 || epoch > WIRE_EPOCHS_MAX))
    return cli_usage(cli, err, "--number takes the number of an epoch, from 2 to %d", WIRE_EPOCHS_MAX);
  BASE_AUTO_FD int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0)
    return base_fail_errno(err, "%s: cannot be opened", path);
  enum base_code code = cli_not_running(dir, path, err);
  if (code != BASE_OK)
    return code;
  if (fstatat(dir, "core", &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(status.st_mode))
    return base_fail(
        err, BASE_NOT_FOUND,
        "%s/core is not there: put the newest data back first (wasl backup restore), for a new epoch goes on "
        "from what is left",
        path);
  code = ask(cli, dir, path, err);
  if (code != BASE_OK)
    return code;
  /* Core leaves a copy of the newest card beside its data; before a second one there is the first alone. */
  bool first = fstatat(dir, "core/node.card", &status, AT_SYMLINK_NOFOLLOW) != 0;
  if (snprintf(keeper_path, sizeof keeper_path, "%s/keeper", path) >= (int)sizeof keeper_path ||
      snprintf(card, sizeof card, "%s/%snode.card", path, first ? "" : "core/") >= (int)sizeof card)
    return base_fail(err, BASE_TOO_LARGE, "%s: the path is too long", path);
  code = ask_needs(dir, &needs, err);
  if (code != BASE_OK)
    return code;
  const struct cli_program keeper = {.name = "wasl-keeper",
                                     .arguments = {"epoch", keeper_path, number != NULL ? number : "0", card,
                                                   needs.oldest, needs.newest, needs.epoch, needs.origin},
                                     .folder = -1,
                                     .handed = -1};
  code = cli_backup_keeper(&keeper, "no new epoch was opened", &origin, err);
  if (code != BASE_OK)
    return code;
  while (origin.size > 0 && origin.data[origin.size - 1] == '\n')
    origin.size--;
  if (cli->json) {
    struct wire_writer writer;
    wire_writer_init(&writer, &cli->out);
    wire_write_object(&writer);
    wire_write_member_buf(&writer, "origin", &origin);
    wire_write_end(&writer, '}');
  } else {
    base_buf_add_buf(&cli->out, &origin);
    cli_note(
        cli, "the register before is closed for ever; start the node with: wasld %s; then call each partner: its officer "
        "compares the digits that wasl node status shows, and confirms (wasl partner epoch)",
        path);
    cli_note(cli, "nothing passes of persons who were here before, and tokens from before are over, for who left since is not known here: look at "
                  "them (wasl person list), confirm who stays (wasl person confirm), and look through the named readers of cases");
  }
  base_buf_text(&cli->out, "\n");
  return BASE_OK;
}
