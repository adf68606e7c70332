/* SPDX-License-Identifier: Apache-2.0
 * What a verified file of evidence proves, and what it does not: for people and as JSON. spec/proof.md. */
#include "cli/evidence.h"

#include <stdio.h>

#include "cli/cli.h"

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

/* Which of the named witnesses cosigned, and how many lines are by others. */
static void write_witnessed(struct wire_writer *writer, const char *key, const struct cli_evidence_witnessed *witnessed,
                            const struct cli_trust *trust) {
  if (!witnessed->there)
    return;
  wire_write_key(writer, key);
  wire_write_object(writer);
  wire_write_member_integer(writer, "size", (int64_t)witnessed->size);
  wire_write_key(writer, "witnesses");
  wire_write_array(writer);
  for (size_t i = 0; i < trust->witness_count; i++) {
    if (witnessed->times[i] < 0)
      continue;
    wire_write_object(writer);
    wire_write_member_text(writer, "name", trust->witnesses[i].name);
    wire_write_member_time(writer, "time", witnessed->times[i]);
    wire_write_end(writer, '}');
  }
  wire_write_end(writer, ']');
  wire_write_member_integer(writer, "not_named", (int64_t)witnessed->others);
  wire_write_end(writer, '}');
}

static void write_receiver(struct wire_writer *writer, const struct cli_evidence_receiver *receiver,
                           const struct cli_trust *trust) {
  wire_write_object(writer);
  write_party(writer, &receiver->party);
  wire_write_member_integer(writer, "n", (int64_t)receiver->number);
  wire_write_member_text(writer, "clause", receiver->clause);
  wire_write_member_string(writer, "outcome", receiver->refused ? "refused" : "received");
  write_leaf(writer, "sent", &receiver->sent);
  write_leaf(writer, receiver->refused ? "refused" : "received", &receiver->answered);
  write_witnessed(writer, "sent_witnessed", &receiver->sent_witnessed, trust);
  write_witnessed(writer, receiver->refused ? "refused_witnessed" : "received_witnessed", &receiver->answered_witnessed,
                  trust);
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

/* What is not in the file: beside the content, the parties without a proof and the other messages of the case. */
static void write_absent(struct wire_writer *writer, const struct cli_evidence *evidence) {
  wire_write_key(writer, "unproved");
  wire_write_array(writer);
  for (size_t i = 0; i < evidence->unproved_count; i++) {
    wire_write_object(writer);
    wire_write_member_text(writer, "name", wire_origin_name(evidence->unproved[i]));
    wire_write_member_text(writer, "origin", evidence->unproved[i]);
    wire_write_end(writer, '}');
  }
  wire_write_end(writer, ']');
  wire_write_key(writer, "follows");
  wire_write_array(writer);
  for (size_t i = 0; i < evidence->header.follow_count; i++)
    wire_write_string(writer, base_id_text(&evidence->header.follows[i]).text);
  wire_write_end(writer, ']');
}

static void write_certificate(struct wire_writer *writer, const struct cli_certificate *certificate) {
  if (!certificate->there)
    return;
  wire_write_key(writer, "certificate");
  wire_write_object(writer);
  wire_write_member_id(writer, "message", &certificate->message);
  wire_write_member_time(writer, "erased", certificate->erased);
  wire_write_member_time(writer, "final_by", certificate->final_by);
  wire_write_member_integer(writer, "index", (int64_t)certificate->index);
  wire_write_member_integer(writer, "size", (int64_t)certificate->size);
  wire_write_member_text(writer, "actor", certificate->actor);
  wire_write_member_text(writer, "reason", certificate->reason);
  wire_write_end(writer, '}');
}

static struct base_id case_of(const struct cli_evidence *evidence) {
  return evidence->header.opens ? evidence->message : evidence->header.case_id;
}

static void print_json(struct cli *cli, const struct cli_evidence *evidence, const struct cli_trust *trust) {
  struct wire_writer writer;
  struct base_id kase = case_of(evidence);
  wire_writer_init(&writer, &cli->out);
  wire_write_object(&writer);
  wire_write_member_bool(&writer, "verified", true);
  wire_write_member_id(&writer, "message", &evidence->message);
  wire_write_member_bool(&writer, "header", !evidence->headless);
  if (!evidence->headless) {
    wire_write_member_id(&writer, "case", &kase);
    wire_write_member_bool(&writer, "exercise", evidence->header.exercise);
    wire_write_member_text(&writer, "kind", evidence->header.kind);
    wire_write_member_text(&writer, "type", evidence->header.type);
  }
  wire_write_key(&writer, "author");
  wire_write_object(&writer);
  write_party(&writer, &evidence->author);
  wire_write_end(&writer, '}');
  if (!evidence->headless)
    wire_write_member_hash(&writer, "part0", &evidence->header.part0);
  wire_write_member_bool(&writer, "content", evidence->has_content);
  write_parts_json(&writer, evidence);
  wire_write_key(&writer, "receivers");
  wire_write_array(&writer);
  for (size_t i = 0; i < evidence->receiver_count; i++)
    write_receiver(&writer, &evidence->receivers[i], trust);
  wire_write_end(&writer, ']');
  wire_write_member_integer(&writer, "quorum", (int64_t)trust->quorum);
  write_absent(&writer, evidence);
  write_certificate(&writer, &evidence->certificate);
  wire_write_end(&writer, '}');
  base_buf_text(&cli->out, "\n");
}

static void show_leaf(struct cli *cli, enum cli_word did, const struct cli_evidence_party *by,
                      const struct cli_evidence_party *witness, const struct cli_evidence_leaf *leaf) {
  char place[64];
  cli_line(cli, "  %s ", cli_word(cli, did));
  cli_isolated(cli, &cli->out, by->card.name);
  base_buf_text(&cli->out, "  ");
  cli_time(cli, &cli->out, leaf->time);
  (void)snprintf(place, sizeof place, "%llu / %llu", (unsigned long long)leaf->index, (unsigned long long)leaf->size);
  cli_line(cli, "  (%s ", cli_word(cli, CLI_LEAF));
  cli_isolated(cli, &cli->out, base_view_text(place));
  cli_line(cli, "; %s ", cli_word(cli, CLI_WITNESSED));
  cli_isolated(cli, &cli->out, witness->card.name);
  base_buf_text(&cli->out, " ");
  cli_time(cli, &cli->out, leaf->cosigned);
  base_buf_text(&cli->out, ")\n");
}

/* "witness: example.com/w 2026-… (leaf … )", a line each; then lines of keys that nobody here named. */
static void show_witnessed(struct cli *cli, const struct cli_evidence_party *by,
                           const struct cli_evidence_witnessed *witnessed, const struct cli_trust *trust) {
  for (size_t i = 0; witnessed->there && i < trust->witness_count; i++) {
    if (witnessed->times[i] < 0)
      continue;
    cli_line(cli, "    %s ", cli_word(cli, CLI_WITNESS_SAW));
    cli_isolated(cli, &cli->out, by->card.name);
    base_buf_text(&cli->out, ": ");
    cli_isolated(cli, &cli->out, trust->witnesses[i].name);
    base_buf_text(&cli->out, " ");
    cli_time(cli, &cli->out, witnessed->times[i]);
    base_buf_text(&cli->out, "\n");
  }
  if (witnessed->others > 0)
    cli_line(cli, "    %s %zu\n", cli_word(cli, CLI_WITNESS_NOT_NAMED), witnessed->others);
}

static void show_receiver(struct cli *cli, const struct cli_evidence *evidence,
                          const struct cli_evidence_receiver *receiver, const struct cli_trust *trust) {
  cli_line(cli, "\n%s ", cli_word(cli, CLI_TO));
  cli_isolated(cli, &cli->out, receiver->party.card.name);
  cli_line(cli, " %s %llu, %s ", cli_word(cli, CLI_NUMBER), (unsigned long long)receiver->number,
           cli_word(cli, CLI_UNDER_CLAUSE));
  cli_isolated(cli, &cli->out, receiver->clause);
  base_buf_text(&cli->out, "\n");
  show_leaf(cli, CLI_SENT_ON, &evidence->author, &receiver->party, &receiver->sent);
  show_witnessed(cli, &evidence->author, &receiver->sent_witnessed, trust);
  show_leaf(cli, receiver->refused ? CLI_REFUSED_BY : CLI_RECEIVED_ON, &receiver->party, &evidence->author,
            &receiver->answered);
  show_witnessed(cli, &receiver->party, &receiver->answered_witnessed, trust);
  if (!receiver->refused)
    return;
  cli_line(cli, "  %s:\n", cli_word(cli, CLI_REASON));
  cli_block(cli, receiver->reason, 4);
}

/* "Nothing is proved about madrid (wasl/madrid/…): …" */
static void write_unproved(const struct cli *cli, struct base_buf *out, struct base_view origin) {
  base_buf_printf(out, "%s ", cli_word(cli, CLI_NOTHING_PROVED));
  cli_isolated(cli, out, wire_origin_name(origin));
  base_buf_text(out, " (");
  cli_isolated(cli, out, origin);
  base_buf_printf(out, "): %s", cli_word(cli, CLI_UNPROVED_WHY));
}

/* A file verifies by what is in it. Who hands it out chose what that is. */
static void show_absent(struct cli *cli, const struct cli_evidence *evidence) {
  cli_line(cli, "\n%s\n", cli_word(cli, CLI_ABSENT));
  if (evidence->headless) {
    cli_line(cli, "  %s\n", cli_word(cli, CLI_NO_HEADER));
  } else if (!evidence->has_content) {
    cli_line(cli, "  %s ", cli_word(cli, CLI_NO_CONTENT));
    cli_isolated(cli, &cli->out, base_view_text(base_hash_text(&evidence->header.part0).text));
    base_buf_text(&cli->out, "\n");
  }
  for (size_t i = 0; i < evidence->unproved_count; i++) {
    base_buf_text(&cli->out, "  ");
    write_unproved(cli, &cli->out, evidence->unproved[i]);
    base_buf_text(&cli->out, "\n");
  }
  if (evidence->header.follow_count > 0)
    cli_line(cli, "  %s %zu\n", cli_word(cli, CLI_FOLLOWS), evidence->header.follow_count);
  cli_line(cli, "  %s\n", cli_word(cli, CLI_ONE_MESSAGE));
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
    cli_size(cli, &cli->out, part->size);
    base_buf_text(&cli->out, "  ");
    cli_isolated(cli, &cli->out, base_view_text(base_hash_text(&part->sha256).text));
    base_buf_text(&cli->out, "\n");
  }
}

