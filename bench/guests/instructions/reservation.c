/*
 * lwarx and stwcx. on one processor: an update that succeeds, a store without a reservation, a second store after the first.
 * What the book leaves to the implementation (a store to another address, an interrupt in between) is left out.
 */
#include "../runtime/guest.h"
#include "operands.h"

static volatile uint32_t cell;

static uint32_t store_conditional(uint32_t value) {
  uint32_t cr;
  __asm__ volatile("stwcx. %1,0,%2\n\tmfcr %0" : "=r"(cr) : "r"(value), "r"(&cell) : "cr0", "memory");
  return cr >> 28;
}

static uint32_t load_reserved(void) {
  uint32_t value;
  __asm__ volatile("lwarx %0,0,%1" : "=r"(value) : "r"(&cell) : "memory");
  return value;
}

static void atomic_add(uint32_t amount) {
  uint32_t value;
  __asm__ volatile(
      "1:\tlwarx %0,0,%1\n\t"
      "add %0,%0,%2\n\t"
      "stwcx. %0,0,%1\n\t"
      "bne- 1b"
      : "=&r"(value)
      : "r"(&cell), "r"(amount)
      : "cr0", "memory");
}

void guest_main(void) {
  uint32_t scale = guest_start();
  uint32_t checksum = 0;
  for (uint32_t left = scale; left > 0; left--) {
    cell = 1;
    if (load_reserved() != 1) guest_fail("lwarx", cell);
    if (store_conditional(2) != CR0_EQ || cell != 2) guest_fail("stwcx. with a reservation", cell);
    if (store_conditional(3) != 0 || cell != 2) guest_fail("stwcx. without a reservation", cell);
    /* CR0[SO] is a copy of XER[SO], whatever became of the store. */
    load_reserved();
    __asm__ volatile("mtxer %0" : : "r"(XER_SO) : "xer");
    if (store_conditional(4) != (CR0_EQ | CR0_SO) || cell != 4) guest_fail("stwcx. with XER[SO]", cell);
    if (store_conditional(5) != CR0_SO || cell != 4) guest_fail("stwcx. with XER[SO], no reservation", cell);
    __asm__ volatile("mtxer %0" : : "r"(0) : "xer");
    for (uint32_t i = 0; i < 1000; i++) atomic_add(i);
    if (cell != 4 + 999 * 1000 / 2) guest_fail("atomic additions", cell);
    checksum = fold(FOLD_START, cell);
  }
  guest_finish(checksum);
}
