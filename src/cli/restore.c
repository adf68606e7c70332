/* SPDX-License-Identifier: Apache-2.0
 * Backups opened: looked at, or restored. The secret key is used by wasl-keeper, the database is made by wasl-core;
 * here the folder is prepared, and at the end put in place. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/backup.h"
#include "link/users.h"
#include "wire/backup.h"

#define BESIDE "core.restoring"
enum { SHARED = 32, REPORT_MAX = 64 << 10 };

struct opening {
  struct cli *cli;
  const char *name;
  int fd;        /* behind the header */
  int opened;    /* header and shared secret, for wasl-core */
  uint64_t size; /* 0: not known */
  uint8_t bytes[WIRE_BACKUP_HEADER];
  struct wire_backup_header header;
  struct cli_progress progress;
};

/* --- header and key */

static enum base_code read_header(struct opening *opening, struct base_error *err) {
  struct stat status;
  size_t size = 0;
  bool streams = strcmp(opening->name, "-") == 0;
  opening->fd =
      streams ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open(opening->name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (opening->fd < 0 || fstat(opening->fd, &status) != 0)
    return base_fail_errno(err, "%s: cannot be opened", opening->name);
  if (S_ISREG(status.st_mode))
    opening->size = (uint64_t)status.st_size;
  for (ssize_t got = 1; got != 0 && size < sizeof opening->bytes;) {
    got = read(opening->fd, opening->bytes + size, sizeof opening->bytes - size);
    if (got < 0 && errno != EINTR)
      return base_fail_errno(err, "%s: cannot be read", opening->name);
    size += got > 0 ? (size_t)got : 0;
  }
  struct base_error why = {0};
  enum base_code code = wire_backup_header_parse(base_view_of(opening->bytes, size), &opening->header, &why);
  return code == BASE_OK ? BASE_OK : base_fail(err, BASE_EVIDENCE, "%s", why.text);
}

/* The secret stays with wasl-keeper; what comes of it opens this one backup. */
static enum base_code open_key(struct opening *opening, struct base_error *err) {
  const char *file;
  BASE_AUTO_BUF struct base_buf shared = {0};
  enum base_code code = cli_need(opening->cli, "--key", &file, err);
  if (code != BASE_OK)
    return code;
  BASE_AUTO_FD int header = memfd_create("header", MFD_CLOEXEC);
  opening->opened = memfd_create("opened", MFD_CLOEXEC);
  if (header < 0 || opening->opened < 0)
    return base_fail_errno(err, "no memory file");
  const struct cli_program keeper = {
      .name = "wasl-keeper", .arguments = {"backup-open", file}, .folder = -1, .handed = -1, .in = header};
  code = base_write_all(header, base_view_of(opening->bytes, sizeof opening->bytes), err);
  if (code == BASE_OK && lseek(header, 0, SEEK_SET) != 0)
    code = base_fail_errno(err, "no memory file");
  if (code == BASE_OK)
    code = cli_backup_keeper(&keeper, "the backup cannot be opened", &shared, err);
  if (code == BASE_OK && shared.size != SHARED)
    code = base_fail(err, BASE_INTERNAL, "wasl-keeper gave %zu bytes instead of %d", shared.size, SHARED);
  if (code == BASE_OK)
    code = base_write_all(opening->opened, base_view_of(opening->bytes, sizeof opening->bytes), err);
  if (code == BASE_OK)
    code = base_write_all(opening->opened, base_buf_view(&shared), err);
  if (shared.data != NULL)
    base_wipe(shared.data, shared.size);
  return code;
}

static void close_all(struct opening *opening) {
  base_close_fd(&opening->fd);
  base_close_fd(&opening->opened);
}

/* --- wasl-core at work */

static void show_progress(void *context) {
  struct opening *opening = context;
  off_t at = opening->size > 0 ? lseek(opening->fd, 0, SEEK_CUR) : -1;
  if (at >= 0)
    cli_progress_at(&opening->progress, (uint64_t)at, opening->size);
}

/* A failure is the code's name, a line end and the sentence. */
static enum base_code failed(const struct base_buf *out, struct base_error *err) {
  char name[64];
  const uint8_t *end = out->size > 0 ? memchr(out->data, '\n', out->size) : NULL;
  size_t size = end != NULL ? (size_t)(end - out->data) : sizeof name;
  if (size >= sizeof name)
    return base_fail(err, BASE_INTERNAL, "wasl-core ended without a word; nothing was kept");
  memcpy(name, out->data, size);
  name[size] = '\0';
  enum base_code code = base_code_by_name(name);
  return base_fail(err, code == BASE_CODES || code == BASE_OK ? BASE_INTERNAL : code, "%.*s",
                   (int)(out->size - size - 1), (const char *)end + 1);
}

/* Fills the folder, as a user of its own when root started us. */
static enum base_code run_core(struct opening *opening, const char *job, int folder, uid_t user, gid_t group,
                               struct cli_answer *out, struct base_error *err) {
  char handed[24], users[32];
  bool done = false;
  BASE_AUTO_BUF struct base_buf said = {0};
  (void)snprintf(handed, sizeof handed, "%s=%d", job, CLI_PROGRAM_FD);
  (void)snprintf(users, sizeof users, "%u:%u", (unsigned)user, (unsigned)group);
  opening->progress = (struct cli_progress){.cli = opening->cli, .label = cli_word(opening->cli, CLI_BACKUP)};
  const struct cli_program core = {.name = "wasl-core",
                                   .arguments = {"--role", "core", "--user", users, "--fd", handed},
                                   .folder = folder,
                                   .handed = opening->opened,
                                   .in = opening->fd,
                                   .waiting = show_progress,
                                   .context = opening};
  enum base_code code = cli_program_run(&core, &done, &out->text, &said, err);
  cli_progress_end(&opening->progress);
  if (code == BASE_OK && !done)
    return failed(&out->text, err);
  return code == BASE_OK ? wire_json_parse(base_buf_view(&out->text), REPORT_MAX, "the report", &out->json, err) : code;
}

/* --- what was found */

static void show_report(struct cli *cli, const struct wire_json *report) {
  static const enum cli_word heads[] = {CLI_ORIGIN, CLI_MADE};
  static const struct {
    enum cli_word word;
    const char *key;
  } rows[] = {{CLI_REGISTER, "size"},
              {CLI_PARTNERS, "partners"},
              {CLI_CASES, "cases"},
              {CLI_MESSAGES, "messages"},
              {CLI_PARTS, "parts"}};
  CLI_AUTO_TABLE struct cli_table table;
  cli_table_begin(&table, cli, 2, heads);
  cli_cell_id(&table, cli_string(report, "origin"));
  cli_cell_time(&table, wire_json_get(report, "made"));
  cli_cell(&table, base_view_text(cli_word(cli, CLI_HEAD)));
  cli_cell_id(&table, cli_string(report, "root"));
  if (wire_json_true(wire_json_get(report, "database"))) {
    cli_cell(&table, base_view_text(cli_word(cli, CLI_UNTIL)));
    cli_cell_time(&table, wire_json_get(report, "time"));
  }
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    cli_cell(&table, base_view_text(cli_word(cli, rows[i].word)));
    cli_cell_number(&table, cli_number(report, rows[i].key));
  }
  cli_cell(&table, base_view_text(cli_word(cli, CLI_SIZE)));
  cli_size(cli, &table.cells, (uint64_t)cli_number(report, "octets"));
  base_buf_u8(&table.cells, 0);
  cli_table_end(&table);
}

