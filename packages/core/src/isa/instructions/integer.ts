import { State } from '../../processor/state-layout.js';
import type { Builder } from '../../semantics/builder.js';
import { constant, type I32 } from '../../semantics/expression.js';
import { Op } from '../../wasm/opcodes.js';
import { type Fields, type InstructionRow, row, type Semantics } from '../instruction-row.js';

/** Sets CR0 by comparing a result with 0 when Rc is set. */
export function record(b: Builder, f: Fields, result: I32): void {
  if (f.Rc) b.setCrCompare(constant(0), result, constant(0), true);
}

function finish(b: Builder, f: Fields, result: I32): void {
  b.setGpr(f.RT, result);
  record(b, f, result);
}

/** Signed overflow of `x + y`: both operands differ in sign from the sum. */
function sumOverflow(b: Builder, x: I32, y: I32, sum: I32): I32 {
  return b.shrU(b.and(b.xor(x, sum), b.xor(y, sum)), constant(31));
}

/** The whole add and subtract family is `x + y + carry`; subtraction adds the complement. */
function addition(operands: (b: Builder, f: Fields) => { x: I32; y: I32; carryIn?: I32 }, carryOut: boolean, always?: 'record'): Semantics {
  return (b, f) => {
    const { x: left, y: right, carryIn } = operands(b, f);
    const x = b.let(left);
    const y = b.let(right);
    const partial = b.let(b.add(x, y));
    const sum = carryIn ? b.let(b.add(partial, b.let(carryIn))) : partial;
    if (carryOut) {
      const first = b.ltU(partial, x);
      b.setCa(carryIn ? b.or(first, b.ltU(sum, partial)) : first);
    }
    if (f.OE) b.setOv(sumOverflow(b, x, y, sum));
    b.setGpr(f.RT, sum);
    if (always) b.setCrCompare(ZERO, sum, ZERO, true);
    else record(b, f, sum);
  };
}

const ra = (b: Builder, f: Fields) => b.gpr(f.RA);
const rb = (b: Builder, f: Fields) => b.gpr(f.RB);

const MINUS_ONE = constant(-1);
const ZERO = constant(0);
const ONE = constant(1);

function subtraction(): Semantics {
  return (b, f) => {
    const x = b.let(b.gpr(f.RA));
    const y = b.let(b.gpr(f.RB));
    const difference = b.let(b.sub(y, x));
    if (f.OE) b.setOv(sumOverflow(b, b.not(x), y, difference));
    finish(b, f, difference);
  };
}

function subtractCarrying(left: (b: Builder, f: Fields) => I32): Semantics {
  return (b, f) => {
    const x = b.let(b.gpr(f.RA));
    const y = b.let(left(b, f));
    const difference = b.let(b.sub(y, x));
    b.setCa(b.eq(b.ltU(y, x), ZERO));
    if (f.OE) b.setOv(sumOverflow(b, b.not(x), y, difference));
    finish(b, f, difference);
  };
}

const multiplyLow: Semantics = (b, f) => {
  const x = b.let(b.gpr(f.RA));
  const y = b.let(b.gpr(f.RB));
  const product = b.let(b.mul(x, y));
  if (f.OE) {
    const exact = b.mul64(b.extendS64(x), b.extendS64(y));
    b.setOv(b.compare64(Op.i64Ne, exact, b.extendS64(product)));
  }
  finish(b, f, product);
};

const multiplyHigh =
  (signed: boolean): Semantics =>
  (b, f) => {
    const extend = (value: I32) => (signed ? b.extendS64(value) : b.extendU64(value));
    finish(b, f, b.let(b.high(b.mul64(extend(b.gpr(f.RA)), extend(b.gpr(f.RB))))));
  };

/**
 * The quotient of a division by 0, or of the most negative number by -1, is undefined (Book E, divw); like QEMU's, it is the dividend,
 * so that runs can be compared.
 */
