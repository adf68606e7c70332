/* SPDX-License-Identifier: Apache-2.0
 * Content into files: a case as a folder, a part as a file. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"

enum { FOLDER_MODE = 0700, FILE_MODE = 0600, NAME_BYTES = 640 };

/* Its hash is right before it has its name. */
static enum base_code fetch_to(struct cli *cli, int dir, const char *name, struct cli_reading reading,
                               const struct base_hash *sha256, uint64_t size, struct base_error *err) {
  struct cli_output output;
  uint64_t got;
  enum base_code code = cli_output_open(cli, dir, name, &output, err);
  if (code != BASE_OK)
    return code;
  return cli_output_end(&output, cli_part_fetch(cli, reading, sha256, size, output.fd, &got, err), err);
}

enum base_code cli_part_named(const struct cli *cli, const char **out, struct base_error *err) {
  const char *message = *out = cli_option(cli, "--message");
  for (size_t i = 0; message != NULL && (i == 0 || message[i] != '\0'); i++)
    if (i == BASE_HEX_ID || message[i] == '\0' || strchr("0123456789abcdef", message[i]) == NULL)
      return cli_usage(cli, err, "--message takes the id of a message, or its first digits");
  return BASE_OK;
}

enum base_code cli_part_get(struct cli *cli, struct base_error *err) {
  struct base_hash sha256;
  const char *file;
  struct cli_reading reading = {0};
  enum base_code code = cli_need(cli, "-o", &file, err);
  if (code == BASE_OK)
    code = cli_part_named(cli, &reading.message, err);
  if (code != BASE_OK)
    return code;
  if (!base_hash_parse(base_view_text(cli->words[0]), &sha256))
    return cli_usage(cli, err, "SHA256 is 64 lowercase hex digits");
  code = fetch_to(cli, AT_FDCWD, file, reading, &sha256, 0, err);
  if (code == BASE_OK && cli->json) {
    struct wire_writer writer;
    wire_writer_init(&writer, &cli->out);
    wire_write_object(&writer);
    wire_write_member_hash(&writer, "sha256", &sha256);
    wire_write_end(&writer, '}');
    base_buf_text(&cli->out, "\n");
  }
  return code;
}

/* --- a case */

static enum base_code write_file(int dir, const char *name, struct base_view content, struct base_error *err) {
  return base_file_replace(dir, name, content, FILE_MODE, err);
}

static enum base_code make_folder(int dir, const char *name, int *out, struct base_error *err) {
  if (mkdirat(dir, name, FOLDER_MODE) != 0 && errno != EEXIST)
    return base_fail_errno(err, "the folder %s cannot be made", name);
  *out = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  return *out < 0 ? base_fail_errno(err, "the folder %s cannot be opened", name) : BASE_OK;
}

static enum base_code write_value(int dir, const char *name, const struct wire_json *value, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf text = {0};
  struct wire_writer writer;
  base_buf_init(&text, BASE_BUF_DEFAULT_LIMIT);
  wire_writer_init(&writer, &text);
  wire_write_value(&writer, value);
  base_buf_text(&text, "\n");
  enum base_code code = base_buf_check(&text, name, err);
  return code == BASE_OK ? write_file(dir, name, base_buf_view(&text), err) : code;
}

/* Beside what was exported, so that who finds a file of it finds this, whatever language he reads. */
static const char exercise_file[] = "EXERCISE.txt";
static enum base_code mark_exercise(int dir, const struct wire_json *of, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf text = {0};
  base_buf_init(&text, BASE_BUF_DEFAULT_LIMIT);
  if (!wire_json_true(wire_json_get(of, "exercise")))
    return BASE_OK;
  for (int language = 0; language < WIRE_LANGUAGES; language++)
    base_buf_printf(&text, "%s\n", cli_word_in(CLI_EXERCISE_LINE, (enum wire_language)language));
  enum base_code code = base_buf_check(&text, "the mark of an exercise", err);
  return code == BASE_OK ? write_file(dir, exercise_file, base_buf_view(&text), err) : code;
}

