/* SPDX-License-Identifier: Apache-2.0 */
#include "wasld/modes.h"

#include <dirent.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { USER_TEXT = 64, WRITABLE = 0022, OPEN = 0077, OWNERS = -1 };

struct user_text {
  char text[USER_TEXT];
};
static struct user_text user_text(uid_t uid) {
  struct user_text out;
  struct passwd entry, *found = NULL;
  char store[4096];
  if (getpwuid_r(uid, &entry, store, sizeof store, &found) == 0 && found != NULL)
    snprintf(out.text, sizeof out.text, "%s (number %u)", entry.pw_name, (unsigned)uid);
  else
    snprintf(out.text, sizeof out.text, "number %u", (unsigned)uid);
  return out;
}

/* As sudo -u takes it. */
static struct user_text sudo_text(uid_t uid) {
  struct user_text out;
  const struct passwd *found = getpwuid(uid);
  if (found != NULL)
    snprintf(out.text, sizeof out.text, "%s", found->pw_name);
  else
    snprintf(out.text, sizeof out.text, "'#%u'", (unsigned)uid);
  return out;
}

enum base_code wasld_modes_owner(const char *path, struct base_error *err) {
  struct stat node, keeper;
  char within[4096];
  if (stat(path, &node) != 0)
    return base_fail_errno(err, "the folder cannot be opened");
  uid_t me = geteuid();
  if (me != 0 && node.st_uid != me)
    return base_fail(
        err, BASE_PERMISSION,
        "this node belongs to the user %s, and you are %s: let its owner start it, or say sudo -u %s wasld "
        "%s",
        user_text(node.st_uid).text, user_text(me).text, sudo_text(node.st_uid).text, path);
  int size = snprintf(within, sizeof within, "%s/keeper", path);
  bool seen = size > 0 && (size_t)size < sizeof within && lstat(within, &keeper) == 0;
  if (me == 0 && node.st_uid != 0 && seen && keeper.st_uid == node.st_uid)
    return base_fail(
        err, BASE_PERMISSION,
        "this node and its keys belong to the user %s, and you are root, for whom each process takes a user of "
        "its own: start it as its owner, with sudo -u %s wasld %s",
        user_text(node.st_uid).text, sudo_text(node.st_uid).text, path);
  if (me != 0 && seen && keeper.st_uid != me)
    return base_fail(
        err, BASE_PERMISSION,
        "the folder keeper belongs to the user %s, and you are %s: this node was made by root and is started "
        "by root",
        user_text(keeper.st_uid).text, user_text(me).text);
  return BASE_OK;
}

/* --- what must be closed */

static const struct guarded {
  const char *name;
  unsigned refused; /* mode bits of others that are refused */
  unsigned warned;  /* that are only told */
  int owner;        /* a role; OWNERS: who starts, root, or the folder's owner */
  bool inside;      /* and of each file in it; of a TLS key: and of those that follow */
  const char *why;
} table[] = {
    {".", WRITABLE, OPEN, OWNERS, false, "they could put other files in the place of the node's"},
    {"wasl.conf", WRITABLE, 0, OWNERS, false, "they could change how the node runs"},
    {"node.card", WRITABLE, 0, OWNERS, false, "they could change what partners are told"},
    {"keeper", OPEN, OPEN, LINK_ROLE_KEEPER, true, "the private keys are in it"},
    {"core", OPEN, OPEN, LINK_ROLE_CORE, false, "headers of messages, partners and times are in it"},
    {"gate", WRITABLE, OPEN, LINK_ROLE_GATE_PEER, false, "they could put another TLS key in place"},
    {"gate/tls.key", OPEN, OPEN, LINK_ROLE_GATE_PEER, true,
     "it is a private key: who has it can pose as this node on the line"},
    {"gate/tls.crt", WRITABLE, 0, LINK_ROLE_GATE_PEER, false, "they could change what partners are shown"},
    {"local", WRITABLE, OPEN, LINK_ROLE_GATE_LOCAL, false, "they could put files in the way of the local gate"},
    {"worker", WRITABLE, OPEN, LINK_ROLE_WORKER, false, "they could put files in the way of the worker"},
};

struct look {
  int dir;
  const char *path;
  const struct wasld_conf *conf;
  uid_t node_owner;
  struct base_error *err;
};