/* What the register of the certificate's author proves, and until when an old copy of its database could be opened. */
static void show_certificate(struct cli *cli, const struct cli_certificate *certificate) {
  if (!certificate->there)
    return;
  cli_line(cli, "\n%s ", cli_word(cli, CLI_CERTIFIED));
  cli_isolated(cli, &cli->out, base_view_text(base_id_text(&certificate->message).text));
  base_buf_text(&cli->out, "  ");
  cli_time(cli, &cli->out, certificate->erased);
  base_buf_text(&cli->out, "  ");
  cli_isolated(cli, &cli->out, certificate->actor);
  cli_line(cli, "\n  %s ", cli_word(cli, CLI_FINAL_BY));
  cli_time(cli, &cli->out, certificate->final_by);
  cli_line(cli, "\n  %s:\n", cli_word(cli, CLI_REASON));
  cli_block(cli, certificate->reason, 4);
}

static void print_people(struct cli *cli, const struct cli_evidence *evidence, const struct cli_trust *trust) {
  struct base_id kase = case_of(evidence);
  struct base_view kind = evidence->header.kind, type = evidence->header.type;
  char sort[2 * WIRE_CODE_MAX + 2];
  (void)snprintf(sort, sizeof sort, "%.*s/%.*s", (int)kind.size, (const char *)kind.data, (int)type.size,
                 (const char *)type.data);
  cli_exercise_line(cli, evidence->header.exercise);
  cli_line(cli, "%s\n%s ", cli_word(cli, CLI_VERIFIED), cli_word(cli, CLI_MESSAGE));
  cli_isolated(cli, &cli->out, base_view_text(base_id_text(&evidence->message).text));
  if (!evidence->headless) {
    cli_line(cli, "\n%s ", cli_word(cli, CLI_CASE));
    cli_isolated(cli, &cli->out, base_view_text(base_id_text(&kase).text));
    base_buf_text(&cli->out, "  ");
    cli_isolated(cli, &cli->out, base_view_text(sort));
  }
  cli_line(cli, "\n%s ", cli_word(cli, CLI_AUTHOR));
  cli_isolated(cli, &cli->out, evidence->author.card.name);
  base_buf_text(&cli->out, "\n");
  if (evidence->has_content)
    cli_line(cli, "%s\n", cli_word(cli, CLI_CONTENT_WHOLE));
  show_parts(cli, evidence);
  for (size_t i = 0; i < evidence->receiver_count; i++)
    show_receiver(cli, evidence, &evidence->receivers[i], trust);
  show_certificate(cli, &evidence->certificate);
  show_absent(cli, evidence);
  cli_line(cli, "\n%s\n", cli_word(cli, CLI_KEYS_USED));
  bool all = show_key(cli, &evidence->author);
  for (size_t i = 0; i < evidence->receiver_count; i++)
    all = show_key(cli, &evidence->receivers[i].party) && all;
  if (!all)
    cli_line(cli, "%s\n", cli_word(cli, CLI_CONFIRM_HOW));
  cli_exercise_line(cli, evidence->header.exercise);
}

