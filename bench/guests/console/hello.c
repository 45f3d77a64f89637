/* The least that a guest can do. */
#include "../runtime/guest.h"

void guest_main(void) {
  put_string("Hello from a PowerPC 440\n");
  guest_start();
  guest_finish(0);
}
