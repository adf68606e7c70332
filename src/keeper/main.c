/* SPDX-License-Identifier: Apache-2.0
 * wasl-keeper: the process that holds the private keys. `wasl-keeper init DIR NAME` makes them (for `wasl node init`),
 * `wasl-keeper tls DIR ORIGIN` makes a new one for the gate (for `wasl key rotate --tls`);
 * `backup-key FILE` and `backup-open FILE` make and use the key of backups, which is no node's (for `wasl backup`);
 * `init DIR NAME URI ENVIRONMENT READ WRITE` makes them in a token, `remove DIR/keeper` takes either away again;
 * `epoch DIR N CARD OLDEST NEWEST EPOCH ORIGIN` goes on with the next epoch of the register (for `wasl node epoch`);
 * `whose DIR/keeper` tells the node's origin (for `wasl backup restore`);
 * started by wasld it serves core, and ends when core does: core may need a signature for what is under way. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keeper/backup.h"
#include "keeper/serve.h"
#include "keeper/tls.h"
#include "keeper/token.h"
#include "link/users.h"
#include "seal/seal.h"

/* A folder of the node, made when it is not there. made tells, so that a failure can take it away again. */
static enum base_code open_folder(int node, const char *name, int *out, bool *made, struct base_error *err) {
  *made = mkdirat(node, name, 0700) == 0;
  if (!*made && errno != EEXIST)
    return base_fail_errno(err, "the folder %s cannot be made", name);
  *out = openat(node, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  if (*out >= 0)
    return BASE_OK;
  enum base_code code = base_fail_errno(err, "the folder %s cannot be opened", name);
  if (*made)
    unlinkat(node, name, AT_REMOVEDIR);
  *made = false;
  return code;
}

static void write_vkey(struct wire_writer *writer, const char *member, const char *origin, uint8_t type,
                       const struct wire_key *key) {
  struct base_view name = base_view_text(origin);
  struct wire_vkey vkey = {.name = name, .id = seal_vkey_id(name, type, key), .type = type, .key = *key};
  BASE_AUTO_BUF struct base_buf text = {0};
  wire_vkey_write(&vkey, &text);
  wire_write_member_buf(writer, member, &text);
}

static void write_seal(struct wire_writer *writer, const struct wire_keeper_key *seal) {
  struct base_hash id = seal_key_hash(&seal->public_key);
  wire_write_key(writer, "seal");
  wire_write_object(writer);
  wire_write_member_hex(writer, "id", id.bytes, WIRE_KEEPER_KEY_ID);
  wire_write_member_key(writer, "key", &seal->public_key);
  wire_write_member_time(writer, "from", seal->from);
  wire_write_member_time(writer, "until", seal->until);
  wire_write_end(writer, '}');
}

/* What the first card is made of: {origin, log, witness, seal: {id, key, from, until}, tls}. */
static void write_description(const struct wire_keeper_info *info, const struct base_hash *pin, struct base_buf *out) {
  struct wire_writer writer;
  wire_writer_init(&writer, out);
  wire_write_object(&writer);
  wire_write_member_string(&writer, "origin", info->origin);
  write_vkey(&writer, "log", info->origin, WIRE_VKEY_LOG, &wire_keeper_key_in_force(info, WIRE_KEEPER_LOG)->public_key);
  write_vkey(&writer, "witness", info->origin, WIRE_VKEY_WITNESS,
             &wire_keeper_key_in_force(info, WIRE_KEEPER_WITNESS)->public_key);
  write_seal(&writer, wire_keeper_key_in_force(info, WIRE_KEEPER_SEAL));
  wire_write_member_hash(&writer, "tls", pin);
  wire_write_end(&writer, '}');
  base_buf_text(out, "\n");
}

/* Opening what was just made also proves that it can be read back. */
static enum base_code describe(int dir, struct wire_keeper_info *out, struct base_error *err) {
  struct keeper *keeper = NULL;
  enum base_code code = keeper_open(dir, base_world_system(), &keeper, err);
  if (code == BASE_OK)
    keeper_describe(keeper, out);
  keeper_close(keeper);
  return code;
}

/* What is made in a token, and SoftHSM's files of it, must be its user's who opens it later. So, started by root, the
 * work on it is done as the keeper's user, to whom the folder is given first. */
static enum base_code become_owner(int keeper_dir, struct base_error *err) {
  return fchown(keeper_dir, LINK_USER_KEEPER, LINK_USER_KEEPER) == 0 && setegid(LINK_USER_KEEPER) == 0 &&
                 seteuid(LINK_USER_KEEPER) == 0
             ? BASE_OK
             : base_fail_errno(err, "the work on the token cannot be done as the keeper's user");
}

static enum base_code make_in_token(int dir, struct base_view name, struct base_view token,
                                    struct wire_keeper_info *info, struct base_error *err) {
  bool root = geteuid() == 0;
  enum base_code code = root ? become_owner(dir, err) : BASE_OK;
  if (code == BASE_OK)
    code = keeper_init_in_token(dir, name, token, base_world_system(), err);
  if (code == BASE_OK && (code = describe(dir, info, err)) != BASE_OK)
    keeper_remove(dir);
  if (root && (seteuid(0) != 0 || setegid(0) != 0) && code == BASE_OK)
    code = base_fail_errno(err, "root cannot be root again");
  return code;
}

static enum base_code make_in_files(int dir, struct base_view name, struct wire_keeper_info *info,
                                    struct base_error *err) {
  enum base_code code = keeper_init(dir, name, base_world_system(), err);
  if (code == BASE_OK && (code = describe(dir, info, err)) != BASE_OK)
    keeper_remove(dir);
  return code;
}

/* With both folders open: the keys, the certificate, the description on stdout; all of it or none. */
static enum base_code make_node(int keeper_dir, int gate_dir, struct base_view name, struct base_view token,
                                struct base_error *err) {
  struct wire_keeper_info info;
  struct base_hash pin;
  BASE_AUTO_BUF struct base_buf text = {0};
  enum base_code code =
      token.size > 0 ? make_in_token(keeper_dir, name, token, &info, err) : make_in_files(keeper_dir, name, &info, err);
  if (code != BASE_OK)
    return code;
  code = keeper_tls_init(gate_dir, info.origin, base_world_system(), &pin, err);
  if (code != BASE_OK) {
    keeper_remove(keeper_dir);
    return code;
  }
  write_description(&info, &pin, &text);
  code = base_buf_check(&text, "the node's public keys", err);
  if (code == BASE_OK)
    code = base_write_all(STDOUT_FILENO, base_buf_view(&text), err);
  if (code != BASE_OK) {
    keeper_tls_remove(gate_dir);
    keeper_remove(keeper_dir);
  }
  return code;
}

/* token: the text of token.conf; empty for keys in files. */
static enum base_code init(const char *path, struct base_view name, struct base_view token, struct base_error *err) {
  BASE_AUTO_FD int node = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  BASE_AUTO_FD int keeper_dir = -1;
  BASE_AUTO_FD int gate_dir = -1;
  bool keeper_made = false, gate_made = false;
  if (node < 0)
    return base_fail_errno(err, "%s: cannot be opened", path);
  enum base_code code = open_folder(node, "keeper", &keeper_dir, &keeper_made, err);
  if (code == BASE_OK)
    code = open_folder(node, "gate", &gate_dir, &gate_made, err);
  if (code == BASE_OK)
    code = make_node(keeper_dir, gate_dir, name, token, err);
  if (code != BASE_OK && gate_made)
    unlinkat(node, "gate", AT_REMOVEDIR);
  if (code != BASE_OK && keeper_made)
    unlinkat(node, "keeper", AT_REMOVEDIR);
  return code == BASE_OK ? BASE_OK : base_fail_within(err, "%s", path);
}

/* A TLS key for the gate of a node that has one already; its pin on stdout. */
static enum base_code renew_tls(const char *path, struct base_view origin, struct base_error *err) {
  char folder[PATH_MAX], text[WIRE_ORIGIN_MAX + 1];
  struct base_hash pin;
  if (!wire_origin_valid(origin))
    return base_fail(err, BASE_FIELD, "not an origin like wasl/paris/0123456789abcdef");
  snprintf(text, sizeof text, "%.*s", (int)origin.size, (const char *)origin.data);
  if (snprintf(folder, sizeof folder, "%s/gate", path) >= (int)sizeof folder)
    return base_fail(err, BASE_TOO_LARGE, "%.80s…: the path is too long", path);
  BASE_AUTO_FD int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  if (dir < 0)
    return base_fail_errno(err, "%s: cannot be opened", folder);
  enum base_code code = keeper_tls_renew(dir, text, base_world_system(), &pin, err);
  BASE_AUTO_BUF struct base_buf out = {0};
  base_buf_printf(&out, "{\"tls\":\"%s\"}\n", base_hash_text(&pin).text);
  return code == BASE_OK ? base_write_all(STDOUT_FILENO, base_buf_view(&out), err)
                         : base_fail_within(err, "%s", folder);
}

/* --- the key of backups */

static enum base_code backup_key(const char *path, struct base_error *err) {
  struct wire_key public_key;
  char text[SEAL_BACKUP_KEY_TEXT + 1];
  enum base_code code = keeper_backup_make(path, base_world_system(), &public_key, err);
  if (code != BASE_OK)
    return code;
  seal_backup_key_write(&public_key, text);
  text[SEAL_BACKUP_KEY_TEXT - 1] = '\n';
  return base_write_all(STDOUT_FILENO, base_view_of(text, SEAL_BACKUP_KEY_TEXT), err);
}

/* The header comes on stdin, the shared secret goes to stdout. */
static enum base_code backup_open(const char *path, struct base_error *err) {
  uint8_t bytes[WIRE_BACKUP_HEADER], shared[32];
  struct wire_backup_header header;
  size_t size = 0;
  for (ssize_t got = 1; got > 0 && size < sizeof bytes; size += (size_t)(got > 0 ? got : 0)) {
    got = read(STDIN_FILENO, bytes + size, sizeof bytes - size);
    if (got < 0)
      return base_fail_errno(err, "the backup's header cannot be read");
  }
  enum base_code code = wire_backup_header_parse(base_view_of(bytes, size), &header, err);
  if (code == BASE_OK)
    code = keeper_backup_open(path, &header, shared, err);
  if (code == BASE_OK)
    code = base_write_all(STDOUT_FILENO, base_view_of(shared, sizeof shared), err);
  base_wipe(shared, sizeof shared);
  return code;
}

/* --- a new epoch of the register */

static enum base_code print_line(const char *text, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf line = {0};
  base_buf_printf(&line, "%s\n", text);
  enum base_code code = base_buf_check(&line, "the answer", err);
  return code == BASE_OK ? base_write_all(STDOUT_FILENO, base_buf_view(&line), err) : code;
}

/* words: the number of the epoch, the file of the card that the data end with, the epoch keys that they are
 * under, the register's epoch in them, and whose they are (empty: nothing says it). */
static enum base_code new_epoch(const char *path, char **words, struct base_error *err) {
  const char *number = words[0], *card = words[1];
  uint64_t epoch = 0, oldest = 0, newest = 0, present = 0;
  BASE_AUTO_BUF struct base_buf bytes = {0};
  base_buf_init(&bytes, WIRE_CARD_MAX);
  char origin[WIRE_ORIGIN_MAX + 1];
  BASE_AUTO_FD int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0)
    return base_fail_errno(err, "%s: cannot be opened", path);
  if (!base_decimal_parse(base_view_text(number), &epoch) || epoch > WIRE_EPOCHS_MAX)
    return base_fail(err, BASE_FIELD, "%s is no number of an epoch", number);
  if (!base_decimal_parse(base_view_text(words[2]), &oldest) ||
      !base_decimal_parse(base_view_text(words[3]), &newest) || oldest > newest || newest > UINT32_MAX)
    return base_fail(err, BASE_FIELD, "%s to %s are no numbers of epoch keys", words[2], words[3]);
  if (!base_decimal_parse(base_view_text(words[4]), &present) || present > WIRE_EPOCHS_MAX)
    return base_fail(err, BASE_FIELD, "%s is no number of an epoch", words[4]);
  enum base_code code = base_file_read(AT_FDCWD, card, WIRE_CARD_MAX, &bytes, err);
  const struct keeper_data data = {.card = base_buf_view(&bytes),
                                   .oldest = (uint32_t)oldest,
                                   .newest = (uint32_t)newest,
                                   .epoch = (uint32_t)present,
                                   .origin = base_view_text(words[5])};
  if (code == BASE_OK)
    code = keeper_epoch_open(dir, (uint32_t)epoch, &data, base_world_system(), origin, err);
  if (code != BASE_OK)
    return code;
  return print_line(origin, err);
}

