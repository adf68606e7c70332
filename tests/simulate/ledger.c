/* SPDX-License-Identifier: Apache-2.0 */
#include "simulate/sim.h"

/* The simulator's own memory, kept beside the nodes and never shown to them: every leaf as it was committed, every head
 * that a keeper signed or cosigned, every message whose sending was acknowledged. */

static void *grow(void *array, size_t *room, size_t count, size_t size) {
  if (count < *room)
    return array;
  *room = *room == 0 ? 64 : 2 * *room;
  array = realloc(array, *room * size);
  if (array == NULL)
    abort();
  return array;
}

static struct sim_branch *current_of(struct sim_node *node) {
  struct sim_register *reg = &node->sim->registers[node->index];
  return &reg->branches[reg->current];
}

/* --- leaves, and roots over them: RFC 6962, section 2.1, one leaf after the other */

static void add_leaf(struct sim_branch *branch, const struct base_hash *leaf) {
  branch->leaves = grow(branch->leaves, &branch->leaf_room, branch->leaf_count, sizeof *branch->leaves);
  branch->leaves[branch->leaf_count] = *leaf;
  struct base_hash node = *leaf;
  unsigned level = 0;
  for (size_t i = branch->leaf_count++; (i & 1) != 0; i >>= 1)
    node = seal_node_hash(&branch->peaks[level++], &node);
  branch->peaks[level] = node;
}

static struct base_hash root_of(const struct sim_branch *branch) {
  struct base_hash root = seal_empty_root();
  bool any = false;
  for (unsigned level = 0; level < 64; level++) {
    if ((branch->leaf_count >> level & 1) == 0)
      continue;
    root = any ? seal_node_hash(&branch->peaks[level], &root) : branch->peaks[level];
    any = true;
  }
  return root;
}

static bool read_leaf(struct sim_node *node, uint64_t index, struct base_hash *out) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_leaf leaf;
  struct base_error err = {0};
  if (store_leaf_get(node->core->store, index, &arena, &leaf, &err) != BASE_OK) {
    sim_violate(node->sim, "nothing attested is lost", "%s: leaf %llu: %s", node->name, (unsigned long long)index,
                err.text);
    return false;
  }
  *out = seal_leaf_hash(leaf.entry);
  return true;
}

static void check_head(struct sim_node *node, const struct sim_branch *branch, const struct sim_head *head) {
  struct base_hash root = root_of(branch);
  if (!base_hash_equal(&root, &head->root))
    sim_violate(node->sim, "a signed head is the root of the leaves",
                "%s: the keeper signed %s over %llu leaves, which give %s", node->name,
                base_hash_text(&head->root).text, (unsigned long long)head->size, base_hash_text(&root).text);
}

static void check_old_leaves(struct sim_node *node, const struct sim_branch *branch, uint64_t count) {
  for (uint64_t i = 0; i < count && i < branch->leaf_count; i++) {
    struct base_hash leaf;
    if (!read_leaf(node, i, &leaf))
      return;
    if (!base_hash_equal(&leaf, &branch->leaves[i]))
      sim_violate(node->sim, "attested history is never changed", "%s: leaf %llu is another one than before",
                  node->name, (unsigned long long)i);
  }
}

