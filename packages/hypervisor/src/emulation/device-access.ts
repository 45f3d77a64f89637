import { type DeviceBus, decode } from '@exitlab/core';
import type { Vcpu } from '../vcpu.js';
import { Work } from '../work.js';
import { type FloatFormat, floatOfWords, wordsOfFloat } from './float-formats.js';
import { fieldDisplacement, fieldRa, fieldRb, fieldRt } from './instruction-word.js';

/**
 * Loads and stores that the guest makes to a device: each ends as an interrupt, since no device is ever mapped, and the instruction is
 * carried out here. KVM 3.4 knows the plain ones (arch/powerpc/kvm/emulate.c); the others are ours.
 */
interface AccessRow {
  /** As in core's instruction table, which has its encoding. */
  readonly mnemonic: string;
  /** The address is the sum of two registers, rather than of one and a displacement. */
  readonly indexed?: true;
  readonly bytes: 1 | 2 | 4;
  readonly store?: true;
  readonly signed?: true;
  readonly reversed?: true;
  readonly update?: true;
  readonly filled?: true;
  readonly shape?: 'multiple' | 'string-immediate' | 'string-indexed' | 'reserve';
  /** It moves a floating-point register, as memory holds it. */
  readonly float?: FloatFormat;
}

const ACCESSES: readonly AccessRow[] = [
  { mnemonic: 'lwz', bytes: 4 },
  { mnemonic: 'lwzu', bytes: 4, update: true },
  { mnemonic: 'lbz', bytes: 1 },
  { mnemonic: 'lbzu', bytes: 1, update: true },
  { mnemonic: 'stw', bytes: 4, store: true },
  { mnemonic: 'stwu', bytes: 4, store: true, update: true },
  { mnemonic: 'stb', bytes: 1, store: true },
  { mnemonic: 'stbu', bytes: 1, store: true, update: true },
  { mnemonic: 'lhz', bytes: 2 },
  { mnemonic: 'lhzu', bytes: 2, update: true },
  { mnemonic: 'lha', bytes: 2, signed: true },
  { mnemonic: 'lhau', bytes: 2, signed: true, update: true },
  { mnemonic: 'sth', bytes: 2, store: true },
  { mnemonic: 'sthu', bytes: 2, store: true, update: true },
  { mnemonic: 'lwzx', indexed: true, bytes: 4 },
  { mnemonic: 'lbzx', indexed: true, bytes: 1 },
  { mnemonic: 'lbzux', indexed: true, bytes: 1, update: true },
  { mnemonic: 'lhzx', indexed: true, bytes: 2 },
  { mnemonic: 'lhzux', indexed: true, bytes: 2, update: true },
  { mnemonic: 'lhax', indexed: true, bytes: 2, signed: true },
  { mnemonic: 'lwbrx', indexed: true, bytes: 4, reversed: true },
  { mnemonic: 'lhbrx', indexed: true, bytes: 2, reversed: true },
  { mnemonic: 'stwx', indexed: true, bytes: 4, store: true },
  { mnemonic: 'stbx', indexed: true, bytes: 1, store: true },
  { mnemonic: 'stbux', indexed: true, bytes: 1, store: true, update: true },
  { mnemonic: 'sthx', indexed: true, bytes: 2, store: true },
  { mnemonic: 'sthux', indexed: true, bytes: 2, store: true, update: true },
  { mnemonic: 'stwbrx', indexed: true, bytes: 4, store: true, reversed: true },
  { mnemonic: 'sthbrx', indexed: true, bytes: 2, store: true, reversed: true },
  { mnemonic: 'lwzux', indexed: true, bytes: 4, update: true, filled: true },
  { mnemonic: 'lhaux', indexed: true, bytes: 2, signed: true, update: true, filled: true },
  { mnemonic: 'stwux', indexed: true, bytes: 4, store: true, update: true, filled: true },
  { mnemonic: 'lmw', bytes: 4, filled: true, shape: 'multiple' },
  { mnemonic: 'stmw', bytes: 4, store: true, filled: true, shape: 'multiple' },
  { mnemonic: 'lswi', bytes: 1, filled: true, shape: 'string-immediate' },
  { mnemonic: 'lswx', indexed: true, bytes: 1, filled: true, shape: 'string-indexed' },
  { mnemonic: 'stswi', bytes: 1, store: true, filled: true, shape: 'string-immediate' },
  { mnemonic: 'stswx', indexed: true, bytes: 1, store: true, filled: true, shape: 'string-indexed' },
  { mnemonic: 'lwarx', indexed: true, bytes: 4, filled: true, shape: 'reserve' },
  { mnemonic: 'stwcx.', indexed: true, bytes: 4, store: true, filled: true, shape: 'reserve' },
  { mnemonic: 'lfs', bytes: 4, filled: true, float: 'single' },
  { mnemonic: 'lfsu', bytes: 4, update: true, filled: true, float: 'single' },
  { mnemonic: 'lfsx', indexed: true, bytes: 4, filled: true, float: 'single' },
  { mnemonic: 'lfsux', indexed: true, bytes: 4, update: true, filled: true, float: 'single' },
  { mnemonic: 'lfd', bytes: 4, filled: true, float: 'double' },
  { mnemonic: 'lfdu', bytes: 4, update: true, filled: true, float: 'double' },
  { mnemonic: 'lfdx', indexed: true, bytes: 4, filled: true, float: 'double' },
  { mnemonic: 'lfdux', indexed: true, bytes: 4, update: true, filled: true, float: 'double' },
  { mnemonic: 'stfs', bytes: 4, store: true, filled: true, float: 'single' },
  { mnemonic: 'stfsu', bytes: 4, store: true, update: true, filled: true, float: 'single' },
  { mnemonic: 'stfsx', indexed: true, bytes: 4, store: true, filled: true, float: 'single' },
  { mnemonic: 'stfsux', indexed: true, bytes: 4, store: true, update: true, filled: true, float: 'single' },
  { mnemonic: 'stfd', bytes: 4, store: true, filled: true, float: 'double' },
  { mnemonic: 'stfdu', bytes: 4, store: true, update: true, filled: true, float: 'double' },
  { mnemonic: 'stfdx', indexed: true, bytes: 4, store: true, filled: true, float: 'double' },
  { mnemonic: 'stfdux', indexed: true, bytes: 4, store: true, update: true, filled: true, float: 'double' },
  { mnemonic: 'stfiwx', indexed: true, bytes: 4, store: true, filled: true, float: 'low-word' },
];

