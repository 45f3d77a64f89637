import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EVENT_PROGRAMS, type EventProgram } from './event-programs.js';
import { type Measured, measureInterleaved, quotients } from './host-measurements.js';
import { figure, type HostSection } from './host-section.js';
import { HOST_TARGETS } from './host-targets.js';
import { exitlab, type Peer, qemu } from './peers.js';
import { timeProcess } from './timed-process.js';

const NANOSECONDS = 1e9;
const EVENTS = { less: 100_000, more: 10_000_000 } as const;
/** A refill takes QEMU microseconds. */
const REFILLS = { less: 20_000, more: 500_000 } as const;
const TARGETS: Readonly<Record<string, (typeof HOST_TARGETS)[keyof typeof HOST_TARGETS]>> = {
  'sc-supervisor': HOST_TARGETS.exceptionAgainstQemu,
  'sc-user': HOST_TARGETS.exceptionAgainstQemu,
  privileged: HOST_TARGETS.exceptionAgainstQemu,
  'tlb-refill': HOST_TARGETS.refillAgainstQemu,
};

/** Host seconds of the additional events of a longer run under a peer. */
export function eventPair(
  peer: Peer,
  { name, image }: EventProgram,
  scratchFolder: string,
  secondsNow: () => number,
): Measured & { readonly events: number } {
  const counts = name === 'tlb-refill' ? REFILLS : EVENTS;
  const commandOf = (events: number) => {
    const kernel = join(scratchFolder, `${name}-${events}.elf`);
    writeFileSync(kernel, image(events));
    return peer.command({ kernel, append: '' });
  };
  const [less, more] = [commandOf(counts.less), commandOf(counts.more)];
  return {
    key: `${name}: ${peer.name}`,
    events: counts.more - counts.less,
    sample: () => -timeProcess(less, secondsNow) + timeProcess(more, secondsNow),
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
      pairs: peers.map((peer) => eventPair(peer, program, scratchFolder, repetition.secondsNow)),
    }));
    const samples = await measureInterleaved(
      cases.flatMap(({ pairs }) => pairs),
      repetition,
    );
    return cases.flatMap(({ program: { name, event }, pairs: [ours, theirs] }) => [
      ...(theirs
        ? [figure(`${event}: times the speed of QEMU`, '×', quotients(samples.get(theirs.key), samples.get(ours!.key)), TARGETS[name])]
        : []),
      ...[ours!, ...(theirs ? [theirs] : [])].map(({ key, events }, index) =>
        figure(
          `${event}: ${peers[index]!.name}`,
          'ns',
          samples.get(key)?.map((seconds) => (seconds / events) * NANOSECONDS),
        ),
      ),
    ]);
  },
};
