/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_PARTS_H
#define WASL_CORE_PARTS_H

#include "core/internal.h"

/* Files of parts: what parts.c, uploads.c, reading.c and arriving.c share, and what the rest of core asks of them. */

enum { CORE_SEALED_RECORD = WIRE_RECORD_MAX + WIRE_RECORD_OVERHEAD, CORE_PART_FILE = 32 /* of hex: a file's name */ };

/* parts.c: files, rows, dropping */
/* A new file with a random name; the folder is synced before the commit. *out is the caller's to close. */
BASE_NODISCARD enum base_code core_part_file_make(struct core *core, char name[CORE_PART_FILE + 1], int *out,
                                                  struct base_error *err);
/* The file that the row names; -1 with errno set. flags: as open takes them. The caller closes it. */
int core_part_file_open(const struct core *core, const struct store_part *part, int flags);
/* A sealed record at its place in the file. Not durable yet. */
BASE_NODISCARD enum base_code core_record_write(int fd, uint32_t record, const uint8_t *sealed, size_t size,
                                                struct base_error *err);
/* size octets of a sealed record into out. BASE_CORRUPT when the file ends before. */
BASE_NODISCARD enum base_code core_record_read(int fd, uint32_t record, uint8_t *out, size_t size,
                                               struct base_error *err);
/* The sealed size of a record of a part of this size; record is less than records. */
size_t core_record_size(uint64_t part_size, uint32_t record, uint32_t records);
/* The octets of its file that the row says are held; more may have come since. */
uint64_t core_part_octets(const struct store_part *part);
BASE_NODISCARD enum base_code core_parts_open(struct core *core, struct base_error *err);
void core_parts_close(struct core *core);
struct base_hash core_part_token(const struct core *core, const struct base_hash *sha256);
/* Before the commit: what was written is on the disk. */
BASE_NODISCARD enum base_code core_parts_sync(struct core *core, struct base_error *err);
BASE_NODISCARD enum base_code core_parts_drop(struct core *core, const struct base_id *message, uint16_t count,
                                              struct base_error *err);
/* The files of one message's parts are another's from now on. */
BASE_NODISCARD enum base_code core_parts_move(struct core *core, const struct base_id *from, const struct base_id *to,
                                              size_t count, struct base_error *err);
/* The files of one message's parts, all of them whole, are another's too: each goes when no row names it any more. */
BASE_NODISCARD enum base_code core_parts_share(struct core *core, const struct base_id *from, const struct base_id *to,
                                               size_t count, struct base_error *err);
BASE_NODISCARD enum base_code core_parts_missing(struct core *core, const struct base_id *message, uint16_t count,
                                                 uint32_t wants[WIRE_PARTS_MAX], bool *out_complete,
                                                 struct base_error *err);

/* The file was made in this step: should the step be lost, it goes. */
BASE_NODISCARD enum base_code core_part_made(struct core *core, struct base_view file, struct base_error *err);
/* After the commit: removes the files of parts that were dropped, ends the uploads that messages name now. */
void core_parts_reap(struct core *core);
/* After a lost step: files of parts that came in it go, uploads that it named can be named again. What a row names
 * after all stays, for it may not be known whether the database kept the step; readable: rows can be asked. Files that
 * are left then go at the next start. */
void core_parts_lost(struct core *core, bool readable);

/* uploads.c */
void core_part_begin(struct core *core, uint64_t token, const struct wire_json *request);
void core_part_chunk(struct core *core, uint64_t token, const struct wire_json *request, int fd);
void core_part_finish(struct core *core, uint64_t token, const struct wire_json *request);
void core_part_cancel(struct core *core, uint64_t token, const struct wire_json *request);
/* One of the person who asks. NULL: there is none (any more), or it is another person's. */
struct core_stage *core_stage_of(struct core *core, uint64_t id);
/* Ends an upload; keep_file: a message names its file now. */
void core_stage_release(struct core *core, struct core_stage *stage, bool keep_file);
/* Ends those that no message has named for CORE_STAGE_SECONDS. */
void core_stages_expire(struct core *core);

/* reading.c */
void core_part_open(struct core *core, uint64_t token, const struct wire_json *request);
void core_part_read(struct core *core, uint64_t token, const struct wire_json *request);
/* A record in the clear, appended to out: for whom the caller may give it to. */
BASE_NODISCARD enum base_code core_part_plain(struct core *core, const struct base_id *message, uint16_t part,
                                              uint32_t record, struct base_buf *out, struct base_error *err);
/* The sealed record as stored, appended to out. */
BASE_NODISCARD enum base_code core_part_record(struct core *core, const struct store_part *part, uint32_t record,
                                               struct base_buf *out, struct base_error *err);
/* Closes the part that was read last and forgets its key. */
void core_reading_end(struct core *core);

/* arriving.c */
/* A part begins to arrive: makes the file and the row. */
BASE_NODISCARD enum base_code core_part_expect(struct core *core, const struct base_id *message, uint16_t part,
                                               const struct wire_part *wire, struct base_error *err);
/* One record. *out_wrong says what is wrong with it (the sender's fault), BASE_OK otherwise; *out_complete when the
 * part is whole and its hash is right. */
BASE_NODISCARD enum base_code core_part_take(struct core *core, const struct base_id *message, uint16_t part,
                                             uint32_t record, bool last, struct base_view sealed, bool *out_complete,
                                             enum base_code *out_wrong, struct base_error *wrong,
                                             struct base_error *err);
void core_parts_forget(struct core *core, const struct base_id *message); /* NULL: all arriving ones */

#endif
