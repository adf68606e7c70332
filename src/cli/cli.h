/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CLI_H
#define WASL_CLI_H

#include "cli/words.h"
#include "seal/seal.h"

/* The command line: a table of commands, what was given to the one that runs, and what they share: the local API,
 * columns for people, progress. */

enum { CLI_WORDS_MAX = 8, CLI_OPTIONS_MAX = 512 };

struct cli_option {
  const char *name, *value;
};
struct cli;
struct cli_command {
  const char *words;   /* "case open" */
  const char *usage;   /* what follows them, for help */
  const char *options; /* those allowed, in one text: " --to= --field= --example "; `=`: takes a value */
  size_t least, most;  /* words that follow the command's own */
  enum base_code (*run)(struct cli *cli, struct base_error *err);
  const char *help;    /* one line */
  const char *example; /* what follows "wasl " */
};
extern const struct cli_command cli_commands[];
extern const size_t cli_command_count;

struct cli {
  const struct cli_command *command;
  const char *program; /* argv[0]: the other programs stand beside it */
  const char *node;    /* the node's folder: -n DIR or WASL_NODE; NULL when neither is there */
  bool node_given;     /* by -n */
  bool json;
  bool out_terminal, err_terminal;
  enum wire_language language;
  const struct base_world *world;
  size_t word_count, option_count;
  const char *words[CLI_WORDS_MAX];
  struct cli_option options[CLI_OPTIONS_MAX];
  struct base_buf out; /* goes to stdout when the command has succeeded */
};

/* Everything: reads the arguments, runs the command, prints, and gives the exit code. */
int cli_main(int argc, char **argv);

/* --- what was given (args.c) */
/* Fills command, words and options; argv stays borrowed. BASE_USAGE with what is wrong and how to say it: an option given
 * twice too, unless it may stand often. */
BASE_NODISCARD enum base_code cli_args_read(struct cli *cli, int argc, char **argv, struct base_error *err);
const struct cli_command *cli_command_find(int argc, char **argv, int *used); /* NULL when there is none */
const char *cli_option(const struct cli *cli, const char *name);              /* the last value; NULL when absent */
bool cli_has(const struct cli *cli, const char *name);
BASE_NODISCARD enum base_code cli_need(const struct cli *cli, const char *name, const char **out,
                                       struct base_error *err);
