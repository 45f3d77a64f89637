/* Five bodies under gravity in double precision, the inverse square root by Newton's method: divide, multiply, add; loads and stores. */
#include "workload.h"

enum { BODIES = 5, STEPS = 400 };

struct body {
  double x[3];
  double v[3];
  double mass;
};

static struct body bodies[BODIES];

static double inverse_square_root(double value) {
  /* Halve or double until the start lies within Newton's basin, then six steps reach double precision's last bit but a few. */
  double guess = 1.0;
  while (guess * guess * value > 2.0) guess *= 0.5;
  while (guess * guess * value < 0.5) guess *= 1.5;
  for (int i = 0; i < 6; i++) guess = guess * (1.5 - 0.5 * value * guess * guess);
  return guess;
}

static uint32_t fold_double(uint32_t checksum, double value) {
  union {
    double value;
    uint64_t bits;
  } both = {.value = value};
  return fold(fold(checksum, (uint32_t)(both.bits >> 32)), (uint32_t)both.bits);
}

uint32_t workload(void) {
  uint32_t seed = 7;
  for (int i = 0; i < BODIES; i++) {
    for (int k = 0; k < 3; k++) {
      bodies[i].x[k] = (double)(int32_t)next_random(&seed) / 268435456.0;
      bodies[i].v[k] = (double)(int32_t)next_random(&seed) / 4294967296.0;
    }
    bodies[i].mass = i + 1;
  }
  for (int step = 0; step < STEPS; step++) {
    for (int i = 0; i < BODIES; i++) {
      for (int j = i + 1; j < BODIES; j++) {
        double d[3];
        double square = 0.01;
        for (int k = 0; k < 3; k++) {
          d[k] = bodies[i].x[k] - bodies[j].x[k];
          square += d[k] * d[k];
        }
        double inverse = inverse_square_root(square);
        double magnitude = 0.001 * inverse / square;
        for (int k = 0; k < 3; k++) {
          bodies[i].v[k] -= d[k] * bodies[j].mass * magnitude;
          bodies[j].v[k] += d[k] * bodies[i].mass * magnitude;
        }
      }
    }
    for (int i = 0; i < BODIES; i++) {
      for (int k = 0; k < 3; k++) bodies[i].x[k] += 0.001 * bodies[i].v[k];
    }
  }
  uint32_t checksum = FOLD_START;
  for (int i = 0; i < BODIES; i++) {
    for (int k = 0; k < 3; k++) checksum = fold_double(checksum, bodies[i].x[k]);
  }
  return checksum;
}
