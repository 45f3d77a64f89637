import { type DcrBus, type DeviceBus, Processor440 } from '@exitlab/core';
import { Hypervisor } from './hypervisor.js';
import type { HypervisorOptions } from './hypervisor-options.js';
import { MAGIC_PAGE_BYTES } from './shared-page.js';
import { TlbField } from './tlb-words.js';

/**
 * Runs images of micro guests by the protocol of the oracle: a table of guests in one raw image, a fresh machine for each, and a
 * doorbell device that delimits what is measured.
 */
export interface MicroguestResult {
  readonly name: string;
  readonly n: number;
  /** Exits between START and STOP by type; types that did not occur are left out. */
  readonly exits: Readonly<Record<string, number>>;
  /** Modelled instructions of the hypervisor, idle time included at the core clock's rate. */
  readonly hostInstructions: number;
  /** The guest's own instructions, emulated ones included. */
  readonly guestInstructions: number;
  /** Why the guest did not reach STOP, if it did not. */
  readonly failure?: string;
  /** It repeats a fault for ever: an outcome that the real KVM has too, and no mistake of the image. */
  readonly endlessFault?: true;
}

/** The image, or a name asked of it, is not what the protocol says; the message says what is wrong. */
export class MicroguestImageError extends Error {
  override readonly name = 'MicroguestImageError';
}

export interface MicroguestOptions {
  /** Names of the guests to run; all if absent. */
  readonly only?: readonly string[];
  /** RAM of each machine, in bytes. */
  readonly ramBytes?: number;
  /** Address that the image is linked for and loaded at. */
  readonly loadAddress?: number;
  readonly hypervisor?: HypervisorOptions;
  /** Guest instructions after which a guest counts as run away. */
  readonly maxInstructions?: number;
}

const DEFAULT_LOAD_ADDRESS = 0x10000;
const MAGIC = 0x47554553;
const HEADER_BYTES = 12;
const ROW_BYTES = 16;
const DOORBELL = 0xef600000;
/** The driver has touched the RAM below this. */
const UNTOUCHED_RAM_FROM = 10 * 1024 * 1024;
const Register = { START: 0x00, STOP: 0x04, FAILURE: 0x10, EXTERNAL_INTERRUPT: 0x28 } as const;
/** The oracle's convention: one instruction is 1 ns, the timebase runs at 400 MHz. */
const CORE_HZ = 1_000_000_000;
const TIMEBASE_HZ = 400_000_000;
const DEFAULT_RAM_BYTES = 16 * 1024 * 1024;
/**
 * Pages that the oracle's driver touches in its own user space while it serves START (it resets the counters through system calls),
 * and how many of them are in the TLB when a guest begins. Their misses take slots of the rotation that the guest's shadow mappings
 * share, which shows in runs that depend on its phase. The ranges that agree with every such run are 21 to 34, and 6 to 12 absent.
 */
const DRIVER_PAGES = 28;
const DRIVER_PAGES_AT_HAND = 19;

interface GuestRow {
  readonly name: string;
  readonly entry: number;
  readonly n: number;
}

/** Reads the table of guests; throws a {@link MicroguestImageError} if the image is not one. */
export function parseMicroguestImage(image: Uint8Array, loadAddress = DEFAULT_LOAD_ADDRESS): GuestRow[] {
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  if (image.length < HEADER_BYTES || view.getUint32(0) !== MAGIC) {
    throw new MicroguestImageError('The file is no image of micro guests: its first word is not 0x47554553.');
  }
  const first = view.getUint32(4) - loadAddress;
  const end = view.getUint32(8) - loadAddress;
  if (first < HEADER_BYTES || end < first || end > image.length || (end - first) % ROW_BYTES !== 0) {
    throw new MicroguestImageError('The image of micro guests is damaged: its table does not lie inside it.');
  }
  const rows: GuestRow[] = [];
  for (let offset = first; offset < end; offset += ROW_BYTES) {
    const name = readName(image, view.getUint32(offset) - loadAddress);
    const entry = view.getUint32(offset + 4);
    if (entry < loadAddress || entry >= loadAddress + image.length || entry % 4 !== 0) {
      throw new MicroguestImageError(`The image of micro guests is damaged: the entry of ${name} does not lie inside it.`);
    }
    rows.push({ name, entry, n: view.getUint32(offset + 8) });
  }
  return rows;
}

function readName(image: Uint8Array, offset: number): string {
  const end = offset >= 0 && offset < image.length ? image.indexOf(0, offset) : -1;
  if (end <= offset) throw new MicroguestImageError('The image of micro guests is damaged: a guest has no name.');
  return new TextDecoder('latin1').decode(image.subarray(offset, end));
}

/** Runs the guests of an image, in its order. */
export function runMicroguests(image: Uint8Array, options: MicroguestOptions = {}): MicroguestResult[] {
  const loadAddress = options.loadAddress ?? DEFAULT_LOAD_ADDRESS;
  const rows = parseMicroguestImage(image, loadAddress);
  for (const name of options.only ?? []) {
    if (!rows.some((row) => row.name === name)) throw new MicroguestImageError(`The image has no micro guest named ${name}.`);
  }
  const ramBytes = options.ramBytes ?? DEFAULT_RAM_BYTES;
  if (loadAddress + image.length > ramBytes) throw new MicroguestImageError(`The image does not fit into ${ramBytes} bytes of RAM.`);
  const wanted = options.only === undefined ? rows : rows.filter((row) => options.only?.includes(row.name));
  return wanted.map((row) => runOne(row, image, ramBytes, options));
}

