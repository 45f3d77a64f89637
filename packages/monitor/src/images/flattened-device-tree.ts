import { UserError } from '../errors.js';
import { BigEndianReader } from './big-endian-reader.js';
import type { DeviceTree, DeviceTreeNode, DeviceTreeProperty, MemoryReservation } from './device-tree.js';

// Devicetree Specification 0.4, chapter 5, "Flattened Devicetree (DTB) Format".
const MAGIC = 0xd00dfeed;
const VERSION = 17;
const LAST_COMPATIBLE_VERSION = 16;
const HEADER = {
  magic: 0,
  totalSize: 4,
  structOffset: 8,
  stringsOffset: 12,
  reservationsOffset: 16,
  version: 20,
  lastCompatible: 24,
  bootCpu: 28,
  stringsSize: 32,
  structSize: 36,
  sizeBytes: 40,
};
const Token = { beginNode: 1, endNode: 2, property: 3, nop: 4, end: 9 } as const;

/** Deeper than any real tree; a damaged blob must not exhaust the stack. */
const MAX_DEPTH = 64;
/** The specification allows 31 bytes; some trees in use are longer. */
const MAX_NAME_BYTES = 256;

const align4 = (offset: number): number => (offset + 3) & ~3;
const bad = (problem: string): UserError => UserError.of('device-tree-bad', { problem });

/** Reads a blob of version 16 or later. Throws {@link UserError} for an unsound one. Property values are views of `bytes`. */
export const parseFlattenedDeviceTree = (bytes: Uint8Array): DeviceTree => {
  const file = new BigEndianReader(bytes, (part) => bad(`it ends inside its ${part}`));
  if (file.u32(HEADER.magic, 'header') !== MAGIC) throw bad('it does not begin with the number 0xd00dfeed');
  const totalSize = file.u32(HEADER.totalSize, 'header');
  const blob = new BigEndianReader(file.slice(0, totalSize, 'blocks'), (part) => bad(`it ends inside its ${part}`));
  const header = (offset: number): number => blob.u32(offset, 'header');
  if (header(HEADER.version) < LAST_COMPATIBLE_VERSION) throw bad(`its version ${header(HEADER.version)} is older than 16`);
  if (header(HEADER.lastCompatible) > VERSION) throw bad(`it needs a reader of version ${header(HEADER.lastCompatible)}`);

  const stringsOffset = header(HEADER.stringsOffset);
  const stringsEnd = stringsOffset + header(HEADER.stringsSize);
  const stringsBlock = blob.slice(stringsOffset, header(HEADER.stringsSize), 'strings');
  const structOffset = header(HEADER.structOffset);
  const structEnd = header(HEADER.version) >= VERSION ? structOffset + header(HEADER.structSize) : totalSize;
  blob.slice(structOffset, structEnd - structOffset, 'structure');
  const root = new StructureReader(blob, structOffset, structEnd, (nameOffset) => {
    if (nameOffset >= stringsBlock.length) throw bad('a property name lies outside the strings');
    const start = stringsOffset + nameOffset;
    return blob.text(start, Math.min(stringsEnd, start + MAX_NAME_BYTES), 'property names');
  }).readTree();
  return { root, reservations: readReservations(blob, header(HEADER.reservationsOffset)), bootCpu: header(HEADER.bootCpu) };
};

const readReservations = (blob: BigEndianReader, start: number): MemoryReservation[] => {
  const u64 = (offset: number): bigint =>
    (BigInt(blob.u32(offset, 'memory reservations')) << 32n) | BigInt(blob.u32(offset + 4, 'memory reservations'));
  const reservations: MemoryReservation[] = [];
  for (let at = start; ; at += 16) {
    const entry = { address: u64(at), sizeBytes: u64(at + 8) };
    if (entry.address === 0n && entry.sizeBytes === 0n) return reservations;
    reservations.push(entry);
  }
};

class StructureReader {
  readonly #blob: BigEndianReader;
  readonly #end: number;
  readonly #propertyName: (nameOffset: number) => string;
  #at: number;

  constructor(blob: BigEndianReader, start: number, end: number, propertyName: (nameOffset: number) => string) {
    this.#blob = blob;
    this.#at = start;
    this.#end = end;
    this.#propertyName = propertyName;
  }

