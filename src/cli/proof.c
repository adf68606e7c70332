/* SPDX-License-Identifier: Apache-2.0
 * `wasl proof`: evidence into one file, and the verifier for people. spec/proof.md. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/evidence.h"

enum { FILE_MODE = 0644, TEMPORARY_MAX = 4096 };

/* --- export */

static enum base_code write_header(int fd, const char *name, uint64_t size, base_time time, struct base_error *err) {
  uint8_t block[WIRE_TAR_BLOCK];
  enum base_code code = wire_tar_header(name, size, time, block, err);
  return code == BASE_OK ? base_write_all(fd, base_view_of(block, sizeof block), err) : code;
}

static enum base_code write_zeros(int fd, size_t size, struct base_error *err) {
  static const uint8_t zeros[2 * WIRE_TAR_BLOCK];
  return base_write_all(fd, base_view_of(zeros, size), err);
}

static enum base_code write_member(int fd, const struct wire_json *file, base_time time, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf content = {0}, name = {0};
  base_buf_init(&content, BASE_BUF_DEFAULT_LIMIT);
  base_buf_init(&name, WIRE_TAR_NAME_MAX + 1);
  base_buf_add_view(&name, cli_string(file, "name"));
  base_buf_u8(&name, 0);
  enum base_code code = base_buf_check(&name, "a member's name", err);
  if (code == BASE_OK)
    code = base_base64_parse(cli_string(file, "base64"), &content, err);
  if (code == BASE_OK)
    code = write_header(fd, (const char *)name.data, content.size, time, err);
  if (code == BASE_OK)
    code = base_write_all(fd, base_buf_view(&content), err);
  return code == BASE_OK ? write_zeros(fd, wire_tar_padding(content.size), err) : code;
}

static enum base_code write_part(struct cli *cli, int fd, const struct wire_json *part, base_time time,
                                 struct base_error *err) {
  char name[WIRE_TAR_NAME_MAX + 1];
  struct base_hash sha256;
  int64_t size = cli_number(part, "size");
  uint64_t got = 0;
  if (!base_hash_parse(cli_string(part, "sha256"), &sha256) || size < 0)
    return base_fail(err, BASE_PROTOCOL, "the node named a part without a hash or size");
  (void)snprintf(name, sizeof name, "parts/%s", base_hash_text(&sha256).text);
  enum base_code code = write_header(fd, name, (uint64_t)size, time, err);
  if (code == BASE_OK)
    code = cli_part_fetch(cli, &sha256, (uint64_t)size, fd, &got, err);
  if (code == BASE_OK && got != (uint64_t)size)
    code = base_fail(err, BASE_PROTOCOL, "%s has %llu bytes, the node said %lld", name, (unsigned long long)got,
                     (long long)size);
  return code == BASE_OK ? write_zeros(fd, wire_tar_padding((uint64_t)size), err) : code;
}

static enum base_code write_archive(struct cli *cli, int fd, const struct wire_json *proof, struct base_error *err) {
  const struct wire_json *files = wire_json_get(proof, "files"), *parts = wire_json_get(proof, "parts");
  base_time now = cli->world->now(cli->world->context);
  enum base_code code = BASE_OK;
  for (size_t i = 0; code == BASE_OK && i < wire_json_size(files); i++)
    code = write_member(fd, wire_json_at(files, i), now, err);
  for (size_t i = 0; code == BASE_OK && i < wire_json_size(parts); i++)
    code = write_part(cli, fd, wire_json_at(parts, i), now, err);
  if (code == BASE_OK)
    code = write_zeros(fd, 2 * (size_t)WIRE_TAR_BLOCK, err);
  return code == BASE_OK && fsync(fd) != 0 ? base_fail_errno(err, "it cannot be made durable") : code;
}

static enum base_code file_read_at(void *context, uint64_t offset, uint8_t *out, size_t size, struct base_error *err) {
  const int *fd = context;
  while (size > 0) {
    ssize_t got = pread(*fd, out, size, (off_t)offset);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return base_fail_errno(err, "the file cannot be read");
    if (got == 0)
      return base_fail(err, BASE_IO, "the file became shorter while it was read");
    out += got;
    offset += (uint64_t)got;
    size -= (size_t)got;
  }
  return BASE_OK;
}

static enum base_code verify_fd(int fd, const struct cli_given_card *given, size_t count, struct cli_evidence *out,
                                struct base_error *err) {
  struct stat status;
  if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
    return base_fail(err, BASE_FIELD, "not an ordinary file");
  struct cli_source source = {&fd, (uint64_t)status.st_size, file_read_at};
  return cli_evidence_verify(&source, given, count, out, err);
}

