/* SPDX-License-Identifier: Apache-2.0 */
#include "wasld/conf.h"

#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* --- the schema: the only list of what may stand in the file. A setter gives false for a bad value. */

struct row;
typedef bool setter(struct wasld_conf *conf, const struct row *row, const char *value);
static setter set_name, set_listen, set_address, set_user, set_number, set_database, set_backup;

static const struct row {
  const char *section, *key;
  setter *set;
  const char *wanted;   /* for the person whose value was not usable */
  const char *standard; /* the value when none is given; NULL: it must be given */
  enum link_role role;
  size_t place; /* of a number in struct wasld_conf */
  uint64_t least, most;
  bool long_value; /* may go on in further lines that begin with a space */
  bool secret;     /* not repeated in an error text */
} rows[] = {
#define USER "UID:GID as numbers, and not root's"
    {.section = "node",
     .key = "name",
     .set = set_name,
     .wanted = "a lower-case letter, then at most 31 of a-z, 0-9 and -"},
    {.section = "node",
     .key = "listen",
     .set = set_listen,
     .wanted = "HOST:PORT or [IPv6]:PORT, at most 8 of them with commas between"},
    {.section = "node",
     .key = "address",
     .set = set_address,
     .wanted = "HOST:PORT or [IPv6]:PORT, at most 8 of them with commas between",
     .standard = ""},
    {.section = "users", .key = "keeper", .set = set_user, .wanted = USER, .standard = "", .role = LINK_ROLE_KEEPER},
    {.section = "users", .key = "core", .set = set_user, .wanted = USER, .standard = "", .role = LINK_ROLE_CORE},
    {.section = "users", .key = "gate", .set = set_user, .wanted = USER, .standard = "", .role = LINK_ROLE_GATE_PEER},
    {.section = "users", .key = "local", .set = set_user, .wanted = USER, .standard = "", .role = LINK_ROLE_GATE_LOCAL},
    {.section = "users", .key = "worker", .set = set_user, .wanted = USER, .standard = "", .role = LINK_ROLE_WORKER},
    {.section = "store",
     .key = "database",
     .set = set_database,
     .wanted = "sqlite, or postgresql://USER@HOST:PORT/DATABASE of at most 1024 octets",
     .standard = "sqlite",
     .long_value = true,
     .secret = true},
    {.section = "limits",
     .key = "stop",
     .set = set_number,
     .wanted = "whole seconds from 1 to 600",
     .standard = "10",
     .place = offsetof(struct wasld_conf, stop_seconds),
     .least = 1,
     .most = 600},
    {.section = "limits",
     .key = "restarts",
     .set = set_number,
     .wanted = "a whole number from 0 to 100",
     .standard = "5",
     .place = offsetof(struct wasld_conf, restarts),
     .least = 0,
     .most = 100},
    {.section = "backup",
     .key = "to",
     .set = set_backup,
     .wanted = "the public key that `wasl backup key` printed: wasl-backup+16 hex digits+64 hex digits",
     .standard = ""},
};
enum { ROWS = sizeof rows / sizeof rows[0] };

static bool set_name(struct wasld_conf *conf, const struct row *row, const char *value) {
  (void)row;
  if (!base_name_valid(base_view_text(value)))
    return false;
  memcpy(conf->name, value, strlen(value) + 1);
  return true;
}

static bool parse_address(struct base_view text, struct wasld_address *out) {
  while (text.size > 0 && text.data[0] == ' ')
    text = base_view_of(text.data + 1, text.size - 1);
  while (text.size > 0 && text.data[text.size - 1] == ' ')
    text.size--;
  const uint8_t *colon = memrchr(text.data, ':', text.size);
  if (colon == NULL)
    return false;
  struct base_view host = base_view_of(text.data, (size_t)(colon - text.data));
  struct base_view port = base_view_of(colon + 1, text.size - host.size - 1);
  bool brackets = host.size > 2 && host.data[0] == '[' && host.data[host.size - 1] == ']';
  if (brackets)
    host = base_view_of(host.data + 1, host.size - 2);
  uint64_t number;
  bool bare = brackets || (memchr(host.data, ':', host.size) == NULL && memchr(host.data, '[', host.size) == NULL);
  if (host.size == 0 || host.size > WASLD_HOST_MAX || !bare || !base_decimal_parse(port, &number) || number == 0 ||
      number > UINT16_MAX)
    return false;
  memcpy(out->host, host.data, host.size);
  out->host[host.size] = '\0';
  snprintf(out->port, sizeof out->port, "%u", (unsigned)number);
  return true;
}

