import { Esr, Msr, sprn, Vector } from '@exitlab/core';

/**
 * Bits and numbers of the 440's supervisor registers that a hypervisor handles (PowerPC 440x5 User's Manual, chapter "Register
 * Summary") under KVM's names where it has its own. Values are masks over unsigned 32-bit words.
 */

export { Esr, Msr };

/** Interrupt vector numbers, in the order of IVOR0 to IVOR15. */
export const Ivor = {
  CRITICAL: Vector.criticalInput,
  MACHINE_CHECK: Vector.machineCheck,
  DATA_STORAGE: Vector.dataStorage,
  INST_STORAGE: Vector.instructionStorage,
  EXTERNAL: Vector.externalInput,
  ALIGNMENT: Vector.alignment,
  PROGRAM: Vector.program,
  FP_UNAVAIL: Vector.floatingPointUnavailable,
  SYSCALL: Vector.systemCall,
  AP_UNAVAIL: Vector.auxiliaryProcessorUnavailable,
  DECREMENTER: Vector.decrementer,
  FIT: Vector.fixedIntervalTimer,
  WATCHDOG: Vector.watchdog,
  DTLB_MISS: Vector.dataTlbError,
  ITLB_MISS: Vector.instructionTlbError,
  DEBUG: Vector.debug,
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

const SPR_NAMES = [
  'XER',
  'LR',
  'CTR',
  'DEC',
  'SRR0',
  'SRR1',
  'PID',
  'DECAR',
  'CSRR0',
  'CSRR1',
  'DEAR',
  'ESR',
  'IVPR',
  'USPRG0',
  'SPRG4R',
  'TBL',
  'TBU',
  'SPRG0',
  'SPRG1',
  'SPRG2',
  'SPRG3',
  'SPRG4',
  'SPRG5',
  'SPRG6',
  'SPRG7',
  'TBLW',
  'TBUW',
  'PIR',
  'PVR',
  'DBSR',
  'DBCR0',
  'DBCR1',
  'DBCR2',
  'IAC1',
  'IAC2',
  'IAC3',
  'IAC4',
  'DAC1',
  'DAC2',
  'DVC1',
  'DVC2',
  'TSR',
  'TCR',
  'IVOR0',
  'IVOR15',
  'MCSRR0',
  'MCSRR1',
  'MCSR',
  'INV0',
  'INV1',
  'INV2',
  'INV3',
  'ITV0',
  'ITV1',
  'ITV2',
  'ITV3',
  'CCR1',
  'DNV0',
  'DNV1',
  'DNV2',
  'DNV3',
  'DTV0',
  'DTV1',
  'DTV2',
  'DTV3',
  'DVLIM',
  'IVLIM',
  'RSTCFG',
  'DCDBTRL',
  'DCDBTRH',
  'ICDBTRL',
  'ICDBTRH',
  'MMUCR',
  'CCR0',
  'ICDBDR',
  'DBDR',
] as const;

/** Numbers of the special purpose registers that are handled here, by name. */
export const Spr = Object.fromEntries(SPR_NAMES.map((name) => [name, sprn(name)])) as Readonly<Record<(typeof SPR_NAMES)[number], number>>;
