/* SPDX-License-Identifier: Apache-2.0
 * Consignments by hand: a file for a partner is made, and one of his is taken in. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/carried.h"
#include "cli/cli.h"
#include "wire/consignment.h"

/* --- making one */

struct writing {
  int fd;
  struct seal_hasher *hasher;
  uint64_t size, consignments;
};

static enum base_code write_hashed(struct writing *writing, struct base_view bytes, struct base_error *err) {
  seal_hasher_add(writing->hasher, bytes);
  writing->size += bytes.size;
  return base_write_all(writing->fd, bytes, err);
}

static enum base_code write_length(struct writing *writing, size_t length, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf bytes = {0};
  base_buf_init(&bytes, 4);
  base_buf_u32(&bytes, (uint32_t)length);
  return write_hashed(writing, base_buf_view(&bytes), err);
}

static enum base_code write_consignments(struct cli *cli, int64_t file, struct writing *writing,
                                         struct base_error *err) {
  struct cli_progress progress = {.cli = cli, .label = cli_word(cli, CLI_OUTBOX)};
  char path[64];
  (void)snprintf(path, sizeof path, "/v1/consignments/%lld/next", (long long)file);
  enum base_code code = write_hashed(writing, BASE_VIEW(CLI_CARRIED_MAGIC), err);
  for (bool more = true; more && code == BASE_OK;) {
    BASE_AUTO_BUF struct base_buf sealed = {0};
    base_buf_init(&sealed, WIRE_CONSIGNMENT_MAX);
    code = cli_fetch(cli, path, &sealed, err);
    if (code != BASE_OK)
      break;
    more = sealed.size > 0;
    writing->consignments += more;
    code = write_length(writing, sealed.size, err);
    if (code == BASE_OK && more)
      code = write_hashed(writing, base_buf_view(&sealed), err);
    cli_progress_at(&progress, writing->size, 0);
  }
  cli_progress_end(&progress);
  if (code != BASE_OK)
    return code;
  struct base_hash hash = seal_hasher_end(writing->hasher);
  return base_write_all(writing->fd, base_view_of(hash.bytes, sizeof hash.bytes), err);
}

static enum base_code make_file(struct cli *cli, const char *name, int64_t file, struct writing *writing,
                                struct base_error *err) {
  struct cli_output output;
  enum base_code code = cli_output_open(cli, AT_FDCWD, name, &output, err);
  if (code != BASE_OK)
    return code;
  writing->fd = output.fd;
  writing->hasher = seal_hasher_new();
  code = writing->hasher != NULL ? write_consignments(cli, file, writing, err)
                                 : base_fail(err, BASE_MEMORY, "no memory for a hash");
  seal_hasher_free(writing->hasher);
  return cli_output_end(&output, code, err);
}

enum base_code cli_consignment_export(struct cli *cli, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf body = {0};
  CLI_AUTO_ANSWER struct cli_answer begun = {0};
  struct writing writing = {.fd = -1};
  const char *to, *name = cli->words[0];
  base_buf_init(&body, BASE_BUF_DEFAULT_LIMIT);
  enum base_code code = cli_need(cli, "--to", &to, err);
  if (code == BASE_OK)
    code = cli_may_replace(AT_FDCWD, name, err);
  if (code == BASE_OK)
    code = cli_body(&body, err, "to", to, NULL);
  if (code == BASE_OK)
    code = cli_post(cli, "/v1/consignments", base_buf_view(&body), &begun, err);
  if (code == BASE_OK)
    code = make_file(cli, name, cli_number(begun.json, "file"), &writing, err);
  if (code != BASE_OK)
    return code;
  int64_t messages = cli_number(begun.json, "messages");
  if (cli->json) {
    struct wire_writer writer;
    wire_writer_init(&writer, &cli->out);
    wire_write_object(&writer);
    wire_write_member_text(&writer, "to", cli_string(begun.json, "to"));
    wire_write_member_integer(&writer, "messages", messages);
    wire_write_member_integer(&writer, "consignments", (int64_t)writing.consignments);
    wire_write_member_integer(&writer, "size", (int64_t)writing.size + CLI_CARRIED_HASH_SIZE);
    wire_write_end(&writer, '}');
    base_buf_text(&cli->out, "\n");
    return BASE_OK;
  }
  if (wire_json_true(wire_json_get(begun.json, "state_only"))) {
    cli_note(cli, "%s holds no messages: it tells %s where this register stands, and nothing more goes before it is settled "
             "(wasl node status, wasl partner list). Carry it there and run: wasl consignment import FILE",
             name, to);
    return BASE_OK;
  }
  cli_note(cli, "%s holds what %s has not receipted (%lld messages) and the answers that it is owed. Carry it there and "
           "run: wasl consignment import FILE",
           name, to, (long long)messages);
  return BASE_OK;
}

/* --- taking one */

struct taken {
  char from[64]; /* a local name has at most 32 */
  int64_t known, messages, taken, receipts, records;
  bool proved, older;
};

