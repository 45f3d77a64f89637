import { createHash } from 'node:crypto';
import { type EngineName, Processor440, StopReason } from '@exitlab/core';
import { HostArea, HostCell } from '../src/host-area.js';
import { Hypervisor, type HypervisorOptions, type LoggedExits } from '../src/index.js';
import { countersOf, RAM_BYTES, type Round, startGuest, writeGuest } from './exit-routine-guest.js';
import { RecordKeeper } from './record-keeper.js';

/** An edge comes each so many slices. */
const PULSE_SLICES = 29;
const SRR0 = 26;

/** Counts the exits that leave generated code from now on, by pc, and notes the numbers of interrupts that exits inside can defer. */
function watchEntries(processor: Processor440) {
  const outside = new Map<number, number>();
  const deferrals = new Set<number>();
  const area = new HostArea(processor.hostMemory);
  const run = processor.run.bind(processor);
  processor.run = (instructions) => {
    if (area.get(HostCell.blocked) === 0) deferrals.add(area.get(HostCell.deferrals));
    const reason = run(instructions);
    const pc = processor.readSpr(SRR0) as number;
    if (reason === StopReason.interrupt) outside.set(pc, (outside.get(pc) ?? 0) + 1);
    return reason;
  };
  return { outside, deferrals };
}

/**
 * Runs the guest in slices, with interrupts from outside between them.
 * @returns all that the run shows, and how its exits were handled
 */
export function runExitRoutineGuest(rounds: readonly Round[], sliceInstructions: number, engine: EngineName, options: HypervisorOptions) {
  const bus = { read: () => 0, write: () => hypervisor.pulseExternal() };
  const processor = new Processor440({
    ...{ ramSizeBytes: RAM_BYTES, devices: bus, dcrs: bus, coreHz: 4e8, timebaseHz: 1e8, engine },
    translationThresholds: { warm: 2, hot: 64 },
  });
  const { memory } = processor;
  writeGuest(memory, rounds);
  const traced: number[][] = [];
  const trace = ({ count, ...columns }: LoggedExits) => {
    for (let row = 0; row < count; row++) traced.push(Object.values(columns).map((column) => column[row] as number));
  };
  const recorder = new RecordKeeper(processor.clock.coreHz);
  const readers = { trace, recorder };
  const hypervisor: Hypervisor = new Hypervisor(processor, { bus, dcr: bus }, { ...options, ...(options.countSites && readers) });
  startGuest(hypervisor);
  const { vcpu } = hypervisor;
  const { outside, deferrals } = watchEntries(processor);
  const outcomes: string[] = [];
  for (let slices = 0; slices < 4000; slices++) {
    // An edge, and a level for some slices: with short ones both come where the guest holds them back, and beside its timer.
    const turn = slices % PULSE_SLICES;
    if (turn === 0) hypervisor.pulseExternal();
    if (turn === 10 || turn === 12) hypervisor.setExternal(turn === 10);
    if (turn === 14 || turn === 26) hypervisor.setCritical(turn === 14);
    const outcome = hypervisor.run(sliceInstructions);
    outcomes.push(outcome.kind === 'failure' ? outcome.failure.message : outcome.kind);
    if (outcome.kind !== 'limit') break;
  }
  const statistics = hypervisor.statistics();
  return {
    outcomes,
    handled: processor.hostInstructions,
    traced,
    outside,
    deferrals,
    shown: {
      outcome: outcomes.at(-1),
      slices: outcomes.length,
      guestInstructions: hypervisor.guestInstructions,
      cycles: processor.clock.cycles,
      statistics,
      // A comparison of maps takes no account of it.
      orderOfInstructions: [...statistics.instructions.keys()],
      traced,
      recorded: options.countSites && recorder.records(),
      registers: Array.from({ length: 32 }, (_, n) => processor.gpr(n)),
      tlb: Array.from({ length: 64 }, (_, index) => processor.readTlb(index)),
      guestTlb: Array.from({ length: 64 }, (_, index) => ({ ...vcpu.guestTlb.entry(index) })),
      vcpu: [vcpu.pc, vcpu.pid, vcpu.msr, vcpu.mmucr, vcpu.pending],
      processor: processor.statistics(),
      ...countersOf(memory),
      memory: createHash('sha1').update(memory.readBytes(0, RAM_BYTES)).digest('hex'),
    },
  };
}
