/* SPDX-License-Identifier: Apache-2.0
 * Two nodes exchange while the power goes, the disk is full, may not be written, or fails once: at every write point,
 * or every call; or while an allocation or another system call fails once. The story is told once; at each chosen point
 * a child process splits off, in which the fault strikes and the exchange must go on to its end. With --seed S --cut K
 * the same happens again. */
#include "powercut_story.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

enum {
  CHILD_SECONDS = 300,
  WHY_MAX = 3000,
  JOBS_MAX = 16,
  AT_ONCE = 250, /* points in one telling */
};

struct group {
  const char *name, *title;
  enum fault_kind kind;
  unsigned sample; /* in make test, … */
  unsigned
      seconds; /* … but no more in so many: on a machine that does much else the rest is left out, and it is said */
  unsigned long least; /* in make soak */
  enum { POINTS, CALLS, ALLOCATIONS, KERNEL_CALLS } where;
};
static const char *const where_names[] = {"points", "calls", "allocations", "system calls"};
static const char *const disk_names[DISKS] = {"rabat", "rabat's keeper", "paris", "paris' keeper"};
static const struct group groups[] = {
    {"cut", "power cut at every write point", FAULT_CUT, 500, 200, 10000, POINTS},
    {"full", "disk full from every write point on", FAULT_FULL, 40, 40, 0, POINTS},
    {"read-only", "disk read-only from every write point on", FAULT_READ_ONLY, 30, 40, 0, POINTS},
    {"error", "every call on the disk fails once", FAULT_ERROR, 60, 60, 0, CALLS},
    {"memory", "every allocation fails once", FAULT_MEMORY, 60, 60, 0, ALLOCATIONS},
    {"kernel", "every system call that is about no disk fails once", FAULT_KERNEL, 30, 30, 0, KERNEL_CALLS},
};
enum { GROUPS = sizeof groups / sizeof *groups };

/* A disk, or a node, that does not do what it should: some run must notice. */
struct broken {
  const char *name;
  unsigned lies, keeper_lies;
  bool careless;
};
static const struct broken broken_variants[] = {
    {"syncs that do nothing", DISK_LIE_SYNC, DISK_LIE_SYNC, false},
    {"syncs of folders that do nothing", DISK_LIE_SYNC_FOLDER, 0, false},
    {"a keeper's disk that does not sync", 0, DISK_LIE_SYNC, false},
    {"a database with synchronous=OFF", 0, 0, true},
};
enum { BROKEN = sizeof broken_variants / sizeof *broken_variants, BROKEN_SAMPLE = 60 };

struct shared { /* between the processes of a run */
  uint64_t points, calls;
  unsigned runs, failed;
  uint64_t failed_at, failed_variant;
  char why[WHY_MAX];
};
static struct {
  const char *program;
  const struct group *group;
  struct shared *shared;
  uint64_t seed, calls, disk_calls;
  uint64_t ends_calls, ends_passed; /* where the cryptographic library last asked for memory */
  uint64_t *chosen;                 /* points, in order */
  size_t chosen_count, next;
  unsigned long variants, first_variant, jobs;
  bool child, quiet, trace, until_failure;
  double deadline; /* 0: none */
  size_t chapter;
  struct job {
    pid_t pid;
    int output;
    uint64_t at, variant;
  } running[JOBS_MAX];
  size_t running_count;
} run;

static double now_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Nothing more is to be tried. */
static bool enough(void) {
  return (run.until_failure && run.shared->failed > 0) || (run.deadline > 0 && now_seconds() > run.deadline);
}

/* --- children */
static void read_why(int fd, char *out) {
  off_t size = lseek(fd, 0, SEEK_END);
  off_t from = size > WHY_MAX - 1 ? size - (WHY_MAX - 1) : 0;
  ssize_t got = pread(fd, out, WHY_MAX - 1, from);
  out[got > 0 ? got : 0] = '\0';
}
static void reap(void) {
  int status = 0;
  pid_t pid = waitpid(-1, &status, 0);
  for (size_t i = 0; i < run.running_count; i++) {
    struct job job = run.running[i];
    if (job.pid != pid)
      continue;
    run.shared->runs++;
    if (status != 0 && run.shared->failed++ == 0) {
      run.shared->failed_at = job.at;
      run.shared->failed_variant = job.variant;
      read_why(job.output, run.shared->why);
      size_t end = strlen(run.shared->why);
      if (WIFSIGNALED(status))
        snprintf(run.shared->why + end, WHY_MAX - end, "ended by signal %d", WTERMSIG(status));
    }
    close(job.output);
    run.running[i] = run.running[--run.running_count];
    return;
  }
}
/* True in the child. */
static bool split(uint64_t at, uint64_t variant) {
  while (run.running_count >= run.jobs)
    reap();
  int output = memfd_create("output", MFD_CLOEXEC);
  fflush(NULL);
  pid_t pid = fork();
  if (pid != 0) {
    if (pid < 0)
      wrong("no process");
    run.running[run.running_count++] = (struct job){pid, output, at, variant};
    return false;
  }
  if (!run.quiet) {
    close(output);
    output = dup(STDERR_FILENO);
  }
  dup2(output, STDERR_FILENO);
  dup2(output, STDOUT_FILENO);
  alarm(CHILD_SECONDS);
  run.child = true;
  uint64_t mix = run.seed + at * 0x9e3779b97f4a7c15u + variant * 0xc2b2ae3d27d4eb4fu;
  world.random = disk_random(&mix);
  return true;
}

