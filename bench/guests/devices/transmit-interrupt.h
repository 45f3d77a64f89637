#ifndef TRANSMIT_INTERRUPT_H
#define TRANSMIT_INTERRUPT_H

/* The vector's code, in transmit-interrupt-entry.S; it calls the handler on the interrupted stack. */
void external_interrupt_entry(void);
void handle_external_interrupt(void);

#endif
