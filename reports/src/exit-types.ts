/** One exit type as reports show it. */
export interface ExitTypeRow {
  /** Colour in every chart: one hue a family, so that related exits look related. */
  readonly colour: string;
  /** One clause for the glossary. */
  readonly meaning: string;
}

/** How reports show KVM's exit types (names and their sense: linux-kvm.org, "PowerPC Exittimings", and arch/powerpc/kvm/timing.c). */
const EXIT_TYPES: Readonly<Record<string, ExitTypeRow>> = {
  MMIO: { colour: '#8d6e63', meaning: 'a load or store of a device, finished in the machine monitor' },
  DCR: { colour: '#bfa79b', meaning: 'a device control register that the machine monitor answers' },
  SIGNAL: { colour: '#5d4037', meaning: 'the host wanted the processor' },
  ITLBREAL: { colour: '#3fb7ad', meaning: 'an instruction TLB miss that the guest has to refill itself' },
  ITLBVIRT: { colour: '#7fb3f2', meaning: 'an instruction TLB miss only of the shadow TLB: the guest had the page mapped' },
  DTLBREAL: { colour: '#12807a', meaning: 'a data TLB miss that the guest has to refill itself' },
  DTLBVIRT: { colour: '#2f74d0', meaning: 'a data TLB miss only of the shadow TLB: the guest had the page mapped' },
  SYSCALL: { colour: '#3f9142', meaning: 'a system call, given to the guest kernel' },
  ISI: { colour: '#a5c34a', meaning: 'an instruction storage interrupt, given to the guest kernel' },
  DSI: { colour: '#7a9a1f', meaning: 'a data storage interrupt, given to the guest kernel' },
  EMULINST: { colour: '#8a94a0', meaning: 'emulation of a privileged instruction without a type of its own' },
  EMUL_WAIT: { colour: '#d8dee4', meaning: 'the guest waits for an interrupt (MSR[WE])' },
  EMUL_WRTEE: { colour: '#e0699f', meaning: 'emulation of wrtee or wrteei: external interrupts on or off' },
  EMUL_MTSPR: { colour: '#e2711d', meaning: 'emulation of mtspr: a write of a special register' },
  EMUL_MFSPR: { colour: '#f6b26b', meaning: 'emulation of mfspr: a read of a special register' },
  EMUL_MTMSR: { colour: '#b3303c', meaning: 'emulation of mtmsr' },
  EMUL_MFMSR: { colour: '#ef8d94', meaning: 'emulation of mfmsr' },
  EMUL_TLBSX: { colour: '#b3a5ea', meaning: 'emulation of tlbsx: a search of the guest TLB' },
  EMUL_TLBWE: { colour: '#6a56c2', meaning: 'emulation of tlbwe: one word of a guest TLB entry' },
  EMUL_RFI: { colour: '#a03fb0', meaning: 'emulation of rfi: return from interrupt' },
  DEC: { colour: '#e8bf3a', meaning: 'the decrementer' },
  EXTINT: { colour: '#b98f10', meaning: 'an external interrupt' },
  HALT: { colour: '#c9c2a4', meaning: 'a wake-up from waiting (no code path of KVM for the 440 sets it)' },
  USR_PR_INST: { colour: '#4d6b3c', meaning: 'a privileged instruction in guest user mode, reflected to the guest kernel' },
  FP_UNAVAIL: { colour: '#6c7a40', meaning: 'floating point unavailable' },
  DEBUG: { colour: '#4b5560', meaning: 'a debug interrupt' },
};

/** Types of ours, which KVM does not have, share one colour; their reasons stand in the results. */
const OURS: ExitTypeRow = { colour: '#d6336c', meaning: 'a type of ours, which KVM does not have' };

/** How to show `type`. */
export function exitTypeRow(type: string): ExitTypeRow {
  return EXIT_TYPES[type] ?? OURS;
}

/** Time that is no exit's. */
export const TIME_COLOURS = { guest: '#c3ccd6', idle: '#e9edf1' } as const;
