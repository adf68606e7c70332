/* SPDX-License-Identifier: Apache-2.0
 * wasl.conf: what is given is taken, what is wrong is one sentence with file and line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "link/users.h"
#include "wasld/conf.h"

#define NODE "[node]\nname = paris\nlisten = 127.0.0.1:7443\n"

static void the_least_that_is_needed(void **state) {
  (void)state;
  struct wasld_conf conf;
  struct base_error err;
  assert_int_equal(wasld_conf_parse(base_view_text(NODE), "wasl.conf", &conf, &err), BASE_OK);
  assert_string_equal(conf.name, "paris");
  assert_int_equal(conf.listen_count, 1);
  assert_string_equal(conf.listen[0].host, "127.0.0.1");
  assert_string_equal(conf.listen[0].port, "7443");
  assert_int_equal(conf.users[LINK_ROLE_KEEPER].uid, LINK_USER_KEEPER);
  assert_int_equal(conf.users[LINK_ROLE_WORKER].gid, LINK_USER_WORKER);
  assert_int_equal(conf.stop_seconds, 10);
  assert_int_equal(conf.restarts, 5);
}

static void everything_given(void **state) {
  (void)state;
  static const char text[] =
      "; the node\n[node]\nname = rabat\nlisten = 10.0.0.1:1, [2001:db8::1]:65535 ,name.example:80\n"
      "listen = [::]:7443\n[users]\nkeeper = 11:12\ncore = 1:1\ngate = 2:2\nlocal = 3:3\n"
      "worker = 4294967294:4\n[limits]\nstop = 600\nrestarts = 0\n";
  struct wasld_conf conf;
  struct base_error err;
  assert_int_equal(wasld_conf_parse(base_view_text(text), "wasl.conf", &conf, &err), BASE_OK);
  assert_int_equal(conf.listen_count, 4);
  assert_string_equal(conf.listen[1].host, "2001:db8::1");
  assert_string_equal(conf.listen[1].port, "65535");
  assert_string_equal(conf.listen[2].host, "name.example");
  assert_string_equal(conf.listen[3].host, "::");
  assert_int_equal(conf.users[LINK_ROLE_KEEPER].uid, 11);
  assert_int_equal(conf.users[LINK_ROLE_KEEPER].gid, 12);
  assert_int_equal(conf.users[LINK_ROLE_WORKER].uid, 4294967294U);
  assert_int_equal(conf.stop_seconds, 600);
  assert_int_equal(conf.restarts, 0);
}

static void a_database(void **state) {
  (void)state;
  struct wasld_conf conf;
  struct base_error err;
  char text[4096];
  assert_int_equal(wasld_conf_parse(base_view_text(NODE), "wasl.conf", &conf, &err), BASE_OK);
  assert_string_equal(conf.database, "");
  assert_int_equal(wasld_conf_parse(base_view_text(NODE "[store]\ndatabase = sqlite\n"), "wasl.conf", &conf, &err),
                   BASE_OK);
  assert_string_equal(conf.database, "");
  assert_int_equal(wasld_conf_parse(base_view_text(NODE "[store]\ndatabase = postgresql://node@db.example:5433/wasl\n"
                                                        "  ?sslmode=verify-full\n\t&sslrootcert=/etc/ssl/db.pem\n"),
                                    "wasl.conf", &conf, &err),
                   BASE_OK);
  assert_string_equal(conf.database,
                      "postgresql://node@db.example:5433/wasl?sslmode=verify-full&sslrootcert=/etc/ssl/db.pem");
  /* The largest one, in lines of 100; one octet more is too much. */
  int size = snprintf(text, sizeof text, "%s[store]\ndatabase = postgresql://", NODE);
  for (int i = 13; i < WASLD_DATABASE_MAX; i++)
    size += snprintf(text + size, sizeof text - (size_t)size, "%sx", i % 100 == 0 ? "\n " : "");
  text[size] = '\0';
  assert_int_equal(wasld_conf_parse(base_view_text(text), "wasl.conf", &conf, &err), BASE_OK);
  assert_int_equal(strlen(conf.database), WASLD_DATABASE_MAX);
  text[size++] = 'x';
  text[size] = '\0';
  assert_int_equal(wasld_conf_parse(base_view_text(text), "wasl.conf", &conf, &err), BASE_FIELD);
}

static void refused(const char *text, const char *sentence) {
  struct wasld_conf conf = {.name = "unchanged"};
  struct base_error err = {.text = ""};
  assert_int_not_equal(wasld_conf_parse(base_view_text(text), "wasl.conf", &conf, &err), BASE_OK);
  if (strstr(err.text, sentence) == NULL)
    fail_msg("\"%s\" was expected in \"%s\"", sentence, err.text);
  assert_string_equal(conf.name, "unchanged");
}

