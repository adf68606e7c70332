/* SPDX-License-Identifier: Apache-2.0
 * What the two nodes do themselves, apart from what the test does around them: each allocation there, and each call to
 * the kernel that is about no disk, can be made to fail; and what our code allocated and nobody freed is counted. The
 * allocator stands in the C library's place for our code and for SQLite, OpenSSL and jansson alike. */
#ifndef WASL_TESTS_SIM_POWERCUT_INSIDE_H
#define WASL_TESTS_SIM_POWERCUT_INSIDE_H

#include <errno.h>
#include <link.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/core.h"
#include "core/internal.h"
#include "disk.h"
#include "keeper/keeper.h"

/* The C library's own, under the names that glibc keeps for an allocator in its place. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *data, size_t size);
void __libc_free(void *data);

enum { LIVE_BITS = 18, LIVE_ROOM = 1 << LIVE_BITS, TRACKED_RANGES = 2 };
static struct {
  bool node;  /* a node is at work, not the test around it */
  bool again; /* what it does now it will do once more: its allocations and calls are tried then */
  bool (*fails)(const char *what);
  void (*ended)(const struct core *core); /* the process of this node ended itself; NULL: while it started */
  jmp_buf way_out;
  unsigned ends;   /* of processes, by themselves */
  uint64_t passed; /* how often a node was entered or left: what is outside may have changed then */
  struct {
    uintptr_t base, begin, end;
  } tracked[TRACKED_RANGES]; /* code whose allocations must not be left over: ours, jansson's */
  size_t tracked_count, live_count;
  struct live {
    void *data; /* NULL: never used; LIVE_GONE: freed */
    const void *by;
  } live[LIVE_ROOM];
} inside;
static const char inside_ends[] = "allocation of the cryptographic library"; /* one that ends the process */
static char live_gone;
#define LIVE_GONE ((void *)&live_gone)

#define PAIR_OUTSIDE(outside) (inside.passed++, inside.node = !(outside))

/* --- whose code it is */
static int find_ranges(struct dl_phdr_info *info, size_t size, void *context) {
  (void)size;
  (void)context;
  bool ours = info->dlpi_name[0] == '\0';
  if ((!ours && strstr(info->dlpi_name, "libjansson") == NULL) || inside.tracked_count == TRACKED_RANGES)
    return 0;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *header = &info->dlpi_phdr[i];
    if (header->p_type != PT_LOAD || (header->p_flags & PF_X) == 0)
      continue;
    uintptr_t begin = info->dlpi_addr + header->p_vaddr;
    inside.tracked[inside.tracked_count].base = info->dlpi_addr;
    inside.tracked[inside.tracked_count].begin = begin;
    inside.tracked[inside.tracked_count++].end = begin + header->p_memsz;
    break;
  }
  return 0;
}
static void inside_watch(bool (*fails)(const char *what)) {
  if (inside.tracked_count == 0)
    dl_iterate_phdr(find_ranges, NULL);
  inside.fails = fails;
  disk_watch_kernel(fails);
}

/* --- what is live */
static size_t live_slot(const void *data) {
  return (size_t)(((uintptr_t)data >> 4) * 0x9e3779b97f4a7c15u >> (64 - LIVE_BITS));
}
static void live_add(void *data, const void *by) {
  uintptr_t at = (uintptr_t)by;
  bool tracked = false;
  for (size_t i = 0; i < inside.tracked_count; i++)
    tracked = tracked || (at >= inside.tracked[i].begin && at < inside.tracked[i].end);
  if (data == NULL || !inside.node || !tracked || inside.live_count > LIVE_ROOM / 2)
    return;
  size_t slot = live_slot(data);
  while (inside.live[slot].data != NULL && inside.live[slot].data != LIVE_GONE)
    slot = (slot + 1) % LIVE_ROOM;
  inside.live[slot] = (struct live){data, by};
  inside.live_count++;
}
static bool live_remove(const void *data) {
  if (data == NULL || inside.live_count == 0)
    return false;
  for (size_t slot = live_slot(data); inside.live[slot].data != NULL; slot = (slot + 1) % LIVE_ROOM)
    if (inside.live[slot].data == data) {
      inside.live[slot].data = LIVE_GONE;
      inside.live_count--;
      return true;
    }
  return false;
}
/* One of those that are left, as an address for addr2line; NULL: none. */
static const void *live_left(void) {
  for (size_t slot = 0; inside.live_count > 0 && slot < LIVE_ROOM; slot++)
    if (inside.live[slot].data != NULL && inside.live[slot].data != LIVE_GONE)
      return (const void *)((uintptr_t)inside.live[slot].by - inside.tracked[0].base);
  return NULL;
}

