/* lmw and stmw from different first registers, across the end of a line and of a page; a load over its own base register is left out. */
#include "../runtime/guest.h"
#include "operands.h"

enum { PAGE_BYTES = 4096, WORDS = 19 };

static uint32_t memory[3 * PAGE_BYTES / 4] __attribute__((aligned(4096)));

/* Loads with lmw from `first` on and stores the same registers elsewhere with stmw. */
#define COPY(first, ...)                                                                                    \
  static void copy_from_r##first(const uint32_t *from, uint32_t *to) {                                      \
    register const uint32_t *r9 __asm__("r9") = from;                                                       \
    register uint32_t *r10 __asm__("r10") = to;                                                             \
    __asm__ volatile("lmw " #first ",0(%0)\n\tstmw " #first ",0(%1)" : : "b"(r9), "b"(r10) : __VA_ARGS__, "memory"); \
  }
COPY(31, "r31")
COPY(30, "r30", "r31")
COPY(27, "r27", "r28", "r29", "r30", "r31")
COPY(14, "r14", "r15", "r16", "r17", "r18", "r19", "r20", "r21", "r22", "r23", "r24", "r25", "r26", "r27", "r28", "r29", "r30", "r31")

struct form {
  uint32_t words;
  void (*copy)(const uint32_t *from, uint32_t *to);
};
static const struct form forms[] = {{1, copy_from_r31}, {2, copy_from_r30}, {5, copy_from_r27}, {18, copy_from_r14}};

static uint32_t pass(void) {
  uint32_t checksum = FOLD_START;
  for (size_t f = 0; f < sizeof forms / sizeof forms[0]; f++) {
    uint32_t words = forms[f].words;
    for (uint32_t offset = 0; offset < WORDS; offset++) {
      uint32_t *from = memory + PAGE_BYTES / 4 - WORDS + offset;
      uint32_t *to = memory + 2 * PAGE_BYTES / 4 - offset;
      uint32_t seed = offset + words;
      for (uint32_t i = 0; i < words; i++) {
        from[i] = next_random(&seed);
        to[i] = 0;
      }
      to[-1] = to[words] = 0x5a5a5a5a;
      forms[f].copy(from, to);
      for (uint32_t i = 0; i < words; i++) {
        if (to[i] != from[i]) guest_fail("lmw stmw", to[i]);
        checksum = fold(checksum, to[i]);
      }
      if (to[-1] != 0x5a5a5a5a || to[words] != 0x5a5a5a5a) guest_fail("stmw beyond its registers", words);
    }
  }
  return checksum;
}

void guest_main(void) {
  uint32_t checksum = 0;
  for (uint32_t left = guest_start(); left > 0; left--) checksum = pass();
  guest_finish(checksum);
}
