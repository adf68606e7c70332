/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"
#include "kinds/kinds.h"

static void holds_the_files_byte_for_byte(void **state) {
  (void)state;
  BASE_AUTO_FD int dir = open(WASL_SOURCE_DIR "/kinds", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  assert_true(kinds_count >= 2);
  for (size_t i = 0; i < kinds_count; i++) {
    BASE_AUTO_BUF struct base_buf content = {0};
    assert_int_equal(base_file_read(dir, kinds_files[i].name, (size_t)1 << 20, &content, NULL), BASE_OK);
    assert_true(base_view_equal(base_buf_view(&content), base_view_of(kinds_files[i].data, kinds_files[i].size)));
    assert_int_equal(kinds_files[i].data[kinds_files[i].size], 0);
    assert_true(i == 0 || strcmp(kinds_files[i - 1].name, kinds_files[i].name) < 0);
  }
  assert_null(kinds_files[kinds_count].name);
}

static void ships_the_two_kinds(void **state) {
  (void)state;
  bool agreement = false, request = false;
  for (size_t i = 0; i < kinds_count; i++) {
    agreement = agreement || strcmp(kinds_files[i].name, "agreement.json") == 0;
    request = request || strcmp(kinds_files[i].name, "request.json") == 0;
  }
  assert_true(agreement && request);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(holds_the_files_byte_for_byte),
      cmocka_unit_test(ships_the_two_kinds),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
