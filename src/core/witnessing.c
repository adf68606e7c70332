/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "core/cards.h"
#include "core/partners.h"
#include "core/witness.h"

/* This node as a witness, by C2SP tlog-witness: whoever has the heads of a partner's register brings one with a proof
 * that it extends the one cosigned last. What was cosigned last is what the keeper remembers, whether the head came
 * this way or in a consignment: there is one memory, and one rule. */

struct call { /* one add-checkpoint */
  struct core_partner *partner;
  struct wire_witness_request request;
  struct base_buf note; /* the checkpoint with the register's own line and no other */
  struct base_buf line; /* our cosignature */
  const struct wire_key *key;
  int status;
  char text[BASE_ERROR_TEXT_MAX + 2]; /* a sentence and a newline */
};

static void decide(struct call *call, int status, const char *text) {
  call->status = status;
  (void)snprintf(call->text, sizeof call->text, "%s\n", text);
}

static struct core_partner *find_partner(struct core *core, struct base_view origin) {
  struct core_partner *partner = wire_origin_valid(origin) ? core_partner_of(core, wire_origin_node(origin)) : NULL;
  bool known = partner != NULL && core_witness_of(core, partner) && partner->damaged[0] == '\0' &&
               partner->row.state == STORE_PARTNER_ACTIVE && wire_origin_epoch(origin) == partner->renewed.number;
  return known ? partner : NULL;
}

/* The register's own line is looked for by name and id; all others are of no concern here. */
static bool find_signature(struct call *call) {
  const struct wire_checkpoint *head = &call->request.checkpoint;
  call->key = &core_cards_at(&call->partner->cards, wire_checkpoint_position(head))->card.log_key;
  uint32_t id = seal_vkey_id(head->origin, WIRE_VKEY_LOG, call->key);
  struct wire_witness_line line;
  struct wire_signature signature;
  bool found = false;
  for (struct base_view rest = call->request.lines; wire_witness_line(&rest, &line);) {
    if (line.id != id || !base_view_equal(line.name, head->origin))
      continue;
    if (found || wire_signature_parse(line.line, &signature, NULL) != BASE_OK || signature.size != 64 ||
        !seal_verify(call->key, call->request.text, signature.bytes))
      return false;
    found = true;
  }
  if (!found)
    return false;
  base_buf_init(&call->note, WIRE_NOTE_MAX);
  base_buf_add_view(&call->note, call->request.text);
  base_buf_text(&call->note, "\n");
  wire_signature_write(&signature, &call->note);
  return call->note.code == BASE_OK;
}

/* Two signed heads that contradict each other, or one that its own proof does not lead to: kept as evidence, as when it
 * comes in a consignment. */
static enum base_code contradiction(struct core *core, struct call *call, enum base_code what, const char *text,
                                    struct base_error *err) {
  struct base_error fault = {0};
  (void)base_fail(&fault, what, "add-checkpoint: %s", text);
  decide(call, 422, text);
  return core_partner_fault(core, call->partner, &fault, base_buf_view(&call->note), err);
}

/* Whether the head extends the one that was cosigned last; the status is decided when it does not. */
static enum base_code follow(struct core *core, struct call *call, struct base_error *err) {
  const struct wire_witness_request *request = &call->request;
  const struct wire_checkpoint *head = &request->checkpoint;
  uint64_t known = call->partner->seen_size;
  struct base_hash empty = seal_empty_root();
  struct base_error why = {0};
  if (request->old_size > head->size) {
    decide(call, 400, "the old size is larger than the checkpoint's");
  } else if (request->old_size != known) {
    call->status = 409;
    (void)snprintf(call->text, sizeof call->text, "%llu\n", (unsigned long long)known);
  } else if (head->size == 0 && !base_hash_equal(&head->root, &empty)) {
    decide(call, 422, "an empty register with a root that is not the empty one");
  } else if (request->hash_count > 0 && (known == 0 || known == head->size)) {
    decide(call, 422, "a proof where none is needed");
  } else if (head->size == known && known > 0 && !base_hash_equal(&head->root, &call->partner->seen_root)) {
    return contradiction(core, call, BASE_FORK, "two signed heads of one size differ: the register was forked", err);
  } else if (head->size > known && known > 0 &&
             seal_consistency_verify(known, &call->partner->seen_root, head->size, &head->root, request->hashes,
                                     request->hash_count, &why) != BASE_OK) {
    return contradiction(core, call, BASE_CONSISTENCY,
                         "the proof does not lead from the head that was cosigned last to this one", err);
  }
  return BASE_OK;
}

