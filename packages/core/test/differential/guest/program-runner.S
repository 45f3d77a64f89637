/*
 * Runs random programs that the host has put into memory, one after the other, until each has been started as often as it may be or
 * its log is full. Every interrupt of a program is logged with all registers; then the handler answers it as the program's table says,
 * fills the TLB from its page tables, and goes on.
 *
 * Effective addresses: 0 to 64 KB this program (supervisor), BULK all of physical memory (supervisor), LINEAR the same for programs; all
 * else is filled into the TLB when it is missed. programs/layout.ts has the same numbers.
 *
 * A block, 128 KB: 0x0000 what to start with (below), 0x1000 page tables, 0x4000 data, 0x8000 code, 0xc000 another copy of it, 0x10000
 * the log, 0x1c000 the state at the end, 0x1c100 the TLB at the end.
 */
#include "machine.inc"

#define BLOCK_BYTES_HIGH 2

/* Of a block. */
#define START_LR 0x8c
#define SPRS 0x90
#define RESTART_COUNT 0xe0
#define MOST_LOGGED 0xe4
#define BY_PROCESS 0xe8
#define ANSWERS 0x100
#define RESTARTS 0x300
#define PAGE_TABLES 0x1000
#define DATA 0x4000
#define LOG_HIGH 1
#define END_STATE 0xc000	/* from the log */
#define END_TLB 0xc100
#define LOG_ENTRY_BYTES 192

/* Variables of a program's run. */
#define LOG 0x3020
#define LOGGED 0x3024
#define TURN 0x3028
#define COPY 0x302c
#define SLOTS 0x3030		/* by class of page, the one of its eight slots that was filled last */
#define DROPPED 0x303c
#define SAVED_CR 0x2080		/* CR, XER, CTR, LR */

/* Answers to an interrupt. */
#define SKIP 0x001
#define TO_SUPERVISOR 0x002
#define TO_USER 0x004
#define RESTART 0x008
#define FILL 0x010
#define DROP_CODE 0x020
#define SWAP_COPIES 0x040
#define NEXT_PROCESS 0x080
#define SWITCH_SPACE 0x100
#define DROP_DATA 0x200

#define PROGRAM 6
#define DATA_TLB_ERROR 13
#define INSTRUCTION_TLB_ERROR 14

	.text
	.globl _start
_start:
	b	start

	vectors	taken

start:
	li	0, 0
	mtspr	MMUCR, 0
	mtspr	PID, 0
	tlb	63, 0x00000230, 0x00000000, 0x007	/* this program: 64 KB, supervisor */
	tlb	62, 0xc0000290, 0x00000000, 0x007	/* everything: 256 MB, supervisor */
	tlb	61, 0x40000290, 0x00000000, 0x03f	/* the same for everyone, in both address spaces */
	tlb	60, 0x40000390, 0x00000000, 0x03f
	isync
	set_vectors

next_program:
	lwz	3, COUNT(0)
	addic.	3, 3, -1
	blt	done
	stw	3, COUNT(0)
	lwz	5, RECORD(0)
	addis	6, 5, LOG_HIGH
	stw	6, LOG(0)
	li	0, 0
	stw	0, LOGGED(0)
	stw	0, TURN(0)
	stw	0, COPY(0)
	stw	0, SLOTS(0)
	stw	0, SLOTS + 4(0)
	stw	0, SLOTS + 8(0)
	stw	0, DROPPED(0)
	mtspr	PID, 0
	mtspr	MMUCR, 0
	mtspr	ESR, 0
	mtspr	DEAR, 0
	li	3, 59
1:	tlbwe	0, 3, 0
	tlbwe	0, 3, 1
	tlbwe	0, 3, 2
	addic.	3, 3, -1
	bge	1b
	isync
	.set	offset, SPRS
	.irp	n, 58, 59, 570, 571, 272, 273, 274, 275, 276, 277, 278, 279, 256, 316, 317, 318, 319, 1011
	lwz	3, offset(5)
	mtspr	\n, 3
	.set	offset, offset + 4
	.endr
	/* Floating-point registers are the start of its data. */
	mfmsr	3
	ori	3, 3, 0x2000
	mtmsr	3
	isync
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	lfd	\n, DATA + 8 * \n(5)
	.endr
	/* Its registers, where an interrupted program's are. */
	li	3, SAVED_GPRS
	mr	4, 5
	li	6, 36
	mtctr	6
