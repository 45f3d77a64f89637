import { conditionalBranches } from './branch-mnemonics.js';
import type { FieldName } from './encoding.js';
import { SPRS } from './special-purpose-registers.js';

/** Field values by name, of one instruction word. */
export type FieldValues = { readonly [Name in FieldName]?: number };

/**
 * Another way to write an instruction whose fields have certain values (Power ISA, appendix "Assembler Extended Mnemonics"). It both
 * assembles and disassembles; of several that fit a word the first is what objdump prints.
 */
export interface ExtendedMnemonic {
  readonly mnemonic: string;
  /** The instruction it stands for, with the suffixes of its variant. */
  readonly of: string;
  readonly operands: string;
  /** Fields that are not written: their value, or how it follows from the fields that are. */
  readonly when: { readonly [Name in FieldName]?: number | ((fields: FieldValues) => number) };
  /** Of conditional branches: whether the displacement is negative; absent where both will do. */
  readonly backward?: boolean;
  /** Of fields that are written: which values the form is for. */
  readonly only?: (fields: FieldValues) => boolean;
}

function extended(
  mnemonic: string,
  of: string,
  operands: string,
  when: ExtendedMnemonic['when'],
  only?: ExtendedMnemonic['only'],
): ExtendedMnemonic {
  return { mnemonic, of, operands, when, ...(only && { only }) };
}

/** The same form with and without the record bit. */
function recordable(
  mnemonic: string,
  of: string,
  operands: string,
  when: ExtendedMnemonic['when'],
  only?: ExtendedMnemonic['only'],
): ExtendedMnemonic[] {
  return ['', '.'].map((suffix) => extended(mnemonic + suffix, of + suffix, operands, when, only));
}

const sameAs = (name: FieldName) => (fields: FieldValues) => fields[name]!;

// biome-ignore format: a table
const INTEGER: readonly ExtendedMnemonic[] = [
  extended('li',     'addi',  'RT,SI', { RA: 0 }),
  extended('lis',    'addis', 'RT,SI', { RA: 0 }),
  extended('nop',    'ori',   '',      { RS: 0, RA: 0, UI: 0 }),
  ...recordable('mr',  'or',  'RA,RS', { RB: sameAs('RS') }),
  ...recordable('not', 'nor', 'RA,RS', { RB: sameAs('RS') }),
  ...['cmp', 'cmpl'].flatMap((of) => [
    extended(`${of}w`,  of,       'RA,RB',    { BF: 0 }),
    extended(`${of}w`,  of,       'BF,RA,RB', {}),
  ]),
  extended('cmpwi',  'cmpi',  'RA,SI',    { BF: 0 }),
  extended('cmpwi',  'cmpi',  'BF,RA,SI', {}),
  extended('cmplwi', 'cmpli', 'RA,UI',    { BF: 0 }),
  extended('cmplwi', 'cmpli', 'BF,RA,UI', {}),
  ...recordable('rotlwi', 'rlwinm', 'RA,RS,SH', { MB: 0, ME: 31 }),
  ...recordable('clrlwi', 'rlwinm', 'RA,RS,MB', { SH: 0, ME: 31 }),
  ...recordable('rotlw',  'rlwnm',  'RA,RS,RB', { MB: 0, ME: 31 }),
];

/** rlwinm's forms whose operand is not itself a field: one row an amount, `amount` 1 to 31. */
// biome-ignore format: a table
const SHIFTS: readonly ExtendedMnemonic[] = Array.from({ length: 31 }, (_, index) => index + 1).flatMap((amount) => [
  ...recordable('slwi',   'rlwinm', `RA,RS,${amount}`, { SH: amount,      MB: 0,      ME: 31 - amount }),
  ...recordable('srwi',   'rlwinm', `RA,RS,${amount}`, { SH: 32 - amount, MB: amount, ME: 31 }),
  ...recordable('clrrwi', 'rlwinm', `RA,RS,${amount}`, { SH: 0,           MB: 0,      ME: 31 - amount }),
]);

/** TO's values that have names. */
const TRAPS = { lgt: 1, llt: 2, eq: 4, lge: 5, lle: 6, gt: 8, ge: 12, lt: 16, le: 20, ne: 24, u: 31 } as const;

