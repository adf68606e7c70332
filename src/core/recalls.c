/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "core/cases.h"
#include "core/emergency.h"
#include "core/erase.h"
#include "core/exercise.h"
#include "core/lane.h"
#include "core/people.h"
#include "core/recall.h"
#include "core/show.h"
#include "core/submit.h"

/* Recalls as people ask for them: opened, answered, listed with what is overdue first. */

enum base_code core_recall_by_hand(const struct core_kind *kind, const struct wire_kind_type *type,
                                   struct base_error *err) {
  if (!core_kind_recall(kind) || base_view_is(type->name, "close"))
    return BASE_OK;
  bool opens = type == &kind->kind.types[kind->kind.opening], withdraws = base_view_is(type->name, "withdraw");
  return base_fail(err, BASE_POLICY, "%.*s: the node itself writes it, with what it does: wasl recall %s",
                   (int)type->name.size, (const char *)type->name.data, opens ? "open" : withdraws ? "withdraw" : "answer");
}

static void answer_end(struct core *core, uint64_t token, struct base_buf *out, enum base_code code,
                       const struct base_error *err) {
  if (code == BASE_OK)
    core_show_answer(core, token, out);
  else
    core_reply_error(core, token, code, err);
}

/* --- open */

/* The message itself when it is ours, and whatever of ours passes it on. */
static enum base_code ask_all(struct core *core, const struct base_id *id, const struct core_recall_words *words,
                              struct core_recall_count *count, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct store_message row;
  struct core_mention mention;
  struct base_error why = {0};
  enum base_code refused = BASE_OK, code = store_message_header(core->store, id, &arena, &row, err);
  if (code != BASE_OK)
    return code;
  if (row.ours)
    refused = core_recall_ask(core, id, NULL, words, count, &why);
  for (int64_t key = INT64_MIN; code == BASE_OK && core->failed == BASE_OK;) {
    struct base_error said = {0};
    code = core_mention_next(core, id, &key, &arena, &mention, err);
    if (code != BASE_OK || !core_mention_passes(&mention, id))
      continue;
    enum base_code asked = core_recall_ask(core, &mention.row.id, NULL, words, count, &said);
    if (asked != BASE_OK && refused == BASE_OK) {
      refused = asked;
      why = said;
    }
  }
  if (code != BASE_OK && code != BASE_NOT_FOUND)
    return code;
  if (refused != BASE_OK)
    return count->asked > 0
               ? base_fail(err, refused, "%zu were asked, not everybody: %s; give the same command again later",
                           count->asked, why.text)
               : base_fail(err, refused, "%s", why.text);
  if (count->asked == 0 && count->ended == 0)
    return base_fail(err, BASE_CONFLICT,
                     row.ours ? "message %s was given to nobody who has not been asked the same"
                              : "message %s came from another node, which alone can recall it; this node passed it on "
                                "to nobody, or has asked all of them the same already",
                     base_id_text(id).text);
  return BASE_OK;
}

static bool is_one_of(struct base_view word, const char *const *words) {
  while (*words != NULL && !base_view_is(word, *words))
    words++;
  return *words != NULL;
}

