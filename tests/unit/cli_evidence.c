/* SPDX-License-Identifier: Apache-2.0
 * The verifier: good evidence verifies, and whatever is done to it does not. */
#include "cli_make.h"

#include <fcntl.h>
#include <stdlib.h>

#include "cli/cli.h"

static void expect_refused(struct base_buf *tar, const char *what, size_t at, const char *words) {
  struct base_error err = {BASE_OK, ""};
  enum base_code code = made_verify(tar, NULL, 0, &err);
  if (code != BASE_EVIDENCE)
    fail_msg("%s, %zu: %s (%s)", what, at, base_code_name(code), err.text);
  if (words != NULL && strstr(err.text, words) == NULL)
    fail_msg("%s: the error \"%s\" lacks \"%s\"", what, err.text, words);
}

static void expect_good(struct base_buf *tar) {
  struct base_error err = {BASE_OK, ""};
  if (made_verify(tar, NULL, 0, &err) != BASE_OK)
    fail_msg("%s", err.text);
}

static void good(void **state) {
  (void)state;
  struct made made;
  BASE_AUTO_BUF struct base_buf tar = {0};
  struct cli_evidence evidence = {0};
  made_begin(&made, false, true);
  made_tar(&made, &tar);
  struct cli_source source = {&tar, tar.size, made_read};
  struct cli_trust trust = {.card_count = 1, .cards = {{"paris.card", base_buf_view(&made.receiver.card)}}};
  assert_int_equal(cli_evidence_verify(&source, &trust, &evidence, NULL), BASE_OK);
  assert_int_equal(evidence.receiver_count, 1);
  assert_true(evidence.has_content);
  assert_int_equal(evidence.part0.part_count, 2);
  assert_true(base_id_equal(&evidence.message, &made.message));
  assert_false(evidence.author.confirmed);
  assert_true(evidence.receivers[0].party.confirmed);
  assert_int_equal(evidence.receivers[0].number, 1);
  assert_int_equal(evidence.receivers[0].sent.time, MADE_TIME + 1);
  assert_int_equal(evidence.receivers[0].sent.cosigned, MADE_TIME + 2);
  assert_int_equal(evidence.receivers[0].sent.index, MADE_AT);
  assert_true(base_view_is(evidence.receivers[0].clause, "agreement"));
  cli_evidence_free(&evidence);
  made_free(&made);
}

/* What is kept for the fuzzer and for the verifier in Go is what this test makes. */
static void same_as_kept(void **state) {
  (void)state;
  static const struct {
    const char *file;
    bool refused, content, later, witnessed;
  } kept[] = {{"good-received", false, true, false, false},
              {"good-refused", true, false, false, false},
              {"good-refused-with-content", true, true, false, false},
              {"good-later-cards", false, true, true, false},
              {"good-witnessed", false, true, false, true}};
  for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
    struct made made;
    BASE_AUTO_BUF struct base_buf tar = {0}, file = {0};
    struct base_error err;
    char path[4096];
    if (kept[i].later)
      made_begin_later(&made);
    else
      made_begin(&made, kept[i].refused, kept[i].content);
    struct made_node madrid = {0};
    if (kept[i].witnessed)
      made_witnessed(&made, &madrid, false);
    base_buf_free(&madrid.card);
    made_tar(&made, &tar);
    expect_good(&tar);
    (void)snprintf(path, sizeof path, WASL_SOURCE_DIR "/tests/corpus/cli_evidence/%s", kept[i].file);
    if (getenv("WASL_KEEP") != NULL)
      assert_int_equal(base_file_replace(AT_FDCWD, path, base_buf_view(&tar), 0644, &err), BASE_OK);
    if (base_file_read(AT_FDCWD, path, 1 << 20, &file, &err) != BASE_OK)
      fail_msg("%s", err.text);
    assert_true(base_view_equal(base_buf_view(&tar), base_buf_view(&file)));
    made_free(&made);
  }
}

/* Kept, because only a token makes such keys: the author's are of a file, the receiver's of P-256, and he changed them
 * since. Each signature of his counts. */
static void kept_with_p256(void **state) {
  (void)state;
  static const char line[] = "\xe2\x80\x94 wasl/tunis/";
  BASE_AUTO_BUF struct base_buf tar = {0};
  struct base_error err;
  if (base_file_read(AT_FDCWD, WASL_SOURCE_DIR "/tests/corpus/cli_evidence/good-p256", 1 << 20, &tar, &err) != BASE_OK)
    fail_msg("%s", err.text);
  expect_good(&tar);
  size_t found = 0;
  for (size_t at = 0; at + 64 < tar.size; at++) {
    if (memcmp(tar.data + at, line, sizeof line - 1) != 0)
      continue;
    uint8_t *letter = (uint8_t *)memchr(tar.data + at + 4, ' ', tar.size - at - 4) + 40, was = *letter;
    *letter = was == 'A' ? 'B' : 'A';
    expect_refused(&tar, "a signature of P-256", at, "does not verify");
    *letter = was;
    found++;
  }
  assert_int_equal(found, 4); /* as witness of the author's head, under his own, and two under the new card */
}

