/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "core/internal.h"

/* Room on the disk. It is said long before it ends; near its end nothing new is sent or taken in; at its end the
 * exchange rests, and a file that was kept for it is given back, so that what officers do (read, export, suspend, end)
 * still has room for its leaves. A partner who is turned away tries again, so nothing is lost by it. */

#define RESERVE_FILE "reserve"

static bool room_now(const struct core *core, uint64_t *out_free, uint64_t *out_size) {
  if (core->env.room != NULL)
    return core->env.room(core->env.context, out_free, out_size);
  struct statvfs room;
  if (fstatvfs(core->env.dir, &room) != 0)
    return false;
  *out_free = (uint64_t)room.f_bavail * room.f_frsize;
  *out_size = (uint64_t)room.f_blocks * room.f_frsize;
  return true;
}

static uint64_t below(enum core_room_level level, uint64_t size) {
  uint64_t share = size / CORE_DISK_WARN_SHARE;
  switch (level) {
  case CORE_ROOM_WARNING:
    return share < CORE_DISK_WARN_LEAST  ? CORE_DISK_WARN_LEAST
           : share > CORE_DISK_WARN_MOST ? CORE_DISK_WARN_MOST
                                         : share;
  case CORE_ROOM_LOW:
    return CORE_DISK_LOW;
  case CORE_ROOM_FULL:
    return CORE_DISK_REST;
  default:
    return UINT64_MAX;
  }
}

bool core_disk_low(const struct core *core, uint64_t *out_free) {
  uint64_t free_bytes = 0, size = 0;
  if (!room_now(core, &free_bytes, &size))
    return false;
  if (out_free != NULL)
    *out_free = free_bytes;
  return free_bytes < CORE_DISK_LOW;
}

bool core_disk_rests(const struct core *core) {
  uint64_t free_bytes = 0, size = 0;
  return core->room.denied || (room_now(core, &free_bytes, &size) && free_bytes < CORE_DISK_REST);
}

const char *core_room_name(enum core_room_level level) {
  static const char *const names[] = {"enough", "warning", "low", "full"};
  return names[level];
}

/* --- the file kept for the end */

/* With more than is kept, so that what is given back at the end is not taken again at once. */
static bool reserve_take(struct core *core) {
  int failed = posix_fallocate(core->room.fd, 0, CORE_RESERVE + CORE_DISK_REST);
  if (ftruncate(core->room.fd, failed != 0 ? 0 : CORE_RESERVE) != 0 && failed == 0)
    failed = errno;
  core->room.reserved = failed == 0;
  return core->room.reserved;
}

static void reserve_give_back(struct core *core) {
  if (!core->room.reserved)
    return;
  core->room.reserved = false;
  if (ftruncate(core->room.fd, 0) != 0)
    base_log(BASE_LOG_WARNING, "disk.reserve", RESERVE_FILE ": could not be given back");
}

void core_room_open(struct core *core) {
  uint64_t free_bytes = 0, size = 0;
  core->room.fd = openat(core->env.dir, RESERVE_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  core->room.reserved = core->room.fd >= 0 && lseek(core->room.fd, 0, SEEK_END) >= CORE_RESERVE;
  if (core->room.fd < 0)
    base_log(BASE_LOG_WARNING, "disk.reserve",
             RESERVE_FILE ": could not be made: at the end of the disk nothing works");
  else if (room_now(core, &free_bytes, &size) && free_bytes < CORE_RESERVE_BELOW)
    reserve_give_back(core);
}

void core_room_close(struct core *core) {
  base_close_fd(&core->room.fd);
}

/* --- levels */

static void say(const struct core *core, enum core_room_level before) {
  const struct core_room *room = &core->room;
  unsigned long long mib = room->free >> 20;
  if (room->level < before)
    base_log(BASE_LOG_NOTICE, "disk.room", "%llu MiB are free on the node's disk again%s", mib,
             room->level < CORE_ROOM_LOW && before >= CORE_ROOM_LOW ? ": the exchange goes on" : "");
  else if (room->level == CORE_ROOM_WARNING)
    base_log(BASE_LOG_WARNING, "disk.warning",
             "%llu MiB are free on the node's disk; below %d MiB nothing is sent or taken in: make room", mib,
             CORE_DISK_LOW >> 20);
  else if (room->level == CORE_ROOM_LOW)
    base_log(BASE_LOG_ERROR, "disk.low",
             "%llu MiB are free on the node's disk, %d are needed: nothing new is sent, partners are told to try again "
             "later; make room",
             mib, CORE_DISK_LOW >> 20);
  else
    base_log(BASE_LOG_ERROR, "disk.full",
             "%llu MiB are free on the node's disk: the exchange rests until there are %d; reading, exporting, "
             "suspending and ending still work for a while; make room",
             mib, CORE_DISK_LOW >> 20);
}

/* One is left only with an eighth more than leads to it, so that a level on the edge is not told again and again. */
static enum core_room_level level_of(const struct core_room *room) {
  enum core_room_level level = CORE_ROOM_ENOUGH;
  for (enum core_room_level worse = CORE_ROOM_WARNING; worse <= CORE_ROOM_FULL; worse++) {
    uint64_t limit = below(worse, room->size);
    if (room->free < limit || (room->level >= worse && room->free < limit + limit / 8))
      level = worse;
  }
  return room->denied ? CORE_ROOM_FULL : level;
}

int64_t core_room_look(struct core *core) {
  struct core_room *room = &core->room;
  enum core_room_level before = room->level;
  if (!room_now(core, &room->free, &room->size))
    return CORE_ROOM_LOOK_MS;
  if (room->free < CORE_RESERVE_BELOW)
    reserve_give_back(core);
  bool again = room->fd >= 0 && !room->reserved && room->free >= CORE_DISK_LOW;
  int64_t pause = room->level >= CORE_ROOM_LOW || room->denied ? CORE_ROOM_SOON_MS : CORE_ROOM_LOOK_MS;
  if (again && core_now_ms(core) >= room->try_ms) {
    room->try_ms = core_now_ms(core) + pause;
    if (reserve_take(core))
      room->denied = false;
  }
  room->level = level_of(room);
  if (room->level != before)
    say(core, before);
  return room->level >= CORE_ROOM_LOW ? CORE_ROOM_SOON_MS : CORE_ROOM_LOOK_MS;
}

void core_room_denied(struct core *core) {
  /* A quota is not seen in the room of the disk: what counts is that a write was refused. */
  core->room.denied = core->room.fd >= 0;
  core->room.try_ms = core_now_ms(core) + CORE_ROOM_SOON_MS;
  reserve_give_back(core);
}
