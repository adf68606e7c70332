/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite.h"

/* The default VFS turns every name into an absolute one, step by step from the root. That fails below a folder that our
 * user may not enter, although the working folder itself is his. So names stay as they are, relative to the working
 * folder; everything else is the default VFS, whose functions find what they need in the copied structure. */
static int keep_name(sqlite3_vfs *vfs, const char *name, int size, char *out) {
  (void)vfs;
  if (size <= 0)
    return SQLITE_CANTOPEN;
  int length = 0;
  while (length < size && name[length] != '\0') {
    out[length] = name[length];
    length++;
  }
  if (length == size)
    return SQLITE_CANTOPEN;
  out[length] = '\0';
  return SQLITE_OK;
}

/* A read that the disk refuses is called damage of the file system by the default VFS, and then damage of the database,
 * which nothing but a backup would heal. It is a read that failed, and may succeed the next time: so it is called that.
 * The methods of a file, with this one in place of theirs, stand behind the file itself. */
struct methods {
  const sqlite3_io_methods *real;
  sqlite3_io_methods ours;
};

static struct methods *methods_of(sqlite3_file *file) {
  return (struct methods *)(void *)((char *)file + sqlite3_vfs_find(NULL)->szOsFile);
}

static int read_file(sqlite3_file *file, void *out, int size, sqlite3_int64 offset) {
  int result = methods_of(file)->real->xRead(file, out, size, offset);
  return result == SQLITE_IOERR_CORRUPTFS ? SQLITE_IOERR_READ : result;
}

static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags) {
  int result = sqlite3_vfs_find(NULL)->xOpen(vfs, name, file, flags, out_flags);
  if (file->pMethods == NULL)
    return result;
  struct methods *methods = methods_of(file);
  methods->real = file->pMethods;
  methods->ours = *file->pMethods;
  methods->ours.xRead = read_file;
  file->pMethods = &methods->ours;
  return result;
}

void store_vfs_make(sqlite3_vfs *vfs, const char *name) {
  *vfs = *sqlite3_vfs_find(NULL);
  vfs->pNext = NULL;
  vfs->zName = name;
  vfs->szOsFile += (int)sizeof(struct methods);
  vfs->xFullPathname = keep_name;
  vfs->xOpen = open_file;
}
