/* Sends back what the console receives, up to and with a `q`; the checksum is over the bytes. */
#include "../runtime/guest.h"

void guest_main(void) {
  guest_start();
  uint32_t checksum = 0;
  for (;;) {
    char c = get_char();
    put_char(c);
    if (c == 'q') break;
    checksum = checksum * 31 + (uint8_t)c;
  }
  put_char('\n');
  guest_finish(checksum);
}