/* Partners whose receipt is not here yet are left out of the file: said, because a person may want to wait. */
static void tell_missing(const struct wire_json *missing) {
  for (size_t i = 0; i < wire_json_size(missing); i++) {
    struct base_view to = cli_string(wire_json_at(missing, i), "to"), why = cli_string(wire_json_at(missing, i), "why");
    cli_note("not in the file: %.*s (%.*s)", (int)to.size, (const char *)to.data, (int)why.size,
             (const char *)why.data);
  }
}

static void print_exported(struct cli *cli, const char *file, const struct cli_evidence *evidence) {
  struct wire_writer writer;
  if (!cli->json || !base_utf8_valid(base_view_text(file)))
    return;
  wire_writer_init(&writer, &cli->out);
  wire_write_object(&writer);
  wire_write_member_string(&writer, "file", file);
  wire_write_member_id(&writer, "message", &evidence->message);
  wire_write_end(&writer, '}');
  base_buf_text(&cli->out, "\n");
}

/* What is handed out verifies: it is verified before it gets its name. */
static enum base_code export_to(struct cli *cli, const char *file, const struct wire_json *proof,
                                struct base_error *err) {
  char temporary[TEMPORARY_MAX];
  uint64_t chance;
  struct cli_evidence evidence = {0};
  cli->world->random(cli->world->context, &chance, sizeof chance);
  int length = snprintf(temporary, sizeof temporary, "%s.%016llx.new", file, (unsigned long long)chance);
  if (length < 0 || (size_t)length >= sizeof temporary)
    return base_fail(err, BASE_TOO_LARGE, "%.80s…: the name is too long", file);
  enum base_code code = cli_may_replace(AT_FDCWD, file, err);
  if (code != BASE_OK)
    return code;
  BASE_AUTO_FD int fd = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
  if (fd < 0)
    return base_fail_errno(err, "%s: cannot be created", file);
  code = write_archive(cli, fd, proof, err);
  if (code == BASE_OK)
    code = verify_fd(fd, NULL, 0, &evidence, err);
  if (code == BASE_OK && rename(temporary, file) != 0)
    code = base_fail_errno(err, "it cannot be put in place");
  if (code == BASE_OK)
    print_exported(cli, file, &evidence);
  else
    unlink(temporary);
  cli_evidence_free(&evidence);
  return code == BASE_OK ? BASE_OK : base_fail_within(err, "%s", file);
}

enum base_code cli_proof_export(struct cli *cli, struct base_error *err) {
  CLI_AUTO_ANSWER struct cli_answer proof = {0};
  struct cli_piece id;
  const char *file;
  enum base_code code = cli_need(cli, "-o", &file, err);
  if (code == BASE_OK)
    code = cli_id_word(cli, 0, "MESSAGE", &id, err);
  if (code == BASE_OK)
    code = cli_get(cli, &proof, err, "/v1/proofs/%s", id.text);
  if (code != BASE_OK)
    return code;
  tell_missing(wire_json_get(proof.json, "missing"));
  return export_to(cli, file, proof.json, err);
}

/* --- what a verified file proves */

static void write_party(struct wire_writer *writer, const struct cli_evidence_party *party) {
  wire_write_member_text(writer, "name", party->card.name);
  wire_write_member_text(writer, "origin", party->card.origin);
  wire_write_member_string(writer, "fingerprint", party->fingerprint);
  wire_write_member_bool(writer, "confirmed", party->confirmed);
}

static void write_leaf(struct wire_writer *writer, const char *key, const struct cli_evidence_leaf *leaf) {
  wire_write_key(writer, key);
  wire_write_object(writer);
  wire_write_member_time(writer, "time", leaf->time);
  wire_write_member_integer(writer, "index", (int64_t)leaf->index);
  wire_write_member_integer(writer, "size", (int64_t)leaf->size);
  wire_write_member_time(writer, "cosigned", leaf->cosigned);
  wire_write_end(writer, '}');
}

static void write_receiver(struct wire_writer *writer, const struct cli_evidence_receiver *receiver) {
  wire_write_object(writer);
  write_party(writer, &receiver->party);
  wire_write_member_integer(writer, "n", (int64_t)receiver->number);
  wire_write_member_text(writer, "clause", receiver->clause);
  write_leaf(writer, "sent", &receiver->sent);
  write_leaf(writer, receiver->refused ? "refused" : "received", &receiver->answered);
  if (receiver->refused)
    wire_write_member_text(writer, "reason", receiver->reason);
  wire_write_end(writer, '}');
}

