/* What C, assembly and the linker script of the small kernel agree on. */
#ifndef LAYOUT_H
#define LAYOUT_H

/* User addresses: a process has its own pages everywhere in here, and only here. */
#define USER_TEXT 0x40000000
#define USER_DATA 0x50000000
#define USER_DATA_END 0x50800000
#define USER_STACK 0x7ff00000
#define USER_STACK_END 0x80000000

/* Where the user image lies in physical memory, and the pages that processes and page tables are made of. All below 16 MB. */
#define USER_IMAGE 0x00100000
#define PAGES_START 0x00200000
#define PAGES_END 0x00f00000

#define PAGE_BYTES 4096

/* TLB slots: kernel memory, the console's page, and the rest in turn for user pages. */
#define TLB_SLOT_KERNEL 0
#define TLB_SLOT_CONSOLE 1
#define TLB_SLOT_FIRST_USER 2
#define TLB_SLOT_LAST 63

/*
 * A page table entry is two words: ERPN, then RPN with TLB word 2's attributes and permissions in place. Its bit 25 is reserved
 * in word 2 and says here that the page is present. A directory has 2048 words of 2 MB each, a table 512 entries.
 */
#define PTE_PRESENT 0x40
#define PTE_TLB2_MASK 0x0fbf

/* Offsets in struct process, checked in process.c. */
#define PROCESS_GPR(n) (4 * (n))
#define PROCESS_PC 128
#define PROCESS_MSR 132
#define PROCESS_CR 136
#define PROCESS_LR 140
#define PROCESS_CTR 144
#define PROCESS_XER 148
#define PROCESS_PID 152
#define PROCESS_DIRECTORY 156

/* System calls: the number in r0, arguments in r3 and r4, the result in r3. */
#define CALL_EXIT 1
#define CALL_GET_PID 2
#define CALL_YIELD 3
#define CALL_SLEEP 4
#define CALL_DISCARD 5
#define CALL_CHECKSUM 6
#define CALL_SET_HANDLER 7
#define CALL_RETURN_FROM_HANDLER 8

#endif
