/* SPDX-License-Identifier: Apache-2.0
 * `wasl store migrate`: a node's store goes from SQLite to PostgreSQL, while the node stands still. */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/database.h"

/* wasld's lock: a node that runs has it, and cannot be started while we have it. */
static enum base_code hold_still(int dir, const char *path, int *out, struct base_error *err) {
  int lock = openat(dir, "wasld.lock", O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (lock < 0)
    return base_fail_errno(err, "%s/wasld.lock cannot be opened", path);
  if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
    enum base_code code = errno == EWOULDBLOCK ? base_fail(err, BASE_BUSY, "the node in %s runs: stop it first", path)
                                               : base_fail_errno(err, "%s/wasld.lock cannot be locked", path);
    base_close_fd(&lock);
    return code;
  }
  *out = lock;
  return BASE_OK;
}

/* wasl.conf without its section of the store, which said sqlite. */
static enum base_code conf_without_store(struct base_view text, struct base_buf *out, struct base_error *err) {
  struct cli_conf conf = {.rest = text};
  while (cli_conf_next(&conf)) {
    if (conf.database && !base_view_is(conf.value, "sqlite"))
      return base_fail(err, BASE_CONFLICT, "wasl.conf: this node keeps its store on a server already");
    if (!conf.database && !(conf.store && base_view_is(conf.line, "[store]")))
      base_buf_add_view(out, conf.whole);
  }
  if (out->size > 0 && out->data[out->size - 1] != '\n')
    base_buf_u8(out, '\n');
  return base_buf_check(out, "wasl.conf", err);
}

static enum base_code read_conf(int dir, const struct cli_database *database, struct base_buf *out,
                                struct base_error *err) {
  BASE_AUTO_BUF struct base_buf old = {0};
  base_buf_init(&old, 2 * CLI_CONF_MAX);
  base_buf_init(out, 2 * CLI_CONF_MAX);
  enum base_code code = base_file_read(dir, "wasl.conf", CLI_CONF_MAX, &old, err);
  if (code == BASE_OK)
    code = conf_without_store(base_buf_view(&old), out, err);
  if (code != BASE_OK)
    return code;
  cli_database_conf(database, out);
  return base_buf_check(out, "wasl.conf", err);
}

/* Like the old one in owner and mode. */
static enum base_code replace_conf(int dir, const struct base_buf *conf, struct base_error *err) {
  struct stat old;
  if (fstatat(dir, "wasl.conf", &old, AT_SYMLINK_NOFOLLOW) != 0)
    return base_fail_errno(err, "wasl.conf cannot be examined");
  enum base_code code = base_file_replace(dir, "wasl.conf", base_buf_view(conf), old.st_mode & 0777, err);
  if (code == BASE_OK && geteuid() == 0 && fchownat(dir, "wasl.conf", old.st_uid, old.st_gid, AT_SYMLINK_NOFOLLOW) != 0)
    code = base_fail_errno(err, "wasl.conf cannot be given to its owner");
  return code;
}

static enum base_code print_moved(struct cli *cli, const char *path, const struct base_buf *out,
                                  struct base_error *err) {
  WIRE_AUTO_JSON struct wire_json *told = NULL;
  enum base_code code = wire_json_parse(base_buf_view(out), CLI_CONF_MAX, "core's answer", &told, err);
  if (code != BASE_OK)
    return code;
  if (cli->json) {
    base_buf_add_buf(&cli->out, out);
    base_buf_text(&cli->out, "\n");
    return BASE_OK;
  }
  cli_note(cli, "the store of %s is in %.*s now: %lld rows of %lld tables, and the register of %lld leaves with its root",
           path, (int)cli_string(told, "database").size, (const char *)cli_string(told, "database").data,
           (long long)cli_number(told, "rows"), (long long)cli_number(told, "tables"),
           (long long)cli_number(told, "size"));
  cli_note(cli, "%s/core/core.db is what it was, and is not used any more: remove it once the node runs", path);
  return BASE_OK;
}

/* The copy stands or does not; then wasl.conf names it or does not. Between the two the copy is one that nobody used,
 * and the next try begins it anew. */
enum base_code cli_store_migrate(struct cli *cli, struct base_error *err) {
  const char *path = cli->words[0], *to;
  CLI_AUTO_DATABASE struct cli_database database = {0};
  BASE_AUTO_BUF struct base_buf conf = {0}, out = {0};
  BASE_AUTO_FD int dir = -1;
  BASE_AUTO_FD int core = -1;
  BASE_AUTO_FD int lock = -1;
  enum base_code code = cli_need(cli, "--to", &to, err);
  if (code == BASE_OK)
    code = cli_database_read(to, &database, err);
  if (code == BASE_OK && database.uri.size == 0)
    code = cli_usage(cli, err, "--to is a postgresql:// URI");
  if (code != BASE_OK)
    return code;
  dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  core = dir < 0 ? -1 : openat(dir, "core", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  if (core < 0)
    return base_fail_errno(err, "%s cannot be opened as a node's folder", path);
  code = hold_still(dir, path, &lock, err);
  if (code == BASE_OK)
    code = read_conf(dir, &database, &conf, err);
  if (code == BASE_OK)
    code = cli_database_password(&database, core, err);
  if (code == BASE_OK)
    code = cli_database_job("migrate", &database, core, &out, err);
  if (code == BASE_OK)
    code = replace_conf(dir, &conf, err);
  return code == BASE_OK ? print_moved(cli, path, &out, err) : code;
}