/* What the module is allowed is said in the log, for whoever has to answer for it. */
static void say_allowed(const struct keeper_token_conf *conf) {
  BASE_AUTO_BUF struct base_buf text = {0};
  for (size_t i = 0; i < conf->path_count; i++)
    base_buf_printf(&text, "%s%s %s", i > 0 ? ", " : "", conf->paths[i].write ? "write" : "read", conf->paths[i].path);
  base_log(BASE_LOG_NOTICE, "keeper.token",
           "the keys are in the token %s, by %s, which may from now on: %.*s; no new connection",
           conf->label[0] != '\0' ? conf->label : conf->serial, conf->module, (int)text.size,
           text.size > 0 ? (const char *)text.data : "");
}

/* With a token the rights go in two steps, so that a module runs confined from its first instruction on: those that
 * opening the token does not take, then, logged in, the rest but the files that its configuration names. */
static enum base_code open_confined(struct link_start *start, int dir, struct keeper **out, struct base_error *err) {
  struct keeper_token_conf conf = {0};
  struct link_path paths[KEEPER_TOKEN_PATHS_MAX + 2];
  bool there = false;
  enum base_code code = keeper_token_conf_read(dir, &conf, &there, err);
  for (size_t i = 0; i < conf.path_count; i++)
    paths[i] = (struct link_path){conf.paths[i].path, conf.paths[i].write};
  paths[conf.path_count] = (struct link_path){conf.module, false};
  paths[conf.path_count + 1] = (struct link_path){conf.pin, false};
  if (code == BASE_OK && there)
    code = link_start_reach_with(start, paths, conf.path_count + 2, err);
  if (code == BASE_OK)
    code = keeper_open(dir, base_world_system(), out, err);
  if (code == BASE_OK)
    code = link_start_confine_with(start, paths, conf.path_count, err);
  if (code == BASE_OK && there)
    say_allowed(&conf);
  return code;
}