/* --- the allocator */
static bool refuses_as(const char *what) {
  if (!inside.node || inside.fails == NULL || !inside.fails(what))
    return false;
  errno = ENOMEM;
  return true;
}
static bool refuses(void) {
  return refuses_as("allocation");
}
void *malloc(size_t size) {
  void *data = refuses() ? NULL : __libc_malloc(size);
  live_add(data, __builtin_return_address(0));
  return data;
}
void *calloc(size_t count, size_t size) {
  void *data = refuses() ? NULL : __libc_calloc(count, size);
  live_add(data, __builtin_return_address(0));
  return data;
}
void *realloc(void *old, size_t size) {
  if (refuses())
    return NULL;
  bool was = live_remove(old);
  void *data = __libc_realloc(old, size);
  live_add(data != NULL || !was ? data : old, __builtin_return_address(0));
  return data;
}
void free(void *data) {
  (void)live_remove(data);
  __libc_free(data);
}

/* As seal_take_memory, but what the library keeps is not counted as left over. */
static void *crypto_take_more(void *old, size_t size, const char *file, int line) {
  (void)file;
  (void)line;
  if (refuses_as(inside_ends))
    abort();
  return __libc_realloc(old, size);
}
static void *crypto_take(size_t size, const char *file, int line) {
  return crypto_take_more(NULL, size, file, line);
}
static void crypto_give_back(void *old, const char *file, int line) {
  (void)file;
  (void)line;
  __libc_free(old);
}
static void inside_crypto(void) {
  if (CRYPTO_set_mem_functions(crypto_take, crypto_take_more, crypto_give_back) != 1)
    abort();
}

/* A process that ended leaves no lock behind, so one that ends within the cryptographic library must not, either. There
 * is one thread. */
int pthread_rwlock_rdlock(pthread_rwlock_t *lock) {
  (void)lock;
  return 0;
}
int pthread_rwlock_wrlock(pthread_rwlock_t *lock) {
  (void)lock;
  return 0;
}
int pthread_rwlock_unlock(pthread_rwlock_t *lock) {
  (void)lock;
  return 0;
}

/* --- the end of a node's process: where the cryptographic library has no memory, the process says so and ends
 * (seal_take_memory), and wasld starts all anew. Whatever else ends it is a crash. */
void abort(void) {
  if (inside.node && inside.fails != NULL) {
    inside.node = false;
    longjmp(inside.way_out, 1);
  }
  signal(SIGABRT, SIG_DFL);
  raise(SIGABRT);
  _exit(134);
}
static void process_ended(const struct core *core) {
  inside.ends++;
  memset(inside.live, 0, sizeof inside.live); /* a process takes its memory with it */
  inside.live_count = 0;
  inside.ended(core);
}

/* --- the ways into a node; one that has ended does nothing */
static void inside_enter(void) {
  inside.passed++;
  inside.node = true;
}
static void inside_input(struct core *core, enum link_request_code code, uint64_t token, struct base_view payload,
                         int fd) {
  if (core == NULL)
    return;
  if (setjmp(inside.way_out) != 0) {
    process_ended(core);
    return;
  }
  inside_enter();
  core_input(core, code, token, payload, fd);
  inside.node = false;
}
static int64_t inside_settle(struct core *core, enum base_code *fatal, struct base_error *err) {
  if (core == NULL)
    return -1;
  if (setjmp(inside.way_out) != 0) {
    process_ended(core);
    return -1;
  }
  inside_enter();
  int64_t due = core_settle(core, fatal, err);
  inside.node = false;
  return due;
}
static enum base_code inside_shipped(struct core_shipped **out, struct base_error *err) {
  if (setjmp(inside.way_out) != 0) {
    process_ended(NULL);
    return base_fail(err, BASE_INTERNAL, "the process ended while it started");
  }
  inside_enter();
  enum base_code code = core_shipped_load(out, err);
  inside.node = false;
  return code;
}
static enum base_code inside_core_open(const struct core_environment *environment, struct core **out,
                                       struct base_error *err) {
  if (setjmp(inside.way_out) != 0) {
    process_ended(NULL);
    return base_fail(err, BASE_INTERNAL, "the process ended while it started");
  }
  inside_enter();
  enum base_code code = core_open(environment, out, err);
  inside.node = false;
  return code;
}
static enum base_code inside_keeper_open(int dir, const struct base_world *keeper_world, struct keeper **out,
                                         struct base_error *err) {
  if (setjmp(inside.way_out) != 0) {
    process_ended(NULL);
    return base_fail(err, BASE_INTERNAL, "the process ended while it started");
  }
  inside_enter();
  enum base_code code = keeper_open(dir, keeper_world, out, err);
  inside.node = false;
  return code;
}
#define core_input inside_input
#define core_settle inside_settle
#define core_open inside_core_open
#define keeper_open inside_keeper_open

#endif