/* "1-report.txt": the number keeps two parts of one name apart, and names that mean something elsewhere harmless. */
static enum base_code export_part(struct cli *cli, int dir, size_t number, const char *message,
                                  const struct wire_json *part, struct base_error *err) {
  struct base_hash sha256;
  struct base_view name = cli_string(part, "name");
  char file[NAME_BYTES];
  if (!base_hash_parse(cli_string(part, "sha256"), &sha256) || !wire_part_name_valid(name))
    return base_fail(err, BASE_PROTOCOL, "the node named a part without a hash or with a name that is none");
  (void)snprintf(file, sizeof file, "%zu-%.*s", number, (int)(name.size > 220 ? 220 : name.size),
                 (const char *)name.data);
  return fetch_to(cli, dir, file, (struct cli_reading){true, message}, &sha256, (uint64_t)cli_number(part, "size"),
                  err);
}

static enum base_code export_message(struct cli *cli, int messages, struct base_view id, struct base_error *err) {
  CLI_AUTO_ANSWER struct cli_answer message = {0};
  BASE_AUTO_FD int dir = -1;
  struct base_id parsed;
  if (!base_id_parse(id, &parsed))
    return base_fail(err, BASE_PROTOCOL, "the node named a message without an id");
  struct base_hex_text text = base_id_text(&parsed);
  const char *name = text.text;
  struct cli_purpose purpose;
  enum base_code code = cli_purpose(cli, (struct cli_reading){.exports = true}, &purpose, err);
  if (code == BASE_OK)
    code = cli_get(cli, &message, err, "/v1/messages/%s%s", name, purpose.text);
  if (code == BASE_OK)
    code = make_folder(messages, name, &dir, err);
  if (code == BASE_OK)
    code = mark_exercise(dir, message.json, err);
  if (code == BASE_OK)
    code = write_file(dir, "header.json", cli_string(message.json, "header"), err);
  if (code == BASE_OK)
    code = write_value(dir, "fields.json", wire_json_get(message.json, "fields"), err);
  if (code == BASE_OK)
    code = write_file(dir, "message.json", base_buf_view(&message.text), err);
  const struct wire_json *parts = wire_json_get(message.json, "parts");
  for (size_t i = 0; code == BASE_OK && i < wire_json_size(parts); i++)
    code = export_part(cli, dir, i + 1, name, wire_json_at(parts, i), err);
  return code == BASE_OK ? BASE_OK : base_fail_within(err, "message %s", name);
}

enum base_code cli_empty_folder(int dir, const char *path, struct base_error *err) {
  int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *folder = copy < 0 ? NULL : fdopendir(copy);
  if (folder == NULL) {
    base_close_fd(&copy);
    return base_fail_errno(err, "%s cannot be read", path);
  }
  enum base_code code = BASE_OK;
  for (const struct dirent *entry; code == BASE_OK && (entry = readdir(folder)) != NULL;)
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
      code = base_fail(err, BASE_EXISTS, "%s is not empty; name a new or empty folder", path);
  closedir(folder);
  return code;
}

/* --- whole or nothing */

/* The folder in which an export is made. Where DIR is not there yet, it lies beside it and becomes DIR in the end; an
 * empty DIR that is there (a stick, a folder of somebody's rights) stays what it is, and it lies within. */
struct making {
  const char *target;
  bool within;     /* target was there */
  int parent, dir; /* parent: the folder that path is counted from */
  char path[4096];
};

static void remove_tree(int parent, const char *name) {
  int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  DIR *folder = fd < 0 ? NULL : fdopendir(fd);
  if (folder == NULL) {
    base_close_fd(&fd);
    unlinkat(parent, name, 0);
    return;
  }
  for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
      remove_tree(dirfd(folder), entry->d_name);
  closedir(folder);
  unlinkat(parent, name, AT_REMOVEDIR);
}