/* --- the faults */
static int strike_cut(struct disk *disk) {
  struct site *site =
      disk == world.sites[0].disk || disk == world.sites[0].keeper_disk ? &world.sites[0] : &world.sites[1];
  uint64_t how = chance(10);
  if (how == 0) {
    cut_all(disk);
  } else if (how == 1) {
    cut_site(site, false, disk);
  } else if (how < 5 && disk == site->keeper_disk) {
    world.fault.cut[site == &world.sites[0] ? 1 : 3] = true;
  } else {
    cut_site(site, true, disk);
  }
  if (chance(4) == 0)
    world.fault.second = disk_points_total() + 1 + chance(150);
  return DISK_CUT;
}
static int strike(const struct disk_event *event) {
  world.fault.kind = run.group->kind;
  world.fault.struck = true;
  world.fault.disk = event->disk;
  fprintf(stderr, "# %s at %s of %s on the disk of %s, in \"%s\"\n", run.group->name, disk_call_name(event->call),
          event->name, disk_title(event->disk), chapters[run.chapter].name);
  switch (world.fault.kind) {
  case FAULT_CUT:
    return strike_cut(event->disk);
  case FAULT_FULL:
    world.fault.lasting = true;
    world.fault.asks_left = (unsigned)chance(6);
    disk_set_room(event->disk, disk_used(event->disk) + chance(4) * 4096);
    break;
  case FAULT_READ_ONLY:
    world.fault.lasting = true;
    world.fault.asks_left = (unsigned)chance(6);
    disk_set_read_only(event->disk, EROFS);
    break;
  default:
    break;
  }
  /* What was written while the disk failed must be as durable as ever. */
  if (chance(2) == 0)
    world.fault.second = disk_points_total() + 1 + chance(80);
  return world.fault.kind == FAULT_ERROR ? EIO : DISK_GO;
}
/* Killed, not cut off: what it wrote is there, what it held is not. */
static void process_gone(const struct core *core) {
  for (int i = 0; i < SITES; i++) {
    struct site *site = &world.sites[i];
    if (core == NULL ? site != world.starting : site->node.core != core)
      continue;
    disk_power_off(site->disk);
    disk_power_off(site->keeper_disk);
    /* In one process with its heir, SQLite would still keep its locks. */
    for (sqlite3_stmt *left; site->db != NULL && (left = sqlite3_next_stmt(site->db, NULL)) != NULL;)
      sqlite3_finalize(left);
    sqlite3_close(site->db);
    site->db = NULL;
    site->node.core = NULL;
    site->node.keeper = NULL;
  }
}
static int note_database(sqlite3 *db, char **why, const struct sqlite3_api_routines *routines) {
  (void)why;
  (void)routines;
  if (world.starting != NULL)
    world.starting->db = db;
  return SQLITE_OK;
}
/* The next chosen one has come. */
static bool chosen(uint64_t number) {
  if (run.next == run.chosen_count || run.chosen[run.next] != number)
    return false;
  run.next++;
  return !enough();
}
static int watch(void *context, const struct disk_event *event) {
  (void)context;
  run.disk_calls++;
  run.calls += run.group->where <= CALLS;
  bool point = event->call >= DISK_CREATE;
  if (run.child) {
    if (run.trace)
      fprintf(stderr, "%" PRIu64 " %s %s: %s\n", event->total, disk_call_name(event->call), event->name,
              disk_title(event->disk));
    if (!point || world.fault.second == 0 || event->total < world.fault.second)
      return DISK_GO;
    world.fault.second = 0;
    return strike_cut(event->disk);
  }
  bool calls = run.group->where == CALLS;
  if ((!point && !calls) || run.group->where > CALLS || !chosen(calls ? run.calls : event->total))
    return DISK_GO;
  for (unsigned long variant = run.first_variant; variant < run.first_variant + run.variants; variant++)
    if (split(run.chosen[run.next - 1], variant))
      return strike(event);
  return DISK_GO;
}
/* Where the cryptographic library has no memory the process ends, so between two calls to the disk, and without a word
 * to anybody outside, one of its allocations is like the other: what is left of the process is the same. */