/** Cache instructions that do nothing to a page that is never cached. `dcbz` is not among them: it raises alignment. */
const CACHE_HINTS: ReadonlySet<string> = new Set(['dcbst', 'dcbf', 'dcbtst', 'dcbt', 'icbt', 'icbi', 'dcba']);

/** A decoded access, ready for the machine monitor's devices. */
export interface DeviceAccess {
  readonly row: AccessRow;
  readonly word: number;
}

/** What an instruction that missed on a device page is to the hypervisor. */
export type DeviceInstruction =
  | { readonly kind: 'access'; readonly access: DeviceAccess; readonly filled: boolean; readonly mnemonic: string }
  | { readonly kind: 'cache-hint' }
  | { readonly kind: 'unaligned' }
  | { readonly kind: 'unknown' };

const BY_MNEMONIC: ReadonlyMap<string, AccessRow> = new Map(ACCESSES.map((row) => [row.mnemonic, row]));

export function decodeDeviceInstruction(word: number): DeviceInstruction {
  const mnemonic = decode(word)?.row.mnemonic ?? '';
  const row = BY_MNEMONIC.get(mnemonic);
  if (row !== undefined) return { kind: 'access', access: { row, word }, filled: row.filled === true, mnemonic };
  if (CACHE_HINTS.has(mnemonic)) return { kind: 'cache-hint' };
  if (mnemonic === 'dcbz') return { kind: 'unaligned' };
  return { kind: 'unknown' };
}

