import test from 'ava';
import fc from 'fast-check';
import type { FpMnemonic } from '../../src/fpu/index.js';
import { Processor440 } from '../../src/index.js';
import { assemble } from '../../src/isa/assembler.js';
import { Msr } from '../../src/isa/vectors.js';
import { operandTriple, statusAndControl } from './operands.js';
import { RegisterFile } from './register-file.js';

/** The instructions that have a fast path in generated code, by their operands' syntax. */
const SYNTAX: Partial<Record<FpMnemonic, string>> = {
  fadd: '4,1,2',
  fadds: '4,1,2',
  fsub: '4,1,2',
  fsubs: '4,1,2',
  fmul: '4,1,3',
  fmuls: '4,1,3',
  fdiv: '4,1,2',
  fdivs: '4,1,2',
  fmadd: '4,1,3,2',
  fmadds: '4,1,3,2',
  fmsub: '4,1,3,2',
  fmsubs: '4,1,3,2',
  fnmadd: '4,1,3,2',
  fnmadds: '4,1,3,2',
  fnmsub: '4,1,3,2',
  fnmsubs: '4,1,3,2',
  frsp: '4,2',
  fctiw: '4,2',
  fctiwz: '4,2',
  fsel: '4,1,3,2',
};
const CODE = 0x1000;

function processorFor(text: string): Processor440 {
  const nothing = { read: () => 0, write: () => {} };
  const processor = new Processor440({
    ramSizeBytes: 1 << 20,
    coreHz: 1e6,
    timebaseHz: 1e6,
    devices: nothing,
    dcrs: nothing,
    engine: 'interpreter',
  });
  processor.writeTlb(0, 0, 0x250);
  processor.writeTlb(0, 1, 0);
  processor.writeTlb(0, 2, 0x7);
  processor.memory.write32(CODE, assemble(text));
  processor.msr = Msr.FP;
  return processor;
}

function runOnce(processor: Processor440, [a, b, c]: readonly bigint[], fpscr: number): void {
  processor.setFpr(1, a!);
  processor.setFpr(2, b!);
  processor.setFpr(3, c!);
  processor.fpscr = fpscr;
  processor.pc = CODE;
  processor.run(1);
}

for (const [mnemonic, operands] of Object.entries(SYNTAX) as [FpMnemonic, string][]) {
  test(`generated code for ${mnemonic} agrees with the floating-point unit`, (t) => {
    const processor = processorFor(`${mnemonic} ${operands}`);
    const unit = new RegisterFile();
    fc.assert(
      fc.property(operandTriple, fc.oneof(fc.constant(0), fc.constant(0x82000000), statusAndControl), (triple, fpscr) => {
        const mark = 0x0123456789abcdefn;
        processor.setFpr(4, mark);
        runOnce(processor, triple, fpscr);
        const expected = unit.run(mnemonic, ...triple, fpscr);
        t.is(processor.fpr(4), expected.target ?? mark);
        t.is(processor.fpscr, expected.fpscr >>> 0);
      }),
      { numRuns: 1500 },
    );
  });
}

for (const mnemonic of ['fcmpu', 'fcmpo'] as const) {
  test(`generated code for ${mnemonic} agrees with the floating-point unit`, (t) => {
    const processor = processorFor(`${mnemonic} 6,1,2`);
    const unit = new RegisterFile();
    fc.assert(
      fc.property(operandTriple, statusAndControl, (triple, fpscr) => {
        runOnce(processor, triple, fpscr);
        const expected = unit.run(mnemonic, ...triple, fpscr);
        t.is((processor.cr >>> 4) & 15, expected.result & 15);
        t.is(processor.fpscr, expected.fpscr >>> 0);
      }),
      { numRuns: 1500 },
    );
  });
}
