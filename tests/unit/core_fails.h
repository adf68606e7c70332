/* SPDX-License-Identifier: Apache-2.0
 * Two nodes on one of which something fails: a call that is not answered, a process that ends and is started anew. */
#ifndef WASL_TESTS_CORE_FAILS_H
#define WASL_TESTS_CORE_FAILS_H

#include "core_try.h"

/* A process that cannot go on ends, and its parent starts it anew. */
static inline void fails_revive(struct pair_node *node) {
  if (node->fatal == BASE_OK)
    return;
  node->fatal = BASE_OK;
  try_restart(node);
}
/* False when the node died over it. */
static inline bool fails_ask(struct pair_node *node, enum link_request_code code, const char *json, int fd,
                             struct pair_answer *out) {
  uint64_t token = node->next_token++;
  core_input(node->core, code, token, base_view_text(json), fd);
  pair_settle(node);
  bool answered = pair_find(node, token, out);
  if (node->fatal != BASE_OK)
    assert_false(answered); /* nothing is acknowledged without a signed head over it */
  fails_revive(node);
  return answered;
}
static inline bool fails_hand(struct pair_node *from, struct pair_node *to) {
  struct pair_parcel parcel;
  struct pair_answer answer, done;
  char json[200];
  bool took = pair_take(from, &parcel);
  fails_revive(from);
  if (!took)
    return false;
  snprintf(json, sizeof json, "{\"pin\":\"%s\"}", base_hash_text(&from->pin).text);
  bool answered = fails_ask(to, LINK_EXCHANGE_GIVE, json, parcel.fd, &answer);
  close(parcel.fd);
  int fd = -1;
  if (answered && answer.status == BASE_OK)
    fd = base_memfd_sealed("answer", base_buf_view(&answer.payload), NULL);
  snprintf(json, sizeof json, "{\"exchange\":%lld,\"status\":%d,\"code\":\"%s\",\"detail\":\"\"}",
           (long long)parcel.exchange, fd >= 0 ? 200 : 0, fd >= 0 ? "" : "unreachable");
  if (answered)
    pair_answer_free(&answer);
  if (fails_ask(from, LINK_EXCHANGE_DONE, json, fd, &done))
    pair_answer_free(&done);
  base_close_fd(&fd);
  return true;
}
static inline void fails_carry(struct pair_node *a, struct pair_node *b) {
  for (int i = 0; i < 8; i++) {
    a->ms += 31000;
    b->ms += 31000;
    fails_hand(a, b);
    fails_hand(b, a);
  }
}
/* Until it is acknowledged, as a person would try again. */
static inline void fails_send_surely(struct pair_node *node, enum link_request_code code, const char *json,
                                     char id[65]) {
  for (int i = 0; i < 3; i++) {
    struct pair_answer answer;
    if (!fails_ask(node, code, json, -1, &answer))
      continue;
    enum base_code status = answer.status;
    if (status == BASE_OK)
      pair_text(&answer, "id", id, 65);
    pair_answer_free(&answer);
    if (status == BASE_OK)
      return;
  }
  fail_msg("three tries were not enough");
}

#endif
