/**
 * The types by which exits are counted: one table, in the order in which KVM prints them (Linux 3.4, arch/powerpc/kvm/timing.c), then
 * those of our own for what that kernel refuses or never reflects, each with its reason.
 */
export interface ExitTypeRow {
  readonly name: string;
  /** Absent where KVM has the type; otherwise why this hypervisor needs it. */
  readonly ours?: string;
}

const ROWS = [
  { name: 'MMIO' },
  { name: 'DCR' },
  { name: 'SIGNAL' },
  { name: 'ITLBREAL' },
  { name: 'ITLBVIRT' },
  { name: 'DTLBREAL' },
  { name: 'DTLBVIRT' },
  { name: 'SYSCALL' },
  { name: 'ISI' },
  { name: 'DSI' },
  { name: 'EMULINST' },
  { name: 'EMUL_WAIT' },
  { name: 'EMUL_WRTEE' },
  { name: 'EMUL_MTSPR' },
  { name: 'EMUL_MFSPR' },
  { name: 'EMUL_MTMSR' },
  { name: 'EMUL_MFMSR' },
  { name: 'EMUL_TLBSX' },
  { name: 'EMUL_TLBWE' },
  { name: 'EMUL_RFI' },
  { name: 'DEC' },
  { name: 'EXTINT' },
  { name: 'HALT' },
  { name: 'USR_PR_INST' },
  { name: 'FP_UNAVAIL' },
  { name: 'DEBUG' },
  { name: 'X_EMUL_SPR', ours: 'an SPR of the 440 that KVM refuses to user space (MCSR, CSRR, MCSRR, debug, cache-line defaults)' },
  { name: 'X_EMUL_RFCI', ours: 'KVM 3.4 emulates neither rfci nor rfmci' },
  { name: 'X_EMUL_TLBRE', ours: 'KVM does not emulate tlbre on the 440' },
  { name: 'X_EMUL_CACHE', ours: 'privileged cache instructions (dccci, dcread, icread) that KVM refuses' },
  { name: 'X_PROGRAM', ours: 'a program interrupt of the guest kernel that KVM hands to user space as an emulation failure' },
  { name: 'X_FP_GRANT', ours: 'KVM never gives the guest floating point; here it is given at the first use' },
  { name: 'X_ALIGNMENT', ours: 'KVM has no exit case for alignment' },
  { name: 'X_AP_UNAVAIL', ours: 'KVM has no exit case for an unavailable auxiliary processor' },
  { name: 'X_FIT', ours: 'KVM models no fixed-interval timer' },
  { name: 'X_WATCHDOG', ours: 'KVM models no watchdog' },
  {
    name: 'X_MMIO',
    ours: 'an access to a device by an instruction that KVM does not emulate (multiple, string, reservation, floating point)',
  },
] as const satisfies readonly ExitTypeRow[];

export const EXIT_TYPES: readonly ExitTypeRow[] = ROWS;
export type ExitTypeName = (typeof ROWS)[number]['name'];

/** Index of an exit type in {@link EXIT_TYPES}, by name. */
export const ExitType = Object.fromEntries(ROWS.map((row, index) => [row.name, index])) as Readonly<Record<ExitTypeName, number>>;
export type ExitType = number;
