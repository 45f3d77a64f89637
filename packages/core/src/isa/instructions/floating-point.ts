import { type FpMnemonic, FpOperation, KIND_MASK, Kind, NEGATE, SINGLE, SUBTRACT } from '../../fpu/operations.js';
import { Access } from '../../mmu/access.js';
import { State } from '../../processor/state-layout.js';
import type { Builder } from '../../semantics/builder.js';
import {
  bitsOfDouble,
  bitsOfSingle,
  double,
  doubleOfBits,
  doubleOfSingleBits,
  eqDouble,
  geDouble,
  roundToSingle,
} from '../../semantics/double.js';
import { constant, constant64, type I32, type I64 } from '../../semantics/expression.js';
import { Op } from '../../wasm/opcodes.js';
import { type Fields, type InstructionRow, row, type Semantics } from '../instruction-row.js';
import { Esr, Vector } from '../vectors.js';
import {
  compareFast,
  convertToWordFast,
  type FastComputation,
  fastCopy,
  fastProduct,
  fastProductSum,
  fastQuotient,
  fastSum,
  withFastPath,
} from './float-fast-path.js';
import { displaced, displacedUpdate, indexed, indexedUpdate } from './load-store.js';

/**
 * The 440EP's FPU. Loads, stores and moves are built here, and the ordinary cases of arithmetic (float-fast-path.ts); for all else the
 * floating-point unit (fpu/) is called.
 */
const SIGN = constant64(1n << 63n);
const MAGNITUDE = constant64((1n << 63n) - 1n);

/** With Rc, CR1 becomes FPSCR's FX, FEX, VX and OX. */
function recordFloat(b: Builder, f: Fields): void {
  if (f.Rc) b.setCrField(constant(1), b.shrU(b.state(State.fpscr), constant(28)));
}

const ZERO = constant(0);
/** FRT, FRA and FRB as the floating-point unit takes them, or what an operation has in their place (fpu/operations.ts). */
type Operands = (f: Fields) => [I32, I32, I32];

function execute(b: Builder, operation: FpMnemonic, [frt, fra, frb]: [I32, I32, I32], frc: I32 = ZERO): I32 {
  return b.call('floatingPoint', constant(FpOperation[operation]), frt, fra, frb, frc);
}

/** What an operation computes where nothing is out of the ordinary; undefined where the unit always decides. */
function fastComputation(id: number): FastComputation | undefined {
  switch (id & KIND_MASK) {
    case Kind.add:
      return fastSum((id & SUBTRACT) !== 0);
    case Kind.multiply:
      return fastProduct;
    case Kind.multiplyAdd:
      return fastProductSum((id & SUBTRACT) !== 0, (id & NEGATE) !== 0);
    case Kind.divide:
      return fastQuotient;
    case Kind.roundToSingle:
      return fastCopy;
    default:
      return undefined;
  }
}

/** The operands that the picture has; an operation ignores the others. */
const arithmetic =
  (operation: FpMnemonic): Semantics =>
  (b, f) => {
    const present = (name: 'FRA' | 'FRB' | 'FRC') => (name in f ? f[name] : ZERO);
    const slowly = () => void execute(b, operation, [f.FRT, present('FRA'), present('FRB')], present('FRC'));
    const id = FpOperation[operation];
    const compute = fastComputation(id);
    if (compute) withFastPath(b, f, (id & SINGLE) !== 0, compute, slowly);
    else slowly();
    recordFloat(b, f);
  };

const convertToWord =
  (operation: 'fctiw' | 'fctiwz'): Semantics =>
  (b, f) => {
    convertToWordFast(b, f, operation === 'fctiwz', () => void execute(b, operation, [f.FRT, ZERO, f.FRB]));
    recordFloat(b, f);
  };

const compare =
  (operation: 'fcmpu' | 'fcmpo'): Semantics =>
  (b, f) =>
    compareFast(b, f, () => b.setCrField(f.BF, execute(b, operation, [f.BF, f.FRA, f.FRB])));

/** FRC where FRA is not less than zero (minus zero is not), FRB where it is or is a NaN. */
const select: Semantics = (b, f) => {
  const takeC = b.let(geDouble(doubleOfBits(b.fpr(f.FRA)), double(0)));
  b.setFpr(f.FRT, { type: 'i64', kind: 'select', condition: takeC, a: b.fpr(f.FRC), b: b.fpr(f.FRB) });
  recordFloat(b, f);
};

