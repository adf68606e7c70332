/* SPDX-License-Identifier: Apache-2.0
 * The forms between core and keeper: what is read must be written back as exactly the same bytes. The first byte
 * chooses the form. */
#include <stdlib.h>

#include "wire/keeperform.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
  if (!holds)
    abort();
}

static bool through_lists(uint8_t form, struct base_view bytes, struct base_buf *again) {
  const struct base_secret *keys;
  const uint8_t(*wrapped)[WIRE_KEEPER_WRAPPED];
  size_t count;
  uint32_t epoch;
  if (form == 5) {
    if (wire_keeper_keys_parse(bytes, &keys, &count, NULL) != BASE_OK)
      return false;
    require(count <= WIRE_KEEPER_WRAP_MAX);
    wire_keeper_keys_write(keys, count, again);
    return true;
  }
  if (wire_keeper_wrapped_parse(bytes, &epoch, &wrapped, &count, NULL) != BASE_OK)
    return false;
  require(count <= WIRE_KEEPER_WRAP_MAX);
  wire_keeper_wrapped_write(epoch, wrapped, count, again);
  return true;
}

static bool through_proofs(uint8_t form, struct base_view bytes, struct base_buf *again) {
  struct wire_keeper_attest attest;
  struct wire_keeper_cosign cosign;
  if (form == 2) {
    if (wire_keeper_attest_parse(bytes, &attest, NULL) != BASE_OK)
      return false;
    wire_keeper_attest_write(attest.size, &attest.root, attest.proof, attest.count, again);
    return true;
  }
  if (wire_keeper_cosign_parse(bytes, &cosign, NULL) != BASE_OK)
    return false;
  wire_keeper_cosign_write(&cosign.log_key, cosign.note, cosign.old_size, cosign.proof, cosign.count, again);
  return true;
}

static bool through_small(uint8_t form, struct base_view bytes, struct base_buf *again) {
  struct wire_keeper_info info;
  struct wire_keeper_decapsulate decapsulate;
  uint64_t head_size;
  struct base_hash root;
  if (form == 0 && wire_keeper_info_parse(bytes, &info, NULL) == BASE_OK)
    wire_keeper_info_write(&info, again);
  else if (form == 1 && wire_keeper_remembers_parse(bytes, &head_size, &root, NULL) == BASE_OK)
    wire_keeper_remembers_write(head_size, &root, again);
  else if (form == 4 && wire_keeper_decapsulate_parse(bytes, &decapsulate, NULL) == BASE_OK)
    wire_keeper_decapsulate_write(decapsulate.key_id, &decapsulate.enc, again);
  else
    return false;
  return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0)
    return 0;
  uint8_t form = data[0] % 7;
  struct base_view bytes = base_view_of(data + 1, size - 1);
  BASE_AUTO_BUF struct base_buf again = {0};
  bool read = form >= 5                ? through_lists(form, bytes, &again)
              : form == 2 || form == 3 ? through_proofs(form, bytes, &again)
                                       : through_small(form, bytes, &again);
  require(!read || base_view_equal(base_buf_view(&again), bytes));
  return 0;
}