void core_recall_open(struct core *core, uint64_t token, const struct wire_json *request) {
  static const char *const measures[] = {"erase", "correct", "restrict", NULL};
  BASE_AUTO_BUF struct base_buf out = {0};
  struct base_error err = {0};
  struct base_id id;
  BASE_AUTO_BUF struct base_buf cases = {0};
  struct wire_writer writer, listing;
  struct core_recall_count count = {.cases = &listing};
  bool exercise = false;
  struct core_recall_words words = {.actor = core_actor(core),
                                    .measure = core_request_text(request, "measure"),
                                    .ground = core_request_text(request, "ground"),
                                    .reason = core_request_text(request, "reason"),
                                    .correction = core_request_text(request, "correction")};
  base_buf_init(&out, BASE_BUF_DEFAULT_LIMIT);
  base_buf_init(&cases, BASE_BUF_DEFAULT_LIMIT);
  wire_writer_init(&listing, &cases);
  wire_write_array(&listing);
  enum base_code code = core_request_id(core, request, "id", "message", &id, &err);
  if (code == BASE_OK && !is_one_of(words.measure, measures))
    code = base_fail(&err, BASE_FIELD, "measure: erase, correct or restrict");
  if (code == BASE_OK && words.ground.size == 0)
    code = base_fail(&err, BASE_FIELD, "ground: say why it is recalled; wasl kind show recall lists the grounds");
  if (code == BASE_OK && base_view_is(words.measure, "correct") && wire_prose_blank(words.correction))
    code = base_fail(&err, BASE_FIELD, "correction: say what is right, when it is to be corrected");
  if (code == BASE_OK)
    code = core_emergency_stays(core, &id, "recalled", &err);
  if (code == BASE_OK)
    code = core_exercise_of_case(core, &id, &exercise, &err);
  if (code == BASE_OK)
    code = ask_all(core, &id, &words, &count, &err);
  wire_write_end(&listing, ']');
  wire_writer_init(&writer, &out);
  wire_write_object(&writer);
  wire_write_member_id(&writer, "id", &id);
  wire_write_member_bool(&writer, "exercise", exercise);
  wire_write_member_integer(&writer, "asked", (int64_t)count.asked);
  wire_write_member_integer(&writer, "ended", (int64_t)count.ended);
  wire_write_key(&writer, "recalls");
  wire_write_raw(&writer, base_buf_view(&cases));
  wire_write_end(&writer, '}');
  answer_end(core, token, &out, code, &err);
}

/* --- answer */

struct answering {
  struct core *core;
  const struct wire_json *request;
  struct core_recall recall;
  struct base_view outcome;
  bool keeps, erases;
  uint64_t erased;
};

static enum base_code check_answer(struct answering *answering, struct base_error *err) {
  static const char *const outcomes[] = {"erased", "corrected", "restricted", "never_held", "kept", NULL};
  const struct core_recall *recall = &answering->recall;
  struct base_view ground = core_request_text(answering->request, "ground");
  if (!is_one_of(answering->outcome, outcomes))
    return base_fail(err, BASE_FIELD, "outcome: erased, corrected, restricted, never_held or kept");
  if (answering->keeps != (ground.size > 0))
    return base_fail(err, BASE_FIELD, "ground: %s",
                     answering->keeps ? "say why it is kept" : "only what is kept has one");
  if (recall->ours)
    return base_fail(err, BASE_NOT_PARTY, "case %s is a recall of this node's own: it is the others who answer",
                     base_id_text(&recall->id).text);
  if (recall->withdrawn)
    return base_fail(err, BASE_CONFLICT,
                     "recall %s was withdrawn by its author: nothing is to be answered, and what is to be erased all "
                     "the same is by wasl message erase",
                     base_id_text(&recall->id).text);
  bool refuses =
      base_view_is(answering->outcome, "never_held") || (answering->keeps && base_view_is(ground, "not_the_author"));
  if (recall->without[0] != '\0' && !refuses)
    return base_fail(err, BASE_POLICY, "%s; the answers are never_held, or kept with the ground not_the_author",
                     recall->without);
  if (recall->answered && !recall->kept && !(answering->erases && !recall->erased))
    return base_fail(err, BASE_CONFLICT, "case %s is answered: %.*s", base_id_text(&recall->id).text,
                     (int)recall->outcome.size, (const char *)recall->outcome.data);
  if (!answering->keeps && !core_recall_fits(recall->measure, answering->outcome))
    return base_fail(
        err, BASE_FIELD,
        "outcome: what is asked for is to %.*s: do that or erase it and say so, or say kept with the ground "
        "for which it is not done",
        (int)recall->measure.size, (const char *)recall->measure.data);
  if (recall->without[0] == '\0' && refuses)
    return base_fail(err, BASE_POLICY, "message %s is here, and is by who recalls it",
                     base_id_text(&recall->message).text);
  return BASE_OK;
}

/* The message, and this node's own messages that pass its content on: first whether all of them may be erased (write
 * false), then they are. */
static enum base_code erase_one(struct answering *answering, const struct base_id *id, bool write,
                                struct base_error *err) {
  static const char reason[] = "recalled by its author: case ";
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct core *core = answering->core;
  struct store_message row;
  struct wire_header header;
  char why[sizeof reason + BASE_HEX_ID];
  enum base_code code = store_message_header(core->store, id, &arena, &row, err);
  if (code == BASE_OK)
    code = wire_header_parse(row.header, &arena, &header, err);
  if (code != BASE_OK || core_message_dropped(&row))
    return code; /* dropped: erased before, which its leaf says */
  if (!write)
    return core_erase_may(core, &row, &header, err);
  (void)snprintf(why, sizeof why, "%s%s", reason, base_id_text(&answering->recall.id).text);
  answering->erased++;
  return core_erase_write(core, &row, core_actor(core), base_view_text(why), false, err);
}

