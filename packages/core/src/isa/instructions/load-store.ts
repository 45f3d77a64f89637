import { Touch } from '../../mmu/access.js';
import { State } from '../../processor/state-layout.js';
import type { Builder } from '../../semantics/builder.js';
import { constant, type I32 } from '../../semantics/expression.js';
import type { AccessSize } from '../../semantics/ram-access.js';
import { type Fields, type InstructionRow, row, type Semantics } from '../instruction-row.js';

const ZERO = constant(0);
const ONE = constant(1);
const FOUR = constant(4);

type AddressOf = (b: Builder, f: Fields) => I32;

export const displaced: AddressOf = (b, f) => b.add(b.gprOrZero(f.RA), f.D);
export const indexed: AddressOf = (b, f) => b.add(b.gprOrZero(f.RA), b.gpr(f.RB));
/** Update forms always use RA; RA = 0 is an invalid form, which the 440 executes with register 0. */
export const displacedUpdate: AddressOf = (b, f) => b.add(b.gpr(f.RA), f.D);
export const indexedUpdate: AddressOf = (b, f) => b.add(b.gpr(f.RA), b.gpr(f.RB));

interface Access {
  size: AccessSize;
  /** Sign-extends a halfword. */
  algebraic?: boolean;
  /** Byte-reversed. */
  reversed?: boolean;
  /** Writes the effective address to RA. */
  update?: boolean;
}

/** A value as memory has it when bytes are reversed. */
function reverse(b: Builder, value: I32, size: AccessSize): I32 {
  if (size === 4) return b.byteSwap(value);
  const pinned = b.let(value);
  return b.or(b.shl(b.and(pinned, constant(0xff)), constant(8)), b.and(b.shrU(pinned, constant(8)), constant(0xff)));
}

const load =
  (address: AddressOf, { size, algebraic, reversed, update }: Access): Semantics =>
  (b, f) => {
    const ea = b.let(address(b, f));
    const loaded = b.load(size, ea);
    const ordered = reversed ? reverse(b, loaded, size) : loaded;
    const value = algebraic ? b.extend16(ordered) : ordered;
    // RA = RT is an invalid update form; the loaded value wins, as on QEMU.
    if (update) b.setGpr(f.RA, ea);
    b.setGpr(f.RT, value);
  };

const store =
  (address: AddressOf, { size, reversed, update }: Access): Semantics =>
  (b, f) => {
    const ea = b.let(address(b, f));
    const value = b.gpr(f.RS);
    b.store(size, ea, reversed ? b.let(reverse(b, value, size)) : value);
    if (update) b.setGpr(f.RA, ea);
  };

/** RT to r31; restarts from the beginning after an interrupt, which the architecture allows. */
const loadMultiple: Semantics = (b, f) => {
  const ea = b.variable(displaced(b, f));
  const register = b.variable(f.RT);
  b.while(
    () => b.ltU(register.value, constant(32)),
    () => {
      b.setGpr(register.value, b.load(4, ea.value));
      ea.set(b.add(ea.value, FOUR));
      register.set(b.add(register.value, ONE));
    },
  );
};

const storeMultiple: Semantics = (b, f) => {
  const ea = b.variable(displaced(b, f));
  const register = b.variable(f.RS);
  b.while(
    () => b.ltU(register.value, constant(32)),
    () => {
      b.store(4, ea.value, b.gpr(register.value));
      ea.set(b.add(ea.value, FOUR));
      register.set(b.add(register.value, ONE));
    },
  );
};

/** Immediate count: NB, where 0 means 32. */
const immediateCount = (b: Builder, f: Fields) => b.add(b.and(b.sub(f.NB, ONE), constant(31)), ONE);
const stringBase: AddressOf = (b, f) => b.gprOrZero(f.RA);

/** Bytes fill registers from the left, going on from r31 to r0; the rest of the last register is cleared. */
const loadString =
  (address: AddressOf, count: (b: Builder, f: Fields) => I32): Semantics =>
  (b, f) => {
    const ea = b.variable(address(b, f));
    const left = b.variable(count(b, f));
    const register = b.variable(f.RT);
    const shift = b.variable(constant(24));
    const word = b.variable(ZERO);
    b.while(
      () => left.value,
      () => {
        word.set(b.or(word.value, b.shl(b.load(1, ea.value), shift.value)));
        ea.set(b.add(ea.value, ONE));
        left.set(b.sub(left.value, ONE));
        b.if(b.or(b.eq(shift.value, ZERO), b.eq(left.value, ZERO)), () => {
          b.setGpr(register.value, word.value);
          word.set(ZERO);
          register.set(b.and(b.add(register.value, ONE), constant(31)));
        });
        shift.set(b.and(b.sub(shift.value, constant(8)), constant(31)));
      },
    );
  };

