/* SPDX-License-Identifier: Apache-2.0 */
#include "wire_try.h"

#include <stdlib.h>
#include <unistd.h>

#include "wire/tar.h"

static void written_and_read(void **state) {
  (void)state;
  static const uint64_t sizes[] = {0, 1, 511, 512, 513, (uint64_t)1 << 30, WIRE_TAR_SIZE_MAX};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    uint8_t block[WIRE_TAR_BLOCK];
    struct wire_tar_member member;
    bool end = true;
    assert_int_equal(wire_tar_header("parts/a-B_9.json", sizes[i], 1795248000, block, NULL), BASE_OK);
    assert_int_equal(wire_tar_parse(block, &member, &end, NULL), BASE_OK);
    assert_false(end);
    assert_string_equal(member.name, "parts/a-B_9.json");
    assert_true(member.size == sizes[i]);
    assert_int_equal((sizes[i] + wire_tar_padding(sizes[i])) % WIRE_TAR_BLOCK, 0);
    assert_true(wire_tar_padding(sizes[i]) < WIRE_TAR_BLOCK);
  }
}

static void exact_bytes(void **state) {
  (void)state;
  uint8_t block[WIRE_TAR_BLOCK], expected[WIRE_TAR_BLOCK] = {0};
  assert_int_equal(wire_tar_header("header.json", 10, 8, block, NULL), BASE_OK);
  memcpy(expected, "header.json", 11);
  memcpy(expected + 100,
         "0000644\0"
         "0000000\0"
         "0000000\0"
         "00000000012\0"
         "00000000010\0"
         "010044\0 0",
         57);
  memcpy(expected + 257,
         "ustar\0"
         "00",
         8);
  memcpy(expected + 329,
         "0000000\0"
         "0000000",
         15);
  memset(expected + 148, ' ', 8);
  unsigned sum = 0;
  for (size_t i = 0; i < sizeof expected; i++)
    sum += expected[i];
  char digits[8];
  snprintf(digits, sizeof digits, "%06o", sum % 262144);
  memcpy(expected + 148, digits, 7);
  assert_memory_equal(block, expected, sizeof expected);
}

static void zero_block_ends(void **state) {
  (void)state;
  uint8_t block[WIRE_TAR_BLOCK] = {0};
  struct wire_tar_member member;
  bool end = false;
  assert_int_equal(wire_tar_parse(block, &member, &end, NULL), BASE_OK);
  assert_true(end);
}

static const char *const bad_names[] = {"",    "/a",  "a/",    "a//b", "..",   "../a", "a/..", "a/../b", "a..b", ".",
                                        "./a", "a/.", "a/./b", "a b",  "a\\b", "é",    "a\n",  "a:b",    "/"};

static void names(void **state) {
  (void)state;
  uint8_t block[WIRE_TAR_BLOCK];
  struct wire_tar_member member;
  bool end;
  struct base_error err;
  for (size_t i = 0; i < sizeof bad_names / sizeof bad_names[0]; i++)
    wire_expect(wire_tar_header(bad_names[i], 0, 0, block, &err), &err, BASE_FIELD, "relative path", bad_names[i]);
  static const char *const good[] = {"a", "a/b/c", ".a", "a.", "a.b", "a/.b", "-", "_"};
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
    assert_int_equal(wire_tar_header(good[i], 0, 0, block, NULL), BASE_OK);
  char name[WIRE_TAR_NAME_MAX + 2] = {0};
  memset(name, 'n', WIRE_TAR_NAME_MAX);
  assert_int_equal(wire_tar_header(name, 0, 0, block, NULL), BASE_OK);
  assert_int_equal(wire_tar_parse(block, &member, &end, NULL), BASE_OK);
  assert_string_equal(member.name, name);
  name[WIRE_TAR_NAME_MAX] = 'n';
  wire_expect(wire_tar_header(name, 0, 0, block, &err), &err, BASE_FIELD, "at most 100", "101 bytes");
}

static void what_cannot_be_written(void **state) {
  (void)state;
  uint8_t block[WIRE_TAR_BLOCK];
  struct base_error err;
  wire_expect(wire_tar_header("a", WIRE_TAR_SIZE_MAX + 1, 0, block, &err), &err, BASE_TOO_LARGE, "8 GiB", "size");
  wire_expect(wire_tar_header("a", 0, -1, block, &err), &err, BASE_FIELD, "time of a", "before 1970");
  wire_expect(wire_tar_header("a", 0, (base_time)WIRE_TAR_SIZE_MAX + 1, block, &err), &err, BASE_FIELD, "time of a",
              "too late");
}

