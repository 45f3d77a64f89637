/* Strings and structures in the spirit of Dhrystone: copying, comparing and searching text, linked records, small calls. */
#include "workload.h"

enum { RECORDS = 64, ROUNDS = 2000, NAME_BYTES = 24 };

struct record {
  struct record *next;
  uint32_t kind;
  int32_t amount;
  char name[NAME_BYTES];
};

static struct record records[RECORDS];

static int compare_text(const char *a, const char *b) {
  while (*a != '\0' && *a == *b) a++, b++;
  return (uint8_t)*a - (uint8_t)*b;
}

static void copy_text(char *to, const char *from) {
  while ((*to++ = *from++) != '\0') {
  }
}

static uint32_t hash_text(const char *text) {
  uint32_t hash = FOLD_START;
  while (*text != '\0') hash = fold(hash, (uint8_t)*text++);
  return hash;
}

static void make_name(char *name, uint32_t number) {
  copy_text(name, "RECORD NUMBER ");
  char *end = name + 14;
  *end++ = (char)('A' + number % 26);
  *end++ = (char)('0' + number / 26 % 10);
  *end = '\0';
}

/* Kept out of line so that the loop has real calls in it, as the compiled programs it stands for have. */
__attribute__((noinline)) static int32_t post(struct record *from, struct record *to, int32_t amount) {
  switch (from->kind) {
    case 0:
      amount = amount / 2;
      break;
    case 1:
      amount = -amount;
      break;
    case 2:
      amount += from->amount % 7;
      break;
    default:
      break;
  }
  from->amount -= amount;
  to->amount += amount;
  return amount;
}

static struct record *find(struct record *list, const char *name) {
  while (list != NULL && compare_text(list->name, name) != 0) list = list->next;
  return list;
}

uint32_t workload(void) {
  uint32_t seed = 4;
  uint32_t checksum = FOLD_START;
  for (uint32_t i = 0; i < RECORDS; i++) {
    records[i].next = i + 1 < RECORDS ? &records[i + 1] : NULL;
    records[i].kind = i % 4;
    records[i].amount = (int32_t)(i * 100);
    make_name(records[i].name, i);
  }
  for (int round = 0; round < ROUNDS; round++) {
    char name[NAME_BYTES];
    uint32_t random = next_random(&seed);
    make_name(name, random >> 26);
    struct record *from = find(records, name);
    struct record copy = *from;
    struct record *to = from->next != NULL ? from->next : records;
    checksum = fold(checksum, (uint32_t)post(from, to, (int32_t)(random >> 12 & 0xfff)));
    checksum = fold(checksum, hash_text(copy.name) ^ (uint32_t)copy.amount);
  }
  int32_t total = 0;
  for (int i = 0; i < RECORDS; i++) total += records[i].amount;
  /* What is moved between records is neither made nor lost. */
  if (total != 100 * (RECORDS * (RECORDS - 1) / 2)) return 0;
  return checksum;
}