static void any_order(void **state) {
  (void)state;
  struct made made;
  BASE_AUTO_BUF struct base_buf tar = {0};
  made_begin(&made, false, true);
  for (size_t i = 0; i < made.count / 2; i++) {
    struct made_member other = made.list[i];
    made.list[i] = made.list[made.count - 1 - i];
    made.list[made.count - 1 - i] = other;
  }
  made_tar(&made, &tar);
  expect_good(&tar);
  made_free(&made);
}

static void each_member_removed(void **state) {
  (void)state;
  struct made made;
  for (unsigned variant = 0; variant < MADE_VARIANTS; variant++) {
    made_variant(&made, variant);
    for (size_t i = 0; i < made.count; i++) {
      BASE_AUTO_BUF struct base_buf tar = {0};
      struct made less = made;
      memmove(&less.list[i], &less.list[i + 1], (made.count - i - 1) * sizeof less.list[0]);
      less.count--;
      made_tar(&less, &tar);
      expect_refused(&tar, made.list[i].name, i, NULL);
    }
    made_free(&made);
  }
}

static void each_member_twice(void **state) {
  (void)state;
  struct made made;
  for (unsigned variant = 0; variant < MADE_VARIANTS; variant++) {
    made_variant(&made, variant);
    for (size_t i = 0; i < made.count; i++) {
      BASE_AUTO_BUF struct base_buf tar = {0};
      made.list[made.count++] = made.list[i];
      made_tar(&made, &tar);
      expect_refused(&tar, made.list[i].name, i, "stands twice");
      memset(&made.list[--made.count], 0, sizeof made.list[0]);
    }
    made_free(&made);
  }
}

static void each_member_renamed(void **state) {
  (void)state;
  struct made made;
  made_begin(&made, false, true);
  for (size_t i = 0; i < made.count; i++) {
    char *name = made.list[i].name, kept[WIRE_TAR_NAME_MAX + 1];
    memcpy(kept, name, sizeof kept);
    for (size_t at = 0; kept[at] != 0; at++) {
      BASE_AUTO_BUF struct base_buf tar = {0};
      name[at] = kept[at] == 'z' ? 'y' : 'z';
      made_tar(&made, &tar);
      expect_refused(&tar, kept, at, NULL);
      name[at] = kept[at];
    }
  }
  made_free(&made);
}

static void surplus_members(void **state) {
  (void)state;
  static const char *const names[] = {"readme.txt",
                                      "paris/refused.leaf",
                                      "paris/extra",
                                      "cards/madrid.card",
                                      "header.jsom",
                                      "madrid/sent.leaf",
                                      "rabat/sent.leaf",
                                      "parts/x",
                                      "parts/0000000000000000000000000000000000000000000000000000000000000000"};
  struct made made;
  made_begin(&made, false, true);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    BASE_AUTO_BUF struct base_buf tar = {0};
    base_buf_text(made_add(&made, "%s", names[i]), "surplus");
    made_tar(&made, &tar);
    expect_refused(&tar, names[i], 0, NULL);
    base_buf_free(&made.list[--made.count].bytes);
  }
  made_free(&made);
}

/* Every byte of every member, one bit of it. Each flip costs some signature checks, so the sanitized run takes a
 * sample. */
static void each_byte_flipped(void **state) {
  (void)state;
  size_t step = getenv("WASL_TEST_SANITIZED") != NULL ? 11 : getenv("WASL_SOAK") != NULL ? 1 : 3;
  struct made made;
  for (unsigned variant = 0; variant < MADE_VARIANTS; variant++) {
    made_variant(&made, variant);
    for (size_t i = 0; i < made.count; i++) {
      struct base_buf *bytes = &made.list[i].bytes;
      for (size_t at = i % step; at < bytes->size; at += step) {
        BASE_AUTO_BUF struct base_buf tar = {0};
        bytes->data[at] ^= (uint8_t)(1U << (at % 7));
        made_tar(&made, &tar);
        expect_refused(&tar, made.list[i].name, at, NULL);
        bytes->data[at] ^= (uint8_t)(1U << (at % 7));
      }
    }
    made_free(&made);
  }
}

static void each_member_longer_or_shorter(void **state) {
  (void)state;
  struct made made;
  for (unsigned variant = 0; variant < MADE_VARIANTS; variant++) {
    made_variant(&made, variant);
    for (size_t i = 0; i < made.count; i++) {
      BASE_AUTO_BUF struct base_buf tar = {0};
      struct base_buf *bytes = &made.list[i].bytes;
      base_buf_text(bytes, "\n");
      made_tar(&made, &tar);
      expect_refused(&tar, made.list[i].name, 1, NULL);
      bytes->size -= 2;
      made_tar(&made, &tar);
      expect_refused(&tar, made.list[i].name, 2, NULL);
      bytes->size++;
    }
    made_free(&made);
  }
}

