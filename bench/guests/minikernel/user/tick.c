/* Computing in user mode under a timer that takes the processor away again and again: no register may change by that. */
#include "user.h"

enum { STEPS = 100000 };

uint32_t user_main(uint32_t process_number, uint32_t scale) {
  uint32_t a = 0x9e3779b9u + process_number;
  uint32_t b = 0x7f4a7c15u;
  uint32_t c = 0x85ebca6bu;
  uint32_t d = 0xc2b2ae35u;
  for (uint32_t left = scale; left > 0; left--) {
    for (uint32_t step = 0; step < STEPS; step++) {
      a += b;
      d = (d ^ a) << 16 | (d ^ a) >> 16;
      c += d;
      b = (b ^ c) << 12 | (b ^ c) >> 20;
    }
  }
  return a ^ b ^ c ^ d;
}
