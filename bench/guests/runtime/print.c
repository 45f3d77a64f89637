#include "guest.h"

void put_string(const char *text) {
  while (*text != '\0') put_char(*text++);
}

void put_hex32(uint32_t value) {
  put_string("0x");
  for (int shift = 28; shift >= 0; shift -= 4) put_char("0123456789abcdef"[(value >> shift) & 15]);
}

void put_decimal(uint32_t value) {
  char digits[10];
  int count = 0;
  do {
    digits[count++] = (char)('0' + value % 10);
    value /= 10;
  } while (value != 0);
  while (count > 0) put_char(digits[--count]);
}
