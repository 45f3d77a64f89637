#include "guest.h"

uint8_t uart_read(enum uart_register reg) {
  return *(volatile uint8_t *)(UART_BASE + reg);
}

void uart_write(enum uart_register reg, uint8_t value) {
  *(volatile uint8_t *)(UART_BASE + reg) = value;
}

void put_char(char c) {
  while ((uart_read(UART_LSR) & UART_LSR_TRANSMIT_EMPTY) == 0) {
  }
  uart_write(UART_DATA, (uint8_t)c);
}

char get_char(void) {
  while ((uart_read(UART_LSR) & UART_LSR_DATA_READY) == 0) {
  }
  return (char)uart_read(UART_DATA);
}