BASE_NODISCARD enum base_code cli_usage(const struct cli *cli, struct base_error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Splits "a,b,c" at its commas and calls each; an empty piece is wrong use. */
BASE_NODISCARD enum base_code cli_split(const struct cli *cli, const char *list, const char *what,
                                        enum base_code (*each)(void *context, struct base_view piece,
                                                               struct base_error *err),
                                        void *context, struct base_error *err);
/* ar_MA.UTF-8 → WIRE_AR; anything unknown is English. */
enum wire_language cli_language(const char *locale);

/* --- help (help.c) */
bool cli_help_asked(int argc, char **argv); /* `help`, --help or -h, wherever it stands before a lone -- */
/* Of the command, of the group ("case") or of all, as the words name it. BASE_USAGE when they name nothing. */
BASE_NODISCARD enum base_code cli_help(struct cli *cli, int argc, char **argv, struct base_error *err);
void cli_help_command(struct cli *cli, const struct cli_command *command);
/* "open, send, list, show, export" of "case"; false when there is no such group. */
bool cli_help_group_words(const char *group, struct base_buf *out);
/* What an option of this command, or a word of its usage, means; NULL when it is not explained. value: what it takes. */
const char *cli_help_option(const struct cli_command *command, struct base_view name, const char **value);
const char *cli_help_word(const struct cli_command *command, struct base_view word);
/* The next word of the command's usage from *at on that is given as it stands, such as CASE: no option, and no value of one. */
bool cli_help_next_word(const struct cli_command *command, const char **at, struct base_view *word);

/* --- persons (person.c) */
enum { CLI_TOKEN_MAX = 128 };
/* The token that WASL_TOKEN_FILE or WASL_TOKEN names, appended to out, which is initialised here; empty: neither is
 * there, and the node's owner asks. */
BASE_NODISCARD enum base_code cli_token_read(struct base_buf *out, struct base_error *err);
/* --roles as the member "roles" of an object that is open; nothing when it was not given. */
BASE_NODISCARD enum base_code cli_lanes_write(struct cli *cli, struct wire_writer *writer, struct base_error *err);
BASE_NODISCARD enum base_code cli_roles_write(struct cli *cli, struct wire_writer *writer, struct base_error *err);

/* --- the local API (api.c) */
struct cli_answer {
  struct base_buf text;
  struct wire_json *json;
};
void cli_answer_free(struct cli_answer *answer);
#define CLI_AUTO_ANSWER __attribute__((cleanup(cli_answer_free)))
/* out must be zeroed. The path is made by cli_path. A problem document becomes the error, with its code. */
BASE_NODISCARD enum base_code cli_get(struct cli *cli, struct cli_answer *out, struct base_error *err,
                                      const char *format, ...) __attribute__((format(printf, 4, 5)));
/* body: a JSON document */
BASE_NODISCARD enum base_code cli_post(struct cli *cli, const char *path, struct base_view body, struct cli_answer *out,
                                       struct base_error *err);
/* The same without a token, by who is yet to log in. */
BASE_NODISCARD enum base_code cli_post_as_nobody(struct cli *cli, const char *path, struct base_view body,
                                                 struct cli_answer *out, struct base_error *err);
/* How content is asked for, as a query, percent-encoded: for an export, of which message a part is (NULL: of any), and for
 * which purpose, where --reason says one. "" when there is nothing to say. */
enum { CLI_REASON_MAX = 1000 }; /* bytes; core takes as many */
struct cli_purpose {
  char text[64 + BASE_HEX_ID + 3 * CLI_REASON_MAX + 1];
};
struct cli_reading {
  bool exports;
  const char *message;
};
/* --message, NULL when it was not given. */
BASE_NODISCARD enum base_code cli_part_named(const struct cli *cli, const char **out, struct base_error *err);
BASE_NODISCARD enum base_code cli_purpose(const struct cli *cli, struct cli_reading reading, struct cli_purpose *out,
                                          struct base_error *err);
/* A path piece or query value, percent-encoded (RFC 3986). */
struct cli_piece {
  char text[3 * 256 + 1];
};
struct cli_piece cli_piece(struct base_view text);
/* Streams a file up; fd at its start, size bytes. */
BASE_NODISCARD enum base_code cli_upload(struct cli *cli, const char *path, int fd, uint64_t size, const char *label,
                                         struct cli_answer *out, struct base_error *err);
/* body: octets */
BASE_NODISCARD enum base_code cli_post_octets(struct cli *cli, const char *path, struct base_view body,
                                              struct cli_answer *out, struct base_error *err);
/* A POST without a body, whose answer is octets: appended to out. */
BASE_NODISCARD enum base_code cli_fetch(struct cli *cli, const char *path, struct base_buf *out, struct base_error *err);
/* Streams an answer down, piece by piece. */
struct cli_sink {
  void *context;
  enum base_code (*take)(void *context, struct base_view piece, struct base_error *err);
};
BASE_NODISCARD enum base_code cli_download(struct cli *cli, const char *path, struct cli_sink sink, uint64_t size,
                                           const char *label, struct base_error *err);
/* An answer without an end, piece by piece, until sink fails or the node ends it. */
BASE_NODISCARD enum base_code cli_listen(struct cli *cli, const char *path, struct cli_sink sink,
                                         struct base_error *err);
/* The octets of one part into fd, with the hash checked. size 0: not known (for progress alone). */
BASE_NODISCARD enum base_code cli_part_fetch(struct cli *cli, struct cli_reading reading,
                                             const struct base_hash *sha256, uint64_t size, int fd, uint64_t *out_size,
                                             struct base_error *err);
/* --- files (files.c). A name of "-" is standard input or standard output. */
/* A whole file or stream of at most max bytes, appended to out, which must take one more; errors name it. */
BASE_NODISCARD enum base_code cli_input_read(const char *name, size_t max, struct base_buf *out, struct base_error *err);
/* An open file that can be read from any place; what is a pipe is first copied into a file without a name (TMPDIR). */
BASE_NODISCARD enum base_code cli_input_open(const struct cli *cli, const char *name, int *out, uint64_t *size,
                                             struct base_error *err);
/* BASE_FIELD when something else than an ordinary file has this name: a device, a folder, a link is never replaced. */
BASE_NODISCARD enum base_code cli_may_replace(int dir, const char *name, struct base_error *err);
bool cli_to_stdout(const char *name);
/* A file being made, for its owner alone. It has its name when it is whole, and nothing is left of it otherwise. */
struct cli_output {
  int dir, fd; /* fd: to be written, and read again */
  const char *name;
  bool named; /* lies under the temporary name */
  char temporary[4096];
};
BASE_NODISCARD enum base_code cli_output_open(struct cli *cli, int dir, const char *name, struct cli_output *out,
                                              struct base_error *err);
/* code: how writing ended, with err as it was filled. BASE_OK: made durable and put in place, or copied to standard
 * output. */
BASE_NODISCARD enum base_code cli_output_end(struct cli_output *out, enum base_code code, struct base_error *err);

/* BASE_EXISTS when there is anything in the open folder. */
BASE_NODISCARD enum base_code cli_empty_folder(int dir, const char *path, struct base_error *err);
/* The node's present card: from the node, or, when it does not run, from its folder. */
BASE_NODISCARD enum base_code cli_own_card(struct cli *cli, struct base_buf *bytes, struct base_arena *arena,
                                           struct wire_card *out, struct base_error *err);
/* Prints the answer as it came, when --json was given. */
bool cli_print_json(struct cli *cli, const struct cli_answer *answer);

/* --- for people (text.c) */
void cli_line(struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* One line on stderr; an English sentence of the table in its language. */
void cli_note(const struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "wasl: …" on stderr: the error's sentence after what the error is in a word, both in their language. */
void cli_complain(const struct cli *cli, const struct base_error *err);
/* "warning: …" on stderr, one line likewise; name: of which file, or NULL. */
void cli_warn(const struct cli *cli, const char *name, struct base_view english);
/* An English sentence of ours, said in this language with the same values (said.c); isolate: these keep their order among
 * Arabic. False, and out is as it was: in English, and where the table has no such sentence. */
bool cli_said(enum wire_language language, struct base_view english, bool isolate, struct base_buf *out);
/* Such a sentence as a node or the program tells it, for stdout: said in their language, or in English where the table has none. */
void cli_sentence(const struct cli *cli, struct base_buf *out, struct base_view english);
const char *cli_code_text(enum wire_language language, enum base_code code);
const char *cli_word(const struct cli *cli, enum cli_word word);
const char *cli_word_in(enum cli_word word, enum wire_language language);
/* The label of a code in the catalogue (states of outbox and partner …); the code itself when there is none. */
struct base_view cli_code_word(const struct cli *cli, struct base_view code);
void cli_text(struct cli *cli, struct base_view text); /* made printable */
/* Many lines, each made printable and moved in by this many spaces. */
void cli_block(struct cli *cli, struct base_view text, unsigned indent);
/* An identifier: isolated from the Arabic around it; on a terminal an id is cut to its first digits. */
void cli_id(struct cli *cli, struct base_buf *out, struct base_view id);
void cli_isolated(const struct cli *cli, struct base_buf *out, struct base_view text);
/* "2026-11-21 08:00:00 UTC", and on a terminal the local time where it differs. */
void cli_time(const struct cli *cli, struct base_buf *out, base_time time);
/* zone.c: "2026-11-21 09:00:00 +01:00 Africa/Casablanca". False, with nothing written, when this machine does not know
 * the zone. */
bool cli_zone_time(struct base_buf *out, struct base_view zone, base_time time);
bool cli_zone_known(struct base_view name);
/* BASE_FIELD, with what one looks like, when this machine does not know it. */
BASE_NODISCARD enum base_code cli_zone_check(const char *zone, struct base_error *err);
void cli_duration(const struct cli *cli, struct base_buf *out, int64_t seconds); /* "6 h 40 min" */
void cli_size(const struct cli *cli, struct base_buf *out, uint64_t size);       /* "1.5 MiB" */
size_t cli_width(struct base_view text);                                         /* columns on a terminal */

struct cli_table {
  struct cli *cli;
  size_t columns;
  struct base_buf cells;
};
#define CLI_AUTO_TABLE __attribute__((cleanup(cli_table_free)))
void cli_table_begin(struct cli_table *table, struct cli *cli, size_t columns, const enum cli_word *heads);
void cli_cell(struct cli_table *table, struct base_view text);
void cli_cell_id(struct cli_table *table, struct base_view id);
void cli_cell_number(struct cli_table *table, int64_t value);
void cli_cell_time(struct cli_table *table, const struct wire_json *value); /* RFC 3339 text or null */
/* Of what is of an exercise, by its member `exercise`: the word before the cell, or the line, that nobody overlooks. */
void cli_exercise_mark(const struct cli *cli, struct base_buf *out, const struct wire_json *of);
void cli_exercise_line(struct cli *cli, bool exercise);
/* The line to standard error, where an id alone is printed for a script; with --json the answer says it. */
void cli_exercise_note(struct cli *cli, const struct wire_json *of);
void cli_table_end(struct cli_table *table); /* prints; a table without rows prints nothing */
void cli_table_free(struct cli_table *table);

/* A line on stderr that is written over, only on a terminal. */
struct cli_progress {
  struct cli *cli;
  const char *label;
  uint64_t done, all;
  int64_t shown;
};
void cli_progress_at(struct cli_progress *progress, uint64_t done, uint64_t all);
void cli_progress_end(struct cli_progress *progress);

/* --- small helpers over answers */
struct base_view cli_string(const struct wire_json *object, const char *key);
int64_t cli_number(const struct wire_json *object, const char *key);
bool cli_moment(const struct wire_json *value, base_time *out);
bool cli_id_like(const char *text); /* 4 to 64 lowercase hex digits */
BASE_NODISCARD enum base_code cli_id_word(const struct cli *cli, size_t index, const char *what, struct cli_piece *out,
                                          struct base_error *err);
/* {"reason":…} and the like: members with texts, in pairs, ended by NULL; a NULL value is left out. */
BASE_NODISCARD enum base_code cli_body(struct base_buf *out, struct base_error *err, ...);

/* --- labels of a kind (kind.c): asked of the node once for each kind */
struct cli_kinds {
  size_t count;
  struct {
    struct base_view name;
    int64_t version; /* 0: the one that new cases are of */
    struct cli_answer answer;
  } known[16];
  bool nodes_asked;
  struct cli_answer partners, self; /* origin.c */
};
void cli_kinds_free(struct cli_kinds *kinds);
#define CLI_AUTO_KINDS __attribute__((cleanup(cli_kinds_free)))
const struct wire_json *cli_kind(struct cli *cli, struct cli_kinds *kinds, struct base_view name);
BASE_NODISCARD enum base_code cli_kind_get(struct cli *cli, struct base_view name, int64_t version, struct cli_answer *out,
                                           struct base_error *err);
/* kindwhole.c: of `kind show`, what goes for the cases as a whole; what a clock of it waits for. */
void cli_kind_whole(struct cli *cli, const struct wire_json *kind);
void cli_kind_clock_waits(struct cli *cli, const struct wire_json *clock);
/* FILE and LABELS of the command; both are initialised here. */
BASE_NODISCARD enum base_code cli_kind_files_read(const struct cli *cli, struct base_buf *file, struct base_buf *labels,
                                                  struct base_error *err);
/* Of what an answer tells with `kind` and `kind_version`. */
const struct wire_json *cli_kind_of(struct cli *cli, struct cli_kinds *kinds, const struct wire_json *told);
/* The label of the member named `name` of the kind's list `list` ("types", "states", "clocks"); else the name. */
struct base_view cli_kind_label(const struct cli *cli, const struct wire_json *kind, const char *list,
                                struct base_view name);
/* clock.c: "due 2026-… (in 6 h 40 min)", "OVERDUE, due 2026-… (late by …)", "paused since … (…)", "stopped…" */
void cli_write_clock(struct cli *cli, struct base_buf *out, const struct wire_json *kind, const struct wire_json *clock);
/* Whose the clock at this place is, where there are several: "paris: ". */
void cli_write_whose(struct cli *cli, struct base_buf *out, const struct wire_json *clocks, size_t at);
/* "Answer: due 2026-… (in 6 h 40 min), OVERDUE, …": with whose they are, and which, where their kind has several. */
void cli_write_clocks(struct cli *cli, struct base_buf *out, const struct wire_json *kind, const struct wire_json *clocks);
/* The items of a case as a table; nothing when there are none. */
void cli_show_items(struct cli *cli, const struct wire_json *kind, const struct wire_json *items);
/* "Acceptance: Waits for the consent of madrid", a line each, of a case or an item. */
void cli_show_lacks(struct cli *cli, const struct wire_json *kind, const struct wire_json *of);
/* How they go on in cases of another kind, as a table; and whence they came, a line each. */
void cli_show_feeds(struct cli *cli, const struct wire_json *kind, const struct wire_json *items);
void cli_show_origins(struct cli *cli, const struct wire_json *items);
/* Of an item of the kind, or of this state of it. */
struct base_view cli_item_label(const struct cli *cli, const struct wire_json *kind, struct base_view item,
                                struct base_view state);
/* Of a case's state; also those that no kind knows, such as not_taken. */
struct base_view cli_state_label(const struct cli *cli, const struct wire_json *kind, struct base_view state);
const struct wire_json *cli_kind_field(const struct wire_json *kind, struct base_view type, struct base_view field);
struct base_view cli_label(const struct cli *cli, const struct wire_json *labelled, struct base_view otherwise);
struct base_view cli_code_label(const struct cli *cli, const struct wire_json *kind, struct base_view list,
                                struct base_view code);
/* Of the ground on which this clock of the kind is paused. */
struct base_view cli_ground_label(const struct cli *cli, const struct wire_json *kind, struct base_view clock,
                                  struct base_view ground);

/* --- filled forms (fields.c) */
/* The value of --field as JSON of the field's type ("text", "integer" …); columns and tables as JSON texts. */
BASE_NODISCARD enum base_code cli_field_value(const char *name, struct base_view type, struct base_view value,
                                              struct base_buf *out, struct base_error *err);
/* --fields FILE with each --field over it, as one JSON object. kind may be NULL without --field. */
BASE_NODISCARD enum base_code cli_fields(struct cli *cli, const struct wire_json *kind, struct base_view type,
                                         struct base_buf *out, struct base_error *err);
/* Uploads each --part; the JSON array for the request. */
BASE_NODISCARD enum base_code cli_parts(struct cli *cli, struct base_buf *out, struct base_error *err);
const char *cli_media_type(const char *name, bool stix); /* by the ending of its name */
/* Sends a message: prints its id. */
/* What may be sent, at this path of the API: prints the id, or says that it is held, as cli_send does. */
BASE_NODISCARD enum base_code cli_send_written(struct cli *cli, const char *path, struct base_view body,
                                               struct base_error *err);
/* checked.c: what the node answered to one that was only to be checked. */
void cli_checked(struct cli *cli, const struct cli_answer *answer);
BASE_NODISCARD enum base_code cli_send(struct cli *cli, const char *id, const char *type, struct base_view fields,
                                       struct base_view parts, struct base_error *err);
/* Opens a case: prints its id. */
BASE_NODISCARD enum base_code cli_open(struct cli *cli, const char *kind, const char *to, struct base_view fields,
                                       struct base_view parts, struct base_error *err);
/* Passes a message on: prints the id of the case. */
BASE_NODISCARD enum base_code cli_pass_on(struct cli *cli, const char *id, const char *to, struct base_view fields,
                                          struct base_error *err);

/* --- origin.c */
/* A list of origins between single blanks, with names in their place where this node knows them. False: it is none. */
bool cli_origins(struct cli *cli, struct cli_kinds *kinds, struct base_view list, struct base_buf *out);

/* --- law.c */
/* Says of terms that were proposed which of their rows will never be used. */
void cli_law_unused(struct cli *cli, const struct wire_json *answer);
void cli_law_end(struct cli *cli, const struct wire_json *answer);
/* The same of a message that is shown, as a line of it. */
void cli_law_end_of(struct cli *cli, const struct wire_json *message, unsigned indent);

/* --- emergency.c */
/* --emergency or --derogation, and --reason, which goes with one of them. */
BASE_NODISCARD enum base_code cli_emergency_options(struct cli *cli, struct base_error *err);
/* The member of the request, when they were given. */
BASE_NODISCARD enum base_code cli_emergency_write(struct cli *cli, struct wire_writer *writer, struct base_error *err);
/* What the node answered to it, as a note. */
void cli_emergency_said(struct cli *cli, const struct wire_json *answer);
/* A line, when the message went as one. */
void cli_emergency_show(struct cli *cli, struct cli_kinds *kinds, const struct wire_json *message, unsigned indent);

/* --- transfer.c */
/* The member of the request, when --derogation was given; what the node answered to it, as a note. */
BASE_NODISCARD enum base_code cli_derogation_write(struct cli *cli, struct wire_writer *writer, struct base_error *err);
void cli_derogation_said(struct cli *cli, const struct wire_json *answer);
/* The basis of a transfer in words; the assurances, each after a sign. */
void cli_transfer_basis(struct cli *cli, struct base_view basis);
void cli_transfer_assurances(struct cli *cli, const struct wire_json *assurances);
/* A line for each who has it under a basis, or one for the derogation under which it waits. */
void cli_transfer_show(struct cli *cli, const struct wire_json *message, unsigned indent);
/* Of a planned send: on which basis, or that nobody said who stands under which regime. */
void cli_transfer_explain(struct cli *cli, const struct wire_json *answer);
/* Of an agreement under review: each party's regime. */
void cli_transfer_regimes(struct cli *cli, const struct wire_json *answer);

/* --- shows a message's fields, parts and deliveries (message.c), moved in */
/* A line with the labels of the handling and one with the grading, where the message has them. */
void cli_show_markings(struct cli *cli, const struct wire_json *message, unsigned indent);
/* of: what was told with the kind. */
void cli_show_content(struct cli *cli, struct cli_kinds *kinds, const struct wire_json *of,
                      const struct wire_json *message, bool stix);

/* When a case's personal data is to be reviewed (the member `review`), and the last review (review.c). */
void cli_show_review(struct cli *cli, const struct wire_json *review, const struct wire_json *ends);
/* When the personal data of a case ends, and whose certificates are outstanding; nothing where it does not end by itself. */
void cli_show_personal_ends(struct cli *cli, const struct wire_json *ends);

/* `partner add --witness` (witness.c) */
/* A table of them, as the node lists them; nothing when there are none. */
void cli_witnesses_show(struct cli *cli, const struct wire_json *witnesses);
BASE_NODISCARD enum base_code cli_witness_add(struct cli *cli, struct base_error *err);

/* --- evidence */
struct cli_evidence;
struct cli_trust;
/* --json too (proved.c) */
void cli_proved_print(struct cli *cli, const struct cli_evidence *evidence, const struct cli_trust *trust);
/* On stderr: what a file just made does not show. known: [{to, why}] that the node has told already. */
void cli_proved_note(const struct cli *cli, const struct cli_evidence *evidence, const struct wire_json *known);
/* BASE_TOO_LARGE, with the part's name and size, when the node's proof.get names one that a ustar member cannot hold. */
BASE_NODISCARD enum base_code cli_proof_fits(const struct wire_json *proof, struct base_error *err);

/* --- the other programs (programs.c) */
enum { CLI_PROGRAM_FD = 3, CLI_PROGRAM_OUTPUT_MAX = 64 << 10 };
struct cli_program {
  const char *name;           /* beside our own */
  const char *arguments[12];  /* after the name, up to a NULL */
  int folder;                 /* to run in; -1: where we are */
  int handed;                 /* a descriptor that is CLI_PROGRAM_FD there; -1: none */
  int in;                     /* a descriptor that is its standard input; 0: ours */
  void (*waiting)(void *context); /* may be NULL: called some times a second until it ends */
  void *context;
};
/* Runs it without our environment and waits; who is interrupted meanwhile ends it first, which is an error. done: it ended with 0. out, said: what it wrote on stdout and stderr. */
BASE_NODISCARD enum base_code cli_program_run(const struct cli_program *program, bool *done, struct base_buf *out,
                                              struct base_buf *said, struct base_error *err);
/* Runs `wasl-keeper` with these words (at most 12), which alone makes keys, and gives what it printed; what it complained of
 * becomes the error. */
BASE_NODISCARD enum base_code cli_keeper_run(const char *const *words, size_t count, struct base_buf *out,
                                             struct base_error *err);

/* --- one file per group */
#define CLI_COMMAND_FUNCTION(name) enum base_code cli_##name(struct cli *cli, struct base_error *err)
CLI_COMMAND_FUNCTION(node_init);
CLI_COMMAND_FUNCTION(node_epoch);
CLI_COMMAND_FUNCTION(node_status);
CLI_COMMAND_FUNCTION(node_zone);
CLI_COMMAND_FUNCTION(store_migrate);
CLI_COMMAND_FUNCTION(card_export);
CLI_COMMAND_FUNCTION(card_show);
CLI_COMMAND_FUNCTION(card_change);
CLI_COMMAND_FUNCTION(key_list);
CLI_COMMAND_FUNCTION(key_rotate);
CLI_COMMAND_FUNCTION(key_retire);
CLI_COMMAND_FUNCTION(partner_add);
CLI_COMMAND_FUNCTION(partner_list);
CLI_COMMAND_FUNCTION(partner_reconcile);
CLI_COMMAND_FUNCTION(partner_show);
CLI_COMMAND_FUNCTION(partner_suspend);
CLI_COMMAND_FUNCTION(partner_epoch);
CLI_COMMAND_FUNCTION(partner_zone);
CLI_COMMAND_FUNCTION(partner_resume);
CLI_COMMAND_FUNCTION(witness_list);
CLI_COMMAND_FUNCTION(witness_remove);
CLI_COMMAND_FUNCTION(witness_policy);
CLI_COMMAND_FUNCTION(witness_for);
CLI_COMMAND_FUNCTION(person_add);
CLI_COMMAND_FUNCTION(person_list);
CLI_COMMAND_FUNCTION(person_roles);
CLI_COMMAND_FUNCTION(person_lanes);
CLI_COMMAND_FUNCTION(person_unit);
CLI_COMMAND_FUNCTION(person_confirm);
CLI_COMMAND_FUNCTION(person_owner);
CLI_COMMAND_FUNCTION(person_close);
CLI_COMMAND_FUNCTION(person_password);
CLI_COMMAND_FUNCTION(person_factor);
CLI_COMMAND_FUNCTION(login);
CLI_COMMAND_FUNCTION(logout);
CLI_COMMAND_FUNCTION(token_make);
CLI_COMMAND_FUNCTION(token_list);
CLI_COMMAND_FUNCTION(token_end);
CLI_COMMAND_FUNCTION(kind_list);
CLI_COMMAND_FUNCTION(kind_show);
CLI_COMMAND_FUNCTION(kind_example);
CLI_COMMAND_FUNCTION(kind_check);
CLI_COMMAND_FUNCTION(kind_labels);
CLI_COMMAND_FUNCTION(kind_add);
CLI_COMMAND_FUNCTION(kind_remove);
CLI_COMMAND_FUNCTION(agreement_propose);
CLI_COMMAND_FUNCTION(agreement_counter);
CLI_COMMAND_FUNCTION(agreement_amend);
CLI_COMMAND_FUNCTION(agreement_end);
CLI_COMMAND_FUNCTION(agreement_accept);
CLI_COMMAND_FUNCTION(agreement_list);
CLI_COMMAND_FUNCTION(agreement_review);
/* Which terms of this agreement's case are accepted. read: the id, or its first digits, of what was read; NULL: not said,
 * which only does while nothing but the first proposal was made. BASE_CONFLICT: others stand. */
BASE_NODISCARD enum base_code cli_agreement_terms(const struct wire_json *kase, const char *read, struct base_id *out,
                                                  struct base_error *err);
CLI_COMMAND_FUNCTION(law_explain);
CLI_COMMAND_FUNCTION(case_open);
CLI_COMMAND_FUNCTION(case_send);
CLI_COMMAND_FUNCTION(case_list);
CLI_COMMAND_FUNCTION(case_show);
CLI_COMMAND_FUNCTION(case_items);
CLI_COMMAND_FUNCTION(case_balance);
CLI_COMMAND_FUNCTION(case_crosscheck);
CLI_COMMAND_FUNCTION(case_feed);
CLI_COMMAND_FUNCTION(case_export);
CLI_COMMAND_FUNCTION(case_review);
CLI_COMMAND_FUNCTION(picture);
CLI_COMMAND_FUNCTION(stix_list);
CLI_COMMAND_FUNCTION(stix_find);
CLI_COMMAND_FUNCTION(stix_count);
CLI_COMMAND_FUNCTION(stix_again);
CLI_COMMAND_FUNCTION(reader_list);
CLI_COMMAND_FUNCTION(reader_add);
CLI_COMMAND_FUNCTION(reader_remove);
CLI_COMMAND_FUNCTION(case_erase);
CLI_COMMAND_FUNCTION(message_show);
CLI_COMMAND_FUNCTION(message_erase);
CLI_COMMAND_FUNCTION(message_certificate);
CLI_COMMAND_FUNCTION(recall_open);
CLI_COMMAND_FUNCTION(recall_list);
CLI_COMMAND_FUNCTION(message_pass_on);
CLI_COMMAND_FUNCTION(recall_answer);
CLI_COMMAND_FUNCTION(recall_withdraw);
CLI_COMMAND_FUNCTION(recall_certificate);
CLI_COMMAND_FUNCTION(release_list);
CLI_COMMAND_FUNCTION(release_show);
CLI_COMMAND_FUNCTION(release_give);
CLI_COMMAND_FUNCTION(release_refuse);
CLI_COMMAND_FUNCTION(release_withdraw);
CLI_COMMAND_FUNCTION(part_get);
CLI_COMMAND_FUNCTION(part_stix);
CLI_COMMAND_FUNCTION(emergency_resolve);
CLI_COMMAND_FUNCTION(consent_ask);
CLI_COMMAND_FUNCTION(consent_give);
CLI_COMMAND_FUNCTION(consent_deny);
CLI_COMMAND_FUNCTION(consent_revoke);
CLI_COMMAND_FUNCTION(consent_list);
CLI_COMMAND_FUNCTION(handling_list);
CLI_COMMAND_FUNCTION(handling_convert);
CLI_COMMAND_FUNCTION(grading_convert);
CLI_COMMAND_FUNCTION(outbox_list);
CLI_COMMAND_FUNCTION(outbox_wait);
CLI_COMMAND_FUNCTION(outbox_end);
CLI_COMMAND_FUNCTION(events);
CLI_COMMAND_FUNCTION(consignment_export);
CLI_COMMAND_FUNCTION(consignment_import);
CLI_COMMAND_FUNCTION(backup_key);
CLI_COMMAND_FUNCTION(backup_create);
CLI_COMMAND_FUNCTION(backup_verify);
CLI_COMMAND_FUNCTION(backup_restore);
CLI_COMMAND_FUNCTION(register_head);
CLI_COMMAND_FUNCTION(register_show);
CLI_COMMAND_FUNCTION(register_check);
CLI_COMMAND_FUNCTION(statistics);
CLI_COMMAND_FUNCTION(proof_export);
/* The same of this message, by its id. */
BASE_NODISCARD enum base_code cli_proof_export_of(struct cli *cli, const char *message, struct base_error *err);
CLI_COMMAND_FUNCTION(proof_verify);

#endif