static enum base_code open_target(struct making *making, struct base_error *err) {
  making->parent = open(making->target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  making->within = making->parent >= 0;
  if (making->within)
    return cli_empty_folder(making->parent, making->target, err);
  making->parent = AT_FDCWD;
  return errno == ENOENT ? BASE_OK : base_fail_errno(err, "the folder %s cannot be opened", making->target);
}

static enum base_code begin_making(const struct cli *cli, const char *target, struct making *making,
                                   struct base_error *err) {
  uint64_t chance;
  *making = (struct making){.target = target, .parent = AT_FDCWD, .dir = -1};
  enum base_code code = open_target(making, err);
  if (code != BASE_OK)
    return code;
  size_t size = strlen(target);
  while (size > 1 && target[size - 1] == '/')
    size--;
  cli->world->random(cli->world->context, &chance, sizeof chance);
  int length = snprintf(making->path, sizeof making->path, "%.*s.%016llx.partial", making->within ? 0 : (int)size,
                        target, (unsigned long long)chance);
  if (length < 0 || (size_t)length >= sizeof making->path)
    return base_fail(err, BASE_TOO_LARGE, "%.80s…: the name is too long", target);
  if (mkdirat(making->parent, making->path, FOLDER_MODE) != 0)
    return base_fail_errno(err, "the folder %s cannot be made", target);
  making->dir = openat(making->parent, making->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  return making->dir >= 0 ? BASE_OK : base_fail_errno(err, "the folder %s cannot be opened", target);
}

static enum base_code sync_at(int dir, const char *name, struct base_error *err) {
  BASE_AUTO_FD int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  return fd >= 0 && fsync(fd) == 0 ? BASE_OK : base_fail_errno(err, "cannot be made durable");
}

/* case.json comes last: where it stands, the export is whole. */
static enum base_code put_in_place(const struct making *making, struct base_error *err) {
  static const char *const names[] = {"messages", exercise_file, "case.json"};
  enum { NAMES = sizeof names / sizeof *names };
  if (!making->within)
    return rename(making->path, making->target) == 0 ? sync_at(making->dir, "..", err)
                                                     : base_fail_errno(err, "cannot be put in place");
  enum base_code code = BASE_OK;
  size_t moved = 0;
  for (; code == BASE_OK && moved < NAMES; moved++)
    if (renameat(making->dir, names[moved], making->parent, names[moved]) != 0 &&
        (errno != ENOENT || names[moved] != exercise_file)) /* what is real has none */
      code = base_fail_errno(err, "cannot be put in place");
  if (code == BASE_OK)
    code = sync_at(making->parent, ".", err);
  while (code != BASE_OK && moved > 0)
    remove_tree(making->parent, names[--moved]);
  return code;
}

static enum base_code end_making(struct making *making, enum base_code code, struct base_error *err) {
  if (code == BASE_OK)
    code = put_in_place(making, err);
  if (making->path[0] != 0 && (code != BASE_OK || making->within))
    remove_tree(making->parent, making->path);
  base_close_fd(&making->dir);
  if (making->within)
    base_close_fd(&making->parent);
  return code == BASE_OK ? BASE_OK : base_fail_within(err, "%s: nothing was exported", making->target);
}

static enum base_code export_case(struct cli *cli, int dir, const struct cli_answer *kase, struct base_error *err) {
  BASE_AUTO_FD int messages = -1;
  enum base_code code = make_folder(dir, "messages", &messages, err);
  if (code == BASE_OK)
    code = mark_exercise(dir, kase->json, err);
  const struct wire_json *list = wire_json_get(kase->json, "messages");
  for (size_t i = 0; code == BASE_OK && i < wire_json_size(list); i++)
    code = export_message(cli, messages, cli_string(wire_json_at(list, i), "id"), err);
  return code == BASE_OK ? write_file(dir, "case.json", base_buf_view(&kase->text), err) : code;
}

enum base_code cli_case_export(struct cli *cli, struct base_error *err) {
  CLI_AUTO_ANSWER struct cli_answer kase = {0};
  struct making making;
  struct cli_piece id;
  struct cli_purpose purpose;
  enum base_code code = cli_id_word(cli, 0, "CASE", &id, err);
  if (code == BASE_OK)
    code = cli_purpose(cli, (struct cli_reading){.exports = true}, &purpose, err);
  if (code == BASE_OK)
    code = cli_get(cli, &kase, err, "/v1/cases/%s%s", id.text, purpose.text);
  if (code != BASE_OK)
    return code;
  code = begin_making(cli, cli->words[1], &making, err);
  if (code == BASE_OK)
    code = export_case(cli, making.dir, &kase, err);
  code = end_making(&making, code, err);
  if (code == BASE_OK)
    cli_print_json(cli, &kase);
  return code;
}
