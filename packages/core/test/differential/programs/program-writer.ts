import { assemble } from '../../../src/isa/assembler.js';
import { drawInstruction, loadConstant } from '../../random-instruction.js';
import type { RandomWords } from '../../random-words.js';
import { Block, Ea, Register } from './layout.js';
import {
  access,
  cacheOperation,
  dataRegister,
  floatingPoint,
  JUDGED,
  multipleAccess,
  reservation,
  wildAccess,
  windowAccess,
} from './memory-pieces.js';
import { absoluteBranch, branch, loadAddress, type Part, type Placed, ProgramText, relativeAddress } from './program-text.js';
import { randomMsr, type Surroundings } from './surroundings.js';
import { illegalWord, interrupting, msrMove, sprMove, synchronization, tlbChange } from './system-pieces.js';

const ofClass = (...classes: readonly string[]) => JUDGED.filter(({ row }) => classes.includes(row.class));
const COMPUTATIONS = ofClass('integer', 'multiply', 'divide', 'compare', 'mac');
const CONDITIONS = ofClass('cr');
const { scratch, scratch2, counter, fuel } = Register;
/** Ends a round where a program has jumped back too often; before whatever may lead backward. */
const FUEL_CHECK = [`addi r${fuel},r${fuel},-1`, `twlei r${fuel},0`] as const;
/** A branch by a bit of CR, by CTR and a bit, by CTR; some with the prediction reversed. */
const CONDITIONAL = [4, 12, 4, 12, 5, 13, 0, 2, 8, 10, 16, 18, 17, 19] as const;
const MOST_PIECES = 700;
const DEEPEST_LOOP = 2;

/**
 * Writes a random program that ends: whatever may lead backward counts {@link Register.fuel} down. It branches, loops, calls and
 * returns, computes, accesses memory, interrupts, changes its TLB, its state and its code.
 */
export class ProgramWriter {
  readonly #random: RandomWords;
  readonly #surroundings: Surroundings;
  readonly #text = new ProgramText();
  readonly #kinds: readonly (readonly [weight: number, write: () => void])[];
  readonly #totalWeight: number;
  #offsets: readonly number[] = [];

  constructor(random: RandomWords, surroundings: Surroundings) {
    this.#random = random;
    this.#surroundings = surroundings;
    this.#kinds = this.#weighKinds(surroundings);
    this.#totalWeight = this.#kinds.reduce((sum, [weight]) => sum + weight, 0);
  }

