/* SPDX-License-Identifier: Apache-2.0
 * Coming in by a password: login and logout, passwords and the second factor. spec/people.md. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "cli/cli.h"

enum { SECRET_MAX = 256 };

/* --- what is typed */

static void forget(struct base_buf *secret) {
  if (secret->data != NULL)
    base_wipe(secret->data, secret->size);
  base_buf_free(secret);
}
#define AUTO_SECRET __attribute__((cleanup(forget)))

/* One line, without its end. interrupted: readable when a signal waits. */
static enum base_code read_line(int terminal, int interrupted, struct base_buf *out, struct base_error *err) {
  struct pollfd ready[] = {{.fd = terminal, .events = POLLIN}, {.fd = interrupted, .events = POLLIN}};
  for (;;) {
    char byte;
    if (poll(ready, 2, -1) < 0)
      return base_fail_errno(err, "the terminal cannot be waited for");
    if (ready[1].revents != 0)
      return base_fail(err, BASE_USAGE, "interrupted: nothing was done");
    ssize_t got = read(terminal, &byte, 1);
    if (got < 0)
      return base_fail_errno(err, "the terminal cannot be read");
    if (got == 0 || byte == '\n' || byte == '\r')
      return BASE_OK;
    base_buf_u8(out, (uint8_t)byte);
  }
}

/* The question comes when the echo is off. Signals wait until it is on again; what they do is done then. */
static enum base_code ask_at(int terminal, const char *prompt, bool shown, struct base_buf *out,
                             struct base_error *err) {
  struct termios before, silent;
  sigset_t waiting, mask;
  sigemptyset(&waiting);
  for (size_t i = 0; i < 5; i++)
    sigaddset(&waiting, (const int[]){SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP}[i]);
  BASE_AUTO_FD int interrupted = signalfd(-1, &waiting, SFD_CLOEXEC);
  if (interrupted < 0 || tcgetattr(terminal, &before) != 0 || sigprocmask(SIG_BLOCK, &waiting, &mask) != 0)
    return base_fail_errno(err, "the terminal's echo cannot be switched off");
  silent = before;
  silent.c_lflag &= ~(tcflag_t)(shown ? 0 : ECHO | ECHONL);
  enum base_code code = tcsetattr(terminal, TCSAFLUSH, &silent) == 0
                            ? base_write_all(terminal, base_view_text(prompt), err)
                            : base_fail_errno(err, "the terminal's echo cannot be switched off");
  if (code == BASE_OK)
    code = read_line(terminal, interrupted, out, err);
  (void)tcsetattr(terminal, TCSAFLUSH, &before);
  (void)sigprocmask(SIG_SETMASK, &mask, NULL);
  return code;
}

/* From the terminal itself, whatever stands at standard input. */
static enum base_code ask(const struct cli *cli, enum cli_word prompt, bool shown, const char *instead,
                          struct base_buf *out, struct base_error *err) {
  BASE_AUTO_FD int terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (terminal < 0)
    return base_fail(err, BASE_USAGE, "there is no terminal to ask at: say %s", instead);
  char text[256];
  (void)snprintf(text, sizeof text, "%s: ", cli_word(cli, prompt));
  enum base_code code = ask_at(terminal, text, shown, out, err);
  return code == BASE_OK && !shown ? base_write_all(terminal, BASE_VIEW("\n"), err) : code;
}

/* The first line of a file, or what is typed. A password is never an argument: those are for everybody to read. */
static enum base_code read_password(struct cli *cli, const char *option, enum cli_word prompt, struct base_buf *out,
                                    struct base_error *err) {
  char instead[64];
  const char *file = cli_option(cli, option);
  base_buf_init(out, SECRET_MAX + 2);
  (void)snprintf(instead, sizeof instead, "%s FILE", option);
  enum base_code code =
      file != NULL ? cli_input_read(file, SECRET_MAX + 1, out, err) : ask(cli, prompt, false, instead, out, err);
  const uint8_t *end = out->size > 0 ? memchr(out->data, '\n', out->size) : NULL;
  if (end != NULL)
    out->size = (size_t)(end - out->data);
  if (code == BASE_OK && (out->code != BASE_OK || out->size > SECRET_MAX))
    code = base_fail(err, BASE_TOO_LARGE, "a password has at most %d bytes", SECRET_MAX);
  if (code == BASE_OK && !base_utf8_valid(base_buf_view(out)))
    code = base_fail(err, BASE_UTF8, "the password is not UTF-8");
  return code;
}