const divide =
  (signed: boolean): Semantics =>
  (b, f) => {
    const dividend = b.let(b.gpr(f.RA));
    const divisor = b.let(b.gpr(f.RB));
    const byZero = b.eq(divisor, ZERO);
    const undefinedQuotient = b.let(signed ? b.or(byZero, b.and(b.eq(divisor, MINUS_ONE), b.eq(dividend, constant(0x80000000)))) : byZero);
    const quotient = b.variable(dividend);
    b.if(b.eq(undefinedQuotient, ZERO), () => quotient.set(signed ? b.divS(dividend, divisor) : b.divU(dividend, divisor)));
    if (f.OE) b.setOv(undefinedQuotient);
    finish(b, f, quotient.value);
  };

const negate: Semantics = (b, f) => {
  const x = b.let(b.gpr(f.RA));
  const result = b.let(b.neg(x));
  if (f.OE) b.setOv(b.eq(x, constant(0x80000000)));
  finish(b, f, result);
};

/** Logical instructions read RS and write RA. */
const logical =
  (compute: (b: Builder, s: I32, f: Fields) => I32): Semantics =>
  (b, f) => {
    const result = b.let(compute(b, b.gpr(f.RS), f));
    b.setGpr(f.RA, result);
    record(b, f, result);
  };
/** The forms with a dot in their only mnemonic: always record. */
const logicalRecording =
  (compute: (b: Builder, s: I32, f: Fields) => I32): Semantics =>
  (b, f) => {
    const result = b.let(compute(b, b.gpr(f.RS), f));
    b.setGpr(f.RA, result);
    b.setCrCompare(constant(0), result, ZERO, true);
  };

/** MASK(MB, ME) of the rotate instructions, wrapping where MB is above ME (Book E, section 4.3.5). */
export function rotateMask(b: Builder, mb: I32, me: I32): I32 {
  const straight = b.xor(b.shrU(MINUS_ONE, mb), b.shrU(b.shrU(MINUS_ONE, me), ONE));
  return b.xor(straight, b.neg(b.gtU(mb, me)));
}

const rotateInsert: Semantics = (b, f) => {
  const mask = b.let(rotateMask(b, f.MB, f.ME));
  const rotated = b.rotl(b.gpr(f.RS), f.SH);
  const result = b.let(b.or(b.and(rotated, mask), b.and(b.gpr(f.RA), b.not(mask))));
  b.setGpr(f.RA, result);
  record(b, f, result);
};

/** A shift by 32 to 63 gives 0: bit 26 of RB decides. */
const shift = (direction: 'left' | 'right'): Semantics =>
  logical((b, s, f) => {
    const amount = b.let(b.gpr(f.RB));
    const shifted = direction === 'left' ? b.shl(s, amount) : b.shrU(s, amount);
    return b.select(b.and(amount, constant(32)), ZERO, shifted);
  });

/** CA is set where a negative value loses one bits. */
function arithmeticShift(b: Builder, f: Fields, amount: I32): void {
  const value = b.let(b.gpr(f.RS));
  const result = b.let(b.shrS(value, amount));
  const lost = b.and(value, b.sub(b.shl(ONE, amount), ONE));
  b.setCa(b.and(b.shrU(value, constant(31)), b.ne(lost, ZERO)));
  b.setGpr(f.RA, result);
  record(b, f, result);
}

const shiftAlgebraicImmediate: Semantics = (b, f) => arithmeticShift(b, f, f.SH);

const shiftAlgebraic: Semantics = (b, f) => {
  const amount = b.let(b.gpr(f.RB));
  const value = b.let(b.gpr(f.RS));
  const far = b.let(b.and(amount, constant(32)));
  const sign = b.shrS(value, constant(31));
  const result = b.let(b.select(far, sign, b.shrS(value, amount)));
  const lost = b.select(far, value, b.and(value, b.sub(b.shl(ONE, amount), ONE)));
  b.setCa(b.and(b.shrU(value, constant(31)), b.ne(lost, ZERO)));
  b.setGpr(f.RA, result);
  record(b, f, result);
};

