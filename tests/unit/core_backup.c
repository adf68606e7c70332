/* SPDX-License-Identifier: Apache-2.0
 * Backups of a core that goes on exchanging: what is in them, what is found when they are changed, what stays on the
 * disk for them and how long. */
#include <dirent.h>
#include <sys/mman.h>

#include "core/backup.h"
#include "core/cards.h"
#include "core/parts.h"
#include "core_ask.h"
#include "keeper/backup.h"

enum { RECORDS_MAX = 64, RECORD = WIRE_RECORD_MAX + WIRE_RECORD_OVERHEAD };

static char key_text[SEAL_BACKUP_KEY_TEXT], secret_path[200];

static void make_key(void) {
  struct wire_key key;
  const char *tmp = getenv("WASL_TEST_TMP");
  snprintf(secret_path, sizeof secret_path, "%s/secret-%d", tmp != NULL ? tmp : "/tmp", (int)getpid());
  unlink(secret_path);
  assert_int_equal(keeper_backup_make(secret_path, base_world_system(), &key, NULL), BASE_OK);
  seal_backup_key_write(&key, key_text);
}

static int64_t begin(struct pair_node *node) {
  char request[256];
  snprintf(request, sizeof request, "{\"actor\":\"amal\",\"to\":\"%s\"}", key_text);
  struct told begun = tell(node, LINK_BACKUP_BEGIN, request);
  int64_t id = number(begun.json, "backup");
  forget(&begun);
  return id;
}

static struct pair_answer step(struct pair_node *node, int64_t id) {
  char request[96];
  snprintf(request, sizeof request, "{\"actor\":\"amal\",\"backup\":%lld}", (long long)id);
  return pair_ask(node, LINK_BACKUP_NEXT, request, -1);
}

/* False at its end. */
static bool next(struct pair_node *node, int64_t id, struct base_buf *out) {
  struct pair_answer answer = step(node, id);
  if (answer.status != BASE_OK)
    fail_msg("%.*s", (int)answer.payload.size, (const char *)answer.payload.data);
  bool more = answer.payload.size > 0;
  base_buf_add_view(out, base_buf_view(&answer.payload));
  pair_answer_free(&answer);
  return more;
}

static void backup(struct pair_node *node, struct base_buf *out) {
  int64_t id = begin(node);
  base_buf_init(out, BASE_BUF_DEFAULT_LIMIT);
  while (next(node, id, out))
    ;
}

/* --- opened again */

struct place {
  char path[200];
  int dir;
};

