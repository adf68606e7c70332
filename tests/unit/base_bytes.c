/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"

static void views(void **state) {
  (void)state;
  assert_true(base_view_equal(base_view_text(NULL), BASE_VIEW("")));
  assert_true(base_view_is(BASE_VIEW("abc"), "abc"));
  assert_false(base_view_is(BASE_VIEW("abc"), "ab"));
  assert_false(base_view_is(BASE_VIEW("a\0c"), "a"));
}

static void ids(void **state) {
  (void)state;
  struct base_id a = {{1}}, b = {{1}};
  assert_true(base_id_equal(&a, &b));
  b.bytes[31] = 1;
  assert_true(base_id_compare(&a, &b) < 0);
  assert_true(base_id_compare(&b, &a) > 0);
  assert_false(base_id_equal(&a, &b));
  base_wipe(&b, sizeof b);
  base_wipe(NULL, 0);
  assert_int_equal(b.bytes[31], 0);
}

static void buffer_stops_at_its_limit(void **state) {
  (void)state;
  BASE_AUTO_BUF struct base_buf buf;
  struct base_error err;
  base_buf_init(&buf, 1000);
  for (int i = 0; i < 1000; i++)
    base_buf_u8(&buf, 'x');
  assert_int_equal(base_buf_check(&buf, "list", &err), BASE_OK);
  base_buf_u8(&buf, 'x');
  base_buf_reset(&buf);
  base_buf_add(&buf, "12", 2);
  assert_int_equal(buf.code, BASE_OK); /* reset gives the buffer back */
  assert_null(base_buf_reserve(&buf, 999));
  base_buf_text(&buf, "no more");
  assert_int_equal(buf.size, 2);
  assert_int_equal(base_buf_check(&buf, "list", &err), BASE_TOO_LARGE);
  assert_string_equal(err.text, "list: larger than the limit of 1000 bytes");
  assert_null(base_buf_reserve(&buf, SIZE_MAX));
}

static void zeroed_buffer_takes_the_default_limit(void **state) {
  (void)state;
  BASE_AUTO_BUF struct base_buf buf = {0};
  assert_null(base_buf_reserve(&buf, BASE_BUF_DEFAULT_LIMIT + 1));
  assert_int_equal(buf.code, BASE_TOO_LARGE);
  base_buf_free(&buf);
  base_buf_text(&buf, "again");
  assert_int_equal(buf.size, 5);
  base_buf_free(NULL);
}

static void buffers_hand_their_failure_on(void **state) {
  (void)state;
  BASE_AUTO_BUF struct base_buf whole = {0}, cut = {0}, out = {0};
  base_buf_init(&cut, 4);
  base_buf_text(&whole, "head");
  base_buf_text(&cut, "half");
  base_buf_text(&cut, "more");
  base_buf_add_buf(&out, &whole);
  assert_int_equal(base_buf_check(&out, "out", NULL), BASE_OK);
  assert_true(base_view_is(base_buf_view(&out), "head"));
  base_buf_add_buf(&out, &cut);
  assert_int_equal(base_buf_check(&out, "out", NULL), BASE_TOO_LARGE);
  base_buf_add_buf(&out, &whole); /* for good */
  assert_int_equal(base_buf_check(&out, "out", NULL), BASE_TOO_LARGE);
}

static void buffer_printf(void **state) {
  (void)state;
  BASE_AUTO_BUF struct base_buf buf;
  base_buf_init(&buf, 600);
  base_buf_printf(&buf, "%d-%s", 12, "x");
  assert_true(base_view_is(base_buf_view(&buf), "12-x"));
  base_buf_printf(&buf, "%0596d", 0); /* more than the stack holds, and exactly the limit */
  assert_int_equal(buf.code, BASE_OK);
  assert_int_equal(buf.size, 600);
  base_buf_printf(&buf, "%s", "");
  assert_int_equal(buf.code, BASE_OK);
  base_buf_printf(&buf, "y");
  assert_int_equal(buf.code, BASE_TOO_LARGE);
}

static void numbers_are_big_endian_and_read_back(void **state) {
  (void)state;
  BASE_AUTO_BUF struct base_buf buf = {0};
  base_buf_u8(&buf, 1);
  base_buf_u16(&buf, 0x0203);
  base_buf_u32(&buf, 0x04050607);
  base_buf_u64(&buf, UINT64_C(0xfffefdfcfbfaf9f8));
  base_buf_block(&buf, BASE_VIEW("block"));
  struct base_id id = {{7}};
  base_buf_add(&buf, id.bytes, sizeof id.bytes);
  assert_memory_equal(buf.data, "\1\2\3\4\5\6\7\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8\0\0\0\5block", 24);

  struct base_reader reader = base_reader_of(base_buf_view(&buf));
  assert_int_equal(base_read_u8(&reader), 1);
  assert_int_equal(base_read_u16(&reader), 0x0203);
  assert_int_equal(base_read_u32(&reader), 0x04050607);
  assert_true(base_read_u64(&reader) == UINT64_C(0xfffefdfcfbfaf9f8));
  assert_true(base_view_is(base_read_block(&reader, 5), "block"));
  struct base_id back;
  struct base_error err;
  assert_int_equal(base_reader_end(&reader, "row", &err), BASE_SYNTAX);
  assert_string_equal(err.text, "row: 32 bytes too many at byte 24");
  assert_true(base_read_id(&reader, &back));
  assert_true(base_id_equal(&id, &back));
  assert_int_equal(base_reader_end(&reader, "row", &err), BASE_OK);
}

