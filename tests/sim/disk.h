/* SPDX-License-Identifier: Apache-2.0
 * Simulated disks. The real code runs on them unchanged: SQLite with its own unix VFS, core's files of parts, the
 * keeper's memory of heads. disk_calls.c defines the C library's calls for files (openat, pwrite, fsync, renameat,
 * flock, mmap, ...) in the test program, so that they reach the simulation from our libraries and from shared ones
 * alike; what concerns no simulated disk goes on to the kernel.
 *
 * What a disk promises is what POSIX promises, no more:
 *
 * - A write or a truncation is durable after fsync or fdatasync of its file. Until then a power cut keeps it, loses it,
 *   or keeps any of its 512-byte sectors; a file's size may be any that it had, and what lies between is zeroes or
 *   rubbish.
 * - A name made, renamed or removed is durable after fsync of its folder, and of that folder's own name in the one
 *   above. Until then each such change is kept or lost by itself; a rename is one change. To sync a file says nothing
 *   of its name.
 * - What fsync of a file could not write is lost: what reads still see is not on the disk, and no later fsync brings it
 *   there. (Of a folder: names stay pending, since a file system that cannot write those stops altogether.)
 * - A shared mapping (SQLite's wal-index) is never durable: rubbish after a power cut.
 * - A sector is written wholly or not at all, and endangers no neighbour.
 *
 * One thread. Descriptors are numbers from DISK_FD_FIRST on, and work in every call above; the rest (dup, poll,
 * sendfile, passing to another process) fails on them with EBADF. Paths are simulated when they are relative to a
 * simulated folder: one opened by disk_open, or the working folder after fchdir to one. There are neither links nor
 * "..". All is decided by seeds: the same program with the same seeds does the same, octet for octet. */
#ifndef WASL_TESTS_SIM_DISK_H
#define WASL_TESTS_SIM_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DISK_SECTOR = 512, DISK_FD_FIRST = 1 << 20, DISK_NAME_MAX = 255 };

struct disk;

/* --- life */
/* An empty disk, switched on. Never NULL: without memory the test ends. name: for messages, borrowed. */
struct disk *disk_new(const char *name);
/* What a backup taken now would hold: all that reads see, nothing of it pending, no descriptor open, switched on, no
 * fault, room and lies as at first. Shares sectors with the original until one of them changes; costs about a pointer
 * per sector. */
struct disk *disk_clone(const struct disk *disk, const char *name);
/* Puts what `from` holds (see disk_clone) in the place of all that disk holds: a backup restored. Descriptors die as in
 * disk_power_off; the disk is on afterwards. */
void disk_restore(struct disk *disk, const struct disk *from);
const char *disk_title(const struct disk *disk); /* its name */
/* Descriptors die with it. NULL is fine. */
void disk_free(struct disk *disk);
/* A descriptor of this folder of the disk, the caller's to close; "." is the uppermost. Folders that are missing on the
 * way are made, durably. Works on a disk that is on only. It is what a process would be handed: keeper_open and
 * core_open take it as `dir`. SQLite uses names relative to the working folder, so before calling into a core its
 * driver does fchdir(core's folder), as each process of a node stands in its own. */
int disk_open(struct disk *disk, const char *path);

/* --- power */
/* From now on every call on this disk fails with EIO and changes nothing. So a core that runs on it can still be closed
 * with core_close, which frees its memory; what it says meanwhile nobody hears: its driver drops answers while a disk
 * is off. */
void disk_power_off(struct disk *disk);
bool disk_is_off(const struct disk *disk);
/* After disk_power_off: decides by the seed what of the unsynced survived; that is then what the disk holds, durably.
 * The descriptors of before stay dead (EIO) until they are closed. Locks are gone. */
void disk_power_on(struct disk *disk, uint64_t seed);
/* After disk_power_off: as if only the processes were killed (kill -9). Everything written is still there, unsynced as
 * before. */
void disk_wake(struct disk *disk);

