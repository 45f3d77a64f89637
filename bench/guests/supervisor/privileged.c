/*
 * Privileged instructions that a kernel executes all the time, over and over: MSR, SPRG, SRR, DEAR, PID, MMUCR, rfi. On bare hardware
 * nearly free, under a trap-and-emulate hypervisor an exit each.
 */
#include "../runtime/guest.h"
#include "../runtime/spr.h"
#include "../compute/workload.h"

enum { ROUNDS = 500 };

static uint32_t read_msr(void) {
  uint32_t msr;
  __asm__ volatile("mfmsr %0" : "=r"(msr));
  return msr;
}

static void expect_equal(const char *what, uint32_t found, uint32_t wanted) {
  if (found != wanted) guest_fail(what, found);
}

/* Sets SRR0 and SRR1 and returns through rfi to the next instruction. */
static void return_from_interrupt(uint32_t msr) {
  uint32_t address;
  __asm__ volatile(
      "lis %0,1f@ha\n\t"
      "addi %0,%0,1f@l\n\t"
      "mtspr " SPR_TEXT(SPR_SRR0) ",%0\n\t"
      "mtspr " SPR_TEXT(SPR_SRR1) ",%1\n\t"
      "rfi\n"
      "1:"
      : "=&b"(address)
      : "r"(msr)
      : "memory");
}

static uint32_t one_round(uint32_t checksum, uint32_t value) {
  uint32_t msr = read_msr();
  __asm__ volatile("wrteei 1" : : : "memory");
  expect_equal("wrteei 1", read_msr(), msr | MSR_EE);
  __asm__ volatile("wrteei 0" : : : "memory");
  expect_equal("wrteei 0", read_msr(), msr & ~(uint32_t)MSR_EE);
  __asm__ volatile("wrtee %0" : : "r"(msr) : "memory");
  __asm__ volatile("mtmsr %0\n\tisync" : : "r"(msr) : "memory");

  write_spr(SPR_SPRG0, value);
  write_spr(SPR_SPRG1, value + 1);
  write_spr(SPR_SPRG2, value + 2);
  write_spr(SPR_SPRG3, value + 3);
  write_spr(SPR_SPRG4W, value + 4);
  write_spr(SPR_SPRG5W, value + 5);
  write_spr(SPR_SPRG6W, value + 6);
  write_spr(SPR_SPRG7W, value + 7);
  expect_equal("SPRG0", read_spr(SPR_SPRG0), value);
  expect_equal("SPRG1", read_spr(SPR_SPRG1), value + 1);
  expect_equal("SPRG2", read_spr(SPR_SPRG2), value + 2);
  expect_equal("SPRG3", read_spr(SPR_SPRG3), value + 3);
  expect_equal("SPRG4", read_spr(SPR_SPRG4R), value + 4);
  expect_equal("SPRG5", read_spr(SPR_SPRG5R), value + 5);
  expect_equal("SPRG6", read_spr(SPR_SPRG6R), value + 6);
  expect_equal("SPRG7", read_spr(SPR_SPRG7R), value + 7);

  write_spr(SPR_SRR0, value & ~3u);
  write_spr(SPR_SRR1, 0);
  expect_equal("SRR0", read_spr(SPR_SRR0), value & ~3u);
  expect_equal("SRR1", read_spr(SPR_SRR1), 0);
  write_spr(SPR_DEAR, value);
  expect_equal("DEAR", read_spr(SPR_DEAR), value);
  write_spr(SPR_PID, 0);
  expect_equal("PID", read_spr(SPR_PID), 0);
  write_spr(SPR_MMUCR, value & 0xff);
  expect_equal("MMUCR", read_spr(SPR_MMUCR), value & 0xff);
  return_from_interrupt(msr);
  expect_equal("rfi", read_msr(), msr);
  return fold(checksum, value ^ msr);
}

void guest_main(void) {
  uint32_t checksum = 0;
  for (uint32_t left = guest_start(); left > 0; left--) {
    uint32_t seed = 11;
    checksum = FOLD_START;
    for (int i = 0; i < ROUNDS; i++) checksum = one_round(checksum, next_random(&seed));
  }
  guest_finish(checksum);
}