/* Open first, then give the rights up, then serve. later: what is missing may come back by itself. */
static enum base_code serve(struct link_start *start, bool *later, struct base_error *err) {
  struct keeper *keeper = NULL;
  BASE_AUTO_FD int dir = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0)
    return base_fail_errno(err, "the keeper's folder cannot be opened");
  int core = link_start_fd(start, "core");
  if (start->role != LINK_ROLE_KEEPER || core < 0)
    return base_fail(err, BASE_USAGE, "not started as the keeper with a channel to core");
  enum base_code code = open_confined(start, dir, &keeper, err);
  base_close_fd(&dir);
  *later = code == BASE_NOT_RUNNING;
  if (code == BASE_OK) {
    struct link_loop *loop = link_loop_new(base_world_system());
    struct link_channel *channel = link_channel_new(core, LINK_ROLE_KEEPER, LINK_ROLE_CORE);
    link_loop_add(loop, channel, (struct link_handlers){.context = keeper, .on_request = keeper_serve});
    link_start_ready(start);
    while (!keeper_broken(keeper) && link_loop_turn(loop, -1))
      ;
    *later = keeper_without_token(keeper);
    if (*later)
      code = base_fail(err, BASE_IO, "the token went away: the node starts again, and waits for it");
    else if (keeper_broken(keeper))
      code = base_fail(err, BASE_IO, "its memory could not be written: the node starts again");
    link_channel_free(channel);
    link_loop_free(loop);
  }
  keeper_close(keeper);
  return code;
}

