/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <curl/curl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "gate/peer_internal.h"
#include "gate/problem.h"
#include "wire/card.h"
#include "wire/consignment.h"

/* Core's consignments go out. Each of GATE_TAKES_MAX places asks core for work, hands what it gets to the partner at
 * one of its addresses, tells core how it went, and asks again. */

enum { TAKE_PAUSE_MS = 1000, CONNECTIONS_KEPT = 64, PIN_TEXT = 64, URL_MAX = WIRE_ADDRESS_MAX + 64 };

struct exchange {
  struct gate_errand errand;
  struct gate_client *client;
  CURL *easy;
  bool running, paused;
  struct wire_json *work; /* core's answer to exchange.take */
  struct base_view consignment;
  size_t address; /* the next one to try */
  bool wrong_key;
  struct base_buf failures; /* what went wrong at each address */
  struct gate_memfile answer;
  struct base_buf problem;
  char trouble[CURL_ERROR_SIZE];
};

struct gate_client {
  struct gate_peer *peer;
  CURLM *multi;
  struct curl_slist *fields;
  struct link_timer *timer, *pause_timer;
  size_t running;
  bool stopping;
  struct exchange exchanges[GATE_TAKES_MAX];
  struct gate_witnesses *witnesses;
};

static void ask_work(struct exchange *exchange);

/* --- telling core */

static void told(void *context, struct link_message *message) {
  (void)context;
  if (message->status != BASE_OK)
    base_log(BASE_LOG_WARNING, "gate.done", "core did not take the end of an exchange: %s",
             base_code_text(message->status));
}

/* Ends the exchange and makes its place free for the next. fd: the partner's answer, or -1. */
static void tell(struct exchange *exchange, long status, const char *code, struct base_view detail, int fd) {
  struct gate_client *client = exchange->client;
  struct wire_writer writer;
  BASE_AUTO_BUF struct base_buf payload = {0}, shown = {0};
  gate_printable(&shown, detail, GATE_DETAIL_MAX);
  wire_writer_init(&writer, &payload);
  wire_write_object(&writer);
  wire_write_key(&writer, "exchange");
  wire_write_value(&writer, wire_json_get(exchange->work, "exchange"));
  wire_write_member_integer(&writer, "status", status);
  wire_write_member_string(&writer, "code", code);
  wire_write_member_buf(&writer, "detail", &shown);
  wire_write_end(&writer, '}');
  gate_calls_ask(&client->peer->core, LINK_EXCHANGE_DONE, base_buf_view(&payload), fd, told, NULL);
  gate_memfile_close(&exchange->answer);
  base_buf_free(&exchange->failures);
  base_buf_free(&exchange->problem);
  base_unmap(&exchange->consignment);
  wire_json_free(exchange->work);
  exchange->work = NULL;
  if (exchange->running) {
    exchange->running = false;
    client->running--;
  }
  if (!client->stopping)
    ask_work(exchange);
  else if (client->running == 0)
    gate_peer_client_idle(client->peer);
}

static void tell_error(struct exchange *exchange, enum base_code code, const char *text) {
  tell(exchange, 0, base_code_name(code), base_view_text(text), -1);
}

/* --- one attempt */

static size_t take_answer(char *data, size_t one, size_t size, void *context) {
  struct exchange *exchange = context;
  long status = 0;
  (void)one;
  curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
  if (status == 200)
    return gate_memfile_add(&exchange->answer, base_view_of(data, size), NULL) == BASE_OK ? size : 0;
  /* Of a reason only so much counts. */
  size_t room = GATE_PROBLEM_MAX - exchange->problem.size;
  base_buf_add(&exchange->problem, data, size < room ? size : room);
  return size;
}

bool gate_client_pins(const struct wire_json *pins, struct base_buf *out) {
  size_t count = wire_json_size(pins);
  for (size_t i = 0; i < count && count <= GATE_PINS_MAX; i++) {
    struct base_hash pin;
    if (!base_hash_parse(wire_json_text(wire_json_at(pins, i)), &pin))
      return false;
    base_buf_text(out, i > 0 ? ";sha256//" : "sha256//");
    base_buf_base64(out, base_view_of(pin.bytes, sizeof pin.bytes));
  }
  base_buf_u8(out, 0);
  return count > 0 && count <= GATE_PINS_MAX && out->code == BASE_OK;
}

void gate_client_pin(CURL *easy, const struct gate_pair *own, const char *pins) {
  struct curl_blob certificate = {own->certificate.data, own->certificate.size - 1, CURL_BLOB_NOCOPY};
  struct curl_blob key = {own->key.data, own->key.size - 1, CURL_BLOB_NOCOPY};
  curl_easy_setopt(easy, CURLOPT_SSLCERT_BLOB, &certificate);
  curl_easy_setopt(easy, CURLOPT_SSLKEY_BLOB, &key);
  curl_easy_setopt(easy, CURLOPT_PINNEDPUBLICKEY, pins);
  /* The pin decides and nothing else about the certificate; reading a list of authorities would only cost time. */
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
}

