/* Operand values with carries, signs and halves at their edges, and the folding of results into a checksum. */
#ifndef OPERANDS_H
#define OPERANDS_H

#include "../compute/workload.h"

static const uint32_t edge_operands[] = {0x00000000, 0x00000001, 0x00007fff, 0x00008000, 0x0000ffff, 0x7fff0000, 0x80000000,
                                         0x80008000, 0x7fffffff, 0xffffffff, 0xc0000000, 0x12345678, 0xfedcba98};

enum { EDGE_OPERANDS = sizeof edge_operands / sizeof edge_operands[0] };

#define XER_SO 0x80000000u
#define XER_OV 0x40000000u
#define XER_CA 0x20000000u

#define CR0_LT 8u
#define CR0_GT 4u
#define CR0_EQ 2u
#define CR0_SO 1u

/* CR0 as a recording instruction sets it from its result (Power ISA, book I, 2.3.1). */
static inline uint32_t recorded_cr0(uint32_t result, uint32_t xer) {
  uint32_t so = (xer & XER_SO) != 0 ? CR0_SO : 0;
  if (result == 0) return CR0_EQ | so;
  return ((int32_t)result < 0 ? CR0_LT : CR0_GT) | so;
}

#endif
