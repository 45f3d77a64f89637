/* Quicksort and heapsort of 8192 words: compares, unpredictable branches, swaps, recursion. */
#include "workload.h"

enum { COUNT = 8192 };
static uint32_t values[COUNT];
static uint32_t others[COUNT];

static void swap(uint32_t *a, uint32_t *b) {
  uint32_t t = *a;
  *a = *b;
  *b = t;
}

static void quicksort(uint32_t *v, int low, int high) {
  while (low < high) {
    uint32_t pivot = v[low + (high - low) / 2];
    int i = low;
    int j = high;
    while (i <= j) {
      while (v[i] < pivot) i++;
      while (v[j] > pivot) j--;
      if (i <= j) swap(&v[i++], &v[j--]);
    }
    /* Recursion on the smaller part only bounds the stack. */
    if (j - low < high - i) {
      quicksort(v, low, j);
      low = i;
    } else {
      quicksort(v, i, high);
      high = j;
    }
  }
}

static void sift_down(uint32_t *v, int root, int count) {
  for (int child; (child = 2 * root + 1) < count; root = child) {
    if (child + 1 < count && v[child] < v[child + 1]) child++;
    if (v[root] >= v[child]) return;
    swap(&v[root], &v[child]);
  }
}

static void heapsort(uint32_t *v, int count) {
  for (int root = count / 2 - 1; root >= 0; root--) sift_down(v, root, count);
  for (int end = count - 1; end > 0; end--) {
    swap(&v[0], &v[end]);
    sift_down(v, 0, end);
  }
}

uint32_t workload(void) {
  uint32_t seed = 2;
  for (int i = 0; i < COUNT; i++) values[i] = others[i] = next_random(&seed);
  quicksort(values, 0, COUNT - 1);
  heapsort(others, COUNT);
  uint32_t checksum = FOLD_START;
  for (int i = 0; i < COUNT; i++) {
    if (values[i] != others[i] || (i > 0 && values[i - 1] > values[i])) return 0;
    checksum = fold(checksum, values[i]);
  }
  return checksum;
}
