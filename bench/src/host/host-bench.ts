import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HostTimeSummary } from '@exitlab/results';
import { readGuestCatalogue } from '../guest-catalogue.js';
import { summarizeHostTime } from '../host-statistics.js';
import { measureHostCases } from '../host-suite.js';
import { linuxGuests } from '../linux-guests.js';
import { engineCases } from './engine-cases.js';
import { EVENT_PROGRAMS } from './event-programs.js';
import { geometricMean, measurePairs, measureProcesses, speedAgainst, type WorkPair } from './host-measurements.js';
import { type HostTableRow, summaryRow, valueRow } from './host-table.js';
import { interpreterRows } from './interpreter-rate.js';
import { exitlab, type Peer, QEMU, qemu } from './peers.js';
import { isInstalled, type ProcessCommand } from './timed-process.js';

export interface HostBenchOptions {
  readonly repetitions: number;
  /** A folder for images that are made for the measurement. */
  readonly scratchFolder: string;
  /** The compute workloads compiled for this machine, by guest name; empty where there is no compiler. */
  readonly nativePrograms: ReadonlyMap<string, string>;
  /** Host seconds on each in-process case. */
  readonly caseSeconds: number;
  readonly secondsNow: () => number;
  readonly progress: (text: string) => void;
}

/** How much more work the longer process of a pair does than the shorter, by the processor that a guest is for: half a second or more. */
const COMPUTE_FACTOR = { 440: 40, '440fp': 8 } as const;
const EVENTS = { less: 100_000, more: 5_000_000 } as const;
const REFILLS = { less: 20_000, more: 500_000 } as const;
const EVENT_TARGETS: Readonly<Record<string, readonly [string, string]>> = {
  'sc-supervisor': ['6 ×', '10 ×'],
  'sc-user': ['6 ×', '10 ×'],
  privileged: ['6 ×', '10 ×'],
  'tlb-refill': ['10 ×', '20 ×'],
};
const NANO = 1e9;

const scaled = (summary: HostTimeSummary, factor: number): HostTimeSummary => ({
  medianSeconds: summary.medianSeconds * factor,
  madSeconds: summary.madSeconds * factor,
  lowSeconds: summary.lowSeconds * factor,
  highSeconds: summary.highSeconds * factor,
});

/** Measures everything that this machine has the peers for, and says in a sentence what it leaves out. */
export async function runHostBench(options: HostBenchOptions): Promise<HostTableRow[]> {
  const hasQemu = isInstalled(QEMU);
  if (!hasQemu) options.progress(`${QEMU} is not installed, so the rows that compare with it are left out.`);
  if (options.nativePrograms.size === 0)
    options.progress('There is no C compiler here, so the physical limit beside the compute guests is left out.');
  return [
    ...interpreterRows(options.secondsNow, options.progress),
    ...computeRows(options, hasQemu),
    ...eventRows(options, hasQemu),
    ...linuxRows(options, hasQemu),
    ...exitRows(options),
    ...(await engineRows(options)),
  ];
}

function computeRows({ repetitions, nativePrograms, secondsNow, progress }: HostBenchOptions, hasQemu: boolean): HostTableRow[] {
  const ours = exitlab('native');
  const peers: readonly Peer[] = hasQemu ? [ours, qemu('QEMU'), qemu('QEMU -icount', '-icount', 'shift=1,sleep=off')] : [ours];
  const rows: HostTableRow[] = [];
  const ratios = new Map<string, number[]>();
  for (const guest of readGuestCatalogue().filter((each) => each.class === 'compute')) {
    progress(`compute: ${guest.name}`);
    const commandsOf = (name: string, command: (scale: number) => ProcessCommand): WorkPair => ({
      name,
      less: command(guest.scale),
      more: command(guest.scale * COMPUTE_FACTOR[guest.cpu]),
    });
    const native = nativePrograms.get(guest.name);
    const pairs = [
      ...peers.map((peer) => commandsOf(peer.name, (scale) => peer.command({ kernel: guest.elfFile, append: `scale=${scale}` }))),
      ...(native === undefined ? [] : [commandsOf('native x86', (scale) => ({ file: native, args: [`scale=${scale}`] }))]),
    ];
    const samples = measurePairs(pairs, repetitions, secondsNow);
    for (const { name } of pairs.slice(1)) {
      const speed = speedAgainst(samples.get(ours.name)!, samples.get(name)!);
      rows.push(summaryRow(`${guest.name}: times the speed of ${name}`, speed, ' ×'));
      if (speed) ratios.set(name, [...(ratios.get(name) ?? []), speed.medianSeconds]);
    }
  }
  const targets: Readonly<Record<string, readonly [string, string]>> = { QEMU: ['1.25 ×', '1.8 ×'], 'QEMU -icount': ['2.0 ×', '3.0 ×'] };
  for (const [name, values] of ratios) {
    const [floor = '', aim = ''] = targets[name] ?? [];
    rows.push(valueRow(`compute guests, geometric mean: times the speed of ${name}`, geometricMean(values), ' ×', floor, aim));
  }
  return rows;
}

