/* SPDX-License-Identifier: Apache-2.0
 * `wasl node init`: a node's folder, whole or not at all. The keys are made by wasl-keeper, which alone may write them.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/database.h"
#include "link/link.h"
#include "wire/kind.h"
#include "link/users.h"

enum { FOLDERS = 5, OWNER_NAME_MAX = 128 };

static const struct {
  const char *name;
  uid_t user;
} folders[FOLDERS] = {
    {"keeper", LINK_USER_KEEPER}, {"core", LINK_USER_CORE},     {"gate", LINK_USER_GATE},
    {"local", LINK_USER_LOCAL},   {"worker", LINK_USER_WORKER},
};

struct plan {
  struct cli *cli;
  const char *dir, *name, *listen, *zone; /* zone: NULL, none was said */
  const char *keys, *keys_env, *keys_read, *keys_write; /* of a token; "" for none */
  struct cli_database database;
  struct wire_card card;
  struct base_buf owner; /* a document; empty: nobody was named */
  int fd;                /* of dir */
  bool dir_made, keys_made;
};

/* --- what was asked for */

static enum base_code add_address(void *context, struct base_view piece, struct base_error *err) {
  struct wire_card *card = context;
  if (!wire_address_valid(piece))
    return base_fail(err, BASE_USAGE, "%.*s is no address: HOST:PORT or [IPv6]:PORT",
                     (int)(piece.size < 80 ? piece.size : 80), (const char *)piece.data);
  if (card->address_count == WIRE_CARD_ADDRESSES_MAX)
    return base_fail(err, BASE_USAGE, "more than %d addresses", WIRE_CARD_ADDRESSES_MAX);
  card->addresses[card->address_count++] = piece;
  return BASE_OK;
}

static bool everywhere(struct base_view address) {
  const char *text = (const char *)address.data;
  return strncmp(text, "0.0.0.0:", 8) == 0 || strncmp(text, "[::]:", 5) == 0;
}

static enum base_code read_addresses(struct plan *plan, struct base_error *err) {
  struct wire_card listening = {0};
  const char *address = cli_option(plan->cli, "--address");
  enum base_code code = cli_split(plan->cli, plan->listen, "--listen", add_address, &listening, err);
  if (code == BASE_OK)
    code = cli_split(plan->cli, address != NULL ? address : plan->listen, "--address", add_address, &plan->card, err);
  for (size_t i = 0; code == BASE_OK && i < plan->card.address_count; i++)
    if (everywhere(plan->card.addresses[i]))
      code = cli_usage(plan->cli, err, "no partner can reach %.*s: say --address HOST:PORT",
                       (int)plan->card.addresses[i].size, (const char *)plan->card.addresses[i].data);
  return code;
}

static enum base_code read_names(struct plan *plan, struct base_error *err) {
  const char *org;
  enum base_code code = cli_need(plan->cli, "--org", &org, err);
  if (code != BASE_OK)
    return code;
  for (int i = 0; i < WIRE_LANGUAGES; i++) {
    char option[16];
    (void)snprintf(option, sizeof option, "--org-%s", wire_language_codes[i]);
    const char *given = cli_option(plan->cli, option);
    struct base_view text = base_view_text(given != NULL ? given : org);
    if (text.size == 0 || text.size > WIRE_ORG_MAX || !wire_line_valid(text))
      return cli_usage(plan->cli, err, "%s must be one line of 1 to %d bytes of UTF-8",
                       given != NULL ? option : "--org", WIRE_ORG_MAX);
    plan->card.org[i] = text;
  }
  return BASE_OK;
}