static bool start_attempt(struct exchange *exchange, struct base_view address) {
  struct gate_client *client = exchange->client;
  const struct gate_limits *limits = client->peer->setup.limits;
  BASE_AUTO_BUF struct base_buf url = {0}, pins = {0};
  struct base_error err;
  if (!wire_address_valid(address) || !gate_client_pins(wire_json_get(exchange->work, "pins"), &pins))
    return false;
  base_buf_text(&url, "https://");
  base_buf_add_view(&url, address);
  base_buf_add(&url, GATE_CONSIGNMENT_PATH, sizeof GATE_CONSIGNMENT_PATH);
  gate_memfile_close(&exchange->answer);
  base_buf_reset(&exchange->problem);
  if (url.code != BASE_OK || gate_memfile_open(&exchange->answer, "answer", WIRE_CONSIGNMENT_MAX, &err) != BASE_OK)
    return false;
  int64_t time = limits->exchange_ms + (int64_t)exchange->consignment.size * 1000 / limits->slowest_bytes_s;
  CURL *easy = exchange->easy;
  exchange->trouble[0] = '\0';
  gate_client_pin(easy, gate_peer_pair(client->peer), (const char *)pins.data);
  curl_easy_setopt(easy, CURLOPT_URL, (const char *)url.data);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)exchange->consignment.size);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, (const char *)exchange->consignment.data);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)time);
  return curl_multi_add_handle(client->multi, easy) == CURLM_OK;
}

static struct base_view partner_of(const struct exchange *exchange) {
  return wire_json_text(wire_json_get(exchange->work, "partner"));
}

/* Goes on to the next address; when none is left, core hears what was wrong with each. */
static void try_next(struct exchange *exchange) {
  const struct wire_json *addresses = wire_json_get(exchange->work, "addresses");
  size_t count = wire_json_size(addresses) < GATE_ADDRESSES_MAX ? wire_json_size(addresses) : GATE_ADDRESSES_MAX;
  while (exchange->address < count) {
    if (start_attempt(exchange, wire_json_text(wire_json_at(addresses, exchange->address++))))
      return;
    base_buf_text(&exchange->failures, exchange->failures.size > 0 ? "; " : "");
    base_buf_text(&exchange->failures, "an address or key on the card cannot be used");
  }
  if (count == 0)
    base_buf_text(&exchange->failures, "the card has no address");
  enum base_code code = exchange->wrong_key ? BASE_WRONG_KEY : BASE_UNREACHABLE;
  tell(exchange, 0, base_code_name(code), base_buf_view(&exchange->failures), -1);
}

/* Without the library's own words where we have better ones. */
void gate_client_describe(CURL *easy, CURLcode result, const char *trouble, struct base_buf *out) {
  long number = 0;
  curl_off_t handshake = 0;
  curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &number);
  curl_easy_getinfo(easy, CURLINFO_APPCONNECT_TIME_T, &handshake);
  switch (result) {
  case CURLE_COULDNT_RESOLVE_HOST:
    base_buf_text(out, "the name cannot be resolved");
    return;
  case CURLE_COULDNT_CONNECT: {
    const char *why = number > 0 ? strerror((int)number) : "no connection";
    base_buf_u8(out, (uint8_t)tolower((unsigned char)why[0]));
    base_buf_text(out, why + 1);
    return;
  }
  case CURLE_OPERATION_TIMEDOUT:
    base_buf_text(out, handshake == 0 ? "no connection in time" : "no answer in time");
    return;
  case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    base_buf_text(out, "the key there is not the one on the card");
    return;
  case CURLE_SSL_CONNECT_ERROR:
  case CURLE_GOT_NOTHING:
  case CURLE_SEND_ERROR:
  case CURLE_RECV_ERROR:
    base_buf_text(
        out, strstr(trouble, "alert certificate unknown") != NULL
                 ? "the connection was cut off by one who does not know this node's key"
                 /* TLS 1.3 rejects a key after the client is done: its alert can be lost with what he sent since. */
                 : "there is somebody, but the connection was cut off before an answer came, as by a node that "
                   "does not know this node's key, has no free place now, or stops");
    return;
  default:
    gate_printable(out, base_view_text(trouble[0] != '\0' ? trouble : curl_easy_strerror(result)), 120);
  }
}

