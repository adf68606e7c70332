/* SPDX-License-Identifier: Apache-2.0
 * wasld: opens what the node needs, hands it over, and watches. It reads no byte that comes from outside. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "wasld/family.h"
#include "wasld/modes.h"
#include "wasld/sockets.h"

enum { WAIT_STEP_MS = 20, OWN_LOCK_MS = 1000, CHILDREN_LOCK_MS = 8000 };

static const char usage[] = "usage: wasld DIR           run the node in DIR in the foreground\n"
                            "       wasld --check DIR   check DIR/wasl.conf and what the node needs, and exit\n";

/* Takes a lock that a process which was just killed may hold a moment longer. -1 with err: it stays held. */
static int lock_file(int dir, const char *name, int patience_ms, const char *held, struct base_error *err) {
  BASE_AUTO_FD int fd = openat(dir, name, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) {
    base_fail_errno(err, "%s: cannot be opened", name);
    return -1;
  }
  while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK || patience_ms <= 0) {
      if (errno == EWOULDBLOCK)
        base_fail(err, BASE_BUSY, "%s", held);
      else
        base_fail_errno(err, "%s: cannot be locked", name);
      return -1;
    }
    nanosleep(&(struct timespec){.tv_nsec = WAIT_STEP_MS * 1000000L}, NULL);
    patience_ms -= WAIT_STEP_MS;
  }
  int locked = fd;
  fd = -1;
  return locked;
}

static enum base_code find_programs(struct wasld_handed *handed, struct base_error *err) {
  ssize_t size = readlink("/proc/self/exe", handed->programs, sizeof handed->programs - 1);
  if (size < 0)
    return base_fail_errno(err, "/proc/self/exe: cannot be read");
  handed->programs[size] = '\0';
  char *slash = strrchr(handed->programs, '/');
  if (slash == NULL)
    return base_fail(err, BASE_INTERNAL, "%s: not a path", handed->programs);
  *slash = '\0';
  return BASE_OK;
}

static enum base_code read_conf(int dir, struct wasld_conf *out, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf text = {0};
  enum base_code code = base_file_read(dir, "wasl.conf", WASLD_CONF_MAX, &text, err);
  return code == BASE_OK ? wasld_conf_parse(base_buf_view(&text), "wasl.conf", out, err) : code;
}

/* Everything that can go wrong in a way a person can mend, in the order in which he would want to hear of it. */
static enum base_code prepare(const char *path, struct wasld_conf *conf, struct wasld_handed *handed,
                              struct base_error *err) {
  enum base_code code = wasld_modes_owner(path, err);
  if (code != BASE_OK)
    return code;
  handed->conf = conf;
  handed->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (handed->dir < 0 || fchdir(handed->dir) != 0)
    return base_fail_errno(err, "the folder cannot be opened");
  code = find_programs(handed, err);
  if (code == BASE_OK)
    code = read_conf(handed->dir, conf, err);
  if (code == BASE_OK)
    code = wasld_family_check(handed, err);
  return code == BASE_OK ? wasld_modes_check(handed->dir, path, conf, err) : code;
}

/* What the gates are told of wasl.conf. */
static enum base_code tell_family(struct wasld_handed *handed, struct base_error *err) {
  const struct wasld_conf *conf = handed->conf;
  enum base_code code = link_family_make(&handed->page, &handed->family, err);
  if (code != BASE_OK)
    return code;
  struct link_family *page = handed->page;
  memcpy(page->name, conf->name, sizeof conf->name);
  wasld_addresses_write(conf->listen, conf->listen_count, page->listen, sizeof page->listen);
  wasld_addresses_write(conf->addresses, conf->address_count, page->addresses, sizeof page->addresses);
  return BASE_OK;
}

static enum base_code open_doors(struct wasld_handed *handed, struct base_error *err) {
  if (lock_file(handed->dir, "wasld.lock", OWN_LOCK_MS, "this node runs already", err) < 0)
    return err->code;
  handed->life = lock_file(handed->dir, "wasld.children", CHILDREN_LOCK_MS,
                           "processes of an earlier wasld of this node are still there", err);
  if (handed->life < 0)
    return err->code;
  enum base_code code = tell_family(handed, err);
  if (code == BASE_OK)
    code = wasld_listen_tcp(handed->conf, handed->tcp, err);
  if (code == BASE_OK)
    code = wasld_listen_local(&handed->local, err);
  return code == BASE_OK ? link_confine(link_rights_of(LINK_ROLE_WASLD), err) : code;
}

/* What a start would find out only with a process of the node. */
static enum base_code try_gate(struct wasld_handed *handed, struct base_error *err) {
  handed->life = open("/dev/null", O_RDONLY | O_CLOEXEC); /* nobody waits for its end */
  if (handed->life < 0)
    return base_fail_errno(err, "/dev/null cannot be opened");
  enum base_code code = tell_family(handed, err);
  return code == BASE_OK ? wasld_family_try(handed, err) : code;
}

static int fail(const char *path, const struct base_error *err) {
  fprintf(stderr, "wasld: %s: %s\n", path, err->text);
  return base_code_exit(err->code) == 2 ? 2 : 1;
}

int main(int argc, char **argv) {
  static struct wasld_conf conf;
  static struct wasld_handed handed;
  struct base_error err;
  if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
    fputs(usage, stdout);
    return 0;
  }
  bool check = argc == 3 && strcmp(argv[1], "--check") == 0;
  if (!check && (argc != 2 || argv[1][0] == '-')) {
    fputs(usage, stderr);
    return 2;
  }
  const char *path = argv[argc - 1];
  base_log_program("wasld");
  signal(SIGPIPE, SIG_IGN);
  umask(0077);
  if (prepare(path, &conf, &handed, &err) != BASE_OK)
    return fail(path, &err);
  if (check) {
    if (try_gate(&handed, &err) != BASE_OK)
      return fail(path, &err);
    printf("%s: fine\n", path);
    return 0;
  }
  if (open_doors(&handed, &err) != BASE_OK)
    return fail(path, &err);
  int status = wasld_family_run(&handed);
  unlinkat(handed.dir, "api.sock", 0);
  return status;
}