/** Determine Leftmost Zero Byte (PPC440x5 UM, dlmzb): the 8 bytes of RS and RB are searched for the first 0. */
const leftmostZeroByte: Semantics = (b, f) => {
  const word = b.variable(b.gpr(f.RS));
  const other = b.let(b.gpr(f.RB));
  const count = b.variable(ZERO);
  const found = b.variable(ZERO);
  b.while(
    () => b.and(b.eq(found.value, ZERO), b.ltU(count.value, constant(8))),
    () => {
      b.if(b.eq(count.value, constant(4)), () => word.set(other));
      found.set(b.eq(b.shrU(word.value, constant(24)), ZERO));
      word.set(b.shl(word.value, constant(8)));
      count.set(b.add(count.value, ONE));
    },
  );
  if (f.Rc) {
    // Found in RS: 0b010; found in RB: 0b100; not found: 0b001 (bits LT GT EQ).
    const inFirst = b.gtU(constant(5), count.value);
    const place = b.select(inFirst, constant(4), constant(8));
    b.setCrField(ZERO, b.or(b.select(found.value, place, constant(2)), b.so()));
  }
  b.setGpr(f.RA, count.value);
  b.setState(State.xerCount, count.value);
};

const compare =
  (signed: boolean, right: (b: Builder, f: Fields) => I32): Semantics =>
  (b, f) =>
    b.setCrCompare(f.BF, b.let(b.gpr(f.RA)), b.let(right(b, f)), signed);

/** RB where the CR bit is 0, (RA|0) where it is 1 (PPC440x5 UM, isel). */
const integerSelect: Semantics = (b, f) => b.setGpr(f.RT, b.select(b.crBit(f.BC), b.gprOrZero(f.RA), b.gpr(f.RB)));

/** Immediate forms use (RA|0). */
const raOrZero = (b: Builder, f: Fields) => b.gprOrZero(f.RA);

