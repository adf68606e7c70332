/* SPDX-License-Identifier: Apache-2.0
 * Witnesses: what goes to them and what their answers mean; what this node answers as one, by the status codes of C2SP
 * tlog-witness; and a thousand forks made on purpose, each of which is noticed. */
#include "core/register.h"
#include "core_ask.h"
#include "core_damage.h"
#include "core_lost.h"

#include <openssl/evp.h>

#include "core/cards.h"
#include "core/witness.h"
#include "keeper/key.h"

enum { FORKS = 1000, LEAVES = 4096, TAKE = 2 };

/* --- a register in a liar's hand: he has the log key of an honest node, and says what he likes */

struct forger {
  const struct pair_node *node;
  EVP_PKEY *key;
  struct base_hash leaves[LEAVES];
};

static void forger_begin(struct forger *forger, const struct pair_node *node) {
  struct keeper_key key;
  struct base_error err = {0};
  forger->node = node;
  if (keeper_key_read(node->keeper_dir, KEEPER_KEY_LOG, 1, &key, &err) != BASE_OK)
    fail_msg("%s", err.text);
  forger->key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, key.secret.bytes, sizeof key.secret.bytes);
  assert_non_null(forger->key);
  for (uint64_t i = 0; i < LEAVES; i++) {
    if (i < node->core->reg.size)
      assert_int_equal(core_register_leaf_hash(node->core, i, &forger->leaves[i], &err), BASE_OK);
    else
      forger->leaves[i] = seal_sha256(base_view_of(&i, sizeof i));
  }
}

static enum base_code forger_node(void *context, unsigned level, uint64_t index, struct base_hash *out,
                                  struct base_error *err) {
  const struct forger *forger = context;
  struct base_hash level_hashes[1 << 6];
  (void)err;
  if (level > 6) {
    struct base_hash left, right;
    (void)forger_node(context, level - 1, 2 * index, &left, err);
    (void)forger_node(context, level - 1, 2 * index + 1, &right, err);
    *out = seal_node_hash(&left, &right);
    return BASE_OK;
  }
  size_t count = (size_t)1 << level;
  memcpy(level_hashes, forger->leaves + (index << level), count * sizeof level_hashes[0]);
  for (; count > 1; count /= 2)
    for (size_t i = 0; i < count / 2; i++)
      level_hashes[i] = seal_node_hash(&level_hashes[2 * i], &level_hashes[2 * i + 1]);
  *out = level_hashes[0];
  return BASE_OK;
}

static struct base_hash forger_root(struct forger *forger, uint64_t size) {
  struct seal_tree tree = {forger, forger_node};
  struct base_hash root;
  assert_int_equal(seal_tree_root(&tree, size, &root, NULL), BASE_OK);
  return root;
}

static void forger_sign(struct forger *forger, uint64_t size, struct base_buf *out) {
  struct wire_checkpoint head = {
      .origin = forger->node->core->card.origin, .size = size, .root = forger_root(forger, size)};
  const struct core_card *card = core_cards_newest(&forger->node->core->cards);
  struct wire_signature line = {.name = head.origin, .id = card->log.id, .size = 64};
  size_t length = 64;
  base_buf_free(out);
  base_buf_init(out, WIRE_NOTE_MAX);
  wire_checkpoint_write(&head, out);
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  assert_int_equal(EVP_DigestSignInit(context, NULL, NULL, NULL, forger->key), 1);
  assert_int_equal(EVP_DigestSign(context, line.bytes, &length, out->data, out->size), 1);
  EVP_MD_CTX_free(context);
  base_buf_text(out, "\n");
  wire_signature_write(&line, out);
}

static size_t forger_proof(struct forger *forger, uint64_t from, uint64_t to, struct base_hash *proof) {
  struct seal_tree tree = {forger, forger_node};
  size_t count = 0;
  if (from > 0 && from < to)
    assert_int_equal(seal_tree_consistency(&tree, from, to, proof, &count, NULL), BASE_OK);
  return count;
}

/* --- add-checkpoint */

struct verdict {
  int status;
  char body[1024];
};

/* sender: whose line it comes over. */
static struct verdict post(struct pair_node *witness, const struct pair_node *sender, struct base_view body) {
  struct verdict verdict = {0};
  struct base_error err = {0};
  char json[128];
  int fd = base_memfd_sealed("checkpoint", body, &err);
  assert_true(fd >= 0);
  snprintf(json, sizeof json, "{\"pin\":\"%s\"}", base_hash_text(&sender->pin).text);
  struct pair_answer answer = pair_ask(witness, LINK_WITNESS_GIVE, json, fd);
  close(fd);
  if (answer.status != BASE_OK)
    fail_msg("%.*s", (int)answer.payload.size, (const char *)answer.payload.data);
  struct wire_json *parsed = NULL;
  assert_int_equal(wire_json_parse(base_buf_view(&answer.payload), 65536, "verdict", &parsed, NULL), BASE_OK);
  verdict.status = (int)wire_json_integer(wire_json_get(parsed, "status"));
  struct base_view text = wire_json_text(wire_json_get(parsed, "body"));
  snprintf(verdict.body, sizeof verdict.body, "%.*s", (int)text.size, (const char *)text.data);
  wire_json_free(parsed);
  pair_answer_free(&answer);
  return verdict;
}

