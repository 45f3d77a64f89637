/*
 * Every form of the 405's and 440's 16-bit multiply-accumulate set against plain C (PPC440x5 user's manual, instruction set).
 * A name reads: [n]mac or mul, which halves (c = low of RA by high of RB, h = both high, l = both low), `hw`, s for saturating,
 * u for unsigned, o for recording overflow, `.` for recording CR0.
 */
#include "../runtime/guest.h"
#include "operands.h"

enum halves { CROSS, HIGH, LOW };
enum operation { MULTIPLY, ACCUMULATE, NEGATIVE_ACCUMULATE };

struct outcome {
  uint32_t result;
  uint32_t xer;
  uint32_t cr0;
};

typedef void execute_form(uint32_t rt, uint32_t ra, uint32_t rb, uint32_t xer, struct outcome *outcome);

struct form {
  const char *mnemonic;
  execute_form *execute;
  enum operation operation;
  enum halves halves;
  uint8_t saturates;
  uint8_t is_unsigned;
  uint8_t records_overflow;
  uint8_t records_cr0;
};

/* CR0 starts as 0b1111, which no instruction leaves there. */
#define EXECUTE(function, mnemonic)                                                                       \
  static void function(uint32_t rt, uint32_t ra, uint32_t rb, uint32_t xer, struct outcome *outcome) {    \
    uint32_t cr;                                                                                          \
    __asm__ volatile("mtxer %[xer]\n\tmtcrf 0x80,%[ones]\n\t" mnemonic " %[rt],%[ra],%[rb]\n\t"           \
                     "mfcr %[cr]\n\tmfxer %[xer]"                                                         \
                     : [rt] "+&r"(rt), [xer] "+&r"(xer), [cr] "=&r"(cr)                                   \
                     : [ra] "r"(ra), [rb] "r"(rb), [ones] "r"(0xf0000000u)                                \
                     : "cr0", "xer");                                                                     \
    outcome->result = rt;                                                                                 \
    outcome->xer = xer;                                                                                   \
    outcome->cr0 = cr >> 28;                                                                              \
  }

/* The table of forms, once: X(name, operation, halves, saturates, unsigned). */
#define ACCUMULATING_FORMS(X)                             \
  X(macchw, ACCUMULATE, CROSS, 0, 0)                      \
  X(macchws, ACCUMULATE, CROSS, 1, 0)                     \
  X(macchwu, ACCUMULATE, CROSS, 0, 1)                     \
  X(macchwsu, ACCUMULATE, CROSS, 1, 1)                    \
  X(machhw, ACCUMULATE, HIGH, 0, 0)                       \
  X(machhws, ACCUMULATE, HIGH, 1, 0)                      \
  X(machhwu, ACCUMULATE, HIGH, 0, 1)                      \
  X(machhwsu, ACCUMULATE, HIGH, 1, 1)                     \
  X(maclhw, ACCUMULATE, LOW, 0, 0)                        \
  X(maclhws, ACCUMULATE, LOW, 1, 0)                       \
  X(maclhwu, ACCUMULATE, LOW, 0, 1)                       \
  X(maclhwsu, ACCUMULATE, LOW, 1, 1)                      \
  X(nmacchw, NEGATIVE_ACCUMULATE, CROSS, 0, 0)            \
  X(nmacchws, NEGATIVE_ACCUMULATE, CROSS, 1, 0)           \
  X(nmachhw, NEGATIVE_ACCUMULATE, HIGH, 0, 0)             \
  X(nmachhws, NEGATIVE_ACCUMULATE, HIGH, 1, 0)            \
  X(nmaclhw, NEGATIVE_ACCUMULATE, LOW, 0, 0)              \
  X(nmaclhws, NEGATIVE_ACCUMULATE, LOW, 1, 0)

#define MULTIPLYING_FORMS(X)      \
  X(mulchw, MULTIPLY, CROSS, 0, 0)  \
  X(mulchwu, MULTIPLY, CROSS, 0, 1) \
  X(mulhhw, MULTIPLY, HIGH, 0, 0)   \
  X(mulhhwu, MULTIPLY, HIGH, 0, 1)  \
  X(mullhw, MULTIPLY, LOW, 0, 0)    \
  X(mullhwu, MULTIPLY, LOW, 0, 1)

#define DEFINE_PLAIN(name, operation, halves, s, u) EXECUTE(execute_##name, #name) EXECUTE(execute_##name##_, #name ".")
#define DEFINE_OVERFLOW(name, operation, halves, s, u) EXECUTE(execute_##name##o, #name "o") EXECUTE(execute_##name##o_, #name "o.")
ACCUMULATING_FORMS(DEFINE_PLAIN)
ACCUMULATING_FORMS(DEFINE_OVERFLOW)
MULTIPLYING_FORMS(DEFINE_PLAIN)

