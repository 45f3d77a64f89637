/* External interrupt: saves what C may change, calls the handler, and returns with MSR[WE] off so that a wait ends. */
#include "../runtime/spr.h"

	.text
	.balign	16
	.globl	external_interrupt_entry
external_interrupt_entry:
	stwu	1, -80(1)
	stw	0, 8(1)
	stw	3, 12(1)
	stw	4, 16(1)
	stw	5, 20(1)
	stw	6, 24(1)
	stw	7, 28(1)
	stw	8, 32(1)
	stw	9, 36(1)
	stw	10, 40(1)
	stw	11, 44(1)
	stw	12, 48(1)
	mfcr	3
	mflr	4
	mfctr	5
	mfxer	6
	stw	3, 52(1)
	stw	4, 56(1)
	stw	5, 60(1)
	stw	6, 64(1)
	bl	handle_external_interrupt
	mfspr	3, SPR_SRR1
	rlwinm	3, 3, 0, 14, 12
	mtspr	SPR_SRR1, 3
	lwz	3, 52(1)
	lwz	4, 56(1)
	lwz	5, 60(1)
	lwz	6, 64(1)
	mtcr	3
	mtlr	4
	mtctr	5
	mtxer	6
	lwz	0, 8(1)
	lwz	3, 12(1)
	lwz	4, 16(1)
	lwz	5, 20(1)
	lwz	6, 24(1)
	lwz	7, 28(1)
	lwz	8, 32(1)
	lwz	9, 36(1)
	lwz	10, 40(1)
	lwz	11, 44(1)
	lwz	12, 48(1)
	addi	1, 1, 80
	rfi
