import fc from 'fast-check';
import { BODY_OFFSET, DATA_BYTES, type FinalState, LOAD } from './privileged-guest.js';

/** Not r1 and r2, by which guests that patch themselves mark critical sections. */
const register = fc.integer({ min: 3, max: 20 }).map((n) => `r${n}`);
const offset = fc.integer({ min: 0, max: DATA_BYTES / 4 - 1 }).map((n) => n * 4);

/** SPRs that only hold what is written to them. */
export const STATE_SPRS = [272, 273, 274, 275, 26, 27, 61, 62, 276, 277, 278, 279];
/** Those of them that no interrupt from outside changes, and that its handler leaves alone. */
export const QUIET_SPRS = [273, 274, 276, 277, 278, 279];

/** A line of straight privileged code; `sprs` are those that it moves. */
export const privilegedLine = (sprs: readonly number[]) =>
  fc.oneof(
    { weight: 4, arbitrary: fc.tuple(register, fc.constantFrom(...sprs)).map(([r, spr]) => `mfspr ${r},${spr}`) },
    { weight: 4, arbitrary: fc.tuple(register, fc.constantFrom(...sprs)).map(([r, spr]) => `mtspr ${spr},${r}`) },
    { weight: 2, arbitrary: register.map((r) => `mfmsr ${r}`) },
    { weight: 2, arbitrary: fc.constantFrom('wrteei 0', 'wrteei 1', 'mtmsr r27', 'mtmsr r26', 'tlbsync', 'mtspr 336,r26') },
    register.map((r) => `wrtee ${r}`),
    fc.tuple(register, fc.constantFrom(260, 261, 262, 263, 48, 286, 946)).map(([r, spr]) => `mfspr ${r},${spr}`),
    fc.tuple(register, register, register).map(([a, b, c]) => `add ${a},${b},${c}`),
    fc.tuple(register, register).map(([a, b]) => `cmpw ${a},${b}`),
    fc.tuple(register, fc.integer({ min: -8192, max: 8191 })).map(([r, value]) => `addi ${r},${r},${value * 4}`),
    fc.tuple(register, fc.integer({ min: -32768, max: 32767 })).map(([r, value]) => `addis ${r},${r},${value}`),
    fc.tuple(register, offset).map(([r, d]) => `stw ${r},${d}(r28)`),
    fc.tuple(register, offset).map(([r, d]) => `lwz ${r},${d}(r28)`),
  );

/** An entry of the TLB beside those that map the guest, invalid, in three words. */
export const entryWrite = fc
  .tuple(fc.integer({ min: 8, max: 60 }), register, register)
  .map(([entry, a, b]) => [`li r21,${entry}`, `clrrwi ${a},${a},10`, `tlbwe ${a},r21,0`, `tlbwe ${b},r21,1`, `li r3,63`, 'tlbwe r3,r21,2']);

/** Interrupts of the guest's own: a data TLB miss, traps. */
export const fault = fc.oneof(
  fc.tuple(register, offset).map(([r, d]) => `stw ${r},${d}(r25)`),
  fc.constantFrom('tw 31,r0,r0', 'twi 31,r3,0'),
);

/**
 * A return from interrupt to the instruction behind it, with an MSR that has EE or not. `@next` becomes that address; SRR0 and SRR1 are not
 * to be lost to an interrupt on the way.
 */
export const returns = fc
  .constantFrom('r26', 'r27')
  .map((msr) => ['wrteei 0', 'lis r21,@next@h', 'ori r21,r21,@next@l', 'mtspr 26,r21', `mtspr 27,${msr}`, 'rfi']);

/** An entry of the TLB and a return behind it, as at the end of a refill. */
export const entryAndReturn = fc
  .tuple(
    fc.constantFrom('r26', 'r27'),
    entryWrite,
    fc.array(fc.constantFrom('mfspr r21,277', 'mtcrf 255,r3', 'mfspr r5,279', 'nop'), { maxLength: 4 }),
  )
  .map(([msr, entry, between]) => [
    ...['wrteei 0', 'lis r21,@next@h', 'ori r21,r21,@next@l', 'mtspr 26,r21', `mtspr 27,${msr}`],
    ...entry,
    ...between,
    'rfi',
  ]);

/** A page of the guest's memory at an address of its own, mapped at the end of a refill, and used. */
export const mapAndUse = fc
  .record({ entry: fc.integer({ min: 8, max: 20 }), page: fc.integer({ min: 0, max: 15 }), msr: fc.constantFrom('r26', 'r27') })
  .map(({ entry, page, msr }) => [
    ...['wrteei 0', 'lis r21,@next@h', 'ori r21,r21,@next@l', 'mtspr 26,r21', `mtspr 27,${msr}`],
    ...[`li r21,${entry}`, `lis r5,${0x5000 + page}`, 'ori r5,r5,0x210', `lis r6,${0x10 + page}`],
    ...['tlbwe r5,r21,0', 'tlbwe r6,r21,1', 'li r3,63', 'tlbwe r3,r21,2', 'rfi'],
    ...[`lis r5,${0x5000 + page}`, 'lwz r6,0(r5)', 'stw r3,4(r5)'],
  ]);

/** Anything at all. */
export const anyLines = fc.oneof(
  { weight: 8, arbitrary: privilegedLine(STATE_SPRS).map((text) => [text]) },
  fault.map((text) => [text]),
  entryWrite,
  entryAndReturn,
);

/** What an interrupt from outside can come into at any instruction. */
export const quietLines = fc.oneof(
  { weight: 8, arbitrary: privilegedLine(QUIET_SPRS).map((text) => [text]) },
  entryWrite,
  returns,
  entryAndReturn,
);

/** Multiples of four in all registers, so that SRR0 keeps what is written to it; r1 is no other's. */
const ALIGNED = ['li r0,0', 'li r1,36', ...Array.from({ length: 20 }, (_, n) => `li r${n + 2},${(n + 1) * 64}`)];

/** The body of a guest of these lines, with registers set up before, and addresses filled in. */
export function body(lines: readonly string[]): string[] {
  return withAddresses([...ALIGNED, ...lines]);
}

/** The lines of a body with the addresses behind returns filled in. */
export function withAddresses(lines: readonly string[]): string[] {
  const next = (index: number): number => LOAD + BODY_OFFSET + 4 * (lines.indexOf('rfi', index) + 1);
  return lines.map((line, index) => line.replace('@next@h', `${next(index) >>> 16}`).replace('@next@l', `${next(index) & 0xffff}`));
}

/** What the handler counts and what an interrupt leaves behind are the interrupts themselves. */
export const withoutInterrupts = ({ gprs, supervisor: { srr0: _0, srr1: _1, ...supervisor }, ...rest }: FinalState) => ({
  ...rest,
  supervisor,
  gprs: gprs.toSpliced(22, 1),
});
