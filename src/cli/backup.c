/* SPDX-License-Identifier: Apache-2.0
 * Backups: the key that they are sealed to, making one of a running node. Opening one: restore.c. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/backup.h"
#include "wire/backup.h"

enum { KEY_FILE_MAX = 4096 };

/* --- the key */

enum base_code cli_backup_keeper(const struct cli_program *program, const char *what, struct base_buf *out,
                                 struct base_error *err) {
  static const char prefix[] = "wasl-keeper: ";
  BASE_AUTO_BUF struct base_buf said = {0};
  bool done = false;
  enum base_code code = cli_program_run(program, &done, out, &said, err);
  if (code != BASE_OK || done)
    return code;
  struct base_view text = base_buf_view(&said);
  if (text.size >= sizeof prefix - 1 && memcmp(text.data, prefix, sizeof prefix - 1) == 0)
    text = base_view_of(text.data + sizeof prefix - 1, text.size - (sizeof prefix - 1));
  bool other = memmem(text.data, text.size, "made for the key", 16) != NULL;
  return base_fail(err, other ? BASE_WRONG_KEY : BASE_IO, "%s: %.*s", what, (int)text.size, (const char *)text.data);
}

enum base_code cli_backup_key(struct cli *cli, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf key = {0};
  const char *file;
  enum base_code code = cli_need(cli, "-o", &file, err);
  if (code == BASE_OK && cli_to_stdout(file))
    code = cli_usage(cli, err, "the secret goes into a file of its own, to be taken away from this machine");
  if (code != BASE_OK)
    return code;
  const struct cli_program keeper = {
      .name = "wasl-keeper", .arguments = {"backup-key", file}, .folder = -1, .handed = -1};
  code = cli_backup_keeper(&keeper, "the key could not be made", &key, err);
  if (code != BASE_OK)
    return code;
  while (key.size > 0 && key.data[key.size - 1] == '\n')
    key.size--;
  if (cli->json) {
    struct wire_writer writer;
    wire_writer_init(&writer, &cli->out);
    wire_write_object(&writer);
    wire_write_member_buf(&writer, "key", &key);
    wire_write_end(&writer, '}');
  } else {
    base_buf_add_buf(&cli->out, &key);
    cli_note(cli, "%s opens every backup made for this key, and nothing else does: keep it offline, and a copy on paper. "
             "The key itself goes into wasl.conf of each node, section [backup], as: to = …",
             file);
  }
  base_buf_text(&cli->out, "\n");
  return BASE_OK;
}

/* The one line of a file that is no remark. */
static enum base_code read_key(const char *name, struct base_buf *text, struct base_view *out, struct base_error *err) {
  enum base_code code = cli_input_read(name, KEY_FILE_MAX, text, err);
  if (code != BASE_OK)
    return code;
  struct base_view rest = base_buf_view(text), found = {0};
  while (rest.size > 0) {
    const uint8_t *end = memchr(rest.data, '\n', rest.size);
    struct base_view line = base_view_of(rest.data, end != NULL ? (size_t)(end - rest.data) : rest.size);
    rest = base_view_of(rest.data + line.size + (end != NULL), rest.size - line.size - (end != NULL));
    while (line.size > 0 && (line.data[line.size - 1] == '\r' || line.data[line.size - 1] == ' '))
      line.size--;
    if (line.size == 0 || line.data[0] == '#')
      continue;
    if (found.size > 0)
      return base_fail(err, BASE_SYNTAX, "%s: more than one line: one key was expected", name);
    found = line;
  }
  struct wire_key key;
  code = seal_backup_key_parse(found, &key, err);
  *out = found;
  return code == BASE_OK ? BASE_OK : base_fail_within(err, "%s", name);
}

/* --- making one */

struct making {
  struct cli *cli;
  char path[64];
  int fd;
  struct seal_hasher *hasher;
  uint64_t size;
};

static enum base_code write_records(struct making *making, struct base_error *err) {
  struct cli_progress progress = {.cli = making->cli, .label = cli_word(making->cli, CLI_BACKUP)};
  enum base_code code = BASE_OK;
  for (bool more = true; more && code == BASE_OK;) {
    BASE_AUTO_BUF struct base_buf record = {0};
    base_buf_init(&record, WIRE_BACKUP_HEADER + WIRE_RECORD_MAX + WIRE_RECORD_OVERHEAD);
    code = cli_fetch(making->cli, making->path, &record, err);
    if (code != BASE_OK)
      break;
    more = record.size > 0;
    seal_hasher_add(making->hasher, base_buf_view(&record));
    making->size += record.size;
    code = base_write_all(making->fd, base_buf_view(&record), err);
    cli_progress_at(&progress, making->size, 0);
  }
  cli_progress_end(&progress);
  return code;
}

/* The node need not wait until it notices that nobody goes on. */
static void give_up(struct making *making) {
  BASE_AUTO_BUF struct base_buf nothing = {0};
  base_buf_init(&nothing, 64 << 10);
  char path[96];
  (void)snprintf(path, sizeof path, "%s?stop=true", making->path);
  struct base_error ignored;
  (void)!cli_fetch(making->cli, path, &nothing, &ignored);
}

