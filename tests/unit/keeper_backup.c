/* SPDX-License-Identifier: Apache-2.0
 * The key of backups: made once, read again exactly, used for its own backups alone. */
#include "keeper_try.h"

#include "keeper/backup.h"
#include "seal/seal.h"

#define ORIGIN "wasl/rabat/0123456789abcdef"

static struct wire_key made(const char *path) {
  struct wire_key key;
  struct base_error err = {0};
  if (keeper_backup_make(path, base_world_system(), &key, &err) != BASE_OK)
    fail_msg("%s", err.text);
  return key;
}

struct place {
  char dir[128], path[160];
};

static struct place new_place(void) {
  struct place place;
  const char *base = getenv("WASL_TEST_TMP");
  snprintf(place.dir, sizeof place.dir, "%s/backup-XXXXXX", base != NULL ? base : "/tmp");
  assert_non_null(mkdtemp(place.dir));
  snprintf(place.path, sizeof place.path, "%s/secret", place.dir);
  return place;
}

static void remove_place(const struct place *place) {
  unlink(place->path);
  assert_int_equal(rmdir(place->dir), 0);
}

static struct wire_backup_header sealed_to(const struct wire_key *key, struct base_secret *records) {
  static uint8_t bytes[WIRE_BACKUP_HEADER];
  uint8_t entropy[32] = {7};
  struct wire_backup_header header;
  BASE_AUTO_BUF struct base_buf out = {0};
  base_buf_init(&out, 4096);
  assert_int_equal(seal_backup_begin(key, BASE_VIEW(ORIGIN), 1763712000, entropy, &out, records, NULL), BASE_OK);
  assert_int_equal(out.size, sizeof bytes);
  memcpy(bytes, out.data, sizeof bytes);
  assert_int_equal(wire_backup_header_parse(base_view_of(bytes, sizeof bytes), &header, NULL), BASE_OK);
  return header;
}

static void opens_its_own_backups(void **state) {
  (void)state;
  struct place place = new_place();
  struct wire_key key = made(place.path);
  struct base_secret sealed, opened;
  struct wire_backup_header header = sealed_to(&key, &sealed);
  uint8_t shared[32];
  struct base_error err = {0};
  assert_int_equal(keeper_backup_open(place.path, &header, shared, &err), BASE_OK);
  seal_backup_open(&header, shared, &opened);
  assert_memory_equal(sealed.bytes, opened.bytes, 32);
  /* What the header says is bound: another time, another node, another key of the records. */
  header.made++;
  seal_backup_open(&header, shared, &opened);
  assert_memory_not_equal(sealed.bytes, opened.bytes, 32);
  header.made--;
  header.origin = BASE_VIEW("wasl/rabit/0123456789abcdef");
  seal_backup_open(&header, shared, &opened);
  assert_memory_not_equal(sealed.bytes, opened.bytes, 32);
  remove_place(&place);
}

static void refuses_the_key_of_others(void **state) {
  (void)state;
  struct place place = new_place(), other = new_place();
  (void)made(place.path);
  struct wire_key key = made(other.path);
  struct base_secret records;
  struct wire_backup_header header = sealed_to(&key, &records);
  uint8_t shared[32];
  struct base_error err = {0};
  assert_int_equal(keeper_backup_open(place.path, &header, shared, &err), BASE_WRONG_KEY);
  memset(header.enc.bytes, 0, sizeof header.enc.bytes);
  assert_int_equal(keeper_backup_open(other.path, &header, shared, &err), BASE_UNSEAL);
  remove_place(&place);
  remove_place(&other);
}

static void keeps_the_file_to_its_owner(void **state) {
  (void)state;
  struct place place = new_place();
  struct wire_key key = made(place.path), again;
  struct base_secret records;
  struct wire_backup_header header = sealed_to(&key, &records);
  uint8_t shared[32];
  struct stat status;
  struct base_error err = {0};
  assert_int_equal(stat(place.path, &status), 0);
  assert_int_equal(status.st_mode & 07777, 0600);
  assert_int_not_equal(keeper_backup_make(place.path, base_world_system(), &again, &err), BASE_OK);
  assert_int_equal(keeper_backup_open(place.path, &header, shared, &err), BASE_OK); /* it is still there */
  assert_int_equal(chmod(place.path, 0640), 0);
  assert_int_equal(keeper_backup_open(place.path, &header, shared, &err), BASE_PERMISSION);
  remove_place(&place);
}

/* It may have been typed in again from paper: no digit may be wrong. */
static void finds_a_wrong_digit(void **state) {
  (void)state;
  struct place place = new_place();
  (void)made(place.path);
  BASE_AUTO_BUF struct base_buf text = {0};
  base_buf_init(&text, KEEPER_BACKUP_FILE_MAX + 2);
  struct base_error err = {0};
  struct base_secret secret;
  struct wire_key key;
  assert_int_equal(base_file_read(AT_FDCWD, place.path, KEEPER_BACKUP_FILE_MAX, &text, &err), BASE_OK);
  assert_int_equal(keeper_backup_parse(base_buf_view(&text), &secret, &key, &err), BASE_OK);
  const uint8_t *line = memmem(text.data, text.size, "\nwasl-backup-secret+", 20);
  assert_non_null(line);
  /* The lowest three bits of the first byte and the highest of the last mean nothing to X25519; all else is compared.
   */
  size_t begin = (size_t)(line - text.data) + 1;
  struct base_secret first = secret;
  for (size_t at = begin; at + 1 < text.size; at++) {
    uint8_t before = text.data[at];
    text.data[at] = before == '0' ? '9' : '0';
    if (keeper_backup_parse(base_buf_view(&text), &secret, &key, &err) == BASE_OK)
      assert_memory_equal(&first.bytes[1], &secret.bytes[1], 30);
    text.data[at] = before;
  }
  base_buf_text(&text, "another\n");
  assert_int_equal(keeper_backup_parse(base_buf_view(&text), &secret, &key, &err), BASE_CORRUPT);
  assert_int_equal(keeper_backup_parse(BASE_VIEW(""), &secret, &key, &err), BASE_CORRUPT);
  remove_place(&place);
}

static void reads_the_public_key_exactly(void **state) {
  (void)state;
  struct wire_key key = {.bytes = {1, 2, 3}}, read;
  char text[SEAL_BACKUP_KEY_TEXT];
  struct base_error err = {0};
  seal_backup_key_write(&key, text);
  assert_int_equal(seal_backup_key_parse(base_view_text(text), &read, &err), BASE_OK);
  assert_memory_equal(key.bytes, read.bytes, 32);
  for (size_t at = 0; text[at] != '\0'; at++) {
    char before = text[at];
    text[at] = before == '0' ? '1' : '0';
    assert_int_equal(seal_backup_key_parse(base_view_text(text), &read, &err), BASE_SYNTAX);
    text[at] = before;
  }
  assert_int_equal(seal_backup_key_parse(base_view_of(text, sizeof text - 2), &read, &err), BASE_SYNTAX);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(opens_its_own_backups),        cmocka_unit_test(refuses_the_key_of_others),
      cmocka_unit_test(keeps_the_file_to_its_owner),  cmocka_unit_test(finds_a_wrong_digit),
      cmocka_unit_test(reads_the_public_key_exactly),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
