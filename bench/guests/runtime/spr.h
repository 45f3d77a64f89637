/* SPR numbers and register fields of the 440 (PPC440x5 user's manual, register summary), for C and for assembly. */
#ifndef SPR_H
#define SPR_H

#define SPR_DEC 22
#define SPR_SRR0 26
#define SPR_SRR1 27
#define SPR_PID 48
#define SPR_DEAR 61
#define SPR_ESR 62
#define SPR_IVPR 63
#define SPR_SPRG4R 260
#define SPR_SPRG5R 261
#define SPR_SPRG6R 262
#define SPR_SPRG7R 263
#define SPR_TBL 268
#define SPR_SPRG0 272
#define SPR_SPRG1 273
#define SPR_SPRG2 274
#define SPR_SPRG3 275
#define SPR_SPRG4W 276
#define SPR_SPRG5W 277
#define SPR_SPRG6W 278
#define SPR_SPRG7W 279
#define SPR_DBCR0 308
#define SPR_TSR 336
#define SPR_TCR 340
#define SPR_IVOR0 400
#define SPR_MMUCR 946

/* Interrupts by IVOR number. */
#define VECTOR_DATA_STORAGE 2
#define VECTOR_INSTRUCTION_STORAGE 3
#define VECTOR_EXTERNAL 4
#define VECTOR_ALIGNMENT 5
#define VECTOR_PROGRAM 6
#define VECTOR_SYSTEM_CALL 8
#define VECTOR_DECREMENTER 10
#define VECTOR_DATA_TLB 13
#define VECTOR_INSTRUCTION_TLB 14

#define MSR_WE 0x00040000
#define MSR_EE 0x00008000
#define MSR_PR 0x00004000
#define MSR_FP 0x00002000
#define MSR_ME 0x00001000

#define ESR_PTR 0x02000000
#define ESR_ST 0x00800000

#define TCR_DIE 0x04000000
#define TSR_DIS 0x08000000

/* DBCR0[IDM] is not needed for a reset; DBCR0[RST] = 0b11 is a system reset. */
#define DBCR0_RST_SYSTEM 0x30000000

/* TLB entry, the three words of tlbwe. */
#define TLB0_VALID 0x200
#define TLB0_SIZE_4K 0x010
#define TLB0_SIZE_256M 0x090
#define TLB2_I 0x400
#define TLB2_G 0x100
#define TLB2_UX 0x20
#define TLB2_UW 0x10
#define TLB2_UR 0x08
#define TLB2_SX 0x04
#define TLB2_SW 0x02
#define TLB2_SR 0x01

#ifndef __ASSEMBLER__
#define SPR_TEXT_(n) #n
#define SPR_TEXT(n) SPR_TEXT_(n)
#define read_spr(spr)                                                    \
  ({                                                                     \
    uint32_t spr_value_;                                                 \
    __asm__ volatile("mfspr %0, " SPR_TEXT(spr) : "=r"(spr_value_));     \
    spr_value_;                                                          \
  })
#define write_spr(spr, value) __asm__ volatile("mtspr " SPR_TEXT(spr) ", %0" : : "r"((uint32_t)(value)) : "memory")
#endif

#endif
