/* Horner's rule with fused multiply-adds in double and in single precision: fmadd, fmadds, fmsub, fnmadd, lfs, stfs, frsp. */
#include "workload.h"

enum { DEGREE = 16, POINTS = 2048 };

static double coefficients[DEGREE];
static float single_coefficients[DEGREE];

uint32_t workload(void) {
  uint32_t seed = 8;
  for (int i = 0; i < DEGREE; i++) {
    coefficients[i] = (double)(int32_t)next_random(&seed) / 2147483648.0;
    single_coefficients[i] = (float)coefficients[i];
  }
  uint32_t checksum = FOLD_START;
  for (int point = 0; point < POINTS; point++) {
    double x = (point - POINTS / 2) * (1.0 / 1024.0);
    float single_x = (float)x * 0.9990234375f;
    double y = coefficients[0];
    float single_y = single_coefficients[0];
    for (int i = 1; i < DEGREE; i++) {
      y = __builtin_fma(y, x, coefficients[i]);
      single_y = __builtin_fmaf(single_y, single_x, single_coefficients[i]);
    }
    y = __builtin_fma(y, y, -x);
    y = -__builtin_fma(y, x, x);
    union {
      double value;
      uint64_t bits;
    } both = {.value = y};
    union {
      float value;
      uint32_t bits;
    } single = {.value = single_y};
    checksum = fold(fold(fold(checksum, (uint32_t)(both.bits >> 32)), (uint32_t)both.bits), single.bits);
  }
  return checksum;
}