void sim_ledger_follow(struct sim_node *node, bool anew) {
  struct sim_branch *branch = current_of(node);
  uint64_t count = 0;
  struct base_error err = {0};
  if (store_leaf_count(node->core->store, &count, &err) != BASE_OK) {
    sim_violate(node->sim, "the register can be read", "%s: %s", node->name, err.text);
    return;
  }
  if (count < branch->leaf_count)
    sim_violate(node->sim, "nothing attested is lost", "%s holds %llu leaves, %zu were attested", node->name,
                (unsigned long long)count, branch->leaf_count);
  if (anew)
    check_old_leaves(node, branch, count);
  while (!node->sim->violated) {
    for (; branch->head_checked < branch->head_count; branch->head_checked++) {
      const struct sim_head *head = &branch->heads[branch->head_checked];
      if (head->size > branch->leaf_count)
        break;
      if (head->size == branch->leaf_count)
        check_head(node, branch, head);
      else if (head->size < branch->leaf_count && branch->head_checked > 0 &&
               head->size < branch->heads[branch->head_checked - 1].size)
        sim_violate(node->sim, "no keeper signs two heads that contradict", "%s: its keeper signed a smaller head",
                    node->name);
    }
    struct base_hash leaf;
    if (branch->leaf_count == count || !read_leaf(node, branch->leaf_count, &leaf))
      break;
    add_leaf(branch, &leaf);
  }
  if (branch->head_checked < branch->head_count)
    sim_violate(node->sim, "nothing attested is lost", "%s: a head of %llu leaves was signed, the register has %llu",
                node->name, (unsigned long long)branch->heads[branch->head_checked].size, (unsigned long long)count);
}

/* --- heads */

void sim_ledger_signed(struct sim_node *node, uint64_t size, const struct base_hash *root) {
  struct sim_branch *branch = current_of(node);
  branch->heads = grow(branch->heads, &branch->head_room, branch->head_count, sizeof *branch->heads);
  branch->heads[branch->head_count++] = (struct sim_head){size, *root};
}

void sim_ledger_branch(struct sim_node *node, uint64_t leaf_count) {
  struct sim_register *reg = &node->sim->registers[node->index];
  if (reg->branch_count == SIM_BRANCHES_MAX)
    abort();
  const struct sim_branch *from = &reg->branches[reg->current];
  struct sim_branch *branch = &reg->branches[reg->branch_count];
  memset(branch, 0, sizeof *branch);
  for (uint64_t i = 0; i < leaf_count && i < from->leaf_count; i++)
    add_leaf(branch, &from->leaves[i]);
  branch->begun = branch->leaf_count;
  reg->current = reg->branch_count++;
}

bool sim_ledger_consistent(const struct sim *sim, unsigned node, size_t branch_a, uint64_t size_a, size_t branch_b,
                           uint64_t size_b) {
  const struct sim_branch *a = &sim->registers[node].branches[branch_a], *b = &sim->registers[node].branches[branch_b];
  uint64_t common = size_a < size_b ? size_a : size_b;
  return common <= a->leaf_count && common <= b->leaf_count &&
         (common == 0 || memcmp(a->leaves, b->leaves, common * sizeof *a->leaves) == 0);
}

static bool find_head(const struct sim_register *reg, const struct wire_checkpoint *head, size_t *out) {
  for (size_t i = reg->branch_count; i-- > 0;) {
    const struct sim_branch *branch = &reg->branches[i];
    for (size_t k = branch->head_count; k-- > 0;)
      if (branch->heads[k].size == head->size && base_hash_equal(&branch->heads[k].root, &head->root)) {
        *out = i;
        return true;
      }
  }
  return false;
}

/* Every cosigned head was signed by its owner's keeper, and is consistent with the one that the same witness cosigned
 * before: by the simulator's own leaves, not by what any proof says. */
void sim_ledger_cosigned(struct sim_node *node, struct base_view bytes) {
  struct sim *sim = node->sim;
  struct wire_note note;
  struct wire_checkpoint head;
  if (wire_note_parse(bytes, &note, NULL) != BASE_OK || wire_checkpoint_parse(note.text, &head, NULL) != BASE_OK) {
    sim_violate(sim, "a keeper cosigns heads only", "%s: its keeper cosigned what is no head", node->name);
    return;
  }
  unsigned owner = 0;
  while (owner < sim->node_count && !base_view_equal(sim->nodes[owner].origin, wire_origin_node(head.origin)))
    owner++;
  size_t branch = 0;
  if (owner == sim->node_count || !find_head(&sim->registers[owner], &head, &branch)) {
    sim_violate(sim, "a cosigned head was signed by its owner", "%s cosigned a head of %llu leaves that nobody signed",
                node->name, (unsigned long long)head.size);
    return;
  }
  struct sim_cosigned *last = &sim->cosigned[node->index * sim->node_count + owner];
  bool forgetful = sim->profile.villain >= SIM_OLD_KEEPER && sim->profile.villain <= SIM_COPY &&
                   sim->villain == node->index; /* its memory of heads was rolled back */
  uint32_t epoch = wire_origin_epoch(head.origin);
  if (last->any && !forgetful && last->epoch == epoch &&
      !sim_ledger_consistent(sim, owner, last->branch, last->size, branch, head.size))
    sim_violate(sim, "no keeper cosigns two heads that contradict",
                "%s cosigned a head of %llu leaves of %s, which contradicts the one of %llu leaves before", node->name,
                (unsigned long long)head.size, sim->nodes[owner].name, (unsigned long long)last->size);
  *last = (struct sim_cosigned){true, epoch, branch, head.size};
}

