/* SPDX-License-Identifier: Apache-2.0
 * The file in which consignments go by hand: whole files are read, anything else is refused with the place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/carried.h"
#include "seal/seal.h"
#include "wire/consignment.h"

static int file_of(struct base_buf *bytes, bool hashed) {
  int fd = memfd_create("carried", MFD_CLOEXEC);
  assert_true(fd >= 0);
  if (hashed) {
    struct base_hash hash = seal_sha256(base_buf_view(bytes));
    base_buf_add(bytes, hash.bytes, sizeof hash.bytes);
  }
  assert_int_equal(bytes->code, BASE_OK);
  assert_int_equal(write(fd, bytes->data, bytes->size), (ssize_t)bytes->size);
  return fd;
}

static void begin(struct base_buf *bytes) {
  base_buf_init(bytes, 64 << 20);
  base_buf_text(bytes, CLI_CARRIED_MAGIC);
}

static void refused(struct base_buf *bytes, bool hashed, enum base_code wanted, const char *words) {
  BASE_AUTO_FD int fd = file_of(bytes, hashed);
  struct cli_carried carried;
  struct base_error err = {0};
  uint64_t count;
  assert_int_equal(cli_carried_check(fd, &carried, &count, &err), wanted);
  if (strstr(err.text, words) == NULL)
    fail_msg("'%s' is not in: %s", words, err.text);
  base_buf_free(bytes);
}

static void whole_files(void **state) {
  (void)state;
  struct base_buf bytes = {0}, out = {0};
  begin(&bytes);
  base_buf_block(&bytes, BASE_VIEW("one"));
  size_t largest = WIRE_CONSIGNMENT_MAX;
  base_buf_u32(&bytes, (uint32_t)largest);
  memset(base_buf_reserve(&bytes, largest), 7, largest);
  base_buf_u32(&bytes, 0);
  BASE_AUTO_FD int fd = file_of(&bytes, true);
  struct cli_carried carried;
  struct base_error err = {0};
  uint64_t count;
  bool end = true;
  assert_int_equal(cli_carried_check(fd, &carried, &count, &err), BASE_OK);
  assert_int_equal(count, 2);
  base_buf_init(&out, WIRE_CONSIGNMENT_MAX);
  assert_int_equal(cli_carried_next(&carried, &out, &end, &err), BASE_OK);
  assert_true(!end && base_view_is(base_buf_view(&out), "one"));
  assert_int_equal(cli_carried_next(&carried, &out, &end, &err), BASE_OK);
  assert_true(!end && out.size == largest && out.data[largest - 1] == 7);
  assert_int_equal(cli_carried_next(&carried, &out, &end, &err), BASE_OK);
  assert_true(end && out.size == 0);
  base_buf_free(&out);
  base_buf_free(&bytes);
}

static void others(void **state) {
  (void)state;
  struct base_buf bytes = {0};
  base_buf_init(&bytes, 64);
  refused(&bytes, false, BASE_EVIDENCE, "byte 0");
  base_buf_init(&bytes, 64);
  base_buf_text(&bytes, "WASLCON1");
  refused(&bytes, false, BASE_SYNTAX, CLI_CARRIED_MAGIC);
  begin(&bytes);
  refused(&bytes, false, BASE_EVIDENCE, "byte 8");
  begin(&bytes);
  base_buf_u32(&bytes, WIRE_CONSIGNMENT_MAX + 1);
  refused(&bytes, true, BASE_EVIDENCE, "byte 8 a consignment of 8388609");
  begin(&bytes);
  base_buf_u32(&bytes, 9);
  base_buf_text(&bytes, "cut");
  refused(&bytes, false, BASE_EVIDENCE, "byte 15");
  begin(&bytes);
  base_buf_u32(&bytes, 0);
  refused(&bytes, false, BASE_EVIDENCE, "byte 12");
  begin(&bytes);
  base_buf_u32(&bytes, 0);
  struct base_hash hash = seal_sha256(BASE_VIEW("another"));
  base_buf_add(&bytes, hash.bytes, sizeof hash.bytes);
  refused(&bytes, false, BASE_HASH, "changed");
  begin(&bytes);
  base_buf_u32(&bytes, 0);
  hash = seal_sha256(base_buf_view(&bytes));
  base_buf_add(&bytes, hash.bytes, sizeof hash.bytes);
  base_buf_text(&bytes, "x");
  refused(&bytes, false, BASE_EVIDENCE, "behind its end at byte 44");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(whole_files), cmocka_unit_test(others)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
