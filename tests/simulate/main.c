/* SPDX-License-Identifier: Apache-2.0
 * simulate: runs of the simulator.
 *
 *   simulate --seed S [--nodes N] [--verbose]          one run, and its trace
 *   simulate --from S --runs N [--seconds T] [--json FILE]   many: ends at the first violation, or after so many, or so
 * long
 *
 * --traces prints the hash of each run's trace: the same for the same seed and number of nodes. */
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <time.h>

#include "simulate/law.h"

struct options {
  uint64_t from, runs;
  unsigned nodes;
  double seconds;
  bool verbose, traces;
  const char *json, *name;
};

struct totals {
  uint64_t runs, simulated_ms, villains[SIM_VILLAINS], most_nodes;
  struct sim_counts counts;
  double real, cpu;
};

static struct sim *running;

/* Log lines of core and keeper belong to the run, not to stderr. */
void __wrap_base_log(enum base_level level, const char *event, const char *format, ...);
void __wrap_base_log(enum base_level level, const char *event, const char *format, ...) {
  char text[SIM_LINE];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (running != NULL && level <= BASE_LOG_NOTICE)
    sim_say(running, running->stepping, "  %s: %s", event, text);
}

static double seconds(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void add(struct totals *totals, const struct sim *sim) {
  uint64_t *sum = (uint64_t *)&totals->counts;
  const uint64_t *one = (const uint64_t *)&sim->counts;
  for (size_t i = 0; i < sizeof sim->counts / sizeof *one; i++)
    sum[i] += one[i];
  totals->counts.judged += sim->law->judged;
  totals->counts.unlawful += sim->law->refused;
  totals->runs++;
  totals->simulated_ms += (uint64_t)sim->now_ms;
  totals->villains[sim->profile.villain]++;
  if (sim->node_count > totals->most_nodes)
    totals->most_nodes = sim->node_count;
}

static void tell_violation(const struct sim *sim, const struct options *options) {
  printf("\nseed %" PRIu64 ": VIOLATED: %s\n  %s\n  %u nodes, villain: %s\n  the last events:\n", sim->seed,
         sim->invariant, sim->violation, sim->node_count, sim_villain_name(sim->profile.villain));
  size_t first = sim->shown_count > SIM_EVENTS_SHOWN ? sim->shown_count - SIM_EVENTS_SHOWN : 0;
  for (size_t i = first; i < sim->shown_count && !sim->verbose; i++)
    printf("    %s\n", sim->shown[i % SIM_EVENTS_SHOWN]);
  printf("  again: build/tests/simulate --seed %" PRIu64, sim->seed);
  if (options->nodes > 0)
    printf(" --nodes %u", options->nodes);
  printf(" --verbose\n");
}

static void tell_totals(const struct totals *totals) {
  const struct sim_counts *counts = &totals->counts;
  double simulated = (double)totals->simulated_ms / 1000;
  printf("# %" PRIu64 " runs, up to %" PRIu64
         " nodes: %.1f h simulated in %.1f s (%.1f of the processor), %.0f times as fast\n",
         totals->runs, totals->most_nodes, simulated / 3600, totals->real, totals->cpu, simulated / totals->real);
  printf("# %" PRIu64 " consignments, %" PRIu64 " answered exchanges (%.0f a second), %" PRIu64
         " messages acknowledged, %" PRIu64 " parts, %" PRIu64 " refused by law\n",
         counts->consignments, counts->exchanges, (double)counts->exchanges / totals->real, counts->messages,
         counts->parts, counts->denied);
  printf("# %" PRIu64 " events, %" PRIu64 " starts, %" PRIu64 " kills, %" PRIu64 " power cuts between steps, %" PRIu64
         " at a write point, %" PRIu64 " disk errors, %" PRIu64 " cuts of lines, %" PRIu64 " clock jumps\n",
         counts->events, counts->starts, counts->kills, counts->power_cuts, counts->crashes, counts->disk_errors,
         counts->cuts, counts->jumps);
  printf("# %" PRIu64 " older disks put in place, %" PRIu64 " messages came back, %" PRIu64 " were erased, %" PRIu64
         " changes of keys, %" PRIu64 " forks or roll-backs noticed, %" PRIu64 " lies, %" PRIu64
         " consignments of another version refused\n",
         counts->restores, counts->returned, counts->erased, counts->rotated, counts->noticed, counts->lies,
         counts->refused_versions);
  printf("# %" PRIu64 " judged by their terms, %" PRIu64 " refused by them, %" PRIu64 " passed on, %" PRIu64
         " recalled, %" PRIu64 " in cases of all other kinds, %" PRIu64 " certified to have ended with theirs, %" PRIu64
         " exercises, %" PRIu64 " fed from one case into another, %" PRIu64 " held\n",
         counts->judged, counts->unlawful, counts->passed, counts->recalls, counts->drawn, counts->certified,
         counts->exercises, counts->fed, counts->held);
}

static bool write_json(const struct options *options, const struct totals *totals, const struct sim *failed) {
  FILE *file = fopen(options->json, "w");
  if (file == NULL) {
    perror(options->json);
    return false;
  }
  const struct sim_counts *counts = &totals->counts;
  double simulated = (double)totals->simulated_ms / 1000;
  fprintf(file,
          "{\"name\":\"%s\",\"runs\":%" PRIu64 ",\"seeds\":{\"from\":%" PRIu64 ",\"to\":%" PRIu64
          "},\"result\":\"%s\",",
          options->name, totals->runs, options->from, options->from + totals->runs - 1,
          failed == NULL ? "passed" : "violated");
  if (failed != NULL)
    fprintf(file, "\"seed\":%" PRIu64 ",\"invariant\":\"%s\",", failed->seed, failed->invariant);
  fprintf(file,
          "\"figures\":{\"most_nodes\":%" PRIu64
          ",\"simulated_seconds\":%.0f,\"real_seconds\":%.1f,\"cpu_seconds\":%.1f,\"times_as_fast\":%.0f,"
          "\"consignments\":%" PRIu64 ",\"exchanges\":%" PRIu64 ",\"exchanges_per_second\":%.0f,\"messages\":%" PRIu64
          ",\"parts\":%" PRIu64 ",\"starts\":%" PRIu64 ",\"kills\":%" PRIu64 ",\"power_cuts\":%" PRIu64
          ",\"crashes_at_write_points\":%" PRIu64 ",\"disk_errors\":%" PRIu64 ",\"line_cuts\":%" PRIu64
          ",\"clock_jumps\":%" PRIu64 ",\"restores\":%" PRIu64 ",\"returned\":%" PRIu64 ",\"erased\":%" PRIu64
          ",\"rotated\":%" PRIu64 ",\"noticed\":%" PRIu64 ",\"lies\":%" PRIu64 ",\"refused_versions\":%" PRIu64 "}}\n",
          totals->most_nodes, simulated, totals->real, totals->cpu, simulated / totals->real, counts->consignments,
          counts->exchanges, (double)counts->exchanges / totals->real, counts->messages, counts->parts, counts->starts,
          counts->kills, counts->power_cuts, counts->crashes, counts->disk_errors, counts->cuts, counts->jumps,
          counts->restores, counts->returned, counts->erased, counts->rotated, counts->noticed, counts->lies,
          counts->refused_versions);
  return fclose(file) == 0;
}

static int usage(void) {
  fprintf(stderr, "usage: simulate --seed S [--nodes N] [--verbose]\n"
                  "       simulate --from S --runs N [--seconds T] [--nodes N] [--traces] [--json FILE --name NAME]\n");
  return 2;
}

static bool read_options(int argc, char **argv, struct options *options) {
  static const struct option known[] = {{"seed", 1, NULL, 's'},  {"from", 1, NULL, 'f'},    {"runs", 1, NULL, 'r'},
                                        {"nodes", 1, NULL, 'n'}, {"seconds", 1, NULL, 't'}, {"json", 1, NULL, 'j'},
                                        {"name", 1, NULL, 'm'},  {"verbose", 0, NULL, 'v'}, {"traces", 0, NULL, 'c'},
                                        {NULL, 0, NULL, 0}};
  *options = (struct options){.runs = 1, .name = "simulator"};
  for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
    uint64_t number = 0;
    bool numeric = strchr("sfrnt", option) != NULL;
    if (option == '?' || (numeric && !base_decimal_parse(base_view_text(optarg), &number)))
      return false;
    if (option == 's' || option == 'f')
      options->from = number;
    if (option == 's')
      options->traces = true;
    else if (option == 'r')
      options->runs = number;
    else if (option == 'n')
      options->nodes = (unsigned)(number < SIM_NODES_MAX ? number : SIM_NODES_MAX);
    else if (option == 't')
      options->seconds = (double)number;
    else if (option == 'j')
      options->json = optarg;
    else if (option == 'm')
      options->name = optarg;
    else if (option == 'c')
      options->traces = true;
    else if (option == 'v')
      options->verbose = true;
  }
  return optind == argc && options->nodes != 1;
}

