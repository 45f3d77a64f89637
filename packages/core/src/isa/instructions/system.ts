import { Access } from '../../mmu/access.js';
import { State } from '../../processor/state-layout.js';
import type { Builder } from '../../semantics/builder.js';
import { constant, constantValue, type I32 } from '../../semantics/expression.js';
import { type Fields, type InstructionRow, row, type Semantics } from '../instruction-row.js';
import { sprByNumber, sprn } from '../special-purpose-registers.js';
import { Msr } from '../vectors.js';

const ZERO = constant(0);
const ONE = constant(1);
const LR = constant(sprn('LR'));
const CTR = constant(sprn('CTR'));
const XER = constant(sprn('XER'));

/** LR, CTR and XER are reached this way all the time, so they are picked out before the call-out that checks privilege. */
const moveFromSpr: Semantics = (b, f) => {
  const number = b.let(f.SPR);
  const inline = (known: I32, value: () => I32, otherwise: () => void) =>
    b.if(b.eq(number, known), () => b.setGpr(f.RT, value()), otherwise);
  const byCallout = () => b.setGpr(f.RT, b.call('readSpr', number));
  const xerOrOther = () => inline(XER, () => b.xer(), byCallout);
  const ctrOrOther = () => inline(CTR, () => b.ctr(), xerOrOther);
  inline(LR, () => b.lr(), ctrOrOther);
};

const moveToSpr: Semantics = (b, f) => {
  const number = b.let(f.SPR);
  const value = b.let(b.gpr(f.RS));
  b.if(
    b.eq(number, LR),
    () => b.setLr(value),
    () =>
      b.if(
        b.eq(number, CTR),
        () => b.setCtr(value),
        () =>
          b.if(
            b.eq(number, XER),
            () => b.setXer(value),
            () => void b.call('writeSpr', number, value),
          ),
      ),
  );
};

/** A statically known, plainly stored SPR: what a translator may move without a call-out. */
export function plainSprOffset(number: I32): number | undefined {
  const known = constantValue(number);
  const found = known === undefined ? undefined : sprByNumber(known);
  if (found?.storage !== 'plain') return undefined;
  return State.spr + 4 * (found.storedAt ?? found.sprn);
}

const writeEe =
  (enable: (b: Builder, f: Fields) => I32): Semantics =>
  (b, f) => {
    const others = b.and(b.msr(), constant(~Msr.EE));
    b.call('setMsr', b.or(others, b.and(enable(b, f), constant(Msr.EE))));
  };

const returnFrom =
  (kind: 0 | 1 | 2): Semantics =>
  (b) => {
    b.call('returnFromInterrupt', constant(kind));
    b.jumpToStatePc();
  };

const dataAddress = (b: Builder, f: Fields): I32 => b.add(b.gprOrZero(f.RA), b.gpr(f.RB));

/** Cache operations on a data address move nothing here (caches are not modelled) but fault as their access would. */
const cacheOperation =
  (access: Access): Semantics =>
  (b, f) =>
    void b.call('touch', dataAddress(b, f), constant(access));
const nothing: Semantics = () => {};

const tlbSearch: Semantics = (b, f) => {
  const found = b.call('tlbSearch', dataAddress(b, f));
  const hit = b.let(b.gtS(found, constant(-1)));
  b.setGpr(f.RT, found);
  if (f.Rc) b.setCrField(ZERO, b.or(b.shl(hit, ONE), b.so()));
};

const privileged = { privileged: true };
const context = { privileged: true, endsBlock: true };