const storeString =
  (address: AddressOf, count: (b: Builder, f: Fields) => I32): Semantics =>
  (b, f) => {
    const ea = b.variable(address(b, f));
    const left = b.variable(count(b, f));
    const register = b.variable(f.RS);
    const shift = b.variable(constant(24));
    b.while(
      () => left.value,
      () => {
        b.store(1, ea.value, b.and(b.shrU(b.gpr(register.value), shift.value), constant(0xff)));
        ea.set(b.add(ea.value, ONE));
        left.set(b.sub(left.value, ONE));
        b.if(b.eq(shift.value, ZERO), () => register.set(b.and(b.add(register.value, ONE), constant(31))));
        shift.set(b.and(b.sub(shift.value, constant(8)), constant(31)));
      },
    );
  };

/** The 440 takes lwarx and stwcx. at any alignment, as other loads and stores (PPC440x5 UM, lwarx, stwcx.). */
const loadReserve: Semantics = (b, f) => {
  const ea = b.let(indexed(b, f));
  const value = b.load(4, ea);
  b.setState(State.reservationValid, ONE);
  b.setState(State.reservationEa, ea);
  b.setGpr(f.RT, value);
};

/**
 * The store happens while the reservation is held, whatever address it names: the 440 keeps one reservation bit and compares no
 * address (PPC440x5 UM, stwcx.). CR0 becomes 0b00, success, SO.
 */
const storeConditional: Semantics = (b, f) => {
  const ea = b.let(indexed(b, f));
  const success = b.variable(ZERO);
  b.if(
    b.state(State.reservationValid),
    () => {
      b.store(4, ea, b.gpr(f.RS));
      success.set(constant(2));
    },
    // Without the reservation a TLB miss still interrupts, but permission is not asked for (PPC440x5 UM, stwcx.).
    () => b.call('touch', ea, constant(Touch.mapped)),
  );
  b.setState(State.reservationValid, ZERO);
  b.setCrField(ZERO, b.or(success.value, b.so()));
};

/** The families of integer loads and stores: plain, update, indexed, update indexed. */
const BYTE: Access = { size: 1 };
const HALF: Access = { size: 2 };
const ALGEBRAIC: Access = { size: 2, algebraic: true };
const WORD: Access = { size: 4 };
const updating = (access: Access): Access => ({ ...access, update: true });
const reversing = (access: Access): Access => ({ ...access, reversed: true });

