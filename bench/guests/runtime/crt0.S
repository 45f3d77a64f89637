/*
 * Entry from the board's firmware state: r3 = device tree, MSR = 0, and a TLB that maps every address to itself (two entries,
 * slot 0 from address 0 and slot 1 from 0x80000000). Sets up the stack, .bss and vectors that report any interrupt as a failure.
 */
#include "spr.h"

	.section .text.start, "ax"
	.globl	_start
_start:
	mr	31, 3
	lis	1, stack_top@ha
	addi	1, 1, stack_top@l

	lis	3, bss_start@ha
	addi	3, 3, bss_start@l
	lis	4, bss_end@ha
	addi	4, 4, bss_end@l
	li	0, 0
1:	cmplw	3, 4
	bge	2f
	stw	0, 0(3)
	addi	3, 3, 4
	b	1b
2:
	lis	3, device_tree@ha
	stw	31, device_tree@l(3)

	lis	3, vectors@h
	mtspr	SPR_IVPR, 3
	lis	3, vectors@ha
	addi	3, 3, vectors@l
	.set	vector, 0
	.rept	16
	mtspr	SPR_IVOR0 + vector, 3
	addi	3, 3, 16
	.set	vector, vector + 1
	.endr

#ifdef GUEST_USES_FPU
	mfmsr	3
	ori	3, 3, MSR_FP
	mtmsr	3
	isync
	/* The FPSCR is undefined at power-on: no exceptions enabled, round to nearest. */
	mtfsfi	7, 0
	mtfsfi	6, 0
#endif

	/* The end of the stack's back chain. */
	li	0, 0
	stwu	0, -16(1)
	bl	guest_main
	b	reset_board

	.text
	.globl	reset_board
reset_board:
	lis	3, DBCR0_RST_SYSTEM@h
	mtspr	SPR_DBCR0, 3
	b	.

	/* All vectors in one 64 KB region, as IVPR gives only the upper half of their addresses; IVORs are multiples of 16. */
	.balign	256
vectors:
	.set	vector, 0
	.rept	16
	.balign	16
	li	3, vector
	b	unexpected_interrupt_entry
	.set	vector, vector + 1
	.endr

unexpected_interrupt_entry:
	lis	1, stack_top@ha
	addi	1, 1, stack_top@l
	li	0, 0
	stwu	0, -16(1)
	mfspr	4, SPR_SRR0
	mfspr	5, SPR_ESR
	mfspr	6, SPR_DEAR
	b	report_unexpected_interrupt
