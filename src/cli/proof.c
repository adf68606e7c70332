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

/* --- export */

/* The name of a part as part 0 has it, which stands among the files; empty when it does not. */
static struct base_view part_name(const struct wire_json *files, const struct base_hash *sha256,
                                  struct base_arena *arena) {
  struct base_view found = {0};
  for (size_t i = 0; i < wire_json_size(files); i++) {
    const struct wire_json *file = wire_json_at(files, i);
    struct base_view name = cli_string(file, "name");
    BASE_AUTO_BUF struct base_buf bytes = {0};
    struct wire_part0 part0 = {0};
    base_buf_init(&bytes, 2 * WIRE_PART0_MAX);
    if (name.size < 6 || memcmp(name.data, "parts/", 6) != 0 ||
        base_base64_parse(cli_string(file, "base64"), &bytes, NULL) != BASE_OK ||
        wire_part0_parse(base_buf_view(&bytes), arena, &part0, NULL) != BASE_OK)
      continue;
    for (size_t k = 0; k < part0.part_count; k++)
      if (base_hash_equal(&part0.parts[k].sha256, sha256))
        found = base_arena_copy(arena, part0.parts[k].name);
    wire_part0_free(&part0);
  }
  return found;
}

enum base_code cli_proof_fits(const struct wire_json *proof, struct base_error *err) {
  const struct wire_json *parts = wire_json_get(proof, "parts");
  for (size_t i = 0; i < wire_json_size(parts); i++) {
    const struct wire_json *part = wire_json_at(parts, i);
    struct base_hash sha256;
    uint64_t size = (uint64_t)cli_number(part, "size");
    if (size <= WIRE_TAR_SIZE_MAX || !base_hash_parse(cli_string(part, "sha256"), &sha256))
      continue;
    BASE_AUTO_ARENA struct base_arena arena = {0};
    base_arena_init(&arena, 4 * WIRE_PART0_MAX);
    struct base_view name = part_name(wire_json_get(proof, "files"), &sha256, &arena);
    return base_fail(
        err, BASE_TOO_LARGE,
        "the part '%.*s' (%.16s…) has %llu bytes: an evidence file is a plain ustar archive, whose members "
        "have at most 8 GiB, so this message cannot be exported as one; its proofs stay in the node, and "
        "wasl case export gives its parts out",
        (int)(name.size > 80 ? 80 : name.size), (const char *)name.data, base_hash_text(&sha256).text,
        (unsigned long long)size);
  }
  return BASE_OK;
}

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

static enum base_code write_part(struct cli *cli, int fd, const char *message, const struct wire_json *part,
                                 base_time time, struct base_error *err) {
  char name[WIRE_TAR_NAME_MAX + 1];
  struct base_hash sha256;
  int64_t size = cli_number(part, "size");
  uint64_t got = 0;
  if (!base_hash_parse(cli_string(part, "sha256"), &sha256) || size < 0)
    return base_fail(err, BASE_PROTOCOL, "the node named a part without a hash or size");
  (void)snprintf(name, sizeof name, "parts/%s", base_hash_text(&sha256).text);
  enum base_code code = write_header(fd, name, (uint64_t)size, time, err);
  if (code == BASE_OK)
    code = cli_part_fetch(cli, (struct cli_reading){true, message}, &sha256, (uint64_t)size, fd, &got, err);
  if (code == BASE_OK && got != (uint64_t)size)
    code = base_fail(err, BASE_PROTOCOL, "%s has %llu bytes, the node said %lld", name, (unsigned long long)got,
                     (long long)size);
  return code == BASE_OK ? write_zeros(fd, wire_tar_padding((uint64_t)size), err) : code;
}