static void what_is_wrong_is_named_with_its_line(void **state) {
  (void)state;
  refused(NODE "[store]\ndatabase = mysql://u:secret@h/d\n",
          "database = \"…\" is not usable: give sqlite, or postgresql://");
  refused(NODE "[store]\ndatabase = postgresql://u@h/d e\n", "is not usable");
  refused(NODE "[store]\ndatabase = sqlite\ndatabase = sqlite\n", "database stands twice");
  refused(NODE "lisen = 1:1\n", "wasl.conf:4: section node has no key lisen; did you mean listen?");
  refused(NODE "\n[limit]\nstop = 3\n",
          "wasl.conf:6: there is no section \"limit\" (for the key stop); did you mean [limits]?");
  refused("name = paris\n", "wasl.conf:1: there is no section \"\"");
  refused(NODE "name = rabat\n", "wasl.conf:4: name stands twice in section node");
  refused(NODE "what is this\n", "wasl.conf:4: neither a [section] nor key = value");
  refused(NODE "[users\n", "wasl.conf:4: neither");
  refused(NODE "what is this\n[limits]\nstop = x\n", "wasl.conf:6: stop = \"x\" is not usable");
  refused("[node]\nname =\n", "wasl.conf:2: name = \"\" is not usable");
  refused("[node]\nname = Paris\n", "wasl.conf:2: name = \"Paris\" is not usable");
  refused("[node]\nname = paris\n", "wasl.conf: the key listen is missing in section node");
  refused("[node]\nlisten = 1.2.3.4:5\n", "wasl.conf: the key name is missing in section node");
  refused("", "wasl.conf: the key name is missing");
  refused("[node]\nname = \xff\n", "wasl.conf: not UTF-8");
}

static void values_are_held_to_their_form(void **state) {
  (void)state;
  static const char *const addresses[] = {"7443",    "host",     ":7443", "host:", "host:0", "host:65536", "host:+1",
                                          "host:07", "::1:7443", "[::1]", "[]:1",  "a:1,",   ",a:1",       "a:1,,b:2"};
  for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
    BASE_AUTO_BUF struct base_buf text = {0};
    base_buf_printf(&text, "[node]\nlisten = %s", addresses[i]);
    base_buf_u8(&text, '\0');
    refused((const char *)text.data, "wasl.conf:2: listen = ");
  }
  static const char *const users[] = {"0:1", "1:0", "1", "1:", ":1", "-1:1", "4294967295:1", "root:root", "1:1:1"};
  for (size_t i = 0; i < sizeof users / sizeof users[0]; i++) {
    BASE_AUTO_BUF struct base_buf text = {0};
    base_buf_printf(&text, NODE "[users]\ncore = %s", users[i]);
    base_buf_u8(&text, '\0');
    refused((const char *)text.data, "wasl.conf:5: core = ");
  }
  refused(NODE "[limits]\nstop = 0\n", "whole seconds from 1 to 600");
  refused(NODE "[limits]\nstop = 601\n", "whole seconds from 1 to 600");
  refused(NODE "[limits]\nrestarts = 101\n", "from 0 to 100");
}

static void limits_of_the_form_are_reached(void **state) {
  (void)state;
  struct wasld_conf conf;
  struct base_error err;
  BASE_AUTO_BUF struct base_buf text = {0};
  base_buf_text(&text, "[node]\nname = paris\n");
  for (int i = 0; i < WASLD_LISTEN_MAX; i++)
    base_buf_printf(&text, "listen = 127.0.0.1:%d\n", i + 1);
  assert_int_equal(wasld_conf_parse(base_buf_view(&text), "wasl.conf", &conf, &err), BASE_OK);
  base_buf_text(&text, "listen = 127.0.0.1:99\n");
  assert_int_equal(wasld_conf_parse(base_buf_view(&text), "wasl.conf", &conf, &err), BASE_FIELD);
  assert_non_null(strstr(err.text, "wasl.conf:11: "));
  base_buf_reset(&text);
  for (int i = 0; i < 300; i++)
    base_buf_text(&text, "x");
  assert_int_equal(wasld_conf_parse(base_buf_view(&text), "wasl.conf", &conf, &err), BASE_TOO_LARGE);
  assert_non_null(strstr(err.text, "wasl.conf:1: the line is longer than"));
  assert_int_equal(wasld_conf_parse(BASE_VIEW("[node]\nname = p\0aris\n"), "wasl.conf", &conf, &err), BASE_SYNTAX);
  assert_non_null(strstr(err.text, "wasl.conf:2: the line contains a zero byte"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_least_that_is_needed),
      cmocka_unit_test(everything_given),
      cmocka_unit_test(a_database),
      cmocka_unit_test(what_is_wrong_is_named_with_its_line),
      cmocka_unit_test(values_are_held_to_their_form),
      cmocka_unit_test(limits_of_the_form_are_reached),
  };
  return cmocka_run_group_tests_name("wasld_conf", tests, NULL, NULL);
}
