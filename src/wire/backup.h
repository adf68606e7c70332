/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_WIRE_BACKUP_H
#define WASL_WIRE_BACKUP_H

#include "wire/register.h"

/* A node's backup: a header in the clear, and in sealed records a stream of frames. spec/backup.md. */

enum {
  WIRE_BACKUP_HEADER = 128, /* bytes */
  WIRE_BACKUP_FRAME = 5,    /* bytes before a frame's payload: u8 type, u32 length */
  WIRE_BACKUP_ROW_MAX = 16 << 20,
  WIRE_BACKUP_BYTES_MAX = 1 << 20,
  WIRE_BACKUP_VALUES_MAX = 32,
  WIRE_BACKUP_NAME_MAX = 64,
  WIRE_BACKUP_CARD_MAX = 16 << 10,
  WIRE_BACKUP_FILE = 32, /* hex digits of a part's file name */
};
#define WIRE_BACKUP_MAGIC "WASLBAK1"

/* What is in the clear: for whom it is sealed, of which node it is, from when. */
struct wire_backup_header {
  uint8_t key_id[8];
  struct wire_enc enc; /* the ephemeral public key, of X25519 */
  base_time made;
  struct base_view origin; /* parse: points into the bytes */
};
/* Appends WIRE_BACKUP_HEADER bytes. */
void wire_backup_header_write(const struct wire_backup_header *header, struct base_buf *out);
/* The first WIRE_BACKUP_HEADER bytes of a file, neither more nor fewer. */
BASE_NODISCARD enum base_code wire_backup_header_parse(struct base_view bytes, struct wire_backup_header *out,
                                                       struct base_error *err);

enum wire_backup_type {
  WIRE_BACKUP_HEAD = 1, /* first: of which schema, and the register's signed head */
  WIRE_BACKUP_TABLE,    /* the rows that follow are of this table */
  WIRE_BACKUP_ROW,
  WIRE_BACKUP_PART, /* a file of a part; its octets follow */
  WIRE_BACKUP_BYTES,
  WIRE_BACKUP_END, /* last: how much there was */
};
enum wire_backup_value_type {
  WIRE_BACKUP_NULL,
  WIRE_BACKUP_NUMBER,
  WIRE_BACKUP_TEXT,
  WIRE_BACKUP_BLOB,
};
struct wire_backup_value {
  enum wire_backup_value_type type;
  int64_t number;
  struct base_view bytes; /* TEXT, BLOB */
};
/* Views point into what was parsed. */
struct wire_backup_frame {
  enum wire_backup_type type;
  uint32_t schema;                                         /* HEAD: of the database's tables; 0: no database is in it */
  uint64_t size;                                           /* HEAD: leaves; PART: octets */
  struct base_hash root;                                   /* HEAD */
  struct base_view note, card, version;                    /* HEAD; version: of the program */
  struct base_view name;                                   /* TABLE; PART: WIRE_BACKUP_FILE hex digits */
  size_t count;                                            /* ROW: values */
  struct wire_backup_value values[WIRE_BACKUP_VALUES_MAX]; /* ROW: in the order of the table's columns */
  struct base_view bytes;                                  /* BYTES */
  uint64_t rows, parts, octets;                            /* END; octets: of parts */
};
/* Appends one frame; out fails when it breaks a bound that wire_backup_frame_read checks. */
void wire_backup_frame_write(const struct wire_backup_frame *frame, struct base_buf *out);
/* The frame at the start of bytes; *out_used 0: it is not all there yet, give more. A length beyond its type's bound
 * and anything that is no frame are BASE_SYNTAX. */
BASE_NODISCARD enum base_code wire_backup_frame_read(struct base_view bytes, struct wire_backup_frame *out,
                                                     size_t *out_used, struct base_error *err);

#endif