static enum base_code read_token(struct plan *plan, struct base_error *err) {
  const struct {
    const char *option, **place;
  } all[] = {{"--keys", &plan->keys},
             {"--keys-env", &plan->keys_env},
             {"--keys-read", &plan->keys_read},
             {"--keys-write", &plan->keys_write}};
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
    const char *given = cli_option(plan->cli, all[i].option);
    *all[i].place = given != NULL ? given : "";
    if (given != NULL && plan->keys[0] == '\0')
      return cli_usage(plan->cli, err, "%s says something of a token: say which, by --keys 'pkcs11:token=NAME?…'",
                       all[i].option);
  }
  /* A URI, whatever is wrong in it, is not repeated: somebody may have written the PIN into it. */
  return plan->keys[0] == '\0' || strncmp(plan->keys, "pkcs11:", 7) == 0
             ? BASE_OK
             : cli_usage(plan->cli, err,
                         "--keys must be a PKCS#11 URI: pkcs11:token=NAME?module-path=…&pin-source=file:…");
}

static const char administrator[] = "administrator";

static enum base_code all_roles(struct wire_writer *writer) {
  wire_write_key(writer, "roles");
  wire_write_array(writer);
  for (enum link_person_role role = 0; role < LINK_PERSON_ROLES; role++)
    wire_write_string(writer, link_person_role_name(role));
  wire_write_end(writer, ']');
  return BASE_OK;
}

/* Without a word of it he works where no wall stands before most cases. */
static enum base_code write_lanes(struct cli *cli, struct wire_writer *writer, struct base_error *err) {
  const char *lanes = cli_option(cli, "--lanes"), *apart = wire_lane_names[WIRE_LANE_HUMANITARIAN];
  if (lanes != NULL && strstr(lanes, apart) != NULL && strcmp(lanes, apart) != 0)
    return cli_usage(cli, err, "--lanes: humanitarian stands alone, nobody works on both sides of the wall");
  if (lanes != NULL)
    return cli_lanes_write(cli, writer, err);
  wire_write_key(writer, "lanes");
  wire_write_array(writer);
  wire_write_string(writer, wire_lane_names[WIRE_LANE_ENFORCEMENT]);
  wire_write_string(writer, wire_lane_names[WIRE_LANE_CIVIL]);
  wire_write_end(writer, ']');
  return BASE_OK;
}

/* The person as whom the owner acts: a document that core takes in when the node is started first. */
static enum base_code read_owner(struct plan *plan, struct base_error *err) {
  struct cli *cli = plan->cli;
  const char *owner = cli_option(cli, "--owner"), *name = cli_option(cli, "--owner-name");
  struct wire_writer writer;
  if (owner == NULL)
    return name == NULL && !cli_has(cli, "--roles") && !cli_has(cli, "--lanes")
               ? BASE_OK
               : cli_usage(cli, err,
                           "--owner-name, --roles and --lanes say something of a person: say who, by --owner PERSON");
  if (!base_name_valid(base_view_text(owner)))
    return cli_usage(cli, err, "--owner must be a letter a-z and up to 31 of a-z, 0-9 and -");
  struct base_view full = base_view_text(name != NULL ? name : owner);
  if (full.size == 0 || full.size > OWNER_NAME_MAX || !wire_line_valid(full))
    return cli_usage(cli, err, "--owner-name must be one line of 1 to %d bytes of UTF-8", OWNER_NAME_MAX);
  wire_writer_init(&writer, &plan->owner);
  wire_write_object(&writer);
  wire_write_member_string(&writer, "person", owner);
  wire_write_member_text(&writer, "name", full);
  wire_write_member_string(&writer, "unit", "");
  enum base_code code = cli_has(cli, "--roles") ? cli_roles_write(cli, &writer, err) : all_roles(&writer);
  if (code == BASE_OK)
    code = write_lanes(cli, &writer, err);
  wire_write_end(&writer, '}');
  if (code == BASE_OK &&
      strstr(cli_has(cli, "--roles") ? cli_option(cli, "--roles") : administrator, administrator) == NULL)
    code = cli_usage(cli, err, "--roles must have administrator among them: nobody else could name further persons");
  return code == BASE_OK ? base_buf_check(&plan->owner, "the owner", err) : code;
}