/* Typed twice, when it is typed. */
static enum base_code read_new(struct cli *cli, struct base_buf *out, struct base_error *err) {
  AUTO_SECRET struct base_buf again = {0};
  enum base_code code = read_password(cli, "--password-file", CLI_PASSWORD_NEW, out, err);
  if (code != BASE_OK || cli_has(cli, "--password-file"))
    return code;
  code = read_password(cli, "--password-file", CLI_PASSWORD_AGAIN, &again, err);
  if (code == BASE_OK && !base_view_equal(base_buf_view(out), base_buf_view(&again)))
    code = base_fail(err, BASE_FIELD, "the two are not the same: nothing was changed");
  return code;
}

/* --- sent */

static enum base_code post(struct cli *cli, const char *path, struct wire_writer *writer, struct base_buf *body,
                           bool as_nobody, struct cli_answer *answer, struct base_error *err) {
  wire_write_end(writer, '}');
  enum base_code code = base_buf_check(body, "the request", err);
  if (code != BASE_OK)
    return code;
  return as_nobody ? cli_post_as_nobody(cli, path, base_buf_view(body), answer, err)
                   : cli_post(cli, path, base_buf_view(body), answer, err);
}

static void begin(struct wire_writer *writer, struct base_buf *body) {
  base_buf_init(body, 8 * SECRET_MAX);
  wire_writer_init(writer, body);
  wire_write_object(writer);
}

/* --- login, logout */

static const char *session_file(void) {
  const char *file = getenv("WASL_TOKEN_FILE");
  return file != NULL && file[0] != '\0' ? file : NULL;
}

static enum base_code keep(struct cli *cli, struct base_view secret, struct base_error *err) {
  struct cli_output output;
  enum base_code code = cli_output_open(cli, AT_FDCWD, session_file(), &output, err);
  if (code != BASE_OK)
    return code;
  code = base_write_all(output.fd, secret, err);
  if (code == BASE_OK)
    code = base_write_all(output.fd, BASE_VIEW("\n"), err);
  return cli_output_end(&output, code, err);
}

static void note_session(struct cli *cli, const struct wire_json *answer) {
  BASE_AUTO_BUF struct base_buf text = {0};
  base_time until;
  base_buf_init(&text, 512);
  cli_isolated(cli, &text, cli_string(answer, "person"));
  base_buf_printf(&text, ": %s ", cli_word(cli, CLI_LOGIN_UNTIL));
  if (cli_moment(wire_json_get(answer, "until"), &until))
    cli_time(cli, &text, until);
  cli_note(cli, "%.*s", (int)text.size, (const char *)text.data);
  if (session_file() == NULL)
    cli_note(cli, "%s", cli_word(cli, CLI_LOGIN_ONCE));
  if (wire_json_true(wire_json_get(answer, "first")))
    cli_note(cli, "%s", cli_word(cli, CLI_LOGIN_FIRST));
}

