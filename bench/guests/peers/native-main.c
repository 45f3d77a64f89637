/* The frame of a compute workload as a program of the machine that runs the bench: the physical limit of any emulation. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../compute/workload.h"

/* Takes `scale=N` as the guest's boot argument does; exits 1 where the result is wrong, 2 on bad usage. */
int main(int argc, char **argv) {
  unsigned long scale = GUEST_SCALE;
  for (int i = 1; i < argc; i++) {
    char *end;
    if (strncmp(argv[i], "scale=", 6) != 0 || (scale = strtoul(argv[i] + 6, &end, 10), *end != '\0' || end == argv[i] + 6)) {
      fprintf(stderr, "usage: %s [scale=N]\n", argv[0]);
      return 2;
    }
  }
  printf("START " GUEST_NAME " scale=%lu\n", scale);
  fflush(stdout);
  uint32_t checksum = GUEST_CHECKSUM;
  for (unsigned long i = 0; i < scale && checksum == GUEST_CHECKSUM; i++) checksum = workload();
  if (checksum != GUEST_CHECKSUM) {
    printf("FAIL " GUEST_NAME " checksum value=0x%08" PRIx32 "\n", checksum);
    return 1;
  }
  printf("PASS " GUEST_NAME " checksum=0x%08" PRIx32 "\n", checksum);
  return 0;
}
