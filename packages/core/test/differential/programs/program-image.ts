import type { Processor440 } from '../../../src/processor/processor-440.js';
import { RECORD_POINTER_PA } from '../layout.js';
import { bigEndian, type MemoryRange, type Piece, type RunnerImage, runImageOnQemu, runToEnd } from '../machines.js';
import { BLOCK_BYTES, blockEa, blockPa, MOST_BLOCKS } from './layout.js';
import { randomBlock } from './random-block.js';

/** More than the longest program takes. */
const MOST_INSTRUCTIONS_A_PROGRAM = 1_000_000;

/** Programs of consecutive seeds in one image. A seed's program is always in the same block, also when it is there alone. */
export class ProgramImage {
  readonly #first: number;
  readonly #count: number;

  constructor(firstSeed: number, count: number) {
    this.#first = firstSeed;
    this.#count = count;
    if (this.#firstBlock + count > MOST_BLOCKS)
      throw new Error(`the programs ${firstSeed} to ${firstSeed + count - 1} are not in one image`);
  }

  get #firstBlock(): number {
    return this.#first % MOST_BLOCKS;
  }
  get #result(): MemoryRange {
    return { pa: blockPa(this.#firstBlock), lengthBytes: this.#count * BLOCK_BYTES };
  }

  #pieces(): Piece[] {
    const variables = { pa: RECORD_POINTER_PA, bytes: bigEndian([blockEa(this.#firstBlock), this.#count]) };
    return [variables, ...Array.from({ length: this.#count }, (_, n) => randomBlock(this.#first + n, this.#firstBlock + n))];
  }

  #split(bytes: Buffer): Buffer[] {
    return Array.from({ length: this.#count }, (_, n) => bytes.subarray(n * BLOCK_BYTES, (n + 1) * BLOCK_BYTES));
  }

  /** The blocks as QEMU leaves them. */
  runOnQemu(runner: RunnerImage, folder: string): Buffer[] {
    return this.#split(runImageOnQemu(runner, this.#pieces(), this.#result, folder));
  }

  /** The blocks as a processor leaves them, which has the runner in its memory. */
  runOn(processor: Processor440): Buffer[] {
    const { memory } = processor;
    for (const { pa, bytes } of this.#pieces()) memory.writeBytes(pa, bytes);
    runToEnd(processor, this.#count * MOST_INSTRUCTIONS_A_PROGRAM);
    const { pa, lengthBytes } = this.#result;
    return this.#split(Buffer.from(memory.readBytes(pa, lengthBytes)));
  }
}
