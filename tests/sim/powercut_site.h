/* SPDX-License-Identifier: Apache-2.0
 * Two nodes on simulated disks that may fail under them, and how their owner goes on: he starts again what died, asks
 * again what was not answered, and writes down what was. */
#ifndef WASL_TESTS_SIM_POWERCUT_SITE_H
#define WASL_TESTS_SIM_POWERCUT_SITE_H

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

/* Outside of a cmocka test its assertions say nothing: here they say where, and end the process. */
static _Noreturn void wrong(const char *form, ...) __attribute__((format(printf, 1, 2)));
static void wrong(const char *form, ...) {
  va_list arguments;
  va_start(arguments, form);
  vfprintf(stderr, form, arguments);
  va_end(arguments);
  fputc('\n', stderr);
  _exit(1);
}
#undef assert_true
#undef assert_false
#undef assert_non_null
#undef assert_int_equal
#undef fail_msg
#define assert_true(what) ((what) ? (void)0 : wrong("%s:%d: not %s", __FILE__, __LINE__, #what))
#define assert_false(what) assert_true(!(what))
#define assert_non_null(what) assert_true((what) != NULL)
#define assert_int_equal(a, b)                                                                                         \
  ((intmax_t)(a) == (intmax_t)(b)                                                                                      \
       ? (void)0                                                                                                       \
       : wrong("%s:%d: %s is %jd, not %jd", __FILE__, __LINE__, #a, (intmax_t)(a), (intmax_t)(b)))
#define fail_msg(...) wrong(__VA_ARGS__)

#include "powercut_inside.h"

#include "../unit/core_try.h"
#include "disk.h"
#include "store/sqlite.h"

enum { SITES = 2, DISKS = 2 * SITES, TRIES = 8, ACKS_MAX = 64, HEADS_MAX = 4096, PARTS_MAX = 8, ROUND_MS = 31000 };

struct ack { /* a message whose id was answered */
  int by;
  char id[65];
  bool receipted; /* shown so once */
  bool ended;     /* ending it was answered, or may have taken effect */
  bool follows_ended;
};
struct head {
  uint64_t size;
  struct base_hash root;
};
struct stored_part {
  uint64_t size, seed;
  struct base_hash sha256; /* once it was uploaded */
};
struct site {
  struct pair_node node;
  struct disk *disk, *keeper_disk;
  int root, keeper_root;
  sqlite3 *db;            /* opened last by it */
  unsigned opened, maybe; /* cases it opened: answered, and perhaps */
  size_t head_count;
  struct head heads[HEADS_MAX]; /* shown, in order */
  uint64_t cosigned;            /* the partner's largest head it was seen to remember */
};
enum fault_kind { FAULT_CUT, FAULT_FULL, FAULT_READ_ONLY, FAULT_ERROR, FAULT_MEMORY, FAULT_KERNEL, FAULT_KINDS };
struct fault {
  enum fault_kind kind;
  bool struck;        /* it has happened (in this process) */
  bool lasting;       /* and goes on */
  unsigned asks_left; /* requests until somebody makes it good */
  struct disk *disk;  /* where */
  bool cut[DISKS];    /* disks that lost their power; others that are off were only killed */
  uint64_t second;    /* another cut at this write point, 0: none */
};
static struct {
  struct site sites[SITES], *starting;
  struct fault fault;
  uint64_t random;
  unsigned lies, keeper_lies;
  bool careless; /* a broken variant: the database is not synced at a commit */
  size_t ack_count;
  struct ack acks[ACKS_MAX];
  size_t part_count;
  struct stored_part parts[PARTS_MAX];
  char erased[65]; /* at the second site: that was answered */
} world;

static uint64_t chance(uint64_t below) {
  return disk_random(&world.random) % below;
}
static struct site *other(struct site *site) {
  return &world.sites[site == &world.sites[0] ? 1 : 0];
}
static struct disk *disk_number(int number) {
  struct site *site = &world.sites[number / 2];
  return number % 2 == 0 ? site->disk : site->keeper_disk;
}
static bool dead(const struct site *site) {
  return disk_is_off(site->disk) || disk_is_off(site->keeper_disk);
}

/* --- faults */
static void lift_fault(void) {
  if (!world.fault.lasting)
    return;
  world.fault.lasting = false;
  disk_set_room(world.fault.disk, UINT64_MAX);
  disk_set_read_only(world.fault.disk, 0);
}
static void asked(void) {
  if (world.fault.lasting && world.fault.asks_left-- == 0)
    lift_fault();
}
/* except: a disk that is to be switched off by itself, or NULL. */
static void cut_site(struct site *site, bool power, const struct disk *except) {
  int first = site == &world.sites[0] ? 0 : 2;
  for (int i = first; i < first + 2; i++) {
    world.fault.cut[i] = power;
    if (disk_number(i) != except)
      disk_power_off(disk_number(i));
  }
}
static void cut_all(const struct disk *except) {
  for (int i = 0; i < SITES; i++)
    cut_site(&world.sites[i], true, except);
}

/* --- life */
static void note_heads(struct site *site) {
  const struct core_register *reg = &site->node.core->reg;
  struct head *last = site->head_count > 0 ? &site->heads[site->head_count - 1] : NULL;
  if (reg->attested == 0 || reg->note.size == 0)
    return;
  if (last != NULL && reg->attested < last->size)
    wrong("%s: its register went back from %" PRIu64 " leaves to %" PRIu64, site->node.name, last->size, reg->attested);
  if (last != NULL && reg->attested == last->size) {
    if (!base_hash_equal(&reg->attested_root, &last->root))
      wrong("%s: two heads over %" PRIu64 " leaves", site->node.name, last->size);
    return;
  }
  if (site->head_count == HEADS_MAX)
    wrong("too many heads");
  site->heads[site->head_count++] = (struct head){reg->attested, reg->attested_root};
}
static void note_cosigned(struct site *site) {
  struct wire_keeper_memory memory;
  struct wire_card card;
  struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  assert_int_equal(wire_card_parse(base_buf_view(&other(site)->node.card), &arena, &card, NULL), BASE_OK);
  if (keeper_remembers(site->node.keeper, card.origin, &memory, NULL) == BASE_OK) {
    if (memory.size < site->cosigned)
      wrong("%s: its keeper forgot that it cosigned %" PRIu64 " leaves, it remembers %" PRIu64, site->node.name,
            site->cosigned, memory.size);
    site->cosigned = memory.size;
  }
  base_arena_free(&arena);
}
static void note(struct site *site) {
  note_heads(site);
  note_cosigned(site);
}

static struct store_sqlite *database(struct site *site) {
  return (struct store_sqlite *)site->node.core->store;
}

static void start(struct site *site) {
  int first = site == &world.sites[0] ? 0 : 2;
  for (int tries = 0;; tries++) {
    for (int i = first; i < first + 2; i++) {
      if (!disk_is_off(disk_number(i)))
        continue;
      if (world.fault.cut[i])
        disk_power_on(disk_number(i), disk_random(&world.random));
      else
        disk_wake(disk_number(i));
      world.fault.cut[i] = false;
    }
    close(site->root);
    close(site->keeper_root);
    site->node.root = site->root = disk_open(site->disk, ".");
    site->node.keeper_root = site->keeper_root = disk_open(site->keeper_disk, ".");
    struct base_error err = {0};
    world.starting = site;
    site->db = NULL;
    enum base_code code = pair_start(&site->node, &err);
    world.starting = NULL;
    if (code == BASE_OK && !dead(site))
      break;
    if (code != BASE_OK && !dead(site) && tries >= TRIES)
      wrong("%s does not start again: %s: %s", site->node.name, base_code_name(code), err.text);
    fprintf(stderr, "%s: not started: %s\n", site->node.name, err.text);
    pair_close(&site->node);
    lift_fault();
  }
  if (world.careless)
    sqlite3_exec(database(site)->db, "PRAGMA synchronous = OFF", NULL, NULL, NULL);
  site->node.fatal = BASE_OK;
  note(site);
}
/* After its disk lost power, or core said that it cannot go on: the parent ends all and starts them anew. */
static void revive(struct site *site) {
  fprintf(stderr, "%s starts again\n", site->node.name);
  /* What is left of a node may end in order, or not. */
  if (dead(site) && chance(2) == 0) {
    disk_power_off(site->disk);
    disk_power_off(site->keeper_disk);
  }
  pair_close(&site->node);
  start(site);
}

/* A keeper whose memory could not be written ends, and all with it. */
static void end_broken(struct site *site) {
  if (keeper_broken(site->node.keeper))
    revive(site);
}

/* --- requests */
/* False when the node died over it, and was started again. */
static bool ask(struct site *site, enum link_request_code code, const char *json, int fd, struct pair_answer *out) {
  struct pair_node *node = &site->node;
  struct base_error err = {0};
  uint64_t token = node->next_token++;
  if (dead(site)) /* it lost its power with the other */
    revive(site);
  assert_int_equal(fchdir(node->core_dir), 0);
  core_input(node->core, code, token, base_view_text(json), fd);
  core_settle(node->core, &node->fatal, &err);
  bool answered = pair_find(node, token, out);
  asked();
  if (node->fatal != BASE_OK && !dead(site) && answered && out->status == BASE_OK)
    wrong("%s: answered %s, and then: %s", node->name, json, err.text);
  if (dead(site) || node->fatal != BASE_OK) {
    if (answered)
      pair_answer_free(out);
    revive(site);
    return false;
  }
  if (!answered)
    wrong("%s: no answer to %s", node->name, json);
  note(site);
  end_broken(site);
  return true;
}

/* --- the line */
static bool take(struct site *from, struct pair_parcel *out) {
  struct pair_node *node = &from->node;
  struct base_error err = {0};
  struct pair_answer answer;
  if (dead(from))
    revive(from);
  assert_int_equal(fchdir(node->core_dir), 0);
  if (!node->take_parked)
    core_input(node->core, LINK_EXCHANGE_TAKE, PAIR_TAKE, (struct base_view){0}, -1);
  node->take_parked = true;
  core_settle(node->core, &node->fatal, &err);
  bool found = pair_find(node, PAIR_TAKE, &answer);
  node->take_parked = !found;
  asked();
  bool lost = dead(from) || node->fatal != BASE_OK;
  if (found && !lost && answer.status == BASE_OK) {
    struct wire_json *json = NULL;
    assert_int_equal(wire_json_parse(base_buf_view(&answer.payload), 65536, "take", &json, NULL), BASE_OK);
    out->exchange = wire_json_integer(wire_json_get(json, "exchange"));
    out->fd = dup(answer.fd);
    wire_json_free(json);
  }
  bool took = found && !lost && answer.status == BASE_OK;
  if (found)
    pair_answer_free(&answer);
  if (lost) {
    revive(from);
  } else {
    note(from);
    end_broken(from);
  }
  return took;
}
/* One consignment there and its answer back; false when there was none. */
static bool hand(struct site *from, struct site *to) {
  struct pair_parcel parcel;
  struct pair_answer answer, done;
  char json[200];
  if (!take(from, &parcel))
    return false;
  snprintf(json, sizeof json, "{\"pin\":\"%s\"}", base_hash_text(&from->node.pin).text);
  bool answered = ask(to, LINK_EXCHANGE_GIVE, json, parcel.fd, &answer);
  close(parcel.fd);
  int fd = -1;
  if (answered && answer.status == BASE_OK)
    fd = base_memfd_sealed("answer", base_buf_view(&answer.payload), NULL);
  if (answered && answer.status != BASE_OK && !world.fault.struck)
    wrong("%s refuses a consignment: %.*s", to->node.name, (int)answer.payload.size, (const char *)answer.payload.data);
  snprintf(json, sizeof json, "{\"exchange\":%lld,\"status\":%d,\"code\":\"%s\",\"detail\":\"\"}",
           (long long)parcel.exchange, fd >= 0 ? 200 : 0, fd >= 0 ? "" : "unreachable");
  if (answered)
    pair_answer_free(&answer);
  if (ask(from, LINK_EXCHANGE_DONE, json, fd, &done))
    pair_answer_free(&done);
  base_close_fd(&fd);
  return true;
}
static enum store_delivery_state outbox(const struct ack *ack) {
  return pair_outbox(&world.sites[ack->by].node, ack->id, NULL);
}
static void note_receipts(void) {
  for (size_t i = 0; i < world.ack_count; i++)
    if (!world.acks[i].receipted && !dead(&world.sites[world.acks[i].by]))
      world.acks[i].receipted = outbox(&world.acks[i]) == STORE_RECEIPTED;
}
static void pass_time(int64_t ms) {
  for (int i = 0; i < SITES; i++)
    world.sites[i].node.ms += ms;
}
/* Until both have nothing more to say. */
static void rest(void) {
  unsigned quiet = 0, rounds = 0;
  while (quiet < 3) {
    pass_time(ROUND_MS);
    bool any = hand(&world.sites[0], &world.sites[1]);
    any = hand(&world.sites[1], &world.sites[0]) || any;
    quiet = any ? 0 : quiet + 1;
    note_receipts();
    if (++rounds > 300)
      wrong("the nodes do not come to rest");
  }
}

/* --- what a person does */
/* A code that says: this was done already, by the try that nobody answered. */
static bool done_before(enum base_code code) {
  return code == BASE_TRANSITION || code == BASE_CONFLICT || code == BASE_EXISTS || code == BASE_NOT_FOUND;
}
enum outcome { DONE, PERHAPS, REFUSED_NOW };
/* One try. REFUSED_NOW: it was said that nothing of it was kept. */
static enum outcome try_once(struct site *site, enum link_request_code code, const char *json, bool again, char *id,
                             size_t room) {
  struct pair_answer answer;
  if (!ask(site, code, json, -1, &answer))
    return PERHAPS;
  enum base_code status = answer.status;
  if (status == BASE_OK && id != NULL)
    pair_text(&answer, "id", id, room);
  if (status != BASE_OK && !world.fault.struck)
    wrong("%s: %s: %.*s", site->node.name, json, (int)answer.payload.size, (const char *)answer.payload.data);
  if (status != BASE_OK)
    fprintf(stderr, "%s: %.*s\n", site->node.name, (int)answer.payload.size, (const char *)answer.payload.data);
  pair_answer_free(&answer);
  if (status == BASE_OK || (again && done_before(status)))
    return DONE;
  return REFUSED_NOW;
}
/* Until it is done. */
static void surely(struct site *site, enum link_request_code code, const char *json) {
  bool again = false;
  for (int i = 0; i < TRIES; i++) {
    enum outcome outcome = try_once(site, code, json, again, NULL, 0);
    if (outcome == DONE)
      return;
    again = again || outcome == PERHAPS;
    if (i > 2)
      lift_fault();
  }
  wrong("%s: %d tries were not enough: %s", site->node.name, TRIES, json);
}
static struct ack *acknowledged(struct site *site, const char *id) {
  if (world.ack_count == ACKS_MAX)
    wrong("too many messages");
  struct ack *ack = &world.acks[world.ack_count++];
  *ack = (struct ack){.by = site == &world.sites[0] ? 0 : 1};
  snprintf(ack->id, sizeof ack->id, "%s", id);
  return ack;
}

/* --- parts */
enum { PIECE = 1 << 20 };
static uint8_t piece[PIECE + 64];
static void part_octets(uint64_t seed, uint64_t at, size_t size) {
  uint64_t state = seed * 1000003 + at;
  for (size_t i = 0; i < size; i += sizeof(uint64_t)) {
    uint64_t next = disk_random(&state);
    memcpy(piece + i, &next, sizeof next);
  }
}
/* False when it must be begun anew. */
static bool upload(struct site *site, const struct stored_part *part, char stage[24]) {
  struct pair_answer answer;
  char json[96];
  if (!ask(site, LINK_PART_BEGIN, "{\"actor\":\"test\"}", -1, &answer))
    return false;
  bool good = answer.status == BASE_OK;
  pair_text(&answer, "stage", stage, 24);
  pair_answer_free(&answer);
  for (uint64_t at = 0; good && at < part->size; at += PIECE) {
    size_t size = part->size - at < PIECE ? (size_t)(part->size - at) : PIECE;
    part_octets(part->seed, at, size);
    int fd = base_memfd_sealed("piece", base_view_of(piece, size), NULL);
    snprintf(json, sizeof json, "{\"stage\":\"%s\",\"index\":%llu,\"last\":%s}", stage, (unsigned long long)at / PIECE,
             at + size == part->size ? "true" : "false");
    bool answered = ask(site, LINK_PART_CHUNK, json, fd, &answer);
    good = answered && answer.status == BASE_OK;
    close(fd);
    if (answered)
      pair_answer_free(&answer);
  }
  return good;
}
static struct base_hash part_hash(const struct stored_part *part) {
  struct seal_hasher *hasher = seal_hasher_new();
  for (uint64_t at = 0; at < part->size; at += PIECE) {
    size_t size = part->size - at < PIECE ? (size_t)(part->size - at) : PIECE;
    part_octets(part->seed, at, size);
    seal_hasher_add(hasher, base_view_of(piece, size));
  }
  struct base_hash sha256 = seal_hasher_end(hasher);
  seal_hasher_free(hasher);
  return sha256;
}

#endif
