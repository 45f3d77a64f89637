/*
 * Floating-point instructions by known answers: IEEE 754 cases that can be worked out by hand, each with the result and the status bits
 * that the book gives (Power ISA, book I, chapter 4). FPSCR[FR,FI,FEX] are left out, as are estimates beyond their guaranteed accuracy.
 */
#include "../runtime/guest.h"
#include "operands.h"

#define FX 0x80000000u
#define VX 0x20000000u
#define OX 0x10000000u
#define UX 0x08000000u
#define ZX 0x04000000u
#define XX 0x02000000u
#define VXSNAN 0x01000000u
#define VXISI 0x00800000u
#define VXIDI 0x00400000u
#define VXZDZ 0x00200000u
#define VXIMZ 0x00100000u
#define VXVC 0x00080000u
#define VXSQRT 0x00000200u
#define VXCVI 0x00000100u
#define FPRF_MASK 0x0001f000u
/* FX, all exceptions and the result's class. */
#define COMPARED 0xbff9f700u

/* FPSCR[FPRF] by the class of a result. */
#define IS_NAN 0x11000u
#define IS_POSITIVE_INFINITY 0x05000u
#define IS_NEGATIVE_INFINITY 0x09000u
#define IS_POSITIVE 0x04000u
#define IS_NEGATIVE 0x08000u
#define IS_POSITIVE_DENORMAL 0x14000u
#define IS_POSITIVE_ZERO 0x02000u
#define IS_NEGATIVE_ZERO 0x12000u

enum rounding { NEAREST, TOWARD_ZERO, UP, DOWN };

#define ZERO 0x0000000000000000ull
#define MINUS_ZERO 0x8000000000000000ull
#define HALF 0x3fe0000000000000ull
#define ONE 0x3ff0000000000000ull
#define MINUS_ONE 0xbff0000000000000ull
#define TWO 0x4000000000000000ull
#define THREE 0x4008000000000000ull
#define SIX 0x4018000000000000ull
#define ONE_PLUS_ULP 0x3ff0000000000001ull
/* 1 - 2^-52 */
#define ONE_LESS_TWO_ULPS 0x3feffffffffffffeull
#define TWO_TO_MINUS_53 0x3ca0000000000000ull
#define TWO_TO_MINUS_24 0x3e70000000000000ull
/* 1 + 2^-30 */
#define BEYOND_SINGLE 0x3ff0000000400000ull
/* 2^-149, the least single denormal */
#define LEAST_SINGLE 0x36a0000000000000ull
#define LEAST 0x0000000000000001ull
#define LEAST_NORMAL 0x0010000000000000ull
#define GREATEST 0x7fefffffffffffffull
#define GREATEST_SINGLE 0x47efffffe0000000ull
#define INFINITE 0x7ff0000000000000ull
#define MINUS_INFINITE 0xfff0000000000000ull
#define QUIET 0x7ff8000000000000ull
#define SIGNALLING 0x7ff4000000000001ull
#define SIGNALLING_QUIETED 0x7ffc000000000001ull
#define THIRD 0x3fd5555555555555ull
#define TWO_AND_A_HALF 0x4004000000000000ull
#define MINUS_TWO_AND_A_HALF 0xc004000000000000ull
/* 3e9, too great for a signed word */
#define THREE_BILLION 0x41e65a0bc0000000ull

typedef uint64_t execute_operation(uint64_t a, uint64_t b, uint64_t c, uint32_t *fpscr);

union value {
  uint64_t bits;
  double number;
};

static double set_fpscr(uint32_t fpscr) {
  union value image = {.bits = fpscr};
  __asm__ volatile("mtfsf 0xff,%0" : : "d"(image.number));
  return image.number;
}

static uint32_t get_fpscr(void) {
  union value image;
  __asm__ volatile("mffs %0" : "=d"(image.number));
  return (uint32_t)image.bits;
}

#define OPERATION(function, instruction)                                                            \
  static uint64_t function(uint64_t a, uint64_t b, uint64_t c, uint32_t *fpscr) {                   \
    union value left = {.bits = a};                                                                 \
    union value right = {.bits = b};                                                                \
    union value third = {.bits = c};                                                                \
    union value result;                                                                             \
    set_fpscr(*fpscr);                                                                              \
    __asm__ volatile(instruction : "=&d"(result.number) : "d"(left.number), "d"(right.number), "d"(third.number)); \
    *fpscr = get_fpscr();                                                                           \
    return result.bits;                                                                             \
  }

