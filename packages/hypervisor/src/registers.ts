/**
 * Bits and numbers of the 440's supervisor registers that a hypervisor handles (PowerPC 440x5 User's Manual, chapter "Register
 * Summary"). Values are masks over unsigned 32-bit words.
 */

/** Machine state register. */
export const Msr = {
  WE: 0x00040000,
  CE: 0x00020000,
  EE: 0x00008000,
  PR: 0x00004000,
  FP: 0x00002000,
  ME: 0x00001000,
  FE0: 0x00000800,
  DWE: 0x00000400,
  DE: 0x00000200,
  FE1: 0x00000100,
  IS: 0x00000020,
  DS: 0x00000010,
} as const;

/** Exception syndrome register. */
export const Esr = {
  PIL: 0x08000000,
  PPR: 0x04000000,
  PTR: 0x02000000,
  FP: 0x01000000,
  ST: 0x00800000,
} as const;

/** Interrupt vector numbers, in the order of IVOR0 to IVOR15. */
export const Ivor = {
  CRITICAL: 0,
  MACHINE_CHECK: 1,
  DATA_STORAGE: 2,
  INST_STORAGE: 3,
  EXTERNAL: 4,
  ALIGNMENT: 5,
  PROGRAM: 6,
  FP_UNAVAIL: 7,
  SYSCALL: 8,
  AP_UNAVAIL: 9,
  DECREMENTER: 10,
  FIT: 11,
  WATCHDOG: 12,
  DTLB_MISS: 13,
  ITLB_MISS: 14,
  DEBUG: 15,
} as const;

/** Machine check syndrome register: summary, and a bus error on an instruction fetch. */
export const Mcsr = { MCS: 0x80000000, IB: 0x40000000 } as const;

/** Timer status and control registers. */
export const Tsr = { ENW: 0x80000000, WIS: 0x40000000, WRS: 0x30000000, DIS: 0x08000000, FIS: 0x04000000 } as const;
export const Tcr = {
  WP: 0xc0000000,
  WRC: 0x30000000,
  WIE: 0x08000000,
  DIE: 0x04000000,
  FP: 0x03000000,
  FIE: 0x00800000,
  ARE: 0x00400000,
} as const;

/** Debug control register 0: a non-zero RST field asks for a reset. */
export const Dbcr0 = { RST: 0x30000000 } as const;

/** MMUCR fields that `tlbwe` and `tlbsx` use. */
export const Mmucr = { STS: 0x00010000, STID: 0x000000ff } as const;

/** Special purpose registers by number. */
export const Spr = {
  XER: 1,
  LR: 8,
  CTR: 9,
  DEC: 22,
  SRR0: 26,
  SRR1: 27,
  PID: 48,
  DECAR: 54,
  CSRR0: 58,
  CSRR1: 59,
  DEAR: 61,
  ESR: 62,
  IVPR: 63,
  USPRG0: 256,
  SPRG4R: 260,
  TBL: 268,
  TBU: 269,
  SPRG0: 272,
  SPRG1: 273,
  SPRG2: 274,
  SPRG3: 275,
  SPRG4: 276,
  SPRG5: 277,
  SPRG6: 278,
  SPRG7: 279,
  TBWL: 284,
  TBWU: 285,
  PIR: 286,
  PVR: 287,
  DBSR: 304,
  DBCR0: 308,
  DBCR1: 309,
  DBCR2: 310,
  IAC1: 312,
  IAC2: 313,
  IAC3: 314,
  IAC4: 315,
  DAC1: 316,
  DAC2: 317,
  DVC1: 318,
  DVC2: 319,
  TSR: 336,
  TCR: 340,
  IVOR0: 400,
  IVOR15: 415,
  MCSRR0: 570,
  MCSRR1: 571,
  MCSR: 572,
  INV0: 880,
  INV1: 881,
  INV2: 882,
  INV3: 883,
  ITV0: 884,
  ITV1: 885,
  ITV2: 886,
  ITV3: 887,
  CCR1: 888,
  DNV0: 912,
  DNV1: 913,
  DNV2: 914,
  DNV3: 915,
  DTV0: 916,
  DTV1: 917,
  DTV2: 918,
  DTV3: 919,
  DVLIM: 920,
  IVLIM: 921,
  RSTCFG: 923,
  DCDBTRL: 924,
  DCDBTRH: 925,
  ICDBTRL: 926,
  ICDBTRH: 927,
  MMUCR: 946,
  CCR0: 947,
  ICDBDR: 979,
  DBDR: 1011,
} as const;
