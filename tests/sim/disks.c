/* SPDX-License-Identifier: Apache-2.0
 * The simulated disks keep what they promise, and not more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/world.h"
#include "disk.h"

enum { SEEDS = 400 };

static void put(int dir, const char *name, const char *text, bool sync) {
  int fd = openat(dir, name, O_WRONLY | O_CREAT, 0600);
  assert_true(fd >= DISK_FD_FIRST);
  assert_int_equal(pwrite(fd, text, strlen(text), 0), (ssize_t)strlen(text));
  if (sync)
    assert_int_equal(fsync(fd), 0);
  close(fd);
}
/* What a file begins with, "-" when there is none. */
static const char *get(int dir, const char *name) {
  static char text[64];
  int fd = openat(dir, name, O_RDONLY);
  memset(text, 0, sizeof text);
  if (fd < 0)
    return "-";
  assert_true(read(fd, text, sizeof text - 1) >= 0);
  close(fd);
  return text;
}
/* Runs change on a fresh disk with a durable file "old", cuts the power, and says how often `name` was what. */
static unsigned after_cuts(void (*change)(int dir), const char *name, const char *what) {
  unsigned found = 0;
  for (uint64_t seed = 0; seed < SEEDS; seed++) {
    struct disk *disk = disk_new("d");
    int dir = disk_open(disk, ".");
    put(dir, "old", "before", true);
    fsync(dir);
    change(dir);
    disk_power_off(disk);
    assert_string_equal(get(dir, "old"), "-");
    assert_int_equal(errno, EIO);
    disk_power_on(disk, seed);
    assert_string_equal(get(dir, "old"), "-"); /* the descriptor is of before */
    close(dir);
    dir = disk_open(disk, ".");
    found += strcmp(get(dir, name), what) == 0;
    close(dir);
    assert_int_equal(disk_descriptors(disk), 0);
    disk_free(disk);
  }
  return found;
}
static void some(unsigned count) {
  assert_in_range(count, SEEDS / 20, SEEDS - SEEDS / 20);
}

static void overwrite(int dir) {
  put(dir, "old", "after!", false);
}
static void overwrite_synced(int dir) {
  put(dir, "old", "after!", true);
}
static void make_unnamed(int dir) {
  put(dir, "new", "after", true);
}
static void make_named(int dir) {
  put(dir, "new", "after", true);
  fsync(dir);
}
static void make_empty(int dir) {
  put(dir, "new", "after", false);
  fsync(dir);
}
static void move(int dir) {
  make_named(dir);
  assert_int_equal(renameat(dir, "new", dir, "old"), 0);
}
static void replace(int dir) {
  struct base_error err;
  assert_int_equal(base_file_replace(dir, "old", BASE_VIEW("after"), 0600, &err), BASE_OK);
}
static void drop(int dir) {
  assert_int_equal(unlinkat(dir, "old", 0), 0);
}
static void drop_synced(int dir) {
  drop(dir);
  fsync(dir);
}
static void test_cuts(void **state) {
  (void)state;
  some(after_cuts(overwrite, "old", "before"));
  assert_int_equal(after_cuts(overwrite_synced, "old", "after!"), SEEDS);
  some(after_cuts(make_unnamed, "new", "-"));
  assert_int_equal(after_cuts(make_named, "new", "after"), SEEDS);
  some(after_cuts(make_empty, "new", ""));
  assert_int_equal(after_cuts(move, "old", "before") + after_cuts(move, "old", "after"), SEEDS);
  some(after_cuts(move, "old", "before"));
  assert_int_equal(after_cuts(replace, "old", "after"), SEEDS);
  some(after_cuts(drop, "old", "-"));
  assert_int_equal(after_cuts(drop_synced, "old", "-"), SEEDS);
}

