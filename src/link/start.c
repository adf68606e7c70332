/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "link/link.h"

static _Noreturn void by_hand(const char *program, const char *why) {
  fprintf(stderr, "%s: %s; it is started by wasld, not by hand: run `wasld DIR`\n", program, why);
  exit(2);
}

static bool parse_role(const char *text, enum link_role *out) {
  for (enum link_role role = LINK_ROLE_GATE_PEER; role < LINK_ROLES; role++)
    if (strcmp(text, link_role_name(role)) == 0) {
      *out = role;
      return true;
    }
  return false;
}

static bool parse_user(const char *text, struct link_start *out) {
  const char *colon = strchr(text, ':');
  uint64_t uid, gid;
  if (colon == NULL || !base_decimal_parse(base_view_of(text, (size_t)(colon - text)), &uid) ||
      !base_decimal_parse(base_view_text(colon + 1), &gid) || uid >= UINT32_MAX || gid >= UINT32_MAX)
    return false;
  out->uid = (uid_t)uid;
  out->gid = (gid_t)gid;
  return true;
}

/* NAME=N, with N open and from now on not handed any further. */
static bool parse_fd(const char *text, struct link_start *out) {
  const char *equals = strchr(text, '=');
  uint64_t number;
  if (equals == NULL || out->fd_count == LINK_FDS_MAX || !base_decimal_parse(base_view_text(equals + 1), &number) ||
      number <= STDERR_FILENO || number > INT32_MAX)
    return false;
  size_t size = (size_t)(equals - text);
  if (size == 0 || size >= sizeof out->fds[0].name || fcntl((int)number, F_SETFD, FD_CLOEXEC) != 0)
    return false;
  memcpy(out->fds[out->fd_count].name, text, size);
  out->fds[out->fd_count].name[size] = '\0';
  out->fds[out->fd_count++].fd = (int)number;
  return true;
}

/* A terminal's ^C reaches the whole process group, and only wasld answers it. Those behind the gates end when their
 * channels do, so that nothing under way is cut off. */
static void set_signals(enum link_role role) {
  signal(SIGPIPE, SIG_IGN);
  signal(SIGINT, SIG_IGN);
  signal(SIGHUP, SIG_IGN);
  if (role != LINK_ROLE_GATE_PEER && role != LINK_ROLE_GATE_LOCAL)
    signal(SIGTERM, SIG_IGN);
}

void link_start_read(int argc, char **argv, struct link_start *out) {
  const char *program = argc > 0 ? argv[0] : "wasl";
  bool role = false;
  *out = (struct link_start){.uid = (uid_t)-1, .gid = (gid_t)-1};
  for (int i = 1; i < argc; i += 2) {
    const char *value = i + 1 < argc ? argv[i + 1] : "";
    bool good = false;
    if (strcmp(argv[i], "--role") == 0)
      good = role = parse_role(value, &out->role);
    else if (strcmp(argv[i], "--user") == 0)
      good = parse_user(value, out);
    else if (strcmp(argv[i], "--fd") == 0)
      good = parse_fd(value, out);
    if (!good)
      by_hand(program, "wrong arguments");
  }
  if (!role)
    by_hand(program, "no role was given");
  base_log_program(link_role_name(out->role));
  set_signals(out->role);
}

int link_start_fd(const struct link_start *start, const char *name) {
  for (size_t i = 0; i < start->fd_count; i++)
    if (strcmp(start->fds[i].name, name) == 0)
      return start->fds[i].fd;
  return -1;
}

static enum base_code confine(const struct link_start *start, const struct link_rights *row,
                              const struct link_path *more, size_t count, struct base_error *err) {
  struct link_rights rights = *row;
  if (rights.path_count + count > LINK_PATHS_MAX)
    return base_fail(err, BASE_INTERNAL, "%s may have at most %zu files of its own choice", link_role_name(start->role),
                     LINK_PATHS_MAX - rights.path_count);
  for (size_t i = 0; i < count; i++)
    rights.paths[rights.path_count++] = more[i];
  if (start->uid != (uid_t)-1) {
    rights.uid = start->uid;
    rights.gid = start->gid;
  }
  return link_confine(&rights, err);
}

enum base_code link_start_reach_with(const struct link_start *start, const struct link_path *more, size_t count,
                                     struct base_error *err) {
  const struct link_rights *row = link_rights_reaching(start->role);
  return row != NULL
             ? confine(start, row, more, count, err)
             : base_fail(err, BASE_INTERNAL, "%s reaches nothing outside the node", link_role_name(start->role));
}

enum base_code link_start_reach(const struct link_start *start, const char (*more)[256], size_t count,
                                struct base_error *err) {
  struct link_path paths[LINK_PATHS_MAX];
  if (count > LINK_PATHS_MAX)
    return base_fail(err, BASE_INTERNAL, "more than %d files to reach a database", LINK_PATHS_MAX);
  for (size_t i = 0; i < count; i++)
    paths[i] = (struct link_path){more[i], false};
  return link_start_reach_with(start, paths, count, err);
}

enum base_code link_start_confine_with(const struct link_start *start, const struct link_path *more, size_t count,
                                       struct base_error *err) {
  return confine(start, link_rights_of(start->role), more, count, err);
}

enum base_code link_start_confine(const struct link_start *start, struct base_error *err) {
  return link_start_confine_with(start, NULL, 0, err);
}

/* In one write, which a pipe keeps whole, and only once. */
static void tell(struct link_start *start, const char *text, size_t size) {
  for (size_t i = 0; i < start->fd_count; i++) {
    if (strcmp(start->fds[i].name, "ready") != 0 || start->fds[i].fd < 0)
      continue;
    ssize_t written;
    do
      written = write(start->fds[i].fd, text, size);
    while (written < 0 && errno == EINTR);
    base_close_fd(&start->fds[i].fd);
  }
}

void link_start_ready(struct link_start *start) {
  tell(start, (const char[]){LINK_START_SERVES}, 1);
}

void link_start_failed(struct link_start *start, const struct base_error *why) {
  char text[1 + BASE_ERROR_TEXT_MAX];
  int size = snprintf(text, sizeof text, "%c%s", LINK_START_FAILED, why->text);
  if (size > 0)
    tell(start, text, (size_t)size < sizeof text ? (size_t)size : sizeof text - 1);
}
