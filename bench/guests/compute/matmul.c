/* 64 x 64 integer matrix product: multiply, strided loads, nested counted loops. */
#include "workload.h"

enum { N = 64 };
static uint32_t a[N][N];
static uint32_t b[N][N];
static uint32_t c[N][N];

uint32_t workload(void) {
  uint32_t seed = 5;
  for (int i = 0; i < N; i++) {
    for (int j = 0; j < N; j++) {
      a[i][j] = next_random(&seed) >> 8;
      b[i][j] = next_random(&seed) >> 8;
    }
  }
  for (int i = 0; i < N; i++) {
    for (int j = 0; j < N; j++) {
      uint32_t sum = 0;
      for (int k = 0; k < N; k++) sum += a[i][k] * b[k][j];
      c[i][j] = sum;
    }
  }
  uint32_t checksum = FOLD_START;
  for (int i = 0; i < N; i++) {
    for (int j = 0; j < N; j++) checksum = fold(checksum, c[i][j]);
  }
  return checksum;
}