static void attempt_failed(struct exchange *exchange, CURLcode result) {
  const struct wire_json *addresses = wire_json_get(exchange->work, "addresses");
  struct base_view partner = partner_of(exchange);
  struct base_view address = wire_json_text(wire_json_at(addresses, exchange->address - 1));
  struct base_buf *out = &exchange->failures;
  if (out->size > 0)
    base_buf_text(out, "; at ");
  else {
    base_buf_add_view(out, partner);
    base_buf_text(out, " at ");
  }
  base_buf_add_view(out, address);
  base_buf_text(out, ": ");
  gate_client_describe(exchange->easy, result, exchange->trouble, out);
  if (result == CURLE_SSL_PINNEDPUBKEYNOTMATCH)
    exchange->wrong_key = true;
  try_next(exchange);
}

static void attempt_over(void *context, CURLcode result) {
  struct exchange *exchange = context;
  long status = 0;
  curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
  curl_multi_remove_handle(exchange->client->multi, exchange->easy);
  struct base_error err;
  if (result == CURLE_WRITE_ERROR) /* this was the partner: another address would lead to him again */
    tell_error(exchange, BASE_PROTOCOL, "the partner's answer is larger than a consignment may be");
  else if (result != CURLE_OK)
    attempt_failed(exchange, result);
  else if (status == 200 && gate_memfile_seal(&exchange->answer, &err) == BASE_OK)
    tell(exchange, status, base_code_name(BASE_OK), (struct base_view){NULL, 0}, exchange->answer.fd);
  else if (status == 200)
    tell_error(exchange, err.code, err.text);
  else {
    struct gate_problem problem;
    gate_problem_read(base_buf_view(&exchange->problem), status, &problem);
    tell(exchange, status, problem.code, base_buf_view(&problem.detail), -1);
    base_buf_free(&problem.detail);
  }
}

/* --- work from core */

static void work_came(void *context, struct link_message *message) {
  struct exchange *exchange = context;
  struct gate_client *client = exchange->client;
  struct base_error err;
  if (message->status != BASE_OK) {
    exchange->paused = true;
    link_timer_set(client->pause_timer, TAKE_PAUSE_MS);
    return;
  }
  enum base_code code = wire_json_parse(message->payload, LINK_INLINE_MAX, "exchange.take", &exchange->work, &err);
  if (code == BASE_OK && message->fd < 0)
    code = base_fail(&err, BASE_INTERNAL, "exchange.take: no consignment came with it");
  if (code == BASE_OK)
    code = base_map_sealed(message->fd, WIRE_CONSIGNMENT_MAX, &exchange->consignment, &err);
  exchange->address = 0;
  exchange->wrong_key = false;
  if (code != BASE_OK) {
    base_log(BASE_LOG_ERROR, "gate.take", "%s", err.text);
    tell_error(exchange, code, err.text);
  } else if (client->stopping)
    tell_error(exchange, BASE_NOT_RUNNING, "this node is about to stop");
  else {
    exchange->running = true;
    client->running++;
    try_next(exchange);
  }
}

static void ask_work(struct exchange *exchange) {
  exchange->paused = false;
  gate_calls_ask(&exchange->client->peer->core, LINK_EXCHANGE_TAKE, BASE_VIEW("{}"), -1, work_came, exchange);
}

static void pause_over(void *context) {
  struct gate_client *client = context;
  for (size_t i = 0; i < GATE_TAKES_MAX && !client->stopping; i++)
    if (client->exchanges[i].paused)
      ask_work(&client->exchanges[i]);
}

/* --- the library in the loop */

static void look_for_ends(struct gate_client *client) {
  int left;
  for (CURLMsg *message; (message = curl_multi_info_read(client->multi, &left)) != NULL;) {
    if (message->msg != CURLMSG_DONE)
      continue;
    char *private = NULL;
    CURLcode result = message->data.result;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
    struct gate_errand *errand = (void *)private;
    errand->over(errand->context, result);
  }
}

static void act(struct gate_client *client, curl_socket_t fd, int events) {
  int running;
  curl_multi_socket_action(client->multi, fd, events, &running);
  look_for_ends(client);
}

static void timer_fired(void *context) {
  act(context, CURL_SOCKET_TIMEOUT, 0);
}