static void write_parts_json(struct wire_writer *writer, const struct cli_evidence *evidence) {
  wire_write_key(writer, "parts");
  wire_write_array(writer);
  for (size_t i = 0; i < evidence->part0.part_count; i++) {
    const struct wire_part *part = &evidence->part0.parts[i];
    wire_write_object(writer);
    wire_write_member_text(writer, "name", part->name);
    wire_write_member_text(writer, "type", part->media_type);
    wire_write_member_integer(writer, "size", (int64_t)part->size);
    wire_write_member_hash(writer, "sha256", &part->sha256);
    wire_write_end(writer, '}');
  }
  wire_write_end(writer, ']');
}

static struct base_id case_of(const struct cli_evidence *evidence) {
  return evidence->header.opens ? evidence->message : evidence->header.case_id;
}

static void print_json(struct cli *cli, const struct cli_evidence *evidence) {
  struct wire_writer writer;
  struct base_id kase = case_of(evidence);
  wire_writer_init(&writer, &cli->out);
  wire_write_object(&writer);
  wire_write_member_bool(&writer, "verified", true);
  wire_write_member_id(&writer, "message", &evidence->message);
  wire_write_member_id(&writer, "case", &kase);
  wire_write_member_text(&writer, "kind", evidence->header.kind);
  wire_write_member_text(&writer, "type", evidence->header.type);
  wire_write_key(&writer, "author");
  wire_write_object(&writer);
  write_party(&writer, &evidence->author);
  wire_write_end(&writer, '}');
  wire_write_member_bool(&writer, "content", evidence->has_content);
  write_parts_json(&writer, evidence);
  wire_write_key(&writer, "receivers");
  wire_write_array(&writer);
  for (size_t i = 0; i < evidence->receiver_count; i++)
    write_receiver(&writer, &evidence->receivers[i]);
  wire_write_end(&writer, ']');
  wire_write_end(&writer, '}');
  base_buf_text(&cli->out, "\n");
}

static void show_leaf(struct cli *cli, enum cli_word did, const struct cli_evidence_party *by,
                      const struct cli_evidence_party *witness, const struct cli_evidence_leaf *leaf) {
  cli_line(cli, "  %s ", cli_word(cli, did));
  cli_isolated(cli, &cli->out, by->card.name);
  base_buf_text(&cli->out, "  ");
  cli_time(cli, &cli->out, leaf->time);
  cli_line(cli, "  (%s %llu / %llu; %s ", cli_word(cli, CLI_LEAF), (unsigned long long)leaf->index,
           (unsigned long long)leaf->size, cli_word(cli, CLI_WITNESSED));
  cli_isolated(cli, &cli->out, witness->card.name);
  base_buf_text(&cli->out, " ");
  cli_time(cli, &cli->out, leaf->cosigned);
  base_buf_text(&cli->out, ")\n");
}

static void show_receiver(struct cli *cli, const struct cli_evidence *evidence,
                          const struct cli_evidence_receiver *receiver) {
  cli_line(cli, "\n%s ", cli_word(cli, CLI_TO));
  cli_isolated(cli, &cli->out, receiver->party.card.name);
  cli_line(cli, " %s %llu, %s ", cli_word(cli, CLI_NUMBER), (unsigned long long)receiver->number,
           cli_word(cli, CLI_UNDER_CLAUSE));
  cli_isolated(cli, &cli->out, receiver->clause);
  base_buf_text(&cli->out, "\n");
  show_leaf(cli, CLI_SENT_ON, &evidence->author, &receiver->party, &receiver->sent);
  show_leaf(cli, receiver->refused ? CLI_REFUSED_BY : CLI_RECEIVED_ON, &receiver->party, &evidence->author,
            &receiver->answered);
  if (receiver->refused)
    cli_block(cli, receiver->reason, 4);
}

static bool show_key(struct cli *cli, const struct cli_evidence_party *party) {
  base_buf_text(&cli->out, "  ");
  cli_isolated(cli, &cli->out, party->card.name);
  base_buf_text(&cli->out, "  ");
  cli_isolated(cli, &cli->out, base_view_text(party->fingerprint));
  cli_line(cli, "  %s", cli_word(cli, party->confirmed ? CLI_CONFIRMED : CLI_NOT_CONFIRMED));
  /* Scripts and people of another language look for these words. */
  if (cli->language != WIRE_EN)
    base_buf_text(&cli->out, party->confirmed ? " (confirmed)" : " (not confirmed)");
  base_buf_text(&cli->out, "  ");
  cli_text(cli, party->card.org[cli->language]);
  base_buf_text(&cli->out, "\n");
  return party->confirmed;
}