const status =
  (operation: FpMnemonic, operands: Operands): Semantics =>
  (b, f) => {
    execute(b, operation, operands(f));
    recordFloat(b, f);
  };

const toCrField =
  (operation: FpMnemonic, operands: Operands): Semantics =>
  (b, f) =>
    b.setCrField(f.BF, execute(b, operation, operands(f)));

const move =
  (compute: (b: Builder, x: I64) => I64): Semantics =>
  (b, f) => {
    b.setFpr(f.FRT, compute(b, b.fpr(f.FRB)));
    recordFloat(b, f);
  };

type AddressOf = (b: Builder, f: Fields) => I32;
const FOUR = constant(4);

/**
 * A floating-point access that crosses a 16-byte boundary raises Alignment, when neither a TLB miss nor a permission comes first
 * (PPC440x5 UM, sections 6.5.6 and 6.7). What is left lies in one page.
 */
function withinQuadword(b: Builder, ea: I32, sizeBytes: 4 | 8, access: Access): void {
  b.if(b.gtU(b.and(ea, constant(15)), constant(16 - sizeBytes)), () => {
    b.call('touch', ea, constant(access));
    b.raise(Vector.alignment, { esr: access === Access.write ? Esr.FP | Esr.ST : Esr.FP, dear: ea });
  });
}

const loadSingle =
  (address: AddressOf, update = false): Semantics =>
  (b, f) => {
    const ea = b.let(address(b, f));
    withinQuadword(b, ea, 4, Access.read);
    const single = b.load(4, ea);
    // The host may quiet a NaN on its way to a double, which `lfs` does not.
    b.if(
      b.gtU(b.and(single, constant(0x7fffffff)), constant(0x7f800000)),
      () => void b.call('loadConvert', f.FRT, single),
      () => b.setFpr(f.FRT, bitsOfDouble(doubleOfSingleBits(single))),
    );
    if (update) b.setGpr(f.RA, ea);
  };

const loadDouble =
  (address: AddressOf, update = false): Semantics =>
  (b, f) => {
    const ea = b.let(address(b, f));
    withinQuadword(b, ea, 8, Access.read);
    const high = b.load(4, ea);
    const low = b.load(4, b.let(b.add(ea, FOUR)));
    b.setFpr(f.FRT, b.joinWords(high, low));
    if (update) b.setGpr(f.RA, ea);
  };

const storeSingle =
  (address: AddressOf, update = false): Semantics =>
  (b, f) => {
    const ea = b.let(address(b, f));
    withinQuadword(b, ea, 4, Access.write);
    const value = b.let(doubleOfBits(b.fpr(f.FRS)));
    const single = b.variable(bitsOfSingle(value));
    // `stfs` drops bits and never rounds: only a double that is a single goes the short way (a NaN is unequal to itself).
    b.if(b.eq(eqDouble(roundToSingle(value), value), ZERO), () => single.set(b.call('storeConvert', f.FRS)));
    b.store(4, ea, single.value);
    if (update) b.setGpr(f.RA, ea);
  };

const storeDouble =
  (address: AddressOf, update = false): Semantics =>
  (b, f) => {
    const ea = b.let(address(b, f));
    withinQuadword(b, ea, 8, Access.write);
    const value = b.let(b.fpr(f.FRS));
    b.store(4, ea, b.high(value));
    b.store(4, b.let(b.add(ea, FOUR)), b.wrap(value));
    if (update) b.setGpr(f.RA, ea);
  };

const storeInteger: Semantics = (b, f) => {
  const ea = b.let(indexed(b, f));
  withinQuadword(b, ea, 4, Access.write);
  b.store(4, ea, b.wrap(b.fpr(f.FRS)));
};

const float = { float: true };

