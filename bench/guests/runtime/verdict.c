/* GUEST_NAME, GUEST_SCALE and GUEST_CHECKSUM come from the table of guests, by the compiler's command line. */
#include "guest.h"
#include "spr.h"

static uint32_t start_ticks;

uint32_t guest_start(void) {
  uint32_t scale = boot_argument("scale", GUEST_SCALE);
  put_string("START " GUEST_NAME " scale=");
  put_decimal(scale);
  put_string("\n");
  start_ticks = read_spr(SPR_TBL);
  return scale;
}

void guest_finish(uint32_t checksum) {
  uint32_t ticks = read_spr(SPR_TBL) - start_ticks;
  if (boot_argument("ticks", 0) != 0) {
    put_string("TICKS " GUEST_NAME " ");
    put_decimal(ticks);
    put_string("\n");
  }
  if (checksum != GUEST_CHECKSUM) guest_fail("checksum", checksum);
  put_string("PASS " GUEST_NAME " checksum=");
  put_hex32(checksum);
  put_string("\n");
  reset_board();
}

void guest_fail(const char *reason, uint32_t value) {
  put_string("FAIL " GUEST_NAME " ");
  put_string(reason);
  put_string(" value=");
  put_hex32(value);
  put_string("\n");
  reset_board();
}

/* Called by the vectors of crt0.S. */
_Noreturn void report_unexpected_interrupt(uint32_t vector, uint32_t srr0, uint32_t esr, uint32_t dear);

void report_unexpected_interrupt(uint32_t vector, uint32_t srr0, uint32_t esr, uint32_t dear) {
  put_string("interrupt ");
  put_decimal(vector);
  put_string(" esr=");
  put_hex32(esr);
  put_string(" dear=");
  put_hex32(dear);
  put_string("\n");
  guest_fail("unexpected interrupt at", srr0);
}