int main(int argc, char **argv) {
  static struct sim sim, failed;
  struct options options;
  struct totals totals = {0};
  if (!read_options(argc, argv, &options))
    return usage();
  struct rlimit files;
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files);
  }
  wire_json_seed(1);
  seal_start();
  double began = seconds(CLOCK_MONOTONIC);
  bool violated = false;
  while (!violated && totals.runs < options.runs &&
         (options.seconds == 0 || seconds(CLOCK_MONOTONIC) - began < options.seconds)) {
    running = &sim;
    sim_run(&sim, options.from + totals.runs, options.nodes, options.verbose);
    add(&totals, &sim);
    violated = sim.violated;
    if (violated) {
      failed = sim;
      tell_violation(&sim, &options);
    }
    running = NULL;
    uint64_t trace = sim.trace;
    sim_end(&sim);
    if (options.traces)
      printf("seed %" PRIu64 ": trace %016" PRIx64 "\n", sim.seed, trace);
  }
  totals.real = seconds(CLOCK_MONOTONIC) - began;
  totals.cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
  if (!violated && totals.runs < options.runs)
    printf("# the time was over after %" PRIu64 " of %" PRIu64 " runs\n", totals.runs, options.runs);
  tell_totals(&totals);
  sim_pool_free();
  bool written = options.json == NULL || write_json(&options, &totals, violated ? &failed : NULL);
  printf("%s simulate: %" PRIu64 " seeds from %" PRIu64 "\n", violated ? "not ok" : "ok", totals.runs, options.from);
  return violated || !written ? 1 : 0;
}