/* A byte of the archive itself: headers are summed, padding and end are zero. */
static void archive_damaged(void **state) {
  (void)state;
  struct made made;
  BASE_AUTO_BUF struct base_buf tar = {0};
  made_begin(&made, false, true);
  made_tar(&made, &tar);
  size_t whole = tar.size;
  for (size_t at = 0; at < whole; at += 13) {
    if (at % WIRE_TAR_BLOCK == 154 || at % WIRE_TAR_BLOCK == 155)
      continue; /* what ends the sum's digits: a NUL or a space */
    tar.data[at] ^= 0x20;
    expect_refused(&tar, "archive", at, NULL);
    tar.data[at] ^= 0x20;
  }
  for (size_t cut = 0; cut < whole; cut += 97) {
    tar.size = cut;
    expect_refused(&tar, "cut", cut, NULL);
  }
  tar.size = whole;
  base_buf_text(&tar, "x");
  expect_refused(&tar, "one byte more", 0, "too many");
  made_free(&made);
}

/* tar fills up its last record with zeros; that much and no more. */
static void filled_record(void **state) {
  (void)state;
  struct made made;
  BASE_AUTO_BUF struct base_buf tar = {0};
  made_begin(&made, false, true);
  made_tar(&made, &tar);
  while (tar.size % (20 * WIRE_TAR_BLOCK) != 0)
    base_buf_u8(&tar, 0);
  expect_good(&tar);
  tar.data[tar.size - 1] = 1;
  expect_refused(&tar, "not zero", 0, "not zero");
  tar.data[tar.size - 1] = 0;
  for (int i = 0; i < 20 * WIRE_TAR_BLOCK; i++)
    base_buf_u8(&tar, 0);
  expect_refused(&tar, "a record too many", 0, "too many");
  made_free(&made);
}

static void signatures(void **state) {
  (void)state;
  struct made made;
  BASE_AUTO_BUF struct base_buf tar = {0};
  made_begin(&made, false, true);
  struct base_buf *proof = &made_member(&made, "paris/sent.tlog-proof")->bytes;
  size_t whole = proof->size, line = whole - 1;
  while (proof->data[line - 1] != '\n')
    line--;
  proof->size = line;
  made_tar(&made, &tar);
  expect_refused(&tar, "no cosignature", 0, "paris/sent.tlog-proof");
  proof->size = whole;
  BASE_AUTO_BUF struct base_buf last = {0};
  base_buf_add(&last, proof->data + line, whole - line);
  base_buf_add_view(proof, base_buf_view(&last));
  made_tar(&made, &tar);
  expect_refused(&tar, "a cosignature twice", 0, "paris/sent.tlog-proof");
  made_free(&made);
}

/* Good in itself, yet of something else. */
static void of_another_exchange(void **state) {
  (void)state;
  static const struct {
    const char *member, *words;
  } swaps[] = {
      {"paris/sent.tlog-proof", "paris/sent.tlog-proof"},
      {"paris/sent.leaf", "paris/sent"},
      {"cards/paris.card", "paris: its card is of no party"},
  };
  struct made made, other;
  BASE_AUTO_BUF struct base_buf tar = {0};
  made_begin(&made, false, true);
  memset(&other, 0, sizeof other);
  made_node(&other.author, "rabat", 40);
  made_node(&other.receiver, "paris", 50);
  made_message(&other, true, NULL);
  base_buf_add_view(made_add(&other, "cards/paris.card"), base_buf_view(&other.receiver.card));
  made_triple(&other, WIRE_ACT_SENT, &other.author, &other.receiver,
              (struct wire_opening){.number = 1, .clause = BASE_VIEW("agreement")});
  for (size_t i = 0; i < sizeof swaps / sizeof *swaps; i++) {
    struct made_member *mine = made_member(&made, swaps[i].member), kept = *mine;
    mine->bytes = made_member(&other, swaps[i].member)->bytes;
    made_tar(&made, &tar);
    expect_refused(&tar, swaps[i].member, 0, swaps[i].words);
    *mine = kept;
  }
  made_free(&made);
  made_free(&other);
}

static void expect_without_content(struct base_buf *tar) {
  struct base_error err = {BASE_OK, ""};
  struct cli_evidence evidence = {0};
  struct cli_source source = {tar, tar->size, made_read};
  struct cli_trust trust = {.card_count = 0};
  if (cli_evidence_verify(&source, &trust, &evidence, &err) != BASE_OK)
    fail_msg("%s", err.text);
  assert_false(evidence.has_content);
  cli_evidence_free(&evidence);
}

static void content_is_missing_as_a_whole(void **state) {
  (void)state;
  struct made made;
  BASE_AUTO_BUF struct base_buf tar = {0};
  made_begin(&made, false, false);
  made_tar(&made, &tar);
  expect_without_content(&tar); /* its receiver, or its author, erased it */
  made_free(&made);
  made_begin(&made, true, true);
  struct made_member last = made.list[made.count - 1];
  for (size_t i = 0; i < made.count; i++)
    if (strncmp(made.list[i].name, "parts/", 6) == 0) {
      base_buf_free(&made.list[i].bytes);
      made.list[i] = last;
      memset(&made.list[--made.count], 0, sizeof made.list[0]);
      break;
    }
  made_tar(&made, &tar);
  expect_refused(&tar, "refused with half of the content", 0, "is missing");
  made_free(&made);
  made_begin(&made, false, true);
  for (size_t i = made.count; i-- > 0;) { /* part 0 without what it lists */
    if (strncmp(made.list[i].name, "parts/", 6) != 0 ||
        (made.list[i].bytes.size > 0 && made.list[i].bytes.data[0] == 0x7b))
      continue;
    base_buf_free(&made.list[i].bytes);
    made.list[i] = made.list[made.count - 1];
    memset(&made.list[--made.count], 0, sizeof made.list[0]);
  }
  made_tar(&made, &tar);
  expect_refused(&tar, "received with half of the content", 0, "is missing");
  made_free(&made);
}

