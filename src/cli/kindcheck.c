/* SPDX-License-Identifier: Apache-2.0
 * For whoever writes a kind of case: what is wrong with its files, all of it at once, and a file of labels to fill in. No
 * node is asked. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "kinds/kinds.h"
#include "wire/kind.h"

enum { PROGRAM_KINDS_MAX = 256 };

/* The program's own, by which lists are compared. */
struct program_kinds {
  size_t count;
  struct wire_kind kinds[PROGRAM_KINDS_MAX];
  const struct wire_kind *list[PROGRAM_KINDS_MAX];
  struct base_arena arena;
};

static bool ends_in(const char *name, const char *end) {
  size_t size = strlen(name), tail = strlen(end);
  return size > tail && strcmp(name + size - tail, end) == 0;
}

static enum base_code read_program(struct program_kinds *program, struct base_error *err) {
  enum base_code code = BASE_OK;
  base_arena_init(&program->arena, (size_t)PROGRAM_KINDS_MAX * WIRE_KIND_ARENA);
  for (size_t i = 0; i < kinds_count && code == BASE_OK && program->count < PROGRAM_KINDS_MAX; i++) {
    struct base_view bytes = base_view_of(kinds_files[i].data, kinds_files[i].size);
    if (ends_in(kinds_files[i].name, ".labels.json"))
      continue;
    struct base_hash hash = seal_sha256(bytes);
    code = wire_kind_parse(bytes, &hash, &program->arena, &program->kinds[program->count], err);
    program->list[program->count] = &program->kinds[program->count];
    program->count++;
  }
  return code;
}

static void program_free(struct program_kinds **program) {
  if (*program != NULL)
    base_arena_free(&(*program)->arena);
  free(*program);
}

/* --- kind check */

struct check {
  struct base_arena arena;
  struct wire_kind kind; /* when there are no faults of it */
  struct base_hash hash;
  struct wire_faults faults, label_faults, doubts;
};

static void check_free(struct check **check) {
  if (*check != NULL)
    base_arena_free(&(*check)->arena);
  free(*check);
}

static enum base_code look(struct check *check, struct base_view file, struct base_view labels,
                           struct base_error *err) {
  __attribute__((cleanup(program_free))) struct program_kinds *program = calloc(1, sizeof *program);
  if (program == NULL)
    return base_fail(err, BASE_MEMORY, "no memory for the program's kinds");
  struct wire_labels texts = {0};
  base_arena_init(&check->arena, WIRE_KIND_ARENA);
  check->hash = seal_sha256(file);
  enum base_code code = read_program(program, err);
  wire_kind_faults(file, &check->hash, &check->arena, &check->kind, &check->faults);
  if (code != BASE_OK || check->faults.count > 0)
    return code;
  wire_labels_faults(labels, &check->kind, &check->label_faults);
  bool whole = check->label_faults.count == 0;
  if (whole)
    code = wire_labels_parse(labels, &check->kind, &texts, err);
  if (code == BASE_OK)
    wire_kind_doubts(&check->kind, whole ? &texts : NULL, program->list, program->count, &check->doubts);
  for (size_t i = 0; i < program->count && code == BASE_OK; i++)
    if (base_view_equal(program->kinds[i].name, check->kind.name) &&
        !base_hash_equal(&program->kinds[i].hash, &check->hash))
      wire_faults_add(&check->doubts, BASE_CONFLICT,
                      "kind: $.name: %.*s is the program's own: a node takes an older version than %lld alone, and none "
                      "of a kind that needs no row",
                      (int)check->kind.name.size, (const char *)check->kind.name.data,
                      (long long)program->kinds[i].version);
  wire_labels_free(&texts);
  return code;
}

static void write_texts(struct wire_writer *writer, const char *key, const struct wire_faults *first,
                        const struct wire_faults *second) {
  wire_write_key(writer, key);
  wire_write_array(writer);
  for (size_t i = 0; i < first->count && i < WIRE_FAULTS_MAX; i++)
    wire_write_string(writer, first->list[i].text);
  for (size_t i = 0; second != NULL && i < second->count && i < WIRE_FAULTS_MAX; i++)
    wire_write_string(writer, second->list[i].text);
  wire_write_end(writer, ']');
}

static void print_json(struct cli *cli, const struct check *check) {
  struct wire_writer writer;
  wire_writer_init(&writer, &cli->out);
  wire_write_object(&writer);
  wire_write_member_bool(&writer, "sound", check->faults.count + check->label_faults.count == 0);
  wire_write_member_text(&writer, "name", check->kind.name);
  wire_write_member_integer(&writer, "version", check->kind.version);
  wire_write_member_hash(&writer, "hash", &check->hash);
  write_texts(&writer, "faults", &check->faults, &check->label_faults);
  write_texts(&writer, "warnings", &check->doubts, NULL);
  wire_write_end(&writer, '}');
  base_buf_text(&cli->out, "\n");
}

static void print_list(struct cli *cli, enum cli_word head, const struct wire_faults *faults) {
  if (faults->count == 0)
    return;
  cli_line(cli, "%s (%zu)\n", cli_word(cli, head), faults->count);
  for (size_t i = 0; i < faults->count && i < WIRE_FAULTS_MAX; i++) {
    struct base_view text = base_view_text(faults->list[i].text);
    base_buf_text(&cli->out, "  ");
    if (!cli_said(cli->language, text, cli->out_terminal && cli->language == WIRE_AR, &cli->out))
      cli_isolated(cli, &cli->out, text);
    base_buf_text(&cli->out, "\n");
  }
}