// biome-ignore format: a table
export const INTEGER: readonly InstructionRow[] = [
  row('add',    '011111 ttttt aaaaa bbbbb O 100001010 r', 'RT,RA,RB', 'integer', addition((b, f) => ({ x: ra(b, f), y: rb(b, f) }), false)),
  row('addc',   '011111 ttttt aaaaa bbbbb O 000001010 r', 'RT,RA,RB', 'integer', addition((b, f) => ({ x: ra(b, f), y: rb(b, f) }), true)),
  row('adde',   '011111 ttttt aaaaa bbbbb O 010001010 r', 'RT,RA,RB', 'integer', addition((b, f) => ({ x: ra(b, f), y: rb(b, f), carryIn: b.ca() }), true)),
  row('addme',  '011111 ttttt aaaaa ///// O 011101010 r', 'RT,RA',    'integer', addition((b, f) => ({ x: ra(b, f), y: MINUS_ONE, carryIn: b.ca() }), true)),
  row('addze',  '011111 ttttt aaaaa ///// O 011001010 r', 'RT,RA',    'integer', addition((b, f) => ({ x: ra(b, f), y: ZERO, carryIn: b.ca() }), true)),
  row('subf',   '011111 ttttt aaaaa bbbbb O 000101000 r', 'RT,RA,RB', 'integer', subtraction()),
  row('subfc',  '011111 ttttt aaaaa bbbbb O 000001000 r', 'RT,RA,RB', 'integer', subtractCarrying(rb)),
  row('subfe',  '011111 ttttt aaaaa bbbbb O 010001000 r', 'RT,RA,RB', 'integer', addition((b, f) => ({ x: b.not(ra(b, f)), y: rb(b, f), carryIn: b.ca() }), true)),
  row('subfme', '011111 ttttt aaaaa ///// O 011101000 r', 'RT,RA',    'integer', addition((b, f) => ({ x: b.not(ra(b, f)), y: MINUS_ONE, carryIn: b.ca() }), true)),
  row('subfze', '011111 ttttt aaaaa ///// O 011001000 r', 'RT,RA',    'integer', addition((b, f) => ({ x: b.not(ra(b, f)), y: ZERO, carryIn: b.ca() }), true)),
  row('neg',    '011111 ttttt aaaaa ///// O 001101000 r', 'RT,RA',    'integer', negate),
  row('mullw',  '011111 ttttt aaaaa bbbbb O 011101011 r', 'RT,RA,RB', 'multiply', multiplyLow),
  row('mulhw',  '011111 ttttt aaaaa bbbbb / 001001011 r', 'RT,RA,RB', 'multiply', multiplyHigh(true)),
  row('mulhwu', '011111 ttttt aaaaa bbbbb / 000001011 r', 'RT,RA,RB', 'multiply', multiplyHigh(false)),
  row('divw',   '011111 ttttt aaaaa bbbbb O 111101011 r', 'RT,RA,RB', 'divide', divide(true)),
  row('divwu',  '011111 ttttt aaaaa bbbbb O 111001011 r', 'RT,RA,RB', 'divide', divide(false)),

  row('addi',   '001110 ttttt aaaaa iiiiiiiiiiiiiiii', 'RT,RA0,SI', 'integer', (b, f) => b.setGpr(f.RT, b.add(raOrZero(b, f), f.SI))),
  row('addis',  '001111 ttttt aaaaa iiiiiiiiiiiiiiii', 'RT,RA0,SI', 'integer', (b, f) => b.setGpr(f.RT, b.add(raOrZero(b, f), b.shl(f.SI, constant(16))))),
  row('addic',  '001100 ttttt aaaaa iiiiiiiiiiiiiiii', 'RT,RA,SI', 'integer', addition((b, f) => ({ x: ra(b, f), y: f.SI }), true)),
  row('addic.', '001101 ttttt aaaaa iiiiiiiiiiiiiiii', 'RT,RA,SI', 'integer', addition((b, f) => ({ x: ra(b, f), y: f.SI }), true, 'record')),
  row('subfic', '001000 ttttt aaaaa iiiiiiiiiiiiiiii', 'RT,RA,SI', 'integer', subtractCarrying((_, f) => f.SI)),
  row('mulli',  '000111 ttttt aaaaa iiiiiiiiiiiiiiii', 'RT,RA,SI', 'multiply', (b, f) => b.setGpr(f.RT, b.mul(ra(b, f), f.SI))),

  row('cmp',    '011111 fff / / aaaaa bbbbb 0000000000 /', 'BF,RA,RB', 'compare', compare(true, rb)),
  row('cmpl',   '011111 fff / / aaaaa bbbbb 0000100000 /', 'BF,RA,RB', 'compare', compare(false, rb)),
  row('cmpi',   '001011 fff / / aaaaa iiiiiiiiiiiiiiii', 'BF,RA,SI', 'compare', compare(true, (_, f) => f.SI)),
  row('cmpli',  '001010 fff / / aaaaa uuuuuuuuuuuuuuuu', 'BF,RA,UI', 'compare', compare(false, (_, f) => f.UI)),

  row('and',    '011111 ttttt aaaaa bbbbb 0000011100 r', 'RA,RS,RB', 'integer', logical((b, s, f) => b.and(s, rb(b, f)))),
  row('andc',   '011111 ttttt aaaaa bbbbb 0000111100 r', 'RA,RS,RB', 'integer', logical((b, s, f) => b.and(s, b.not(rb(b, f))))),
  row('nand',   '011111 ttttt aaaaa bbbbb 0111011100 r', 'RA,RS,RB', 'integer', logical((b, s, f) => b.not(b.and(s, rb(b, f))))),
  row('or',     '011111 ttttt aaaaa bbbbb 0110111100 r', 'RA,RS,RB', 'integer', logical((b, s, f) => b.or(s, rb(b, f)))),
  row('orc',    '011111 ttttt aaaaa bbbbb 0110011100 r', 'RA,RS,RB', 'integer', logical((b, s, f) => b.or(s, b.not(rb(b, f))))),
  row('nor',    '011111 ttttt aaaaa bbbbb 0001111100 r', 'RA,RS,RB', 'integer', logical((b, s, f) => b.not(b.or(s, rb(b, f))))),
  row('xor',    '011111 ttttt aaaaa bbbbb 0100111100 r', 'RA,RS,RB', 'integer', logical((b, s, f) => b.xor(s, rb(b, f)))),
  row('eqv',    '011111 ttttt aaaaa bbbbb 0100011100 r', 'RA,RS,RB', 'integer', logical((b, s, f) => b.not(b.xor(s, rb(b, f))))),
  row('extsb',  '011111 ttttt aaaaa ///// 1110111010 r', 'RA,RS',    'integer', logical((b, s) => b.extend8(s))),
  row('extsh',  '011111 ttttt aaaaa ///// 1110011010 r', 'RA,RS',    'integer', logical((b, s) => b.extend16(s))),
  row('cntlzw', '011111 ttttt aaaaa ///// 0000011010 r', 'RA,RS',    'integer', logical((b, s) => b.clz(s))),
  row('andi.',  '011100 ttttt aaaaa uuuuuuuuuuuuuuuu',   'RA,RS,UI', 'integer', logicalRecording((b, s, f) => b.and(s, f.UI))),
  row('andis.', '011101 ttttt aaaaa uuuuuuuuuuuuuuuu',   'RA,RS,UI', 'integer', logicalRecording((b, s, f) => b.and(s, b.shl(f.UI, constant(16))))),
  row('ori',    '011000 ttttt aaaaa uuuuuuuuuuuuuuuu',   'RA,RS,UI', 'integer', (b, f) => b.setGpr(f.RA, b.or(b.gpr(f.RS), f.UI))),
  row('oris',   '011001 ttttt aaaaa uuuuuuuuuuuuuuuu',   'RA,RS,UI', 'integer', (b, f) => b.setGpr(f.RA, b.or(b.gpr(f.RS), b.shl(f.UI, constant(16))))),
  row('xori',   '011010 ttttt aaaaa uuuuuuuuuuuuuuuu',   'RA,RS,UI', 'integer', (b, f) => b.setGpr(f.RA, b.xor(b.gpr(f.RS), f.UI))),
  row('xoris',  '011011 ttttt aaaaa uuuuuuuuuuuuuuuu',   'RA,RS,UI', 'integer', (b, f) => b.setGpr(f.RA, b.xor(b.gpr(f.RS), b.shl(f.UI, constant(16))))),

  row('rlwimi', '010100 ttttt aaaaa hhhhh mmmmm eeeee r', 'RA,RS,SH,MB,ME', 'integer', rotateInsert),
  row('rlwinm', '010101 ttttt aaaaa hhhhh mmmmm eeeee r', 'RA,RS,SH,MB,ME', 'integer', logical((b, s, f) => b.and(b.rotl(s, f.SH), rotateMask(b, f.MB, f.ME)))),
  row('rlwnm',  '010111 ttttt aaaaa bbbbb mmmmm eeeee r', 'RA,RS,RB,MB,ME', 'integer', logical((b, s, f) => b.and(b.rotl(s, rb(b, f)), rotateMask(b, f.MB, f.ME)))),
  row('slw',    '011111 ttttt aaaaa bbbbb 0000011000 r', 'RA,RS,RB', 'integer', shift('left')),
  row('srw',    '011111 ttttt aaaaa bbbbb 1000011000 r', 'RA,RS,RB', 'integer', shift('right')),
  row('sraw',   '011111 ttttt aaaaa bbbbb 1100011000 r', 'RA,RS,RB', 'integer', shiftAlgebraic),
  row('srawi',  '011111 ttttt aaaaa hhhhh 1100111000 r', 'RA,RS,SH', 'integer', shiftAlgebraicImmediate),
  row('isel',   '011111 ttttt aaaaa bbbbb ccccc 01111 /', 'RT,RA0,RB,BC', 'integer', integerSelect),
  row('dlmzb',  '011111 ttttt aaaaa bbbbb 0001001110 r', 'RA,RS,RB', 'integer', leftmostZeroByte),
];
