/* Processes that sleep nearly all the time: the kernel waits with MSR[WE] until the next tick. */
#include "user.h"

uint32_t user_main(uint32_t process_number, uint32_t scale) {
  for (uint32_t left = scale; left > 0; left--) system_call(CALL_SLEEP, 1 + process_number, 0);
  return scale;
}
