/* A compute workload: one repetition of the same work, from the same start, to the same 32-bit result on every machine. */
#ifndef WORKLOAD_H
#define WORKLOAD_H

#include <stddef.h>
#include <stdint.h>

uint32_t workload(void);

/* The workloads' only source of data: a linear congruential generator (Numerical Recipes' constants). */
static inline uint32_t next_random(uint32_t *state) {
  *state = *state * 1664525u + 1013904223u;
  return *state;
}

/* Folds a value into a running checksum (FNV-1a over words). */
static inline uint32_t fold(uint32_t checksum, uint32_t value) {
  return (checksum ^ value) * 16777619u;
}

#define FOLD_START 2166136261u

#endif