1:	lwz	7, 0(4)
	stw	7, 0(3)
	addi	3, 3, 4
	addi	4, 4, 4
	bdnz	1b
	b	restart

	/* An interrupt: r1 is its number, the GPRs are saved. */
taken:
	mfcr	2
	mfxer	3
	mfctr	4
	mflr	5
	stw	2, SAVED_CR(0)
	stw	3, SAVED_CR + 4(0)
	stw	4, SAVED_CR + 8(0)
	stw	5, SAVED_CR + 12(0)
	mfmsr	6
	mfspr	10, SRR0
	mfspr	11, SRR1
	mfspr	12, ESR
	mfspr	13, DEAR
	lwz	7, LOG(0)
	stw	1, 0(7)
	stw	10, 4(7)
	stw	11, 8(7)
	stw	12, 12(7)
	stw	13, 16(7)
	stw	6, 20(7)
	stw	2, 24(7)
	stw	3, 28(7)
	stw	4, 32(7)
	stw	5, 36(7)
	li	3, SAVED_GPRS
	addi	4, 7, 64
	li	5, 32
	mtctr	5
1:	lwz	6, 0(3)
	stw	6, 0(4)
	addi	3, 3, 4
	addi	4, 4, 4
	bdnz	1b
	addi	7, 7, LOG_ENTRY_BYTES
	stw	7, LOG(0)
	li	0, 0
	mtspr	ESR, 0
	mtspr	DEAR, 0
	drop_reservation
	lwz	5, RECORD(0)
	lwz	8, LOGGED(0)
	addi	8, 8, 1
	stw	8, LOGGED(0)
	lwz	9, MOST_LOGGED(5)
	cmpw	8, 9
	bge	finish

	/* A round ends at the last word of the code, and when a program has jumped as often as it may. */
	rlwinm	3, 10, 0, 18, 31
	cmpwi	3, 0x3ffc
	beq	restart
	cmpwi	1, PROGRAM
	bne	1f
	rlwinm	11, 11, 0, 15, 10	/* without the reasons that QEMU leaves there */
	lwz	3, SAVED_GPRS + 4(0)
	cmpwi	3, 0
	ble	restart
1:
	/* The window, which a program maps itself, is not filled. */
	cmpwi	1, DATA_TLB_ERROR
	bne	1f
	lis	3, 0x6000
	cmplw	13, 3
	blt	1f
	addi	10, 10, 4
	b	return
1:
	slwi	3, 1, 5
	rlwimi	3, 8, 2, 27, 29
	add	3, 3, 5
	lwz	14, ANSWERS(3)
	andi.	3, 14, SKIP
	beq	1f
	addi	10, 10, 4
1:	andi.	3, 14, TO_SUPERVISOR
	beq	1f
	rlwinm	11, 11, 0, 18, 16
1:	andi.	3, 14, TO_USER
	beq	1f
	ori	11, 11, 0x4000
1:	andi.	3, 14, SWITCH_SPACE
	beq	1f
	xori	11, 11, 0x30
1:	andi.	3, 14, NEXT_PROCESS
	beq	1f
	mfspr	3, PID
	addi	3, 3, 1
	rlwinm	3, 3, 0, 30, 31
	mtspr	PID, 3
1:	andi.	3, 14, DROP_CODE
	beq	1f
	li	15, 4
	bl	drop_slot
1:	andi.	3, 14, DROP_DATA
	beq	1f
	li	15, 12
	bl	drop_slot
1:	andi.	3, 14, SWAP_COPIES
	beq	1f
	lwz	3, COPY(0)
	xori	3, 3, 0x4000
	stw	3, COPY(0)
	li	0, 0
	li	3, 11
2:	tlbwe	0, 3, 0
	addi	3, 3, -1
	cmpwi	3, 4
	bge	2b
1:	andi.	3, 14, FILL
	bne	fill
	andi.	3, 14, RESTART
	bne	restart