static struct verdict submit(struct pair_node *witness, const struct pair_node *sender, uint64_t old,
                             const struct base_hash *proof, size_t count, struct base_view note) {
  BASE_AUTO_BUF struct base_buf body = {0};
  base_buf_init(&body, WIRE_WITNESS_REQUEST_MAX);
  wire_witness_request_write(old, proof, count, note, &body);
  return post(witness, sender, base_buf_view(&body));
}

static void expect(struct verdict verdict, int status, const char *body) {
  if (verdict.status != status || (body != NULL && strcmp(verdict.body, body) != 0))
    fail_msg("%d %s instead of %d %s", verdict.status, verdict.body, status, body != NULL ? body : "");
}

static void change(struct pair_node *node, const char *what, const char *more, enum base_code want) {
  char json[512];
  snprintf(json, sizeof json, "{\"actor\":\"amal\",\"do\":\"%s\"%s}", what, more);
  struct pair_answer answer = pair_ask(node, LINK_WITNESS_CHANGE, json, -1);
  if (answer.status != want)
    fail_msg("%s: %.*s", json, (int)answer.payload.size, (const char *)answer.payload.data);
  pair_answer_free(&answer);
}

/* The cosignature is by the witness, over this very head. */
static void expect_cosigned(struct pair_node *witness, const struct pair_node *node, struct verdict verdict,
                            struct base_view note) {
  BASE_AUTO_BUF struct base_buf both = {0};
  struct base_error err = {0};
  expect(verdict, 200, NULL);
  base_buf_init(&both, WIRE_NOTE_MAX);
  base_buf_add_view(&both, note);
  base_buf_text(&both, verdict.body);
  struct seal_signer signer = {.log = &core_cards_newest(&node->core->cards)->log,
                               .witness = &core_cards_newest(&witness->core->cards)->witness};
  if (seal_checkpoint_verify(base_buf_view(&both), signer, NULL, NULL, &err) != BASE_OK)
    fail_msg("%s", err.text);
}

/* Every status that the protocol names, in the order of its text. */
static void test_statuses(void **state) {
  (void)state;
  struct pair_node a, w;
  struct base_hash proof[WIRE_PROOF_HASHES_MAX];
  struct base_buf note = {0}, body = {0};
  static struct forger forger;
  try_partners(&a, &w);
  pair_rest(&a, &w);
  forger_begin(&forger, &a);
  uint64_t known = try_partner(&w)->seen_size; /* what came with consignments is in the same memory */
  uint64_t size = known + 5, later = known + 9;
  char text[64];
  forger_sign(&forger, size, &note);
  expect(post(&w, &a, BASE_VIEW("old 0\n")), 400, NULL);
  expect(submit(&w, &a, 0, NULL, 0, base_buf_view(&note)), 404, NULL); /* nobody here said so */
  change(&w, "witness", ",\"name\":\"nobody\"", BASE_UNKNOWN_NODE);
  change(&w, "witness", ",\"name\":\"rabat\"", BASE_OK);
  expect(submit(&w, &a, size + 1, NULL, 0, base_buf_view(&note)), 400, NULL);
  uint8_t letter = note.data[note.size - 8]; /* one of the signature; another one is base64, too */
  note.data[note.size - 8] = letter == 'A' ? 'B' : 'A';
  expect(submit(&w, &a, known, NULL, 0, base_buf_view(&note)), 403, NULL);
  note.data[note.size - 8] = letter;
  base_buf_init(&body, WIRE_NOTE_MAX);
  base_buf_text(&body,
                "wasl/nobody/0123456789abcdef\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n— x AAAAAAAA\n");
  expect(submit(&w, &a, 0, NULL, 0, base_buf_view(&body)), 404, NULL);
  snprintf(text, sizeof text, "%llu\n", (unsigned long long)known);
  if (known > 0)
    expect(submit(&w, &a, 0, NULL, 0, base_buf_view(&note)), 409, text);
  size_t count = forger_proof(&forger, known, size, proof);
  expect_cosigned(&w, &a, submit(&w, &a, known, proof, count, base_buf_view(&note)), base_buf_view(&note));
  struct verdict again = submit(&w, &a, size, NULL, 0, base_buf_view(&note));
  expect_cosigned(&w, &a, again, base_buf_view(&note));
  snprintf(text, sizeof text, "%llu\n", (unsigned long long)size);
  expect(submit(&w, &a, size - 1, proof, count, base_buf_view(&note)), 409, text);
  expect(submit(&w, &a, size, proof, 1, base_buf_view(&note)), 422, NULL);
  try_restart(&w); /* it is the keeper's memory, and the store's: no restart forgets it */
  forger_sign(&forger, later, &note);
  expect(submit(&w, &a, known, proof, count, base_buf_view(&note)), 409, text);
  /* Lines by other keys are no business of the witness. */
  base_buf_text(&note, "— example.com/other AAAAAAAAAAAA\n");
  count = forger_proof(&forger, size, later, proof);
  struct verdict last = submit(&w, &a, size, proof, count, base_buf_view(&note));
  expect(last, 200, NULL);
  assert_null(strstr(last.body, "other"));
  /* No longer. */
  change(&w, "leave", ",\"name\":\"rabat\"", BASE_OK);
  expect(submit(&w, &a, later, NULL, 0, base_buf_view(&note)), 404, NULL);
  assert_int_equal(try_partner(&w)->seen_size, later);
  try_sound(&w);
  EVP_PKEY_free(forger.key);
  base_buf_free(&note);
  base_buf_free(&body);
  pair_remove(&a);
  pair_remove(&w);
}

