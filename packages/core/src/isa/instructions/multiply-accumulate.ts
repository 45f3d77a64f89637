import type { Builder } from '../../semantics/builder.js';
import { constant, constant64, type I32 } from '../../semantics/expression.js';
import { Op } from '../../wasm/opcodes.js';
import { type Fields, type InstructionRow, row, type Semantics } from '../instruction-row.js';
import { record } from './integer.js';

/** The 440's halfword multiply and multiply-accumulate set (PPC440x5 UM, section 9, `mac*`, `nmac*`, `mul*hw`). */

/** Which halves meet: high x high, low x low, or RA's low with RB's high. */
type Halves = 'high' | 'low' | 'cross';

function product(b: Builder, f: Fields, halves: Halves, signed: boolean): I32 {
  const high = (value: I32) => (signed ? b.shrS(value, constant(16)) : b.shrU(value, constant(16)));
  const low = (value: I32) => (signed ? b.extend16(value) : b.and(value, constant(0xffff)));
  const left = halves === 'high' ? high(b.gpr(f.RA)) : low(b.gpr(f.RA));
  const right = halves === 'low' ? low(b.gpr(f.RB)) : high(b.gpr(f.RB));
  return b.mul(left, right);
}

const halfwordMultiply =
  (halves: Halves, signed: boolean): Semantics =>
  (b, f) => {
    const result = b.let(product(b, f, halves, signed));
    b.setGpr(f.RT, result);
    record(b, f, result);
  };

interface Accumulation {
  /** Stops at the end of the range instead of wrapping. */
  saturate: boolean;
  /** Subtracts the product. */
  negative: boolean;
}

const multiplyAccumulate =
  (halves: Halves, sign: 'signed' | 'unsigned', { saturate, negative }: Accumulation): Semantics =>
  (b, f) => {
    const signed = sign === 'signed';
    const extend = (value: I32) => (signed ? b.extendS64(value) : b.extendU64(value));
    const accumulator = b.let(b.gpr(f.RT));
    const term = extend(product(b, f, halves, signed));
    const exact = b.let(negative ? b.sub64(extend(accumulator), term) : b.add64(extend(accumulator), term));
    const wrapped = b.let(b.wrap(exact));
    const overflow = b.let(b.compare64(Op.i64Ne, exact, extend(wrapped)));
    const limit = signed
      ? b.select(b.compare64(Op.i64LtS, exact, constant64(0n)), constant(0x80000000), constant(0x7fffffff))
      : constant(0xffffffff);
    const result = saturate ? b.let(b.select(overflow, limit, wrapped)) : wrapped;
    if (f.OE) b.setOv(overflow);
    b.setGpr(f.RT, result);
    record(b, f, result);
  };

// biome-ignore format: a table
export const MULTIPLY_ACCUMULATE: readonly InstructionRow[] = [
  row('mulhhwu',   '000100 ttttt aaaaa bbbbb 0000001000 r',   'RT,RA,RB', 'mac', halfwordMultiply('high', false)),
  row('mulhhw',    '000100 ttttt aaaaa bbbbb 0000101000 r',   'RT,RA,RB', 'mac', halfwordMultiply('high', true)),
  row('mulchwu',   '000100 ttttt aaaaa bbbbb 0010001000 r',   'RT,RA,RB', 'mac', halfwordMultiply('cross', false)),
  row('mulchw',    '000100 ttttt aaaaa bbbbb 0010101000 r',   'RT,RA,RB', 'mac', halfwordMultiply('cross', true)),
  row('mullhwu',   '000100 ttttt aaaaa bbbbb 0110001000 r',   'RT,RA,RB', 'mac', halfwordMultiply('low', false)),
  row('mullhw',    '000100 ttttt aaaaa bbbbb 0110101000 r',   'RT,RA,RB', 'mac', halfwordMultiply('low', true)),
  row('machhwu',   '000100 ttttt aaaaa bbbbb O 000001100 r',  'RT,RA,RB', 'mac', multiplyAccumulate('high', 'unsigned', { saturate: false, negative: false })),
  row('machhw',    '000100 ttttt aaaaa bbbbb O 000101100 r',  'RT,RA,RB', 'mac', multiplyAccumulate('high', 'signed', { saturate: false, negative: false })),
  row('nmachhw',   '000100 ttttt aaaaa bbbbb O 000101110 r',  'RT,RA,RB', 'mac', multiplyAccumulate('high', 'signed', { saturate: false, negative: true })),
  row('machhwsu',  '000100 ttttt aaaaa bbbbb O 001001100 r',  'RT,RA,RB', 'mac', multiplyAccumulate('high', 'unsigned', { saturate: true, negative: false })),
  row('machhws',   '000100 ttttt aaaaa bbbbb O 001101100 r',  'RT,RA,RB', 'mac', multiplyAccumulate('high', 'signed', { saturate: true, negative: false })),
  row('nmachhws',  '000100 ttttt aaaaa bbbbb O 001101110 r',  'RT,RA,RB', 'mac', multiplyAccumulate('high', 'signed', { saturate: true, negative: true })),
  row('macchwu',   '000100 ttttt aaaaa bbbbb O 010001100 r',  'RT,RA,RB', 'mac', multiplyAccumulate('cross', 'unsigned', { saturate: false, negative: false })),
  row('macchw',    '000100 ttttt aaaaa bbbbb O 010101100 r',  'RT,RA,RB', 'mac', multiplyAccumulate('cross', 'signed', { saturate: false, negative: false })),
  row('nmacchw',   '000100 ttttt aaaaa bbbbb O 010101110 r',  'RT,RA,RB', 'mac', multiplyAccumulate('cross', 'signed', { saturate: false, negative: true })),
  row('macchwsu',  '000100 ttttt aaaaa bbbbb O 011001100 r',  'RT,RA,RB', 'mac', multiplyAccumulate('cross', 'unsigned', { saturate: true, negative: false })),
  row('macchws',   '000100 ttttt aaaaa bbbbb O 011101100 r',  'RT,RA,RB', 'mac', multiplyAccumulate('cross', 'signed', { saturate: true, negative: false })),
  row('nmacchws',  '000100 ttttt aaaaa bbbbb O 011101110 r',  'RT,RA,RB', 'mac', multiplyAccumulate('cross', 'signed', { saturate: true, negative: true })),
  row('maclhwu',   '000100 ttttt aaaaa bbbbb O 110001100 r',  'RT,RA,RB', 'mac', multiplyAccumulate('low', 'unsigned', { saturate: false, negative: false })),
  row('maclhw',    '000100 ttttt aaaaa bbbbb O 110101100 r',  'RT,RA,RB', 'mac', multiplyAccumulate('low', 'signed', { saturate: false, negative: false })),
  row('nmaclhw',   '000100 ttttt aaaaa bbbbb O 110101110 r',  'RT,RA,RB', 'mac', multiplyAccumulate('low', 'signed', { saturate: false, negative: true })),
  row('maclhwsu',  '000100 ttttt aaaaa bbbbb O 111001100 r',  'RT,RA,RB', 'mac', multiplyAccumulate('low', 'unsigned', { saturate: true, negative: false })),
  row('maclhws',   '000100 ttttt aaaaa bbbbb O 111101100 r',  'RT,RA,RB', 'mac', multiplyAccumulate('low', 'signed', { saturate: true, negative: false })),
  row('nmaclhws',  '000100 ttttt aaaaa bbbbb O 111101110 r',  'RT,RA,RB', 'mac', multiplyAccumulate('low', 'signed', { saturate: true, negative: true })),
];