/* %1, %2 and %3 are the book's FRA, FRB and FRC; a unary instruction takes FRB. */
#define UNARY(X) X(fmr) X(fneg) X(fabs) X(fnabs) X(frsp) X(fctiw) X(fctiwz) X(fres) X(frsqrte)
#define BINARY(X) X(fadd) X(fadds) X(fsub) X(fsubs) X(fdiv) X(fdivs)
#define PRODUCT(X) X(fmul) X(fmuls)
#define TERNARY(X) X(fmadd) X(fmadds) X(fmsub) X(fmsubs) X(fnmadd) X(fnmadds) X(fnmsub) X(fnmsubs) X(fsel)
#define DEFINE_UNARY(name) OPERATION(do_##name, #name " %0,%2")
#define DEFINE_BINARY(name) OPERATION(do_##name, #name " %0,%1,%2")
#define DEFINE_PRODUCT(name) OPERATION(do_##name, #name " %0,%1,%3")
#define DEFINE_TERNARY(name) OPERATION(do_##name, #name " %0,%1,%3,%2")
UNARY(DEFINE_UNARY)
BINARY(DEFINE_BINARY)
PRODUCT(DEFINE_PRODUCT)
TERNARY(DEFINE_TERNARY)

struct known_answer {
  const char *mnemonic;
  execute_operation *execute;
  enum rounding rounding;
  uint64_t a;
  uint64_t b;
  uint64_t c;
  uint64_t result;
  uint32_t status;
};

#define ROW(name, rounding, a, b, c, result, status) {#name, do_##name, rounding, a, b, c, result, status}

