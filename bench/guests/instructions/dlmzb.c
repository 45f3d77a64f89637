/* Determine leftmost zero byte, both forms, against plain C: every set of zero bytes in eight, with two fillings. */
#include "../runtime/guest.h"
#include "operands.h"

#define XER_BYTE_COUNT 0x7fu

struct outcome {
  uint32_t position;
  uint32_t xer;
  uint32_t cr0;
};

#define EXECUTE(function, mnemonic)                                                                       \
  static void function(uint32_t rs, uint32_t rb, uint32_t xer, struct outcome *outcome) {                 \
    uint32_t cr;                                                                                          \
    uint32_t ra;                                                                                          \
    __asm__ volatile("mtxer %[xer]\n\tmtcrf 0x80,%[ones]\n\t" mnemonic " %[ra],%[rs],%[rb]\n\t"           \
                     "mfcr %[cr]\n\tmfxer %[xer]"                                                         \
                     : [ra] "=&r"(ra), [xer] "+&r"(xer), [cr] "=&r"(cr)                                   \
                     : [rs] "r"(rs), [rb] "r"(rb), [ones] "r"(0xf0000000u)                                \
                     : "cr0", "xer");                                                                     \
    outcome->position = ra;                                                                               \
    outcome->xer = xer;                                                                                   \
    outcome->cr0 = cr >> 28;                                                                              \
  }
EXECUTE(execute_plain, "dlmzb")
EXECUTE(execute_recording, "dlmzb.")

/* The zero byte counts as one of those before the end: 1 to 8, and 8 again where there is none. */
static uint32_t reference(uint32_t rs, uint32_t rb, int *found) {
  uint64_t bytes = (uint64_t)rs << 32 | rb;
  for (uint32_t position = 1; position <= 8; position++) {
    if ((bytes >> (64 - 8 * position) & 0xff) == 0) {
      *found = 1;
      return position;
    }
  }
  *found = 0;
  return 8;
}

static uint32_t try_operands(uint32_t checksum, uint32_t rs, uint32_t rb, uint32_t xer) {
  int found;
  uint32_t position = reference(rs, rb, &found);
  uint32_t wanted_xer = (xer & ~XER_BYTE_COUNT) | position;
  uint32_t wanted_cr0 = (!found ? CR0_EQ : position < 5 ? CR0_GT : CR0_LT) | ((xer & XER_SO) != 0 ? CR0_SO : 0);
  struct outcome outcome;
  execute_plain(rs, rb, xer, &outcome);
  if (outcome.position != position) guest_fail("dlmzb position", outcome.position);
  if (outcome.xer != wanted_xer) guest_fail("dlmzb XER", outcome.xer);
  if (outcome.cr0 != 15) guest_fail("dlmzb CR0", outcome.cr0);
  execute_recording(rs, rb, xer, &outcome);
  if (outcome.position != position) guest_fail("dlmzb. position", outcome.position);
  if (outcome.xer != wanted_xer) guest_fail("dlmzb. XER", outcome.xer);
  if (outcome.cr0 != wanted_cr0) guest_fail("dlmzb. CR0", outcome.cr0);
  return fold(fold(checksum, outcome.position), outcome.cr0);
}

void guest_main(void) {
  static const uint64_t fillings[] = {0x0101010101010101ull, 0x80ff7f0180ff7f01ull};
  uint32_t checksum = 0;
  for (uint32_t left = guest_start(); left > 0; left--) {
    checksum = FOLD_START;
    for (int filling = 0; filling < 2; filling++) {
      for (uint32_t zeroes = 0; zeroes < 256; zeroes++) {
        uint64_t bytes = fillings[filling];
        for (int i = 0; i < 8; i++) {
          if ((zeroes >> i & 1) != 0) bytes &= ~(0xffull << (8 * i));
        }
        checksum = try_operands(checksum, (uint32_t)(bytes >> 32), (uint32_t)bytes, 0);
        checksum = try_operands(checksum, (uint32_t)(bytes >> 32), (uint32_t)bytes, XER_SO | XER_CA | 0x55);
      }
    }
  }
  guest_finish(checksum);
}
