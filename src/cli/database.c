/* SPDX-License-Identifier: Apache-2.0
 * Where a node keeps its store: what --store and --to say, wasl.conf, the password's own file, and the jobs of core. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/database.h"

#define PASSWORD_FILE "database.password" /* STORE_PASSWORD_FILE, which the command line does not know */

enum { LINE = 120 }; /* of wasl.conf, whose lines are short */

static int hex_value(char digit) {
  const char *digits = "0123456789abcdef", *at = digit == 0 ? NULL : strchr(digits, digit | 0x20);
  return at == NULL ? -1 : (int)(at - digits);
}

/* %41 is A. */
static enum base_code take_password(struct cli_database *out, const char *text, size_t size, struct base_error *err) {
  size_t used = 0;
  for (size_t i = 0; i < size; i++) {
    int high = i + 2 < size ? hex_value(text[i + 1]) : -1, low = i + 2 < size ? hex_value(text[i + 2]) : -1;
    bool escaped = text[i] == '%' && high >= 0 && low >= 0;
    char byte = escaped ? (char)(high << 4 | low) : text[i];
    if (used + 1 == sizeof out->password || byte == '\n' || byte == '\0')
      return base_fail(err, BASE_USAGE, "the password in the database's address is too long, or has a line end in it");
    out->password[used++] = byte;
    i += escaped ? 2 : 0;
  }
  out->password[used] = '\0';
  return BASE_OK;
}

/* "user:password@" before the host. */
static enum base_code strip_authority(struct cli_database *out, const char **rest, struct base_error *err) {
  const char *begin = *rest;
  size_t size = strcspn(begin, "@/?"), user = strcspn(begin, ":@/?");
  if (begin[size] != '@' || user == size)
    return BASE_OK;
  base_buf_add(&out->uri, begin, user);
  *rest = begin + size;
  return take_password(out, begin + user + 1, size - user - 1, err);
}

/* "password=…" among the parameters. */
static enum base_code strip_parameters(struct cli_database *out, const char *rest, struct base_error *err) {
  static const char name[] = "password=";
  size_t path = strcspn(rest, "?");
  enum base_code code = BASE_OK;
  const char *between = "?";
  base_buf_add(&out->uri, rest, path);
  for (rest += path; code == BASE_OK && *rest != '\0';) {
    rest++;
    size_t size = strcspn(rest, "&");
    if (strncmp(rest, name, sizeof name - 1) == 0) {
      code = take_password(out, rest + sizeof name - 1, size - (sizeof name - 1), err);
    } else {
      base_buf_text(&out->uri, between);
      base_buf_add(&out->uri, rest, size);
      between = "&";
    }
    rest += size;
  }
  return code;
}

enum base_code cli_database_read(const char *given, struct cli_database *out, struct base_error *err) {
  const char *rest = strstr(given, "://");
  base_buf_init(&out->uri, CLI_DATABASE_MAX);
  if (strcmp(given, "sqlite") == 0)
    return BASE_OK;
  if (rest == NULL || (strncmp(given, "postgresql:", 11) != 0 && strncmp(given, "postgres:", 9) != 0))
    return base_fail(err, BASE_USAGE, "a store is sqlite, or postgresql://USER@HOST:PORT/DATABASE");
  rest += 3;
  base_buf_add(&out->uri, given, (size_t)(rest - given));
  enum base_code code = strip_authority(out, &rest, err);
  if (code == BASE_OK)
    code = strip_parameters(out, rest, err);
  if (code == BASE_OK && base_buf_check(&out->uri, "the database's address", err) != BASE_OK)
    code = base_fail(err, BASE_USAGE, "the database's address is longer than %d octets", CLI_DATABASE_MAX);
  for (size_t i = 0; code == BASE_OK && i < out->uri.size; i++)
    if (out->uri.data[i] <= ' ' || out->uri.data[i] > '~')
      code = base_fail(err, BASE_USAGE,
                       "the database's address holds a space or an octet that is not ASCII: write a space as %s, "
                       "and the rest likewise",
                       "%20");
  return code;
}

void cli_database_free(struct cli_database *database) {
  base_buf_free(&database->uri);
  base_wipe(database->password, sizeof database->password);
}

enum base_code cli_database_password(const struct cli_database *database, int core, struct base_error *err) {
  struct stat owner;
  if (database->password[0] == '\0')
    return BASE_OK;
  enum base_code code = base_file_replace(core, PASSWORD_FILE, base_view_text(database->password), 0600, err);
  if (code == BASE_OK && geteuid() == 0 &&
      (fstat(core, &owner) != 0 || fchownat(core, PASSWORD_FILE, owner.st_uid, owner.st_gid, AT_SYMLINK_NOFOLLOW) != 0))
    code = base_fail_errno(err, PASSWORD_FILE ": cannot be given to core");
  return code;
}

void cli_database_conf(const struct cli_database *database, struct base_buf *conf) {
  base_buf_text(conf, "[store]\ndatabase = ");
  for (size_t at = 0; at < database->uri.size;) {
    size_t left = database->uri.size - at, size = left < LINE ? left : LINE;
    /* A line that begins with one of these would be a comment. */
    while (size < left && strchr(";#", database->uri.data[at + size]) != NULL)
      size--;
    base_buf_printf(conf, "%s%.*s\n", at > 0 ? "  " : "", (int)size, (const char *)database->uri.data + at);
    at += size;
  }
}