#define THIRD "wasl/zagreb/0123456789abcdef"

/* What the program says of this evidence, in that language or as JSON. */
static void printed(struct made *made, bool json, enum wire_language language, struct base_buf *out) {
  BASE_AUTO_BUF struct base_buf tar = {0};
  struct cli_evidence evidence = {0};
  static struct cli cli;
  struct base_error err;
  memset(&cli, 0, sizeof cli);
  cli.json = json;
  cli.language = language;
  cli.world = base_world_system();
  base_buf_init(&cli.out, 1 << 20);
  made_tar(made, &tar);
  struct cli_source source = {&tar, tar.size, made_read};
  static const struct cli_trust nobody;
  if (cli_evidence_verify(&source, &nobody, &evidence, &err) != BASE_OK)
    fail_msg("%s", err.text);
  cli_proved_print(&cli, &evidence, &nobody);
  cli_evidence_free(&evidence);
  base_buf_u8(&cli.out, 0);
  assert_int_equal(base_buf_check(&cli.out, "what was printed", NULL), BASE_OK);
  *out = cli.out;
}

static void expect_words(struct made *made, enum wire_language language, const char *const *words, bool there) {
  BASE_AUTO_BUF struct base_buf out = {0};
  printed(made, false, language, &out);
  for (; *words != NULL; words++)
    if ((strstr((const char *)out.data, *words) != NULL) != there)
      fail_msg("'%s' is %sin:\n%s", *words, there ? "not " : "", (const char *)out.data);
}

/* A file is right without the content when all refused, and without a party's proof: so both are said. */
static void what_is_not_there_is_said(void **state) {
  (void)state;
  struct made made;
  static const char *const proved[] = {"sent by rabat", "received by paris", "All of the content", "Author rabat",
                                       NULL},
                           *const nobody_missing[] = {"Nothing is proved", "zagreb", "The content:", NULL},
                           *const third[] = {"Nothing is proved about zagreb (" THIRD ")", NULL},
                           *const refused[] = {"refused by paris", "Reason", "hash: invented", "The content: there is",
                                               NULL},
                           *const content[] = {"All of the content", NULL};
  made_begin(&made, false, true);
  expect_words(&made, WIRE_EN, proved, true);
  expect_words(&made, WIRE_EN, nobody_missing, false);
  made_free(&made);
  made_begin_of_three(&made, false, true, THIRD);
  expect_words(&made, WIRE_EN, proved, true);
  expect_words(&made, WIRE_EN, third, true);
  for (int language = 0; language < WIRE_LANGUAGES; language++)
    expect_words(&made, (enum wire_language)language, (const char *[]){THIRD, NULL}, true);
  made_free(&made);
  made_begin(&made, true, false);
  expect_words(&made, WIRE_EN, refused, true);
  expect_words(&made, WIRE_EN, content, false);
  made_free(&made);
  made_begin(&made, true, true);
  expect_words(&made, WIRE_EN, content, true);
  made_free(&made);
}

static void said_as_json(void **state) {
  (void)state;
  struct made made;
  for (int refused = 0; refused < 2; refused++) {
    BASE_AUTO_BUF struct base_buf out = {0};
    WIRE_AUTO_JSON struct wire_json *json = NULL;
    made_begin_of_three(&made, refused, !refused, THIRD);
    printed(&made, true, WIRE_FR, &out);
    assert_int_equal(wire_json_parse(base_view_of(out.data, out.size - 1), 1 << 20, "it", &json, NULL), BASE_OK);
    const struct wire_json *receivers = wire_json_get(json, "receivers"), *unproved = wire_json_get(json, "unproved");
    assert_int_equal(wire_json_true(wire_json_get(json, "content")), !refused);
    assert_int_equal(cli_string(json, "part0").size, BASE_HEX_ID);
    assert_int_equal(wire_json_size(wire_json_get(json, "parts")), refused ? 0 : 2);
    assert_true(base_view_is(cli_string(wire_json_at(receivers, 0), "outcome"), refused ? "refused" : "received"));
    assert_int_equal(wire_json_size(unproved), 1);
    assert_true(base_view_is(cli_string(wire_json_at(unproved, 0), "name"), "zagreb"));
    assert_true(base_view_is(cli_string(wire_json_at(unproved, 0), "origin"), THIRD));
    assert_int_equal(wire_json_size(wire_json_get(json, "follows")), 0);
    made_free(&made);
  }
}

