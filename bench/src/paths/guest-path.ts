import { decode, Msr, type Processor, StopReason, sprn, Vector } from '@exitlab/core';

/** What a processor did in one step: an instruction, with the state that it began in, or an interrupt that it took instead. */
export type Step =
  | { readonly kind: 'instruction'; readonly pc: number; readonly word: number; readonly msr: number }
  | { readonly kind: 'interrupt'; readonly vector: number; readonly pc: number; readonly msr: number };

const IVPR = sprn('IVPR');
const IVOR0 = sprn('IVOR0');
const SRR0 = sprn('SRR0');
const PID = sprn('PID');
/** What an interrupt with SRR0 and SRR1 leaves of the MSR (PPC440x5 UM, Interrupt Processing). */
const KEPT_MSR = Msr.CE | Msr.ME | Msr.DE;

/**
 * Follows a guest natively, without a hypervisor, for so many steps. Interrupts are entered here as the architecture says, so that each is
 * seen before the first instruction of its handler.
 */
export function followNatively(processor: Processor, count: number): Step[] {
  const steps: Step[] = [];
  processor.interruptTarget = 'host';
  while (steps.length < count) {
    const { pc, msr } = processor;
    const word = wordAt(processor, pc, msr);
    const reason = processor.run(1);
    if (reason === StopReason.limit) {
      steps.push({ kind: 'instruction', pc, word: word ?? 0, msr });
      continue;
    }
    if (reason !== StopReason.interrupt) break;
    const vector = processor.lastVector;
    steps.push({ kind: 'interrupt', vector, pc: processor.readSpr(SRR0)!, msr });
    processor.pc = (processor.readSpr(IVPR)! | processor.readSpr(IVOR0 + vector)!) >>> 0;
    processor.msr = msr & KEPT_MSR;
  }
  processor.interruptTarget = 'vectors';
  return steps;
}

function wordAt(processor: Processor, pc: number, msr: number): number | undefined {
  const space = (msr & Msr.IS) === 0 ? 0 : 1;
  const pa = processor.translate(pc, 'execute', space, processor.readSpr(PID)!, (msr & Msr.PR) !== 0);
  return pa === undefined ? undefined : processor.memory.read32(pa);
}

/** One kind of path through a guest kernel. */
export interface PathRow {
  readonly id: 'null-system-call' | 'dtlb-refill' | 'irq-pair';
  readonly title: string;
  /** The workload of `bench/guests/linux-init` that takes it over and over, and how often it is done to measure the path. */
  readonly workload: string;
  readonly count: number;
  /** Whether it is between an interrupt in user code and the return there. */
  readonly isRoundTrip: boolean;
  /** One time through it, among the steps of a guest in that workload; undefined where it does not come. */
  find(steps: readonly Step[]): readonly Step[] | undefined;
}

const isUser = ({ msr }: Step): boolean => (msr & Msr.PR) !== 0;

/** From an interrupt in user code to the return there, if nothing else interrupts. */
function roundTrip(
  steps: readonly Step[],
  vector: number,
  returnsTo: (interrupt: Step, back: Step) => boolean,
): readonly Step[] | undefined {
  for (let start = 0; start < steps.length; start++) {
    const interrupt = steps[start]!;
    if (interrupt.kind !== 'interrupt' || interrupt.vector !== vector || !isUser(interrupt)) continue;
    const length = steps.slice(start + 1).findIndex((step) => step.kind === 'interrupt' || isUser(step));
    const back = steps[start + 1 + length];
    if (length < 0 || back?.kind !== 'instruction' || !returnsTo(interrupt, back)) continue;
    return steps.slice(start, start + 1 + length);
  }
  return undefined;
}

/** The most instructions between switching interrupts off and on again in a pair that is shown. */
const LONGEST_PAIR = 40;

const mnemonic = (step: Step | undefined): string | undefined =>
  step?.kind === 'instruction' ? decode(step.word)?.row.mnemonic : undefined;

/** `mfmsr`, `wrteei 0`, something short without calls, `wrtee`: what local_irq_save and local_irq_restore become on Book E. */
function interruptsOffAndOn(steps: readonly Step[]): readonly Step[] | undefined {
  for (let start = 0; start < steps.length; start++) {
    if (mnemonic(steps[start]) !== 'mfmsr') continue;
    const stretch = steps.slice(start, start + LONGEST_PAIR);
    const off = stretch.findIndex((step) => mnemonic(step) === 'wrteei');
    const on = stretch.findIndex((step) => mnemonic(step) === 'wrtee');
    if (off < 0 || on < off) continue;
    const pair = stretch.slice(0, on + 1);
    if (pair.some((step) => step.kind === 'interrupt' || step.pc < steps[start]!.pc || step.pc > stretch[on]!.pc)) continue;
    return pair;
  }
  return undefined;
}

/** The paths that issue and report are about. */
export const PATHS: readonly PathRow[] = [
  {
    id: 'null-system-call',
    title: 'A null system call',
    workload: 'getppid',
    count: 1000,
    isRoundTrip: true,
    find: (steps) => roundTrip(steps, Vector.systemCall, (interrupt, back) => back.pc === interrupt.pc),
  },
  {
    id: 'dtlb-refill',
    title: 'A user DTLB refill, page table entry present',
    workload: 'walk',
    count: 8,
    isRoundTrip: true,
    find: (steps) => roundTrip(steps, Vector.dataTlbError, (interrupt, back) => back.pc === interrupt.pc),
  },
  {
    id: 'irq-pair',
    title: 'Interrupts off and on again (local_irq_save, local_irq_restore)',
    workload: 'pipe',
    count: 50,
    isRoundTrip: false,
    find: interruptsOffAndOn,
  },
];