static enum base_code make_file(struct making *making, const char *name, struct base_error *err) {
  struct cli_output output = {.fd = -1};
  bool streams = cli_to_stdout(name); /* as it comes: nothing lies on this machine's disk meanwhile */
  enum base_code code = streams ? BASE_OK : cli_output_open(making->cli, AT_FDCWD, name, &output, err);
  if (code == BASE_OK) {
    making->fd = streams ? STDOUT_FILENO : output.fd;
    code = write_records(making, err);
    if (code != BASE_OK)
      give_up(making);
  }
  if (streams || output.fd < 0)
    return code == BASE_OK || !streams ? code : base_fail_within(err, "standard output");
  return cli_output_end(&output, code, err);
}

static void tell_made(struct making *making, const struct cli_answer *begun, const char *name) {
  struct cli *cli = making->cli;
  struct base_hash hash = seal_hasher_end(making->hasher);
  struct base_hex_text digits = base_hash_text(&hash);
  struct base_view key = cli_string(begun->json, "key");
  if (cli->json) {
    struct wire_writer writer;
    wire_writer_init(&writer, &cli->out);
    wire_write_object(&writer);
    wire_write_member_text(&writer, "origin", cli_string(begun->json, "origin"));
    wire_write_member_text(&writer, "key", key);
    wire_write_member_integer(&writer, "size", (int64_t)making->size);
    wire_write_member_hash(&writer, "sha256", &hash);
    wire_write_member_text(&writer, "store", cli_string(begun->json, "store"));
    wire_write_end(&writer, '}');
    base_buf_text(&cli->out, "\n");
    return;
  }
  cli_note(cli, "%s: %llu bytes, SHA-256 %s, for the key %.*s. Try it where the secret is: wasl backup verify FILE --key "
           "SECRETFILE",
           cli_to_stdout(name) ? "standard output" : name, (unsigned long long)making->size, digits.text, (int)key.size,
           (const char *)key.data);
  if (base_view_is(cli_string(begun->json, "store"), "core.db"))
    return;
  cli_note(
      cli, "it holds the files of parts alone: the node's database is on a server, and must be saved there, before this, "
      "by the server's own tools");
}

static enum base_code may_make(struct cli *cli, const char *name, struct base_error *err) {
  if (!cli_to_stdout(name))
    return cli_may_replace(AT_FDCWD, name, err);
  if (cli->json)
    return cli_usage(cli, err, "-o - and --json would both write on standard output");
  return cli->out_terminal ? cli_usage(cli, err, "-o -: standard output is a terminal; send it to a file or a pipe")
                           : BASE_OK;
}

static enum base_code begin(struct cli *cli, struct cli_answer *out, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf body = {0}, file = {0}, to = {0};
  base_buf_init(&body, BASE_BUF_DEFAULT_LIMIT);
  base_buf_init(&file, 2 * KEY_FILE_MAX);
  base_buf_init(&to, 2 * KEY_FILE_MAX);
  const char *key_file = cli_option(cli, "--to");
  struct base_view key = {0};
  enum base_code code = key_file != NULL ? read_key(key_file, &file, &key, err) : BASE_OK;
  if (code == BASE_OK) {
    base_buf_add_view(&to, key);
    base_buf_u8(&to, 0);
    code = cli_body(&body, err, "to", key_file != NULL ? (const char *)to.data : NULL, NULL);
  }
  return code == BASE_OK ? cli_post(cli, "/v1/backups", base_buf_view(&body), out, err) : code;
}

/* What the node could not put into it. It counts as a failure: who starts this by a timer sees nothing else. */
static enum base_code whole(struct cli *cli, const struct cli_answer *begun, const char *name, struct base_error *err) {
  CLI_AUTO_ANSWER struct cli_answer status = {0};
  enum base_code code = cli_get(cli, &status, err, "/v1/status");
  if (code != BASE_OK)
    return code;
  const struct wire_json *saved = wire_json_get(status.json, "backup");
  int64_t missing = cli_number(saved, "missing");
  if (cli_number(saved, "backup") != cli_number(begun->json, "backup")) {
    cli_note(
        cli, "whether the files of all parts are in it is not known, because another backup ended just now: wasl backup "
        "verify says it");
    return BASE_OK;
  }
  if (missing == 0)
    return BASE_OK;
  return base_fail(err, BASE_CORRUPT,
                   "%s is made, but %lld parts are not in it whole: their files are missing or cut on the node. wasl "
                   "register check names them; put them back (from an older backup), then make another one",
                   cli_to_stdout(name) ? "the backup" : name, (long long)missing);
}

enum base_code cli_backup_create(struct cli *cli, struct base_error *err) {
  CLI_AUTO_ANSWER struct cli_answer begun = {0};
  struct making making = {.cli = cli, .fd = -1, .hasher = seal_hasher_new()};
  const char *name = NULL;
  enum base_code code =
      making.hasher != NULL ? cli_need(cli, "-o", &name, err) : base_fail(err, BASE_MEMORY, "no memory for a hash");
  if (code == BASE_OK)
    code = may_make(cli, name, err);
  if (code == BASE_OK)
    code = begin(cli, &begun, err);
  if (code == BASE_OK) {
    (void)snprintf(making.path, sizeof making.path, "/v1/backups/%lld/next",
                   (long long)cli_number(begun.json, "backup"));
    code = make_file(&making, name, err);
  }
  if (code == BASE_OK)
    code = whole(cli, &begun, name, err);
  if (code == BASE_OK)
    tell_made(&making, &begun, name);
  seal_hasher_free(making.hasher);
  return code;
}