static bool add_addresses(struct wasld_address *out, size_t *count, const char *value) {
  for (const char *at = value;; at++) {
    size_t size = strcspn(at, ",");
    if (*count == WASLD_LISTEN_MAX || !parse_address(base_view_of(at, size), &out[*count]))
      return false;
    ++*count;
    at += size;
    if (*at == '\0')
      return true;
  }
}

static bool set_listen(struct wasld_conf *conf, const struct row *row, const char *value) {
  (void)row;
  return add_addresses(conf->listen, &conf->listen_count, value);
}

static bool set_address(struct wasld_conf *conf, const struct row *row, const char *value) {
  (void)row;
  return value[0] == '\0' || add_addresses(conf->addresses, &conf->address_count, value);
}

void wasld_addresses_write(const struct wasld_address *addresses, size_t count, char *out, size_t room) {
  size_t at = 0;
  out[0] = '\0';
  for (size_t i = 0; i < count && at < room; i++) {
    bool six = strchr(addresses[i].host, ':') != NULL;
    int size = snprintf(out + at, room - at, "%s%s%s%s:%s", i > 0 ? "," : "", six ? "[" : "", addresses[i].host,
                        six ? "]" : "", addresses[i].port);
    at += size > 0 ? (size_t)size : room;
  }
}

static bool set_user(struct wasld_conf *conf, const struct row *row, const char *value) {
  const struct link_rights *rights = link_rights_of(row->role);
  uint64_t uid = rights->uid, gid = rights->gid;
  if (value[0] != '\0') {
    size_t size = strcspn(value, ":");
    bool good = base_decimal_parse(base_view_of(value, size), &uid) && value[size] == ':' &&
                base_decimal_parse(base_view_text(value + size + 1), &gid);
    if (!good || uid == 0 || gid == 0 || uid >= UINT32_MAX || gid >= UINT32_MAX)
      return false;
  }
  conf->users[row->role] = (struct wasld_user){(uid_t)uid, (gid_t)gid};
  return true;
}

/* What the address says is core's to judge, which has the library for it. */
static bool set_database(struct wasld_conf *conf, const struct row *row, const char *value) {
  size_t used = strlen(conf->database), size = strlen(value);
  (void)row;
  if (used == 0 && strcmp(value, "sqlite") == 0)
    return true;
  if (used == 0 && strncmp(value, "postgresql://", 13) != 0 && strncmp(value, "postgres://", 11) != 0)
    return false;
  for (size_t i = 0; i < size; i++)
    if (value[i] <= ' ' || value[i] > '~')
      return false;
  if (used + size > WASLD_DATABASE_MAX)
    return false;
  memcpy(conf->database + used, value, size + 1);
  return true;
}

static bool set_number(struct wasld_conf *conf, const struct row *row, const char *value) {
  uint64_t number;
  if (!base_decimal_parse(base_view_text(value), &number) || number < row->least || number > row->most)
    return false;
  memcpy((char *)conf + row->place, &number, sizeof number);
  return true;
}

/* Its form only; core compares the key with its id. */
static bool set_backup(struct wasld_conf *conf, const struct row *row, const char *value) {
  static const char prefix[] = "wasl-backup+";
  enum { ID = 16, KEY = 64 };
  (void)row;
  size_t at = sizeof prefix - 1;
  bool good = strlen(value) == WASLD_BACKUP_KEY && strncmp(value, prefix, at) == 0 && value[at + ID] == '+' &&
              strspn(value + at, "0123456789abcdef") == ID && strspn(value + at + ID + 1, "0123456789abcdef") == KEY;
  if (good || value[0] == '\0')
    snprintf(conf->backup, sizeof conf->backup, "%s", value);
  return good || value[0] == '\0';
}

/* --- what was probably meant */

static size_t distance(const char *a, const char *b) {
  enum { MOST = 32 };
  size_t rows_before[MOST + 1], width = strlen(b);
  if (strlen(a) > MOST || width > MOST)
    return MOST;
  for (size_t i = 0; i <= width; i++)
    rows_before[i] = i;
  for (size_t j = 0; a[j] != '\0'; j++) {
    size_t diagonal = rows_before[0];
    rows_before[0] = j + 1;
    for (size_t i = 0; i < width; i++) {
      size_t replaced = diagonal + (a[j] != b[i]);
      size_t least = rows_before[i] < rows_before[i + 1] ? rows_before[i] : rows_before[i + 1];
      diagonal = rows_before[i + 1];
      rows_before[i + 1] = replaced < least + 1 ? replaced : least + 1;
    }
  }
  return rows_before[width];
}

