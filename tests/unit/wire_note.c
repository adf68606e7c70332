/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "wire/register.h"

/* The example of C2SP signed-note. */
#define VKEY "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
#define LINE                                                                                                           \
  "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
#define NOTE "This is an example message.\n\n" LINE
#define ROOT "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="

static enum base_code vkey_code(struct base_view text) {
  struct wire_vkey vkey;
  return wire_vkey_parse(text, &vkey, NULL);
}

static void verifier_key(void **state) {
  (void)state;
  struct wire_vkey vkey;
  assert_int_equal(wire_vkey_parse(BASE_VIEW(VKEY), &vkey, NULL), BASE_OK);
  assert_true(base_view_is(vkey.name, "example.com/foo"));
  assert_int_equal(vkey.id, 0x530d903a);
  assert_int_equal(vkey.type, WIRE_VKEY_LOG);
  BASE_AUTO_BUF struct base_buf text = {0};
  base_buf_init(&text, WIRE_VKEY_MAX);
  wire_vkey_write(&vkey, &text);
  assert_true(base_view_is(base_buf_view(&text), VKEY));
  vkey.type = WIRE_VKEY_WITNESS;
  vkey.id = 7;
  base_buf_reset(&text);
  wire_vkey_write(&vkey, &text);
  struct wire_vkey back;
  assert_int_equal(wire_vkey_parse(base_buf_view(&text), &back, NULL), BASE_OK);
  assert_int_equal(back.type, WIRE_VKEY_WITNESS);
  assert_int_equal(back.id, 7);
}