#define PLAIN_ROWS(name, operation, halves, s, u)                       \
  {#name, execute_##name, operation, halves, s, u, 0, 0},               \
  {#name ".", execute_##name##_, operation, halves, s, u, 0, 1},
#define OVERFLOW_ROWS(name, operation, halves, s, u)                    \
  {#name "o", execute_##name##o, operation, halves, s, u, 1, 0},        \
  {#name "o.", execute_##name##o_, operation, halves, s, u, 1, 1},
static const struct form forms[] = {ACCUMULATING_FORMS(PLAIN_ROWS) ACCUMULATING_FORMS(OVERFLOW_ROWS) MULTIPLYING_FORMS(PLAIN_ROWS)};

static int64_t product(const struct form *form, uint32_t ra, uint32_t rb) {
  uint32_t a = form->halves == HIGH ? ra >> 16 : ra & 0xffff;
  uint32_t b = form->halves == LOW ? rb & 0xffff : rb >> 16;
  return form->is_unsigned ? (int64_t)((uint64_t)a * b) : (int64_t)(int16_t)a * (int16_t)b;
}

/* The manual's meaning in 64-bit arithmetic, where nothing overflows. */
static void expect(const struct form *form, uint32_t rt, uint32_t ra, uint32_t rb, uint32_t xer, struct outcome *outcome) {
  int64_t exact = product(form, ra, rb);
  int64_t before = form->is_unsigned ? (int64_t)rt : (int64_t)(int32_t)rt;
  if (form->operation == ACCUMULATE) exact = before + exact;
  if (form->operation == NEGATIVE_ACCUMULATE) exact = before - exact;
  int64_t highest = form->is_unsigned ? 0xffffffffll : 0x7fffffffll;
  int64_t lowest = form->is_unsigned ? 0 : -0x80000000ll;
  int overflows = form->operation != MULTIPLY && (exact > highest || exact < lowest);
  outcome->result = (uint32_t)exact;
  if (overflows && form->saturates) outcome->result = (uint32_t)(exact > highest ? highest : lowest);
  outcome->xer = xer;
  if (form->records_overflow) outcome->xer = overflows ? xer | XER_SO | XER_OV : xer & ~XER_OV;
  outcome->cr0 = form->records_cr0 ? recorded_cr0(outcome->result, outcome->xer) : 15;
}

/* Whether the form did what the manual says. */
static int is_right(const struct form *form, uint32_t rt, uint32_t ra, uint32_t rb, uint32_t xer, const struct outcome *wanted) {
  struct outcome found;
  form->execute(rt, ra, rb, xer, &found);
  return found.result == wanted->result && found.xer == wanted->xer && found.cr0 == wanted->cr0;
}

/* Tries all operands; says so and goes on where a form is wrong, so that one run shows them all. */
static uint32_t try_form(uint32_t checksum, const struct form *form, uint32_t *wrong_forms) {
  int wrong = 0;
  for (int a = 0; a < EDGE_OPERANDS; a++) {
    for (int b = 0; b < EDGE_OPERANDS; b++) {
      for (int t = 0; t < EDGE_OPERANDS; t++) {
        uint32_t xer = (a + b + t) % 2 == 0 ? 0 : XER_SO | XER_OV | XER_CA;
        struct outcome wanted;
        expect(form, edge_operands[t], edge_operands[a], edge_operands[b], xer, &wanted);
        if (!is_right(form, edge_operands[t], edge_operands[a], edge_operands[b], xer, &wanted)) wrong = 1;
        checksum = fold(fold(checksum, wanted.result), wanted.xer ^ wanted.cr0);
      }
    }
  }
  if (wrong) {
    put_string("WRONG ");
    put_string(form->mnemonic);
    put_string("\n");
    (*wrong_forms)++;
  }
  return checksum;
}

void guest_main(void) {
  uint32_t checksum = 0;
  uint32_t wrong_forms = 0;
  for (uint32_t left = guest_start(); left > 0 && wrong_forms == 0; left--) {
    checksum = FOLD_START;
    for (size_t f = 0; f < sizeof forms / sizeof forms[0]; f++) checksum = try_form(checksum, &forms[f], &wrong_forms);
  }
  if (wrong_forms > 0) guest_fail("wrong forms", wrong_forms);
  guest_finish(checksum);
}
