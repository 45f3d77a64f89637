/* Writes and reads the UART's scratch register, which has no effect on the line: device access and nothing else. */
#include "../runtime/guest.h"
#include "../compute/workload.h"

enum { ACCESSES = 1000 };

void guest_main(void) {
  uint32_t checksum = 0;
  for (uint32_t left = guest_start(); left > 0; left--) {
    uint32_t seed = 10;
    checksum = FOLD_START;
    for (int i = 0; i < ACCESSES; i++) {
      uint8_t value = (uint8_t)(next_random(&seed) >> 24);
      uart_write(UART_SCR, value);
      uint8_t back = uart_read(UART_SCR);
      if (back != value) guest_fail("scratch register", back);
      checksum = fold(checksum, back);
    }
  }
  guest_finish(checksum);
}