static void take_answer(const struct wire_json *answer, struct taken *taken) {
  struct base_view from = cli_string(answer, "from");
  (void)snprintf(taken->from, sizeof taken->from, "%.*s", (int)from.size, (const char *)from.data);
  taken->known = cli_number(answer, "known");
  taken->messages += cli_number(answer, "messages");
  taken->taken += cli_number(answer, "taken");
  taken->receipts += cli_number(answer, "receipts");
  taken->records += cli_number(answer, "records");
  taken->proved = wire_json_true(wire_json_get(answer, "proved"));
  taken->older = wire_json_true(wire_json_get(answer, "older"));
}

static enum base_code take_all(struct cli *cli, struct cli_carried *carried, uint64_t count, struct taken *taken,
                               struct base_error *err) {
  struct cli_progress progress = {.cli = cli, .label = cli_word(cli, CLI_MESSAGES)};
  BASE_AUTO_BUF struct base_buf sealed = {0};
  base_buf_init(&sealed, WIRE_CONSIGNMENT_MAX);
  enum base_code code = BASE_OK;
  bool end = false;
  for (uint64_t done = 0; code == BASE_OK; done++) {
    cli_progress_at(&progress, done, count);
    code = cli_carried_next(carried, &sealed, &end, err);
    if (code != BASE_OK || end)
      break;
    CLI_AUTO_ANSWER struct cli_answer answer = {0};
    code = cli_post_octets(cli, "/v1/consignments/import", base_buf_view(&sealed), &answer, err);
    if (code == BASE_OK)
      take_answer(answer.json, taken);
    else
      code =
          base_fail_within(err, "consignment %llu of %llu", (unsigned long long)(done + 1), (unsigned long long)count);
  }
  cli_progress_end(&progress);
  return code;
}

static void tell_taken(struct cli *cli, const struct taken *taken) {
  if (cli->json) {
    struct wire_writer writer;
    wire_writer_init(&writer, &cli->out);
    wire_write_object(&writer);
    wire_write_member_string(&writer, "from", taken->from);
    wire_write_member_bool(&writer, "older", taken->older);
    wire_write_member_integer(&writer, "messages", taken->messages);
    wire_write_member_integer(&writer, "taken", taken->taken);
    wire_write_member_integer(&writer, "receipts", taken->receipts);
    wire_write_member_integer(&writer, "records", taken->records);
    wire_write_end(&writer, '}');
    base_buf_text(&cli->out, "\n");
    return;
  }
  cli_note(cli, "from %s: %lld messages, %lld of them new here; %lld receipts%s", taken->from, (long long)taken->messages,
           (long long)taken->taken, (long long)taken->receipts,
           taken->older ? ". It is older than what this node has seen: nothing new was taken from it" : "");
  if (taken->messages > 0)
    cli_note(cli, "its receipts go back by the network, or with: wasl consignment export --to %s FILE", taken->from);
}

/* A file for somebody else is no damage, and nothing of it is shown to the node. */
static enum base_code check_addressee(struct cli *cli, struct cli_carried carried, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf bytes = {0}, sealed = {0};
  BASE_AUTO_ARENA struct base_arena arena = {0};
  struct wire_card card;
  struct wire_envelope envelope;
  bool end = false;
  base_buf_init(&bytes, 2 * WIRE_CARD_MAX);
  base_arena_init(&arena, 4 * WIRE_CARD_MAX);
  base_buf_init(&sealed, WIRE_CONSIGNMENT_MAX);
  enum base_code code = cli_own_card(cli, &bytes, &arena, &card, err);
  if (code == BASE_OK)
    code = cli_carried_next(&carried, &sealed, &end, err);
  if (code != BASE_OK || end)
    return code;
  code = wire_envelope_parse(base_buf_view(&sealed), &envelope, err);
  if (code == BASE_OK && !base_view_equal(envelope.to, card.origin))
    code = base_fail(
        err, BASE_POLICY, "it is for the node %.*s, and this one is %.*s: nothing was taken; carry it there",
        (int)envelope.to.size, (const char *)envelope.to.data, (int)card.origin.size, (const char *)card.origin.data);
  return code;
}

enum base_code cli_consignment_import(struct cli *cli, struct base_error *err) {
  const char *name = cli->words[0];
  struct cli_carried carried;
  struct taken taken = {0};
  struct stat status;
  uint64_t count = 0;
  BASE_AUTO_FD int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0)
    return base_fail_errno(err, "%s: cannot be opened", name);
  if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
    return base_fail(err, BASE_FIELD, "%s: is no ordinary file", name);
  enum base_code code = cli_carried_check(fd, &carried, &count, err);
  if (code == BASE_OK)
    code = check_addressee(cli, carried, err);
  if (code == BASE_OK)
    code = take_all(cli, &carried, count, &taken, err);
  if (code == BASE_OK && count > 0 && !taken.proved)
    code = base_fail(err, BASE_CONSISTENCY,
                     "it does not prove from the head of %lld leaves, the last one of %s seen here, so nothing was "
                     "taken. Make a file for %s here, have it imported there, and ask for a new one",
                     (long long)taken.known, taken.from, taken.from);
  if (code != BASE_OK)
    return base_fail_within(err, "%s", name);
  tell_taken(cli, &taken);
  return BASE_OK;
}
