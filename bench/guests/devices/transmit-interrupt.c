/*
 * Sends text by the UART's transmitter-empty interrupt, which comes through the UIC, and waits for it in the wait state.
 * UIC registers and bit numbers: PPC440EP user's manual, universal interrupt controller; UART0 is its interrupt 0.
 */
#include "../runtime/guest.h"
#include "../runtime/spr.h"
#include "transmit-interrupt.h"

#define UIC_STATUS 0x0c0
#define UIC_ENABLE 0x0c2
#define UIC_CRITICAL 0x0c3
#define UIC_POLARITY 0x0c4
#define UIC_TRIGGER 0x0c5
#define UIC_MASKED_STATUS 0x0c6
#define UIC_UART0 0x80000000u

#define IER_TRANSMIT_EMPTY 0x02
#define IIR_NONE 0x01
#define IIR_IDENTITY 0x0f
#define IIR_TRANSMIT_EMPTY 0x02

#define write_dcr(dcrn, value) __asm__ volatile("mtdcr %0,%1" : : "n"(dcrn), "r"((uint32_t)(value)) : "memory")
#define read_dcr(dcrn)                                                  \
  ({                                                                    \
    uint32_t dcr_value_;                                                \
    __asm__ volatile("mfdcr %0,%1" : "=r"(dcr_value_) : "n"(dcrn) : "memory"); \
    dcr_value_;                                                         \
  })

static const char text[] = "sent by interrupt\n";
static volatile uint32_t next_character;
static volatile uint32_t interrupts;

void handle_external_interrupt(void) {
  if (read_dcr(UIC_MASKED_STATUS) != UIC_UART0) guest_fail("UIC masked status", read_dcr(UIC_MASKED_STATUS));
  /* Reading the identity clears the transmitter's request. */
  uint8_t identity = uart_read(UART_IIR) & IIR_IDENTITY;
  if (identity == IIR_TRANSMIT_EMPTY) {
    interrupts++;
    if (text[next_character] != '\0') {
      uart_write(UART_DATA, (uint8_t)text[next_character++]);
    } else {
      uart_write(UART_IER, 0);
    }
  } else if (identity != IIR_NONE) {
    guest_fail("UART interrupt identity", identity);
  }
  /* A level-sensitive status bit can be cleared only once its source is quiet. */
  write_dcr(UIC_STATUS, UIC_UART0);
}

static void send_text(void) {
  next_character = 0;
  uart_write(UART_IER, IER_TRANSMIT_EMPTY);
  while (text[next_character] != '\0') {
    /* The check above is made with MSR[EE] = 0, so no interrupt is lost between it and the wait; the handler's rfi ends the wait. */
    __asm__ volatile("mtmsr %0\n\tisync\n\tmtmsr %1\n\tisync" : : "r"(MSR_EE | MSR_WE), "r"(0) : "memory");
  }
  uart_write(UART_IER, 0);
}

void guest_main(void) {
  uint32_t scale = guest_start();
  write_spr(SPR_IVOR0 + VECTOR_EXTERNAL, (uint32_t)external_interrupt_entry);
  write_dcr(UIC_ENABLE, 0);
  write_dcr(UIC_CRITICAL, 0);
  write_dcr(UIC_POLARITY, 0xffffffff);
  write_dcr(UIC_TRIGGER, 0);
  write_dcr(UIC_STATUS, 0xffffffff);
  write_dcr(UIC_ENABLE, UIC_UART0);
  for (uint32_t i = 0; i < scale; i++) send_text();
  write_dcr(UIC_ENABLE, 0);
  if (interrupts < scale * (sizeof text - 1)) guest_fail("interrupts", interrupts);
  guest_finish(sizeof text - 1);
}
