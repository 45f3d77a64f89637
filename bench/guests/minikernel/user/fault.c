/*
 * Pages: the first touch of each (a miss, the kernel's page fault, another miss), sweeps over more of them than the TLB has entries,
 * a sum of theirs by the kernel, and their return.
 */
#include "user.h"

enum { PAGES = 256, SWEEPS = 4, WORDS_PER_PAGE = PAGE_BYTES / 4 };

static volatile uint32_t arena[PAGES][WORDS_PER_PAGE] __attribute__((aligned(4096)));

static uint32_t one_round(void) {
  uint32_t seed = 12;
  uint32_t checksum = FOLD_START;
  for (uint32_t page = 0; page < PAGES; page++) {
    if (arena[page][page % WORDS_PER_PAGE] != 0) give_up(1);
    arena[page][0] = next_random(&seed);
  }
  for (int sweep = 0; sweep < SWEEPS; sweep++) {
    /* An odd step visits every page, and no two neighbours in sequence. */
    for (uint32_t i = 0; i < PAGES; i++) checksum = fold(checksum, arena[i * 37 % PAGES][0]);
  }
  for (uint32_t page = 0; page < PAGES; page++) {
    checksum = fold(checksum, system_call(CALL_CHECKSUM, (uint32_t)&arena[page][0], 8));
  }
  system_call(CALL_DISCARD, (uint32_t)arena, PAGES);
  return checksum;
}

uint32_t user_main(uint32_t process_number, uint32_t scale) {
  uint32_t checksum = 0;
  for (uint32_t left = scale; left > 0; left--) {
    uint32_t result = one_round();
    if (checksum != 0 && result != checksum) give_up(2);
    checksum = result;
  }
  return checksum + process_number;
}