/* --- a thousand forks */

static uint64_t drawn(uint64_t *random, uint64_t below) {
  *random = *random * 6364136223846793005u + 1442695040888963407u;
  return (*random >> 33) % below;
}

/* A head in a consignment, as core looks at it before anything else of it. */
static enum base_code consign(struct pair_node *witness, uint64_t old, uint64_t size, const struct base_hash *proof,
                              size_t count, struct base_view note, struct base_error *err) {
  struct core_partner *partner = try_partner(witness);
  struct core_card_frames cards = {0};
  struct core_heads heads = {.has_head = true, .note = note};
  struct wire_checkpoint checkpoint;
  if (count > 0) {
    heads.count = 1;
    heads.consistency[0] =
        (struct wire_frame){.type = WIRE_FRAME_CONSISTENCY, .old_size = old, .new_size = size, .hash_count = count};
    memcpy(heads.consistency[0].hashes, proof, count * sizeof proof[0]);
  }
  enum base_code code = core_cards_and_head_take(witness->core, partner, &cards, &heads, &checkpoint, err);
  pair_settle(witness);
  return code;
}

/* One fork: leaf `at` is another one, and the register goes on over it to `size` leaves, with a proof that the liar
 * makes of the fork, or one that belongs to the register that the witness knows. True when it was refused on each way.
 */
static bool refused(struct pair_node *witness, struct forger *fork, struct forger *honest, uint64_t known,
                    uint64_t size, uint64_t way) {
  struct base_hash proof[WIRE_PROOF_HASHES_MAX];
  struct base_error err = {0};
  BASE_AUTO_BUF struct base_buf note = {0}, line = {0};
  base_buf_init(&line, WIRE_NOTE_MAX);
  forger_sign(fork, size, &note);
  size_t count = forger_proof(way % 2 == 0 ? fork : honest, known, size, proof);
  const struct wire_key *key = &fork->node->core->card.log_key;
  if (way / 2 == 0) {
    struct verdict verdict =
        submit(witness, fork->node, known <= size ? known : size, proof, count, base_buf_view(&note));
    return size < known ? verdict.status == 409 : verdict.status == 422;
  }
  if (way / 2 == 1) {
    enum base_code code = consign(witness, known, size, proof, count, base_buf_view(&note), &err);
    return size < known ? code == BASE_ROLLBACK : code == BASE_FORK || code == BASE_CONSISTENCY;
  }
  enum base_code code = keeper_cosign(witness->keeper, key, base_buf_view(&note), known, proof, count, &line, &err);
  return code == (size < known ? BASE_ROLLBACK : size == known ? BASE_FORK : BASE_CONSISTENCY);
}

static void result(unsigned detected, uint64_t seed) {
  const char *bin = getenv("WASL_BIN");
  char path[512];
  if (bin == NULL || *bin == '\0')
    return;
  snprintf(path, sizeof path, "%s/../faults", bin);
  (void)mkdir(path, 0777);
  snprintf(path, sizeof path, "%s/../faults/forks.json", bin);
  FILE *out = fopen(path, "w");
  if (out == NULL)
    return;
  fprintf(out,
          "{\"name\":\"forks made on purpose, towards a partner, a witness, its keeper\",\"forks\":%d,\"noticed\":%u,"
          "\"seed\":%llu,\"result\":\"%s\"}\n",
          FORKS, detected, (unsigned long long)seed, detected == FORKS ? "passed" : "failed");
  fclose(out);
}

/* Between the forks the register grows honestly, so that they are of all sizes; each is shown in three ways, also
 * shorter than what the witness knows, as when a folder was put back. */