static enum base_code read_plan(struct plan *plan, struct base_error *err) {
  enum base_code code = cli_need(plan->cli, "--name", &plan->name, err);
  if (code == BASE_OK && !base_name_valid(base_view_text(plan->name)))
    code = cli_usage(plan->cli, err, "--name must be a letter a-z and up to 31 of a-z, 0-9 and -");
  if (code == BASE_OK)
    code = cli_need(plan->cli, "--listen", &plan->listen, err);
  if (code == BASE_OK)
    code = read_addresses(plan, err);
  if (code == BASE_OK)
    code = read_names(plan, err);
  if (code == BASE_OK)
    code = read_token(plan, err);
  if (code == BASE_OK)
    code = read_owner(plan, err);
  plan->zone = cli_option(plan->cli, "--zone");
  if (code == BASE_OK && plan->zone != NULL)
    code = cli_zone_check(plan->zone, err);
  const char *store = cli_option(plan->cli, "--store");
  if (code == BASE_OK)
    code = cli_database_read(store != NULL ? store : "sqlite", &plan->database, err);
  plan->card.name = base_view_text(plan->name);
  return code;
}

/* --- folders */

static enum base_code open_dir(struct plan *plan, struct base_error *err) {
  plan->dir_made = mkdir(plan->dir, 0700) == 0;
  if (!plan->dir_made && errno != EEXIST)
    return base_fail_errno(err, "the folder %s cannot be made", plan->dir);
  plan->fd = open(plan->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (plan->fd < 0)
    return base_fail_errno(err, "%s cannot be opened", plan->dir);
  enum base_code code = plan->dir_made ? BASE_OK : cli_empty_folder(plan->fd, plan->dir, err);
  if (code == BASE_OK && fchmod(plan->fd, 0700) != 0)
    code = base_fail_errno(err, "the rights of %s cannot be set", plan->dir);
  return code;
}

static enum base_code make_folders(const struct plan *plan, struct base_error *err) {
  for (size_t i = 0; i < FOLDERS; i++)
    if (mkdirat(plan->fd, folders[i].name, 0700) != 0)
      return base_fail_errno(err, "%s/%s cannot be made", plan->dir, folders[i].name);
  return BASE_OK;
}

/* Calls each for every file in one of the folders; the folder was made by us, so what is in it is ours. */
static enum base_code each_file(int dir, const char *folder,
                                enum base_code (*each)(int, const char *, uid_t, struct base_error *), uid_t user,
                                struct base_error *err) {
  int fd = openat(dir, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  DIR *entries = fd < 0 ? NULL : fdopendir(fd);
  if (entries == NULL) {
    base_close_fd(&fd);
    return base_fail_errno(err, "%s cannot be read", folder);
  }
  enum base_code code = BASE_OK;
  for (const struct dirent *entry; code == BASE_OK && (entry = readdir(entries)) != NULL;)
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
      code = each(dirfd(entries), entry->d_name, user, err);
  closedir(entries);
  return code;
}

static enum base_code give_file(int dir, const char *name, uid_t user, struct base_error *err) {
  return fchownat(dir, name, user, user, AT_SYMLINK_NOFOLLOW) == 0
             ? BASE_OK
             : base_fail_errno(err, "%s cannot be given away", name);
}

static enum base_code remove_file(int dir, const char *name, uid_t user, struct base_error *err) {
  (void)user;
  return unlinkat(dir, name, 0) == 0 ? BASE_OK : base_fail_errno(err, "%s cannot be removed", name);
}

/* Started by root, each process becomes a user of its own and finds its folder its own. */
static enum base_code give_away(const struct plan *plan, struct base_error *err) {
  if (geteuid() != 0)
    return BASE_OK;
  for (size_t i = 0; i < FOLDERS; i++) {
    enum base_code code = each_file(plan->fd, folders[i].name, give_file, folders[i].user, err);
    if (code == BASE_OK)
      code = give_file(plan->fd, folders[i].name, folders[i].user, err);
    if (code != BASE_OK)
      return code;
  }
  return BASE_OK;
}

/* By the keeper, which alone touches a token: so each of what says where the keys are goes to it as it stands. */
static enum base_code make_keys(const struct plan *plan, struct base_buf *out, struct base_error *err) {
  const char *words[] = {"init", plan->dir, plan->name, plan->keys, plan->keys_env, plan->keys_read, plan->keys_write};
  return cli_keeper_run(words, plan->keys[0] != '\0' ? 7 : 3, out, err);
}

/* What is in a token stays there when the files that name it are gone. */
static void take_keys_back(const struct plan *plan) {
  BASE_AUTO_BUF struct base_buf nothing = {0};
  char folder[PATH_MAX];
  struct base_error err;
  if (!plan->keys_made || plan->keys[0] == '\0' ||
      snprintf(folder, sizeof folder, "%s/keeper", plan->dir) >= (int)sizeof folder)
    return;
  if (cli_keeper_run((const char *[]){"remove", folder}, 2, &nothing, &err) != BASE_OK)
    cli_note(plan->cli, "what was made in the token stays there: %s", err.text);
}

static void take_back(const struct plan *plan) {
  take_keys_back(plan);
  for (size_t i = 0; i < FOLDERS; i++) {
    if (each_file(plan->fd, folders[i].name, remove_file, 0, NULL) != BASE_OK)
      continue;
    unlinkat(plan->fd, folders[i].name, AT_REMOVEDIR);
  }
  unlinkat(plan->fd, "wasl.conf", 0);
  unlinkat(plan->fd, "node.card", 0);
  if (plan->dir_made)
    rmdir(plan->dir);
}

/* --- the database */

/* A server is asked before anything is promised: is it there, sound, and is the database empty? */
static enum base_code check_database(const struct plan *plan, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf out = {0};
  if (plan->database.uri.size == 0)
    return BASE_OK;
  BASE_AUTO_FD int core = openat(plan->fd, "core", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  if (core < 0)
    return base_fail_errno(err, "%s/core cannot be opened", plan->dir);
  enum base_code code = cli_database_password(&plan->database, core, err);
  return code == BASE_OK ? cli_database_job("check", &plan->database, core, &out, err) : code;
}

/* --- the card */

static enum base_code read_keys(struct plan *plan, const struct wire_json *json, struct base_arena *arena,
                                struct base_error *err) {
  struct wire_card *card = &plan->card;
  struct wire_object object, seal;
  wire_object_begin(&object, json, "the keeper's answer", "$");
  (void)wire_object_copy(&object, "origin", WIRE_ORIGIN_MAX, arena, true);
  card->log = wire_object_copy(&object, "log", WIRE_VKEY_MAX, arena, true);
  card->witness = wire_object_copy(&object, "witness", WIRE_VKEY_MAX, arena, true);
  wire_object_begin_in(&seal, &object, "seal");
  wire_object_hex(&seal, "id", card->seals[0].id, sizeof card->seals[0].id, true);
  wire_object_key(&seal, "key", &card->seals[0].key);
  card->seals[0].from = wire_object_time(&seal, "from", true);
  card->seals[0].until = wire_object_time(&seal, "until", true);
  wire_object_close(&seal, &object);
  wire_object_hash(&object, "tls", &card->pins[0], true);
  card->generation = 1;
  card->seal_count = card->pin_count = 1;
  card->made = plan->cli->world->now(plan->cli->world->context);
  return wire_object_end(&object, err);
}

static enum base_code write_files(struct plan *plan, struct base_view keys, struct base_buf *card,
                                  struct base_error *err) {
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  BASE_AUTO_BUF struct base_buf conf = {0};
  struct wire_card again;
  base_arena_init(&arena, 8 * WIRE_CARD_MAX);
  base_buf_init(&conf, BASE_BUF_DEFAULT_LIMIT);
  enum base_code code = wire_json_parse(keys, CLI_PROGRAM_OUTPUT_MAX, "the keeper's answer", &json, err);
  if (code == BASE_OK)
    code = read_keys(plan, json, &arena, err);
  if (code == BASE_OK)
    code = wire_card_write(&plan->card, card, err);
  if (code == BASE_OK)
    code = wire_card_parse(base_buf_view(card), &arena, &again, err);
  if (code == BASE_OK)
    code = seal_card_check(&again, err);
  if (code == BASE_OK)
    code = base_file_replace(plan->fd, "node.card", base_buf_view(card), 0644, err);
  if (code == BASE_OK && plan->owner.size > 0)
    code = base_file_replace(plan->fd, "core/owner", base_buf_view(&plan->owner), 0600, err);
  if (code == BASE_OK && plan->zone != NULL)
    code = base_file_replace(plan->fd, "core/zone", base_view_text(plan->zone), 0600, err);
  base_buf_printf(&conf, "# The node %s; wasld(8) says what may stand here.\n[node]\nname = %s\nlisten = %s\n",
                  plan->name, plan->name, plan->listen);
  const char *address = cli_option(plan->cli, "--address");
  if (address != NULL)
    base_buf_printf(&conf, "address = %s\n", address);
  if (plan->database.uri.size > 0)
    cli_database_conf(&plan->database, &conf);
  if (code == BASE_OK)
    code = base_buf_check(&conf, "wasl.conf", err);
  return code == BASE_OK ? base_file_replace(plan->fd, "wasl.conf", base_buf_view(&conf), 0644, err) : code;
}

static void print_made(const struct plan *plan, struct base_view card) {
  struct cli *cli = plan->cli;
  char fingerprint[SEAL_FINGERPRINT_TEXT];
  seal_fingerprint(card, fingerprint);
  if (!cli->json) {
    cli_note(cli, "node %s is made; run it with: wasld %s", plan->name, plan->dir);
    cli_note(cli, "its card for partners: wasl -n %s card export; fingerprint: %s", plan->dir, fingerprint);
    return;
  }
  struct wire_writer writer;
  wire_writer_init(&writer, &cli->out);
  wire_write_object(&writer);
  wire_write_member_string(&writer, "name", plan->name);
  wire_write_member_string(&writer, "fingerprint", fingerprint);
  wire_write_end(&writer, '}');
  base_buf_text(&cli->out, "\n");
}

enum base_code cli_node_init(struct cli *cli, struct base_error *err) {
  struct plan plan = {.cli = cli, .dir = cli->words[0], .fd = -1};
  BASE_AUTO_BUF struct base_buf keys = {0}, card = {0};
  base_buf_init(&card, 2 * WIRE_CARD_MAX);
  base_buf_init(&plan.owner, 4096);
  enum base_code code = read_plan(&plan, err);
  if (code == BASE_OK)
    code = open_dir(&plan, err);
  if (code != BASE_OK) {
    if (plan.dir_made)
      rmdir(plan.dir);
    base_close_fd(&plan.fd);
    base_buf_free(&plan.owner);
    cli_database_free(&plan.database);
    return code;
  }
  code = make_folders(&plan, err);
  if (code == BASE_OK)
    code = make_keys(&plan, &keys, err);
  plan.keys_made = code == BASE_OK;
  if (code == BASE_OK)
    code = write_files(&plan, base_buf_view(&keys), &card, err);
  if (code == BASE_OK)
    code = give_away(&plan, err);
  if (code == BASE_OK)
    code = check_database(&plan, err);
  if (code == BASE_OK)
    print_made(&plan, base_buf_view(&card));
  else
    take_back(&plan);
  base_close_fd(&plan.fd);
  base_buf_free(&plan.owner);
  cli_database_free(&plan.database);
  return code;
}
