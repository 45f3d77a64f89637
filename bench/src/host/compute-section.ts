import { type Guest, readGuestCatalogue } from '../guest-catalogue.js';
import { geometricMeans, type Measured, measureInterleaved, quotients } from './host-measurements.js';
import { figure, type HostSection, type HostSurroundings, type SectionFigure } from './host-section.js';
import { HOST_TARGETS } from './host-targets.js';
import { exitlab, type Peer, qemu } from './peers.js';
import { type ProcessCommand, timeProcess } from './timed-process.js';

/** How much more work the longer process of a pair does than the shorter, by the processor that a guest is for: half a second or more. */
const COMPUTE_FACTOR = { 440: 40, '440fp': 8 } as const;
const OURS = exitlab('native');
const COUNTING = 'QEMU -icount';
const PHYSICAL_LIMIT = 'native x86';
const TARGETS = { QEMU: HOST_TARGETS.computeAgainstQemu, [COUNTING]: HOST_TARGETS.computeAgainstCountingQemu };

/** What a guest is run by, with the command for a number of repetitions of its work. */
interface Runner {
  readonly name: string;
  command(scale: number): ProcessCommand;
}

function runnersOf(guest: Guest, { hasQemu, nativePrograms }: HostSurroundings): Runner[] {
  const peers: readonly Peer[] = hasQemu ? [OURS, qemu('QEMU'), qemu(COUNTING, '-icount', 'shift=1,sleep=off')] : [OURS];
  const native = nativePrograms.get(guest.name);
  return [
    ...peers.map((peer) => ({
      name: peer.name,
      command: (scale: number) => peer.command({ kernel: guest.elfFile, append: `scale=${scale}` }),
    })),
    ...(native === undefined ? [] : [{ name: PHYSICAL_LIMIT, command: (scale: number) => ({ file: native, args: [`scale=${scale}`] }) }]),
  ];
}

/** Compute guests against QEMU and against the same C on this machine: the additional work of a longer run, start and end left out. */
export const computeSection: HostSection = {
  name: 'compute',
  meaning: 'compute guests, times the speed of QEMU and of native x86',
  share: 9,
  async measure(surroundings, repetition) {
    const guests = readGuestCatalogue().filter((each) => each.class === 'compute');
    const keyOf = (guest: Guest, name: string) => `${guest.name}: ${name}`;
    const pairs = guests.flatMap((guest) =>
      runnersOf(guest, surroundings).map(({ name, command }): Measured => {
        const [less, more] = [command(guest.scale), command(guest.scale * COMPUTE_FACTOR[guest.cpu])];
        const { secondsNow } = repetition;
        return { key: keyOf(guest, name), sample: () => -timeProcess(less, secondsNow) + timeProcess(more, secondsNow) };
      }),
    );
    const samples = await measureInterleaved(pairs, repetition);
    const figures: SectionFigure[] = [];
    for (const peer of ['QEMU', COUNTING, PHYSICAL_LIMIT]) {
      const speeds = guests.flatMap((guest) => {
        const theirs = samples.get(keyOf(guest, peer));
        return theirs === undefined ? [] : [{ guest, speed: quotients(theirs, samples.get(keyOf(guest, OURS.name))) }];
      });
      if (speeds.length === 0) continue;
      const target = peer === PHYSICAL_LIMIT ? undefined : TARGETS[peer as keyof typeof TARGETS];
      const means = geometricMeans(speeds.map(({ speed }) => speed));
      figures.push(figure(`compute guests, geometric mean of ${speeds.length}: times the speed of ${peer}`, '×', means, target));
      figures.push(...speeds.map(({ guest, speed }) => figure(`${guest.name}: times the speed of ${peer}`, '×', speed)));
    }
    return figures;
  },
};
