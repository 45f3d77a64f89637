import type { Builder } from '../../semantics/builder.js';
import { constant, constantValue, type I32 } from '../../semantics/expression.js';
import { type Fields, type InstructionRow, row, type Semantics } from '../instruction-row.js';
import { Esr, Vector } from '../vectors.js';

const ZERO = constant(0);
const ONE = constant(1);

/** BO's bits, most significant first: ignore CR, CR sense, leave CTR alone, CTR sense, hint (Book E, section 3.2). */
const Bo = { ignoreCr: 16, crSense: 8, keepCtr: 4, ctrZero: 2 } as const;

/** Whether the branch is taken, 0 or 1; counts CTR down where BO says so and the instruction can. */
function condition(b: Builder, f: Fields, counts = true): I32 {
  const known = constantValue(f.BO);
  if (known !== undefined) {
    let taken: I32 = ONE;
    if (counts && !(known & Bo.keepCtr)) {
      const ctr = b.let(b.sub(b.ctr(), ONE));
      b.setCtr(ctr);
      taken = known & Bo.ctrZero ? b.eq(ctr, ZERO) : b.ne(ctr, ZERO);
    }
    if (!(known & Bo.ignoreCr)) {
      const bit = known & Bo.crSense ? b.crBit(f.BI) : b.xor(b.crBit(f.BI), ONE);
      taken = constantValue(taken) === 1 ? bit : b.and(taken, bit);
    }
    return taken;
  }
  const bo = b.let(f.BO);
  const counted = b.variable(ONE);
  if (counts) {
    b.if(b.eq(b.and(bo, constant(Bo.keepCtr)), ZERO), () => {
      const ctr = b.let(b.sub(b.ctr(), ONE));
      b.setCtr(ctr);
      counted.set(b.xor(b.ne(ctr, ZERO), b.and(b.shrU(bo, ONE), ONE)));
    });
  }
  const sense = b.and(b.shrU(bo, constant(3)), ONE);
  const matched = b.or(b.shrU(bo, constant(4)), b.eq(b.crBit(f.BI), sense));
  return b.let(b.and(counted.value, matched));
}

const branch: Semantics = (b, f) => {
  const target = f.AA ? f.LI : b.add(b.pc(), f.LI);
  if (f.LK) b.setLr(b.nextPc());
  b.jump(target);
};

const branchConditional: Semantics = (b, f) => {
  const target = f.AA ? f.BD : b.add(b.pc(), f.BD);
  const taken = b.let(condition(b, f));
  if (f.LK) b.setLr(b.nextPc());
  b.jumpIf(taken, target);
};

/** The target is read before LR changes. Who jumps through CTR does not count it down, whatever BO says (PPC440x5 UM, bcctr). */
const branchToRegister =
  (register: (b: Builder) => I32, counts: boolean): Semantics =>
  (b, f) => {
    const taken = b.let(condition(b, f, counts));
    const target = b.let(register(b));
    if (f.LK) b.setLr(b.nextPc());
    if (constantValue(taken) === 1) b.jump(target);
    else b.jumpIf(taken, target);
  };

/** TO's bits, most significant first: less, greater, equal, unsigned less, unsigned greater. */
const trap =
  (right: (b: Builder, f: Fields) => I32): Semantics =>
  (b, f) => {
    const x = b.let(b.gpr(f.RA));
    const y = b.let(right(b, f));
    const holds = b.or(
      b.or(b.shl(b.ltS(x, y), constant(4)), b.shl(b.gtS(x, y), constant(3))),
      b.or(b.shl(b.eq(x, y), constant(2)), b.or(b.shl(b.ltU(x, y), ONE), b.gtU(x, y))),
    );
    b.if(b.and(holds, f.TO), () => {
      // With DBCR0[TRAP] and internal debug mode the trap is a Debug event instead (PPC440x5 UM, Trap debug event).
      b.if(b.eq(b.call('trapDebug'), ZERO), () => b.raise(Vector.program, { esr: Esr.PTR }));
    });
  };

const crLogical =
  (compute: (b: Builder, x: I32, y: I32) => I32): Semantics =>
  (b, f) =>
    b.setCrBit(f.BT, b.let(b.and(compute(b, b.crBit(f.BA), b.crBit(f.BB)), ONE)));

