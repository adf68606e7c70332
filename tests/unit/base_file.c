/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/base.h"

struct folder {
  char path[64];
  int fd;
};

static int make_folder(void **state) {
  struct folder *folder = calloc(1, sizeof *folder);
  *state = folder;
  if (folder == NULL)
    return -1;
  strcat(folder->path, "/tmp/wasl-base-file-XXXXXX");
  if (mkdtemp(folder->path) == NULL)
    return -1;
  folder->fd = open(folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  return folder->fd < 0 ? -1 : 0;
}

/* The names in the folder, removed as they are counted. */
static int empty_folder(struct folder *folder) {
  int count = 0;
  DIR *listing = opendir(folder->path);
  for (struct dirent *entry; listing != NULL && (entry = readdir(listing)) != NULL;)
    if (entry->d_name[0] != '.') {
      count++;
      if (unlinkat(folder->fd, entry->d_name, 0) != 0)
        unlinkat(folder->fd, entry->d_name, AT_REMOVEDIR);
    }
  if (listing != NULL)
    closedir(listing);
  return count;
}

static int remove_folder(void **state) {
  struct folder *folder = *state;
  empty_folder(folder);
  close(folder->fd);
  rmdir(folder->path);
  free(folder);
  return 0;
}

static void replaces_and_reads(void **state) {
  struct folder *folder = *state;
  BASE_AUTO_BUF struct base_buf out = {0};
  assert_int_equal(base_file_replace(folder->fd, "key", BASE_VIEW("first"), 0644, NULL), BASE_OK);
  assert_int_equal(base_file_replace(folder->fd, "key", BASE_VIEW("second"), 0600, NULL), BASE_OK);
  base_buf_text(&out, "kept:");
  assert_int_equal(base_file_read(folder->fd, "key", 6, &out, NULL), BASE_OK);
  assert_true(base_view_is(base_buf_view(&out), "kept:second"));
  struct stat status;
  assert_int_equal(fstatat(folder->fd, "key", &status, 0), 0);
  assert_int_equal(status.st_mode & 07777, 0600);
  assert_int_equal(base_file_replace(folder->fd, "empty", BASE_VIEW(""), 0600, NULL), BASE_OK);
  base_buf_reset(&out);
  assert_int_equal(base_file_read(folder->fd, "empty", 0, &out, NULL), BASE_OK);
  assert_int_equal(out.size, 0);
  assert_int_equal(empty_folder(folder), 2); /* no temporary file is left */
}

static void reading_says_what_is_wrong(void **state) {
  struct folder *folder = *state;
  BASE_AUTO_BUF struct base_buf out = {0};
  struct base_error err;
  assert_int_equal(base_file_read(folder->fd, "none", 10, &out, &err), BASE_NOT_FOUND);
  assert_string_equal(err.text, "none: cannot be opened: No such file or directory");
  assert_int_equal(base_file_replace(folder->fd, "seven", BASE_VIEW("1234567"), 0600, NULL), BASE_OK);
  assert_int_equal(base_file_read(folder->fd, "seven", 6, &out, &err), BASE_TOO_LARGE);
  assert_string_equal(err.text, "seven: larger than the limit of 6 bytes");
  assert_int_equal(mkdirat(folder->fd, "folder", 0700), 0);
  assert_int_equal(base_file_read(folder->fd, "folder", 6, &out, &err), BASE_FIELD);
  assert_int_equal(mkfifoat(folder->fd, "pipe", 0600), 0);
  assert_int_equal(base_file_read(folder->fd, "pipe", 6, &out, &err), BASE_FIELD); /* and does not wait */
  assert_int_equal(out.size, 0);
  BASE_AUTO_BUF struct base_buf small;
  base_buf_init(&small, 8);
  base_buf_text(&small, "ab");
  assert_int_equal(base_file_read(folder->fd, "seven", 100, &small, &err), BASE_TOO_LARGE);
  assert_int_equal(small.size, 2);
}

static void failed_replacement_leaves_the_old_file(void **state) {
  struct folder *folder = *state;
  struct base_error err;
  assert_int_equal(base_file_replace(folder->fd, "key", BASE_VIEW("old"), 0600, NULL), BASE_OK);
  assert_int_equal(base_file_replace(folder->fd, "none/key", BASE_VIEW("new"), 0600, &err), BASE_NOT_FOUND);
  /* A file-size limit stands in for a full disk. */
  struct rlimit before, none;
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  none = before;
  none.rlim_cur = 2;
  sighandler_t handler = signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
  enum base_code code = base_file_replace(folder->fd, "key", BASE_VIEW("new"), 0600, &err);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
  signal(SIGXFSZ, handler);
  assert_int_equal(code, BASE_IO);
  assert_memory_equal(err.text, "key: cannot write: ", 19);
  BASE_AUTO_BUF struct base_buf out = {0};
  assert_int_equal(base_file_read(folder->fd, "key", 10, &out, NULL), BASE_OK);
  assert_true(base_view_is(base_buf_view(&out), "old"));
  assert_int_equal(empty_folder(folder), 1);
}

static void full_disk(void **state) {
  (void)state;
  BASE_AUTO_FD int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
  struct base_error err;
  assert_int_equal(base_write_all(fd, BASE_VIEW("x"), &err), BASE_DISK_FULL);
}

static void memory_files_are_sealed(void **state) {
  (void)state;
  struct base_view view = {0};
  struct base_error err;
  BASE_AUTO_FD int fd = base_memfd_sealed("body", BASE_VIEW("content"), &err);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, "x", 1), -1);
  assert_int_equal(ftruncate(fd, 3), -1);
  assert_int_equal(base_map_sealed(fd, 6, &view, &err), BASE_TOO_LARGE);
  assert_int_equal(base_map_sealed(fd, 7, &view, &err), BASE_OK);
  assert_true(base_view_is(view, "content"));
  base_unmap(&view);
  base_unmap(&view);
  assert_null(view.data);
  BASE_AUTO_FD int empty = base_memfd_sealed("body", BASE_VIEW(""), &err);
  assert_int_equal(base_map_sealed(empty, 0, &view, &err), BASE_OK);
  assert_int_equal(view.size, 0);
  base_unmap(NULL);
}

