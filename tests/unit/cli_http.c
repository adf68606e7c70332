/* SPDX-License-Identifier: Apache-2.0
 * The client of the local API against answers of every form, good and bad. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/http.h"

static enum base_code keep(void *context, struct base_view piece, struct base_error *err) {
  (void)err;
  base_buf_add_view(context, piece);
  return BASE_OK;
}

/* The answer lies ready in the socket, with its end; the request is read afterwards. */
static enum base_code exchange(const char *answer, size_t size, struct base_buf *body, struct base_buf *problem,
                               int *status, struct base_buf *request, struct base_error *err) {
  int pair[2];
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  assert_int_equal(write(pair[1], answer, size), (ssize_t)size);
  shutdown(pair[1], SHUT_WR);
  struct cli_http_request asked = {
      .method = "POST", .path = "/v1/x?a=b", .type = "application/json", .body = BASE_VIEW("{}"), .fd = -1};
  base_buf_init(body, 1 << 20);
  base_buf_init(problem, CLI_PROBLEM_MAX);
  enum base_code code = cli_http_exchange(pair[0], &asked, (struct cli_sink){body, keep}, problem, status, err);
  close(pair[0]);
  uint8_t *room = base_buf_reserve(request, 4096);
  ssize_t got = read(pair[1], room, 4096);
  request->size -= 4096 - (got > 0 ? (size_t)got : 0);
  close(pair[1]);
  return code;
}

