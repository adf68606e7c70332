/* SPDX-License-Identifier: Apache-2.0 */
#include "store/postgresql.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Reaching a PostgreSQL server. libpq's texts about a URI can quote it with its password, so none of them is passed on;
 * those about a connection name host, user and database only. */

enum { PARAMETERS_MAX = 16 };

struct address {
  char uri[STORE_URI_MAX + 1];
  char password[STORE_PASSWORD_MAX + 1];
  PQconninfoOption *options;
};

static const char *option(const struct address *address, const char *name) {
  for (const PQconninfoOption *at = address->options; at != NULL && at->keyword != NULL; at++)
    if (strcmp(at->keyword, name) == 0 && at->val != NULL && at->val[0] != '\0')
      return at->val;
  return NULL;
}

static void address_free(struct address *address) {
  if (address->options != NULL)
    PQconninfoFree(address->options);
  base_wipe(address, sizeof *address);
}
#define AUTO_ADDRESS __attribute__((cleanup(address_free)))

/* A password with an unescaped / or @ in it would be taken apart, and its pieces told as host or database. */
static bool plausible(const struct address *address) {
  const char *host = option(address, "host"), *port = option(address, "port"), *database = option(address, "dbname"),
             *user = option(address, "user");
  return (host == NULL || strchr(host, '@') == NULL) && (port == NULL || port[strspn(port, "0123456789,")] == '\0') &&
         (database == NULL || strpbrk(database, "@/:") == NULL) && (user == NULL || strpbrk(user, "@/:") == NULL);
}

static enum base_code parse(struct base_view uri, struct address *out, struct base_error *err) {
  char *complaint = NULL;
  bool plain = uri.size > 0 && uri.size <= STORE_URI_MAX;
  for (size_t i = 0; plain && i < uri.size; i++)
    plain = uri.data[i] > ' ' && uri.data[i] < 0x7F;
  if (plain) {
    memcpy(out->uri, uri.data, uri.size);
    out->uri[uri.size] = '\0';
    plain = strncmp(out->uri, "postgresql://", 13) == 0 || strncmp(out->uri, "postgres://", 11) == 0;
  }
  if (plain)
    out->options = PQconninfoParse(out->uri, &complaint);
  PQfreemem(complaint);
  if (out->options == NULL || !plausible(out))
    return base_fail(err, BASE_FIELD,
                     "the database's address cannot be read: it should be like "
                     "postgresql://USER@HOST:PORT/DATABASE?sslmode=verify-full, at most %d octets of ASCII",
                     STORE_URI_MAX);
  return BASE_OK;
}

/* What logs and error texts call it. */
static void name_of(const struct address *address, char out[STORE_NAME_MAX]) {
  const char *user = option(address, "user"), *host = option(address, "host"), *port = option(address, "port"),
             *database = option(address, "dbname");
  bool socket = host != NULL && host[0] == '/';
  snprintf(out, STORE_NAME_MAX, "postgresql://%s%s%s%s%s/%s%s%s", user != NULL ? user : "", user != NULL ? "@" : "",
           host != NULL && !socket ? host : "", port != NULL ? ":" : "", port != NULL ? port : "",
           database != NULL ? database : "", socket ? "?host=" : "", socket ? host : "");
}

static enum base_code read_password(int dir, struct address *address, struct base_error *err) {
  struct stat status;
  BASE_AUTO_FD int file = openat(dir, STORE_PASSWORD_FILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);
  if (file < 0 && errno == ENOENT)
    return BASE_OK;
  if (file < 0 || fstat(file, &status) != 0)
    return base_fail_errno(err, STORE_PASSWORD_FILE ": cannot be opened");
  if (!S_ISREG(status.st_mode) || (status.st_mode & 077) != 0)
    return base_fail(err, BASE_PERMISSION,
                     STORE_PASSWORD_FILE ": others may read it, or it is no ordinary file; make it one of mode 0600");
  ssize_t size = read(file, address->password, sizeof address->password);
  if (size < 0)
    return base_fail_errno(err, STORE_PASSWORD_FILE ": cannot be read");
  if ((size_t)size == sizeof address->password)
    return base_fail(err, BASE_TOO_LARGE, STORE_PASSWORD_FILE ": longer than %d octets", STORE_PASSWORD_MAX);
  address->password[size] = '\0';
  address->password[strcspn(address->password, "\r\n")] = '\0';
  return BASE_OK;
}

struct parameters {
  size_t count;
  const char *names[PARAMETERS_MAX], *values[PARAMETERS_MAX];
};

static void add(struct parameters *parameters, const char *name, const char *value) {
  parameters->names[parameters->count] = name;
  parameters->values[parameters->count++] = value;
}