const moveFromCr: Semantics = (b, f) => {
  let cr: I32 = ZERO;
  for (let field = 0; field < 8; field++) cr = b.or(cr, b.shl(b.crField(constant(field)), constant(28 - 4 * field)));
  b.setGpr(f.RT, cr);
};

const moveToCrFields: Semantics = (b, f) => {
  const value = b.let(b.gpr(f.RS));
  for (let field = 0; field < 8; field++) {
    b.if(b.and(f.FXM, constant(0x80 >> field)), () =>
      b.setCrField(constant(field), b.and(b.shrU(value, constant(28 - 4 * field)), constant(15))),
    );
  }
};

const moveXerToCr: Semantics = (b, f) => {
  b.setCrField(f.BF, b.let(b.shrU(b.xer(), constant(28))));
  b.setXer(b.and(b.xer(), constant(0x0fffffff)));
};

const endsBlock = { endsBlock: true };

// biome-ignore format: a table
export const BRANCH: readonly InstructionRow[] = [
  row('b',      '010010 llllllllllllllllllllllll A K',        'LI',          'branch', branch, endsBlock),
  row('bc',     '010000 ooooo iiiii dddddddddddddd A K',      'BO,BI,BD',    'branch', branchConditional, endsBlock),
  row('bclr',   '010011 ooooo iiiii ///// 0000010000 K',      'BO,BI',       'branch', branchToRegister((b) => b.lr(), true), endsBlock),
  row('bcctr',  '010011 ooooo iiiii ///// 1000010000 K',      'BO,BI',       'branch', branchToRegister((b) => b.ctr(), false), endsBlock),
  row('sc',     '010001 ///// ///// ///////////// / 1 /',     '',            'interrupt', (b) => b.raiseAfter(Vector.systemCall), endsBlock),
  row('tw',     '011111 xxxxx aaaaa bbbbb 0000000100 /',      'TO,RA,RB',    'branch', trap((b, f) => b.gpr(f.RB)), endsBlock),
  row('twi',    '000011 xxxxx aaaaa iiiiiiiiiiiiiiii',        'TO,RA,SI',    'branch', trap((_, f) => f.SI), endsBlock),

  row('crand',  '010011 ttttt aaaaa bbbbb 0100000001 /',      'BT,BA,BB',    'cr', crLogical((b, x, y) => b.and(x, y))),
  row('crandc', '010011 ttttt aaaaa bbbbb 0010000001 /',      'BT,BA,BB',    'cr', crLogical((b, x, y) => b.and(x, b.not(y)))),
  row('creqv',  '010011 ttttt aaaaa bbbbb 0100100001 /',      'BT,BA,BB',    'cr', crLogical((b, x, y) => b.not(b.xor(x, y)))),
  row('crnand', '010011 ttttt aaaaa bbbbb 0011100001 /',      'BT,BA,BB',    'cr', crLogical((b, x, y) => b.not(b.and(x, y)))),
  row('crnor',  '010011 ttttt aaaaa bbbbb 0000100001 /',      'BT,BA,BB',    'cr', crLogical((b, x, y) => b.not(b.or(x, y)))),
  row('cror',   '010011 ttttt aaaaa bbbbb 0111000001 /',      'BT,BA,BB',    'cr', crLogical((b, x, y) => b.or(x, y))),
  row('crorc',  '010011 ttttt aaaaa bbbbb 0110100001 /',      'BT,BA,BB',    'cr', crLogical((b, x, y) => b.or(x, b.not(y)))),
  row('crxor',  '010011 ttttt aaaaa bbbbb 0011000001 /',      'BT,BA,BB',    'cr', crLogical((b, x, y) => b.xor(x, y))),
  row('mcrf',   '010011 fff // ggg // ///// 0000000000 /',    'BF,BFA',      'cr', (b, f) => b.setCrField(f.BF, b.let(b.crField(f.BFA)))),
  row('mfcr',   '011111 ttttt / //////// / 0000010011 /',    'RT',          'cr', moveFromCr),
  row('mtcrf',  '011111 ttttt / mmmmmmmm / 0010010000 /',     'FXM,RS',      'cr', moveToCrFields),
  row('mcrxr',  '011111 fff // ///// ///// 1000000000 /',     'BF',          'cr', moveXerToCr),
];