/* Eight sectors of one write are torn in every way, and nothing around them changes. */
static void test_torn(void **state) {
  (void)state;
  enum { SECTORS = 8, AT = 100 };
  unsigned kept[SECTORS] = {0}, mixed = 0;
  for (uint64_t seed = 0; seed < SEEDS; seed++) {
    struct disk *disk = disk_new("d");
    int dir = disk_open(disk, "a/b"), fd = openat(dir, "f", O_RDWR | O_CREAT, 0600);
    uint8_t octets[SECTORS * DISK_SECTOR + 2 * AT], *got;
    memset(octets, 1, sizeof octets);
    assert_int_equal(pwrite(fd, octets, sizeof octets, 0), sizeof octets);
    fsync(fd);
    fsync(dir);
    memset(octets, 2, sizeof octets);
    assert_int_equal(pwrite(fd, octets, SECTORS * DISK_SECTOR - AT, AT), SECTORS * DISK_SECTOR - AT);
    disk_power_off(disk);
    disk_power_on(disk, seed);
    size_t size;
    assert_true(disk_peek(disk, "a/b/f", true, &got, &size));
    assert_int_equal(size, sizeof octets);
    unsigned here = 0;
    for (size_t i = 0; i < SECTORS; i++) {
      uint8_t first = got[i * DISK_SECTOR + (i == 0 ? AT : 0)];
      kept[i] += first == 2;
      here += first == 2;
      for (size_t k = i == 0 ? AT : 0; k < DISK_SECTOR; k++)
        assert_int_equal(got[i * DISK_SECTOR + k], first);
    }
    mixed += here > 0 && here < SECTORS;
    for (size_t k = 0; k < AT; k++)
      assert_true(got[k] == 1 && got[SECTORS * DISK_SECTOR + k] == 1);
    free(got);
    close(fd);
    close(dir);
    disk_free(disk);
  }
  some(mixed);
  for (size_t i = 0; i < SECTORS; i++)
    some(kept[i]);
}

/* What a failed sync lost stays lost, though reads see it and the next sync succeeds. */
static int fail_sync(void *context, const struct disk_event *event) {
  if (event->call != DISK_SYNC || *(int *)context == 0)
    return DISK_GO;
  *(int *)context = 0;
  return EIO;
}
static void test_failed_sync(void **state) {
  (void)state;
  unsigned lost = 0;
  disk_seed(7);
  for (uint64_t seed = 0; seed < SEEDS; seed++) {
    struct disk *disk = disk_new("d");
    int dir = disk_open(disk, "."), once = 1;
    put(dir, "old", "before", true);
    fsync(dir);
    put(dir, "old", "after!", false);
    int fd = openat(dir, "old", O_RDWR);
    disk_set_watch(fail_sync, &once);
    assert_int_equal(fsync(fd), -1);
    assert_int_equal(errno, EIO);
    assert_int_equal(fsync(fd), 0);
    disk_set_watch(NULL, NULL);
    assert_string_equal(get(dir, "old"), "after!");
    disk_power_off(disk);
    disk_power_on(disk, seed);
    close(fd);
    close(dir);
    dir = disk_open(disk, ".");
    lost += strcmp(get(dir, "old"), "before") == 0;
    close(dir);
    disk_free(disk);
  }
  some(lost);
}

static int cut_third(void *context, const struct disk_event *event) {
  (void)context;
  return event->points == 3 ? DISK_CUT : DISK_GO;
}
static void test_watch(void **state) {
  (void)state;
  struct disk *disk = disk_new("d");
  int dir = disk_open(disk, ".");
  disk_set_watch(cut_third, NULL);
  int fd = openat(dir, "f", O_RDWR | O_CREAT, 0600); /* 1 */
  assert_int_equal(write(fd, "ab", 2), 2);           /* 2 */
  assert_int_equal(write(fd, "c", 1), -1);           /* 3 */
  assert_int_equal(errno, EIO);
  assert_true(disk_is_off(disk));
  assert_int_equal(disk_points(disk), 3);
  disk_set_watch(NULL, NULL);
  disk_wake(disk); /* a kill: all that was written is there */
  close(fd);
  close(dir);
  dir = disk_open(disk, ".");
  assert_string_equal(get(dir, "f"), "abc");
  close(dir);
  disk_free(disk);
}

static void test_room(void **state) {
  (void)state;
  struct disk *disk = disk_new("d");
  int dir = disk_open(disk, ".");
  put(dir, "f", "x", true);
  disk_set_room(disk, disk_used(disk) + 2 * DISK_SECTOR);
  struct statvfs room;
  assert_int_equal(fstatvfs(dir, &room), 0);
  assert_int_equal(room.f_bavail * room.f_frsize, 2 * DISK_SECTOR);
  int fd = openat(dir, "f", O_RDWR);
  char octets[4 * DISK_SECTOR] = {1};
  assert_int_equal(pwrite(fd, octets, sizeof octets, 0), 3 * DISK_SECTOR);
  assert_int_equal(pwrite(fd, octets, sizeof octets, 3 * DISK_SECTOR), -1);
  assert_int_equal(errno, ENOSPC);
  assert_int_equal(pwrite(fd, octets, DISK_SECTOR, DISK_SECTOR), DISK_SECTOR); /* over what is there */
  assert_int_equal(openat(dir, "g", O_RDWR | O_CREAT, 0600), -1);
  assert_int_equal(errno, ENOSPC);
  assert_int_equal(unlinkat(dir, "f", 0), 0);
  close(fd);
  put(dir, "g", "x", true);
  close(dir);
  disk_free(disk);
}