/* Of two values the later one counts: ours that the URI may change, the URI, ours that it may not. */
static void fill(struct parameters *parameters, const struct address *address) {
  add(parameters, "connect_timeout", "5");
  add(parameters, "gssencmode", "disable");
  /* A server whose machine is gone is noticed within half a minute. */
  add(parameters, "keepalives_idle", "10");
  add(parameters, "keepalives_interval", "5");
  add(parameters, "keepalives_count", "3");
  add(parameters, "tcp_user_timeout", "30000");
  add(parameters, "fallback_application_name", "wasl-core");
  add(parameters, "dbname", address->uri);
  add(parameters, "client_encoding", "UTF8");
  if (address->password[0] != '\0' && option(address, "password") == NULL)
    add(parameters, "password", address->password);
  add(parameters, NULL, NULL);
}

/* What the server itself says in the course of things; libpq would print it. */
static void take_notice(void *context, const PGresult *result) {
  const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED),
             *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  (void)context;
  if (severity != NULL && text != NULL && strcmp(severity, "NOTICE") != 0 && strcmp(severity, "INFO") != 0)
    base_log(BASE_LOG_WARNING, "store.server", "the database server says: %s", text);
}

static enum base_code fail_to_connect(const struct store_server *server, const struct parameters *parameters,
                                      struct base_error *err) {
  char said[BASE_ERROR_TEXT_MAX / 2];
  snprintf(said, sizeof said, "%.*s", (int)strcspn(PQerrorMessage(server->link), "\n"), PQerrorMessage(server->link));
  switch (PQpingParams(parameters->names, parameters->values, 1)) {
  case PQPING_OK:
    return base_fail(err, BASE_PERMISSION, "%s: the database server refuses the connection: %s", server->name, said);
  case PQPING_REJECT:
    return base_fail(err, BASE_NOT_RUNNING, "%s: the database server starts or stops just now: %s", server->name, said);
  case PQPING_NO_RESPONSE:
    return base_fail(err, BASE_NOT_RUNNING, "%s: the database cannot be reached: %s", server->name, said);
  case PQPING_NO_ATTEMPT:
  default:
    return base_fail(err, BASE_FIELD, "%s: a parameter of the database's address is wrong: %s", server->name, said);
  }
}

enum base_code store_server_connect(int dir, struct base_view uri, struct store_server **out, struct base_error *err) {
  AUTO_ADDRESS struct address address = {.options = NULL};
  struct parameters parameters = {.count = 0};
  enum base_code code = parse(uri, &address, err);
  if (code == BASE_OK)
    code = read_password(dir, &address, err);
  if (code != BASE_OK)
    return code;
  struct store_server *server = calloc(1, sizeof *server);
  if (server == NULL)
    return base_fail(err, BASE_MEMORY, "no memory for a connection to the database");
  name_of(&address, server->name);
  fill(&parameters, &address);
  server->link = PQconnectdbParams(parameters.names, parameters.values, 1);
  if (PQstatus(server->link) != CONNECTION_OK) {
    code = fail_to_connect(server, &parameters, err);
    store_server_close(server);
    return code;
  }
  PQsetNoticeReceiver(server->link, take_notice, NULL);
  *out = server;
  return BASE_OK;
}

void store_server_close(struct store_server *server) {
  if (server == NULL)
    return;
  PQfinish(server->link);
  free(server);
}

int store_server_fd(const struct store_server *server) {
  return PQsocket(server->link);
}

size_t store_server_files(struct base_view uri, char out[STORE_FILES_MAX][256]) {
  static const struct {
    const char *option, *standard; /* below the home of the process's user */
  } files[] = {{"passfile", ".pgpass"},
               {"sslrootcert", ".postgresql/root.crt"},
               {"sslcert", ".postgresql/postgresql.crt"},
               {"sslkey", ".postgresql/postgresql.key"},
               {"sslcrl", ".postgresql/root.crl"},
               {"servicefile", ".pg_service.conf"}};
  AUTO_ADDRESS struct address address = {.options = NULL};
  const struct passwd *user = getpwuid(geteuid());
  size_t count = 0;
  if (parse(uri, &address, NULL) != BASE_OK)
    return 0;
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    const char *given = option(&address, files[i].option);
    int size = 0;
    if (given != NULL)
      size = snprintf(out[count], sizeof out[count], "%s", given);
    else if (user != NULL && user->pw_dir != NULL && user->pw_uid != 0)
      size = snprintf(out[count], sizeof out[count], "%s/%s", user->pw_dir, files[i].standard);
    count += size > 0 && (size_t)size < sizeof out[count];
  }
  return count;
}