static void show_parts(struct cli *cli, const struct cli_evidence *evidence) {
  for (size_t i = 0; i < evidence->part0.part_count; i++) {
    const struct wire_part *part = &evidence->part0.parts[i];
    cli_line(cli, "  %s ", cli_word(cli, CLI_PART));
    cli_isolated(cli, &cli->out, part->name);
    base_buf_text(&cli->out, "  ");
    cli_size(&cli->out, part->size);
    base_buf_text(&cli->out, "  ");
    cli_isolated(cli, &cli->out, base_view_text(base_hash_text(&part->sha256).text));
    base_buf_text(&cli->out, "\n");
  }
}

static void print_people(struct cli *cli, const struct cli_evidence *evidence) {
  struct base_id kase = case_of(evidence);
  cli_line(cli, "%s\n%s ", cli_word(cli, CLI_VERIFIED), cli_word(cli, CLI_MESSAGE));
  cli_isolated(cli, &cli->out, base_view_text(base_id_text(&evidence->message).text));
  cli_line(cli, "\n%s ", cli_word(cli, CLI_CASE));
  cli_isolated(cli, &cli->out, base_view_text(base_id_text(&kase).text));
  base_buf_text(&cli->out, "  ");
  cli_isolated(cli, &cli->out, evidence->header.kind);
  base_buf_text(&cli->out, "/");
  cli_isolated(cli, &cli->out, evidence->header.type);
  base_buf_text(&cli->out, "\n");
  show_parts(cli, evidence);
  for (size_t i = 0; i < evidence->receiver_count; i++)
    show_receiver(cli, evidence, &evidence->receivers[i]);
  cli_line(cli, "\n%s\n", cli_word(cli, CLI_KEYS_USED));
  bool all = show_key(cli, &evidence->author);
  for (size_t i = 0; i < evidence->receiver_count; i++)
    all = show_key(cli, &evidence->receivers[i].party) && all;
  if (!all)
    cli_line(cli, "%s\n", cli_word(cli, CLI_CONFIRM_HOW));
}

/* --- verify */

static enum base_code load_given(struct cli *cli, struct base_arena *arena, struct cli_given_card *given, size_t *count,
                                 struct base_error *err) {
  for (size_t i = 0; i < cli->option_count; i++) {
    if (strcmp(cli->options[i].name, "--card") != 0)
      continue;
    BASE_AUTO_BUF struct base_buf bytes = {0};
    base_buf_init(&bytes, 2 * WIRE_CARD_MAX);
    if (*count == CLI_EVIDENCE_GIVEN_MAX)
      return cli_usage(cli, err, "more than %d cards", CLI_EVIDENCE_GIVEN_MAX);
    enum base_code code = base_file_read(AT_FDCWD, cli->options[i].value, WIRE_CARD_MAX, &bytes, err);
    if (code != BASE_OK)
      return code;
    struct base_view copy = base_arena_copy(arena, base_buf_view(&bytes));
    if (copy.data == NULL && bytes.size > 0)
      return base_fail(err, BASE_MEMORY, "no memory for the cards");
    given[(*count)++] = (struct cli_given_card){cli->options[i].value, copy};
  }
  return BASE_OK;
}

enum base_code cli_proof_verify(struct cli *cli, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  struct cli_given_card given[CLI_EVIDENCE_GIVEN_MAX];
  struct cli_evidence evidence = {0};
  size_t count = 0;
  base_arena_init(&arena, (size_t)CLI_EVIDENCE_GIVEN_MAX * 2 * WIRE_CARD_MAX);
  enum base_code code = load_given(cli, &arena, given, &count, err);
  if (code != BASE_OK)
    return code;
  BASE_AUTO_FD int fd = open(cli->words[0], O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (fd < 0)
    return base_fail_errno(err, "%s: cannot be opened", cli->words[0]);
  code = verify_fd(fd, given, count, &evidence, err);
  if (code != BASE_OK)
    base_fail_within(err, "%s", cli->words[0]);
  else if (cli->json)
    print_json(cli, &evidence);
  else
    print_people(cli, &evidence);
  cli_evidence_free(&evidence);
  return code;
}
