/* Enters the wait state (MSR[WE]) with every interrupt disabled: nothing can ever wake it. */
#include "../runtime/guest.h"
#include "../runtime/spr.h"

void guest_main(void) {
  guest_start();
  for (;;) __asm__ volatile("mtmsr %0\n\tisync" : : "r"(MSR_WE) : "memory");
}