  /** The code, and the copy of it that has other words in its slots. */
  write(): readonly [number[], number[]] {
    const pieces = 60 + this.#random.below(MOST_PIECES - 60);
    this.#text.pushSlot(this.#slotWord());
    while (this.#text.length < pieces) this.#writeSomething(0);
    const { copies, offsets } = this.#text.finish(() => this.#slotWord());
    this.#offsets = offsets;
    return copies;
  }

  /** Where a round may start, by one of the ways to the code. */
  randomAddress(): number {
    return this.#codeBase() + this.#random.pick(this.#offsets);
  }

  #weighKinds(surroundings: Surroundings): (readonly [number, () => void])[] {
    const random = this.#random;
    const text = this.#text;
    const seldom = surroundings.interrupting;
    return [
      [60, () => text.push(this.#computation())],
      [8, () => text.push(this.#condition())],
      [36, () => text.push(...access(random))],
      [6, () => text.push(...multipleAccess(random))],
      [4, () => text.push(...reservation(random, surroundings, this.#computation()))],
      [4, () => text.push(...cacheOperation(random))],
      [8, () => text.pushSlot(this.#slotWord())],
      [4, () => text.push(...this.#changeOfCode())],
      [20, () => text.push(this.#forwardBranch(random.pick(CONDITIONAL)))],
      [2, () => text.push(branch('b ', this.#ahead()))],
      [2, () => text.push(branch('bl ', this.#ahead()))],
      [3, () => text.push(...FUEL_CHECK, branch(random.pick(['bl ', 'b ', 'bcl 12,2,', 'bcl 4,13,']), this.#anywhere()))],
      [1, () => text.push(...this.#absoluteJump())],
      [2, () => text.push('bcl 20,31,4', `mflr r${dataRegister(random)}`)],
      [5, () => text.push(...FUEL_CHECK, random.pick(['blr', 'blr', 'beqlr', 'bnelr cr7', 'blrl', 'bdnzlr', 'bgtlr cr3', 'bdzlr']))],
      [2, () => text.push(loadAddress(scratch, this.#codeBase(), this.#anywhere()), `mtlr r${scratch}`)],
      [2, () => text.push(...this.#computedJump())],
      [1, () => text.push(...synchronization(random))],
      [4, () => text.push(...sprMove(random, surroundings))],
      [8 * seldom, () => text.push(...wildAccess(random))],
      [4 * seldom, () => text.push(...windowAccess(random))],
      [surroundings.float ? 12 : 0, () => text.push(...floatingPoint(random))],
      [10 * seldom, () => text.push(...interrupting(random, surroundings))],
      [4 * seldom, () => text.push(...tlbChange(random, surroundings))],
      [2 * seldom, () => text.push(...this.#return())],
      [2 * seldom, () => text.push(...msrMove(random, surroundings))],
    ];
  }

  #writeSomething(depth: number): void {
    const random = this.#random;
    if (depth < DEEPEST_LOOP && random.oneIn(8)) {
      this.#writeLoop(depth);
      return;
    }
    let left = (random.next() / 2 ** 32) * this.#totalWeight;
    const kind = this.#kinds.find(([weight]) => {
      left -= weight;
      return left < 0;
    });
    kind![1]();
  }

  /** A loop that CTR counts, with a condition at times, or one that a register counts. */
  #writeLoop(depth: number): void {
    const random = this.#random;
    const text = this.#text;
    const byRegister = depth === 0 ? random.oneIn(2) : false;
    const times = 2 + random.below(depth === 0 ? 30 : 8);
    if (byRegister) text.push(`li r${counter},${times}`);
    else text.push(`li r${scratch},${times}`, `mtctr r${scratch}`);
    const start = text.length;
    if (random.oneIn(4)) text.pushSlot(this.#slotWord());
    for (let count = 2 + random.below(9); count > 0; count--) this.#writeSomething(depth + 1);
    if (random.oneIn(6)) text.push(...this.#changeOfCode());
    if (!byRegister) {
      text.push(...FUEL_CHECK, branch(`bc ${random.pick([16, 16, 17, 0, 8])},${random.below(32)},`, start));
    } else if (random.oneIn(2)) {
      text.push(...FUEL_CHECK, `addic. r${counter},r${counter},-1`, branch('bgt ', start));
    } else {
      const field = random.below(8);
      text.push(
        `addi r${counter},r${counter},-1`,
        `cmpwi cr${field},r${counter},0`,
        ...FUEL_CHECK,
        branch(`bc 12,${4 * field + 1},`, start),
      );
    }
  }

  #computation(): number {
    const random = this.#random;
    const [t, a, b] = [dataRegister(random), dataRegister(random), dataRegister(random)];
    return drawInstruction(random, random.pick(COMPUTATIONS), { t, a, b });
  }
  #condition(): number {
    const random = this.#random;
    const instruction = random.pick(CONDITIONS);
    return drawInstruction(random, instruction, /^m[ft]cr/.test(instruction.row.mnemonic) ? { t: dataRegister(random) } : {});
  }

  /** One word that can take the place of another. */
  #slotWord(): number {
    const random = this.#random;
    switch (random.below(12)) {
      case 0:
        return assemble(random.pick(['sc', 'nop', 'isync', 'trap', `mfmsr r${dataRegister(random)}`]));
      case 1:
        return random.oneIn(4) ? illegalWord(random) : this.#condition();
      case 2:
        return assemble(
          `${random.pick(['lwz', 'stw', 'lhz', 'sth', 'stb'])} r${dataRegister(random)},${4 * random.below(32)}(r${Register.data})`,
        );
      default:
        return this.#computation();
    }
  }

  #ahead(): number {
    return this.#text.length + 1 + this.#random.below(12);
  }
  #anywhere(): number {
    return this.#random.below(this.#text.length);
  }
  #forwardBranch(bo: number): Placed {
    return branch(`bc ${bo},${this.#random.below(32)},`, this.#ahead());
  }
  #codeBase(): number {
    const { linear } = this.#surroundings;
    return this.#random.pick([Ea.code, Ea.code, Ea.code, Ea.codeAlias, linear + Block.code, linear + Block.codeCopy]);
  }

  #absoluteJump(): Part[] {
    const random = this.#random;
    return [...FUEL_CHECK, absoluteBranch(random.pick(['ba ', 'bla ']), random.pick([Ea.code, Ea.codeAlias]), this.#anywhere())];
  }
  #computedJump(): Part[] {
    const jump = this.#random.pick(['bctr', 'bctrl', 'bnectr', 'bltctr cr5']);
    return [loadAddress(scratch, this.#codeBase(), this.#anywhere()), `mtctr r${scratch}`, ...FUEL_CHECK, jump];
  }

  #return(): Part[] {
    const random = this.#random;
    const [address, state, back] = random.pick([
      ['SRR0', 'SRR1', 'rfi'],
      ['SRR0', 'SRR1', 'rfi'],
      ['CSRR0', 'CSRR1', 'rfci'],
      ['MCSRR0', 'MCSRR1', 'rfmci'],
    ] as const);
    return [
      ...[loadAddress(scratch, this.#codeBase(), this.#anywhere()), `mtspr ${address},r${scratch}`],
      ...[...loadConstant(scratch, randomMsr(random, this.#surroundings)), `mtspr ${state},r${scratch}`],
      ...FUEL_CHECK,
      back,
    ];
  }

  /**
   * Stores another word into a slot, by some kind of store, and makes it be fetched. A part of a word only changes the immediate of one
   * that has just been stored, as an interrupt may end a round between any two stores. In loops that immediate has to be another one each
   * time, or nothing changes once the code is hot.
   */
  #changeOfCode(): Part[] {
    const random = this.#random;
    // Mostly one that is near, so that it is soon executed again.
    const slot = this.#text.recentSlot(random.oneIn(4) ? random.below(50) : random.below(2));
    const word = this.#slotWord();
    const operands = `r${dataRegister(random)},r${dataRegister(random)},${random.below(0x8000)}`;
    const immediate = assemble(`${random.pick(['addi', 'addic.', 'mulli', 'xori', 'andi.', 'subfic'])} ${operands}`);
    const { linear } = this.#surroundings;
    const swapped = ((word >>> 24) | ((word >>> 8) & 0xff00) | ((word << 8) & 0xff0000) | (word << 24)) >>> 0;
    const ways: readonly (readonly [loaded: number, stores: readonly string[]])[] = [
      [word, [`stw r${scratch},0(r${scratch2})`]],
      ...[0, 1, 2, 3].map(() => [immediate, [`rlwimi r${scratch},r${fuel},0,17,31`, `stw r${scratch},0(r${scratch2})`]] as const),
      [immediate, [`stw r${scratch},0(r${scratch2})`, `li r${scratch},${random.next() & 0x7fff}`, `sth r${scratch},2(r${scratch2})`]],
      [immediate, [`stw r${scratch},0(r${scratch2})`, `li r${scratch},${random.next() & 0xff}`, `stb r${scratch},3(r${scratch2})`]],
      [word, [`addi r${scratch2},r${scratch2},-8`, `stwu r${scratch},8(r${scratch2})`]],
      [word, [`stwx r${scratch},0,r${scratch2}`]],
      [swapped, [`stwbrx r${scratch},0,r${scratch2}`]],
      [word, [`stswi r${scratch},r${scratch2},4`]],
      [word, [`mr r31,r${scratch}`, `stmw r31,0(r${scratch2})`]],
      [word, [`lwarx r31,0,r${scratch2}`, `stwcx. r${scratch},0,r${scratch2}`]],
    ];
    const [loaded, stores] = random.pick(ways);
    // A reservation needs what stays mapped. Others mostly go to the copy that is under way.
    const mapped = random.pick([linear + Block.code, linear + Block.codeCopy]);
    const bases = [mapped, Ea.code, Ea.codeAlias];
    const address = /^lwarx/.test(stores[0]!)
      ? [loadAddress(scratch2, mapped, slot)]
      : random.oneIn(3)
        ? [loadAddress(scratch2, random.pick(bases), slot)]
        : relativeAddress(scratch2, slot, dataRegister(random));
    return [
      ...address,
      ...loadConstant(scratch, loaded),
      ...stores,
      `rlwinm r${scratch2},r${scratch2},0,0,26`,
      ...[`dcbst 0,r${scratch2}`, 'msync', `icbi 0,r${scratch2}`, 'isync'],
    ];
  }
}