static void test_forks(void **state) {
  (void)state;
  struct pair_node a, w;
  static struct forger honest, fork;
  struct base_hash proof[WIRE_PROOF_HASHES_MAX];
  struct base_error err = {0};
  BASE_AUTO_BUF struct base_buf note = {0};
  const char *given = getenv("WASL_SEED");
  uint64_t seed = given != NULL ? (uint64_t)strtoul(given, NULL, 10) : (uint64_t)getpid(), random = seed;
  unsigned detected = 0;
  base_log_level(BASE_LOG_ERROR);
  try_partners(&a, &w);
  pair_rest(&a, &w);
  change(&w, "witness", ",\"name\":\"rabat\"", BASE_OK);
  forger_begin(&honest, &a);
  uint64_t known = try_partner(&w)->seen_size;
  for (unsigned i = 0; i < FORKS; i++) {
    if (i % 20 == 0) {
      uint64_t size = known + 1 + drawn(&random, 60);
      size_t count = forger_proof(&honest, known, size, proof);
      forger_sign(&honest, size, &note);
      expect_cosigned(&w, &a, submit(&w, &a, known, proof, count, base_buf_view(&note)), base_buf_view(&note));
      known = size;
    }
    fork = honest;
    uint64_t at = drawn(&random, known);
    fork.leaves[at].bytes[drawn(&random, 32)] ^= (uint8_t)(1 + drawn(&random, 255));
    uint64_t size = known + drawn(&random, 200), way = drawn(&random, 6);
    bool back = drawn(&random, 3) == 0 && at + 1 < known;
    bool noticed = !back || refused(&w, &fork, &honest, known, at + 1 + drawn(&random, known - at - 1), way);
    noticed = refused(&w, &fork, &honest, known, size, way) && noticed;
    /* Nothing of it was remembered: neither in core nor in the keeper. */
    struct wire_keeper_memory memory;
    assert_int_equal(keeper_remembers(w.keeper, a.core->card.origin, &memory, &err), BASE_OK);
    struct base_hash root = forger_root(&honest, known);
    noticed = noticed && memory.size == known && base_hash_equal(&memory.root, &root) &&
              try_partner(&w)->seen_size == known && base_hash_equal(&try_partner(&w)->seen_root, &root);
    detected += noticed;
    if (!noticed)
      printf("# not noticed: fork %u at leaf %llu, %llu leaves, known %llu, way %llu, seed %llu\n", i,
             (unsigned long long)at, (unsigned long long)size, (unsigned long long)known, (unsigned long long)way,
             (unsigned long long)seed);
    w.now += 7;
  }
  printf("# %u of %d forks noticed, seed %llu\n", detected, FORKS, (unsigned long long)seed);
  result(detected, seed);
  assert_int_equal(detected, FORKS);
  assert_true(try_partner(&w)->stopped); /* a person looks at it */
  char last[600];
  assert_true(try_leaves(&w, WIRE_ACT_FAULT, last, sizeof last) > 0);
  assert_non_null(strstr(last, "add-checkpoint: "));
  EVP_PKEY_free(honest.key);
  pair_remove(&a);
  pair_remove(&w);
}

/* --- what goes to a witness, and what its answers mean */

struct visit { /* a head on its way */
  bool there;
  char witness[64], url[256];
  size_t pins;
  struct base_buf body;
};

static struct visit take(struct pair_node *node) {
  struct visit visit = {0};
  struct pair_answer answer;
  if (node->core->witnesses->take_count == 0)
    core_input(node->core, LINK_WITNESS_TAKE, TAKE, BASE_VIEW("{}"), -1);
  pair_settle(node);
  if (!pair_find(node, TAKE, &answer))
    return visit;
  struct wire_json *json = NULL;
  assert_int_equal(answer.status, BASE_OK);
  assert_int_equal(wire_json_parse(base_buf_view(&answer.payload), 65536, "work", &json, NULL), BASE_OK);
  struct base_view name = wire_json_text(wire_json_get(json, "witness")),
                   url = wire_json_text(wire_json_get(json, "url"));
  snprintf(visit.witness, sizeof visit.witness, "%.*s", (int)name.size, (const char *)name.data);
  snprintf(visit.url, sizeof visit.url, "%.*s", (int)url.size, (const char *)url.data);
  visit.pins = wire_json_size(wire_json_get(json, "pins"));
  base_buf_init(&visit.body, WIRE_WITNESS_REQUEST_MAX);
  base_buf_add_view(&visit.body, wire_json_text(wire_json_get(json, "body")));
  visit.there = true;
  wire_json_free(json);
  pair_answer_free(&answer);
  return visit;
}

static void done(struct pair_node *node, struct visit *visit, int status, struct base_view body) {
  struct base_buf json = {0};
  base_buf_printf(&json, "{\"witness\":\"%s\",\"status\":%d,\"detail\":\"the test says so\",\"body\":\"",
                  visit->witness, status);
  base_buf_base64(&json, body);
  base_buf_text(&json, "\"}");
  base_buf_u8(&json, 0);
  struct pair_answer answer = pair_ask(node, LINK_WITNESS_DONE, (const char *)json.data, -1);
  assert_int_equal(answer.status, BASE_OK);
  pair_answer_free(&answer);
  base_buf_free(&json);
  base_buf_free(&visit->body);
}

/* Takes one head there and the answer back; the status, 0 when nothing was to be taken. */
static int carry(struct pair_node *node, struct pair_node *witness) {
  struct visit visit = take(node);
  if (!visit.there)
    return 0;
  struct verdict verdict = post(witness, node, base_buf_view(&visit.body));
  done(node, &visit, verdict.status, base_view_text(verdict.body));
  return verdict.status;
}

static struct core_witness *witness_of(struct pair_node *node, size_t at) {
  assert_true(at < node->core->witnesses->count);
  return &node->core->witnesses->list[at];
}