function eventRows({ repetitions, scratchFolder, secondsNow, progress }: HostBenchOptions, hasQemu: boolean): HostTableRow[] {
  const rows: HostTableRow[] = [];
  const peers = hasQemu ? [exitlab('native'), qemu('QEMU')] : [exitlab('native')];
  for (const { name, event, image } of EVENT_PROGRAMS) {
    progress(`events: ${event}`);
    const counts = name === 'tlb-refill' ? REFILLS : EVENTS;
    const fileOf = (events: number): string => {
      const file = join(scratchFolder, `${name}-${events}.elf`);
      writeFileSync(file, image(events));
      return file;
    };
    const files = { less: fileOf(counts.less), more: fileOf(counts.more) };
    const pairs = peers.map((peer) => ({
      name: peer.name,
      less: peer.command({ kernel: files.less, append: '' }),
      more: peer.command({ kernel: files.more, append: '' }),
    }));
    const samples = measurePairs(pairs, repetitions, secondsNow);
    for (const peer of peers) {
      const summary = summarizeHostTime(samples.get(peer.name)!);
      rows.push(summaryRow(`${event}: ${peer.name}, ns an event`, scaled(summary, NANO / (counts.more - counts.less)), ' ns'));
    }
    if (!hasQemu) continue;
    const [floor = '', aim = ''] = EVENT_TARGETS[name] ?? [];
    const speed = speedAgainst(samples.get(peers[0]!.name)!, samples.get(peers[1]!.name)!);
    rows.push(summaryRow(`${event}: times the speed of QEMU`, speed, ' ×', floor, aim));
  }
  return rows;
}

function linuxRows({ repetitions, scratchFolder, secondsNow, progress }: HostBenchOptions, hasQemu: boolean): HostTableRow[] {
  const [linux] = linuxGuests();
  if (linux === undefined) {
    progress('No Linux guest has been built (node scripts/build-linux-guest.mjs), so its rows are left out.');
    return [];
  }
  progress('Linux');
  const guest = { kernel: linux.kernel, ...(linux.initrd && { initrd: linux.initrd }), append: linux.append ?? '' };
  const result = join(scratchFolder, 'linux.json');
  const commands = [
    { name: 'native', command: exitlab('native', '--json', result).command(guest) },
    { name: 'trap', command: exitlab('trap').command(guest) },
    ...(hasQemu ? [{ name: 'QEMU', command: qemu('QEMU').command(guest) }] : []),
  ];
  const samples = measureProcesses(commands, repetitions, secondsNow);
  const [native, trap] = [samples.get('native')!, samples.get('trap')!];
  const { host } = JSON.parse(readFileSync(result, 'utf8')) as { host: { peakMemoryBytes: number } };
  return [
    summaryRow('Linux boot and workloads, whole process: exitlab native', summarizeHostTime(native), ' s'),
    ...(hasQemu
      ? [
          summaryRow('Linux boot and workloads, whole process: QEMU', summarizeHostTime(samples.get('QEMU')!), ' s'),
          summaryRow(
            'Linux boot and workloads, whole process: times the speed of QEMU',
            speedAgainst(native, samples.get('QEMU')!),
            ' ×',
            '1.0 ×',
            '1.5 ×',
          ),
        ]
      : []),
    summaryRow('Linux under trap: times the wall time of native', speedAgainst(native, trap), ' ×', '3.0 ×', '1.5 ×'),
    valueRow('Linux native: peak memory', host.peakMemoryBytes / 1e6, ' MB', '500 MB', '300 MB'),
  ];
}

function exitRows({ repetitions, scratchFolder, secondsNow, progress }: HostBenchOptions): HostTableRow[] {
  progress('exits and process start');
  const { image } = EVENT_PROGRAMS.find(({ name }) => name === 'mfspr')!;
  const fileOf = (events: number): string => {
    const file = join(scratchFolder, `exits-${events}.elf`);
    writeFileSync(file, image(events));
    return file;
  };
  const command = (strategy: string, events: number) => exitlab(strategy).command({ kernel: fileOf(events), append: '' });
  const pair = { name: 'mfspr', less: command('trap', EVENTS.less), more: command('trap', EVENTS.more) };
  const seconds = measurePairs([pair], repetitions, secondsNow).get('mfspr')!;
  const rates = summarizeHostTime(seconds.map((each) => (EVENTS.more - EVENTS.less) / each));
  const starts = measureProcesses([{ name: 'start', command: command('native', 1) }], Math.max(repetitions, 5), secondsNow).get('start')!;
  return [
    summaryRow('emulated mfspr exits handled a second', rates, '', '5 M', '20 M'),
    summaryRow('process that runs a guest of a few instructions, start to end', summarizeHostTime(starts), ' s', '0.3 s', '0.15 s'),
  ];
}

async function engineRows({ caseSeconds, progress }: HostBenchOptions): Promise<HostTableRow[]> {
  progress('engines in this process');
  const results = await measureHostCases(engineCases(), caseSeconds);
  return results.map(({ name, summary }) => summaryRow(`in process: ${name}`, scaled(summary, 1e6), ' µs'));
}
