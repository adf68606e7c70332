/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "wire/register.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A note, its text as a checkpoint or a succession, and the bytes as a verifier key; each has one spelling. */
static void try_note(struct base_view bytes) {
  struct wire_note note;
  struct wire_checkpoint checkpoint;
  struct wire_succession succession;
  struct base_error err;
  BASE_AUTO_BUF struct base_buf again = {0};
  base_buf_init(&again, 2 * WIRE_NOTE_MAX);
  if (wire_note_parse(bytes, &note, &err) != BASE_OK)
    return;
  if (wire_checkpoint_parse(note.text, &checkpoint, &err) == BASE_OK)
    wire_checkpoint_write(&checkpoint, &again);
  else if (wire_succession_parse(note.text, &succession, &err) == BASE_OK)
    wire_succession_write(&succession, &again);
  else
    base_buf_add_view(&again, note.text);
  base_buf_text(&again, "\n");
  for (size_t i = 0; i < note.signature_count; i++)
    wire_signature_write(&note.signatures[i], &again);
  if (!base_view_equal(base_buf_view(&again), bytes))
    abort();
}

static void try_vkey(struct base_view bytes) {
  struct wire_vkey vkey;
  struct base_error err;
  BASE_AUTO_BUF struct base_buf again = {0};
  base_buf_init(&again, WIRE_VKEY_MAX);
  if (wire_vkey_parse(bytes, &vkey, &err) != BASE_OK)
    return;
  wire_vkey_write(&vkey, &again);
  if (!base_view_equal(base_buf_view(&again), bytes))
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  try_note(base_view_of(data, size));
  try_vkey(base_view_of(data, size));
  return 0;
}