/* --- what was acknowledged */

void sim_ledger_acked(struct sim_node *node, const struct base_id *id, size_t part_count, uint64_t part_size,
                      uint64_t part_seed) {
  struct sim *sim = node->sim;
  sim->counts.messages++;
  sim->acked = grow(sim->acked, &sim->acked_room, sim->acked_count, sizeof *sim->acked);
  sim->acked[sim->acked_count++] = (struct sim_acked){node->index, *id, part_count, part_size, part_seed};
}

void sim_ledger_erased(struct sim_node *node, const struct base_id *id, bool done) {
  struct sim *sim = node->sim;
  sim->counts.erased += done;
  sim->erased = grow(sim->erased, &sim->erased_room, sim->erased_count, sizeof *sim->erased);
  sim->erased[sim->erased_count++] = (struct sim_erased){node->index, *id, done};
}

bool sim_ledger_asked(const struct sim *sim, unsigned node, const struct base_id *id) {
  for (size_t i = 0; i < sim->erased_count; i++)
    if (sim->erased[i].node == node && base_id_equal(&sim->erased[i].id, id))
      return true;
  return false;
}

void sim_ledger_answers(struct sim_node *node) {
  const struct sim_branch *branch = current_of(node);
  uint64_t attested = branch->head_count == 0 ? branch->begun : branch->heads[branch->head_count - 1].size, leaves = 0;
  if (node->core != NULL && store_leaf_count(node->core->store, &leaves, NULL) == BASE_OK && leaves > attested)
    sim_violate(node->sim, "nothing is acknowledged before it is attested",
                "%s answers with %llu leaves in its register, and its keeper signed a head of %llu", node->name,
                (unsigned long long)leaves, (unsigned long long)attested);
}

void sim_ledger_kept(struct sim_node *node) {
  struct sim *sim = node->sim;
  if (!node->faithful)
    return;
  for (size_t i = 0; i < sim->acked_count && !sim->violated; i++) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    base_arena_init(&arena, 16 << 20);
    struct store_message row;
    if (sim->acked[i].node == node->index &&
        store_message_get(node->core->store, &sim->acked[i].id, &arena, &row, NULL) != BASE_OK)
      sim_violate(sim, "nothing acknowledged is lost", "%s lost its message %s, whose sending it had acknowledged",
                  node->name, base_id_text(&sim->acked[i].id).text);
  }
  for (size_t i = 0; i < node->partner_count && !sim->violated; i++) {
    unsigned other = node->partners[i];
    struct core_partner *partner = sim_partner(node, other);
    uint64_t taken = partner == NULL ? 0 : partner->row.received_number;
    if (taken < node->taken[other])
      sim_violate(sim, "nothing acknowledged is lost", "%s had told %s that number %llu was taken, and holds %llu",
                  node->name, sim->nodes[other].name, (unsigned long long)node->taken[other],
                  (unsigned long long)taken);
  }
}

void sim_ledger_free(struct sim *sim) {
  for (unsigned i = 0; sim->registers != NULL && i < sim->node_count; i++)
    for (size_t k = 0; k < sim->registers[i].branch_count; k++) {
      free(sim->registers[i].branches[k].leaves);
      free(sim->registers[i].branches[k].heads);
    }
}