return:
	mtspr	SRR0, 10
	mtspr	SRR1, 11
	lwz	3, SAVED_CR(0)
	mtcr	3
	lwz	3, SAVED_CR + 4(0)
	mtxer	3
	lwz	3, SAVED_CR + 8(0)
	mtctr	3
	lwz	3, SAVED_CR + 12(0)
	mtlr	3
	load_gprs	SAVED_GPRS, 0
	rfi

	/* The next of the program's places and states. */
restart:
	lwz	5, RECORD(0)
	lwz	3, TURN(0)
	lwz	4, RESTART_COUNT(5)
	cmpw	3, 4
	bge	finish
	addi	4, 3, 1
	stw	4, TURN(0)
	slwi	3, 3, 3
	add	3, 3, 5
	lwz	10, RESTARTS(3)
	lwz	11, RESTARTS + 4(3)
	/* How often it may jump; and LR, which may lead to the middle of what has been interrupted. */
	lwz	6, 4(5)
	stw	6, SAVED_GPRS + 4(0)
	lwz	6, START_LR(5)
	stw	6, SAVED_CR + 12(0)
	b	return

	/* Drops the next of the eight slots from r15 on. */
drop_slot:
	lwz	3, DROPPED(0)
	addi	3, 3, 3
	rlwinm	3, 3, 0, 29, 31
	stw	3, DROPPED(0)
	add	3, 3, 15
	li	0, 0
	tlbwe	0, 3, 0
	blr

	/* Enters the page that missed into the next slot of its class, as the page table says. */
fill:
	mr	20, 13
	rlwinm	21, 11, 28, 31, 31	/* MSR[DS] */
	cmpwi	1, INSTRUCTION_TLB_ERROR
	bne	1f
	mr	20, 10
	rlwinm	21, 11, 27, 31, 31	/* MSR[IS] */
1:	rlwinm	22, 20, 24, 22, 27	/* 16 bytes a page, 64 pages */
	rlwimi	22, 20, 12, 21, 21	/* 1 KB each for addresses with and without bit 1 */
	rlwimi	22, 21, 11, 20, 20	/* 2 KB each for the address spaces */
	add	22, 22, 5
	lwz	23, PAGE_TABLES(22)
	lwz	24, PAGE_TABLES + 4(22)
	lwz	25, PAGE_TABLES + 8(22)
	cmpwi	25, 0
	bne	1f
	lwz	3, COPY(0)
	xor	23, 23, 3
1:	slwi	3, 25, 2
	lwz	4, SLOTS(3)
	addi	4, 4, 1
	rlwinm	4, 4, 0, 29, 31
	stw	4, SLOTS(3)
	slwi	3, 25, 3
	add	4, 4, 3
	addi	4, 4, 4
	lwz	3, BY_PROCESS(5)
	cmpwi	3, 0
	beq	1f
	mfspr	3, PID
1:	mtspr	MMUCR, 3
	li	0, 0
	tlbwe	0, 4, 0
	tlbwe	23, 4, 1
	tlbwe	24, 4, 2
	rlwinm	20, 20, 0, 0, 19
	ori	20, 20, 0x210
	rlwimi	20, 21, 8, 23, 23
	tlbwe	20, 4, 0
	b	return

	/* A program has ended. */
finish:
	lwz	5, RECORD(0)
	addis	6, 5, LOG_HIGH
	lis	8, 0
	ori	8, 8, END_STATE
	add	7, 6, 8
	lwz	3, LOGGED(0)
	stw	3, 0(7)
	lwz	3, TURN(0)
	stw	3, 4(7)
	.set	offset, 8
	.irp	n, 58, 59, 570, 571, 272, 273, 274, 275, 260, 261, 262, 263, 256, 48, 946, 316, 317, 318, 319, 1011
	mfspr	3, \n
	stw	3, offset(7)
	.set	offset, offset + 4
	.endr
	addi	7, 7, END_TLB - END_STATE
	li	8, 0
1:	tlbre	3, 8, 0
	mfspr	4, MMUCR
	stw	3, 0(7)
	stw	4, 12(7)
	tlbre	3, 8, 1
	stw	3, 4(7)
	tlbre	3, 8, 2
	stw	3, 8(7)
	addi	7, 7, 16
	addi	8, 8, 1
	cmpwi	8, 64
	blt	1b
	addis	5, 5, BLOCK_BYTES_HIGH
	stw	5, RECORD(0)
	b	next_program

done:
	end_run
