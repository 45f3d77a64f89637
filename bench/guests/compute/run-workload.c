/* The bare-metal frame of a compute workload: `scale` repetitions, each of which must give the same result. */
#include "../runtime/guest.h"
#include "workload.h"

void guest_main(void) {
  uint32_t scale = guest_start();
  uint32_t checksum = GUEST_CHECKSUM;
  for (uint32_t i = 0; i < scale && checksum == GUEST_CHECKSUM; i++) checksum = workload();
  guest_finish(checksum);
}