static void unsealed_descriptors_are_refused(void **state) {
  struct folder *folder = *state;
  struct base_view view = {0};
  BASE_AUTO_FD int open_memory = memfd_create("open", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  assert_int_equal(base_map_sealed(open_memory, 10, &view, NULL), BASE_PROTOCOL);
  assert_int_equal(fcntl(open_memory, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
  assert_int_equal(base_map_sealed(open_memory, 10, &view, NULL), BASE_PROTOCOL);
  assert_int_equal(base_map_sealed(folder->fd, 10, &view, NULL), BASE_PROTOCOL);
  assert_int_equal(base_map_sealed(-1, 10, &view, NULL), BASE_PROTOCOL);
  assert_null(view.data);
}

static void world(void **state) {
  (void)state;
  const struct base_world *world = base_world_system();
  uint8_t a[300] = {0}, b[300] = {0};
  world->random(world->context, a, sizeof a);
  world->random(world->context, b, sizeof b);
  assert_memory_not_equal(a, b, sizeof a);
  assert_true(world->now(world->context) > 1700000000);
  int64_t first = world->monotonic_ms(world->context);
  assert_true(world->monotonic_ms(world->context) >= first);
}

/* What base_log writes on stderr, read back from a pipe. */
static void log_lines(void **state) {
  (void)state;
  int pipes[2], kept = dup(STDERR_FILENO);
  assert_int_equal(pipe(pipes), 0);
  assert_true(dup2(pipes[1], STDERR_FILENO) >= 0);
  base_log_program("wasl-test");
  base_log(BASE_LOG_DEBUG, "hidden", "not at this level");
  base_log(BASE_LOG_WARNING, "refused", "name %s", "a\nb\x1b[2J");
  assert_true(dup2(kept, STDERR_FILENO) >= 0);
  char line[512] = {0};
  assert_true(read(pipes[0], line, sizeof line - 1) > 0);
  close(pipes[0]);
  close(pipes[1]);
  close(kept);
  assert_memory_equal(line, "<4>", 3);
  base_time when;
  assert_true(base_time_parse(base_view_of(line + 3, BASE_TIME_TEXT), &when));
  assert_string_equal(line + 3 + BASE_TIME_TEXT, " wasl-test refused name a\xEF\xBF\xBD"
                                                 "b\xEF\xBF\xBD[2J\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(replaces_and_reads, make_folder, remove_folder),
      cmocka_unit_test_setup_teardown(reading_says_what_is_wrong, make_folder, remove_folder),
      cmocka_unit_test_setup_teardown(failed_replacement_leaves_the_old_file, make_folder, remove_folder),
      cmocka_unit_test_setup_teardown(unsealed_descriptors_are_refused, make_folder, remove_folder),
      cmocka_unit_test(full_disk),
      cmocka_unit_test(memory_files_are_sealed),
      cmocka_unit_test(world),
      cmocka_unit_test(log_lines),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
