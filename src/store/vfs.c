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

void store_vfs_make(sqlite3_vfs *vfs, const char *name) {
  *vfs = *sqlite3_vfs_find(NULL);
  vfs->pNext = NULL;
  vfs->zName = name;
  vfs->xFullPathname = keep_name;
}