/* The largest member of a ustar archive, and one octet more. */
static void parts_beyond_ustar(void **state) {
  (void)state;
  struct made made;
  made_begin(&made, false, true);
  for (uint64_t more = 0; more < 2; more++) {
    BASE_AUTO_BUF struct base_buf text = {0}, part0 = {0};
    WIRE_AUTO_JSON struct wire_json *json = NULL;
    struct base_error err = {BASE_OK, ""};
    struct base_hash sha256 = seal_sha256(BASE_VIEW("تقرير مختلق\n"));
    for (size_t i = 0; i < made.count; i++)
      if (strncmp(made.list[i].name, "parts/", 6) == 0 && made.list[i].bytes.data[0] == '{')
        base_buf_base64(&part0, base_buf_view(&made.list[i].bytes));
    base_buf_printf(&text, "{\"files\":[{\"name\":\"parts/x\",\"base64\":\"%.*s\"}],", (int)part0.size,
                    (const char *)part0.data);
    base_buf_printf(&text, "\"parts\":[{\"sha256\":\"%s\",\"size\":%llu}]}", base_hash_text(&sha256).text,
                    (unsigned long long)(WIRE_TAR_SIZE_MAX + more));
    assert_int_equal(wire_json_parse(base_buf_view(&text), 1 << 20, "it", &json, NULL), BASE_OK);
    assert_int_equal(cli_proof_fits(json, &err), more ? BASE_TOO_LARGE : BASE_OK);
    if (more)
      assert_non_null(strstr(err.text, "'rapport.txt'"));
    if (more)
      assert_non_null(strstr(err.text, "8589934592 bytes"));
  }
  made_free(&made);
}

/* Witnesses count when the verifier names them, and the file cannot help it. */
static enum base_code witnessed_by(struct made *made, const struct wire_vkey *witnesses, size_t count, size_t quorum,
                                   struct cli_evidence *out, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf tar = {0};
  struct cli_trust trust = {.witness_count = count, .quorum = quorum};
  for (size_t i = 0; i < count; i++)
    trust.witnesses[i] = witnesses[i];
  made_tar(made, &tar);
  struct cli_source source = {&tar, tar.size, made_read};
  return cli_evidence_verify(&source, &trust, out, err);
}

static void expect_witnessed(struct made *made, const struct wire_vkey *witnesses, size_t count, size_t quorum,
                             enum base_code want, const char *words) {
  struct cli_evidence evidence = {0};
  struct base_error err = {BASE_OK, ""};
  enum base_code code = witnessed_by(made, witnesses, count, quorum, &evidence, &err);
  if (code != want || (words != NULL && strstr(err.text, words) == NULL))
    fail_msg("%s instead of %s, and not '%s': %s", base_code_name(code), base_code_name(want), words, err.text);
  cli_evidence_free(&evidence);
}

/* A C2SP tlog-policy: any of two, both of them, and one that names another register. */
static void expect_policy(struct made *made, const struct made_node *madrid, const struct made_node *other) {
  struct wire_vkey keys[] = {madrid->witness, other->witness, made->author.log, made->receiver.log};
  const char *const names[] = {madrid->origin, other->origin, made->author.origin, made->receiver.origin};
  struct base_buf text[4] = {{0}};
  static const struct {
    const char *need;
    size_t log; /* 0: none is named */
    enum base_code want;
    const char *words;
  } tries[] = {{"any", 0, BASE_OK, NULL},
               {"all", 0, BASE_EVIDENCE, "the policy's quorum is not met"},
               {"any", 2, BASE_OK, NULL},
               {"any", 3, BASE_EVIDENCE, "does not name the register's key"}};
  for (size_t i = 0; i < 4; i++) {
    keys[i].name = base_view_text(names[i]);
    base_buf_init(&text[i], WIRE_VKEY_MAX);
    wire_vkey_write(&keys[i], &text[i]);
    base_buf_u8(&text[i], 0);
  }
  for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
    static struct cli_trust trust;
    BASE_AUTO_BUF struct base_buf policy = {0}, tar = {0};
    struct cli_evidence evidence = {0};
    struct base_error err = {BASE_OK, ""};
    base_buf_init(&policy, WIRE_POLICY_MAX);
    if (tries[i].log > 0)
      base_buf_printf(&policy, "log %s\n", (const char *)text[tries[i].log].data);
    base_buf_printf(&policy, "witness m %s\nwitness o %s\ngroup g %s m o\nquorum g\n", (const char *)text[0].data,
                    (const char *)text[1].data, tries[i].need);
    memset(&trust, 0, sizeof trust);
    assert_int_equal(wire_policy_parse(base_buf_view(&policy), &trust.policy, &err), BASE_OK);
    trust.has_policy = true;
    trust.witness_count = trust.policy.witness_count;
    memcpy(trust.witnesses, trust.policy.witnesses, sizeof trust.witnesses);
    made_tar(made, &tar);
    struct cli_source source = {&tar, tar.size, made_read};
    enum base_code code = cli_evidence_verify(&source, &trust, &evidence, &err);
    if (code != tries[i].want || (tries[i].words != NULL && strstr(err.text, tries[i].words) == NULL))
      fail_msg("policy %zu: %s", i, err.text);
    cli_evidence_free(&evidence);
  }
  for (size_t i = 0; i < 4; i++)
    base_buf_free(&text[i]);
}