static const struct known_answer known_answers[] = {
    ROW(fadd, NEAREST, ONE, ONE, 0, TWO, IS_POSITIVE),
    ROW(fadd, NEAREST, ONE, TWO_TO_MINUS_53, 0, ONE, FX | XX | IS_POSITIVE),
    ROW(fadd, UP, ONE, TWO_TO_MINUS_53, 0, ONE_PLUS_ULP, FX | XX | IS_POSITIVE),
    ROW(fadd, DOWN, ONE, TWO_TO_MINUS_53, 0, ONE, FX | XX | IS_POSITIVE),
    ROW(fadd, NEAREST, INFINITE, MINUS_INFINITE, 0, QUIET, FX | VX | VXISI | IS_NAN),
    ROW(fadd, NEAREST, MINUS_INFINITE, ONE, 0, MINUS_INFINITE, IS_NEGATIVE_INFINITY),
    ROW(fadd, NEAREST, SIGNALLING, ONE, 0, SIGNALLING_QUIETED, FX | VX | VXSNAN | IS_NAN),
    ROW(fadd, NEAREST, QUIET, SIGNALLING, 0, QUIET, FX | VX | VXSNAN | IS_NAN),
    ROW(fsub, NEAREST, ONE, ONE, 0, ZERO, IS_POSITIVE_ZERO),
    ROW(fsub, DOWN, ONE, ONE, 0, MINUS_ZERO, IS_NEGATIVE_ZERO),
    ROW(fsub, NEAREST, ONE, THREE, 0, TWO | MINUS_ZERO, IS_NEGATIVE),
    ROW(fmul, NEAREST, TWO, 0, THREE, SIX, IS_POSITIVE),
    ROW(fmul, NEAREST, GREATEST, 0, TWO, INFINITE, FX | OX | XX | IS_POSITIVE_INFINITY),
    ROW(fmul, TOWARD_ZERO, GREATEST, 0, TWO, GREATEST, FX | OX | XX | IS_POSITIVE),
    ROW(fmul, NEAREST, ZERO, 0, INFINITE, QUIET, FX | VX | VXIMZ | IS_NAN),
    /* Tiny and exact is no underflow while FPSCR[UE] = 0; tiny and inexact is. */
    ROW(fmul, NEAREST, LEAST_NORMAL, 0, HALF, 0x0008000000000000ull, IS_POSITIVE_DENORMAL),
    ROW(fmul, NEAREST, LEAST, 0, HALF, ZERO, FX | UX | XX | IS_POSITIVE_ZERO),
    ROW(fmul, UP, LEAST, 0, HALF, LEAST, FX | UX | XX | IS_POSITIVE_DENORMAL),
    ROW(fdiv, NEAREST, ONE, THREE, 0, THIRD, FX | XX | IS_POSITIVE),
    ROW(fdiv, UP, ONE, THREE, 0, THIRD + 1, FX | XX | IS_POSITIVE),
    ROW(fdiv, NEAREST, ONE, ZERO, 0, INFINITE, FX | ZX | IS_POSITIVE_INFINITY),
    ROW(fdiv, NEAREST, ZERO, ZERO, 0, QUIET, FX | VX | VXZDZ | IS_NAN),
    ROW(fdiv, NEAREST, INFINITE, INFINITE, 0, QUIET, FX | VX | VXIDI | IS_NAN),
    ROW(fadds, NEAREST, ONE, TWO_TO_MINUS_24, 0, ONE, FX | XX | IS_POSITIVE),
    ROW(fadds, UP, ONE, TWO_TO_MINUS_24, 0, 0x3ff0000020000000ull, FX | XX | IS_POSITIVE),
    ROW(fsubs, NEAREST, THREE, TWO, 0, ONE, IS_POSITIVE),
    ROW(fmuls, NEAREST, GREATEST_SINGLE, 0, TWO, INFINITE, FX | OX | XX | IS_POSITIVE_INFINITY),
    ROW(fmuls, NEAREST, LEAST_SINGLE, 0, HALF, ZERO, FX | UX | XX | IS_POSITIVE_ZERO),
    ROW(fdivs, NEAREST, ONE, THREE, 0, 0x3fd5555560000000ull, FX | XX | IS_POSITIVE),
    ROW(frsp, NEAREST, 0, BEYOND_SINGLE, 0, ONE, FX | XX | IS_POSITIVE),
    ROW(frsp, UP, 0, BEYOND_SINGLE, 0, 0x3ff0000020000000ull, FX | XX | IS_POSITIVE),
    ROW(frsp, NEAREST, 0, GREATEST, 0, INFINITE, FX | OX | XX | IS_POSITIVE_INFINITY),
    ROW(frsp, NEAREST, 0, LEAST_SINGLE, 0, LEAST_SINGLE, IS_POSITIVE_DENORMAL),
    /* (1 + e)(1 - e) - 1 = -e^2 with e = 2^-52: nothing is lost before the subtraction. */
    ROW(fmadd, NEAREST, ONE_PLUS_ULP, MINUS_ONE, ONE_LESS_TWO_ULPS, 0xb970000000000000ull, IS_NEGATIVE),
    ROW(fmsub, NEAREST, TWO, ONE, THREE, 0x4014000000000000ull, IS_POSITIVE),
    ROW(fnmadd, NEAREST, TWO, ONE, THREE, 0xc01c000000000000ull, IS_NEGATIVE),
    ROW(fnmsub, NEAREST, TWO, ONE, THREE, 0xc014000000000000ull, IS_NEGATIVE),
    ROW(fnmadd, NEAREST, ONE, MINUS_ONE, ONE, MINUS_ZERO, IS_NEGATIVE_ZERO),
    /* The sign of a NaN is kept, not negated. */
    ROW(fnmadd, NEAREST, QUIET, ONE, ONE, QUIET, IS_NAN),
    ROW(fmadd, NEAREST, INFINITE, ONE, ZERO, QUIET, FX | VX | VXIMZ | IS_NAN),
    ROW(fmadd, NEAREST, INFINITE, MINUS_INFINITE, ONE, QUIET, FX | VX | VXISI | IS_NAN),
    ROW(fmadds, NEAREST, TWO, ONE, THREE, 0x401c000000000000ull, IS_POSITIVE),
    ROW(fmsubs, NEAREST, TWO, ONE, THREE, 0x4014000000000000ull, IS_POSITIVE),
    ROW(fnmadds, NEAREST, TWO, ONE, THREE, 0xc01c000000000000ull, IS_NEGATIVE),
    ROW(fnmsubs, NEAREST, TWO, ONE, THREE, 0xc014000000000000ull, IS_NEGATIVE),
    /* Moves and selection change no status. */
    ROW(fmr, NEAREST, 0, SIGNALLING, 0, SIGNALLING, 0),
    ROW(fneg, NEAREST, 0, SIGNALLING, 0, SIGNALLING | MINUS_ZERO, 0),
    ROW(fabs, NEAREST, 0, MINUS_INFINITE, 0, INFINITE, 0),
    ROW(fnabs, NEAREST, 0, ONE, 0, MINUS_ONE, 0),
    ROW(fsel, NEAREST, MINUS_ZERO, ONE, TWO, TWO, 0),
    ROW(fsel, NEAREST, MINUS_ONE, ONE, TWO, ONE, 0),
    ROW(fsel, NEAREST, QUIET, ONE, TWO, ONE, 0),
    ROW(fres, NEAREST, 0, ZERO, 0, INFINITE, FX | ZX | IS_POSITIVE_INFINITY),
    ROW(fres, NEAREST, 0, INFINITE, 0, ZERO, IS_POSITIVE_ZERO),
    ROW(frsqrte, NEAREST, 0, MINUS_ZERO, 0, MINUS_INFINITE, FX | ZX | IS_NEGATIVE_INFINITY),
    ROW(frsqrte, NEAREST, 0, MINUS_ONE, 0, QUIET, FX | VX | VXSQRT | IS_NAN),
};

