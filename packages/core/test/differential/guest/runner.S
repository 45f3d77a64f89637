/*
 * Runs a table of instruction cases that lies in memory: loads each case's registers, executes its instruction where the host has put
 * it, catches what comes (every slot is full of traps), and stores all registers back in the case's record. Ends by a system reset, or
 * by waiting.
 *
 * Physical memory: this program at 0, code slots, the data pages and the records where the host has put them (layout.ts has the same
 * numbers). Effective addresses: 0 to 64 KB this program (supervisor); BULK + physical for slots and records; data pages at themselves.
 *
 * A record (offsets as in layout.ts): 0x04 flags, 0x08 pc, 0x0c msr, 0x10 data window, 0x14 cr, 0x18 xer, 0x1c ctr, 0x20 lr, 0x24 fpscr,
 * 0x28 TLB index, 0x2c TLB words 0 to 2, 0x38 MMUCR for them, 0x40 vector, 0x44 srr0, 0x48 srr1, 0x4c esr, 0x50 dear, 0x80 GPRs,
 * 0x100 FPRs, 0x200 data window, 0x280 SPRs.
 */
#include "machine.inc"

#define RECORD_BYTES 0x300
#define DATA_PAGES 0x00100000

#define FLAG_FLOAT 1
#define FLAG_SYSTEM 2
#define FLAG_TLB 4
#define FLAG_ENTER_BY_RFI 8

	.text
	.globl _start
_start:
	b	start

	vectors	finish

start:
	li	0, 0
	mtspr	MMUCR, 0
	mtspr	PID, 0
	tlb	63, 0x00000230, 0x00000000, 0x007	/* this program: 64 KB, supervisor */
	tlb	62, 0xc0000290, 0x00000000, 0x027	/* everything: 256 MB, supervisor; users may execute */
	tlb	61, 0x00100210, 0x00100000, 0x01b	/* data: 4 KB, everyone reads and writes */
	tlb	60, 0x00101210, 0x00101000, 0x009	/* data: everyone reads */
	tlb	59, 0x00102210, 0x00102000, 0x003	/* data: supervisor reads and writes */
	isync
	clear_tlb	58
	set_vectors

next_case:
	lwz	3, COUNT(0)
	addic.	3, 3, -1
	blt	done
	stw	3, COUNT(0)
	lwz	1, RECORD(0)
	lwz	2, 4(1)			/* flags */

	/* The data window, through the bulk mapping so that its permissions do not matter. */
	lwz	3, 0x10(1)
	addis	3, 3, BULK_HIGH
	addi	4, 1, 0x200
	li	5, 32
	mtctr	5
1:	lwz	6, 0(4)
	stw	6, 0(3)
	addi	4, 4, 4
	addi	3, 3, 4
	bdnz	1b

	andi.	3, 2, FLAG_TLB
	beq	1f
	lwz	3, 0x28(1)
	lwz	4, 0x38(1)
	mtspr	MMUCR, 4
	lwz	4, 0x2c(1)
	tlbwe	4, 3, 0
	lwz	4, 0x30(1)
	tlbwe	4, 3, 1
	lwz	4, 0x34(1)
	tlbwe	4, 3, 2
1:
	andi.	3, 2, FLAG_SYSTEM
	beq	1f
	.set	offset, 0x280
	.irp	n, 272, 273, 274, 275, 276, 277, 278, 279, 256, 58, 59, 570, 571, 946, 48, 947, 888, 312, 313, 314, 315, 316, 317, 318, 319, 26, 27, 880, 1011, 54
	lwz	3, offset(1)
	mtspr	\n, 3
	.set	offset, offset + 4
	.endr
1:
	andi.	3, 2, FLAG_FLOAT
	beq	1f
	mfmsr	3
	ori	3, 3, 0x2000
	mtmsr	3
	isync
	lwz	3, 0x24(1)
	stw	3, SCRATCH + 4(0)
	lfd	0, SCRATCH(0)
	mtfsf	255, 0
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	lfd	\n, 0x100 + 8 * \n(1)
	.endr
	li	3, 0
	mtmsr	3
	isync
