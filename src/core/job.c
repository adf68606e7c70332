/* SPDX-License-Identifier: Apache-2.0 */
#include "core/job.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "core/core.h"
#include "core/epoch.h"

enum { LEVELS = 64 };

bool core_job_asked(const struct link_start *start) {
  return link_start_fd(start, "check") >= 0 || link_start_fd(start, "migrate") >= 0 ||
         link_start_fd(start, "needs") >= 0;
}

/* The root over the first `size` leaves, from the leaves alone (RFC 6962 section 2.1). */
static enum base_code root_of(struct store *store, uint64_t size, struct base_hash *out, struct base_error *err) {
  struct base_hash complete[LEVELS];
  enum base_code code = BASE_OK;
  for (uint64_t i = 0; code == BASE_OK && i < size; i++) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    base_arena_init(&arena, 1 << 20);
    struct store_leaf leaf;
    code = store_leaf_get(store, i, &arena, &leaf, err);
    if (code != BASE_OK)
      return code;
    struct base_hash hash = seal_leaf_hash(leaf.entry);
    unsigned level = 0;
    for (uint64_t rest = i; (rest & 1) == 1; rest >>= 1)
      hash = seal_node_hash(&complete[level++], &hash);
    complete[level] = hash;
  }
  bool begun = false;
  for (unsigned level = 0; level < LEVELS; level++) {
    if ((size >> level & 1) == 0)
      continue;
    *out = begun ? seal_node_hash(&complete[level], out) : complete[level];
    begun = true;
  }
  return BASE_OK;
}

/* The last head that the keeper signed is over the leaves that arrived. */
static enum base_code compare_register(struct store *from, struct store *target, uint64_t *out_size,
                                       struct base_hash *out_root, struct base_error *err) {
  struct base_hash arrived = {{0}};
  enum base_code code = store_head_last(from, out_size, out_root, NULL, err);
  if (code == BASE_NOT_FOUND) {
    *out_size = 0;
    return BASE_OK;
  }
  if (code == BASE_OK)
    code = root_of(target, *out_size, &arrived, err);
  if (code == BASE_OK && !base_hash_equal(&arrived, out_root))
    code = base_fail(err, BASE_CORRUPT,
                     "the register that arrived has another root than the head of %llu leaves says: look at core.db by "
                     "`wasl register check`",
                     (unsigned long long)*out_size);
  return code;
}

static enum base_code migrate(int dir, struct store *target, struct base_buf *out, struct base_error *err) {
  struct store *from = NULL;
  struct store_copied copied = {0};
  struct base_hash root = {{0}};
  uint64_t size = 0;
  enum base_code code = store_open(dir, NULL, &from, err);
  if (code == BASE_OK)
    code = store_begin(target, err);
  if (code == BASE_OK)
    code = store_copy(from, target, &copied, err);
  if (code == BASE_OK)
    code = compare_register(from, target, &size, &root, err);
  if (code == BASE_OK)
    code = store_commit(target, err);
  store_close(from);
  if (code != BASE_OK)
    return code;
  struct wire_writer writer;
  wire_writer_init(&writer, out);
  wire_write_object(&writer);
  wire_write_member_string(&writer, "database", store_name(target));
  wire_write_member_integer(&writer, "tables", (int64_t)copied.tables);
  wire_write_member_integer(&writer, "rows", (int64_t)copied.rows);
  wire_write_member_integer(&writer, "size", (int64_t)size);
  wire_write_member_hash(&writer, "root", &root);
  wire_write_end(&writer, '}');
  return BASE_OK;
}

static enum base_code check(struct store *target, struct base_buf *out, struct base_error *err) {
  enum base_code code = store_target_empty(target, err);
  if (code != BASE_OK)
    return code;
  struct wire_writer writer;
  wire_writer_init(&writer, out);
  wire_write_object(&writer);
  wire_write_member_string(&writer, "database", store_name(target));
  wire_write_end(&writer, '}');
  return BASE_OK;
}

/* No core.db: nothing is made in its place. */
static enum base_code tell_needs(int dir, struct store_server *server, struct base_buf *out, struct base_error *err) {
  struct store *store = NULL;
  struct core_needs needs = {0};
  bool any = server != NULL || store_file_there(dir);
  enum base_code code = any ? store_open(dir, server, &store, err) : BASE_OK;
  if (code == BASE_OK && any)
    code = core_epoch_needs(store, &needs, err);
  store_close(store);
  if (code != BASE_OK)
    return code;
  struct wire_writer writer;
  wire_writer_init(&writer, out);
  wire_write_object(&writer);
  wire_write_member_integer(&writer, "oldest", needs.oldest);
  wire_write_member_integer(&writer, "newest", needs.newest);
  wire_write_member_integer(&writer, "epoch", needs.epoch);
  wire_write_member_string(&writer, "origin", needs.origin);
  wire_write_end(&writer, '}');
  return BASE_OK;
}

/* The server is taken over. */
static enum base_code fill_target(int dir, bool migrated, struct store_server *server, struct base_buf *out,
                                  struct base_error *err) {
  struct store *target = NULL;
  enum base_code code = store_open_target(server, &target, err);
  if (code == BASE_OK)
    code = migrated ? migrate(dir, target, out, err) : check(target, out, err);
  store_close(target);
  return code;
}

static enum base_code connect_server(const struct link_start *start, int dir, struct base_view uri,
                                     struct store_server **out, struct base_error *err) {
  char files[STORE_FILES_MAX][256];
  enum base_code code = link_start_reach(start, (const char(*)[256])files, store_server_files(uri, files), err);
  return code == BASE_OK ? store_server_connect(dir, uri, out, err) : code;
}

/* In the order of a core that serves: reach, give up the rest, then read and write. */
static enum base_code work(const struct link_start *start, struct base_buf *out, struct base_error *err) {
  int migrated = link_start_fd(start, "migrate"), needs = link_start_fd(start, "needs");
  int named = needs >= 0 ? needs : migrated >= 0 ? migrated : link_start_fd(start, "check");
  struct base_view uri = {0};
  struct store_server *server = NULL;
  BASE_AUTO_FD int dir = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  enum base_code code = dir < 0 ? base_fail_errno(err, "core's folder cannot be opened") : BASE_OK;
  if (code == BASE_OK)
    code = base_map_sealed(named, STORE_URI_MAX, &uri, err);
  if (code == BASE_OK && (uri.size > 0 || needs < 0))
    code = connect_server(start, dir, uri, &server, err);
  base_unmap(&uri);
  if (code == BASE_OK)
    code = link_start_confine(start, err);
  if (code != BASE_OK) {
    store_server_close(server);
    return code;
  }
  return needs >= 0 ? tell_needs(dir, server, out, err) : fill_target(dir, migrated >= 0, server, out, err);
}

enum base_code core_job(const struct link_start *start) {
  struct base_error err = {0};
  BASE_AUTO_BUF struct base_buf out = {0};
  base_buf_init(&out, 1 << 20);
  base_log_level(BASE_LOG_ERROR); /* who asked gets one answer */
  seal_start();
  enum base_code code = work(start, &out, &err);
  if (code != BASE_OK) {
    base_buf_reset(&out);
    base_buf_printf(&out, "%s\n%s", base_code_name(code), err.text);
  }
  return base_write_all(STDOUT_FILENO, base_buf_view(&out), NULL) == BASE_OK ? code : BASE_IO;
}