// biome-ignore format: a table
const CONTROL: readonly ExtendedMnemonic[] = [
  extended('trap', 'tw', '', { TO: 31, RA: 0, RB: 0 }),
  ...Object.entries(TRAPS).flatMap(([name, TO]) => [
    extended(`tw${name}`,  'tw',  'RA,RB', { TO }),
    extended(`tw${name}i`, 'twi', 'RA,SI', { TO }),
  ]),
  extended('crmove', 'cror',  'BT,BA', { BB: sameAs('BA') }),
  extended('crclr',  'crxor', 'BT',    { BA: sameAs('BT'), BB: sameAs('BT') }),
  extended('crset',  'creqv', 'BT',    { BA: sameAs('BT'), BB: sameAs('BT') }),
  extended('crnot',  'crnor', 'BT,BA', { BB: sameAs('BA') }),
  extended('mtcr',   'mtcrf', 'RS',    { FXM: 0xff }),
  extended('isellt', 'isel',  'RT,RA0,RB', { BC: 0 }),
  extended('iselgt', 'isel',  'RT,RA0,RB', { BC: 1 }),
  extended('iseleq', 'isel',  'RT,RA0,RB', { BC: 2 }),
];

// biome-ignore format: a table
const SYSTEM: readonly ExtendedMnemonic[] = [
  extended('mbar',   'mbar',   '',        { MO: 0 }),
  extended('tlbre',  'tlbre',  'RT,RA',   { WS: 0 }),
  extended('tlbwe',  'tlbwe',  'RS,RA',   { WS: 0 }),
  extended('tlbsx',  'tlbsx',  'RA0,RB',  { RT: 0 }),
  extended('tlbsx.', 'tlbsx.', 'RA0,RB',  { RT: 0 }),
  ...['dccci', 'iccci'].flatMap((of) => [extended(of, of, '', { RA: 0, RB: 0 }), extended(of, of, 'RA', { RB: 0 })]),
  extended('icbt',   'icbt',   'RA0,RB',  { CT: 0 }),
  extended('dcbt',   'dcbt',   'RA0,RB',  { TH: 0 }),
  extended('dcbtst', 'dcbtst', 'RA0,RB',  { TH: 0 }),
  // Read as the user's numbers 260 to 263 and written as 276 to 279, as the 440 has them.
  ...[4, 5, 6, 7].map((n) => extended('mfsprg', 'mfspr', `RT,${n}`, { SPR: 256 + n })),
  ...[0, 1, 2, 3].map((n) => extended('mfsprg', 'mfspr', `RT,${n}`, { SPR: 272 + n })),
  ...[0, 1, 2, 3, 4, 5, 6, 7].map((n) => extended('mtsprg', 'mtspr', `${n},RS`, { SPR: 272 + n })),
];

/** SPRs above this number have no mnemonics of their own. */
const LAST_NAMED_SPR = 572;
/** Where the mnemonic is not simply the register's name: the timebase is `mftb` to read, and its windows to write have the plain names. */
const SPR_MNEMONIC: Readonly<Record<string, string>> = { TBL: 'tb', TBLW: 'tbl', TBUW: 'tbu' };

/** `mfsrr0`, `mtesr` and the like, from the table of SPRs. */
const SPECIAL_REGISTERS: readonly ExtendedMnemonic[] = SPRS.filter(
  ({ name, sprn }) => sprn <= LAST_NAMED_SPR && !name.startsWith('SPRG'),
).flatMap(({ name, sprn, read, write }) => {
  const suffix = SPR_MNEMONIC[name] ?? name.toLowerCase();
  const rows: ExtendedMnemonic[] = [];
  if (read) rows.push(extended(`mf${suffix}`, 'mfspr', 'RT', { SPR: sprn }));
  if (write) rows.push(extended(`mt${suffix}`, 'mtspr', 'RS', { SPR: sprn }));
  return rows;
});

/** Forms that only the assembler takes: objdump prints the instruction itself, or a form above. */
// biome-ignore format: a table
const INPUT_ONLY: readonly ExtendedMnemonic[] = [
  ...recordable('sub',  'subf',  'RT,RB,RA', {}),
  ...recordable('subc', 'subfc', 'RT,RB,RA', {}),
  extended('sync', 'msync', '', {}),
  extended('eieio', 'mbar', '', { MO: 0 }),
];

/** Forms that objdump prints. Made on each call, which takes milliseconds: who assembles or disassembles keeps them. */
export function printedForms(): ExtendedMnemonic[] {
  return [...SHIFTS, ...INTEGER, ...CONTROL, ...SYSTEM, ...SPECIAL_REGISTERS, ...conditionalBranches()];
}

/** Every form, those that objdump prints first. */
export function extendedMnemonics(): ExtendedMnemonic[] {
  return [...printedForms(), ...INPUT_ONLY];
}
