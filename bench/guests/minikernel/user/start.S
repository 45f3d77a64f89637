/* r3 and r4 are user_main's arguments already. */
#include "../layout.h"

	.text
	.globl	user_start
user_start:
	li	0, 0
	stwu	0, -16(1)
	bl	user_main
	li	0, CALL_EXIT
	sc
	b	.
