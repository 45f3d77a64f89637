/** The interrupts of the 440 (PPC440x5 UM, table of interrupt vectors): one row an IVOR. */
export type InterruptClass = 'base' | 'critical' | 'machineCheck';

export interface VectorRow {
  readonly ivor: number;
  readonly name: string;
  /** Which save/restore registers it uses: SRR0/1, CSRR0/1 or MCSRR0/1. */
  readonly class: InterruptClass;
  /** It writes ESR (all other bits cleared). */
  readonly writesEsr?: boolean;
  /** It writes DEAR. */
  readonly writesDear?: boolean;
}

export const Vector = {
  criticalInput: 0,
  machineCheck: 1,
  dataStorage: 2,
  instructionStorage: 3,
  externalInput: 4,
  alignment: 5,
  program: 6,
  floatingPointUnavailable: 7,
  systemCall: 8,
  auxiliaryProcessorUnavailable: 9,
  decrementer: 10,
  fixedIntervalTimer: 11,
  watchdog: 12,
  dataTlbError: 13,
  instructionTlbError: 14,
  debug: 15,
} as const;

export const VECTORS: readonly VectorRow[] = [
  { ivor: Vector.criticalInput, name: 'Critical Input', class: 'critical' },
  { ivor: Vector.machineCheck, name: 'Machine Check', class: 'machineCheck' },
  { ivor: Vector.dataStorage, name: 'Data Storage', class: 'base', writesEsr: true, writesDear: true },
  { ivor: Vector.instructionStorage, name: 'Instruction Storage', class: 'base', writesEsr: true },
  { ivor: Vector.externalInput, name: 'External Input', class: 'base' },
  { ivor: Vector.alignment, name: 'Alignment', class: 'base', writesEsr: true, writesDear: true },
  { ivor: Vector.program, name: 'Program', class: 'base', writesEsr: true },
  { ivor: Vector.floatingPointUnavailable, name: 'Floating-Point Unavailable', class: 'base' },
  { ivor: Vector.systemCall, name: 'System Call', class: 'base' },
  { ivor: Vector.auxiliaryProcessorUnavailable, name: 'Auxiliary Processor Unavailable', class: 'base' },
  { ivor: Vector.decrementer, name: 'Decrementer', class: 'base' },
  { ivor: Vector.fixedIntervalTimer, name: 'Fixed-Interval Timer', class: 'base' },
  { ivor: Vector.watchdog, name: 'Watchdog Timer', class: 'critical' },
  { ivor: Vector.dataTlbError, name: 'Data TLB Error', class: 'base', writesEsr: true, writesDear: true },
  { ivor: Vector.instructionTlbError, name: 'Instruction TLB Error', class: 'base' },
  { ivor: Vector.debug, name: 'Debug', class: 'critical' },
];

/** Bits of the MSR that the 440 implements (PPC440x5 UM, Machine State Register). */
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
export const MSR_IMPLEMENTED = Object.values(Msr).reduce((all, bit) => all | bit, 0);

/** Bits of the ESR (PPC440x5 UM, Exception Syndrome Register). */
export const Esr = {
  MCI: 0x80000000,
  PIL: 0x08000000,
  PPR: 0x04000000,
  PTR: 0x02000000,
  FP: 0x01000000,
  ST: 0x00800000,
  /** DLK = 0b10: a user's icbi while MMUCR[IULXE] is set. */
  DLK0: 0x00200000,
  /** DLK = 0b01: a user's dcbf while MMUCR[DULXE] is set. */
  DLK1: 0x00100000,
  AP: 0x00080000,
  PUO: 0x00040000,
  BO: 0x00020000,
  PIE: 0x00010000,
  PCRE: 0x00000010,
} as const;