/* The section (key NULL) or the key of this section that is spelled most alike. */
static const char *nearest(const char *section, const char *key) {
  const char *best = "";
  size_t least = SIZE_MAX;
  for (size_t i = 0; i < ROWS; i++) {
    if (key != NULL && strcmp(rows[i].section, section) != 0)
      continue;
    const char *name = key != NULL ? rows[i].key : rows[i].section;
    size_t far = distance(key != NULL ? key : section, name);
    if (far < least) {
      least = far;
      best = name;
    }
  }
  return best;
}

/* --- reading */

struct reading {
  struct base_view rest;
  const char *file;
  int line;
  bool continued; /* the line begins with a space: it belongs to the key of the one before */
  struct wasld_conf *conf;
  bool given[ROWS];
  struct base_error *err;
  enum base_code code; /* of the first error; nothing counts after it */
};

__attribute__((format(printf, 3, 4))) static void complain(struct reading *reading, enum base_code code,
                                                           const char *format, ...) {
  char text[BASE_ERROR_TEXT_MAX / 2];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  reading->code = base_fail(reading->err, code, "%s:%d: %s", reading->file, reading->line, text);
}

/* As fgets, over the text in memory; counts the lines, which inih does not tell its handler. */
static char *next_line(char *out, int room, void *stream) {
  struct reading *reading = stream;
  if (reading->rest.size == 0 || reading->code != BASE_OK)
    return NULL;
  const uint8_t *end = memchr(reading->rest.data, '\n', reading->rest.size);
  size_t size = end != NULL ? (size_t)(end - reading->rest.data) + 1 : reading->rest.size;
  reading->line++;
  if (size >= (size_t)room) {
    complain(reading, BASE_TOO_LARGE, "the line is longer than %d bytes", room - 1);
    return NULL;
  }
  if (memchr(reading->rest.data, '\0', size) != NULL) {
    complain(reading, BASE_SYNTAX, "the line contains a zero byte");
    return NULL;
  }
  memcpy(out, reading->rest.data, size);
  out[size] = '\0';
  reading->continued = out[0] == ' ' || out[0] == '\t';
  reading->rest = base_view_of(reading->rest.data + size, reading->rest.size - size);
  return out;
}

static int take(void *user, const char *section, const char *key, const char *value) {
  struct reading *reading = user;
  bool known = false;
  for (size_t i = 0; i < ROWS && reading->code == BASE_OK; i++) {
    if (strcmp(rows[i].section, section) != 0)
      continue;
    known = true;
    if (strcmp(rows[i].key, key) != 0)
      continue;
    bool more = rows[i].set == set_listen || rows[i].set == set_address || (rows[i].long_value && reading->continued);
    if (reading->given[i] && !more) {
      complain(reading, BASE_DUPLICATE_KEY, "%s stands twice in section %s", key, section);
      return 1;
    }
    reading->given[i] = true;
    if (value[0] == '\0' || !rows[i].set(reading->conf, &rows[i], value))
      complain(reading, BASE_FIELD, "%s = \"%s\" is not usable: give %s", key, rows[i].secret ? "…" : value,
               rows[i].wanted);
    return 1;
  }
  if (reading->code == BASE_OK && known)
    complain(reading, BASE_UNKNOWN_FIELD, "section %s has no key %s; did you mean %s?", section, key,
             nearest(section, key));
  else if (reading->code == BASE_OK)
    complain(reading, BASE_UNKNOWN_FIELD, "there is no section \"%s\" (for the key %s); did you mean [%s]?", section,
             key, nearest(section, NULL));
  return 1;
}

enum base_code wasld_conf_parse(struct base_view text, const char *file, struct wasld_conf *out,
                                struct base_error *err) {
  struct wasld_conf conf = {.listen_count = 0};
  struct reading reading = {.rest = text, .file = file, .conf = &conf, .err = err, .code = BASE_OK};
  if (!base_utf8_valid(text))
    return base_fail(err, BASE_UTF8, "%s: not UTF-8", file);
  int line = ini_parse_stream(next_line, &reading, take, &reading);
  if (reading.code == BASE_OK && line > 0) {
    reading.line = line;
    complain(&reading, BASE_SYNTAX, "neither a [section] nor key = value");
  }
  for (size_t i = 0; i < ROWS && reading.code == BASE_OK; i++) {
    if (reading.given[i])
      continue;
    if (rows[i].standard == NULL)
      reading.code =
          base_fail(err, BASE_FIELD, "%s: the key %s is missing in section %s", file, rows[i].key, rows[i].section);
    else
      rows[i].set(&conf, &rows[i], rows[i].standard);
  }
  if (conf.address_count == 0) {
    memcpy(conf.addresses, conf.listen, sizeof conf.addresses);
    conf.address_count = conf.listen_count;
  }
  if (reading.code == BASE_OK)
    *out = conf;
  return reading.code;
}
