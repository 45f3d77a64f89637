/* What a user process may use: system calls, and nothing of the runtime, which it cannot reach. */
#ifndef USER_H
#define USER_H

#include "../../compute/workload.h"
#include "../layout.h"

/* The process's program; what it returns is its part of the guest's checksum. */
uint32_t user_main(uint32_t process_number, uint32_t scale);

static inline uint32_t system_call(uint32_t number, uint32_t first, uint32_t second) {
  register uint32_t r0 __asm__("r0") = number;
  register uint32_t r3 __asm__("r3") = first;
  register uint32_t r4 __asm__("r4") = second;
  /* The kernel keeps all registers but the result's. */
  __asm__ volatile("sc" : "+r"(r3) : "r"(r0), "r"(r4) : "memory");
  return r3;
}

/* Ends the process with a value that no right run has, so that the guest's checksum fails. */
static inline void give_up(uint32_t where) {
  system_call(CALL_EXIT, 0xdead0000u + where, 0);
}

#endif