/* To words: only the low word of the result and no class are defined. */
static const struct known_answer conversions[] = {
    ROW(fctiw, NEAREST, 0, TWO_AND_A_HALF, 0, 2, FX | XX),
    ROW(fctiw, UP, 0, TWO_AND_A_HALF, 0, 3, FX | XX),
    ROW(fctiw, DOWN, 0, MINUS_TWO_AND_A_HALF, 0, 0xfffffffd, FX | XX),
    ROW(fctiwz, UP, 0, MINUS_TWO_AND_A_HALF, 0, 0xfffffffe, FX | XX),
    ROW(fctiwz, NEAREST, 0, SIX, 0, 6, 0),
    ROW(fctiw, NEAREST, 0, THREE_BILLION, 0, 0x7fffffff, FX | VX | VXCVI),
    ROW(fctiwz, NEAREST, 0, MINUS_INFINITE, 0, 0x80000000, FX | VX | VXCVI),
    ROW(fctiwz, NEAREST, 0, QUIET, 0, 0x80000000, FX | VX | VXCVI),
    ROW(fctiw, NEAREST, 0, SIGNALLING, 0, 0x80000000, FX | VX | VXCVI | VXSNAN),
};

static uint32_t wrong_answers;

static void report(const char *mnemonic, uint32_t row, uint64_t result, uint32_t status) {
  put_string("WRONG ");
  put_string(mnemonic);
  put_string(" row ");
  put_decimal(row);
  put_string(": ");
  put_hex32((uint32_t)(result >> 32));
  put_string(" ");
  put_hex32((uint32_t)result);
  put_string(" status ");
  put_hex32(status);
  put_string("\n");
  wrong_answers++;
}

static uint32_t check_table(uint32_t checksum, const struct known_answer *rows, uint32_t count, uint64_t result_mask, uint32_t status_mask) {
  for (uint32_t i = 0; i < count; i++) {
    const struct known_answer *row = &rows[i];
    uint32_t fpscr = row->rounding;
    uint64_t result = row->execute(row->a, row->b, row->c, &fpscr) & result_mask;
    uint32_t status = fpscr & status_mask;
    if (result != row->result || status != row->status) report(row->mnemonic, i, result, status);
    checksum = fold(fold(fold(checksum, (uint32_t)(row->result >> 32)), (uint32_t)row->result), row->status);
  }
  return checksum;
}

struct comparison {
  uint64_t a;
  uint64_t b;
  /* One of the four CR bits: less, greater, equal, unordered. */
  uint32_t relation;
  uint32_t unordered_status;
  uint32_t ordered_status;
};

static const struct comparison comparisons[] = {
    {ONE, TWO, 8, 0, 0},
    {TWO, ONE, 4, 0, 0},
    {ZERO, MINUS_ZERO, 2, 0, 0},
    {MINUS_INFINITE, GREATEST, 8, 0, 0},
    {QUIET, ONE, 1, 0, FX | VX | VXVC},
    {ONE, SIGNALLING, 1, FX | VX | VXSNAN, FX | VX | VXSNAN | VXVC},
};

#define COMPARE(function, mnemonic)                                                                                    \
  static uint32_t function(uint64_t a, uint64_t b, uint32_t *fpscr) {                                                  \
    union value left = {.bits = a};                                                                                    \
    union value right = {.bits = b};                                                                                   \
    uint32_t cr;                                                                                                       \
    set_fpscr(0);                                                                                                      \
    __asm__ volatile(mnemonic " cr1,%1,%2\n\tmfcr %0" : "=r"(cr) : "d"(left.number), "d"(right.number) : "cr1");        \
    *fpscr = get_fpscr();                                                                                              \
    return cr >> 24 & 15;                                                                                              \
  }
COMPARE(compare_unordered, "fcmpu")
COMPARE(compare_ordered, "fcmpo")