static void test_read_only(void **state) {
  (void)state;
  struct disk *disk = disk_new("d");
  int dir = disk_open(disk, ".");
  put(dir, "f", "x", true);
  fsync(dir);
  disk_set_read_only(disk, EROFS);
  assert_int_equal(openat(dir, "f", O_RDWR), -1);
  assert_int_equal(errno, EROFS);
  assert_int_equal(openat(dir, "g", O_RDONLY | O_CREAT, 0600), -1);
  assert_int_equal(unlinkat(dir, "f", 0), -1);
  assert_int_equal(mkdirat(dir, "h", 0700), -1);
  assert_string_equal(get(dir, "f"), "x");
  disk_set_read_only(disk, 0);
  assert_int_equal(unlinkat(dir, "f", 0), 0);
  close(dir);
  disk_free(disk);
}

static void test_clone(void **state) {
  (void)state;
  struct disk *disk = disk_new("d");
  int dir = disk_open(disk, "x");
  put(dir, "f", "one", false);
  struct disk *backup = disk_clone(disk, "backup");
  put(dir, "f", "two", true);
  fsync(dir);
  disk_restore(disk, backup);
  assert_string_equal(get(dir, "f"), "-");
  close(dir);
  dir = disk_open(disk, "x");
  assert_string_equal(get(dir, "f"), "one");
  put(dir, "f", "six", false);
  close(dir);
  disk_free(disk);
  uint8_t *octets;
  size_t size;
  assert_true(disk_damage(backup, "x/f", 1, 3)); /* n becomes m */
  assert_true(disk_peek(backup, "x/f", true, &octets, &size));
  assert_int_equal(size, 3);
  assert_memory_equal(octets, "ome", 3);
  free(octets);
  disk_free(backup);
}

static void test_locks_and_names(void **state) {
  (void)state;
  struct disk *disk = disk_new("d");
  int dir = disk_open(disk, ".");
  int a = openat(dir, "f", O_RDWR | O_CREAT | O_EXCL, 0600), b = openat(dir, "f", O_RDWR);
  assert_int_equal(openat(dir, "f", O_RDWR | O_CREAT | O_EXCL, 0600), -1);
  assert_int_equal(errno, EEXIST);
  assert_int_equal(flock(a, LOCK_EX | LOCK_NB), 0);
  assert_int_equal(flock(b, LOCK_EX | LOCK_NB), -1);
  assert_int_equal(errno, EWOULDBLOCK);
  close(a);
  assert_int_equal(flock(b, LOCK_EX | LOCK_NB), 0);
  close(b);
  for (int i = 0; i < 9; i++) {
    char name[] = {'n', (char)('0' + i), 0};
    put(dir, name, "x", false);
  }
  DIR *folder = fdopendir(openat(dir, ".", O_RDONLY | O_DIRECTORY));
  unsigned count = 0;
  for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder), count++)
    assert_int_equal(unlinkat(dir, entry->d_name, 0), 0);
  closedir(folder);
  assert_int_equal(count, 10);
  assert_int_equal(disk_used(disk), 0);
  close(dir);
  disk_free(disk);
}

/* Outside of the simulation nothing has changed. */
static void test_kernel(void **state) {
  (void)state;
  const char *tmp = getenv("WASL_TEST_TMP");
  int real = open(tmp != NULL ? tmp : "/tmp", O_RDONLY | O_DIRECTORY);
  assert_in_range(real, 0, DISK_FD_FIRST - 1);
  struct base_error err;
  BASE_AUTO_BUF struct base_buf text = {0};
  char name[64];
  snprintf(name, sizeof name, "disks-%d", (int)getpid());
  assert_int_equal(base_file_replace(real, name, BASE_VIEW("real"), 0600, &err), BASE_OK);
  assert_int_equal(base_file_read(real, name, 64, &text, &err), BASE_OK);
  assert_true(base_view_is(base_buf_view(&text), "real"));
  DIR *folder = fdopendir(dup(real));
  unsigned found = 0;
  for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder))
    found += strcmp(entry->d_name, name) == 0;
  closedir(folder);
  assert_int_equal(found, 1);
  struct stat status;
  assert_int_equal(fstatat(real, name, &status, 0), 0);
  assert_int_equal(status.st_size, 4);
  assert_int_equal(unlinkat(real, name, 0), 0);
  close(real);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_cuts),        cmocka_unit_test(test_torn),
      cmocka_unit_test(test_failed_sync), cmocka_unit_test(test_watch),
      cmocka_unit_test(test_room),        cmocka_unit_test(test_read_only),
      cmocka_unit_test(test_clone),       cmocka_unit_test(test_locks_and_names),
      cmocka_unit_test(test_kernel),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