static void expect_trouble(struct pair_node *node, const char *words, bool contradicts) {
  struct core_witness *witness = witness_of(node, 0);
  if (strstr(witness->trouble, words) == NULL || witness->contradicts != contradicts)
    fail_msg("'%s' is not in: %s", words, witness->trouble);
}

static void grow(struct pair_node *node, const struct pair_node *other) {
  try_suspend(node, other, "suspended");
  try_suspend(node, other, "active");
}

/* The newest head goes, one at a time and after a pause; it comes to rest, and begins anew where it was. */
static void test_rounds(void **state) {
  (void)state;
  struct pair_node a, w;
  try_partners(&a, &w);
  pair_rest(&a, &w);
  change(&w, "witness", ",\"name\":\"rabat\"", BASE_OK);
  change(&a, "add", ",\"name\":\"paris\"", BASE_OK);
  change(&a, "add", ",\"name\":\"paris\"", BASE_EXISTS);
  struct visit visit = take(&a);
  assert_true(visit.there);
  assert_string_equal(visit.url, "https://127.0.0.1:7443/wasl/v1/witness");
  assert_int_equal(visit.pins, 1);
  assert_false(take(&a).there); /* one under way is enough */
  for (int i = 0; i < 3; i++)
    grow(&a, &w);
  a.ms += 10 * CORE_WITNESS_PAUSE_MS;
  assert_false(take(&a).there);
  struct verdict verdict = post(&w, &a, base_buf_view(&visit.body));
  done(&a, &visit, verdict.status, base_view_text(verdict.body)); /* 409: it knows a head from a consignment, or 200 */
  for (int i = 0; verdict.status != 200 && i < 4; i++)
    verdict.status = carry(&a, &w);
  assert_int_equal(verdict.status, 200);
  assert_int_equal(carry(&a, &w), 200); /* the newest, and none of those between */
  assert_int_equal(witness_of(&a, 0)->known, a.core->reg.attested);
  grow(&a, &w);
  assert_int_equal(carry(&a, &w), 0); /* not before the pause is over */
  a.ms += CORE_WITNESS_PAUSE_MS;
  assert_int_equal(carry(&a, &w), 200);
  a.ms += 100 * CORE_WITNESS_PAUSE_MS;
  for (int i = 0; i < 3; i++)
    assert_int_equal(carry(&a, &w), 0);
  uint64_t known = witness_of(&a, 0)->known;
  try_restart(&a);
  assert_int_equal(witness_of(&a, 0)->known, known);
  assert_int_equal(carry(&a, &w), 200); /* once in each run: whether it knows more shows only so */
  a.ms += 100 * CORE_WITNESS_PAUSE_MS;
  assert_int_equal(carry(&a, &w), 0);
  /* What it cosigned so, the exchange goes on from: no consignment is in vain. */
  pair_rest(&a, &w);
  /* Nothing goes to a partner who is suspended. */
  try_suspend(&a, &w, "suspended");
  a.ms += CORE_WITNESS_PAUSE_MS;
  assert_int_equal(carry(&a, &w), 0);
  expect_trouble(&a, "partner is suspended", false);
  try_suspend(&a, &w, "active");
  a.ms += CORE_WITNESS_RETRY_MOST_MS;
  assert_int_equal(carry(&a, &w), 200);
  try_remove(&a, &w);
}

/* While a head is on its way to a witness who is a partner, a newer one comes to it in an exchange. */
static void test_overtaken(void **state) {
  (void)state;
  struct pair_node a, w;
  char request[65];
  try_agreed(&a, &w);
  change(&w, "witness", ",\"name\":\"rabat\"", BASE_OK);
  change(&a, "add", ",\"name\":\"paris\"", BASE_OK);
  struct visit visit = take(&a);
  assert_true(visit.there);
  pair_request(&a, &w, request);
  pair_rest(&a, &w);
  struct verdict verdict = post(&w, &a, base_buf_view(&visit.body));
  assert_int_equal(verdict.status, 409);
  done(&a, &visit, verdict.status, base_view_text(verdict.body));
  assert_true(witness_of(&a, 0)->known > a.core->witnesses->round.size);
  for (int i = 0; i < 3; i++) { /* not before the pause is over, and nobody is blamed meanwhile */
    assert_int_equal(carry(&a, &w), 0);
    expect_trouble(&a, "", false);
  }
  a.ms += CORE_WITNESS_PAUSE_MS;
  assert_int_equal(carry(&a, &w), 200);
  assert_int_equal(witness_of(&a, 0)->known, a.core->reg.attested);
  assert_string_equal(witness_of(&a, 0)->trouble, "");
  try_remove(&a, &w);
}

