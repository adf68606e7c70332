/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "gate/peer_internal.h"
#include "gate/problem.h"
#include "wire/witness.h"

/* Heads of our register go to witnesses, by C2SP tlog-witness. Each of GATE_WITNESSES_MAX places asks core for work,
 * posts what it gets, tells core what was answered, and asks again. What the answer means is core's business. A partner
 * is known by the pins of its card, like in an exchange; a witness that is none by its own pin, or by the authorities
 * that this system trusts. */

enum { PAUSE_MS = 1000, AUTHORITIES_MAX = 4 << 20 };
#define AUTHORITIES "/etc/ssl/certs/ca-certificates.crt"

struct visit {
  struct gate_errand errand;
  struct gate_witnesses *all;
  CURL *easy;
  bool running, paused;
  struct wire_json *work; /* core's answer to witness.take */
  struct base_buf body, answer;
  char trouble[CURL_ERROR_SIZE];
};
struct gate_witnesses {
  struct gate_peer *peer;
  CURLM *multi;
  struct curl_slist *fields;
  struct base_buf authorities; /* read while the files may still be read; empty: there are none here */
  struct link_timer *pause_timer;
  bool stopping;
  struct visit visits[GATE_WITNESSES_MAX];
};

static void ask_work(struct visit *visit);

static void told(void *context, struct link_message *message) {
  (void)context;
  if (message->status != BASE_OK)
    base_log(BASE_LOG_WARNING, "gate.witness", "core did not take a witness's answer: %s",
             base_code_text(message->status));
}

/* status 0: there was no answer, and detail says why. */
static void tell(struct visit *visit, long status, struct base_view detail) {
  struct gate_witnesses *all = visit->all;
  struct wire_writer writer;
  BASE_AUTO_BUF struct base_buf payload = {0}, body = {0}, shown = {0};
  base_buf_base64(&body, base_buf_view(&visit->answer));
  gate_printable(&shown, detail, GATE_DETAIL_MAX);
  wire_writer_init(&writer, &payload);
  wire_write_object(&writer);
  wire_write_member_text(&writer, "witness", wire_json_text(wire_json_get(visit->work, "witness")));
  wire_write_member_integer(&writer, "status", status);
  wire_write_member_buf(&writer, "detail", &shown);
  wire_write_member_buf(&writer, "body", &body);
  wire_write_end(&writer, '}');
  gate_calls_ask(&all->peer->core, LINK_WITNESS_DONE, base_buf_view(&payload), -1, told, NULL);
  base_buf_free(&visit->body);
  base_buf_free(&visit->answer);
  wire_json_free(visit->work);
  visit->work = NULL;
  visit->running = false;
  if (!all->stopping)
    ask_work(visit);
}

static size_t take_answer(char *data, size_t one, size_t size, void *context) {
  struct visit *visit = context;
  (void)one;
  base_buf_add(&visit->answer, data, size);
  return visit->answer.code == BASE_OK ? size : 0;
}

static void over(void *context, CURLcode result) {
  struct visit *visit = context;
  long status = 0;
  BASE_AUTO_BUF struct base_buf why = {0};
  curl_easy_getinfo(visit->easy, CURLINFO_RESPONSE_CODE, &status);
  curl_multi_remove_handle(visit->all->multi, visit->easy);
  if (result == CURLE_OK && status != 0) {
    /* Only of these does core read what was said with them. */
    if (status != 200 && status != 409)
      base_buf_reset(&visit->answer);
    tell(visit, status, (struct base_view){NULL, 0});
    return;
  }
  base_buf_free(&visit->answer);
  if (result == CURLE_WRITE_ERROR)
    base_buf_text(&why, "its answer is larger than one of a witness may be");
  else if (result == CURLE_SSL_PINNEDPUBKEYNOTMATCH && !wire_json_true(wire_json_get(visit->work, "partner")))
    base_buf_text(&why, "the TLS key there is not the one that was pinned");
  else
    gate_client_describe(visit->easy, result, visit->trouble, &why);
  tell(visit, 0, base_buf_view(&why));
}

/* How the other end is known: false when it cannot be. */
static bool set_trust(struct visit *visit, bool partner, bool plain, struct base_buf *pins, struct base_buf *why) {
  struct gate_witnesses *all = visit->all;
  bool pinned = gate_client_pins(wire_json_get(visit->work, "pins"), pins);
  CURL *easy = visit->easy;
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, plain ? "http" : "https");
  if (partner && !pinned) {
    base_buf_text(why, "the partner's card has no key or no address, or he is none any more");
    return false;
  }
  if (partner) {
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_3 | (long)CURL_SSLVERSION_MAX_TLSv1_3);
    gate_client_pin(easy, gate_peer_pair(all->peer), (const char *)pins->data);
    return true;
  }
  /* To a stranger this node shows no key of its own. */
  curl_easy_setopt(easy, CURLOPT_SSLCERT_BLOB, NULL);
  curl_easy_setopt(easy, CURLOPT_SSLKEY_BLOB, NULL);
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
  curl_easy_setopt(easy, CURLOPT_PINNEDPUBLICKEY, pinned ? (const char *)pins->data : NULL);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, pinned ? 0L : 1L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, pinned ? 0L : 2L);
  struct curl_blob authorities = {all->authorities.data, all->authorities.size, CURL_BLOB_NOCOPY};
  curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, pinned || all->authorities.size == 0 ? NULL : &authorities);
  if (!plain && !pinned && all->authorities.size == 0) {
    base_buf_text(why, "there is no list of authorities on this machine (" AUTHORITIES
                       "): install it and start the node again, or pin the witness's TLS key");
    return false;
  }
  return true;
}