/* --- what happens, and what a test makes of it */
enum disk_call {
  /* These change nothing. */
  DISK_OPEN,
  DISK_READ, /* read, pread, mmap */
  DISK_LOOK, /* stat, access, readdir, fstatvfs */
  /* These are the write points. */
  DISK_CREATE, /* open with O_CREAT of a name that is not there */
  DISK_MKDIR,
  DISK_WRITE,
  DISK_TRUNCATE,
  DISK_SYNC,        /* of a file */
  DISK_SYNC_FOLDER, /* of a folder */
  DISK_RENAME,
  DISK_UNLINK, /* of a file or an empty folder */
  DISK_CALLS,
};
const char *disk_call_name(enum disk_call call); /* "write", ... */

struct disk_event {
  struct disk *disk;
  enum disk_call call;
  const char *name; /* the last part of the path; what a file was opened as. Valid during the call. */
  uint64_t calls;   /* of this disk until now, this one included */
  uint64_t points;  /* write points of this disk until now, this one included if it is one */
  uint64_t total;   /* write points of all disks of the program since disk_seed */
};
enum {
  DISK_GO = 0, /* as it should be */
  DISK_CUT =
      -1, /* the power goes while this is under way: it is as pending as what came before it. The call returns EIO. */
};
/* Asked before each call on any disk that is on. Returns DISK_GO, DISK_CUT, or an errno value (> 0): the call fails
 * with it and changes nothing; but a sync of a file that fails loses a part, by the seed, of what it should have made
 * durable. It may switch disks off and on, and fork. NULL: none. One for the whole program. */
typedef int disk_watch(void *context, const struct disk_event *event);
void disk_set_watch(disk_watch *watch, void *context);

/* Asked before calls to the kernel about no simulated disk that a node makes for its memory and for files without a name; true:
 * the call fails. NULL: none. */
void disk_watch_kernel(bool (*fails)(const char *call));

uint64_t disk_calls(const struct disk *disk);
uint64_t disk_points(const struct disk *disk);
uint64_t disk_points_total(void);

/* Room for so many octets in all (in sectors that hold something); at first without limit. What does not fit is ENOSPC,
 * or a short write. Overwriting what is there needs no room, nor does a sync; a new name needs a sector. fstatvfs tells
 * it. */
void disk_set_room(struct disk *disk, uint64_t octets);
uint64_t disk_used(const struct disk *disk);
/* Whatever would change something fails with this errno value, EROFS or EIO say; 0: no more. Syncs of what is already
 * durable succeed. */
void disk_set_read_only(struct disk *disk, int error);

/* A disk that lies, for broken variants: syncs succeed and do nothing. */
enum { DISK_LIE_SYNC = 1, DISK_LIE_SYNC_FOLDER = 2 };
void disk_set_lies(struct disk *disk, unsigned lies);

/* --- the program's randomness */
/* From here on getrandom() and /dev/urandom (for SQLite) are a generator of this seed, and the total of write points
 * begins anew. Before it is called they are the kernel's. Also seeds what a failed sync loses. */
void disk_seed(uint64_t seed);
/* A generator for tests (splitmix64): the next number of the state. */
uint64_t disk_random(uint64_t *state);
/* For getrandom() to call and for struct base_world: fills from the program's generator. */
void disk_random_fill(void *context, void *out, size_t size);

/* --- for tests of the disk and of what is on it */
/* Octets that a read would give, without being a call on the disk; the caller frees *out. False when there is no such
 * file. durable: what would be there if the power went and all that is pending were lost. */
bool disk_peek(const struct disk *disk, const char *path, bool durable, uint8_t **out, size_t *size);
/* Flips bits of one octet, durably: damage. False when there is no such octet. */
bool disk_damage(struct disk *disk, const char *path, uint64_t offset, uint8_t bits);
/* Descriptors open on this disk, dead ones included: a leak shows here. */
unsigned disk_descriptors(const struct disk *disk);

#endif