static void witnessed(void **state) {
  (void)state;
  struct made made;
  struct made_node madrid = {0}, other = {0};
  struct cli_evidence evidence = {0};
  made_begin(&made, false, true);
  made_node(&other, "porto", 110);
  struct wire_vkey nobody[] = {other.witness};
  nobody[0].name = base_view_text(other.origin);
  expect_witnessed(&made, nobody, 1, 1, BASE_EVIDENCE, "0 did: none of them");
  made_witnessed(&made, &madrid, false);
  struct wire_vkey named[] = {madrid.witness, nobody[0]};
  named[0].name = base_view_text(madrid.origin);
  assert_int_equal(witnessed_by(&made, named, 2, 1, &evidence, NULL), BASE_OK);
  assert_int_equal(evidence.receivers[0].sent_witnessed.count, 1);
  assert_int_equal(evidence.receivers[0].sent_witnessed.others, 0);
  assert_int_equal(evidence.receivers[0].sent_witnessed.times[0], MADE_TIME + 2);
  assert_true(evidence.receivers[0].sent_witnessed.times[1] < 0);
  assert_false(evidence.receivers[0].answered_witnessed.there);
  cli_evidence_free(&evidence);
  memset(&evidence, 0, sizeof evidence);
  assert_int_equal(witnessed_by(&made, nobody, 1, 0, &evidence, NULL), BASE_OK);
  assert_int_equal(evidence.receivers[0].sent_witnessed.others, 1);
  cli_evidence_free(&evidence);
  expect_witnessed(&made, named, 2, 2, BASE_EVIDENCE, "1 did: wasl/madrid/");
  expect_witnessed(&made, nobody, 1, 1, BASE_EVIDENCE, "1 more lines, by keys that were not named");
  expect_policy(&made, &madrid, &other);
  /* Each octet of it counts, once the witness is named. */
  struct made_member *member = made_member(&made, "paris/sent.witnessed.tlog-proof");
  for (size_t i = 0; i < member->bytes.size; i++) {
    member->bytes.data[i] ^= 1;
    expect_witnessed(&made, named, 1, 1, BASE_EVIDENCE, NULL);
    member->bytes.data[i] ^= 1;
  }
  /* That of another leaf; and a register that is its own witness. */
  struct made_member *answer = made_member(&made, "paris/received.leaf");
  base_buf_reset(&member->bytes);
  made_proof(&made.author, &madrid, base_buf_view(&answer->bytes), &member->bytes);
  expect_witnessed(&made, named, 1, 0, BASE_EVIDENCE, "sent.witnessed.tlog-proof");
  base_buf_reset(&member->bytes);
  made_proof(&made.author, &made.author, base_buf_view(&made_member(&made, "paris/sent.leaf")->bytes), &member->bytes);
  struct wire_vkey own[] = {made.author.witness};
  own[0].name = base_view_text(made.author.origin);
  expect_witnessed(&made, own, 1, 0, BASE_OK, NULL);
  expect_witnessed(&made, own, 1, 1, BASE_EVIDENCE, "0 did");
  base_buf_free(&madrid.card);
  base_buf_free(&other.card);
  made_free(&made);
}

/* The later card's keys count only for heads from its own on, only when the one before signed it, and any card of the
 * row may be the one that is trusted. */
static void later_cards(void **state) {
  (void)state;
  struct made made, other;
  BASE_AUTO_BUF struct base_buf tar = {0};
  struct base_error err;
  made_begin_later(&made);
  made_tar(&made, &tar);
  struct cli_trust trust = {.card_count = 3,
                            .cards = {{"first", base_buf_view(&made.author.card)},
                                      {"second", base_buf_view(&made.author.later)},
                                      {"third", base_buf_view(&made.receiver.later)}}};
  struct cli_source source = {&tar, tar.size, made_read};
  struct cli_evidence evidence = {0};
  assert_int_equal(cli_evidence_verify(&source, &trust, &evidence, NULL), BASE_OK);
  assert_int_equal(evidence.author.later_count, 1);
  assert_int_equal(evidence.author.later[0].position, MADE_CHANGED);
  assert_true(evidence.author.confirmed && evidence.receivers[0].party.confirmed);
  cli_evidence_free(&evidence);
  /* another node's note; the card alone; a third generation out of nothing */
  made_begin_later(&other);
  struct base_buf *note = &made_member(&made, "cards/rabat.2.note")->bytes, kept = *note;
  *note = made_member(&other, "cards/paris.2.note")->bytes;
  made_tar(&made, &tar);
  expect_refused(&tar, "another's note", 0, "cards/rabat.2.note");
  *note = kept;
  base_buf_add_view(made_add(&made, "cards/rabat.3.card"), base_buf_view(&made.author.later));
  base_buf_add_view(made_add(&made, "cards/rabat.3.note"), base_buf_view(&kept));
  made_tar(&made, &tar);
  expect_refused(&tar, "a generation twice", 0, "cards/rabat.3.note");
  assert_int_equal(made_verify(&tar, NULL, 0, &err), BASE_EVIDENCE);
  made_free(&made);
  made_free(&other);
  /* the old key's head where the new one signs, and the other way round */
  made_begin(&made, false, true);
  made_change(&made, &made.author, 110);
  made_tar(&made, &tar);
  expect_refused(&tar, "the old key after the change", 0, "paris/sent.tlog-proof");
  made_free(&made);
}