/** One transfer of an access: bytes at an address, and where in which register they belong. */
interface Transfer {
  readonly ea: number;
  readonly bytes: 1 | 2 | 4;
  readonly register: number;
  readonly shift: number;
}

function effectiveAddress(vcpu: Vcpu, { row, word }: DeviceAccess): number {
  const ra = fieldRa(word);
  const base = ra === 0 ? 0 : vcpu.processor.gpr(ra);
  if (row.shape === 'string-immediate') return base;
  return (base + (row.indexed === true ? vcpu.processor.gpr(fieldRb(word)) : fieldDisplacement(word))) >>> 0;
}

function stringBytes(vcpu: Vcpu, { row, word }: DeviceAccess): number {
  if (row.shape === 'string-indexed') return vcpu.processor.xer & 0x7f;
  return fieldRb(word) === 0 ? 32 : fieldRb(word);
}

function transfersOf(vcpu: Vcpu, access: DeviceAccess, ea: number): Transfer[] {
  const { row, word } = access;
  const rt = fieldRt(word);
  if (row.float === 'double') return [0, 4].map((offset) => ({ ea: (ea + offset) >>> 0, bytes: 4, register: rt, shift: 0 }));
  switch (row.shape) {
    case 'multiple':
      return Array.from({ length: 32 - rt }, (_, index) => ({ ea: (ea + 4 * index) >>> 0, bytes: 4, register: rt + index, shift: 0 }));
    case 'string-immediate':
    case 'string-indexed':
      return Array.from({ length: stringBytes(vcpu, access) }, (_, index) => ({
        ea: (ea + index) >>> 0,
        bytes: 1,
        register: (rt + (index >> 2)) & 31,
        shift: 24 - 8 * (index & 3),
      }));
    default:
      return [{ ea, bytes: row.bytes, register: rt, shift: 0 }];
  }
}

/** Physical address by the guest's own TLB, or undefined. Not charged: KVM has looked it up already. */
function translate(vcpu: Vcpu, ea: number): number | undefined {
  const index = vcpu.guestTlb.search(ea, vcpu.pid, vcpu.dataSpace, new Work());
  return index < 0 ? undefined : vcpu.guestPhysical(index, ea);
}

function readByte(vcpu: Vcpu, bus: DeviceBus, pa: number): number {
  return pa < vcpu.ramBytes ? vcpu.processor.memory.read8(pa) : bus.read(pa, 1);
}

function writeByte(vcpu: Vcpu, bus: DeviceBus, pa: number, value: number): void {
  if (pa < vcpu.ramBytes) vcpu.processor.memory.write8(pa, value);
  else bus.write(pa, 1, value);
}

function reverse(value: number, bytes: number): number {
  let result = 0;
  for (let index = 0; index < bytes; index++) result = result * 256 + ((value >>> (8 * index)) & 0xff);
  return result;
}

/** A transfer that crosses a page is split into bytes, each where the guest's TLB puts it. */
function addressesOf(vcpu: Vcpu, { ea, bytes }: Transfer): number[] | { missing: number } {
  const addresses: number[] = [];
  for (let index = 0; index < bytes; index++) {
    const pa = translate(vcpu, (ea + index) >>> 0);
    if (pa === undefined) return { missing: (ea + index) >>> 0 };
    addresses.push(pa);
  }
  return addresses;
}

function isContiguousDevice(vcpu: Vcpu, addresses: readonly number[]): boolean {
  return addresses.every((pa, index) => pa === (addresses[0] as number) + index && pa >= vcpu.ramBytes);
}

function load(vcpu: Vcpu, bus: DeviceBus, transfer: Transfer, addresses: readonly number[]): number {
  if (isContiguousDevice(vcpu, addresses)) return bus.read(addresses[0] as number, transfer.bytes) >>> 0;
  return addresses.reduce((value, pa) => value * 256 + readByte(vcpu, bus, pa), 0);
}

function store(vcpu: Vcpu, bus: DeviceBus, transfer: Transfer, addresses: readonly number[], value: number): void {
  if (isContiguousDevice(vcpu, addresses)) {
    bus.write(addresses[0] as number, transfer.bytes, value >>> 0);
    return;
  }
  addresses.forEach((pa, index) => {
    writeByte(vcpu, bus, pa, (value >>> (8 * (transfer.bytes - 1 - index))) & 0xff);
  });
}