/* The keeper looks at all of it once more, remembers the head and signs; then we keep it as any other head of his. */
static enum base_code cosign(struct core *core, struct call *call, struct base_error *err) {
  const struct wire_witness_request *request = &call->request;
  base_buf_init(&call->line, WIRE_NOTE_MAX);
  if (request->checkpoint.size == 0)
    return core->env.keeper.cosign(core->env.keeper.context, call->key, base_buf_view(&call->note), 0, NULL, 0,
                                   &call->line, err);
  struct core_heads heads = {.has_head = true, .note = base_buf_view(&call->note)};
  if (request->hash_count > 0) {
    struct wire_frame *proof = &heads.consistency[heads.count++];
    *proof = (struct wire_frame){.type = WIRE_FRAME_CONSISTENCY,
                                 .old_size = request->old_size,
                                 .new_size = request->checkpoint.size,
                                 .hash_count = request->hash_count};
    memcpy(proof->hashes, request->hashes, request->hash_count * sizeof request->hashes[0]);
  }
  enum base_code code = core_head_cosign(core, call->partner, &heads, &request->checkpoint, call->key, err);
  return code == BASE_OK ? core_head_line(core, call->partner, request->checkpoint.size, &call->line, err) : code;
}

static enum base_code decide_call(struct core *core, struct call *call, struct base_view body, struct base_error *err) {
  struct base_error why = {0};
  if (wire_witness_request_parse(body, &call->request, &why) != BASE_OK) {
    decide(call, 400, why.text);
    return BASE_OK;
  }
  call->partner = find_partner(core, call->request.checkpoint.origin);
  if (call->partner == NULL) {
    decide(call, 404, "this node is no witness of that register");
    return BASE_OK;
  }
  if (!find_signature(call)) {
    decide(call, 403, "the checkpoint is not signed by the key that this register is followed under");
    return BASE_OK;
  }
  enum base_code code = follow(core, call, err);
  if (code != BASE_OK || call->status != 0)
    return code;
  code = cosign(core, call, &why);
  if (code == BASE_OK)
    call->status = 200;
  else if (!core_ours(code)) /* the keeper knows better than what is stored here */
    return contradiction(core, call, code == BASE_FORK ? code : BASE_CONSISTENCY, why.text, err);
  else
    *err = why;
  return code;
}

void core_witness_give(struct core *core, uint64_t token, const struct wire_json *request, int fd) {
  struct base_error err = {0};
  struct call call = {0};
  struct base_view body = {0};
  struct base_hash pin;
  enum base_code code = base_map_sealed(fd, WIRE_WITNESS_REQUEST_MAX, &body, &err);
  if (code == BASE_OK &&
      (!base_hash_parse(core_request_text(request, "pin"), &pin) || core_partner_pinned(core, &pin) == NULL))
    code = base_fail(&err, BASE_UNKNOWN_NODE, "your key is not, or no longer, that of a partner of this node");
  if (code == BASE_OK && core_disk_rests(core))
    code = base_fail(&err, BASE_DISK_FULL, CORE_NO_ROOM);
  if (code == BASE_OK)
    code = decide_call(core, &call, body, &err);
  base_unmap(&body);
  if (code == BASE_OK) {
    struct wire_writer writer;
    wire_writer_init(&writer, &core_reply(core, token, BASE_OK)->payload);
    wire_write_object(&writer);
    wire_write_member_integer(&writer, "status", call.status);
    wire_write_member_text(&writer, "body", call.status == 200 ? base_buf_view(&call.line) : base_view_text(call.text));
    wire_write_end(&writer, '}');
  } else {
    core_reply_error(core, token, code, &err);
  }
  base_buf_free(&call.note);
  base_buf_free(&call.line);
}
