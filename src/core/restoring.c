/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/backup.h"
#include "core/restoring.h"

/* Restoring, as a process that `wasl backup` starts in the folder that is filled. */

static void write_report(const struct core_restored *found, struct base_buf *out) {
  struct wire_writer writer;
  wire_writer_init(&writer, out);
  wire_write_object(&writer);
  wire_write_member_string(&writer, "origin", found->origin);
  wire_write_member_time(&writer, "made", found->made);
  wire_write_member_string(&writer, "version", found->version);
  wire_write_member_integer(&writer, "size", (int64_t)found->size);
  wire_write_member_hash(&writer, "root", &found->root);
  wire_write_member_bool(&writer, "database", found->database);
  if (found->database)
    wire_write_member_time(&writer, "time", found->head_time);
  wire_write_member_integer(&writer, "rows", (int64_t)found->rows);
  wire_write_member_integer(&writer, "messages", (int64_t)found->messages);
  wire_write_member_integer(&writer, "cases", (int64_t)found->cases);
  wire_write_member_integer(&writer, "partners", (int64_t)found->partners);
  wire_write_member_integer(&writer, "parts", (int64_t)found->parts);
  wire_write_member_integer(&writer, "octets", (int64_t)found->octets);
  wire_write_member_integer(&writer, "missing", (int64_t)found->missing);
  wire_write_end(&writer, '}');
}

static enum base_code read_opened(int fd, struct core_restoring *out, uint8_t bytes[CORE_RESTORING_OPENED],
                                  struct base_error *err) {
  if (pread(fd, bytes, CORE_RESTORING_OPENED, 0) != CORE_RESTORING_OPENED)
    return base_fail(err, BASE_USAGE, "the backup's header and secret were not handed over");
  enum base_code code = wire_backup_header_parse(base_view_of(bytes, WIRE_BACKUP_HEADER), &out->header, err);
  if (code == BASE_OK)
    seal_backup_open(&out->header, bytes + WIRE_BACKUP_HEADER, &out->key);
  base_wipe(bytes + WIRE_BACKUP_HEADER, CORE_RESTORING_OPENED - WIRE_BACKUP_HEADER);
  return code;
}

static enum base_code restore(const struct link_start *start, struct core_restored *found, struct base_error *err) {
  uint8_t bytes[CORE_RESTORING_OPENED];
  int whole = link_start_fd(start, "restore"), look = link_start_fd(start, "verify");
  struct core_restoring restoring = {.from = STDIN_FILENO, .parts = whole >= 0};
  seal_start();
  uint64_t seed = 0;
  base_world_system()->random(base_world_system()->context, &seed, sizeof seed);
  wire_json_seed(seed);
  enum base_code code = read_opened(whole >= 0 ? whole : look, &restoring, bytes, err);
  if (code == BASE_OK)
    code = link_start_confine(start, err);
  BASE_AUTO_FD int dir = code == BASE_OK ? open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
  if (code == BASE_OK && dir < 0)
    code = base_fail_errno(err, "the folder to be restored cannot be opened");
  restoring.dir = dir;
  if (code == BASE_OK)
    code = core_restore(&restoring, found, err);
  base_wipe(&restoring.key, sizeof restoring.key);
  return code;
}

bool core_restoring_asked(const struct link_start *start) {
  return link_start_fd(start, "restore") >= 0 || link_start_fd(start, "verify") >= 0;
}

enum base_code core_restoring_run(const struct link_start *start) {
  struct core_restored found = {0};
  struct base_error err = {0};
  BASE_AUTO_BUF struct base_buf report = {0};
  base_buf_init(&report, 64 << 10);
  base_log_level(BASE_LOG_ERROR); /* who asked gets one answer */
  enum base_code code = restore(start, &found, &err);
  if (code == BASE_OK)
    write_report(&found, &report);
  else
    base_buf_printf(&report, "%s\n%s", base_code_name(code), err.text);
  return base_write_all(STDOUT_FILENO, base_buf_view(&report), NULL) == BASE_OK ? code : BASE_IO;
}