static enum base_code write_archive(struct cli *cli, int fd, const char *message, const struct wire_json *proof,
                                    struct base_error *err) {
  const struct wire_json *files = wire_json_get(proof, "files"), *parts = wire_json_get(proof, "parts");
  base_time now = cli->world->now(cli->world->context);
  enum base_code code = BASE_OK;
  for (size_t i = 0; code == BASE_OK && i < wire_json_size(files); i++)
    code = write_member(fd, wire_json_at(files, i), now, err);
  for (size_t i = 0; code == BASE_OK && i < wire_json_size(parts); i++)
    code = write_part(cli, fd, message, wire_json_at(parts, i), now, err);
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

static enum base_code verify_fd(int fd, uint64_t size, const struct cli_trust *trust, struct cli_evidence *out,
                                struct base_error *err) {
  struct cli_source source = {&fd, size, file_read_at};
  return cli_evidence_verify(&source, trust, out, err);
}

/* Partners whose receipt is not here yet are left out of the file: said, because a person may want to wait. */
static void tell_missing(const struct cli *cli, const struct wire_json *missing) {
  for (size_t i = 0; i < wire_json_size(missing); i++) {
    struct base_view to = cli_string(wire_json_at(missing, i), "to"), why = cli_string(wire_json_at(missing, i), "why");
    BASE_AUTO_BUF struct base_buf said = {0};
    base_buf_init(&said, 8 * BASE_ERROR_TEXT_MAX);
    if (!cli_said(cli->language, why, false, &said))
      base_buf_printable(&said, why);
    cli_note(cli, "%s %.*s (%.*s)", cli_word(cli, CLI_LEFT_OUT), (int)to.size, (const char *)to.data, (int)said.size,
             (const char *)said.data);
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
static enum base_code export_to(struct cli *cli, const char *file, const char *message, const struct wire_json *proof,
                                struct base_error *err) {
  struct cli_output output;
  static const struct cli_trust nobody;
  struct cli_evidence evidence = {0};
  enum base_code code = cli_proof_fits(proof, err);
  if (code == BASE_OK)
    code = cli_output_open(cli, AT_FDCWD, file, &output, err);
  if (code != BASE_OK)
    return code;
  code = write_archive(cli, output.fd, message, proof, err);
  off_t size = code == BASE_OK ? lseek(output.fd, 0, SEEK_CUR) : 0;
  if (code == BASE_OK)
    code = verify_fd(output.fd, (uint64_t)size, &nobody, &evidence, err);
  code = cli_output_end(&output, code, err);
  if (code == BASE_OK) {
    cli_proved_note(cli, &evidence, wire_json_get(proof, "missing"));
    print_exported(cli, file, &evidence);
  }
  cli_evidence_free(&evidence);
  return code;
}

enum base_code cli_proof_export_of(struct cli *cli, const char *message, struct base_error *err) {
  CLI_AUTO_ANSWER struct cli_answer proof = {0};
  struct cli_purpose purpose;
  const char *file;
  enum base_code code = cli_need(cli, "-o", &file, err);
  if (code == BASE_OK)
    code = cli_purpose(cli, (struct cli_reading){0}, &purpose, err);
  if (code == BASE_OK)
    code = cli_get(cli, &proof, err, "/v1/proofs/%s%s", message, purpose.text);
  if (code != BASE_OK)
    return code;
  tell_missing(cli, wire_json_get(proof.json, "missing"));
  return export_to(cli, file, message, proof.json, err);
}

enum base_code cli_proof_export(struct cli *cli, struct base_error *err) {
  struct cli_piece id;
  const char *file;
  enum base_code code = cli_need(cli, "-o", &file, err);
  if (code == BASE_OK)
    code = cli_id_word(cli, 0, "MESSAGE", &id, err);
  return code == BASE_OK ? cli_proof_export_of(cli, id.text, err) : code;
}

/* --- verify */

static enum base_code load_cards(struct cli *cli, struct base_arena *arena, struct cli_trust *trust,
                                 struct base_error *err) {
  for (size_t i = 0; i < cli->option_count; i++) {
    if (strcmp(cli->options[i].name, "--card") != 0)
      continue;
    BASE_AUTO_BUF struct base_buf bytes = {0};
    base_buf_init(&bytes, 2 * WIRE_CARD_MAX);
    if (trust->card_count == CLI_EVIDENCE_GIVEN_MAX)
      return cli_usage(cli, err, "more than %d cards", CLI_EVIDENCE_GIVEN_MAX);
    enum base_code code = cli_input_read(cli->options[i].value, WIRE_CARD_MAX, &bytes, err);
    if (code != BASE_OK)
      return code;
    struct base_view copy = base_arena_copy(arena, base_buf_view(&bytes));
    if (copy.data == NULL && bytes.size > 0)
      return base_fail(err, BASE_MEMORY, "no memory for the cards");
    trust->cards[trust->card_count++] = (struct cli_given_card){cli->options[i].value, copy};
  }
  return BASE_OK;
}

/* A verifier key, or the card of a node whose key counts. */
static enum base_code read_witness(const char *text, struct base_arena *arena, struct wire_vkey *out,
                                   struct base_error *err) {
  struct base_view key = base_view_text(text);
  if (strchr(text, '+') == NULL) {
    BASE_AUTO_BUF struct base_buf bytes = {0};
    struct wire_card card;
    base_buf_init(&bytes, 2 * WIRE_CARD_MAX);
    enum base_code code = cli_input_read(text, WIRE_CARD_MAX, &bytes, err);
    struct base_view copy = base_arena_copy(arena, base_buf_view(&bytes));
    if (code == BASE_OK)
      code = wire_card_parse(copy, arena, &card, err);
    if (code == BASE_OK)
      code = seal_card_check(&card, err);
    if (code != BASE_OK)
      return base_fail_within(err, "--witness %s: neither a verifier key nor a card", text);
    key = card.witness;
  }
  enum base_code code = wire_vkey_parse(key, out, err);
  if (code == BASE_OK && (out->type != WIRE_VKEY_WITNESS || !seal_vkey_valid(out)))
    code = base_fail(err, BASE_FIELD, "it is no key of a witness, or a character of it was changed");
  return code == BASE_OK ? BASE_OK : base_fail_within(err, "--witness %s", text);
}

static enum base_code load_witnesses(struct cli *cli, struct base_arena *arena, struct cli_trust *trust,
                                     struct base_error *err) {
  const char *quorum = cli_option(cli, "--quorum");
  uint64_t wanted = 0;
  for (size_t i = 0; i < cli->option_count; i++) {
    if (strcmp(cli->options[i].name, "--witness") != 0)
      continue;
    if (trust->witness_count == CLI_EVIDENCE_WITNESSES_MAX)
      return cli_usage(cli, err, "more than %d witnesses", CLI_EVIDENCE_WITNESSES_MAX);
    struct wire_vkey *witness = &trust->witnesses[trust->witness_count];
    enum base_code code = read_witness(cli->options[i].value, arena, witness, err);
    if (code != BASE_OK)
      return code;
    for (size_t k = 0; k < trust->witness_count; k++)
      if (wire_key_equal(&trust->witnesses[k].key, &witness->key))
        return cli_usage(cli, err, "one witness stands twice: it counts once");
    trust->witness_count++;
  }
  if (quorum != NULL && (!base_decimal_parse(base_view_text(quorum), &wanted) || wanted > trust->witness_count))
    return cli_usage(cli, err, "--quorum takes a number, at most that of the witnesses named with --witness (%zu)",
                     trust->witness_count);
  trust->quorum = (size_t)wanted;
  return BASE_OK;
}

/* A C2SP tlog-policy instead of both. */
static enum base_code load_policy(struct cli *cli, struct base_arena *arena, struct cli_trust *trust,
                                  struct base_error *err) {
  const char *file = cli_option(cli, "--policy");
  BASE_AUTO_BUF struct base_buf bytes = {0};
  if (file == NULL)
    return BASE_OK;
  if (cli_has(cli, "--witness") || cli_has(cli, "--quorum"))
    return cli_usage(cli, err,
                     "a policy names its witnesses and its quorum itself: no --witness and --quorum beside it");
  base_buf_init(&bytes, WIRE_POLICY_MAX + 1);
  enum base_code code = cli_input_read(file, WIRE_POLICY_MAX, &bytes, err);
  if (code == BASE_OK)
    code = wire_policy_parse(base_arena_copy(arena, base_buf_view(&bytes)), &trust->policy, err);
  for (size_t i = 0; code == BASE_OK && i < trust->policy.witness_count; i++) {
    trust->witnesses[i] = trust->policy.witnesses[i];
    if (!seal_vkey_valid(&trust->witnesses[i]))
      code = base_fail(err, BASE_FIELD,
                       "policy: a character of the key of %.*s was changed: its id does not fit it, or it is no key",
                       (int)trust->policy.names[i].size, (const char *)trust->policy.names[i].data);
  }
  if (code != BASE_OK)
    return base_fail_within(err, "--policy %s", file);
  trust->witness_count = trust->policy.witness_count;
  trust->has_policy = true;
  return BASE_OK;
}

enum base_code cli_proof_verify(struct cli *cli, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  static struct cli_trust trust; /* large, and one per program */
  struct cli_evidence evidence = {0};
  base_arena_init(&arena, ((size_t)CLI_EVIDENCE_GIVEN_MAX + 4 * CLI_EVIDENCE_WITNESSES_MAX) * 2 * WIRE_CARD_MAX);
  enum base_code code = load_cards(cli, &arena, &trust, err);
  if (code == BASE_OK)
    code = load_witnesses(cli, &arena, &trust, err);
  if (code == BASE_OK)
    code = load_policy(cli, &arena, &trust, err);
  if (code != BASE_OK)
    return code;
  BASE_AUTO_FD int fd = -1;
  uint64_t size;
  code = cli_input_open(cli, cli->words[0], &fd, &size, err);
  if (code != BASE_OK)
    return code;
  code = verify_fd(fd, size, &trust, &evidence, err);
  if (code != BASE_OK)
    base_fail_within(err, "%s", cli_to_stdout(cli->words[0]) ? "standard input" : cli->words[0]);
  else
    cli_proved_print(cli, &evidence, &trust);
  cli_evidence_free(&evidence);
  return code;
}