/* --- what the command line starts it for */

static enum base_code run_init(char **words, struct base_error *err) {
  return init(words[2], base_view_text(words[3]), (struct base_view){0}, err);
}
static enum base_code run_init_in_token(char **words, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf token = {0};
  base_buf_init(&token, KEEPER_TOKEN_FILE_MAX);
  keeper_token_conf_write(words[4], words[5], words[6], words[7], &token);
  enum base_code code = base_buf_check(&token, "what stands there of the token", err);
  return code == BASE_OK ? init(words[2], base_view_text(words[3]), base_buf_view(&token), err) : code;
}
/* What init made, for a node that could not be finished. */
static enum base_code run_remove(char **words, struct base_error *err) {
  BASE_AUTO_FD int dir = open(words[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0)
    return base_fail_errno(err, "%s: cannot be opened", words[2]);
  keeper_remove(dir);
  return BASE_OK;
}
static enum base_code run_tls(char **words, struct base_error *err) {
  return renew_tls(words[2], base_view_text(words[3]), err);
}
static enum base_code run_epoch(char **words, struct base_error *err) {
  return new_epoch(words[2], words + 3, err);
}
static enum base_code run_whose(char **words, struct base_error *err) {
  char origin[WIRE_ORIGIN_MAX + 1];
  BASE_AUTO_FD int dir = open(words[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0)
    return base_fail_errno(err, "%s: cannot be opened", words[2]);
  enum base_code code = keeper_whose(dir, origin, err);
  return code == BASE_OK ? print_line(origin, err) : code;
}
static enum base_code run_backup_key(char **words, struct base_error *err) {
  return backup_key(words[2], err);
}
static enum base_code run_backup_open(char **words, struct base_error *err) {
  return backup_open(words[2], err);
}

static const struct job {
  const char *name;
  int words; /* with the program's own name */
  enum base_code (*run)(char **words, struct base_error *err);
} jobs[] = {{"init", 4, run_init},
            {"init", 8, run_init_in_token},
            {"remove", 3, run_remove},
            {"tls", 4, run_tls},
            {"whose", 3, run_whose},
            {"epoch", 9, run_epoch},
            {"backup-key", 3, run_backup_key},
            {"backup-open", 3, run_backup_open}};

static const struct job *job_of(int count, char **words) {
  for (size_t i = 0; count > 1 && i < sizeof jobs / sizeof jobs[0]; i++)
    if (strcmp(words[1], jobs[i].name) == 0 && count == jobs[i].words)
      return &jobs[i];
  return NULL;
}

int main(int argc, char **argv) {
  struct base_error err;
  enum base_code code;
  base_log_program("wasl-keeper");
  seal_take_memory();
  const struct job *job = job_of(argc, argv);
  if (job != NULL) {
    signal(SIGPIPE, SIG_IGN); /* a caller that went away is an error of write, after which all is taken back */
    code = job->run(argv, &err);
    if (code != BASE_OK)
      fprintf(stderr, "wasl-keeper: %s\n", err.text);
  } else {
    struct link_start start;
    link_start_read(argc, argv, &start);
    bool later = false;
    code = serve(&start, &later, &err);
    if (code != BASE_OK) {
      base_log(BASE_LOG_ERROR, "keeper.failed", "%s", err.text);
      link_start_failed(&start, &err);
    }
    if (later)
      return LINK_EXIT_LATER;
  }
  return base_code_exit(code);
}