void cli_proved_print(struct cli *cli, const struct cli_evidence *evidence, const struct cli_trust *trust) {
  if (cli->json)
    print_json(cli, evidence, trust);
  else
    print_people(cli, evidence, trust);
}

static bool told(const struct wire_json *known, struct base_view name) {
  for (size_t i = 0; i < wire_json_size(known); i++)
    if (base_view_equal(cli_string(wire_json_at(known, i), "to"), name))
      return true;
  return false;
}

void cli_proved_note(const struct cli *cli, const struct cli_evidence *evidence, const struct wire_json *known) {
  if (evidence->header.exercise)
    cli_note(cli, "%s", cli_word(cli, CLI_EXERCISE_LINE));
  if (evidence->headless)
    cli_note(cli, "%s", cli_word(cli, CLI_NO_HEADER));
  else if (!evidence->has_content)
    cli_note(cli, "%s %s", cli_word(cli, CLI_NO_CONTENT), base_hash_text(&evidence->header.part0).text);
  for (size_t i = 0; i < evidence->unproved_count; i++) {
    struct base_view name = wire_origin_name(evidence->unproved[i]);
    if (!told(known, name))
      cli_note(cli, "%s %.*s", cli_word(cli, CLI_NOTHING_PROVED), (int)name.size, (const char *)name.data);
  }
}