static bool owner_fits(const struct look *look, const struct guarded *row, uid_t owner) {
  uid_t me = geteuid();
  if (row->owner == OWNERS)
    return owner == me || owner == 0 || owner == look->node_owner;
  return owner == (me != 0 ? me : look->conf->users[row->owner].uid);
}

static enum base_code look_at(const struct look *look, const struct guarded *row, const char *name) {
  struct stat status;
  if (fstatat(look->dir, name, &status, AT_SYMLINK_NOFOLLOW) != 0 || S_ISLNK(status.st_mode))
    return BASE_OK; /* who needs it says that it is not there */
  const char *slash = strcmp(name, ".") == 0 ? "" : "/", *file = slash[0] != '\0' ? name : "";
  unsigned open = status.st_mode & row->refused, told = status.st_mode & row->warned;
  if (!owner_fits(look, row, status.st_uid)) {
    uid_t wanted = row->owner == OWNERS ? look->node_owner
                   : geteuid() != 0     ? geteuid()
                                        : look->conf->users[row->owner].uid;
    return base_fail(
        look->err, BASE_PERMISSION, "%s belongs to the user %s and not to %s, and %s: run chown %s%u %s%s%s",
        slash[0] != '\0' ? name : "the node's folder", user_text(status.st_uid).text, user_text(wanted).text, row->why,
        S_ISDIR(status.st_mode) && slash[0] != '\0' ? "-R " : "", (unsigned)wanted, look->path, slash, file);
  }
  if (open != 0)
    return base_fail(look->err, BASE_PERMISSION,
                     "other users of this machine can %s %s (its mode is %04o), and %s: run chmod %s %s%s%s",
                     (open & WRITABLE) != 0 ? "change" : "read", slash[0] != '\0' ? name : "the node's folder",
                     (unsigned)status.st_mode & 07777, row->why, row->refused == OPEN ? "go-rwx" : "go-w", look->path,
                     slash, file);
  if (told != 0)
    base_log(BASE_LOG_WARNING, "wasld.open",
             "other users of this machine can look into %s (mode %04o); chmod go-rwx closes it",
             slash[0] != '\0' ? name : "the node's folder", (unsigned)status.st_mode & 07777);
  return BASE_OK;
}

/* gate/tls-….key stands under the same row as gate/tls.key. */
static bool stands_under(bool folder, const char *file) {
  size_t size = strlen(file);
  if (folder)
    return strcmp(file, ".") != 0 && strcmp(file, "..") != 0;
  return strncmp(file, "tls-", 4) == 0 && size > 8 && strcmp(file + size - 4, ".key") == 0;
}

static enum base_code look_inside(const struct look *look, const struct guarded *row) {
  const char *slash = strchr(row->name, '/');
  char within[64];
  snprintf(within, sizeof within, "%.*s", slash != NULL ? (int)(slash - row->name) : (int)strlen(row->name), row->name);
  int fd = openat(look->dir, within, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  DIR *entries = fd < 0 ? NULL : fdopendir(fd);
  if (entries == NULL) {
    base_close_fd(&fd);
    return BASE_OK; /* wasld_family_check says what is wrong with a folder */
  }
  enum base_code code = BASE_OK;
  for (const struct dirent *entry; code == BASE_OK && (entry = readdir(entries)) != NULL;) {
    char name[512];
    if (!stands_under(slash == NULL, entry->d_name))
      continue;
    snprintf(name, sizeof name, "%s/%s", within, entry->d_name);
    code = look_at(look, row, name);
  }
  closedir(entries);
  return code;
}

enum base_code wasld_modes_check(int dir, const char *path, const struct wasld_conf *conf, struct base_error *err) {
  struct stat node;
  if (fstat(dir, &node) != 0)
    return base_fail_errno(err, "the folder cannot be examined");
  struct look look = {dir, path, conf, node.st_uid, err};
  enum base_code code = BASE_OK;
  for (size_t i = 0; i < sizeof table / sizeof table[0] && code == BASE_OK; i++) {
    code = look_at(&look, &table[i], table[i].name);
    if (code == BASE_OK && table[i].inside)
      code = look_inside(&look, &table[i]);
  }
  return code;
}