const CR0 = 0xf0000000;
const CR0_EQ = 0x20000000;
const CR0_SO = 0x10000000;
const XER_SO = 0x80000000;

function setConditionalStoreResult(vcpu: Vcpu, stored: boolean): void {
  const processor = vcpu.processor;
  const bits = (stored ? CR0_EQ : 0) | ((processor.xer & XER_SO) === 0 ? 0 : CR0_SO);
  processor.cr = ((processor.cr & ~CR0) | bits) >>> 0;
}

/** The words of a floating-point register, to or from their places. */
function moveFloat(
  vcpu: Vcpu,
  bus: DeviceBus,
  { row, word }: DeviceAccess,
  format: FloatFormat,
  transfers: readonly Transfer[],
  places: readonly (readonly number[])[],
): void {
  const register = fieldRt(word);
  if (row.store === true) {
    const words = wordsOfFloat(format, vcpu.processor.fpr(register));
    transfers.forEach((transfer, index) => {
      store(vcpu, bus, transfer, places[index] as readonly number[], words[index] as number);
    });
    return;
  }
  const words = transfers.map((transfer, index) => load(vcpu, bus, transfer, places[index] as readonly number[]));
  vcpu.processor.setFpr(register, floatOfWords(format, words));
}

/**
 * Carries the access out. Returns undefined when it is complete, or the effective address at which the guest has no translation; then
 * nothing has been done and the guest must take a miss there.
 */
export function performDeviceAccess(vcpu: Vcpu, bus: DeviceBus, access: DeviceAccess): number | undefined {
  const { row, word } = access;
  const processor = vcpu.processor;
  const ea = effectiveAddress(vcpu, access);
  const transfers = transfersOf(vcpu, access, ea);
  const places: number[][] = [];
  for (const transfer of transfers) {
    const addresses = addressesOf(vcpu, transfer);
    if (!Array.isArray(addresses)) return addresses.missing;
    places.push(addresses);
  }
  const firstPa = places[0]?.[0] ?? -1;
  if (row.mnemonic === 'stwcx.' && vcpu.deviceReservation !== firstPa) {
    setConditionalStoreResult(vcpu, false);
    return undefined;
  }
  if (row.float !== undefined) {
    moveFloat(vcpu, bus, access, row.float, transfers, places);
    if (row.update === true) processor.setGpr(fieldRa(word), ea);
    return undefined;
  }
  const loaded = new Map<number, number>();
  transfers.forEach((transfer, index) => {
    const addresses = places[index] as number[];
    if (row.store === true) {
      const value = processor.gpr(transfer.register) >>> transfer.shift;
      const masked = transfer.bytes === 4 ? value : value & (2 ** (8 * transfer.bytes) - 1);
      store(vcpu, bus, transfer, addresses, row.reversed === true ? reverse(masked, transfer.bytes) : masked);
      return;
    }
    const raw = load(vcpu, bus, transfer, addresses);
    const value = row.reversed === true ? reverse(raw, transfer.bytes) : raw;
    const extended = row.signed === true ? (value << 16) >> 16 : value;
    loaded.set(transfer.register, ((loaded.get(transfer.register) ?? 0) | (extended << transfer.shift)) >>> 0);
  });
  for (const [register, value] of loaded) {
    // lmw and the string forms do not load their own base (Power ISA, invalid form; the 440 skips it).
    if (row.shape !== undefined && row.shape !== 'reserve' && register === fieldRa(word) && register !== 0) continue;
    processor.setGpr(register, value);
  }
  if (row.update === true) processor.setGpr(fieldRa(word), ea);
  if (row.mnemonic === 'lwarx') vcpu.deviceReservation = firstPa;
  if (row.mnemonic === 'stwcx.') {
    vcpu.deviceReservation = -1;
    setConditionalStoreResult(vcpu, true);
  }
  return undefined;
}