static uint32_t check_comparisons(uint32_t checksum) {
  for (uint32_t i = 0; i < sizeof comparisons / sizeof comparisons[0]; i++) {
    const struct comparison *row = &comparisons[i];
    uint32_t fpscr;
    uint32_t relation = compare_unordered(row->a, row->b, &fpscr);
    if (relation != row->relation || (fpscr & COMPARED) != (row->unordered_status | row->relation << 12)) report("fcmpu", i, relation, fpscr);
    relation = compare_ordered(row->a, row->b, &fpscr);
    if (relation != row->relation || (fpscr & COMPARED) != (row->ordered_status | row->relation << 12)) report("fcmpo", i, relation, fpscr);
    checksum = fold(fold(checksum, row->relation), row->ordered_status);
  }
  return checksum;
}

/* Estimates are good to one part in 256 (fres) and in 32 (frsqrte). */
static void check_estimates(void) {
  for (uint32_t i = 1; i < 64; i++) {
    union value number = {.number = 0.37 * (double)(int32_t)i};
    uint32_t fpscr = 0;
    union value estimate = {.bits = do_fres(0, number.bits, 0, &fpscr)};
    double error = estimate.number * number.number - 1.0;
    if (error > 1.0 / 256 || error < -1.0 / 256) report("fres", i, estimate.bits, fpscr);
    estimate.bits = do_frsqrte(0, number.bits, 0, &fpscr);
    /* Twice the relative error of the root is that of its square, near 1. */
    error = estimate.number * estimate.number * number.number - 1.0;
    if (error > 2.1 / 32 || error < -2.1 / 32) report("frsqrte", i, estimate.bits, fpscr);
  }
}

/* Single-precision memory forms, which convert without rounding, and the store of a word as it is. */
static uint32_t check_memory_forms(uint32_t checksum) {
  static const struct {
    uint32_t single;
    uint64_t as_double;
  } singles[] = {{0x00000000, ZERO},         {0x3f800000, ONE},      {0x00000001, LEAST_SINGLE},           {0x007fffff, 0x380fffffc0000000ull},
                 {0x7f7fffff, GREATEST_SINGLE}, {0xff800000, MINUS_INFINITE}, {0x7fa00001, 0x7ff4000020000000ull}, {0x80400000, 0xb800000000000000ull}};
  for (uint32_t i = 0; i < sizeof singles / sizeof singles[0]; i++) {
    union value loaded;
    uint32_t stored;
    uint32_t word;
    __asm__ volatile("lfs %0,0(%1)" : "=d"(loaded.number) : "b"(&singles[i].single), "m"(singles[i]));
    if (loaded.bits != singles[i].as_double) report("lfs", i, loaded.bits, 0);
    __asm__ volatile("stfs %1,0(%2)" : "=m"(stored) : "d"(loaded.number), "b"(&stored));
    if (stored != singles[i].single) report("stfs", i, stored, 0);
    __asm__ volatile("stfiwx %1,0,%2" : "=m"(word) : "d"(loaded.number), "b"(&word));
    if (word != (uint32_t)singles[i].as_double) report("stfiwx", i, word, 0);
    checksum = fold(checksum, (uint32_t)(singles[i].as_double >> 32));
  }
  return checksum;
}

static void check_status_moves(void) {
  uint32_t cr;
  set_fpscr(0);
  __asm__ volatile("mtfsb1 6\n\tmtfsfi 7,2" : : : "memory");
  if ((get_fpscr() & (FX | XX | 3)) != (FX | XX | 2)) report("mtfsb1 mtfsfi", 0, 0, get_fpscr());
  /* Copies FX, FEX, VX, OX to CR1 and clears those of them that are exceptions: XX is in the next field and stays. */
  __asm__ volatile("mcrfs cr1,0\n\tmfcr %0" : "=r"(cr) : : "cr1");
  if ((cr >> 24 & 15) != 8 || (get_fpscr() & (FX | XX)) != XX) report("mcrfs", 0, cr, get_fpscr());
  __asm__ volatile("mtfsb0 6" : : : "memory");
  if ((get_fpscr() & XX) != 0) report("mtfsb0", 0, 0, get_fpscr());
  set_fpscr(0);
}

void guest_main(void) {
  uint32_t checksum = 0;
  for (uint32_t left = guest_start(); left > 0 && wrong_answers == 0; left--) {
    checksum = FOLD_START;
    checksum = check_table(checksum, known_answers, sizeof known_answers / sizeof known_answers[0], ~0ull, COMPARED);
    checksum = check_table(checksum, conversions, sizeof conversions / sizeof conversions[0], 0xffffffffull, COMPARED & ~FPRF_MASK);
    checksum = check_comparisons(checksum);
    check_estimates();
    checksum = check_memory_forms(checksum);
    check_status_moves();
  }
  if (wrong_answers > 0) guest_fail("wrong answers", wrong_answers);
  guest_finish(checksum);
}
