/* A pointer chase through 256 KiB in shuffled order: one dependent load a step, 64 pages, no locality. */
#include "workload.h"

enum { NODES = 16384, STEPS = 4 * NODES };

struct node {
  struct node *next;
  uint32_t value;
#if UINTPTR_MAX > 0xffffffffu
  /* 64-bit pointers already fill the 16 bytes. */
#else
  uint32_t padding[2];
#endif
};

static struct node nodes[NODES];
static uint16_t order[NODES];

uint32_t workload(void) {
  uint32_t seed = 6;
  for (int i = 0; i < NODES; i++) order[i] = (uint16_t)i;
  for (uint32_t i = NODES - 1; i > 0; i--) {
    uint32_t j = (next_random(&seed) >> 8) % (i + 1);
    uint16_t t = order[i];
    order[i] = order[j];
    order[j] = t;
  }
  for (int i = 0; i < NODES; i++) {
    nodes[order[i]].next = &nodes[order[(i + 1) % NODES]];
    nodes[order[i]].value = next_random(&seed);
  }
  uint32_t checksum = FOLD_START;
  const struct node *node = &nodes[0];
  for (int i = 0; i < STEPS; i++) {
    checksum = (checksum << 1 | checksum >> 31) + node->value;
    node = node->next;
  }
  /* A whole number of rounds ends where it began. */
  return node == &nodes[0] ? checksum : 0;
}