/** Measurement state that the doorbell sets. */
class Measurement {
  startCycles = 0;
  startInstructions = 0;
  startRetired = 0;
  result: { exits: Record<string, number>; hostInstructions: number; guestInstructions: number } | undefined;
  failure: string | undefined;
}

function runOne(row: GuestRow, image: Uint8Array, ramBytes: number, options: MicroguestOptions): MicroguestResult {
  const measurement = new Measurement();
  // The doorbell needs the hypervisor, which needs the bus: the bus looks it up when it is used.
  const machine: { hypervisor?: Hypervisor } = {};
  const bus: DeviceBus = {
    read: () => 0,
    write: (pa, _sizeBytes, value) => {
      if (machine.hypervisor !== undefined) ring(machine.hypervisor, measurement, pa - DOORBELL, value);
    },
  };
  const dcr: DcrBus = { read: () => 0, write: () => {} };
  const magicPageBytes = (options.hypervisor?.policy?.magicPage ?? 'none') === 'none' ? 0 : MAGIC_PAGE_BYTES;
  const processor = new Processor440({
    ramSizeBytes: ramBytes + magicPageBytes,
    devices: bus,
    dcrs: dcr,
    coreHz: CORE_HZ,
    timebaseHz: TIMEBASE_HZ,
  });
  processor.memory.writeBytes(options.loadAddress ?? DEFAULT_LOAD_ADDRESS, image);
  const hypervisor = new Hypervisor(processor, { bus, dcr }, { untouchedRamFrom: UNTOUCHED_RAM_FROM, ...options.hypervisor, ramBytes });
  machine.hypervisor = hypervisor;
  hypervisor.runHostProcess(DRIVER_PAGES_AT_HAND);
  setKvmEntryState(hypervisor, row, ramBytes);
  const outcome = hypervisor.run(options.maxInstructions ?? 1_000_000_000);
  const base = { name: row.name, n: row.n };
  if (measurement.failure === undefined && measurement.result !== undefined && outcome.kind === 'stopped') {
    return { ...base, ...measurement.result };
  }
  const failure = measurement.failure ?? (outcome.kind === 'failure' ? outcome.failure.message : `The guest ended with ${outcome.kind}.`);
  const isEndless = measurement.failure === undefined && outcome.kind === 'failure' && outcome.failure.reason === 'endless-fault';
  return { ...base, ...measure(hypervisor, measurement), failure, ...(isEndless && { endlessFault: true as const }) };
}

/** The state in which KVM's vcpu and the driver start a guest. */
function setKvmEntryState(hypervisor: Hypervisor, row: GuestRow, ramBytes: number): void {
  const { processor } = hypervisor;
  const supervisor = TlbField.SUPERVISOR_PERMISSIONS;
  const sixteenMegabytes = 7 << TlbField.SIZE_SHIFT;
  const fourKilobytes = 1 << TlbField.SIZE_SHIFT;
  const inhibitedGuarded = 0x500;
  hypervisor.setGuestTlbEntry(0, TlbField.V | sixteenMegabytes, 0, supervisor);
  hypervisor.setGuestTlbEntry(1, (DOORBELL | TlbField.V | fourKilobytes) >>> 0, DOORBELL, supervisor | inhibitedGuarded);
  processor.setGpr(1, ramBytes - 8);
  processor.setGpr(3, row.n);
  processor.setGpr(31, DOORBELL);
  hypervisor.start(row.entry);
}

function ring(hypervisor: Hypervisor, measurement: Measurement, register: number, value: number): void {
  switch (register) {
    case Register.START:
      hypervisor.runHostProcess(DRIVER_PAGES);
      hypervisor.clearStatistics(() => {
        measurement.startCycles = hypervisor.processor.clock.cycles;
        measurement.startInstructions = hypervisor.guestInstructions;
        measurement.startRetired = hypervisor.processor.clock.retiredInstructions;
      });
      break;
    case Register.STOP:
      measurement.result = measure(hypervisor, measurement);
      hypervisor.requestStop();
      break;
    case Register.FAILURE:
      measurement.failure = `The guest took an interrupt that it did not expect at 0x${value.toString(16).padStart(8, '0')}.`;
      hypervisor.requestStop();
      break;
    case Register.EXTERNAL_INTERRUPT:
      hypervisor.pulseExternal();
      break;
  }
}

function measure(hypervisor: Hypervisor, measurement: Measurement) {
  const exits: Record<string, number> = {};
  for (const { type, count } of hypervisor.statistics().exits) if (count > 0) exits[type] = count;
  const guestInstructions = hypervisor.guestInstructions - measurement.startInstructions;
  const cycles = hypervisor.processor.clock.cycles - measurement.startCycles;
  const retired = hypervisor.processor.clock.retiredInstructions - measurement.startRetired;
  return { exits, hostInstructions: cycles - retired, guestInstructions };
}