static void reader_fails_for_good(void **state) {
  (void)state;
  struct base_error err;
  struct base_reader reader = base_reader_of(BASE_VIEW("\0\0\0\6block"));
  assert_int_equal(base_read_block(&reader, 100).size, 0);
  assert_int_equal(base_read_u8(&reader), 0);
  assert_int_equal(base_reader_end(&reader, "row", &err), BASE_SYNTAX);
  reader = base_reader_of(BASE_VIEW("\0\0\0\5block"));
  assert_int_equal(base_read_block(&reader, 4).size, 0); /* longer than allowed */
  assert_true(reader.failed);
  reader = base_reader_of(BASE_VIEW("short"));
  struct base_hash hash = {{9}};
  assert_false(base_read_hash(&reader, &hash));
  assert_int_equal(hash.bytes[0], 9); /* untouched */
  reader = base_reader_of((struct base_view){NULL, 0});
  assert_int_equal(base_read_bytes(&reader, 0).size, 0);
  assert_int_equal(base_reader_end(&reader, "nothing", &err), BASE_OK);
}

static void every_cut_is_noticed(void **state) {
  (void)state;
  static const uint8_t whole[] = "\1\2\3\0\0\0\2ab\0\0\0\0\0\0\0\1";
  for (size_t size = 0; size < sizeof whole; size++) {
    uint8_t *cut = calloc(1, size); /* of the exact size, for the sanitizer */
    if (size > 0)
      memcpy(cut, whole, size);
    struct base_reader reader = base_reader_of(base_view_of(cut, size));
    base_read_u8(&reader);
    base_read_u16(&reader);
    base_read_block(&reader, 2);
    base_read_u64(&reader);
    assert_int_equal(base_reader_end(&reader, "row", NULL), size == sizeof whole - 1 ? BASE_OK : BASE_SYNTAX);
    free(cut);
  }
}

/* From the least block to the greatest, and what needs one of its own among them: nothing overlaps, nothing moves. */
static void arena_grows(void **state) {
  (void)state;
  enum { COUNT = 2000 };
  static uint8_t *parts[COUNT];
  BASE_AUTO_ARENA struct base_arena arena = {0};
  for (size_t i = 0; i < COUNT; i++) {
    size_t size = i % 100 == 99 ? 20000 : 100 + i % 900;
    parts[i] = base_arena_alloc(&arena, size);
    assert_non_null(parts[i]);
    for (size_t k = 0; k < size; k++)
      assert_int_equal(parts[i][k], 0);
    memset(parts[i], (int)(i % 250 + 1), size);
  }
  for (size_t i = 0; i < COUNT; i++)
    for (size_t k = 0, size = i % 100 == 99 ? 20000 : 100 + i % 900; k < size; k++)
      assert_int_equal(parts[i][k], i % 250 + 1);
}

static void arena_is_zeroed_aligned_and_bounded(void **state) {
  (void)state;
  BASE_AUTO_ARENA struct base_arena arena;
  base_arena_init(&arena, 20000);
  size_t total = 0;
  for (size_t size = 0; size < 150; size++) {
    uint8_t *memory = base_arena_alloc(&arena, size);
    assert_non_null(memory);
    assert_int_equal((uintptr_t)memory % 16, 0);
    for (size_t i = 0; i < size; i++)
      assert_int_equal(memory[i], 0);
    memset(memory, 0xff, size);
    total += size;
  }
  assert_int_equal(arena.used, total);
  assert_non_null(base_arena_alloc(&arena, 20000 - total));
  assert_null(base_arena_alloc(&arena, 1));
  assert_null(base_arena_alloc(&arena, SIZE_MAX));
  assert_null(base_arena_array(&arena, SIZE_MAX / 2, 3));
  base_arena_free(&arena);
  assert_non_null(base_arena_array(&arena, 20, 1000));
  assert_null(base_arena_text(&arena, BASE_VIEW("x")));
  base_arena_free(NULL);
}

static void arena_copies(void **state) {
  (void)state;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  assert_string_equal(base_arena_text(&arena, BASE_VIEW("text")), "text");
  assert_string_equal(base_arena_text(&arena, (struct base_view){NULL, 0}), "");
  assert_true(base_view_is(base_arena_copy(&arena, BASE_VIEW("bytes")), "bytes"));
  assert_non_null(base_arena_copy(&arena, (struct base_view){NULL, 0}).data);
}

static void cleanups(void **state) {
  (void)state;
  char *pointer = malloc(3);
  base_free_pointer(&pointer);
  assert_null(pointer);
  int fd = -1;
  errno = 42;
  base_close_fd(&fd);
  fd = 1000000;
  base_close_fd(&fd);
  assert_int_equal(fd, -1);
  assert_int_equal(errno, 42);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(views),
      cmocka_unit_test(ids),
      cmocka_unit_test(buffer_stops_at_its_limit),
      cmocka_unit_test(zeroed_buffer_takes_the_default_limit),
      cmocka_unit_test(buffer_printf),
      cmocka_unit_test(numbers_are_big_endian_and_read_back),
      cmocka_unit_test(reader_fails_for_good),
      cmocka_unit_test(every_cut_is_noticed),
      cmocka_unit_test(arena_grows),
      cmocka_unit_test(arena_is_zeroed_aligned_and_bounded),
      cmocka_unit_test(arena_copies),
      cmocka_unit_test(buffers_hand_their_failure_on),
      cmocka_unit_test(cleanups),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