static struct base_view trimmed(struct base_view line) {
  while (line.size > 0 && strchr(" \t\r", line.data[0]) != NULL)
    line = base_view_of(line.data + 1, line.size - 1);
  while (line.size > 0 && strchr(" \t\r", line.data[line.size - 1]) != NULL)
    line.size--;
  return line;
}

/* What stands behind the key and its sign; false for another one. */
static bool value_of(struct base_view line, const char *key, struct base_view *out) {
  size_t size = strlen(key);
  if (line.size < size || memcmp(line.data, key, size) != 0)
    return false;
  struct base_view rest = trimmed(base_view_of(line.data + size, line.size - size));
  if (rest.size == 0 || (rest.data[0] != '=' && rest.data[0] != ':'))
    return false;
  *out = trimmed(base_view_of(rest.data + 1, rest.size - 1));
  return true;
}

bool cli_conf_next(struct cli_conf *conf) {
  if (conf->rest.size == 0)
    return false;
  const uint8_t *end = memchr(conf->rest.data, '\n', conf->rest.size);
  size_t size = end != NULL ? (size_t)(end - conf->rest.data) + 1 : conf->rest.size;
  conf->whole = base_view_of(conf->rest.data, size);
  conf->line = trimmed(base_view_of(conf->rest.data, size - (end != NULL)));
  conf->rest = base_view_of(conf->rest.data + size, conf->rest.size - size);
  uint8_t first = conf->line.size > 0 ? conf->line.data[0] : 0;
  if (first == '[')
    conf->store = base_view_is(conf->line, "[store]");
  bool goes_on = conf->database && first != 0 && conf->line.data != conf->whole.data && first != '[';
  conf->value = conf->line;
  conf->database =
      first != ';' && first != '#' && conf->store && (goes_on || value_of(conf->line, "database", &conf->value));
  return true;
}

/* A remark may stand behind it. */
static size_t word_size(struct base_view value) {
  size_t size = 0;
  while (size < value.size && value.data[size] != ' ' && value.data[size] != '\t')
    size++;
  return size;
}

enum base_code cli_database_of(int dir, struct cli_database *out, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf text = {0};
  base_buf_init(&text, 2 * CLI_CONF_MAX);
  base_buf_init(&out->uri, CLI_DATABASE_MAX);
  enum base_code code = base_file_read(dir, "wasl.conf", CLI_CONF_MAX, &text, err);
  if (code == BASE_NOT_FOUND)
    return BASE_OK;
  struct cli_conf conf = {.rest = base_buf_view(&text)};
  while (code == BASE_OK && cli_conf_next(&conf))
    if (conf.database && !base_view_is(conf.value, "sqlite"))
      base_buf_add(&out->uri, conf.value.data, word_size(conf.value));
  return code == BASE_OK ? base_buf_check(&out->uri, "the database's address in wasl.conf", err) : code;
}

/* What core said of its failure: the code's name, and the sentence. */
static enum base_code job_failed(const struct base_buf *out, const struct base_buf *said, struct base_error *err) {
  char name[32];
  const uint8_t *end = out->size > 0 ? memchr(out->data, '\n', out->size) : NULL;
  size_t size = end != NULL ? (size_t)(end - out->data) : 0;
  if (size == 0 || size >= sizeof name)
    return base_fail(err, BASE_INTERNAL, "wasl-core ended without an answer: %.*s", (int)said->size,
                     (const char *)said->data);
  memcpy(name, out->data, size);
  name[size] = '\0';
  enum base_code code = base_code_by_name(name);
  return base_fail(err, code == BASE_CODES || code == BASE_OK ? BASE_INTERNAL : code, "%.*s",
                   (int)(out->size - size - 1), (const char *)out->data + size + 1);
}

enum base_code cli_database_job(const char *job, const struct cli_database *database, int core, struct base_buf *out,
                                struct base_error *err) {
  struct stat owner;
  char user[32], handed[32];
  BASE_AUTO_BUF struct base_buf said = {0};
  bool done = false;
  if (fstat(core, &owner) != 0)
    return base_fail_errno(err, "core's folder cannot be examined");
  BASE_AUTO_FD int uri = base_memfd_sealed("database", base_buf_view(&database->uri), err);
  if (uri < 0)
    return err->code;
  (void)snprintf(user, sizeof user, "%u:%u", (unsigned)owner.st_uid, (unsigned)owner.st_gid);
  (void)snprintf(handed, sizeof handed, "%s=%d", job, CLI_PROGRAM_FD);
  const struct cli_program program = {.name = "wasl-core",
                                      .arguments = {"--role", "core", "--user", user, "--fd", handed},
                                      .folder = core,
                                      .handed = uri};
  enum base_code code = cli_program_run(&program, &done, out, &said, err);
  return code == BASE_OK && !done ? job_failed(out, &said, err) : code;
}
