/* lhbrx, lwbrx, sthbrx and stwbrx at every alignment of a cache line, with and without an index. */
#include "../runtime/guest.h"
#include "operands.h"

enum { LINE_BYTES = 32 };

static uint8_t memory[2 * LINE_BYTES + 8] __attribute__((aligned(32)));

static uint32_t pass(uint32_t seed) {
  uint32_t checksum = FOLD_START;
  for (uint32_t offset = 0; offset < LINE_BYTES + 4; offset++) {
    uint8_t *at = memory + offset;
    uint32_t value;
    for (uint32_t i = 0; i < sizeof memory; i++) memory[i] = (uint8_t)(next_random(&seed) >> 24);
    uint32_t word = (uint32_t)at[3] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[1] << 8 | at[0];
    __asm__ volatile("lwbrx %0,0,%1" : "=r"(value) : "r"(at), "m"(memory));
    if (value != word) guest_fail("lwbrx", value);
    __asm__ volatile("lhbrx %0,%1,%2" : "=r"(value) : "b"(memory), "r"(offset), "m"(memory));
    if (value != (word & 0xffff)) guest_fail("lhbrx", value);
    checksum = fold(fold(checksum, word), value);

    uint8_t after = at[4];
    value = next_random(&seed);
    __asm__ volatile("stwbrx %1,%2,%3" : "+m"(memory) : "r"(value), "b"(memory), "r"(offset));
    for (int i = 0; i < 4; i++) {
      if (at[i] != (uint8_t)(value >> (8 * i))) guest_fail("stwbrx", at[i]);
    }
    __asm__ volatile("sthbrx %1,0,%2" : "+m"(memory) : "r"(~value), "r"(at));
    if (at[0] != (uint8_t)~value || at[1] != (uint8_t)(~value >> 8)) guest_fail("sthbrx", at[0]);
    if (at[2] != (uint8_t)(value >> 16) || at[4] != after) guest_fail("sthbrx beyond its halfword", at[2]);
    checksum = fold(checksum, value);
  }
  return checksum;
}

void guest_main(void) {
  uint32_t checksum = 0;
  for (uint32_t left = guest_start(); left > 0; left--) checksum = pass(9);
  guest_finish(checksum);
}