static void hostile_verifier_keys(void **state) {
  (void)state;
  static const char *const bad[] = {
      "",
      "+",
      "++",
      "a+530d903a",
      "a+530d903a+",
      "a+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
      "a+530d903+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
      "+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
      "a b+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
      "a\xc2\xa0"
      "b+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
      "a\xe2\x80\x83"
      "b+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
      "a\xe3\x80\x80+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
      "a\x7f+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
      "a\xff+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
      "a+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", /* type 2 */
      "a+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U0=", /* a byte short */
      "a+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k\n",
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    if (vkey_code(base_view_text(bad[i])) == BASE_OK)
      fail_msg("accepted: %s", bad[i]);
}

static void verifier_keys_are_bounded(void **state) {
  (void)state;
  char text[WIRE_VKEY_MAX + 1];
  memset(text, 'a', sizeof text);
  const char *rest = strchr(VKEY, '+');
  memcpy(text + WIRE_KEY_NAME_MAX, rest, strlen(rest));
  assert_int_equal(vkey_code(base_view_of(text, WIRE_KEY_NAME_MAX + strlen(rest))), BASE_OK);
  memset(text, 'a', sizeof text);
  memcpy(text + WIRE_KEY_NAME_MAX + 1, rest, strlen(rest));
  assert_int_equal(vkey_code(base_view_of(text, WIRE_KEY_NAME_MAX + 1 + strlen(rest))), BASE_SYNTAX);
  assert_int_equal(vkey_code(base_view_of(text, WIRE_VKEY_MAX + 1)), BASE_TOO_LARGE);
}

static void signature_line(void **state) {
  (void)state;
  struct wire_signature signature;
  assert_int_equal(wire_signature_parse(BASE_VIEW(LINE), &signature, NULL), BASE_OK);
  assert_true(base_view_is(signature.name, "example.com/foo"));
  assert_int_equal(signature.id, 0x530d903a);
  assert_int_equal(signature.size, 64);
  BASE_AUTO_BUF struct base_buf text = {0};
  base_buf_init(&text, WIRE_SIGNATURE_LINE_MAX);
  wire_signature_write(&signature, &text);
  assert_true(base_view_is(base_buf_view(&text), LINE));
}

static enum base_code signature_of_size(size_t size, size_t name_size) {
  uint8_t raw[200] = {1, 2, 3, 4};
  BASE_AUTO_BUF struct base_buf line = {0};
  base_buf_init(&line, 4096);
  base_buf_text(&line, "— ");
  for (size_t i = 0; i < name_size; i++)
    base_buf_text(&line, "n");
  base_buf_text(&line, " ");
  base_buf_base64(&line, base_view_of(raw, size));
  base_buf_text(&line, "\n");
  struct wire_signature signature;
  return wire_signature_parse(base_buf_view(&line), &signature, NULL);
}

static void signatures_are_bounded(void **state) {
  (void)state;
  for (size_t size = 0; size < 120; size++)
    assert_true((signature_of_size(size, 1) == BASE_OK) == (size == 68 || size == WIRE_NOTE_SIGNATURE_MAX));
  assert_int_equal(signature_of_size(WIRE_NOTE_SIGNATURE_MAX, WIRE_KEY_NAME_MAX), BASE_OK);
  assert_int_equal(signature_of_size(WIRE_NOTE_SIGNATURE_MAX, WIRE_KEY_NAME_MAX + 1), BASE_SYNTAX);
  assert_int_equal(signature_of_size(WIRE_NOTE_SIGNATURE_MAX, WIRE_SIGNATURE_LINE_MAX), BASE_TOO_LARGE);
}

static enum base_code note_code(struct base_view bytes) {
  struct wire_note note;
  return wire_note_parse(bytes, &note, NULL);
}

static void notes(void **state) {
  (void)state;
  struct wire_note note;
  assert_int_equal(wire_note_parse(BASE_VIEW(NOTE), &note, NULL), BASE_OK);
  assert_true(base_view_is(note.text, "This is an example message.\n"));
  assert_int_equal(note.signature_count, 1);
  /* the last empty line divides */
  assert_int_equal(wire_note_parse(BASE_VIEW("one\n\ntwo\n\n" LINE LINE), &note, NULL), BASE_OK);
  assert_true(base_view_is(note.text, "one\n\ntwo\n"));
  assert_int_equal(note.signature_count, 2);
  static const char *const bad[] = {
      "",
      "\n",
      "\n\n",
      "text\n\n",
      "text\n" LINE,
      "text\n\n" LINE "\n",
      "text\n\n" LINE "— x",
      "text\r\n\n" LINE,
      "te\txt\n\n" LINE,
      "te\xffxt\n\n" LINE,
      "text\n\n- example.com/foo "
      "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n",
      "text\n\n— example.com/foo  "
      "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n",
      "text\n\n— example.com/foo "
      "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQN=\n",
      "text\n\n— example.com/foo\n",
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    if (note_code(base_view_text(bad[i])) == BASE_OK)
      fail_msg("accepted: %s", bad[i]);
}

static void notes_are_bounded(void **state) {
  (void)state;
  BASE_AUTO_BUF struct base_buf text = {0};
  base_buf_init(&text, 1 << 16);
  base_buf_text(&text, "text\n\n");
  for (int i = 0; i < WIRE_NOTE_SIGNATURES_MAX; i++)
    base_buf_text(&text, LINE);
  assert_int_equal(note_code(base_buf_view(&text)), BASE_OK);
  base_buf_text(&text, LINE);
  assert_int_equal(note_code(base_buf_view(&text)), BASE_TOO_LARGE);
  base_buf_reset(&text);
  size_t tail = strlen("\n\n" LINE);
  for (size_t i = 0; i < WIRE_NOTE_MAX - tail; i++)
    base_buf_u8(&text, 'x');
  base_buf_text(&text, "\n\n" LINE);
  assert_int_equal(text.size, WIRE_NOTE_MAX);
  assert_int_equal(note_code(base_buf_view(&text)), BASE_OK);
  base_buf_text(&text, "x");
  assert_int_equal(note_code(base_buf_view(&text)), BASE_TOO_LARGE);
}

static enum base_code checkpoint_code(const char *text) {
  struct wire_checkpoint checkpoint;
  return wire_checkpoint_parse(base_view_text(text), &checkpoint, NULL);
}

static void checkpoints(void **state) {
  (void)state;
  const char *text = "example.com/behind-the-sofa\n20852163\n" ROOT "\n";
  struct wire_checkpoint checkpoint;
  assert_int_equal(wire_checkpoint_parse(base_view_text(text), &checkpoint, NULL), BASE_OK);
  assert_true(base_view_is(checkpoint.origin, "example.com/behind-the-sofa"));
  assert_int_equal(checkpoint.size, 20852163);
  BASE_AUTO_BUF struct base_buf back = {0};
  base_buf_init(&back, WIRE_NOTE_MAX);
  wire_checkpoint_write(&checkpoint, &back);
  assert_true(base_view_is(base_buf_view(&back), text));
  static const char *const bad[] = {
      "",
      "a\n",
      "a\n1\n",
      "a\n1\n" ROOT,
      "a\n1\n" ROOT "\nextension\n",
      "a\n1\n" ROOT "\n\n",
      "\n1\n" ROOT "\n",
      "a b\n1\n" ROOT "\n",
      "a\n01\n" ROOT "\n",
      "a\n-1\n" ROOT "\n",
      "a\n\n" ROOT "\n",
      "a\n9223372036854775808\n" ROOT "\n",
      "a\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n",
      "a\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxqw==\n",
      "a\n1\n\n",
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    if (checkpoint_code(bad[i]) == BASE_OK)
      fail_msg("accepted: %s", bad[i]);
  assert_int_equal(checkpoint_code("a\n9223372036854775807\n" ROOT "\n"), BASE_OK);
  char large[WIRE_NOTE_MAX + 2];
  memset(large, 'a', sizeof large - 1);
  large[sizeof large - 1] = 0;
  assert_int_equal(checkpoint_code(large), BASE_TOO_LARGE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(verifier_key),
      cmocka_unit_test(hostile_verifier_keys),
      cmocka_unit_test(verifier_keys_are_bounded),
      cmocka_unit_test(signature_line),
      cmocka_unit_test(signatures_are_bounded),
      cmocka_unit_test(notes),
      cmocka_unit_test(notes_are_bounded),
      cmocka_unit_test(checkpoints),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