/* Whatever a witness answers, it costs nothing but its line. */
static void test_answers(void **state) {
  (void)state;
  struct pair_node a, w;
  struct base_buf text = {0};
  try_partners(&a, &w);
  pair_rest(&a, &w);
  change(&a, "add", ",\"name\":\"paris\"", BASE_OK);
  assert_int_equal(carry(&a, &w), 404);
  expect_trouble(&a, "wasl witness for rabat", false);
  assert_int_equal(carry(&a, &w), 0); /* a pause first */
  change(&w, "witness", ",\"name\":\"rabat\"", BASE_OK);
  static const struct {
    int status;
    const char *body, *words;
    bool contradicts;
  } answers[] = {
      {0, "", "the test says so", false},
      {500, "", "HTTP status 500", false},
      {403, "", "not the key", false},
      {200, "", "signatures: none", false},
      {200, "— wasl/nobody AAAAAAAA\n", "no cosignature by the key", false},
      {409, "x", "size: not decimal digits", false},
      {409, "999999\n", "cosigned a head of this register of 999999 leaves", true},
  };
  for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
    a.ms += CORE_WITNESS_RETRY_MOST_MS;
    struct visit visit = take(&a);
    assert_true(visit.there);
    done(&a, &visit, answers[i].status, base_view_text(answers[i].body));
    expect_trouble(&a, answers[i].words, answers[i].contradicts);
  }
  struct pair_answer status = pair_ask(&a, LINK_NODE_STATUS, "{\"actor\":\"amal\"}", -1);
  base_buf_u8(&status.payload, 0);
  assert_non_null(strstr((const char *)status.payload.data, "\"unsound\":[\"the witness paris cosigned"));
  pair_answer_free(&status);
  /* One size after the other, and nothing cosigned. */
  for (unsigned i = 0; i <= CORE_WITNESS_SIZES_MAX; i++) {
    a.ms += CORE_WITNESS_RETRY_MOST_MS;
    struct visit visit = take(&a);
    char size[8];
    snprintf(size, sizeof size, "%u\n", 1 + i % 2);
    done(&a, &visit, 409, base_view_text(size));
  }
  expect_trouble(&a, "one size after the other", true);
  /* A cosignature over another head, under the right name and id. */
  a.ms += CORE_WITNESS_RETRY_MOST_MS;
  struct visit visit = take(&a);
  struct wire_signature wrong = {.name = core_cards_newest(&w.core->cards)->witness.name,
                                 .id = core_cards_newest(&w.core->cards)->witness.id,
                                 .size = 72};
  base_buf_init(&text, WIRE_WITNESS_ANSWER_MAX);
  wire_signature_write(&wrong, &text);
  done(&a, &visit, 200, base_buf_view(&text));
  expect_trouble(&a, "does not verify", true);
  /* Its own line counts between lines of others, larger ones too. */
  for (int status_code = 409, i = 0; status_code != 200; i++) {
    assert_true(i < 3);
    a.ms += CORE_WITNESS_RETRY_MOST_MS;
    visit = take(&a);
    struct verdict verdict = post(&w, &a, base_buf_view(&visit.body));
    base_buf_reset(&text);
    if (verdict.status == 200) {
      base_buf_text(&text, "— example.com/pq ");
      for (int k = 0; k < 810; k++)
        base_buf_text(&text, "AAAA");
      base_buf_text(&text, "\n");
    }
    base_buf_text(&text, verdict.body);
    status_code = verdict.status;
    done(&a, &visit, verdict.status, base_buf_view(&text));
  }
  assert_string_equal(witness_of(&a, 0)->trouble, "");
  assert_false(witness_of(&a, 0)->contradicts);
  a.ms += CORE_WITNESS_PAUSE_MS;
  grow(&a, &w);
  visit = take(&a);
  done(&a, &visit, 422, BASE_VIEW("no\n"));
  expect_trouble(&a, "is no head of what is here", true);
  base_buf_free(&text);
  change(&a, "remove", ",\"name\":\"paris\"", BASE_OK);
  change(&a, "remove", ",\"name\":\"paris\"", BASE_NOT_FOUND);
  try_remove(&a, &w);
}