static bool start(struct visit *visit, struct base_buf *why) {
  BASE_AUTO_BUF struct base_buf url = {0}, pins = {0};
  struct base_view prefix = wire_json_text(wire_json_get(visit->work, "url")),
                   body = wire_json_text(wire_json_get(visit->work, "body"));
  bool plain = prefix.size > 5 && memcmp(prefix.data, "http:", 5) == 0;
  base_buf_init(&visit->body, WIRE_WITNESS_REQUEST_MAX);
  base_buf_init(&visit->answer, WIRE_WITNESS_ANSWER_MAX);
  base_buf_add_view(&visit->body, body);
  base_buf_add_view(&url, prefix);
  base_buf_add(&url, "/add-checkpoint", sizeof "/add-checkpoint");
  if (!set_trust(visit, wire_json_true(wire_json_get(visit->work, "partner")), plain, &pins, why))
    return false;
  CURL *easy = visit->easy;
  visit->trouble[0] = '\0';
  curl_easy_setopt(easy, CURLOPT_URL, (const char *)url.data);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)visit->body.size);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, (const char *)visit->body.data);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)GATE_WITNESS_MS);
  if (url.code == BASE_OK && visit->body.code == BASE_OK && curl_multi_add_handle(visit->all->multi, easy) == CURLM_OK)
    return true;
  base_buf_text(why, "its address cannot be used");
  return false;
}

static void work_came(void *context, struct link_message *message) {
  struct visit *visit = context;
  struct gate_witnesses *all = visit->all;
  struct base_error err;
  BASE_AUTO_BUF struct base_buf why = {0};
  if (message->status != BASE_OK ||
      wire_json_parse(message->payload, LINK_INLINE_MAX, "witness.take", &visit->work, &err) != BASE_OK) {
    visit->paused = true;
    link_timer_set(all->pause_timer, PAUSE_MS);
    return;
  }
  visit->running = !all->stopping && start(visit, &why);
  if (!visit->running)
    tell(visit, 0, all->stopping ? base_view_text("this node is about to stop") : base_buf_view(&why));
}

static void ask_work(struct visit *visit) {
  visit->paused = false;
  gate_calls_ask(&visit->all->peer->core, LINK_WITNESS_TAKE, BASE_VIEW("{}"), -1, work_came, visit);
}

static void pause_over(void *context) {
  struct gate_witnesses *all = context;
  for (size_t i = 0; i < GATE_WITNESSES_MAX && !all->stopping; i++)
    if (all->visits[i].paused)
      ask_work(&all->visits[i]);
}

/* --- start and stop */

static struct curl_slist *make_fields(void) {
  struct curl_slist *fields = curl_slist_append(NULL, "Content-Type: text/plain; charset=utf-8");
  struct curl_slist *longer = fields != NULL ? curl_slist_append(fields, "Expect:") : NULL;
  if (longer == NULL)
    curl_slist_free_all(fields);
  return longer;
}

enum base_code gate_witnesses_new(struct gate_peer *peer, CURLM *multi, struct gate_witnesses **out,
                                  struct base_error *err) {
  struct gate_witnesses *all = calloc(1, sizeof *all);
  if (all == NULL)
    return base_fail(err, BASE_MEMORY, "out of memory for the way to witnesses");
  all->peer = peer;
  all->multi = multi;
  all->fields = make_fields();
  base_buf_init(&all->authorities, AUTHORITIES_MAX);
  if (base_file_read(AT_FDCWD, AUTHORITIES, AUTHORITIES_MAX, &all->authorities, NULL) != BASE_OK)
    base_buf_free(&all->authorities);
  bool made = all->fields != NULL;
  for (size_t i = 0; i < GATE_WITNESSES_MAX; i++) {
    struct visit *visit = &all->visits[i];
    visit->all = all;
    visit->errand = (struct gate_errand){over, visit};
    visit->easy = curl_easy_init();
    made = made && visit->easy != NULL;
    if (!made)
      break;
    gate_client_options(visit->easy, &visit->errand, visit->trouble, peer->setup.limits);
    curl_easy_setopt(visit->easy, CURLOPT_HTTPHEADER, all->fields);
    curl_easy_setopt(visit->easy, CURLOPT_WRITEFUNCTION, take_answer);
    curl_easy_setopt(visit->easy, CURLOPT_WRITEDATA, visit);
  }
  if (!made) {
    gate_witnesses_free(all);
    return base_fail(err, BASE_MEMORY, "out of memory for the way to witnesses");
  }
  all->pause_timer = link_loop_timer(peer->setup.loop, pause_over, all);
  *out = all;
  return BASE_OK;
}

void gate_witnesses_open(struct gate_witnesses *all) {
  for (size_t i = 0; i < GATE_WITNESSES_MAX; i++)
    ask_work(&all->visits[i]);
}

void gate_witnesses_stop(struct gate_witnesses *all) {
  all->stopping = true;
}

void gate_witnesses_free(struct gate_witnesses *all) {
  if (all == NULL)
    return;
  for (size_t i = 0; i < GATE_WITNESSES_MAX; i++) {
    struct visit *visit = &all->visits[i];
    if (visit->running)
      curl_multi_remove_handle(all->multi, visit->easy);
    curl_easy_cleanup(visit->easy);
    base_buf_free(&visit->body);
    base_buf_free(&visit->answer);
    wire_json_free(visit->work);
  }
  curl_slist_free_all(all->fields);
  base_buf_free(&all->authorities);
  if (all->pause_timer != NULL)
    link_timer_set(all->pause_timer, -1);
  free(all);
}