static void socket_ready(void *context, int fd, short events) {
  act(context, fd,
      ((events & (POLLIN | POLLHUP)) != 0 ? CURL_CSELECT_IN : 0) | ((events & POLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
          ((events & (POLLERR | POLLNVAL)) != 0 ? CURL_CSELECT_ERR : 0));
}

static int set_timer(CURLM *multi, long delay_ms, void *context) {
  struct gate_client *client = context;
  (void)multi;
  link_timer_set(client->timer, delay_ms);
  return 0;
}

static int set_watch(CURL *easy, curl_socket_t fd, int what, void *context, void *watch) {
  struct gate_client *client = context;
  (void)easy;
  if (what == CURL_POLL_REMOVE) {
    link_watch_remove(watch);
    curl_multi_assign(client->multi, fd, NULL);
    return 0;
  }
  short events = (short)((what != CURL_POLL_OUT ? POLLIN : 0) | (what != CURL_POLL_IN ? POLLOUT : 0));
  if (watch != NULL)
    link_watch_change(watch, events);
  else
    curl_multi_assign(client->multi, fd, link_loop_watch(client->peer->setup.loop, fd, events, socket_ready, client));
  return 0;
}

/* --- start and stop */

void gate_client_options(CURL *easy, struct gate_errand *errand, char *trouble, const struct gate_limits *limits) {
  curl_easy_setopt(easy, CURLOPT_PRIVATE, (char *)errand);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, trouble);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_3 | (long)CURL_SSLVERSION_MAX_TLSv1_3);
  curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
  curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
  curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
  curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)limits->connect_ms);
  /* Before the other side, which takes the limit for its own, gives the connection up. */
  curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)limits->idle_s * 4 / 5);
  curl_easy_setopt(easy, CURLOPT_POST, 1L);
}

static void set_options(struct exchange *exchange) {
  CURL *easy = exchange->easy;
  exchange->errand = (struct gate_errand){attempt_over, exchange};
  gate_client_options(easy, &exchange->errand, exchange->trouble, exchange->client->peer->setup.limits);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, exchange->client->fields);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_answer);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange);
}

static struct curl_slist *make_fields(void) {
  static const char *const texts[] = {"Content-Type: " GATE_OCTETS, "Accept: " GATE_OCTETS, "Expect:"};
  struct curl_slist *fields = NULL;
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    struct curl_slist *longer = curl_slist_append(fields, texts[i]);
    if (longer == NULL) {
      curl_slist_free_all(fields);
      return NULL;
    }
    fields = longer;
  }
  return fields;
}

enum base_code gate_client_new(struct gate_peer *peer, struct gate_client **out, struct base_error *err) {
  struct gate_client *client = calloc(1, sizeof *client);
  if (client == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    free(client);
    return base_fail(err, BASE_INTERNAL, "the HTTP client does not start");
  }
  client->peer = peer;
  client->multi = curl_multi_init();
  client->fields = make_fields();
  bool made = client->multi != NULL && client->fields != NULL;
  for (size_t i = 0; i < GATE_TAKES_MAX; i++) {
    struct exchange *exchange = &client->exchanges[i];
    exchange->client = client;
    exchange->answer = GATE_MEMFILE_NONE;
    exchange->easy = curl_easy_init();
    made = made && exchange->easy != NULL;
    if (made)
      set_options(exchange);
  }
  if (!made) {
    gate_client_free(client);
    return base_fail(err, BASE_MEMORY, "out of memory for the HTTP client");
  }
  client->timer = link_loop_timer(peer->setup.loop, timer_fired, client);
  client->pause_timer = link_loop_timer(peer->setup.loop, pause_over, client);
  curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, set_watch);
  curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
  curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, set_timer);
  curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
  curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_KEPT);
  enum base_code code = gate_witnesses_new(peer, client->multi, &client->witnesses, err);
  if (code != BASE_OK) {
    gate_client_free(client);
    return code;
  }
  *out = client;
  return BASE_OK;
}

void gate_client_open(struct gate_client *client) {
  for (size_t i = 0; i < GATE_TAKES_MAX; i++)
    ask_work(&client->exchanges[i]);
  gate_witnesses_open(client->witnesses);
}

void gate_client_stop(struct gate_client *client) {
  client->stopping = true;
  gate_witnesses_stop(client->witnesses);
  if (client->running == 0)
    gate_peer_client_idle(client->peer);
}

void gate_client_free(struct gate_client *client) {
  if (client == NULL)
    return;
  for (size_t i = 0; i < GATE_TAKES_MAX; i++) {
    struct exchange *exchange = &client->exchanges[i];
    if (exchange->running)
      curl_multi_remove_handle(client->multi, exchange->easy);
    curl_easy_cleanup(exchange->easy);
    gate_memfile_close(&exchange->answer);
    base_buf_free(&exchange->failures);
    base_buf_free(&exchange->problem);
    base_unmap(&exchange->consignment);
    wire_json_free(exchange->work);
  }
  gate_witnesses_free(client->witnesses);
  curl_multi_cleanup(client->multi);
  curl_slist_free_all(client->fields);
  if (client->timer != NULL)
    link_timer_set(client->timer, -1);
  free(client);
  curl_global_cleanup();
}