/* What a person may say, and what not. */
static void test_changes(void **state) {
  (void)state;
  struct pair_node a, w;
  char more[1024], name[80];
  struct base_buf key = {0};
  try_partners(&a, &w);
  struct wire_vkey vkey = core_cards_newest(&w.core->cards)->witness;
  base_buf_init(&key, WIRE_VKEY_MAX);
  wire_vkey_write(&vkey, &key);
  static const char *const urls[] = {"",
                                     "ftp://a",
                                     "http://example.com/w",
                                     "http://127.0.0.1.example.com/w",
                                     "http://localhostess/w",
                                     "https://example.com/",
                                     "https://",
                                     "https://a/b?c",
                                     "https://u@a/b",
                                     "https://a b"};
  for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
    snprintf(more, sizeof more, ",\"name\":\"x\",\"key\":\"%.*s\",\"url\":\"%s\"", (int)key.size,
             (const char *)key.data, urls[i]);
    change(&a, "add", more, BASE_FIELD);
  }
  snprintf(more, sizeof more, ",\"name\":\"x\",\"key\":\"%.*s\",\"url\":\"https://a\",\"pin\":\"00\"", (int)key.size,
           (const char *)key.data);
  change(&a, "add", more, BASE_FIELD);
  change(&a, "add", ",\"name\":\"x\",\"key\":\"y\",\"url\":\"https://a\"", BASE_SYNTAX);
  change(&a, "leave", ",\"name\":\"paris\",\"pin\":\"00\"", BASE_FIELD);
  change(&a, "add", ",\"name\":\"paris\",\"url\":\"https://a\"", BASE_FIELD); /* without a key, a partner */
  change(&a, "quorum", ",\"quorum\":0,\"name\":\"x\"", BASE_FIELD);
  snprintf(more, sizeof more, ",\"name\":\"x\",\"key\":\"%.*s\",\"url\":\"https://a\"", (int)a.core->card.log.size,
           (const char *)a.core->card.log.data);
  change(&a, "add", more, BASE_FIELD); /* a register's key */
  snprintf(more, sizeof more, ",\"name\":\"x\",\"key\":\"%.*s\",\"url\":\"https://a\"", (int)a.core->card.witness.size,
           (const char *)a.core->card.witness.data);
  change(&a, "add", more, BASE_POLICY); /* its own */
  change(&a, "quorum", ",\"quorum\":1", BASE_POLICY); /* there is nobody yet who could cosign */
  change(&a, "quorum", ",\"quorum\":-1", BASE_FIELD);
  change(&a, "quorum", ",\"quorum\":0", BASE_OK);
  change(&a, "guess", "", BASE_FIELD);
  snprintf(more, sizeof more, ",\"name\":\"x\",\"key\":\"%.*s\",\"url\":\"http://127.0.0.1:81/w\"", (int)key.size,
           (const char *)key.data);
  change(&a, "add", more, BASE_OK);
  change(&a, "add", ",\"name\":\"paris\"", BASE_EXISTS); /* the same key twice */
  change(&a, "quorum", ",\"quorum\":2", BASE_FIELD);
  for (unsigned i = 1; i <= CORE_WITNESSES_MAX; i++) {
    struct base_buf other = {0};
    memset(vkey.key.bytes, (int)i, sizeof vkey.key.bytes);
    snprintf(name, sizeof name, "example.com/w%u", i);
    vkey.name = base_view_text(name);
    vkey.id = seal_vkey_id(vkey.name, WIRE_VKEY_WITNESS, &vkey.key);
    base_buf_init(&other, WIRE_VKEY_MAX);
    wire_vkey_write(&vkey, &other);
    snprintf(more, sizeof more, ",\"name\":\"w%u\",\"key\":\"%.*s\",\"url\":\"https://w%u.example\"", i,
             (int)other.size, (const char *)other.data, i);
    change(&a, "add", more, i < CORE_WITNESSES_MAX ? BASE_OK : BASE_POLICY);
    base_buf_free(&other);
  }
  change(&a, "quorum", ",\"quorum\":8", BASE_OK);
  change(&a, "remove", ",\"name\":\"w3\"", BASE_POLICY); /* evidence could never be given out again */
  try_restart(&a);
  assert_int_equal(a.core->witnesses->count, CORE_WITNESSES_MAX);
  assert_int_equal(a.core->witnesses->quorum, 8);
  assert_string_equal(a.core->witnesses->list[0].url, "http://127.0.0.1:81/w");
  /* All are asked at once, each once. */
  for (unsigned i = 0; i < CORE_WITNESSES_MAX; i++) {
    struct visit visit = take(&a);
    assert_true(visit.there);
    base_buf_free(&visit.body);
  }
  assert_false(take(&a).there);
  base_buf_free(&key);
  try_remove(&a, &w);
}

/* A list that was changed in the database is no list, and the check names it. */
static void test_damaged(void **state) {
  (void)state;
  struct pair_node a, w;
  struct base_buf fact = {0}, found = {0};
  struct base_error err = {0};
  try_partners(&a, &w);
  change(&a, "add", ",\"name\":\"paris\"", BASE_OK);
  base_buf_init(&fact, CORE_WITNESSES_DOCUMENT_MAX);
  assert_int_equal(store_fact_get(a.core->store, "witnesses", &fact, &err), BASE_OK);
  uint8_t old[4096];
  memcpy(old, fact.data, fact.size);
  change(&a, "quorum", ",\"quorum\":1", BASE_OK);
  /* First an older one, with the leaf that belongs to it; then one that no leaf commits to. */
  for (int i = 0; i < 2; i++) {
    assert_int_equal(store_begin(a.core->store, &err), BASE_OK);
    assert_int_equal(store_fact_set(a.core->store, "witnesses", base_view_of(old, fact.size), &err), BASE_OK);
    assert_int_equal(store_commit(a.core->store, &err), BASE_OK);
    try_restart(&a);
    assert_int_equal(a.core->witnesses->count, i == 0 ? 1 : 0);
    base_buf_reset(&found);
    try_check(&a, &found);
    base_buf_u8(&found, 0);
    if (strstr((const char *)found.data, i == 0 ? "is the last about them" : "is not what the leaf") == NULL)
      fail_msg("%s", (const char *)found.data);
    old[fact.size - 20] ^= 1;
  }
  change(&a, "quorum", ",\"quorum\":0", BASE_CORRUPT);
  base_buf_free(&fact);
  base_buf_free(&found);
  pair_remove(&a);
  pair_remove(&w);
}