// biome-ignore format: a table
export const LOAD_STORE: readonly InstructionRow[] = [
  row('lwz',   '100000 ttttt aaaaa dddddddddddddddd',    'RT,D(RA0)', 'load', load(displaced, WORD)),
  row('lwzu',  '100001 ttttt aaaaa dddddddddddddddd',    'RT,D(RA)', 'load', load(displacedUpdate, updating(WORD))),
  row('lbz',   '100010 ttttt aaaaa dddddddddddddddd',    'RT,D(RA0)', 'load', load(displaced, BYTE)),
  row('lbzu',  '100011 ttttt aaaaa dddddddddddddddd',    'RT,D(RA)', 'load', load(displacedUpdate, updating(BYTE))),
  row('lhz',   '101000 ttttt aaaaa dddddddddddddddd',    'RT,D(RA0)', 'load', load(displaced, HALF)),
  row('lhzu',  '101001 ttttt aaaaa dddddddddddddddd',    'RT,D(RA)', 'load', load(displacedUpdate, updating(HALF))),
  row('lha',   '101010 ttttt aaaaa dddddddddddddddd',    'RT,D(RA0)', 'load', load(displaced, ALGEBRAIC)),
  row('lhau',  '101011 ttttt aaaaa dddddddddddddddd',    'RT,D(RA)', 'load', load(displacedUpdate, updating(ALGEBRAIC))),
  row('stw',   '100100 ttttt aaaaa dddddddddddddddd',    'RS,D(RA0)', 'store', store(displaced, WORD)),
  row('stwu',  '100101 ttttt aaaaa dddddddddddddddd',    'RS,D(RA)', 'store', store(displacedUpdate, updating(WORD))),
  row('stb',   '100110 ttttt aaaaa dddddddddddddddd',    'RS,D(RA0)', 'store', store(displaced, BYTE)),
  row('stbu',  '100111 ttttt aaaaa dddddddddddddddd',    'RS,D(RA)', 'store', store(displacedUpdate, updating(BYTE))),
  row('sth',   '101100 ttttt aaaaa dddddddddddddddd',    'RS,D(RA0)', 'store', store(displaced, HALF)),
  row('sthu',  '101101 ttttt aaaaa dddddddddddddddd',    'RS,D(RA)', 'store', store(displacedUpdate, updating(HALF))),
  row('lmw',   '101110 ttttt aaaaa dddddddddddddddd',    'RT,D(RA0)', 'load', loadMultiple),
  row('stmw',  '101111 ttttt aaaaa dddddddddddddddd',    'RS,D(RA0)', 'store', storeMultiple),

  row('lwzx',  '011111 ttttt aaaaa bbbbb 0000010111 /',  'RT,RA0,RB', 'load', load(indexed, WORD)),
  row('lwzux', '011111 ttttt aaaaa bbbbb 0000110111 /',  'RT,RA,RB', 'load', load(indexedUpdate, updating(WORD))),
  row('lbzx',  '011111 ttttt aaaaa bbbbb 0001010111 /',  'RT,RA0,RB', 'load', load(indexed, BYTE)),
  row('lbzux', '011111 ttttt aaaaa bbbbb 0001110111 /',  'RT,RA,RB', 'load', load(indexedUpdate, updating(BYTE))),
  row('lhzx',  '011111 ttttt aaaaa bbbbb 0100010111 /',  'RT,RA0,RB', 'load', load(indexed, HALF)),
  row('lhzux', '011111 ttttt aaaaa bbbbb 0100110111 /',  'RT,RA,RB', 'load', load(indexedUpdate, updating(HALF))),
  row('lhax',  '011111 ttttt aaaaa bbbbb 0101010111 /',  'RT,RA0,RB', 'load', load(indexed, ALGEBRAIC)),
  row('lhaux', '011111 ttttt aaaaa bbbbb 0101110111 /',  'RT,RA,RB', 'load', load(indexedUpdate, updating(ALGEBRAIC))),
  row('stwx',  '011111 ttttt aaaaa bbbbb 0010010111 /',  'RS,RA0,RB', 'store', store(indexed, WORD)),
  row('stwux', '011111 ttttt aaaaa bbbbb 0010110111 /',  'RS,RA,RB', 'store', store(indexedUpdate, updating(WORD))),
  row('stbx',  '011111 ttttt aaaaa bbbbb 0011010111 /',  'RS,RA0,RB', 'store', store(indexed, BYTE)),
  row('stbux', '011111 ttttt aaaaa bbbbb 0011110111 /',  'RS,RA,RB', 'store', store(indexedUpdate, updating(BYTE))),
  row('sthx',  '011111 ttttt aaaaa bbbbb 0110010111 /',  'RS,RA0,RB', 'store', store(indexed, HALF)),
  row('sthux', '011111 ttttt aaaaa bbbbb 0110110111 /',  'RS,RA,RB', 'store', store(indexedUpdate, updating(HALF))),
  row('lwbrx', '011111 ttttt aaaaa bbbbb 1000010110 /',  'RT,RA0,RB', 'load', load(indexed, reversing(WORD))),
  row('lhbrx', '011111 ttttt aaaaa bbbbb 1100010110 /',  'RT,RA0,RB', 'load', load(indexed, reversing(HALF))),
  row('stwbrx','011111 ttttt aaaaa bbbbb 1010010110 /',  'RS,RA0,RB', 'store', store(indexed, reversing(WORD))),
  row('sthbrx','011111 ttttt aaaaa bbbbb 1110010110 /',  'RS,RA0,RB', 'store', store(indexed, reversing(HALF))),

  row('lswi',  '011111 ttttt aaaaa nnnnn 1001010101 /',  'RT,RA0,NB', 'load', loadString(stringBase, immediateCount)),
  row('lswx',  '011111 ttttt aaaaa bbbbb 1000010101 /',  'RT,RA0,RB', 'load', loadString(indexed, (b) => b.xerCount())),
  row('stswi', '011111 ttttt aaaaa nnnnn 1011010101 /',  'RS,RA0,NB', 'store', storeString(stringBase, immediateCount)),
  row('stswx', '011111 ttttt aaaaa bbbbb 1010010101 /',  'RS,RA0,RB', 'store', storeString(indexed, (b) => b.xerCount())),
  row('lwarx', '011111 ttttt aaaaa bbbbb 0000010100 /',  'RT,RA0,RB', 'load', loadReserve),
  row('stwcx.','011111 ttttt aaaaa bbbbb 0010010110 1',  'RS,RA0,RB', 'store', storeConditional),
];