/* A letter of the only place where this stands. */
static void alter(struct base_buf *bytes, const char *where, size_t at) {
  uint8_t *found = memmem(bytes->data, bytes->size, where, strlen(where));
  assert_non_null(found);
  found[at] ^= 1;
}

/* A leaf of the epoch that is closed is under the heads of the next one too. Sizes begin lower there, so which key
 * signs goes by the epoch first. */
static void over_two_epochs(void **state) {
  (void)state;
  enum { BEYOND = 1000 }; /* more leaves than were left */
  static const struct made_epochs good[] = {{1, 2, BEYOND, true},
                                            {2, 1, MADE_CHANGED, false},
                                            {2, 2, MADE_CHANGED, true},
                                            {2, 2, BEYOND, false},
                                            {1, 1, MADE_CHANGED, true}};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    static const char *const proof = "paris/sent.tlog-proof", *const note = "cards/rabat.2.note";
    struct made made;
    struct made_epochs other = good[i];
    BASE_AUTO_BUF struct base_buf tar = {0};
    made_begin_epochs(&made, &good[i]);
    made_tar(&made, &tar);
    expect_good(&tar);
    const struct {
      const char *member, *where;
      size_t at;
      bool there;
    } links[] = {{proof, "/2\n", 1, good[i].head == 2}, /* the epoch of the head */
                 {proof, "/2 ", 1, good[i].head == 2},  /* of its key */
                 {note, "/2\n", 1, good[i].change == 2},
                 {note, "/2 ", 1, good[i].change == 2}};
    for (size_t link = 0; link < sizeof links / sizeof *links; link++) {
      struct base_buf *bytes = &made_member(&made, links[link].member)->bytes;
      if (!links[link].there)
        continue;
      alter(bytes, links[link].where, links[link].at); /* 3 */
      made_tar(&made, &tar);
      expect_refused(&tar, "a link between epochs", link, links[link].member);
      alter(bytes, links[link].where[2] == ' ' ? "/3 " : "/3\n", links[link].at);
    }
    made_tar(&made, &tar);
    expect_good(&tar);
    made_free(&made);
    other.after = !other.after; /* the other key */
    made_begin_epochs(&made, &other);
    made_tar(&made, &tar);
    expect_refused(&tar, "the key of another epoch", i, proof);
    made_free(&made);
  }
}

static void as_many_later_cards_as_may_be(void **state) {
  (void)state;
  static struct made made;
  BASE_AUTO_BUF struct base_buf tar = {0};
  struct base_error err;
  struct cli_evidence evidence = {0};
  made_begin_changed(&made, WIRE_CARD_LATER_MAX);
  made_tar(&made, &tar);
  struct cli_source source = {&tar, tar.size, made_read};
  struct cli_trust trust = {.card_count = 1, .cards = {{"the last", base_buf_view(&made.author.later)}}};
  enum base_code code = cli_evidence_verify(&source, &trust, &evidence, &err);
  if (code != BASE_OK)
    fail_msg("%s", err.text);
  assert_int_equal(evidence.author.later_count, WIRE_CARD_LATER_MAX);
  assert_true(evidence.author.confirmed);
  cli_evidence_free(&evidence);
  made_free(&made);
  made_begin_changed(&made, WIRE_CARD_LATER_MAX + 1);
  made_tar(&made, &tar);
  assert_int_equal(made_verify(&tar, NULL, 0, &err), BASE_EVIDENCE);
  assert_non_null(strstr(err.text, "more than 256 cards follow it"));
  made_free(&made);
}

static void given_cards(void **state) {
  (void)state;
  struct made made;
  struct made_node stranger = {0}, impostor = {0};
  BASE_AUTO_BUF struct base_buf tar = {0};
  struct base_error err;
  made_begin(&made, false, true);
  made_tar(&made, &tar);
  made_node(&stranger, "madrid", 60);
  made_node(&impostor, "paris", 70);
  struct cli_given_card both[] = {{"a", base_buf_view(&made.author.card)}, {"b", base_buf_view(&made.receiver.card)}};
  assert_int_equal(made_verify(&tar, both, 2, &err), BASE_OK);
  struct cli_given_card wrong = {"c", base_buf_view(&impostor.card)};
  assert_int_equal(made_verify(&tar, &wrong, 1, &err), BASE_EVIDENCE);
  char given[SEAL_FINGERPRINT_TEXT], held[SEAL_FINGERPRINT_TEXT];
  seal_fingerprint(wrong.bytes, given);
  seal_fingerprint(base_buf_view(&made.receiver.card), held);
  assert_non_null(strstr(err.text, "--card c: none of the cards of paris"));
  assert_non_null(strstr(err.text, given));
  assert_non_null(strstr(err.text, held));
  wrong.bytes = base_buf_view(&stranger.card);
  assert_int_equal(made_verify(&tar, &wrong, 1, &err), BASE_EVIDENCE);
  seal_fingerprint(wrong.bytes, given);
  assert_non_null(strstr(err.text, "--card c: nobody in this evidence is named madrid"));
  assert_non_null(strstr(err.text, given));
  assert_non_null(strstr(err.text, "those of rabat, paris"));
  wrong.bytes = BASE_VIEW("{}");
  assert_int_equal(made_verify(&tar, &wrong, 1, &err), BASE_EVIDENCE);
  base_buf_free(&stranger.card);
  base_buf_free(&impostor.card);
  made_free(&made);
}

