/* A data TLB miss whose handler maps nothing and returns: the same load faults for ever. */
#include "../runtime/guest.h"
#include "../runtime/spr.h"

/* In the upper half of the addresses, which no code of the guest lies in. */
#define UNMAPPED 0x90000000u

void useless_handler(void);
__asm__(
    "\t.balign 16\n"
    "useless_handler:\n"
    "\trfi\n");

/* Slot of the TLB entry that maps the address, or -1. */
static int find_entry(uint32_t ea) {
  int slot;
  uint32_t cr;
  __asm__ volatile("tlbsx. %0,0,%2\n\tmfcr %1" : "=r"(slot), "=r"(cr) : "r"(ea) : "cr0");
  return (cr >> 28 & 2) != 0 ? slot : -1;
}

void guest_main(void) {
  guest_start();
  write_spr(SPR_IVOR0 + VECTOR_DATA_TLB, (uint32_t)useless_handler);
  for (int slot; (slot = find_entry(UNMAPPED)) >= 0;) __asm__ volatile("tlbwe %0,%1,0\n\tisync" : : "r"(0), "r"(slot) : "memory");
  (void)*(volatile uint32_t *)UNMAPPED;
  /* The console went with the mapping. */
  reset_board();
}
