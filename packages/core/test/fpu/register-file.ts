/** A floating-point unit over a memory of its own, and the one way tests run an instruction on it. */
import { FloatingPointUnit, type FpMnemonic, FpOperation } from '../../src/fpu/index.js';

export class RegisterFile {
  readonly fprs: BigUint64Array;
  readonly fpscr: Uint32Array;
  readonly unit: FloatingPointUnit;

  constructor() {
    const buffer = new ArrayBuffer(32 + 32 * 8);
    this.fprs = new BigUint64Array(buffer, 32, 32);
    this.fpscr = new Uint32Array(buffer, 4, 1);
    this.unit = new FloatingPointUnit(buffer, 32, 4);
  }

  /** Executes `mnemonic 4,1,2,3` on given operands; `target` undefined if register 4 kept the mark put there. */
  run(mnemonic: FpMnemonic, a: bigint, b: bigint, c: bigint, fpscr: number): { target?: bigint; fpscr: number; result: number } {
    const mark = 0x0123456789abcdefn;
    this.fprs.set([a, b, c, mark], 1);
    this.fpscr[0] = fpscr;
    const result = this.unit.execute(FpOperation[mnemonic], 4, 1, 2, 3);
    const target = this.fprs[4]!;
    const state = { fpscr: this.fpscr[0]!, result };
    return target === mark ? state : { ...state, target };
  }
}