static struct place new_place(void) {
  struct place place;
  const char *tmp = getenv("WASL_TEST_TMP");
  snprintf(place.path, sizeof place.path, "%s/restored-XXXXXX", tmp != NULL ? tmp : "/tmp");
  assert_non_null(mkdtemp(place.path));
  place.dir = open(place.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  assert_true(place.dir >= 0);
  return place;
}

static void remove_place(struct place *place) {
  char command[300];
  close(place->dir);
  assert_int_equal(chdir("/"), 0);
  snprintf(command, sizeof command, "rm -rf '%s'", place->path);
  assert_int_equal(system(command), 0);
}

static enum base_code restore_into(struct place *place, struct base_view bytes, bool parts, struct core_restored *found,
                                   struct base_error *err) {
  struct core_restoring what = {.dir = place->dir, .parts = parts};
  uint8_t shared[32];
  if (bytes.size < WIRE_BACKUP_HEADER)
    return base_fail(err, BASE_SYNTAX, "no header");
  struct base_view header = base_view_of(bytes.data, WIRE_BACKUP_HEADER);
  enum base_code code = wire_backup_header_parse(header, &what.header, err);
  if (code == BASE_OK)
    code = keeper_backup_open(secret_path, &what.header, shared, err);
  if (code != BASE_OK)
    return code;
  seal_backup_open(&what.header, shared, &what.key);
  what.from = memfd_create("backup", MFD_CLOEXEC);
  assert_int_equal(base_write_all(what.from, base_view_of(bytes.data + header.size, bytes.size - header.size), err),
                   BASE_OK);
  assert_int_equal(lseek(what.from, 0, SEEK_SET), 0);
  code = core_restore(&what, found, err);
  close(what.from);
  return code;
}

/* The status says whether the newest one still opens. */
static void the_newest_still_opens(void **state) {
  (void)state;
  struct pair_node a;
  struct base_buf bytes = {0};
  pair_make(&a, "rabat");
  assert_int_equal(a.core->backup_key, 0);
  int64_t id = begin(&a); /* one that nobody took to its end is none */
  base_buf_init(&bytes, BASE_BUF_DEFAULT_LIMIT);
  assert_true(next(&a, id, &bytes));
  pair_close(&a);
  pair_open(&a);
  assert_int_equal(a.core->backup_key, 0);
  base_buf_free(&bytes);
  backup(&a, &bytes);
  assert_int_equal(a.core->backup_key, 1);
  base_buf_free(&bytes);
  struct pair_answer answer = pair_ask(&a, LINK_KEY_ROTATE, "{\"actor\":\"o\",\"epoch\":true}", -1);
  assert_int_equal(answer.status, BASE_OK);
  pair_answer_free(&answer);
  assert_int_equal(core_rewrap_oldest(a.core), 1);
  backup(&a, &bytes); /* some of it is still under the older one */
  assert_int_equal(a.core->backup_key, 1);
  base_buf_free(&bytes);
  for (int i = 0; i < 10; i++) {
    a.ms += 1000;
    pair_settle(&a);
  }
  assert_int_equal(core_rewrap_oldest(a.core), 2);
  pair_close(&a);
  pair_open(&a);
  assert_int_equal(a.core->backup_key, 1);
  backup(&a, &bytes);
  assert_int_equal(a.core->backup_key, 2);
  pair_close(&a); /* put back from it: it has just worked, and opens as long as that key is there */
  struct core_restored found = {0};
  struct base_error err = {0};
  assert_int_equal(renameat(a.root, "core", a.root, "gone"), 0);
  assert_int_equal(mkdirat(a.root, "core", 0700), 0);
  struct place place = {.dir = openat(a.root, "core", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (restore_into(&place, base_buf_view(&bytes), true, &found, &err) != BASE_OK)
    fail_msg("%s", err.text);
  close(place.dir);
  pair_open(&a);
  assert_int_equal(a.core->backup_key, 2);
  assert_int_equal(core_rewrap_oldest(a.core), 2);
  base_buf_free(&bytes);
  pair_remove(&a);
}

static struct core_restored restored(struct base_view bytes) {
  struct place place = new_place();
  struct core_restored found = {0};
  struct base_error err = {0};
  if (restore_into(&place, bytes, false, &found, &err) != BASE_OK)
    fail_msg("%s", err.text);
  remove_place(&place);
  return found;
}

static enum base_code refused(struct base_view bytes, struct base_error *err) {
  struct place place = new_place();
  struct core_restored found = {0};
  enum base_code code = restore_into(&place, bytes, false, &found, err);
  remove_place(&place);
  assert_int_not_equal(code, BASE_OK);
  return code;
}

static uint64_t part_files(const struct pair_node *node) {
  uint64_t count = 0;
  int fd = openat(node->core_dir, "parts", O_RDONLY | O_DIRECTORY);
  DIR *folder = fdopendir(fd);
  for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
    count += entry->d_name[0] != '.';
  closedir(folder);
  return count;
}

static void agreed(struct pair_node *a, struct pair_node *b) {
  char agreement[65];
  ask_two(a, b);
  pair_agree(a, b, agreement);
}

/* a has a case with a part, both are at rest. */
static void with_part(struct pair_node *a, struct pair_node *b, size_t size, char request[65]) {
  char id[65];
  struct base_hash sha256;
  agreed(a, b);
  pair_request(a, b, request);
  pair_rest(a, b);
  send_in(b, request, "answer", size, id, &sha256);
  pair_rest(a, b);
}

/* --- */

/* Put into an empty folder it is the same core: same register, same partners, same content, and the exchange goes on.
 */
static void comes_back_whole(void **state) {
  (void)state;
  struct pair_node a, b;
  char request[65], more[65];
  struct core_restored found = {0};
  struct base_error err = {0};
  BASE_AUTO_BUF struct base_buf bytes = {0};
  with_part(&a, &b, 3 * WIRE_RECORD_MAX + 5, request);
  uint64_t size = a.core->reg.size;
  backup(&a, &bytes);
  assert_int_equal(a.core->reg.size, size + 1); /* the leaf about it, which is in it */
  pair_close(&a);
  assert_int_equal(renameat(a.root, "core", a.root, "gone"), 0);
  assert_int_equal(mkdirat(a.root, "core", 0700), 0);
  struct place place = {.dir = openat(a.root, "core", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (restore_into(&place, base_buf_view(&bytes), true, &found, &err) != BASE_OK)
    fail_msg("%s", err.text);
  close(place.dir);
  assert_true(found.size == size + 1 && found.parts == 1 && found.missing == 0 && found.database);
  assert_true(found.messages == 4 && found.cases == 2 && found.partners == 1);
  assert_int_equal(found.octets, 3 * (WIRE_RECORD_MAX + 16) + 5 + 16);
  pair_open(&a);
  assert_int_equal(a.core->reg.size, size + 1);
  for (int64_t from = 0; from >= 0;) {
    char json[96];
    snprintf(json, sizeof json, "{\"actor\":\"amal\",\"from\":%lld}", (long long)from);
    struct told check = tell(&a, LINK_REGISTER_CHECK, json);
    from = wire_json_true(wire_json_get(check.json, "done")) ? -1 : number(check.json, "next");
    const struct wire_json *problems = wire_json_get(check.json, "problems");
    assert_int_equal(wire_json_size(problems), 0);
    forget(&check);
  }
  pair_request(&a, &b, more);
  pair_rest(&a, &b);
  assert_int_equal(pair_outbox(&a, more, NULL), STORE_RECEIPTED);
  ask_remove(&a, &b);
}

/* Steps of the backup and of the exchange in turn: it shows the moment at which it began. */
static void shows_one_moment(void **state) {
  (void)state;
  struct pair_node a, b;
  char request[65], id[65];
  BASE_AUTO_BUF struct base_buf bytes = {0};
  with_part(&a, &b, 6 * WIRE_RECORD_MAX, request);
  base_buf_init(&bytes, BASE_BUF_DEFAULT_LIMIT);
  int64_t backup_id = begin(&a);
  uint64_t size = a.core->reg.size;
  unsigned steps = 0;
  while (next(&a, backup_id, &bytes)) {
    struct base_hash sha256;
    pair_request(&a, &b, id);
    pair_rest(&a, &b);
    send_in(&b, id, "answer", 10, id, &sha256);
    pair_rest(&a, &b);
    steps++;
  }
  assert_true(steps > 5 && a.core->reg.size >= size + 2 * steps && part_files(&a) == 1 + steps);
  struct core_restored found = restored(base_buf_view(&bytes));
  assert_true(found.size == size && found.parts == 1 && found.missing == 0);
  /* One that was begun and put back when the node had gone on is older than what the keeper signed. */
  struct core_restored whole;
  struct base_error err = {0};
  pair_close(&a);
  assert_int_equal(renameat(a.root, "core", a.root, "gone"), 0);
  assert_int_equal(mkdirat(a.root, "core", 0700), 0);
  struct place place = {.dir = openat(a.root, "core", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  assert_int_equal(restore_into(&place, base_buf_view(&bytes), true, &whole, &err), BASE_OK);
  close(place.dir);
  assert_int_equal(pair_start(&a, &err), BASE_ROLLBACK);
  ask_remove(&a, &b);
}

/* Every kind of damage is found: each byte of a small one, each cut and each order of a longer one. */
static void finds_changes(void **state) {
  (void)state;
  struct pair_node a, b;
  struct base_error err = {0};
  BASE_AUTO_BUF struct base_buf bytes = {0};
  agreed(&a, &b);
  backup(&a, &bytes);
  (void)restored(base_buf_view(&bytes));
  for (size_t at = 0; at < bytes.size; at += at < WIRE_BACKUP_HEADER ? 1 : bytes.size / 61) {
    bytes.data[at] ^= 0x40;
    (void)refused(base_buf_view(&bytes), &err);
    bytes.data[at] ^= 0x40;
  }
  for (size_t size = 0; size < bytes.size; size += bytes.size / 23)
    (void)refused(base_view_of(bytes.data, size), &err);
  (void)refused(base_view_of(bytes.data, bytes.size - 1), &err);
  (void)refused(base_view_of(bytes.data, WIRE_BACKUP_HEADER), &err);
  base_buf_u8(&bytes, 0);
  (void)refused(base_buf_view(&bytes), &err);
  ask_remove(&a, &b);
}

static void finds_cuts_and_other_orders(void **state) {
  (void)state;
  struct pair_node a, b;
  char request[65];
  struct base_error err = {0};
  BASE_AUTO_BUF struct base_buf bytes = {0}, other = {0}, mixed = {0};
  with_part(&a, &b, 3 * WIRE_RECORD_MAX, request);
  backup(&a, &bytes);
  backup(&a, &other);
  assert_true(bytes.size > WIRE_BACKUP_HEADER + 3 * (size_t)RECORD);
  for (size_t records = 1; records <= 3; records++) {
    assert_int_equal(refused(base_view_of(bytes.data, WIRE_BACKUP_HEADER + records * RECORD), &err), BASE_UNSEAL);
    assert_non_null(strstr(err.text, "as its last one"));
  }
  base_buf_init(&mixed, BASE_BUF_DEFAULT_LIMIT);
  base_buf_add(&mixed, bytes.data, WIRE_BACKUP_HEADER);
  base_buf_add(&mixed, bytes.data + WIRE_BACKUP_HEADER + RECORD, RECORD);
  base_buf_add(&mixed, bytes.data + WIRE_BACKUP_HEADER, RECORD);
  base_buf_add(&mixed, bytes.data + WIRE_BACKUP_HEADER + 2 * RECORD, bytes.size - WIRE_BACKUP_HEADER - 2 * RECORD);
  assert_int_equal(refused(base_buf_view(&mixed), &err), BASE_UNSEAL);
  /* A record of another backup of the same node, a record left out. */
  base_buf_reset(&mixed);
  base_buf_add(&mixed, bytes.data, WIRE_BACKUP_HEADER + RECORD);
  base_buf_add(&mixed, other.data + WIRE_BACKUP_HEADER + RECORD, other.size - WIRE_BACKUP_HEADER - RECORD);
  assert_int_equal(refused(base_buf_view(&mixed), &err), BASE_UNSEAL);
  base_buf_reset(&mixed);
  base_buf_add(&mixed, bytes.data, WIRE_BACKUP_HEADER + RECORD);
  base_buf_add(&mixed, bytes.data + WIRE_BACKUP_HEADER + 2 * RECORD, bytes.size - WIRE_BACKUP_HEADER - 2 * RECORD);
  assert_int_equal(refused(base_buf_view(&mixed), &err), BASE_UNSEAL);
  ask_remove(&a, &b);
}

static void drop_first_part(struct pair_node *node) {
  struct store_pair key = {INT64_MIN, INT64_MIN};
  BASE_AUTO_ARENA struct base_arena arena = {0};
  struct store_part row;
  struct base_error err = {0};
  base_arena_init(&arena, 1 << 20);
  assert_int_equal(store_part_next(node->core->store, &key, &arena, &row, &err), BASE_OK);
  assert_int_equal(core_write(node->core, &err), BASE_OK);
  assert_int_equal(core_parts_drop(node->core, &row.message, 1, &err), BASE_OK);
  pair_settle(node);
}

/* A part dropped while a backup is made stays on the disk until none is, and goes then; also over a lost step. */
static void keeps_dropped_parts(void **state) {
  (void)state;
  struct pair_node a, b;
  char request[65];
  BASE_AUTO_BUF struct base_buf bytes = {0};
  with_part(&a, &b, 2 * WIRE_RECORD_MAX, request);
  base_buf_init(&bytes, BASE_BUF_DEFAULT_LIMIT);
  int64_t first = begin(&a), second = begin(&a);
  assert_true(next(&a, first, &bytes));
  assert_true(next(&a, second, &bytes));
  base_buf_reset(&bytes);
  first = begin(&a);
  assert_true(next(&a, first, &bytes));
  drop_first_part(&a);
  assert_int_equal(part_files(&a), 1);
  while (next(&a, first, &bytes))
    ;
  assert_int_equal(restored(base_buf_view(&bytes)).missing, 0);
  assert_int_equal(part_files(&a), 1);
  a.now += CORE_BACKUP_SECONDS + 1; /* nobody goes on with the others */
  pair_settle(&a);
  assert_int_equal(part_files(&a), 0);
  ask_remove(&a, &b);
}

static void a_kept_part_outlives_no_restart(void **state) {
  (void)state;
  struct pair_node a, b;
  char request[65];
  BASE_AUTO_BUF struct base_buf bytes = {0};
  with_part(&a, &b, 10, request);
  base_buf_init(&bytes, BASE_BUF_DEFAULT_LIMIT);
  assert_true(next(&a, begin(&a), &bytes));
  drop_first_part(&a);
  assert_int_equal(part_files(&a), 1);
  pair_close(&a);
  pair_open(&a);
  assert_int_equal(part_files(&a), 0);
  ask_remove(&a, &b);
}

/* A part whose file is gone is left out, and said when the backup is opened; the rest is saved. */
static void says_what_is_missing(void **state) {
  (void)state;
  struct pair_node a, b;
  char request[65];
  BASE_AUTO_BUF struct base_buf bytes = {0};
  with_part(&a, &b, 10, request);
  assert_int_equal(unlinkat(a.core_dir, "parts", AT_REMOVEDIR), -1);
  int fd = openat(a.core_dir, "parts", O_RDONLY | O_DIRECTORY);
  DIR *folder = fdopendir(fd);
  for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
    if (entry->d_name[0] != '.')
      unlinkat(fd, entry->d_name, 0);
  closedir(folder);
  backup(&a, &bytes);
  struct core_restored found = restored(base_buf_view(&bytes));
  assert_true(found.missing == 1 && found.parts == 0 && found.messages == 4);
  assert_true(a.core->saved.id != 0 && a.core->saved.missing == 1);
  ask_remove(&a, &b);
}

static void limits(void **state) {
  (void)state;
  struct pair_node a, b;
  char request[256];
  BASE_AUTO_BUF struct base_buf bytes = {0};
  agreed(&a, &b);
  base_buf_init(&bytes, BASE_BUF_DEFAULT_LIMIT);
  int64_t ids[CORE_BACKUPS_MAX];
  for (size_t i = 0; i < CORE_BACKUPS_MAX; i++)
    ids[i] = begin(&a);
  snprintf(request, sizeof request, "{\"actor\":\"amal\",\"to\":\"%s\"}", key_text);
  pair_refused(&a, LINK_BACKUP_BEGIN, request, BASE_BUSY);
  assert_true(next(&a, ids[0], &bytes));
  char stop[96];
  snprintf(stop, sizeof stop, "{\"actor\":\"amal\",\"backup\":%lld,\"stop\":true}", (long long)ids[0]);
  struct pair_answer stopped = pair_ask(&a, LINK_BACKUP_NEXT, stop, -1);
  assert_true(stopped.status == BASE_OK && stopped.payload.size == 0);
  pair_answer_free(&stopped);
  struct pair_answer gone = step(&a, ids[0]);
  assert_int_equal(gone.status, BASE_NOT_FOUND);
  pair_answer_free(&gone);
  ids[0] = begin(&a);
  a.now += CORE_BACKUP_SECONDS;
  assert_true(next(&a, ids[0], &bytes)); /* this one goes on */
  a.now += 1;
  pair_settle(&a);
  gone = step(&a, ids[1]);
  assert_int_equal(gone.status, BASE_NOT_FOUND);
  pair_answer_free(&gone);
  a.room = CORE_DISK_LOW - 1; /* a backup keeps the log from being cut: it gives way */
  a.ms += 60000;
  pair_settle(&a);
  gone = step(&a, ids[0]);
  assert_int_equal(gone.status, BASE_NOT_FOUND);
  pair_answer_free(&gone);
  pair_refused(&a, LINK_BACKUP_BEGIN, request, BASE_DISK_FULL);
  a.room = (uint64_t)1 << 39;
  a.ms += 60000;
  pair_settle(&a);
  pair_refused(&a, LINK_BACKUP_BEGIN, "{\"actor\":\"amal\"}", BASE_FIELD);
  pair_refused(&a, LINK_BACKUP_BEGIN, "{\"actor\":\"amal\",\"to\":\"wasl-backup+00\"}", BASE_SYNTAX);
  a.core->env.backup_key = base_view_text(key_text);
  struct told begun = tell(&a, LINK_BACKUP_BEGIN, "{\"actor\":\"amal\"}");
  expect_text(begun.json, "key", key_text);
  forget(&begun);
  ask_remove(&a, &b);
}

/* Private keys and the keeper's memory are not in it, whoever opens it. */
static void holds_no_private_key(void **state) {
  (void)state;
  static const char *const files[] = {"log.key", "witness.key", "seal.key", "epoch.key"};
  struct pair_node a, b;
  struct base_error err = {0};
  struct core_restored found;
  char command[700];
  BASE_AUTO_BUF struct base_buf bytes = {0};
  agreed(&a, &b);
  backup(&a, &bytes);
  struct place place = new_place();
  assert_int_equal(restore_into(&place, base_buf_view(&bytes), true, &found, &err), BASE_OK);
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    BASE_AUTO_BUF struct base_buf key = {0};
    assert_int_equal(base_file_read(a.keeper_dir, files[i], 4096, &key, &err), BASE_OK);
    BASE_AUTO_BUF struct base_buf database = {0};
    assert_int_equal(base_file_read(place.dir, "core.db", 64 << 20, &database, &err), BASE_OK);
    assert_null(
        memmem(database.data, database.size, key.data + key.size - 64, 32)); /* the secret, before the checksum */
  }
  snprintf(command, sizeof command, "test \"$(ls '%s' | sort | tr '\\n' ' ')\" = 'core.db core.lock node.card parts '",
           place.path);
  assert_int_equal(system(command), 0);
  remove_place(&place);
  ask_remove(&a, &b);
}

/* With a database on a server: the parts alone, and it says so. */
static void parts_alone(void **state) {
  (void)state;
  struct pair_node a, b;
  char request[65];
  BASE_AUTO_BUF struct base_buf bytes = {0};
  with_part(&a, &b, WIRE_RECORD_MAX + 1, request);
  backup(&a, &bytes);
  struct core_restored found = restored(base_buf_view(&bytes));
  assert_true(!found.database && found.parts == 1 && found.rows == 0 && found.size == a.core->reg.size);
  ask_remove(&a, &b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_newest_still_opens),
      cmocka_unit_test(comes_back_whole),
      cmocka_unit_test(shows_one_moment),
      cmocka_unit_test(finds_changes),
      cmocka_unit_test(finds_cuts_and_other_orders),
      cmocka_unit_test(keeps_dropped_parts),
      cmocka_unit_test(a_kept_part_outlives_no_restart),
      cmocka_unit_test(says_what_is_missing),
      cmocka_unit_test(limits),
      cmocka_unit_test(holds_no_private_key),
  };
  const struct CMUnitTest on_server[] = {cmocka_unit_test(parts_alone), cmocka_unit_test(limits)};
  make_key();
  int failed =
      place_postgresql() ? cmocka_run_group_tests(on_server, NULL, NULL) : cmocka_run_group_tests(tests, NULL, NULL);
  unlink(secret_path);
  return failed;
}