static enum base_code erase_all(struct answering *answering, bool write, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  const struct base_id *message = &answering->recall.message;
  struct core_mention mention;
  enum base_code code = erase_one(answering, message, write, err);
  for (int64_t key = INT64_MIN; code == BASE_OK;) {
    code = core_mention_next(answering->core, message, &key, &arena, &mention, err);
    if (code == BASE_OK && core_mention_passes(&mention, message))
      code = erase_one(answering, &mention.row.id, write, err);
  }
  return code == BASE_NOT_FOUND ? BASE_OK : code;
}

static enum base_code send_answer(struct answering *answering, struct base_id *out, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf document = {0};
  struct wire_writer writer;
  const char *below;
  struct base_view note = core_request_text(answering->request, "note");
  enum base_code code = core_recall_below(answering->core, &answering->recall, &below, err);
  if (code != BASE_OK)
    return code;
  base_buf_init(&document, CORE_DOCUMENT_MAX);
  wire_writer_init(&writer, &document);
  wire_write_object(&writer);
  wire_write_member_id(&writer, "id", &answering->recall.id);
  wire_write_member_string(&writer, "type", answering->keeps ? "keep" : "done");
  wire_write_key(&writer, "fields");
  wire_write_object(&writer);
  wire_write_member_text(&writer, answering->keeps ? "ground" : "outcome",
                         answering->keeps ? core_request_text(answering->request, "ground") : answering->outcome);
  wire_write_member_string(&writer, "below", below);
  if (note.size > 0)
    wire_write_member_text(&writer, "note", note);
  wire_write_end(&writer, '}');
  wire_write_end(&writer, '}');
  code = base_buf_check(&document, "the answer", err);
  return code == BASE_OK
             ? core_submit_itself(answering->core, core_actor(answering->core), base_buf_view(&document), out, err)
             : code;
}

void core_recall_answer(struct core *core, uint64_t token, const struct wire_json *request) {
  struct base_error err = {0};
  struct base_id id, sent;
  bool exercise = false;
  struct answering answering = {.core = core, .request = request, .outcome = core_request_text(request, "outcome")};
  answering.keeps = base_view_is(answering.outcome, "kept");
  answering.erases = base_view_is(answering.outcome, "erased");
  enum base_code code = core_request_id(core, request, "id", "case", &id, &err);
  if (code == BASE_OK)
    code = core_recall_read(core, &id, &answering.recall, &err);
  if (code == BASE_OK)
    code = check_answer(&answering, &err);
  if (code == BASE_OK)
    code = core_exercise_of_case(core, &id, &exercise, &err);
  if (code == BASE_OK && answering.erases)
    code = erase_all(&answering, false, &err);
  if (code == BASE_OK)
    code = send_answer(&answering, &sent, &err);
  if (code == BASE_OK && answering.erases) {
    code = erase_all(&answering, true, &err);
    code = code == BASE_OK ? BASE_OK : core_lose(core, code, &err);
  }
  core_recall_free(&answering.recall);
  if (code != BASE_OK) {
    core_reply_error(core, token, code, &err);
    return;
  }
  struct core_reply *reply = core_reply(core, token, BASE_OK);
  struct wire_writer writer;
  reply->erases = answering.erased > 0;
  wire_writer_init(&writer, &reply->payload);
  wire_write_object(&writer);
  wire_write_member_id(&writer, "id", &sent);
  wire_write_member_bool(&writer, "exercise", exercise);
  wire_write_member_integer(&writer, "erased", (int64_t)answering.erased);
  wire_write_end(&writer, '}');
}

/* --- list */

struct listing {
  struct core *core;
  struct base_buf late, rest;
  struct wire_writer late_writer, rest_writer;
  struct base_error *err;
};