enum base_code cli_kind_check(struct cli *cli, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf file = {0}, labels = {0};
  __attribute__((cleanup(check_free))) struct check *check = calloc(1, sizeof *check);
  if (check == NULL)
    return base_fail(err, BASE_MEMORY, "no memory for the check");
  enum base_code code = cli_kind_files_read(cli, &file, &labels, err);
  if (code == BASE_OK)
    code = look(check, base_buf_view(&file), base_buf_view(&labels), err);
  if (code != BASE_OK)
    return code;
  size_t faults = check->faults.count + check->label_faults.count;
  if (cli->json) {
    print_json(cli, check);
  } else {
    print_list(cli, CLI_KIND_FAULTS, &check->faults);
    print_list(cli, CLI_KIND_LABEL_FAULTS, &check->label_faults);
    print_list(cli, CLI_KIND_DOUBTS, &check->doubts);
  }
  if (faults > 0)
    return base_fail(err, BASE_FIELD, "%s: %zu %s; a node does not take it", cli->words[0], faults,
                     faults == 1 ? "fault" : "faults");
  if (!cli->json) {
    cli_isolated(cli, &cli->out, check->kind.name);
    cli_line(cli, " %lld  ", (long long)check->kind.version);
    cli_isolated(cli, &cli->out, base_view_text(base_hash_text(&check->hash).text));
    cli_line(cli, "  %s\n", cli_word(cli, CLI_KIND_SOUND));
  }
  return BASE_OK;
}

/* --- kind labels */

/* The texts of a key that are there already: those of LABELS, else what the program's kinds say of the same code. */
static const struct wire_json *texts_of(const struct wire_json *own, struct wire_json *const *program, size_t count,
                                        const char *key) {
  const struct wire_json *texts = wire_json_get(wire_json_get(own, "texts"), key);
  bool common = strncmp(key, "code.", 5) == 0 || strncmp(key, "list.", 5) == 0;
  for (size_t i = 0; i < count && common && texts == NULL; i++)
    texts = wire_json_get(wire_json_get(program[i], "texts"), key);
  return texts;
}

struct labels_writing {
  struct cli *cli;
  const struct wire_json *own;
  size_t count;
  struct wire_json *program[PROGRAM_KINDS_MAX];
  bool comma;
};

static bool write_key(void *context, const char *key) {
  struct labels_writing *writing = context;
  struct base_buf *out = &writing->cli->out;
  const struct wire_json *texts = texts_of(writing->own, writing->program, writing->count, key);
  struct wire_writer writer;
  base_buf_printf(out, "%s\n    \"%s\": {", writing->comma ? "," : "", key);
  for (int language = 0; language < WIRE_LANGUAGES; language++) {
    base_buf_printf(out, "%s\"%s\": ", language > 0 ? ", " : "", wire_language_codes[language]);
    wire_writer_init(&writer, out);
    wire_write_text(&writer, wire_json_text(wire_json_get(texts, wire_language_codes[language])));
  }
  base_buf_text(out, "}");
  writing->comma = true;
  return true;
}

static enum base_code read_program_labels(struct labels_writing *writing, struct base_error *err) {
  enum base_code code = BASE_OK;
  for (size_t i = 0; i < kinds_count && code == BASE_OK && writing->count < PROGRAM_KINDS_MAX; i++)
    if (ends_in(kinds_files[i].name, ".labels.json"))
      code = wire_json_parse(base_view_of(kinds_files[i].data, kinds_files[i].size), WIRE_KIND_MAX, kinds_files[i].name,
                             &writing->program[writing->count++], err);
  return code;
}

enum base_code cli_kind_labels(struct cli *cli, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf file = {0}, labels = {0};
  BASE_AUTO_ARENA struct base_arena arena = {0};
  WIRE_AUTO_JSON struct wire_json *own = NULL;
  struct labels_writing writing = {.cli = cli};
  struct wire_kind kind;
  base_buf_init(&file, WIRE_KIND_MAX + 1);
  base_buf_init(&labels, WIRE_KIND_MAX + 1);
  base_arena_init(&arena, WIRE_KIND_ARENA);
  enum base_code code = cli_input_read(cli->words[0], WIRE_KIND_MAX, &file, err);
  if (code == BASE_OK && cli->word_count > 1)
    code = cli_input_read(cli->words[1], WIRE_KIND_MAX, &labels, err);
  struct base_hash hash = seal_sha256(base_buf_view(&file));
  if (code == BASE_OK)
    code = wire_kind_parse(base_buf_view(&file), &hash, &arena, &kind, err);
  if (code == BASE_OK && cli->word_count > 1)
    code = wire_json_parse(base_buf_view(&labels), WIRE_KIND_MAX, "labels", &own, err);
  if (code == BASE_OK)
    code = read_program_labels(&writing, err);
  if (code == BASE_OK) {
    writing.own = own;
    base_buf_printf(&cli->out, "{\n  \"wasl\": \"labels/1\",\n  \"kind\": \"%.*s\",\n  \"version\": %lld,\n  \"texts\": {",
                    (int)kind.name.size, (const char *)kind.name.data, (long long)kind.version);
    wire_labels_keys(&kind, write_key, &writing);
    base_buf_text(&cli->out, "\n  }\n}\n");
  }
  for (size_t i = 0; i < writing.count; i++)
    wire_json_free(writing.program[i]);
  return code;
}
