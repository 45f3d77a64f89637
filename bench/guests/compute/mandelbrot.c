/* Mandelbrot iteration counts on a 48 x 48 grid in double precision: add, multiply, compare; no fused operations. */
#include "workload.h"

enum { SIDE = 48, LIMIT = 200 };

uint32_t workload(void) {
  uint32_t checksum = FOLD_START;
  for (int row = 0; row < SIDE; row++) {
    double ci = (row - SIDE / 2) * (2.5 / SIDE);
    for (int column = 0; column < SIDE; column++) {
      double cr = (column - 34) * (3.0 / SIDE);
      double zr = 0.0;
      double zi = 0.0;
      uint32_t count = 0;
      while (count < LIMIT && zr * zr + zi * zi <= 4.0) {
        double t = zr * zr - zi * zi + cr;
        zi = 2.0 * zr * zi + ci;
        zr = t;
        count++;
      }
      checksum = fold(checksum, count);
    }
  }
  return checksum;
}