static enum base_code list_one(void *context, const struct store_case *row) {
  struct listing *listing = context;
  struct core *core = listing->core;
  CORE_AUTO_RECALL struct core_recall recall = {0};
  struct base_id id = row->id;
  const char *below = NULL;
  struct base_error why = {0};
  if (!core_lane_sees(core, row->lane))
    return BASE_OK;
  enum base_code code = core_recall_read(core, &id, &recall, &why);
  if (code == BASE_OK && !recall.ours)
    code = core_recall_below(core, &recall, &below, &why);
  if (code != BASE_OK && !core_damage(code)) /* that one is listed, also of a kind that is not held here any more */
    return base_fail(listing->err, code, "%s", why.text);
  bool overdue = recall.due != 0 && recall.due < core_now(core);
  bool late = !recall.withdrawn && (overdue || base_view_is(recall.told, "overdue") ||
                                    (below != NULL && base_view_is(base_view_text(below), "overdue")));
  struct wire_writer *writer = late ? &listing->late_writer : &listing->rest_writer;
  wire_write_object(writer);
  wire_write_member_id(writer, "id", &id);
  wire_write_member_bool(writer, "exercise", row->exercise);
  if (code != BASE_OK) {
    core_show_text(writer, "damaged", base_view_text(why.text));
    wire_write_end(writer, '}');
    return BASE_OK;
  }
  wire_write_member_id(writer, "message", &recall.message);
  wire_write_member_text(writer, "measure", recall.measure);
  wire_write_member_text(writer, "ground", recall.ground);
  wire_write_member_bool(writer, "ours", recall.ours);
  wire_write_member_text(writer, "party", core_show_name(core, recall.ours ? recall.to : recall.opener));
  wire_write_member_text(writer, "state", recall.misfit ? BASE_VIEW("recalled") : recall.state);
  wire_write_member_bool(writer, "does_not_fit", recall.misfit);
  core_show_text(writer, "without_effect", base_view_text(recall.without));
  core_show_time(writer, "due", recall.due);
  wire_write_member_bool(writer, "overdue", overdue);
  wire_write_member_text(writer, "outcome", recall.outcome);
  wire_write_member_text(writer, "below", below != NULL ? base_view_text(below) : recall.told);
  wire_write_key(writer, "certificate");
  if (recall.certified)
    wire_write_string(writer, base_id_text(&recall.certificate).text);
  else
    wire_write_null(writer);
  wire_write_key(writer, "handed_down");
  if (recall.has_above)
    wire_write_string(writer, base_id_text(&recall.above).text);
  else
    wire_write_null(writer);
  wire_write_end(writer, '}');
  return base_buf_check(writer->out, "the list, which takes a limit,", listing->err);
}

/* Both arrays as one: what is overdue, or is so further down, stands first. */
static void join(struct listing *listing, struct base_buf *out) {
  wire_write_end(&listing->late_writer, ']');
  wire_write_end(&listing->rest_writer, ']');
  struct base_view late = base_buf_view(&listing->late), rest = base_buf_view(&listing->rest);
  bool both = late.size > 2 && rest.size > 2;
  base_buf_add(out, late.data, late.size - 1);
  base_buf_text(out, both ? "," : "");
  base_buf_add(out, rest.data + 1, rest.size - 1);
}

void core_recall_list(struct core *core, uint64_t token, const struct wire_json *request) {
  struct base_error err = {0};
  uint64_t limit = 0;
  BASE_AUTO_BUF struct base_buf out = {0};
  struct listing listing = {.core = core, .err = &err};
  base_buf_init(&out, BASE_BUF_DEFAULT_LIMIT);
  base_buf_init(&listing.late, BASE_BUF_DEFAULT_LIMIT);
  base_buf_init(&listing.rest, BASE_BUF_DEFAULT_LIMIT);
  wire_writer_init(&listing.late_writer, &listing.late);
  wire_writer_init(&listing.rest_writer, &listing.rest);
  wire_write_array(&listing.late_writer);
  wire_write_array(&listing.rest_writer);
  enum base_code code = core_show_limit(request, &limit, &err);
  if (code == BASE_OK)
    code = store_case_each(core->store, base_view_text(WIRE_KIND_RECALL), limit, list_one, &listing, &err);
  if (code == BASE_OK)
    join(&listing, &out);
  answer_end(core, token, &out, code, &err);
  base_buf_free(&listing.late);
  base_buf_free(&listing.rest);
}