static bool ends_as_before(void) {
  bool same = run.ends_calls == run.disk_calls && run.ends_passed == inside.passed;
  run.ends_calls = run.disk_calls;
  run.ends_passed = inside.passed;
  return same;
}
/* An allocation, or a call to the kernel: true when it is to fail. */
static bool watch_inside(const char *what) {
  bool ends = what == inside_ends, allocation = ends || strcmp(what, "allocation") == 0;
  if (run.child || !inside.node || inside.again || run.group->where != (allocation ? ALLOCATIONS : KERNEL_CALLS))
    return false;
  if ((ends && ends_as_before()) || !chosen(++run.calls))
    return false;
  inside.node = false; /* what splits off a process allocates too */
  bool child = false;
  for (unsigned long variant = run.first_variant; variant < run.first_variant + run.variants && !child; variant++)
    child = split(run.chosen[run.next - 1], variant);
  if (child) {
    world.fault.kind = run.group->kind;
    world.fault.struck = true;
    fprintf(stderr, "# %s: %s fails, in \"%s\"\n", run.group->name, what, chapters[run.chapter].name);
  }
  inside.node = true;
  return child;
}

/* --- a run */
static void make_world(const struct broken *broken) {
  disk_seed(run.seed);
  world.random = run.seed;
  for (int i = 0; i < SITES; i++) {
    struct site *site = &world.sites[i];
    const char *name = disk_names[2 * i];
    site->disk = disk_new(name);
    site->keeper_disk = disk_new(disk_names[2 * i + 1]);
    site->root = disk_open(site->disk, ".");
    site->keeper_root = disk_open(site->keeper_disk, ".");
    pair_make_at(&site->node, name, name, site->root, site->keeper_root);
    fsync(site->root);
    fsync(site->keeper_root);
    if (broken != NULL) {
      disk_set_lies(site->disk, broken->lies);
      disk_set_lies(site->keeper_disk, broken->keeper_lies);
      world.careless = broken->careless;
    }
  }
  disk_seed(run.seed);
}
static void free_world(void) {
  for (int i = 0; i < SITES; i++) {
    struct site *site = &world.sites[i];
    close(site->root);
    close(site->keeper_root);
    base_buf_free(&site->node.card);
    disk_free(site->disk);
    disk_free(site->keeper_disk);
  }
}
/* Both nodes end, and nothing that they allocated is left. */
static void no_leak(void) {
  inside.fails = NULL;
  for (int i = 0; i < SITES; i++)
    pair_close(&world.sites[i].node);
  if (run.group->where == ALLOCATIONS)
    core_shipped_free(pair_kinds);
  if (inside.live_count > 0)
    wrong("%zu allocations are left over, one of them made at %p (addr2line -e %s)", inside.live_count, live_left(),
          run.program);
}
/* What the nodes know of the program's kinds they read within the story where allocations fail; else it was read before. */
static void read_kinds(void) {
  struct base_error err = {0};
  pair_kinds = NULL;
  if (inside_shipped(&pair_kinds, &err) != BASE_OK && (!run.child || inside_shipped(&pair_kinds, &err) != BASE_OK))
    wrong("the program's kinds: %s", err.text);
}
/* Tells the story, in this process and those that split off. */
static void tell(const struct broken *broken) {
  make_world(broken);
  disk_set_watch(watch, NULL);
  inside.ended = process_gone;
  sqlite3_auto_extension((void (*)(void))note_database);
  inside_watch(watch_inside);
  if (run.group->where == ALLOCATIONS)
    read_kinds();
  for (run.chapter = 0; run.chapter < CHAPTERS; run.chapter++) {
    chapters[run.chapter].tell();
    if (run.child) {
      epilogue(run.chapter);
      no_leak();
      _exit(0);
    }
  }
  while (run.running_count > 0)
    reap();
  run.shared->points = disk_points_total();
  run.shared->calls = run.calls;
  check_world();
  no_leak();
  inside_watch(NULL);
  disk_set_watch(NULL, NULL);
  free_world();
}
/* The same in a process of its own, so that each run begins from nothing. False when the story itself fails. */
static bool tell_apart(const struct broken *broken) {
  fflush(NULL);
  pid_t pid = fork();
  if (pid == 0) {
    int nothing = open("/dev/null", O_WRONLY);
    if (run.quiet)
      dup2(nothing, STDERR_FILENO);
    run.calls = run.next = 0;
    tell(broken);
    _exit(0);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  return status == 0;
}

/* --- what is chosen */
static int by_number(const void *a, const void *b) {
  uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
  return left < right ? -1 : left > right;
}
static void choose(uint64_t all, size_t count) {
  uint64_t state = run.seed ^ 0x70757265u;
  run.chosen = realloc(run.chosen, (all + 1) * sizeof *run.chosen);
  for (uint64_t i = 0; i < all; i++)
    run.chosen[i] = i + 1;
  if (count > all)
    count = all;
  for (uint64_t i = 0; i < count; i++) {
    uint64_t with = i + disk_random(&state) % (all - i), kept = run.chosen[i];
    run.chosen[i] = run.chosen[with];
    run.chosen[with] = kept;
  }
  run.chosen_count = count;
}
/* Tells the story with all that is chosen, some at a time, so that no part of it is left out when time runs short. */
static bool tell_chosen(const struct broken *broken) {
  uint64_t *all = run.chosen;
  size_t count = run.chosen_count;
  bool told = true;
  memset(run.shared, 0, sizeof *run.shared);
  for (size_t first = 0; told && first < count && !enough(); first += AT_ONCE) {
    run.chosen = all + first;
    run.chosen_count = count - first < AT_ONCE ? count - first : AT_ONCE;
    qsort(run.chosen, run.chosen_count, sizeof *run.chosen, by_number);
    told = tell_apart(broken);
  }
  run.chosen = all;
  run.chosen_count = count;
  return told;
}
/* How many points or calls there are. */
static uint64_t measure(void) {
  run.chosen_count = 0;
  memset(run.shared, 0, sizeof *run.shared);
  if (!tell_apart(NULL))
    return 0;
  return run.group->where == POINTS ? run.shared->points : run.shared->calls;
}

/* A line of JSON for a page of results, in build/faults beside the folder of this program. */
static void write_result(const char *file, const char *name, bool begin, bool passed, uint64_t points, double seconds) {
  char path[PATH_MAX];
  const char *slash = strrchr(run.program, '/');
  int size = slash == NULL ? 0 : (int)(slash - run.program) + 1;
  snprintf(path, sizeof path, "%.*s../faults", size, run.program);
  mkdir(path, 0777);
  snprintf(path, sizeof path, "%.*s../faults/powercut-%s.json", size, run.program, file);
  FILE *out = fopen(path, begin ? "w" : "a");
  if (out == NULL)
    return;
  fprintf(out,
          "{\"name\":\"%s\",\"points\":%" PRIu64 ",\"runs\":%u,\"failed\":%u,\"seed\":%" PRIu64
          ",\"seconds\":%.0f,\"result\":\"%s\"}\n",
          name, points, run.shared->runs, run.shared->failed, run.seed, seconds, passed ? "passed" : "failed");
  fclose(out);
}
static bool run_group(const struct group *group, bool soak, unsigned long sample) {
  double began = now_seconds();
  run.group = group;
  uint64_t all = measure();
  if (all == 0) {
    printf("not ok %s: the story fails without any fault, seed %" PRIu64 "\n", group->title, run.seed);
    return false;
  }
  choose(all, sample > 0 ? sample : soak ? all : group->sample);
  run.first_variant = 0;
  run.variants = soak && sample == 0 && group->least > all ? (group->least + all - 1) / all : 1;
  run.deadline = soak || sample > 0 ? 0 : now_seconds() + group->seconds;
  bool told = tell_chosen(NULL), passed = told && run.shared->failed == 0 && run.shared->runs > 0;
  run.deadline = 0;
  printf("%s %s: %u runs at %zu of %" PRIu64 " %s, %u failed, seed %" PRIu64 "\n", passed ? "ok" : "not ok",
         group->title, run.shared->runs, run.chosen_count, all, where_names[group->where], run.shared->failed,
         run.seed);
  if (run.shared->runs < run.chosen_count * run.variants)
    printf("# %zu chosen points were left out: no time\n", run.chosen_count - run.shared->runs / run.variants);
  if (run.shared->failed > 0)
    printf("# again: %s --group %s --seed %" PRIu64 " --cut %" PRIu64 " --variant %" PRIu64 "\n%s\n", run.program,
           group->name, run.seed, run.shared->failed_at, run.shared->failed_variant, run.shared->why);
  write_result(group->name, group->title, true, passed, all, now_seconds() - began);
  fflush(stdout);
  return passed;
}
static bool run_broken(const struct broken *broken, unsigned long sample) {
  double began = now_seconds();
  char name[100];
  run.group = &groups[0];
  uint64_t all = measure();
  choose(all, sample);
  run.first_variant = 0;
  run.variants = 1;
  run.until_failure = true;
  tell_chosen(broken);
  bool caught = run.shared->failed > 0;
  snprintf(name, sizeof name, "caught: %s", broken->name);
  printf("%s %s: run %u fails, seed %" PRIu64 "\n", caught ? "ok" : "not ok", name, run.shared->runs, run.seed);
  write_result("broken", name, broken == broken_variants, caught, all, now_seconds() - began);
  fflush(stdout);
  return caught;
}
/* One fault again, with all that it says. */
static bool run_once(const struct group *group, uint64_t at, uint64_t variant) {
  run.group = group;
  run.chosen = realloc(run.chosen, sizeof *run.chosen);
  run.chosen[0] = at;
  run.chosen_count = 1;
  run.first_variant = variant;
  run.variants = 1;
  run.quiet = false;
  bool told = tell_apart(NULL), good = told && run.shared->runs == 1 && run.shared->failed == 0;
  puts(good ? "ok" : "not ok");
  return good;
}

static const struct group *group_named(const char *name) {
  for (size_t i = 0; i < GROUPS; i++)
    if (strcmp(groups[i].name, name) == 0)
      return &groups[i];
  return NULL;
}

struct wish {
  const struct group *group; /* NULL: all, and the broken variants */
  uint64_t cut, variant;     /* cut 0: no single one */
  unsigned long sample;      /* 0: as the group says */
};
static bool read_words(int count, char **words, struct wish *out) {
  static const struct option options[] = {{"group", required_argument, NULL, 'g'},
                                          {"seed", required_argument, NULL, 's'},
                                          {"cut", required_argument, NULL, 'c'},
                                          {"variant", required_argument, NULL, 'v'},
                                          {"sample", required_argument, NULL, 'n'},
                                          {"jobs", required_argument, NULL, 'j'},
                                          {"trace", no_argument, NULL, 't'},
                                          {"until-failure", no_argument, NULL, 'u'},
                                          {0}};
  for (int option; (option = getopt_long(count, words, "", options, NULL)) != -1;) {
    uint64_t number = optarg != NULL ? strtoull(optarg, NULL, 10) : 0;
    switch (option) {
    case 'g':
      if ((out->group = group_named(optarg)) == NULL)
        return false;
      break;
    case 's':
      run.seed = number;
      break;
    case 'c':
      out->cut = number;
      break;
    case 'v':
      out->variant = number;
      break;
    case 'n':
      out->sample = number;
      break;
    case 'j':
      run.jobs = number > 0 && number < JOBS_MAX ? number : 1;
      break;
    case 't':
      run.trace = true;
      break;
    case 'u':
      run.until_failure = true;
      break;
    default:
      return false;
    }
  }
  return true;
}

int main(int count, char **words) {
  const char *seed = getenv("WASL_SEED"), *soaking = getenv("WASL_SOAK");
  bool soak = soaking != NULL && *soaking != '\0' && strcmp(soaking, "0") != 0, good = true;
  struct wish wish = {0};
  inside_crypto();
  run.program = words[0];
  run.quiet = true;
  run.jobs = soak ? 2 : 1;
  run.seed = seed != NULL ? strtoull(seed, NULL, 10) : (uint64_t)time(NULL) % 1000000;
  run.shared = mmap(NULL, sizeof *run.shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (run.shared == MAP_FAILED || !read_words(count, words, &wish))
    return 2;
  (void)pair_shipped(NULL);
  if (wish.cut > 0)
    return run_once(wish.group == NULL ? &groups[0] : wish.group, wish.cut, wish.variant) ? 0 : 1;
  for (size_t i = 0; i < GROUPS; i++)
    if (wish.group == NULL || wish.group == &groups[i])
      good = run_group(&groups[i], soak, wish.sample) && good;
  for (size_t i = 0; wish.group == NULL && i < BROKEN; i++)
    good = run_broken(&broken_variants[i], BROKEN_SAMPLE) && good;
  free(run.chosen);
  return good ? 0 : 1;
}
