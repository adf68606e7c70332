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

static bool through_changes(uint8_t form, struct base_view bytes, struct base_buf *again) {
  struct wire_keeper_succeed succeed;
  struct wire_keeper_succeeded succeeded;
  struct wire_keeper_follow follow;
  enum wire_keeper_type type;
  uint32_t number;
  unsigned types;
  if (form == 7 && wire_keeper_succeed_parse(bytes, &succeed, NULL) == BASE_OK)
    wire_keeper_succeed_write(&succeed, again);
  else if (form == 8 && wire_keeper_succeeded_parse(bytes, &succeeded, NULL) == BASE_OK)
    wire_keeper_succeeded_write(&succeeded, again);
  else if (form == 9 && wire_keeper_follow_parse(bytes, &follow, NULL) == BASE_OK)
    wire_keeper_follow_write(&follow, again);
  else if (form == 10 && wire_keeper_renew_parse(bytes, &types, NULL) == BASE_OK)
    wire_keeper_renew_write(types, again);
  else if (form == 11 && wire_keeper_forget_parse(bytes, &type, &number, NULL) == BASE_OK)
    wire_keeper_forget_write(type, number, again);
  else
    return false;
  return true;
}

static bool through_small(uint8_t form, struct base_view bytes, struct base_buf *again) {
  struct wire_keeper_info info;
  struct wire_keeper_memory memory;
  struct wire_keeper_decapsulate decapsulate;
  if (form == 0 && wire_keeper_info_parse(bytes, &info, NULL) == BASE_OK)
    wire_keeper_info_write(&info, again);
  else if (form == 1 && wire_keeper_memory_parse(bytes, &memory, NULL) == BASE_OK)
    wire_keeper_memory_write(&memory, again);
  else if (form == 4 && wire_keeper_decapsulate_parse(bytes, &decapsulate, NULL) == BASE_OK)
    wire_keeper_decapsulate_write(decapsulate.key_id, &decapsulate.enc, again);
  else
    return false;
  return true;
}

static bool through_erasures(uint8_t form, struct base_view bytes, struct base_buf *again) {
  struct wire_keeper_erased list[WIRE_KEEPER_WRAP_MAX];
  struct wire_keeper_retired retired;
  static struct wire_keeper_listed listed;
  size_t count;
  uint64_t from;
  if (form == 12 && wire_keeper_retire_parse(bytes, list, &count, NULL) == BASE_OK)
    wire_keeper_retire_write(list, count, again);
  else if (form == 13 && wire_keeper_retired_parse(bytes, &retired, NULL) == BASE_OK)
    wire_keeper_retired_write(&retired, again);
  else if (form == 14 && wire_keeper_list_parse(bytes, &from, &count, NULL) == BASE_OK)
    wire_keeper_list_write(from, count, again);
  else if (form == 15 && wire_keeper_listed_parse(bytes, &listed, NULL) == BASE_OK)
    wire_keeper_listed_write(&listed, again);
  else
    return false;
  return true;
}

static bool through_cards(uint8_t form, struct base_view bytes, struct base_buf *again) {
  uint32_t generation;
  struct wire_keeper_card card;
  if (form == 16 && wire_keeper_generation_parse(bytes, &generation, NULL) == BASE_OK)
    wire_keeper_generation_write(generation, again);
  else if (form == 17 && wire_keeper_card_parse(bytes, &card, NULL) == BASE_OK)
    wire_keeper_card_write(&card, again);
  else
    return false;
  return true;
}

enum { FORMS = 18 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0)
    return 0;
  uint8_t form = data[0] % FORMS;
  struct base_view bytes = base_view_of(data + 1, size - 1);
  BASE_AUTO_BUF struct base_buf again = {0};
  bool read = form >= 16               ? through_cards(form, bytes, &again)
              : form >= 12             ? through_erasures(form, bytes, &again)
              : form >= 7              ? through_changes(form, bytes, &again)
              : form >= 5              ? through_lists(form, bytes, &again)
              : form == 2 || form == 3 ? through_proofs(form, bytes, &again)
                                       : through_small(form, bytes, &again);
  require(!read || base_view_equal(base_buf_view(&again), bytes));
  return 0;
}
