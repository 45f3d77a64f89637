/* Ends as a kernel's panic does: in a branch to itself, with interrupts off. */
#include "../runtime/guest.h"

void guest_main(void) {
  guest_start();
  for (;;) __asm__ volatile("b .");
}