/* Puts bytes into a good header, and the checksum right again. */
static void put(uint8_t block[WIRE_TAR_BLOCK], size_t at, const void *bytes, size_t size) {
  memcpy(block + at, bytes, size);
  memset(block + 148, ' ', 8);
  unsigned sum = 0;
  for (size_t i = 0; i < WIRE_TAR_BLOCK; i++)
    sum += block[i];
  char digits[8];
  snprintf(digits, sizeof digits, "%06o", sum % 262144);
  memcpy(block + 148, digits, 7);
}

static void headers_refused(void **state) {
  (void)state;
  static const struct {
    size_t at;
    const char *bytes;
    size_t size;
    enum base_code code;
    const char *words;
  } cases[] = {
      {136, "77777777777 ", 12, BASE_OK, ""}, /* the time: not looked at */
      {265, "root", 4, BASE_OK, ""},          /* the user's name: neither */
      {124, "00000000012 ", 12, BASE_OK, ""},
      {124, "000000000012", 12, BASE_SYNTAX, "size of a.b"},
      {124, "            ", 12, BASE_SYNTAX, "size of a.b"},
      {124, "0000000008\0", 12, BASE_SYNTAX, "size of a.b"},
      {124, "00000000\0 1\0", 12, BASE_SYNTAX, "size of a.b"},
      {124, "\x80\0\0\0\0\0\0\0\0\0\0\1", 12, BASE_SYNTAX, "size of a.b"},
      {156, "5", 1, BASE_SYNTAX, "no regular file"},
      {156, "1", 1, BASE_SYNTAX, "no regular file"},
      {156, "2", 1, BASE_SYNTAX, "no regular file"},
      {156, "x", 1, BASE_SYNTAX, "no regular file"},
      {156, "", 1, BASE_SYNTAX, "no regular file"},
      {157, "l", 1, BASE_SYNTAX, "has a link"},
      {257, "ustar ", 6, BASE_SYNTAX, "not a ustar header"},
      {263, "0 ", 2, BASE_SYNTAX, "not a ustar header"},
      {345, "p", 1, BASE_SYNTAX, "name prefix"},
      {511, "p", 1, BASE_SYNTAX, "padding"},
      {99, "p", 1, BASE_FIELD, "name"},
      {0, "", 1, BASE_FIELD, "name"},
      {0, "../", 3, BASE_FIELD, "name"},
      {0, "/", 1, BASE_FIELD, "name"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    uint8_t block[WIRE_TAR_BLOCK];
    struct wire_tar_member member;
    bool end = false;
    struct base_error err;
    assert_int_equal(wire_tar_header("a.b", 10, 8, block, NULL), BASE_OK);
    put(block, cases[i].at, cases[i].bytes, cases[i].size);
    wire_expect(wire_tar_parse(block, &member, &end, &err), &err, cases[i].code, cases[i].words, cases[i].bytes);
    assert_false(end);
  }
}

static void every_changed_bit_is_seen(void **state) {
  (void)state;
  uint8_t block[WIRE_TAR_BLOCK];
  assert_int_equal(wire_tar_header("a.b", 10, 8, block, NULL), BASE_OK);
  for (size_t i = 0; i < sizeof block; i++) {
    if (i >= 154 && i < 156)
      continue; /* what ends the checksum may be a space or a NUL */
    block[i] ^= 1;
    struct wire_tar_member member;
    bool end = false;
    if (wire_tar_parse(block, &member, &end, NULL) == BASE_OK)
      fail_msg("a changed byte %zu was not seen", i);
    block[i] ^= 1;
  }
}

/* A tar that others can list: our header, content and two zero blocks, read by tar(1). */
static void tar_reads_it(void **state) {
  (void)state;
  char path[] = "/tmp/wire_tar_XXXXXX";
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  uint8_t block[WIRE_TAR_BLOCK], content[WIRE_TAR_BLOCK] = "hello", zero[WIRE_TAR_BLOCK] = {0};
  assert_int_equal(wire_tar_header("parts/one", 5, 1795248000, block, NULL), BASE_OK);
  const uint8_t *const blocks[] = {block, content, zero, zero};
  for (size_t i = 0; i < 4; i++)
    assert_int_equal(base_write_all(fd, base_view_of(blocks[i], WIRE_TAR_BLOCK), NULL), BASE_OK);
  close(fd);
  char command[128], line[64] = {0};
  snprintf(command, sizeof command, "tar -xOf %s parts/one", path);
  FILE *pipe = popen(command, "r");
  assert_non_null(pipe);
  assert_int_equal(fread(line, 1, sizeof line - 1, pipe), 5);
  assert_int_equal(pclose(pipe), 0);
  unlink(path);
  assert_string_equal(line, "hello");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(written_and_read),          cmocka_unit_test(exact_bytes),
      cmocka_unit_test(zero_block_ends),           cmocka_unit_test(names),
      cmocka_unit_test(what_cannot_be_written),    cmocka_unit_test(headers_refused),
      cmocka_unit_test(every_changed_bit_is_seen), cmocka_unit_test(tar_reads_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