enum base_code cli_login(struct cli *cli, struct base_error *err) {
  AUTO_SECRET struct base_buf password = {0}, code_text = {0}, body = {0};
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  struct wire_writer writer;
  const char *code_given = cli_option(cli, "--code");
  enum base_code code = read_password(cli, "--password-file", CLI_PASSWORD, &password, err);
  base_buf_init(&code_text, SECRET_MAX);
  /* Asked of everybody: the node does not say who has a second factor. */
  if (code == BASE_OK && code_given == NULL && !cli_has(cli, "--password-file"))
    code = ask(cli, CLI_FACTOR_CODE, true, "--code CODE", &code_text, err);
  if (code != BASE_OK)
    return code;
  begin(&writer, &body);
  wire_write_member_string(&writer, "person", cli->words[0]);
  wire_write_member_buf(&writer, "password", &password);
  wire_write_member_text(&writer, "code", code_given != NULL ? base_view_text(code_given) : base_buf_view(&code_text));
  code = post(cli, "/v1/login", &writer, &body, true, &answer, err);
  if (code == BASE_OK && session_file() != NULL)
    code = keep(cli, cli_string(answer.json, "secret"), err);
  if (code != BASE_OK || cli_print_json(cli, &answer))
    return code;
  if (session_file() == NULL)
    cli_line(cli, "%.*s\n", (int)cli_string(answer.json, "secret").size,
             (const char *)cli_string(answer.json, "secret").data);
  note_session(cli, answer.json);
  return BASE_OK;
}

enum base_code cli_logout(struct cli *cli, struct base_error *err) {
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  enum base_code code = cli_post(cli, "/v1/logout", BASE_VIEW("{}"), &answer, err);
  if (code == BASE_OK && session_file() != NULL && unlink(session_file()) != 0)
    code = base_fail_errno(err, "the session has ended, but its file %s cannot be taken away", session_file());
  if (code == BASE_OK)
    (void)cli_print_json(cli, &answer);
  return code;
}

/* --- passwords */

enum base_code cli_person_password(struct cli *cli, struct base_error *err) {
  AUTO_SECRET struct base_buf current = {0}, password = {0}, body = {0};
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  struct wire_writer writer;
  enum base_code code = BASE_OK;
  if (cli_has(cli, "--current") || cli_has(cli, "--current-file"))
    code = read_password(cli, "--current-file", CLI_PASSWORD_CURRENT, &current, err);
  if (code == BASE_OK)
    code = read_new(cli, &password, err);
  if (code != BASE_OK)
    return code;
  begin(&writer, &body);
  wire_write_member_string(&writer, "person", cli->words[0]);
  wire_write_member_buf(&writer, "password", &password);
  if (current.size > 0)
    wire_write_member_buf(&writer, "current", &current);
  code = post(cli, "/v1/password", &writer, &body, false, &answer, err);
  if (code != BASE_OK || cli_print_json(cli, &answer))
    return code;
  bool first = wire_json_true(wire_json_get(answer.json, "first"));
  cli_note(cli, "%s", cli_word(cli, first ? CLI_PASSWORD_FIRST : CLI_PASSWORD_SET));
  return BASE_OK;
}

/* --- the second factor */

enum base_code cli_person_factor(struct cli *cli, struct base_error *err) {
  AUTO_SECRET struct base_buf body = {0};
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  struct wire_writer writer;
  const char *confirm = cli_option(cli, "--confirm");
  bool reset = cli_has(cli, "--reset");
  if (reset != (cli->word_count == 1) || (reset && confirm != NULL))
    return cli_usage(cli, err, "a second factor is made for oneself (no PERSON), or reset for PERSON with --reset");
  begin(&writer, &body);
  wire_write_member_string(&writer, "do", reset ? "reset" : confirm != NULL ? "confirm" : "begin");
  if (reset)
    wire_write_member_string(&writer, "person", cli->words[0]);
  if (confirm != NULL)
    wire_write_member_string(&writer, "code", confirm);
  enum base_code code = post(cli, "/v1/factor", &writer, &body, false, &answer, err);
  if (code != BASE_OK || cli_print_json(cli, &answer))
    return code;
  if (!reset && confirm == NULL) {
    cli_line(cli, "%.*s\n", (int)cli_string(answer.json, "uri").size,
             (const char *)cli_string(answer.json, "uri").data);
    cli_note(cli, "%s", cli_word(cli, CLI_FACTOR_ONCE));
  } else
    cli_note(cli, "%s", cli_word(cli, reset ? CLI_FACTOR_RESET : CLI_FACTOR_ARMED));
  return BASE_OK;
}
