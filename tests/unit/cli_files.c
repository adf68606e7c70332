/* SPDX-License-Identifier: Apache-2.0
 * Files read and made by the command line: limits, pipes, nothing left of what failed, nobody else may read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"

static struct cli cli;
static char folder[256];

static int begin(void **state) {
  (void)state;
  memset(&cli, 0, sizeof cli);
  cli.world = base_world_system();
  const char *tmp = getenv("WASL_TEST_TMP");
  (void)snprintf(folder, sizeof folder, "%s/files-XXXXXX", tmp != NULL ? tmp : "/tmp");
  return mkdtemp(folder) != NULL && chdir(folder) == 0 ? 0 : -1;
}

static int end(void **state) {
  (void)state;
  char line[300];
  (void)snprintf(line, sizeof line, "rm -rf '%s'", folder);
  return chdir("/") == 0 && system(line) == 0 ? 0 : -1;
}

/* How many names are in the folder. */
static size_t names(void) {
  size_t count = 0;
  DIR *open = opendir(".");
  assert_non_null(open);
  while (readdir(open) != NULL)
    count++;
  closedir(open);
  return count - 2;
}

static void put(const char *name, const char *text) {
  FILE *file = fopen(name, "w");
  assert_non_null(file);
  assert_true(fputs(text, file) >= 0);
  assert_int_equal(fclose(file), 0);
}

static void expect_file(const char *name, const char *text) {
  BASE_AUTO_BUF struct base_buf bytes = {0};
  base_buf_init(&bytes, 1 << 16);
  assert_int_equal(base_file_read(AT_FDCWD, name, 1 << 16, &bytes, NULL), BASE_OK);
  assert_true(base_view_is(base_buf_view(&bytes), text));
}

static enum base_code make(const char *name, const char *text, enum base_code failure, struct base_error *err) {
  struct cli_output output;
  enum base_code code = cli_output_open(&cli, AT_FDCWD, name, &output, err);
  if (code != BASE_OK)
    return code;
  assert_int_equal(base_write_all(output.fd, base_view_text(text), NULL), BASE_OK);
  return cli_output_end(&output, failure == BASE_OK ? BASE_OK : base_fail(err, failure, "cannot write: no room"), err);
}

static void made_for_the_owner_alone(void **state) {
  (void)state;
  struct stat status;
  struct base_error err;
  umask(0);
  assert_int_equal(make("new", "first", BASE_OK, &err), BASE_OK);
  assert_int_equal(stat("new", &status), 0);
  assert_int_equal(status.st_mode & 0777, 0600);
  expect_file("new", "first");
  assert_int_equal(make("./new", "second", BASE_OK, &err), BASE_OK);
  expect_file("new", "second");
  assert_int_equal(names(), 1);
}

static void nothing_is_left_of_what_failed(void **state) {
  (void)state;
  struct base_error err;
  put("old", "kept");
  assert_int_equal(make("old", "half", BASE_DISK_FULL, &err), BASE_DISK_FULL);
  assert_string_equal(err.text, "old: cannot write: no room");
  assert_int_equal(make("new", "half", BASE_HASH, &err), BASE_HASH);
  assert_string_equal(err.text, "cannot write: no room");
  expect_file("old", "kept");
  assert_int_equal(names(), 1);
}

/* While it is being made nothing has its name, nor after a kill. */
static void no_name_before_it_is_whole(void **state) {
  (void)state;
  struct cli_output output;
  assert_int_equal(cli_output_open(&cli, AT_FDCWD, "new", &output, NULL), BASE_OK);
  assert_int_not_equal(access("new", F_OK), 0);
  assert_int_equal(names(), output.named ? 1 : 0);
  assert_int_equal(cli_output_end(&output, BASE_OK, NULL), BASE_OK);
  expect_file("new", "");
}

static void what_is_not_replaced(void **state) {
  (void)state;
  struct base_error err;
  char name[5000];
  assert_int_equal(mkdir("folder", 0700), 0);
  assert_int_equal(symlink("folder", "link"), 0);
  assert_int_equal(mkfifo("fifo", 0600), 0);
  assert_int_equal(make("folder", "x", BASE_OK, &err), BASE_FIELD);
  assert_int_equal(make("link", "x", BASE_OK, &err), BASE_FIELD);
  assert_int_equal(make("fifo", "x", BASE_OK, &err), BASE_FIELD);
  assert_int_equal(make("nowhere/new", "x", BASE_OK, &err), BASE_NOT_FOUND);
  assert_non_null(strstr(err.text, "nowhere/new"));
  memset(name, 'a', sizeof name);
  name[sizeof name - 1] = 0;
  assert_int_not_equal(make(name, "x", BASE_OK, &err), BASE_OK);
  assert_int_equal(names(), 3);
}

