/* The sieve of Eratosthenes below 65536: byte stores with growing strides, then a scan. */
#include "workload.h"

enum { LIMIT = 65536 };
static uint8_t composite[LIMIT];

uint32_t workload(void) {
  for (int i = 0; i < LIMIT; i++) composite[i] = 0;
  for (uint32_t p = 2; p * p < LIMIT; p++) {
    if (composite[p] != 0) continue;
    for (uint32_t multiple = p * p; multiple < LIMIT; multiple += p) composite[multiple] = 1;
  }
  uint32_t count = 0;
  uint32_t checksum = FOLD_START;
  for (uint32_t p = 2; p < LIMIT; p++) {
    if (composite[p] == 0) {
      count++;
      checksum = fold(checksum, p);
    }
  }
  /* pi(65536) = 6542 (OEIS A007053). */
  return count == 6542 ? checksum : 0;
}