static void answers(void **state) {
  (void)state;
  static const struct {
    const char *answer;
    enum base_code code;
    int status;
    const char *body, *words;
  } tries[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", BASE_OK, 200, "hello", NULL},
      {"HTTP/1.1 200 OK\r\ncontent-length:5\r\n\r\nhello trailing", BASE_OK, 200, "hello", NULL},
      {"HTTP/1.1 200 OK\r\n\r\nto the end", BASE_OK, 200, "to the end", NULL},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n", BASE_OK, 200,
       "abcde", NULL},
      {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", BASE_OK, 200, "", NULL},
      {"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}", BASE_OK, 404, "", NULL},
      {"", BASE_NOT_RUNNING, 0, "", "cut short"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", BASE_NOT_RUNNING, 0, NULL, "cut short"},
      {"HTTP/1.1 200 OK\r\nContent-Le", BASE_NOT_RUNNING, 0, "", "cut short"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab", BASE_NOT_RUNNING, 0, NULL, "cut short"},
      {"SSH-2.0-x\r\n\r\n", BASE_PROTOCOL, 0, "", "no status"},
      {"HTTP/1.1 2x0 OK\r\n\r\n", BASE_PROTOCOL, 0, "", "no status"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", BASE_PROTOCOL, 0, "",
       "Content-Length"},
      {"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello", BASE_PROTOCOL, 0, "", "Content-Length"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", BASE_PROTOCOL, 0, "", "Content-Length"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", BASE_PROTOCOL, 0, "", "Transfer-Encoding"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n", BASE_PROTOCOL, 0, "",
       "two lengths"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", BASE_PROTOCOL, 0, "", "chunk"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1000000000000000\r\n", BASE_PROTOCOL, 0, "", "chunk"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n", BASE_PROTOCOL, 0, NULL, "chunk"},
  };
  for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
    BASE_AUTO_BUF struct base_buf body = {0}, problem = {0}, request = {0};
    struct base_error err = {BASE_OK, ""};
    int status = 0;
    base_buf_init(&request, 8192);
    enum base_code code = exchange(tries[i].answer, strlen(tries[i].answer), &body, &problem, &status, &request, &err);
    if (code != tries[i].code)
      fail_msg("%zu: %s instead of %s: %s", i, base_code_name(code), base_code_name(tries[i].code), err.text);
    if (code == BASE_OK)
      assert_int_equal(status, tries[i].status);
    else if (strstr(err.text, tries[i].words) == NULL)
      fail_msg("%zu: the error \"%s\" lacks \"%s\"", i, err.text, tries[i].words);
    if (tries[i].body != NULL)
      assert_true(base_view_is(base_buf_view(&body), tries[i].body));
    assert_true(base_view_is(base_buf_view(&request),
                             "POST /v1/x?a=b HTTP/1.1\r\nHost: wasl\r\nConnection: close\r\nContent-Type: "
                             "application/json\r\nContent-Length: 2\r\n\r\n{}"));
  }
}

static void head_without_end(void **state) {
  (void)state;
  BASE_AUTO_BUF struct base_buf answer = {0}, body = {0}, problem = {0}, request = {0};
  struct base_error err;
  int status;
  base_buf_init(&answer, 1 << 20);
  base_buf_init(&request, 8192);
  base_buf_text(&answer, "HTTP/1.1 200 OK\r\n");
  while (answer.size < CLI_HTTP_HEAD_MAX + 100)
    base_buf_text(&answer, "X-Y: 0123456789\r\n");
  assert_int_equal(exchange((const char *)answer.data, answer.size, &body, &problem, &status, &request, &err),
                   BASE_PROTOCOL);
}

static void problems(void **state) {
  (void)state;
  static const struct {
    int status;
    const char *document;
    enum base_code code;
    const char *words;
  } tries[] = {
      {403, "{\"code\":\"no-legal-basis\",\"detail\":\"no row for request\"}", BASE_LAW, "no row for request"},
      {404, "{\"code\":\"unknown-partner\",\"detail\":\"x\\u001by\"}", BASE_UNKNOWN_NODE, "x\uFFFDy"},
      {409, "{\"code\":\"unheard-of\",\"detail\":\"words\"}", BASE_PROTOCOL, "words"},
      {404, "{\"code\":\"unheard-of\",\"title\":\"gone\"}", BASE_NOT_FOUND, "gone"},
      {500, "{\"code\":\"ok\"}", BASE_PROTOCOL, "HTTP status 500"},
      {503, "<html>", BASE_PROTOCOL, "HTTP status 503"},
      {400, "<html>", BASE_PROTOCOL, "did not understand the request (HTTP status 400)"},
      {405, "<html>", BASE_PROTOCOL, "did not understand the request (HTTP status 405)"},
      {413, "<html>", BASE_TOO_LARGE, "longer than the node reads (HTTP status 413)"},
      {414, "<html>", BASE_TOO_LARGE, "longer than the node reads (HTTP status 414)"},
      {431, "<html>", BASE_TOO_LARGE, "longer than the node reads (HTTP status 431)"},
      {505, "<html>", BASE_PROTOCOL, "did not understand the request (HTTP status 505)"},
      {404, "", BASE_NOT_FOUND, "HTTP status 404"},
  };
  for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
    struct base_error err;
    enum base_code code = cli_http_problem(tries[i].status, base_view_text(tries[i].document), &err);
    if (code != tries[i].code || strstr(err.text, tries[i].words) == NULL)
      fail_msg("%zu: %s: %s", i, base_code_name(code), err.text);
  }
}

/* One that takes the request and says nothing, one that stops in the middle, one that does not read. */
static void times(void **state) {
  (void)state;
  static const struct {
    const char *said, *words;
    size_t size;
  } tries[] = {
      {"", "did nothing for 1 s while it was to answer", 2},
      {"HTTP/1.1 200 OK\r\nContent-Len", "did nothing for 2 s while it was to answer", 2},
      {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", "did nothing for 2 s while it was to answer", 2},
      {"", "did nothing for 2 s while the request was sent", 4 << 20},
  };
  for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
    BASE_AUTO_BUF struct base_buf body = {0}, problem = {0}, large = {0};
    struct base_error err = {BASE_OK, ""};
    int status = 0, pair[2];
    base_buf_init(&body, 1 << 20);
    base_buf_init(&problem, CLI_PROBLEM_MAX);
    base_buf_init(&large, 8 << 20);
    memset(base_buf_reserve(&large, tries[i].size), 'x', tries[i].size);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_int_equal(write(pair[1], tries[i].said, strlen(tries[i].said)), (ssize_t)strlen(tries[i].said));
    struct cli_http_request asked = {.method = "POST",
                                     .path = "/",
                                     .type = "application/json",
                                     .body = base_buf_view(&large),
                                     .fd = -1,
                                     .first_s = 1,
                                     .idle_s = 2};
    assert_int_equal(cli_http_exchange(pair[0], &asked, (struct cli_sink){&body, keep}, &problem, &status, &err),
                     BASE_TIMEOUT);
    if (strstr(err.text, tries[i].words) == NULL)
      fail_msg("%zu: \"%s\" lacks \"%s\"", i, err.text, tries[i].words);
    close(pair[0]);
    close(pair[1]);
  }
}

/* A folder whose path is longer than the name of a socket may be. */
static void far_away_folder(void **state) {
  (void)state;
  char path[512], name[256], socket_path[128];
  const char *tmp = getenv("WASL_TEST_TMP");
  memset(name, 'd', 200);
  name[200] = 0;
  (void)snprintf(path, sizeof path, "%s/%s", tmp != NULL ? tmp : "/tmp", name);
  assert_int_equal(mkdir(path, 0700), 0);
  struct base_error err;
  int fd = -1;
  assert_int_equal(cli_http_connect(path, &fd, &err), BASE_NOT_RUNNING);
  assert_non_null(strstr(err.text, "no node in"));
  int dir = open(path, O_RDONLY | O_DIRECTORY);
  close(openat(dir, "node.card", O_CREAT | O_WRONLY, 0600));
  assert_int_equal(cli_http_connect(path, &fd, &err), BASE_NOT_RUNNING);
  assert_non_null(strstr(err.text, "wasld "));
  (void)snprintf(socket_path, sizeof socket_path, "/proc/self/fd/%d/api.sock", dir);
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  memcpy(address.sun_path, socket_path, strlen(socket_path) + 1);
  int server = socket(AF_UNIX, SOCK_STREAM, 0);
  assert_int_equal(bind(server, (const struct sockaddr *)&address, sizeof address), 0);
  assert_int_equal(listen(server, 1), 0);
  assert_int_equal(cli_http_connect(path, &fd, &err), BASE_OK);
  close(fd);
  /* Nobody accepts, and the queue of those who wait is full. */
  int waiting[8];
  enum base_code code = BASE_OK;
  size_t count = 0;
  while (code == BASE_OK && count < 8)
    if ((code = cli_http_connect(path, &waiting[count], &err)) == BASE_OK)
      count++;
  assert_int_equal(code, BASE_TIMEOUT);
  assert_non_null(strstr(err.text, "took no connection within 5 s"));
  while (count > 0)
    close(waiting[--count]);
  close(server);
  unlinkat(dir, "api.sock", 0);
  unlinkat(dir, "node.card", 0);
  close(dir);
  rmdir(path);
  assert_int_equal(cli_http_connect(path, &fd, &err), BASE_NOT_FOUND);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(answers), cmocka_unit_test(head_without_end),
                                     cmocka_unit_test(problems), cmocka_unit_test(times),
                                     cmocka_unit_test(far_away_folder)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