static void tell_report(struct cli *cli, const struct cli_answer *report) {
  if (cli_print_json(cli, report))
    return;
  show_report(cli, report->json);
  if (!wire_json_true(wire_json_get(report->json, "database")))
    cli_note(cli, "it holds the files of parts alone: the node's database is on a server, whose own tools restore it");
}

static enum base_code no_part_missing(const struct cli_answer *report, struct base_error *err) {
  int64_t missing = cli_number(report->json, "missing");
  return missing == 0
             ? BASE_OK
             : base_fail(err, BASE_CORRUPT,
                         "%lld parts are not in it whole: their files were missing or cut on the node when the "
                         "backup was made. Run wasl register check there, which names them",
                         (long long)missing);
}

/* --- folders */

static bool is_dots(const char *name) {
  return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Everything in the open folder, and in folders in it: what a restoring core makes is no deeper. */
static enum base_code empty_folder(int folder, unsigned deep, struct base_error *err) {
  int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *entries = copy < 0 ? NULL : fdopendir(copy);
  if (entries == NULL) {
    base_close_fd(&copy);
    return base_fail_errno(err, "a folder cannot be read");
  }
  enum base_code code = BASE_OK;
  for (const struct dirent *entry; code == BASE_OK && (entry = readdir(entries)) != NULL;) {
    if (is_dots(entry->d_name) || unlinkat(folder, entry->d_name, 0) == 0)
      continue;
    BASE_AUTO_FD int inner =
        deep > 0 ? openat(folder, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW) : -1;
    if (inner < 0)
      code = base_fail_errno(err, "%s cannot be removed", entry->d_name);
    else
      code = empty_folder(inner, deep - 1, err);
    if (code == BASE_OK && unlinkat(folder, entry->d_name, AT_REMOVEDIR) != 0)
      code = base_fail_errno(err, "%s cannot be removed", entry->d_name);
  }
  closedir(entries);
  return code;
}

static enum base_code remove_folder(int dir, const char *name, struct base_error *err) {
  BASE_AUTO_FD int folder = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  if (folder < 0)
    return errno == ENOENT ? BASE_OK : base_fail_errno(err, "%s cannot be opened", name);
  enum base_code code = empty_folder(folder, 1, err);
  if (code == BASE_OK && unlinkat(dir, name, AT_REMOVEDIR) != 0)
    code = base_fail_errno(err, "%s cannot be removed", name);
  return code;
}

/* New, for the user that core becomes. */
static enum base_code make_folder(int dir, const char *name, uid_t user, gid_t group, int *out,
                                  struct base_error *err) {
  if (mkdirat(dir, name, 0700) != 0)
    return base_fail_errno(err, "%s cannot be made", name);
  if (geteuid() == 0 && fchownat(dir, name, user, group, AT_SYMLINK_NOFOLLOW) != 0)
    return base_fail_errno(err, "%s cannot be given away", name);
  *out = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  return *out >= 0 ? BASE_OK : base_fail_errno(err, "%s cannot be opened", name);
}

/* --- looked at */

enum base_code cli_backup_verify(struct cli *cli, struct base_error *err) {
  const char *base = getenv("TMPDIR");
  struct opening opening = {.cli = cli, .name = cli->words[0], .fd = -1, .opened = -1};
  CLI_AUTO_ANSWER struct cli_answer report = {0};
  char folder[4096];
  struct base_error ignored;
  bool root = geteuid() == 0;
  uid_t user = root ? LINK_USER_CORE : getuid();
  gid_t group = root ? LINK_USER_CORE : getgid();
  BASE_AUTO_FD int dir = -1, inner = -1;
  enum base_code code = read_header(&opening, err);
  if (code == BASE_OK)
    code = open_key(&opening, err);
  int length = snprintf(folder, sizeof folder, "%s/wasl-backup.XXXXXX", base != NULL && base[0] != 0 ? base : "/tmp");
  bool made = code == BASE_OK && length > 0 && (size_t)length < sizeof folder && mkdtemp(folder) != NULL;
  if (code == BASE_OK && (!made || (dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0))
    code = base_fail_errno(err, "%s: no folder can be made there; name another place with TMPDIR", folder);
  if (code == BASE_OK)
    code = make_folder(dir, BESIDE, user, group, &inner, err);
  if (code == BASE_OK)
    code = run_core(&opening, "verify", inner, user, group, &report, err);
  if (code != BASE_OK)
    base_fail_within(err, "%s", opening.name);
  if (dir >= 0 && remove_folder(dir, BESIDE, &ignored) != BASE_OK)
    cli_note(opening.cli, "%s is left over and can be removed: %s", folder, ignored.text);
  if (made)
    rmdir(folder);
  if (code == BASE_OK) {
    tell_report(cli, &report);
    code = no_part_missing(&report, err);
  }
  close_all(&opening);
  return code;
}

/* --- restored */

enum base_code cli_not_running(int dir, const char *path, struct base_error *err) {
  static const char *const locks[] = {"wasld.lock", "wasld.children"};
  for (size_t i = 0; i < 2; i++) {
    BASE_AUTO_FD int fd = openat(dir, locks[i], O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0)
      return base_fail(err, BASE_BUSY, "the node in %s is running: stop it first", path);
    if (fd < 0 && errno != ENOENT)
      return base_fail_errno(err, "%s/%s: cannot be opened", path, locks[i]);
  }
  return BASE_OK;
}

/* A node's folder that lost its data: the keys are there, core/ is empty or not. */
static enum base_code check_place(int dir, const char *path, uid_t *user, gid_t *group, struct base_error *err) {
  struct stat status;
  enum base_code code = cli_not_running(dir, path, err);
  if (code != BASE_OK)
    return code;
  if (fstatat(dir, "keeper", &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(status.st_mode))
    return base_fail(err, BASE_NOT_FOUND,
                     "%s/keeper is not there: a backup never holds private keys; put the node's key files back from "
                     "their offline copy first, then run this again",
                     path);
  BASE_AUTO_FD int core = openat(dir, "core", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  if (core < 0)
    return errno == ENOENT ? BASE_OK : base_fail_errno(err, "%s/core: cannot be opened", path);
  if (fstat(core, &status) != 0)
    return base_fail_errno(err, "%s/core: cannot be examined", path);
  if (geteuid() == 0 && status.st_uid != 0) { /* whose it was is whose it will be */
    *user = status.st_uid;
    *group = status.st_gid;
  }
  code = cli_empty_folder(core, path, err);
  return code != BASE_EXISTS ? code
                             : base_fail(err, BASE_EXISTS,
                                         "%s/core is not empty: nothing is restored over a node's data; if it is "
                                         "lost, move the folder away and run this again",
                                         path);
}

static enum base_code same_origin(const struct opening *opening, struct base_view here, struct base_error *err) {
  struct base_view origin = opening->header.origin;
  return base_view_equal(here, origin)
             ? BASE_OK
             : base_fail(err, BASE_CONFLICT, "the backup is of %.*s, and this folder is of %.*s", (int)origin.size,
                         (const char *)origin.data, (int)here.size, (const char *)here.data);
}

/* Without the card the keys say whose folder it is: the backup would bring the card of another node. */
static enum base_code same_keys(const struct opening *opening, const char *path, struct base_error *err) {
  char keeper_path[4096];
  BASE_AUTO_BUF struct base_buf origin = {0};
  if (snprintf(keeper_path, sizeof keeper_path, "%s/keeper", path) >= (int)sizeof keeper_path)
    return base_fail(err, BASE_TOO_LARGE, "%s: the path is too long", path);
  const struct cli_program keeper = {
      .name = "wasl-keeper", .arguments = {"whose", keeper_path}, .folder = -1, .handed = -1};
  enum base_code code = cli_backup_keeper(
      &keeper, "node.card is missing, and the keys in keeper/ do not say whose folder this is either", &origin, err);
  while (origin.size > 0 && origin.data[origin.size - 1] == '\n')
    origin.size--;
  return code == BASE_OK ? same_origin(opening, base_buf_view(&origin), err) : code;
}

static enum base_code same_node(const struct opening *opening, int dir, const char *path, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf bytes = {0};
  BASE_AUTO_ARENA struct base_arena arena = {0};
  struct wire_card card;
  base_buf_init(&bytes, 2 * WIRE_CARD_MAX);
  base_arena_init(&arena, 1 << 20);
  enum base_code code = base_file_read(dir, "node.card", WIRE_CARD_MAX, &bytes, err);
  if (code == BASE_NOT_FOUND)
    return same_keys(opening, path, err);
  if (code == BASE_OK)
    code = wire_card_parse(base_buf_view(&bytes), &arena, &card, err);
  return code == BASE_OK ? same_origin(opening, card.origin, err) : base_fail_within(err, "node.card");
}

/* The node's own card stands unless it was lost, too. */
static enum base_code place_card(int dir, int inner, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf card = {0};
  struct stat status;
  base_buf_init(&card, 2 * WIRE_CARD_MAX);
  enum base_code code = BASE_OK;
  if (fstatat(dir, "node.card", &status, AT_SYMLINK_NOFOLLOW) != 0) {
    code = base_file_read(inner, "node.card", WIRE_CARD_MAX, &card, err);
    if (code == BASE_OK)
      code = base_file_replace(dir, "node.card", base_buf_view(&card), 0644, err);
  }
  /* In core/ itself stands the newest, when it is another. */
  if (code == BASE_OK && unlinkat(inner, "node.card", 0) != 0)
    code = base_fail_errno(err, "node.card cannot be removed");
  if (code == BASE_OK && renameat(inner, "newest.card", inner, "node.card") != 0 && errno != ENOENT)
    code = base_fail_errno(err, "core/node.card cannot be put in place");
  return code;
}

static enum base_code restore_into(struct opening *opening, int dir, const char *path, struct cli_answer *report,
                                   struct base_error *err) {
  bool root = geteuid() == 0;
  uid_t user = root ? LINK_USER_CORE : getuid();
  gid_t group = root ? LINK_USER_CORE : getgid();
  BASE_AUTO_FD int inner = -1;
  struct base_error ignored;
  /* Each would take away what the other one has made so far. */
  if (flock(dir, LOCK_EX | LOCK_NB) != 0)
    return errno == EWOULDBLOCK ? base_fail(err, BASE_BUSY, "something is restored into %s at this moment: wait", path)
                                : base_fail_errno(err, "%s: cannot be locked", path);
  enum base_code code = check_place(dir, path, &user, &group, err);
  if (code == BASE_OK)
    code = same_node(opening, dir, path, err);
  if (code == BASE_OK)
    code = remove_folder(dir, BESIDE, err); /* of one that did not end */
  if (code == BASE_OK)
    code = make_folder(dir, BESIDE, user, group, &inner, err);
  if (code == BASE_OK)
    code = run_core(opening, "restore", inner, user, group, report, err);
  if (code == BASE_OK)
    code = place_card(dir, inner, err);
  if (code == BASE_OK && (fsync(inner) != 0 || renameat(dir, BESIDE, dir, "core") != 0 || fsync(dir) != 0))
    code = base_fail_errno(err, "%s/core cannot be put in place", path);
  if (code != BASE_OK && inner >= 0 && remove_folder(dir, BESIDE, &ignored) != BASE_OK)
    cli_note(opening->cli, "%s/" BESIDE " is left over: %s", path, ignored.text);
  return code;
}

enum base_code cli_backup_restore(struct cli *cli, struct base_error *err) {
  const char *path = cli->words[1];
  struct opening opening = {.cli = cli, .name = cli->words[0], .fd = -1, .opened = -1};
  CLI_AUTO_ANSWER struct cli_answer report = {0};
  BASE_AUTO_FD int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0)
    return base_fail_errno(err,
                           "%s: cannot be opened; a backup is restored into the folder of its node, where the "
                           "keys are",
                           path);
  enum base_code code = read_header(&opening, err);
  if (code == BASE_EVIDENCE)
    base_fail_within(err, "%s", opening.name);
  if (code == BASE_OK)
    code = open_key(&opening, err);
  if (code == BASE_OK)
    code = restore_into(&opening, dir, path, &report, err);
  if (code == BASE_OK) {
    struct base_error missing = {0};
    tell_report(cli, &report);
    if (no_part_missing(&report, &missing) != BASE_OK)
      cli_note(cli, "%s", missing.text);
    if (faccessat(dir, "wasl.conf", R_OK, 0) != 0)
      cli_note(cli, "%s/wasl.conf is not there: write it before the start (wasld(8) says what stands in it)", path);
    cli_note(cli, "%s/core is restored; start the node with: wasld %s", path, path);
  }
  close_all(&opening);
  return code;
}