1:
	drop_reservation
	li	3, 0
	mtspr	ESR, 3
	mtspr	DEAR, 3
	lwz	3, 0x18(1)
	mtxer	3
	lwz	3, 0x1c(1)
	mtctr	3
	lwz	3, 0x20(1)
	mtlr	3
	lwz	3, 0x08(1)
	lwz	4, 0x0c(1)
	andi.	5, 2, FLAG_ENTER_BY_RFI
	bne	enter_by_rfi
	mtspr	MCSRR0, 3
	mtspr	MCSRR1, 4
	lwz	3, 0x14(1)
	mtcr	3
	addi	31, 1, 0x80
	load_gprs	0, 31
	rfmci
enter_by_rfi:
	mtspr	SRR0, 3
	mtspr	SRR1, 4
	lwz	3, 0x14(1)
	mtcr	3
	addi	31, 1, 0x80
	load_gprs	0, 31
	rfi

	/* An interrupt has ended the case: r1 is its number, the registers are saved. */
finish:
	mfcr	2
	mfxer	3
	mfctr	4
	mflr	5
	li	0, 0
	mtmsr	0
	isync
	lwz	6, RECORD(0)
	stw	2, 0x14(6)
	stw	3, 0x18(6)
	stw	4, 0x1c(6)
	stw	5, 0x20(6)
	stw	1, 0x40(6)
	cmplwi	1, 15
	beq	critical
	cmplwi	1, 0
	beq	critical
	mfspr	3, SRR0
	mfspr	4, SRR1
	b	1f
critical:
	mfspr	3, CSRR0
	mfspr	4, CSRR1
1:	stw	3, 0x44(6)
	stw	4, 0x48(6)
	mfspr	3, ESR
	stw	3, 0x4c(6)
	mfspr	3, DEAR
	stw	3, 0x50(6)

	lwz	2, 4(6)
	andi.	3, 2, FLAG_FLOAT
	beq	1f
	li	3, 0x2000
	mtmsr	3
	isync
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	stfd	\n, 0x100 + 8 * \n(6)
	.endr
	mffs	0
	stfd	0, SCRATCH(0)
	mtmsr	0
	isync
	lwz	3, SCRATCH + 4(0)
	stw	3, 0x24(6)
1:
	lwz	3, 0x10(6)
	addis	3, 3, BULK_HIGH
	addi	4, 6, 0x200
	li	5, 32
	mtctr	5
1:	lwz	7, 0(3)
	stw	7, 0(4)
	addi	4, 4, 4
	addi	3, 3, 4
	bdnz	1b

	/* SPRG4 to 7 are read under the user's numbers; DECAR cannot be read. */
	andi.	3, 2, FLAG_SYSTEM
	beq	1f
	.set	offset, 0x280
	.irp	n, 272, 273, 274, 275, 260, 261, 262, 263, 256, 58, 59, 570, 571, 946, 48, 947, 888, 312, 313, 314, 315, 316, 317, 318, 319, 26, 27, 880, 1011
	mfspr	3, \n
	stw	3, offset(6)
	.set	offset, offset + 4
	.endr
	mtspr	48, 0
	mtspr	947, 0
	mtspr	888, 0
	.irp	n, 312, 313, 314, 315, 316, 317, 318, 319
	mtspr	\n, 0
	.endr
1:
	andi.	3, 2, FLAG_TLB
	beq	1f
	lwz	3, 0x28(6)
	tlbre	4, 3, 0
	stw	4, 0x2c(6)
	mfspr	5, MMUCR
	stw	5, 0x38(6)
	tlbre	4, 3, 1
	stw	4, 0x30(6)
	tlbre	4, 3, 2
	stw	4, 0x34(6)
	mtspr	MMUCR, 0
	tlbwe	0, 3, 0
	isync
1:
	addi	4, 6, 0x80
	li	3, SAVED_GPRS
	li	5, 32
	mtctr	5
1:	lwz	7, 0(3)
	stw	7, 0(4)
	addi	4, 4, 4
	addi	3, 3, 4
	bdnz	1b

	addi	6, 6, RECORD_BYTES
	stw	6, RECORD(0)
	b	next_case

done:
	end_run