  readTree(): DeviceTreeNode {
    if (this.#token() !== Token.beginNode) throw bad('its structure does not begin with the root');
    const root = this.#readNode(0);
    if (this.#token() !== Token.end) throw bad('its structure does not end after the root');
    return root;
  }

  #readNode(depth: number): DeviceTreeNode {
    if (depth > MAX_DEPTH) throw bad(`its nodes lie more than ${MAX_DEPTH} deep`);
    const name = this.#blob.text(this.#at, Math.min(this.#end, this.#at + MAX_NAME_BYTES), 'node names');
    this.#at = align4(this.#at + name.length + 1);
    const properties: DeviceTreeProperty[] = [];
    const children: DeviceTreeNode[] = [];
    for (;;) {
      const token = this.#token();
      if (token === Token.property) properties.push(this.#readProperty());
      else if (token === Token.beginNode) children.push(this.#readNode(depth + 1));
      else if (token === Token.endNode) return { name, properties, children };
      else throw bad(`its structure holds the unknown token ${token}`);
    }
  }

  #readProperty(): DeviceTreeProperty {
    const lengthBytes = this.#word();
    const name = this.#propertyName(this.#word());
    if (this.#at + lengthBytes > this.#end) throw bad(`its property ${JSON.stringify(name)} leaves the structure`);
    const value = this.#blob.slice(this.#at, lengthBytes, 'structure');
    this.#at = align4(this.#at + lengthBytes);
    return { name, value };
  }

  #token(): number {
    for (;;) {
      const token = this.#word();
      if (token !== Token.nop) return token;
    }
  }

  #word(): number {
    if (this.#at + 4 > this.#end) throw bad('its structure has no end');
    const word = this.#blob.u32(this.#at, 'structure');
    this.#at += 4;
    return word;
  }
}

/** Writes a version 17 blob, padded to at least `minimumBytes`. */
export const flattenDeviceTree = (tree: DeviceTree, minimumBytes = 0): Uint8Array => {
  const names = new StringsBlock();
  const structure: Uint8Array[] = [];
  writeNode(tree.root, names, structure);
  structure.push(words(Token.end));
  const structureBlock = Buffer.concat(structure);
  const stringsBlock = names.block();

  const reservationsOffset = HEADER.sizeBytes;
  const structOffset = reservationsOffset + 16 * (tree.reservations.length + 1);
  const stringsOffset = structOffset + structureBlock.length;
  const totalSize = Math.max(stringsOffset + stringsBlock.length, minimumBytes);

  const blob = new Uint8Array(totalSize);
  const view = new DataView(blob.buffer);
  const header: [number, number][] = [
    [HEADER.magic, MAGIC],
    [HEADER.totalSize, totalSize],
    [HEADER.structOffset, structOffset],
    [HEADER.stringsOffset, stringsOffset],
    [HEADER.reservationsOffset, reservationsOffset],
    [HEADER.version, VERSION],
    [HEADER.lastCompatible, LAST_COMPATIBLE_VERSION],
    [HEADER.bootCpu, tree.bootCpu],
    [HEADER.stringsSize, stringsBlock.length],
    [HEADER.structSize, structureBlock.length],
  ];
  for (const [offset, value] of header) view.setUint32(offset, value);
  tree.reservations.forEach((entry, i) => {
    view.setBigUint64(reservationsOffset + 16 * i, entry.address);
    view.setBigUint64(reservationsOffset + 16 * i + 8, entry.sizeBytes);
  });
  blob.set(structureBlock, structOffset);
  blob.set(stringsBlock, stringsOffset);
  return blob;
};

class StringsBlock {
  readonly #offsets = new Map<string, number>();
  readonly #chunks: Uint8Array[] = [];
  #sizeBytes = 0;

  offsetOf(name: string): number {
    let offset = this.#offsets.get(name);
    if (offset === undefined) {
      offset = this.#sizeBytes;
      const chunk = Buffer.from(`${name}\0`, 'latin1');
      this.#offsets.set(name, offset);
      this.#chunks.push(chunk);
      this.#sizeBytes += chunk.length;
    }
    return offset;
  }

  block(): Uint8Array {
    return Buffer.concat(this.#chunks);
  }
}

const words = (...values: number[]): Uint8Array => {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => {
    view.setUint32(i * 4, value);
  });
  return bytes;
};

const padded = (bytes: Uint8Array): Uint8Array => {
  const result = new Uint8Array(align4(bytes.length));
  result.set(bytes);
  return result;
};

const writeNode = (node: DeviceTreeNode, names: StringsBlock, out: Uint8Array[]): void => {
  out.push(words(Token.beginNode), padded(Buffer.from(`${node.name}\0`, 'latin1')));
  for (const property of node.properties) {
    out.push(words(Token.property, property.value.length, names.offsetOf(property.name)), padded(property.value));
  }
  for (const child of node.children) writeNode(child, names, out);
  out.push(words(Token.endNode));
};
