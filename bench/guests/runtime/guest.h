/* What a guest may use. There is no C library: this header is the whole of it. */
#ifndef GUEST_H
#define GUEST_H

#include <stddef.h>
#include <stdint.h>

/* The guest's own part: called once by crt0.S on a fresh stack, with interrupts off. Returning from it resets the board. */
void guest_main(void);

/* uart.c: the first 16550 of the board, byte-wide registers, polled. */
#define UART_BASE 0xef600300u
enum uart_register { UART_DATA = 0, UART_IER = 1, UART_IIR = 2, UART_FCR = 2, UART_LCR = 3, UART_MCR = 4, UART_LSR = 5, UART_MSR = 6, UART_SCR = 7 };
#define UART_LSR_DATA_READY 0x01u
#define UART_LSR_TRANSMIT_EMPTY 0x20u
uint8_t uart_read(enum uart_register reg);
void uart_write(enum uart_register reg, uint8_t value);
void put_char(char c);
/* Blocks until the line brings a byte. */
char get_char(void);

/* print.c */
void put_string(const char *text);
void put_hex32(uint32_t value);
void put_decimal(uint32_t value);

/* memory.c: what the compiler may call by itself. */
void *memcpy(void *restrict to, const void *restrict from, size_t count);
void *memmove(void *to, const void *from, size_t count);
void *memset(void *to, int value, size_t count);
int memcmp(const void *left, const void *right, size_t count);

/* device-tree.c: the number in `name=number` of /chosen/bootargs, or `otherwise` where there is none. */
uint32_t boot_argument(const char *name, uint32_t otherwise);

/* verdict.c: the lines every guest prints. They never depend on time unless the boot argument `ticks=1` asks for it. */
/* Prints `START name scale=N` and returns N: the boot argument `scale`, else the table's default. */
uint32_t guest_start(void);
/* Prints `PASS name checksum=0x…` where the checksum is the table's, else `FAIL …`; resets. */
_Noreturn void guest_finish(uint32_t checksum);
/* Prints `FAIL name reason value=0x…` and resets. */
_Noreturn void guest_fail(const char *reason, uint32_t value);

/* crt0.S: asks for a reset through DBCR0[RST], which ends a run. */
_Noreturn void reset_board(void);

#endif
