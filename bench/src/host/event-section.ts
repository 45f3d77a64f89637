import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EVENT_PROGRAMS, type EventProgram } from './event-programs.js';
import { type Measured, measureInterleaved, quotients } from './host-measurements.js';
import { figure, type HostSection } from './host-section.js';
import { HOST_TARGETS } from './host-targets.js';
import { exitlab, type Peer, qemu } from './peers.js';
import { timeProcess } from './timed-process.js';

const NANOSECONDS = 1e9;
/** How often a program's event is made in the shorter and the longer run. */
export interface EventCounts {
  readonly less: number;
  readonly more: number;
}
const EVENTS: EventCounts = { less: 100_000, more: 10_000_000 };
/** A refill takes QEMU microseconds. */
const REFILLS: EventCounts = { less: 20_000, more: 500_000 };
/** This program is several times as fast. */
export const OUR_EVENTS: EventCounts = { less: 100_000, more: 30_000_000 };
const MOVES: EventCounts = { less: 1_000_000, more: 500_000_000 };
/** By program and peer, some tenths of a second or more of additional events, so that they stand out from what a process's start varies by. */
const COUNTS: Readonly<Record<string, { readonly ours: EventCounts; readonly theirs: EventCounts }>> = {
  'sc-supervisor': { ours: OUR_EVENTS, theirs: EVENTS },
  'sc-user': { ours: OUR_EVENTS, theirs: EVENTS },
  privileged: { ours: OUR_EVENTS, theirs: EVENTS },
  'tlb-refill': { ours: { less: 20_000, more: 5_000_000 }, theirs: REFILLS },
  mfspr: { ours: MOVES, theirs: MOVES },
};
const TARGETS: Readonly<Record<string, (typeof HOST_TARGETS)[keyof typeof HOST_TARGETS]>> = {
  'sc-supervisor': HOST_TARGETS.exceptionAgainstQemu,
  'sc-user': HOST_TARGETS.exceptionAgainstQemu,
  privileged: HOST_TARGETS.exceptionAgainstQemu,
  'tlb-refill': HOST_TARGETS.refillAgainstQemu,
};

/** Host seconds of one event under a peer, by the additional ones of a longer run. */
export function secondsAnEvent(
  peer: Peer,
  { name, image }: EventProgram,
  { less, more }: EventCounts,
  scratchFolder: string,
  secondsNow: () => number,
): Measured {
  const commandOf = (events: number) => {
    const kernel = join(scratchFolder, `${name}-${events}.elf`);
    writeFileSync(kernel, image(events));
    return peer.command({ kernel, append: '' });
  };
  const [shorter, longer] = [commandOf(less), commandOf(more)];
  return {
    key: `${name}: ${peer.name}`,
    sample: () => (timeProcess(longer, secondsNow) - timeProcess(shorter, secondsNow)) / (more - less),
  };
}

/** Exceptions and TLB refills, natively, against QEMU. */
export const eventSection: HostSection = {
  name: 'events',
  meaning: 'sc and rfi, privileged traps, TLB refills, times the speed of QEMU',
  share: 2,
  async measure({ scratchFolder, hasQemu }, repetition) {
    const peers = hasQemu ? [exitlab('native'), qemu('QEMU')] : [exitlab('native')];
    const cases = EVENT_PROGRAMS.map((program) => ({
      program,
      measured: peers.map((peer, index) => {
        const counts = COUNTS[program.name]![index === 0 ? 'ours' : 'theirs'];
        return secondsAnEvent(peer, program, counts, scratchFolder, repetition.secondsNow);
      }),
    }));
    const samples = await measureInterleaved(
      cases.flatMap(({ measured }) => measured),
      repetition,
    );
    return cases.flatMap(({ program: { name, event }, measured: [ours, theirs] }) => [
      ...(theirs
        ? [figure(`${event}: times the speed of QEMU`, '×', quotients(samples.get(theirs.key), samples.get(ours!.key)), TARGETS[name])]
        : []),
      ...[ours!, ...(theirs ? [theirs] : [])].map(({ key }, index) =>
        figure(
          `${event}: ${peers[index]!.name}`,
          'ns',
          samples.get(key)?.map((seconds) => seconds * NANOSECONDS),
        ),
      ),
    ]);
  },
};
