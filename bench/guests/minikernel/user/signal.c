/*
 * Faults that the kernel hands back to the process: a load and a store where nothing is, a store to read-only text, a trap
 * instruction, a privileged instruction, a jump to data.
 */
#include "user.h"
#include "../../runtime/spr.h"

enum { ROUNDS = 200 };

#define NOTHING_HERE ((volatile uint32_t *)0x60000000)

struct fault {
  uint32_t count;
  uint32_t vector;
  uint32_t ea;
};

static volatile struct fault last;
/* Where to go on after a fault in code that cannot be skipped by one instruction; 0 for the next instruction. */
static volatile uint32_t go_on_at;
static volatile uint32_t data_word;

static void handler(uint32_t vector, uint32_t ea, uint32_t pc) {
  last.count++;
  last.vector = vector;
  last.ea = ea;
  uint32_t next = go_on_at != 0 ? go_on_at : pc + 4;
  go_on_at = 0;
  system_call(CALL_RETURN_FROM_HANDLER, next, 0);
}

static void expect(uint32_t count, uint32_t vector, uint32_t ea) {
  if (last.count != count || last.vector != vector || last.ea != ea) give_up(vector);
}

/* The faulting instructions are single, so that the handler's `pc + 4` skips just them. */
static void store(volatile void *address) {
  __asm__ volatile("stw %0,0(%1)" : : "r"(0), "b"(address) : "memory");
}

static void load(volatile void *address) {
  uint32_t value;
  __asm__ volatile("lwz %0,0(%1)" : "=r"(value) : "b"(address) : "memory");
}

static void jump_to(volatile void *address) {
  __asm__ volatile(
      "lis 9,1f@ha\n\t"
      "addi 9,9,1f@l\n\t"
      "stw 9,0(%1)\n\t"
      "mtctr %0\n\t"
      "bctr\n"
      "1:"
      :
      : "r"(address), "b"(&go_on_at)
      : "r9", "ctr", "memory");
}

uint32_t user_main(uint32_t process_number, uint32_t scale) {
  system_call(CALL_SET_HANDLER, (uint32_t)handler, 0);
  uint32_t count = 0;
  for (uint32_t left = scale * ROUNDS; left > 0; left--) {
    uint32_t where;
    load(NOTHING_HERE);
    expect(++count, VECTOR_DATA_TLB, (uint32_t)NOTHING_HERE);
    store(NOTHING_HERE + 1);
    expect(++count, VECTOR_DATA_TLB, (uint32_t)(NOTHING_HERE + 1));
    /* The text's entry has to be in the TLB for this to be a matter of permission. */
    load((volatile void *)USER_TEXT);
    store((volatile void *)USER_TEXT);
    expect(++count, VECTOR_DATA_STORAGE, USER_TEXT);
    __asm__ volatile("lis %0,1f@ha\n\taddi %0,%0,1f@l\n1:\ttrap" : "=&b"(where) : : "memory");
    expect(++count, VECTOR_PROGRAM, where);
    __asm__ volatile("lis %0,1f@ha\n\taddi %0,%0,1f@l\n1:\twrteei 0" : "=&b"(where) : : "memory");
    expect(++count, VECTOR_PROGRAM, where);
    data_word = 0;
    jump_to(&data_word);
    /* The first time the page has no executable entry at all, and the tables refuse it; a data entry for it refuses it by itself. */
    if (last.vector != VECTOR_INSTRUCTION_STORAGE && last.vector != VECTOR_INSTRUCTION_TLB) give_up(99);
    expect(++count, last.vector, (uint32_t)&data_word);
  }
  return count + process_number;
}
