/* lswi, lswx, stswi and stswx at every alignment in a word and every length: partial words, zero fill, registers that wrap to r0. */
#include "../runtime/guest.h"
#include "operands.h"

enum { REGISTERS = 12, FIRST = 20, BUFFER_BYTES = 64 };

/* r20 to r31, by lmw and stmw, so that what an instruction must leave alone is seen too. */
typedef void move_function(uint32_t registers[REGISTERS], uint8_t *memory);

#define CLOBBERS "r20", "r21", "r22", "r23", "r24", "r25", "r26", "r27", "r28", "r29", "r30", "r31", "memory"

#define LOAD_IMMEDIATE(count)                                                                              \
  static void lswi_##count(uint32_t registers[REGISTERS], uint8_t *memory) {                               \
    register uint32_t *r9 __asm__("r9") = registers;                                                       \
    register uint8_t *r10 __asm__("r10") = memory;                                                         \
    __asm__ volatile("lmw 20,0(%0)\n\tlswi 20,%1," #count "\n\tstmw 20,0(%0)" : : "b"(r9), "b"(r10) : CLOBBERS); \
  }
#define STORE_IMMEDIATE(count)                                                                             \
  static void stswi_##count(uint32_t registers[REGISTERS], uint8_t *memory) {                              \
    register uint32_t *r9 __asm__("r9") = registers;                                                       \
    register uint8_t *r10 __asm__("r10") = memory;                                                         \
    __asm__ volatile("lmw 20,0(%0)\n\tstswi 20,%1," #count : : "b"(r9), "b"(r10) : CLOBBERS);              \
  }
#define COUNTS(X) X(1) X(2) X(3) X(4) X(5) X(7) X(8) X(9) X(12) X(15) X(16) X(21) X(31) X(32)
COUNTS(LOAD_IMMEDIATE)
COUNTS(STORE_IMMEDIATE)

struct immediate_form {
  uint32_t count;
  move_function *load;
  move_function *store;
};
#define ROW(count) {count, lswi_##count, stswi_##count},
static const struct immediate_form immediate_forms[] = {COUNTS(ROW)};

static void lswx(uint32_t registers[REGISTERS], uint8_t *memory, uint32_t count) {
  register uint32_t *r9 __asm__("r9") = registers;
  register uint8_t *r10 __asm__("r10") = memory - 5;
  register uint32_t r11 __asm__("r11") = 5;
  __asm__ volatile("mtxer %3\n\tlmw 20,0(%0)\n\tlswx 20,%1,%2\n\tstmw 20,0(%0)" : : "b"(r9), "b"(r10), "r"(r11), "r"(count) : CLOBBERS, "xer");
}

static void stswx(uint32_t registers[REGISTERS], uint8_t *memory, uint32_t count) {
  register uint32_t *r9 __asm__("r9") = registers;
  register uint8_t *r10 __asm__("r10") = memory + 7;
  register int32_t r11 __asm__("r11") = -7;
  __asm__ volatile("mtxer %3\n\tlmw 20,0(%0)\n\tstswx 20,%1,%2" : : "b"(r9), "b"(r10), "r"(r11), "r"(count) : CLOBBERS, "xer");
}

/* Six bytes over r31 and the next register, which is r0. */
static void lswi_wrapping(const uint8_t *memory, uint32_t out[2]) {
  register const uint8_t *r10 __asm__("r10") = memory;
  register uint32_t first __asm__("r8");
  register uint32_t second __asm__("r9");
  __asm__ volatile("lswi 31,%2,6\n\tmr %0,31\n\tmr %1,0" : "=r"(first), "=r"(second) : "b"(r10) : "r0", "r31", "memory");
  out[0] = first;
  out[1] = second;
}

static uint8_t memory[BUFFER_BYTES];
static uint32_t registers[REGISTERS];

static void prepare(uint32_t seed) {
  for (int i = 0; i < BUFFER_BYTES; i++) memory[i] = (uint8_t)(next_random(&seed) >> 24);
  for (int i = 0; i < REGISTERS; i++) registers[i] = next_random(&seed);
}

/* What a load must leave in a register: bytes from the left, zeroes after the last one, nothing beyond its word. */
static uint32_t loaded_word(int index, uint32_t before, const uint8_t *from, uint32_t count) {
  if ((uint32_t)index * 4 >= count) return before;
  uint32_t word = 0;
  for (uint32_t i = (uint32_t)index * 4; i < (uint32_t)index * 4 + 4; i++) word = word << 8 | (i < count ? from[i] : 0);
  return word;
}

static uint32_t check_load(uint32_t checksum, const char *mnemonic, const uint32_t before[REGISTERS], const uint8_t *from, uint32_t count) {
  for (int i = 0; i < REGISTERS; i++) {
    if (registers[i] != loaded_word(i, before[i], from, count)) guest_fail(mnemonic, registers[i]);
    checksum = fold(checksum, registers[i]);
  }
  return checksum;
}

static uint32_t check_store(uint32_t checksum, const char *mnemonic, const uint8_t before[BUFFER_BYTES], uint32_t offset, uint32_t count) {
  for (uint32_t i = 0; i < BUFFER_BYTES; i++) {
    uint32_t at = i - offset;
    uint8_t wanted = i >= offset && at < count ? (uint8_t)(registers[at / 4] >> (24 - at % 4 * 8)) : before[i];
    if (memory[i] != wanted) guest_fail(mnemonic, memory[i]);
    checksum = fold(checksum, memory[i]);
  }
  return checksum;
}

static uint32_t pass(void) {
  uint32_t checksum = FOLD_START;
  for (uint32_t offset = 8; offset < 12; offset++) {
    for (size_t f = 0; f < sizeof immediate_forms / sizeof immediate_forms[0]; f++) {
      const struct immediate_form *form = &immediate_forms[f];
      uint32_t registers_before[REGISTERS];
      uint8_t memory_before[BUFFER_BYTES];
      prepare(offset + form->count);
      memcpy(registers_before, registers, sizeof registers);
      memcpy(memory_before, memory, sizeof memory);
      form->load(registers, memory + offset);
      checksum = check_load(checksum, "lswi", registers_before, memory + offset, form->count);
      form->store(registers, memory + offset + 1);
      checksum = check_store(checksum, "stswi", memory_before, offset + 1, form->count);
    }
    /* A count of zero is left out: the first register is then undefined. */
    for (uint32_t count = 1; count <= 4 * REGISTERS; count++) {
      uint32_t registers_before[REGISTERS];
      uint8_t memory_before[BUFFER_BYTES];
      prepare(offset * 64 + count);
      memcpy(registers_before, registers, sizeof registers);
      memcpy(memory_before, memory, sizeof memory);
      lswx(registers, memory + offset, count);
      checksum = check_load(checksum, "lswx", registers_before, memory + offset, count);
      stswx(registers, memory + offset - 3, count);
      checksum = check_store(checksum, "stswx", memory_before, offset - 3, count);
    }
    uint32_t wrapped[2];
    lswi_wrapping(memory + offset, wrapped);
    for (int i = 0; i < 2; i++) {
      if (wrapped[i] != loaded_word(i, 0, memory + offset, 6)) guest_fail("lswi wrapping", wrapped[i]);
    }
  }
  return checksum;
}

void guest_main(void) {
  uint32_t checksum = 0;
  for (uint32_t left = guest_start(); left > 0; left--) checksum = pass();
  guest_finish(checksum);
}