// biome-ignore format: a table
export const FLOATING_POINT: readonly InstructionRow[] = [
  row('fadd',    '111111 ttttt aaaaa bbbbb ///// 10101 r', 'FRT,FRA,FRB',     'float', arithmetic('fadd'), float),
  row('fsub',    '111111 ttttt aaaaa bbbbb ///// 10100 r', 'FRT,FRA,FRB',     'float', arithmetic('fsub'), float),
  row('fmul',    '111111 ttttt aaaaa ///// ccccc 11001 r', 'FRT,FRA,FRC',     'float', arithmetic('fmul'), float),
  row('fdiv',    '111111 ttttt aaaaa bbbbb ///// 10010 r', 'FRT,FRA,FRB',     'floatDivide', arithmetic('fdiv'), float),
  row('fmadd',   '111111 ttttt aaaaa bbbbb ccccc 11101 r', 'FRT,FRA,FRC,FRB', 'float', arithmetic('fmadd'), float),
  row('fmsub',   '111111 ttttt aaaaa bbbbb ccccc 11100 r', 'FRT,FRA,FRC,FRB', 'float', arithmetic('fmsub'), float),
  row('fnmadd',  '111111 ttttt aaaaa bbbbb ccccc 11111 r', 'FRT,FRA,FRC,FRB', 'float', arithmetic('fnmadd'), float),
  row('fnmsub',  '111111 ttttt aaaaa bbbbb ccccc 11110 r', 'FRT,FRA,FRC,FRB', 'float', arithmetic('fnmsub'), float),
  row('fadds',   '111011 ttttt aaaaa bbbbb ///// 10101 r', 'FRT,FRA,FRB',     'float', arithmetic('fadds'), float),
  row('fsubs',   '111011 ttttt aaaaa bbbbb ///// 10100 r', 'FRT,FRA,FRB',     'float', arithmetic('fsubs'), float),
  row('fmuls',   '111011 ttttt aaaaa ///// ccccc 11001 r', 'FRT,FRA,FRC',     'float', arithmetic('fmuls'), float),
  row('fdivs',   '111011 ttttt aaaaa bbbbb ///// 10010 r', 'FRT,FRA,FRB',     'floatDivide', arithmetic('fdivs'), float),
  row('fmadds',  '111011 ttttt aaaaa bbbbb ccccc 11101 r', 'FRT,FRA,FRC,FRB', 'float', arithmetic('fmadds'), float),
  row('fmsubs',  '111011 ttttt aaaaa bbbbb ccccc 11100 r', 'FRT,FRA,FRC,FRB', 'float', arithmetic('fmsubs'), float),
  row('fnmadds', '111011 ttttt aaaaa bbbbb ccccc 11111 r', 'FRT,FRA,FRC,FRB', 'float', arithmetic('fnmadds'), float),
  row('fnmsubs', '111011 ttttt aaaaa bbbbb ccccc 11110 r', 'FRT,FRA,FRC,FRB', 'float', arithmetic('fnmsubs'), float),
  row('fres',    '111011 ttttt ///// bbbbb ///// 11000 r', 'FRT,FRB',         'floatDivide', arithmetic('fres'), float),
  row('frsqrte', '111111 ttttt ///// bbbbb ///// 11010 r', 'FRT,FRB',         'floatDivide', arithmetic('frsqrte'), float),
  row('fsel',    '111111 ttttt aaaaa bbbbb ccccc 10111 r', 'FRT,FRA,FRC,FRB', 'float', select, float),
  row('frsp',    '111111 ttttt ///// bbbbb 0000001100 r', 'FRT,FRB',         'float', arithmetic('frsp'), float),
  row('fctiw',   '111111 ttttt ///// bbbbb 0000001110 r', 'FRT,FRB',         'float', convertToWord('fctiw'), float),
  row('fctiwz',  '111111 ttttt ///// bbbbb 0000001111 r', 'FRT,FRB',         'float', convertToWord('fctiwz'), float),
  row('fmr',     '111111 ttttt ///// bbbbb 0001001000 r', 'FRT,FRB',         'float', move((_, x) => x), float),
  row('fneg',    '111111 ttttt ///// bbbbb 0000101000 r', 'FRT,FRB',         'float', move((b, x) => b.binary64(Op.i64Xor, x, SIGN)), float),
  row('fabs',    '111111 ttttt ///// bbbbb 0100001000 r', 'FRT,FRB',         'float', move((b, x) => b.binary64(Op.i64And, x, MAGNITUDE)), float),
  row('fnabs',   '111111 ttttt ///// bbbbb 0010001000 r', 'FRT,FRB',         'float', move((b, x) => b.binary64(Op.i64Or, x, SIGN)), float),
  row('fcmpu',   '111111 fff // aaaaa bbbbb 0000000000 /', 'BF,FRA,FRB',      'float', compare('fcmpu'), float),
  row('fcmpo',   '111111 fff // aaaaa bbbbb 0000100000 /', 'BF,FRA,FRB',      'float', compare('fcmpo'), float),
  row('mcrfs',   '111111 fff // ggg // ///// 0001000000 /', 'BF,BFA',          'float', toCrField('mcrfs', (f) => [f.BF, f.BFA, ZERO]), float),
  row('mffs',    '111111 ttttt ///// ///// 1001000111 r', 'FRT',             'float', status('mffs', (f) => [f.FRT, ZERO, ZERO]), float),
  row('mtfsf',   '111111 / mmmmmmmm / bbbbb 1011000111 r', 'FLM,FRB',         'float', status('mtfsf', (f) => [ZERO, f.FLM, f.FRB]), float),
  row('mtfsfi',  '111111 fff // ///// uuuu / 0010000110 r', 'BFF,U',           'float', status('mtfsfi', (f) => [ZERO, f.BFF, f.U]), float),
  row('mtfsb0',  '111111 ttttt ///// ///// 0001000110 r', 'BTF',             'float', status('mtfsb0', (f) => [ZERO, f.BTF, ZERO]), float),
  row('mtfsb1',  '111111 ttttt ///// ///// 0000100110 r', 'BTF',             'float', status('mtfsb1', (f) => [ZERO, f.BTF, ZERO]), float),
  row('lfs',     '110000 ttttt aaaaa dddddddddddddddd', 'FRT,D(RA0)',       'load', loadSingle(displaced), float),
  row('lfsu',    '110001 ttttt aaaaa dddddddddddddddd', 'FRT,D(RA)',       'load', loadSingle(displacedUpdate, true), float),
  row('lfsx',    '011111 ttttt aaaaa bbbbb 1000010111 /', 'FRT,RA0,RB',       'load', loadSingle(indexed), float),
  row('lfsux',   '011111 ttttt aaaaa bbbbb 1000110111 /', 'FRT,RA,RB',       'load', loadSingle(indexedUpdate, true), float),
  row('lfd',     '110010 ttttt aaaaa dddddddddddddddd', 'FRT,D(RA0)',       'load', loadDouble(displaced), float),
  row('lfdu',    '110011 ttttt aaaaa dddddddddddddddd', 'FRT,D(RA)',       'load', loadDouble(displacedUpdate, true), float),
  row('lfdx',    '011111 ttttt aaaaa bbbbb 1001010111 /', 'FRT,RA0,RB',       'load', loadDouble(indexed), float),
  row('lfdux',   '011111 ttttt aaaaa bbbbb 1001110111 /', 'FRT,RA,RB',       'load', loadDouble(indexedUpdate, true), float),
  row('stfs',    '110100 ttttt aaaaa dddddddddddddddd', 'FRS,D(RA0)',       'store', storeSingle(displaced), float),
  row('stfsu',   '110101 ttttt aaaaa dddddddddddddddd', 'FRS,D(RA)',       'store', storeSingle(displacedUpdate, true), float),
  row('stfsx',   '011111 ttttt aaaaa bbbbb 1010010111 /', 'FRS,RA0,RB',       'store', storeSingle(indexed), float),
  row('stfsux',  '011111 ttttt aaaaa bbbbb 1010110111 /', 'FRS,RA,RB',       'store', storeSingle(indexedUpdate, true), float),
  row('stfd',    '110110 ttttt aaaaa dddddddddddddddd', 'FRS,D(RA0)',       'store', storeDouble(displaced), float),
  row('stfdu',   '110111 ttttt aaaaa dddddddddddddddd', 'FRS,D(RA)',       'store', storeDouble(displacedUpdate, true), float),
  row('stfdx',   '011111 ttttt aaaaa bbbbb 1011010111 /', 'FRS,RA0,RB',       'store', storeDouble(indexed), float),
  row('stfdux',  '011111 ttttt aaaaa bbbbb 1011110111 /', 'FRS,RA,RB',       'store', storeDouble(indexedUpdate, true), float),
  row('stfiwx',  '011111 ttttt aaaaa bbbbb 1111010111 /', 'FRS,RA0,RB',       'store', storeInteger, float),
];
