/* Compiled with -fno-tree-loop-distribute-patterns, or the compiler would make these loops into calls of themselves. */
#include "guest.h"

void *memcpy(void *restrict to, const void *restrict from, size_t count) {
  uint8_t *out = to;
  const uint8_t *in = from;
  if ((((uintptr_t)out | (uintptr_t)in) & 3) == 0) {
    for (; count >= 4; count -= 4, out += 4, in += 4) *(uint32_t *)out = *(const uint32_t *)in;
  }
  while (count-- > 0) *out++ = *in++;
  return to;
}

void *memmove(void *to, const void *from, size_t count) {
  uint8_t *out = to;
  const uint8_t *in = from;
  if (out <= in) return memcpy(to, from, count);
  while (count-- > 0) out[count] = in[count];
  return to;
}

void *memset(void *to, int value, size_t count) {
  uint8_t *out = to;
  while (count-- > 0) *out++ = (uint8_t)value;
  return to;
}

int memcmp(const void *left, const void *right, size_t count) {
  const uint8_t *a = left;
  const uint8_t *b = right;
  for (; count > 0; count--, a++, b++) {
    if (*a != *b) return *a - *b;
  }
  return 0;
}