static void take_out(struct made *made, const char *name) {
  struct made_member *member = made_member(made, name), last = made->list[made->count - 1];
  base_buf_free(&member->bytes);
  *member = last;
  memset(&made->list[--made->count], 0, sizeof made->list[0]);
}

/* Erased with its case: who sent which message to whom, and the answer, are proved without the header; no content comes
 * without it, and all that is there speaks of one message. */
static void header_is_missing(void **state) {
  (void)state;
  static const char *const answer[] = {"paris/received.leaf", "paris/received.opening", "paris/received.tlog-proof"};
  struct made made, other;
  struct base_error err = {BASE_OK, ""};
  struct cli_evidence evidence = {0};
  BASE_AUTO_BUF struct base_buf tar = {0};
  made_begin(&made, true, true);
  take_out(&made, "header.json");
  made_tar(&made, &tar);
  expect_refused(&tar, "content without a header", 0, "parts/");
  made_free(&made);
  made_begin(&made, false, false);
  struct base_id id = seal_message_id(base_buf_view(&made_member(&made, "header.json")->bytes));
  take_out(&made, "header.json");
  made_tar(&made, &tar);
  struct cli_source source = {&tar, tar.size, made_read};
  struct cli_trust trust = {.card_count = 0};
  if (cli_evidence_verify(&source, &trust, &evidence, &err) != BASE_OK)
    fail_msg("%s", err.text);
  assert_true(evidence.headless && !evidence.has_content && base_id_equal(&evidence.message, &id));
  assert_int_equal(evidence.receiver_count, 1);
  cli_evidence_free(&evidence);
  memset(&other, 0, sizeof other);
  made_node(&other.author, "rabat", 40);
  made_node(&other.receiver, "paris", 50);
  made_message(&other, true, NULL);
  made_triple(&other, WIRE_ACT_RECEIVED, &other.receiver, &other.author, (struct wire_opening){.number = 1});
  for (size_t i = 0; i < sizeof answer / sizeof *answer; i++) {
    struct base_buf *mine = &made_member(&made, answer[i])->bytes, *his = &made_member(&other, answer[i])->bytes, kept = *mine;
    *mine = *his;
    *his = kept;
  }
  made_tar(&made, &tar);
  expect_refused(&tar, "the answer to another message", 0, "names another message");
  take_out(&made, "paris/sent.leaf");
  made_tar(&made, &tar);
  expect_refused(&tar, "neither header nor sent leaf", 0, "header.json: is missing");
  made_free(&made);
  made_free(&other);
}

static void too_many_members(void **state) {
  (void)state;
  BASE_AUTO_BUF struct base_buf tar = {0};
  struct made_member member = {0};
  for (int i = 0; i <= CLI_EVIDENCE_MEMBERS_MAX; i++) {
    (void)snprintf(member.name, sizeof member.name, "m%d", i);
    made_tar_member(&member, &tar);
  }
  expect_refused(&tar, "members", 0, "more than");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(good),
      cmocka_unit_test(same_as_kept),
      cmocka_unit_test(kept_with_p256),
      cmocka_unit_test(any_order),
      cmocka_unit_test(each_member_removed),
      cmocka_unit_test(each_member_twice),
      cmocka_unit_test(each_member_renamed),
      cmocka_unit_test(surplus_members),
      cmocka_unit_test(each_byte_flipped),
      cmocka_unit_test(each_member_longer_or_shorter),
      cmocka_unit_test(archive_damaged),
      cmocka_unit_test(filled_record),
      cmocka_unit_test(signatures),
      cmocka_unit_test(of_another_exchange),
      cmocka_unit_test(content_is_missing_as_a_whole),
      cmocka_unit_test(header_is_missing),
      cmocka_unit_test(what_is_not_there_is_said),
      cmocka_unit_test(said_as_json),
      cmocka_unit_test(parts_beyond_ustar),
      cmocka_unit_test(later_cards),
      cmocka_unit_test(over_two_epochs),
      cmocka_unit_test(as_many_later_cards_as_may_be),
      cmocka_unit_test(given_cards),
      cmocka_unit_test(witnessed),
      cmocka_unit_test(too_many_members),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
