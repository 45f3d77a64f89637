/*
 * From an interrupt into the kernel and back. SPRG3 holds the process that runs; all its registers go into it, and handle_trap says
 * which process to go on with.
 */
#include "../runtime/spr.h"
#include "layout.h"

	.macro	ENTRY name, vector
	.balign	16
	.globl	\name
\name:
	mtspr	SPR_SPRG0, 10
	mfspr	10, SPR_SPRG3
	stw	11, PROCESS_GPR(11)(10)
	li	11, \vector
	b	save_and_handle
	.endm

	.text
	ENTRY	data_storage_entry, VECTOR_DATA_STORAGE
	ENTRY	instruction_storage_entry, VECTOR_INSTRUCTION_STORAGE
	ENTRY	alignment_entry, VECTOR_ALIGNMENT
	ENTRY	program_entry, VECTOR_PROGRAM
	ENTRY	system_call_entry, VECTOR_SYSTEM_CALL
	ENTRY	decrementer_entry, VECTOR_DECREMENTER
	/* Where the fast TLB miss handlers give up; the registers are as at the interrupt. */
	ENTRY	data_tlb_fault, VECTOR_DATA_TLB
	ENTRY	instruction_tlb_fault, VECTOR_INSTRUCTION_TLB

save_and_handle:
	stw	0, PROCESS_GPR(0)(10)
	stw	1, PROCESS_GPR(1)(10)
	stw	2, PROCESS_GPR(2)(10)
	stw	3, PROCESS_GPR(3)(10)
	stw	4, PROCESS_GPR(4)(10)
	stw	5, PROCESS_GPR(5)(10)
	stw	6, PROCESS_GPR(6)(10)
	stw	7, PROCESS_GPR(7)(10)
	stw	8, PROCESS_GPR(8)(10)
	stw	9, PROCESS_GPR(9)(10)
	stmw	12, PROCESS_GPR(12)(10)
	mfspr	3, SPR_SPRG0
	stw	3, PROCESS_GPR(10)(10)
	mfspr	4, SPR_SRR0
	stw	4, PROCESS_PC(10)
	mfspr	5, SPR_SRR1
	stw	5, PROCESS_MSR(10)
	mfcr	6
	stw	6, PROCESS_CR(10)
	mflr	7
	stw	7, PROCESS_LR(10)
	mfctr	8
	stw	8, PROCESS_CTR(10)
	mfxer	9
	stw	9, PROCESS_XER(10)

	/* The kernel keeps nothing on its stack from one entry to the next. */
	lis	1, stack_top@ha
	addi	1, 1, stack_top@l
	li	0, 0
	stwu	0, -16(1)
	mr	31, 10
	mr	3, 10
	mr	4, 11
	bl	handle_trap
	cmplw	3, 31
	beq	1f

	/* Another process: SPRG3 and the address space. */
	.globl	resume_process
resume_process:
	mtspr	SPR_SPRG3, 3
	lwz	4, PROCESS_PID(3)
	mtspr	SPR_PID, 4
	isync
1:
	mr	10, 3
	lwz	4, PROCESS_PC(10)
	mtspr	SPR_SRR0, 4
	lwz	5, PROCESS_MSR(10)
	mtspr	SPR_SRR1, 5
	lwz	6, PROCESS_CR(10)
	mtcr	6
	lwz	7, PROCESS_LR(10)
	mtlr	7
	lwz	8, PROCESS_CTR(10)
	mtctr	8
	lwz	9, PROCESS_XER(10)
	mtxer	9
	lmw	11, PROCESS_GPR(11)(10)
	lwz	0, PROCESS_GPR(0)(10)
	lwz	1, PROCESS_GPR(1)(10)
	lwz	2, PROCESS_GPR(2)(10)
	lwz	3, PROCESS_GPR(3)(10)
	lwz	4, PROCESS_GPR(4)(10)
	lwz	5, PROCESS_GPR(5)(10)
	lwz	6, PROCESS_GPR(6)(10)
	lwz	7, PROCESS_GPR(7)(10)
	lwz	8, PROCESS_GPR(8)(10)
	lwz	9, PROCESS_GPR(9)(10)
	lwz	10, PROCESS_GPR(10)(10)
	rfi

	/* What runs when every process sleeps: supervisor code in the wait state. */
	.globl	idle_loop
idle_loop:
	lis	3, MSR_WE@h
	ori	3, 3, MSR_EE | MSR_ME
	mtmsr	3
	isync
	b	idle_loop