// biome-ignore format: a table
export const SYSTEM: readonly InstructionRow[] = [
  // User or supervisor by the SPR's number: the call-out decides.
  row('mfspr',  '011111 ttttt ssssssssss 0101010011 /',     'RT,SPR', 'system', moveFromSpr),
  row('mtspr',  '011111 ttttt ssssssssss 0111010011 /',     'SPR,RS', 'system', moveToSpr, { endsBlock: true }),
  row('mftb',   '011111 ttttt ssssssssss 0101110011 /',     'RT,SPR', 'system', moveFromSpr),
  row('mfmsr',  '011111 ttttt ///// ///// 0001010011 /',    'RT',     'system', (b, f) => b.setGpr(f.RT, b.msr()), privileged),
  row('mtmsr',  '011111 ttttt ///// ///// 0010010010 /',    'RS',     'system', (b, f) => void b.call('setMsr', b.gpr(f.RS)), context),
  row('wrtee',  '011111 ttttt ///// ///// 0010000011 /',    'RS',     'system', writeEe((b, f) => b.gpr(f.RS)), context),
  row('wrteei', '011111 ///// ///// y //// 0010100011 /',   'E',      'system', writeEe((b, f) => b.shl(f.E, constant(15))), context),
  row('mfdcr',  '011111 ttttt ssssssssss 0101000011 /',     'RT,DCR', 'system', (b, f) => b.setGpr(f.RT, b.call('readDcr', f.DCR)), privileged),
  row('mtdcr',  '011111 ttttt ssssssssss 0111000011 /',     'DCR,RS', 'system', (b, f) => void b.call('writeDcr', f.DCR, b.gpr(f.RS)), context),
  row('rfi',    '010011 ///// ///// ///// 0000110010 /',    '',       'interrupt', returnFrom(0), context),
  row('rfci',   '010011 ///// ///// ///// 0000110011 /',    '',       'interrupt', returnFrom(1), context),
  row('rfmci',  '010011 ///// ///// ///// 0000100110 /',    '',       'interrupt', returnFrom(2), context),

  row('tlbre',  '011111 ttttt aaaaa wwwww 1110110010 /',    'RT,RA,WS', 'tlb', (b, f) => b.setGpr(f.RT, b.call('tlbRead', b.gpr(f.RA), f.WS)), privileged),
  row('tlbwe',  '011111 ttttt aaaaa wwwww 1111010010 /',    'RS,RA,WS', 'tlb', (b, f) => void b.call('tlbWrite', b.gpr(f.RA), f.WS, b.gpr(f.RS)), context),
  row('tlbsx',  '011111 ttttt aaaaa bbbbb 1110010010 r',    'RT,RA0,RB', 'tlb', tlbSearch, privileged),
  row('tlbsync','011111 ///// ///// ///// 1000110110 /',    '',         'tlb', nothing, privileged),

  row('isync',  '010011 ///// ///// ///// 0010010110 /',    '',       'system', nothing, { endsBlock: true }),
  // The L field of later architectures (lwsync, ptesync) is reserved here, and ignored.
  row('msync',  '011111 ///// ///// ///// 1001010110 /',    '',       'system', nothing),
  row('mbar',   '011111 xxxxx ///// ///// 1101010110 /',    'MO',     'system', nothing),

  // Eight extended opcodes are set aside for hints to come (PPC440x5 UM, appendix A.2, reserved-nop class).
  row('rsvnop', '011111 ///// ///// ///// 10 xxx 10010 /',  'N',      'system', nothing),

  row('dcba',   '011111 ///// aaaaa bbbbb 1011110110 /',    'RA0,RB',  'cache', nothing),
  row('dcbf',   '011111 ///// aaaaa bbbbb 0001010110 /',    'RA0,RB',  'cache', cacheOperation(Access.read)),
  row('dcbi',   '011111 ///// aaaaa bbbbb 0111010110 /',    'RA0,RB',  'cache', cacheOperation(Access.write), privileged),
  row('dcbst',  '011111 ///// aaaaa bbbbb 0000110110 /',    'RA0,RB',  'cache', cacheOperation(Access.read)),
  row('dcbt',   '011111 xxxxx aaaaa bbbbb 0100010110 /',    'TH,RA0,RB',  'cache', nothing),
  row('dcbtst', '011111 xxxxx aaaaa bbbbb 0011110110 /',    'TH,RA0,RB',  'cache', nothing),
  row('dcbz',   '011111 ///// aaaaa bbbbb 1111110110 /',    'RA0,RB',  'cache', (b, f) => void b.call('zeroLine', dataAddress(b, f))),
  row('dccci',  '011111 ///// aaaaa bbbbb 0111000110 /',    'RA,RB',  'cache', nothing, privileged),
  row('dcread', '011111 ttttt aaaaa bbbbb 0111100110 /',    'RT,RA0,RB', 'cache', (b, f) => b.setGpr(f.RT, ZERO), privileged),
  row('icbi',   '011111 ///// aaaaa bbbbb 1111010110 /',    'RA0,RB',  'cache', cacheOperation(Access.read)),
  row('icbt',   '011111 / xxxx aaaaa bbbbb 0000010110 /',   'CT,RA0,RB', 'cache', nothing),
  // The encoding of the 400 series, which the 440 still takes (PPC440x5 UM, section 2.4.1.6).
  row('icbt400','011111 / xxxx aaaaa bbbbb 0100000110 /',   'CT,RA0,RB', 'cache', nothing),
  row('iccci',  '011111 ///// aaaaa bbbbb 1111000110 /',    'RA,RB',  'cache', nothing, context),
  row('icread', '011111 ///// aaaaa bbbbb 1111100110 /',    'RA0,RB',  'cache', nothing, privileged),
];