static void standard_output(void **state) {
  (void)state;
  struct base_error err;
  int kept = dup(STDOUT_FILENO), file;
  cli.out_terminal = true;
  assert_int_equal(make("-", "x", BASE_OK, &err), BASE_USAGE);
  assert_non_null(strstr(err.text, "terminal"));
  cli.out_terminal = false;
  cli.json = true;
  assert_int_equal(make("-", "x", BASE_OK, &err), BASE_USAGE);
  cli.json = false;
  file = open("stdout", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  assert_int_equal(dup2(file, STDOUT_FILENO), STDOUT_FILENO);
  enum base_code failed = make("-", "half", BASE_HASH, &err), code = make("-", "whole", BASE_OK, &err);
  assert_int_equal(dup2(kept, STDOUT_FILENO), STDOUT_FILENO);
  close(kept);
  close(file);
  assert_int_equal(failed, BASE_HASH);
  assert_int_equal(code, BASE_OK);
  expect_file("stdout", "whole");
  assert_int_equal(names(), 1);
}

/* The reading end of a pipe with this text in it. */
static int piped(const char *text) {
  int ends[2];
  assert_int_equal(pipe(ends), 0);
  assert_int_equal(base_write_all(ends[1], base_view_text(text), NULL), BASE_OK);
  close(ends[1]);
  return ends[0];
}

static enum base_code take(const char *name, const char *expected, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf text = {0};
  base_buf_init(&text, 6); /* one more than is asked for, to see whether there is more */
  enum base_code code = cli_input_read(name, 5, &text, err);
  if (code == BASE_OK)
    assert_true(base_view_is(base_buf_view(&text), expected));
  return code;
}

static void read_whole_and_bounded(void **state) {
  (void)state;
  struct base_error err;
  char name[64];
  put("five", "12345");
  put("six", "123456");
  assert_int_equal(mkdir("folder", 0700), 0);
  assert_int_equal(take("five", "12345", &err), BASE_OK);
  assert_int_equal(take("six", "", &err), BASE_TOO_LARGE);
  assert_string_equal(err.text, "six: larger than the limit of 5 bytes");
  assert_int_equal(take("folder", "", &err), BASE_FIELD);
  assert_int_equal(take("nobody", "", &err), BASE_NOT_FOUND);
  assert_non_null(strstr(err.text, "nobody: "));
  for (int more = 0; more < 2; more++) {
    int pipe_end = piped(more ? "123456" : "12345");
    (void)snprintf(name, sizeof name, "/dev/fd/%d", pipe_end);
    assert_int_equal(take(name, "12345", &err), more ? BASE_TOO_LARGE : BASE_OK);
    close(pipe_end);
  }
}

static void standard_input(void **state) {
  (void)state;
  struct base_error err;
  int kept = dup(STDIN_FILENO), pipe_end = piped("12345");
  assert_int_equal(dup2(pipe_end, STDIN_FILENO), STDIN_FILENO);
  assert_int_equal(take("-", "12345", &err), BASE_OK);
  assert_int_equal(take("-", "", &err), BASE_OK); /* it was read */
  assert_int_equal(dup2(kept, STDIN_FILENO), STDIN_FILENO);
  close(kept);
  close(pipe_end);
}

static void a_pipe_read_from_any_place(void **state) {
  (void)state;
  struct base_error err;
  char name[64], got[4];
  uint64_t size = 0;
  int fd = -1, pipe_end = piped("abcdef");
  put("file", "abcdef");
  (void)snprintf(name, sizeof name, "/dev/fd/%d", pipe_end);
  for (int way = 0; way < 2; way++) {
    assert_int_equal(cli_input_open(&cli, way ? "file" : name, &fd, &size, &err), BASE_OK);
    assert_int_equal(size, 6);
    assert_int_equal(pread(fd, got, 3, 2), 3);
    assert_memory_equal(got, "cde", 3);
    close(fd);
  }
  close(pipe_end);
  assert_int_equal(cli_input_open(&cli, ".", &fd, &size, &err), BASE_FIELD);
  assert_int_equal(cli_input_open(&cli, "nobody", &fd, &size, &err), BASE_NOT_FOUND);
}

static void no_room_for_a_copy(void **state) {
  (void)state;
  struct base_error err;
  char name[64];
  uint64_t size;
  int fd = -1, pipe_end = piped("abcdef");
  (void)snprintf(name, sizeof name, "/dev/fd/%d", pipe_end);
  setenv("TMPDIR", "/nowhere", 1);
  assert_int_equal(cli_input_open(&cli, name, &fd, &size, &err), BASE_NOT_FOUND);
  assert_non_null(strstr(err.text, "TMPDIR"));
  unsetenv("TMPDIR");
  close(pipe_end);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(made_for_the_owner_alone),
      TEST(nothing_is_left_of_what_failed),
      TEST(no_name_before_it_is_whole),
      TEST(what_is_not_replaced),
      TEST(standard_output),
      TEST(read_whole_and_bounded),
      TEST(standard_input),
      TEST(a_pipe_read_from_any_place),
      TEST(no_room_for_a_copy),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