/* Evidence that the policy wants witnessed waits for it, and then bears the line. */
static void test_evidence(void **state) {
  (void)state;
  struct pair_node a, w;
  char request[65], json[160];
  try_agreed(&a, &w);
  change(&w, "witness", ",\"name\":\"rabat\"", BASE_OK);
  change(&a, "add", ",\"name\":\"paris\"", BASE_OK);
  pair_request(&a, &w, request);
  pair_rest(&a, &w);
  snprintf(json, sizeof json, "{\"actor\":\"amal\",\"id\":\"%s\"}", request);
  struct pair_answer answer = pair_ask(&a, LINK_PROOF_GET, json, -1);
  assert_int_equal(answer.status, BASE_OK); /* without a policy it needs none */
  base_buf_u8(&answer.payload, 0);
  assert_null(strstr((const char *)answer.payload.data, "witnessed"));
  pair_answer_free(&answer);
  change(&a, "quorum", ",\"quorum\":1", BASE_OK);
  pair_refused(&a, LINK_PROOF_GET, json, BASE_POLICY);
  for (int i = 0; i < 4; i++) {
    a.ms += CORE_WITNESS_PAUSE_MS;
    (void)carry(&a, &w);
  }
  for (int again = 0; again < 2; again++) {
    answer = pair_ask(&a, LINK_PROOF_GET, json, -1);
    assert_int_equal(answer.status, BASE_OK);
    base_buf_u8(&answer.payload, 0);
    assert_non_null(strstr((const char *)answer.payload.data, "\"paris/sent.witnessed.tlog-proof\""));
    pair_answer_free(&answer);
    try_restart(&a); /* the line was kept */
  }
  try_remove(&a, &w);
}

static void not_proved(struct pair_node *node, const char *json, const char *says) {
  struct pair_answer answer = pair_ask(node, LINK_PROOF_GET, json, -1);
  base_buf_u8(&answer.payload, 0);
  if (answer.status != BASE_POLICY || strstr((const char *)answer.payload.data, says) == NULL)
    fail_msg("%s: %s", base_code_name(answer.status), (const char *)answer.payload.data);
  pair_answer_free(&answer);
}

static void proved(struct pair_node *node, const char *json, bool witnessed) {
  struct pair_answer answer = pair_ask(node, LINK_PROOF_GET, json, -1);
  base_buf_u8(&answer.payload, 0);
  if (answer.status != BASE_OK)
    fail_msg("%s", (const char *)answer.payload.data);
  assert_true((strstr((const char *)answer.payload.data, "sent.witnessed.tlog-proof") != NULL) == witnessed);
  pair_answer_free(&answer);
}

/* b's database was put back, and with it the lines of its witness went. What is left in the register is proved under a
 * head of the new epoch as soon as the witness cosigned one; what came back stands under a closed one, and is not. */
static void test_put_back(void **state) {
  (void)state;
  struct pair_node a, b;
  char kept[65], lost[65], none[65], json[2][160];
  try_agreed(&a, &b);
  change(&a, "witness", ",\"name\":\"paris\"", BASE_OK);
  change(&b, "add", ",\"name\":\"rabat\"", BASE_OK);
  change(&b, "quorum", ",\"quorum\":1", BASE_OK);
  pair_request(&b, &a, kept);
  pair_rest(&a, &b);
  snprintf(json[0], sizeof json[0], "{\"actor\":\"amal\",\"id\":\"%s\"}", kept);
  for (int i = 0; i < 4; i++) {
    b.ms += CORE_WITNESS_PAUSE_MS;
    (void)carry(&b, &a);
  }
  proved(&b, json[0], true);
  lose(&a, &b, 1, 0, lost, none);
  open_epoch(&b);
  later(&a, &b);
  assert_int_equal(carry(&b, &a), 404);
  expect_trouble(&b, "an officer there confirms it (wasl partner epoch paris), by the digits", false);
  not_proved(&b, json[0], "cannot be proved yet: ");
  not_proved(&b, json[0], "there are 0 (those from before epoch 2 are lost). The witnesses are asked by themselves");
  confirm(&a, &b, BASE_OK);
  later(&a, &b);
  for (int i = 0; i < 4; i++) {
    b.ms += CORE_WITNESS_RETRY_MOST_MS;
    (void)carry(&b, &a);
  }
  proved(&b, json[0], true);
  assert_int_equal(try_partner(&b)->back.came, 1);
  snprintf(json[1], sizeof json[1], "{\"actor\":\"amal\",\"id\":\"%s\"}", lost);
  not_proved(&b, json[1], "cannot be proved here under this node's policy any more: it was sent in an epoch");
  not_proved(&b, json[1], "or say wasl witness policy 0, and it is exported without");
  proved(&a, json[1], false);
  change(&b, "quorum", ",\"quorum\":0", BASE_OK);
  proved(&b, json[1], false);
  try_remove(&a, &b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_statuses), cmocka_unit_test(test_rounds),    cmocka_unit_test(test_answers),
      cmocka_unit_test(test_changes),  cmocka_unit_test(test_damaged),   cmocka_unit_test(test_evidence),
      cmocka_unit_test(test_forks),    cmocka_unit_test(test_overtaken), cmocka_unit_test(test_put_back),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
