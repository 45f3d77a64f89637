/*
 * TLB misses, as a kernel for the 440 handles them: no stack, four registers and CR put aside in SPRGs, a walk of the process's
 * two-level page table with the page's PID put into MMUCR[STID], and a replacement of the slots in turn. What the tables do not
 * allow goes the long way through entry.S.
 */
#include "../runtime/spr.h"
#include "layout.h"

	.macro	PUT_ASIDE
	mtspr	SPR_SPRG0, 10
	mtspr	SPR_SPRG1, 11
	mtspr	SPR_SPRG4W, 12
	mtspr	SPR_SPRG5W, 13
	mfcr	11
	mtspr	SPR_SPRG7W, 11
	.endm

	/* The numbers that user code may read are cheaper under a hypervisor: they never trap. */
	.macro	TAKE_BACK
	mfspr	11, SPR_SPRG7R
	mtcr	11
	mfspr	13, SPR_SPRG5R
	mfspr	12, SPR_SPRG4R
	mfspr	11, SPR_SPRG1
	mfspr	10, SPR_SPRG0
	.endm

	/* r10 = the address that missed. Leaves the directory in r11, the PID in MMUCR[STID]. Changes r12, r13. */
	.macro	ENTER_USER_TABLES slow
	lis	11, USER_TEXT@h
	cmplw	10, 11
	blt	\slow
	mfspr	11, SPR_SPRG3
	lwz	11, PROCESS_DIRECTORY(11)
	mfspr	12, SPR_MMUCR
	mfspr	13, SPR_PID
	rlwimi	12, 13, 0, 24, 31
	mtspr	SPR_MMUCR, 12
	.endm

	/* r10 = address, r11 = directory, r13 = bits the entry must have. Leaves the entry in r11 and r12. */
	.macro	WALK slow
	rlwinm	12, 10, 13, 19, 29
	lwzx	11, 11, 12
	cmplwi	11, 0
	beq	\slow
	rlwimi	11, 10, 23, 20, 28
	lwz	12, 4(11)
	andc.	13, 13, 12
	bne	\slow
	lwz	11, 0(11)
	.endm

	/* Takes the next slot (in r13) and loads the entry in r11 and r12 for the address in \spr. */
	.macro	LOAD_ENTRY spr
	lis	10, last_replaced_slot@ha
	lwz	13, last_replaced_slot@l(10)
	addi	13, 13, 1
	cmpwi	13, TLB_SLOT_LAST
	ble	1f
	li	13, TLB_SLOT_FIRST_USER
1:	stw	13, last_replaced_slot@l(10)
	mfspr	10, \spr
	rlwimi	11, 12, 0, 0, 19
	rlwinm	10, 10, 0, 0, 19
	ori	10, 10, TLB0_VALID | TLB0_SIZE_4K
	andi.	12, 12, PTE_TLB2_MASK
	/* The translation before the address: the new page is never seen where the old one was. */
	tlbwe	11, 13, 1
	tlbwe	10, 13, 0
	tlbwe	12, 13, 2
	.endm

	.text
	.balign	16
	.globl	data_tlb_miss
data_tlb_miss:
	PUT_ASIDE
	mfspr	10, SPR_DEAR
	ENTER_USER_TABLES data_tlb_slow
	/* ESR[ST] moves to the place of UW: a store needs a writable page. */
	mfspr	13, SPR_ESR
	rlwinm	13, 13, 13, 27, 27
	ori	13, 13, PTE_PRESENT
	WALK	data_tlb_slow
	LOAD_ENTRY SPR_DEAR
	TAKE_BACK
	rfi

data_tlb_slow:
	TAKE_BACK
	b	data_tlb_fault

	.balign	16
	.globl	instruction_tlb_miss
instruction_tlb_miss:
	PUT_ASIDE
	mfspr	10, SPR_SRR0
	ENTER_USER_TABLES instruction_tlb_slow
	li	13, PTE_PRESENT | TLB2_UX
	WALK	instruction_tlb_slow
	LOAD_ENTRY SPR_SRR0
	TAKE_BACK
	rfi

instruction_tlb_slow:
	TAKE_BACK
	b	instruction_tlb_fault

	.section .data
	.balign	4
	.globl	last_replaced_slot
last_replaced_slot:
	.long	TLB_SLOT_FIRST_USER - 1
