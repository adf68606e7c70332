/* SPDX-License-Identifier: Apache-2.0
 * Where a store is, as a person says it: the password is taken out of it, and wasl.conf says the rest. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/database.h"

static void reads(const char *given, const char *uri, const char *password) {
  CLI_AUTO_DATABASE struct cli_database database = {0};
  struct base_error err = {0};
  if (cli_database_read(given, &database, &err) != BASE_OK)
    fail_msg("%s: %s", given, err.text);
  if (!base_view_is(base_buf_view(&database.uri), uri))
    fail_msg("%s gives %.*s", given, (int)database.uri.size, (const char *)database.uri.data);
  assert_string_equal(database.password, password);
}

static void a_password_is_taken_out(void **state) {
  (void)state;
  reads("sqlite", "", "");
  reads("postgresql://h/d", "postgresql://h/d", "");
  reads("postgres://u@h:5433/d?sslmode=verify-full", "postgres://u@h:5433/d?sslmode=verify-full", "");
  reads("postgresql://u:p@h/d", "postgresql://u@h/d", "p");
  reads("postgresql://u:p%40ss%2F%3a%25@h/d", "postgresql://u@h/d", "p@ss/:%");
  reads("postgresql://u:100%@h/d", "postgresql://u@h/d", "100%");
  reads("postgresql://:p@h/d", "postgresql://@h/d", "p");
  reads("postgresql://u@/d?password=p&host=/run/pg", "postgresql://u@/d?host=/run/pg", "p");
  reads("postgresql://u@/d?host=/run/pg&password=%70", "postgresql://u@/d?host=/run/pg", "p");
  reads("postgresql://u:a@/d?password=b", "postgresql://u@/d", "b");
  reads("postgresql://[::1]:5432/d", "postgresql://[::1]:5432/d", "");
}

static void refused(const char *given) {
  CLI_AUTO_DATABASE struct cli_database database = {0};
  struct base_error err = {0};
  assert_int_equal(cli_database_read(given, &database, &err), BASE_USAGE);
  assert_null(strstr(err.text, "secret"));
}

static void what_is_none_is_refused(void **state) {
  (void)state;
  refused("");
  refused("SQLite");
  refused("host=h password=secret");
  refused("mysql://u:secret@h/d");
  refused("postgresql:u:secret@h/d");
  refused("postgresql://u:secret%0a@h/d");
  refused("postgresql://u:secret%00@h/d");
  refused("postgresql://u:secret@h/d e");
  refused("postgresql://u:secret@h/\xc3\xa9");
}

static void limits_are_reached(void **state) {
  (void)state;
  char given[2 * CLI_DATABASE_MAX], password[CLI_PASSWORD_MAX + 2];
  memset(given, 'x', sizeof given);
  memcpy(given, "postgresql://", 13);
  given[CLI_DATABASE_MAX] = '\0';
  reads(given, given, "");
  given[CLI_DATABASE_MAX] = 'x';
  given[CLI_DATABASE_MAX + 1] = '\0';
  refused(given);
  memset(password, 's', sizeof password);
  password[CLI_PASSWORD_MAX] = '\0';
  strcpy(given, "postgresql://u:");
  strcat(strcat(given, password), "@h/d");
  reads(given, "postgresql://u@h/d", password);
  strcpy(given, "postgresql://u:s");
  strcat(strcat(given, password), "@h/d");
  refused(given);
}

static void a_long_address_is_written_in_lines(void **state) {
  (void)state;
  CLI_AUTO_DATABASE struct cli_database database = {0};
  BASE_AUTO_BUF struct base_buf conf = {0};
  struct base_error err = {0};
  char given[400] = "postgresql://u@h/d?options=";
  base_buf_init(&conf, 4096);
  while (strlen(given) < 120)
    strcat(given, "y");
  strcat(given, ";#-c");
  assert_int_equal(cli_database_read(given, &database, &err), BASE_OK);
  cli_database_conf(&database, &conf);
  base_buf_u8(&conf, 0);
  const char *text = (const char *)conf.data, *second = strstr(text, "\n  ");
  assert_true(strncmp(text, "[store]\ndatabase = postgresql://", 32) == 0);
  assert_non_null(second);
  assert_string_equal(second, "\n  y;#-c\n");
}

static void conf_names(const char *text, const char *uri) {
  char path[] = "/tmp/wasl-conf-XXXXXX";
  CLI_AUTO_DATABASE struct cli_database database = {0};
  struct base_error err = {0};
  assert_non_null(mkdtemp(path));
  BASE_AUTO_FD int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (text != NULL)
    assert_int_equal(base_file_replace(dir, "wasl.conf", base_view_text(text), 0600, &err), BASE_OK);
  if (cli_database_of(dir, &database, &err) != BASE_OK)
    fail_msg("%s: %s", text, err.text);
  if (!base_view_is(base_buf_view(&database.uri), uri))
    fail_msg("%s gives %.*s", text, (int)database.uri.size, (const char *)database.uri.data);
  unlinkat(dir, "wasl.conf", 0);
  assert_int_equal(rmdir(path), 0);
}

/* As wasld reads it (wasld/conf.c). */
static void it_is_found_in_the_conf(void **state) {
  (void)state;
  conf_names(NULL, "");
  conf_names("[node]\nname = paris\n", "");
  conf_names("[node]\nname = paris\n[store]\ndatabase = sqlite", "");
  conf_names("[node]\ndatabase = postgresql://other/d\n[store]\ndatabase: postgresql://h/d ; ours\n[users]\n  x\n",
             "postgresql://h/d");
  conf_names("[store]\n;database = postgresql://a/d\ndatabase=postgresql://h/\r\n\n# of it\n[limits]\nstop = 1\n",
             "postgresql://h/");
  CLI_AUTO_DATABASE struct cli_database database = {0};
  BASE_AUTO_BUF struct base_buf conf = {0};
  struct base_error err = {0};
  char given[CLI_DATABASE_MAX + 1] = "postgresql://u@h/d?options=";
  base_buf_init(&conf, 8192);
  while (strlen(given) < CLI_DATABASE_MAX)
    strcat(given, strlen(given) % 90 == 0 ? ";" : "y");
  assert_int_equal(cli_database_read(given, &database, &err), BASE_OK);
  base_buf_text(&conf, "[node]\nname = paris\n");
  cli_database_conf(&database, &conf);
  base_buf_text(&conf, "[limits]\nstop = 1\n");
  base_buf_u8(&conf, 0);
  conf_names((const char *)conf.data, given);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_password_is_taken_out), cmocka_unit_test(what_is_none_is_refused),
      cmocka_unit_test(limits_are_reached),      cmocka_unit_test(a_long_address_is_written_in_lines),
      cmocka_unit_test(it_is_found_in_the_conf),
  };
  return cmocka_run_group_tests_name("the command line's database", tests, NULL, NULL);
}
