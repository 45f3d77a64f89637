import { assemble } from '../../src/isa/assembler.js';
import { INSTRUCTION_SET, type Instruction } from '../../src/isa/instruction-set.js';
import { SPRS, sprn } from '../../src/isa/special-purpose-registers.js';
import { drawInstruction, loadConstant } from '../random-instruction.js';
import type { RandomWords } from '../random-words.js';
import { randomCodeAddress, randomMsr } from './random-handlers.js';
import { CODE_WORDS, DATA_REGISTERS, DEVICE_ACTION_BYTES, DEVICE_ACTIONS, Layout, Register, TlbSlots } from './random-layout.js';

const PAGE_BYTES = 4096;
const CODE_BYTES = 4 * CODE_WORDS;
const ofClass = (...classes: readonly string[]): Instruction[] => INSTRUCTION_SET.filter(({ row }) => classes.includes(row.class));
const COMPUTATIONS = ofClass('integer', 'multiply', 'divide', 'compare', 'mac');
const CONDITIONS = ofClass('cr');
const FLOATS = ofClass('float', 'floatDivide');
const FLOAT_COMPARISONS = FLOATS.filter(({ row }) => /^(fcmp|mcrfs)/.test(row.mnemonic));
const ACCESSES = ofClass('load', 'store', 'cache');
const CODE_WRITERS = ACCESSES.filter(({ row }) => row.class === 'store' || row.mnemonic === 'icbi');
/** Registers that a program may not write: some make no sense at random, the others would lose the handlers. */
const KEPT = new Set(['IVPR', 'DBCR0', 'TCR', 'CCR0'].map(sprn));
const WRITTEN_SPRS = SPRS.filter(({ sprn: number }) => !KEPT.has(number) && !(number >= sprn('IVOR0') && number <= sprn('IVOR15')));

const TOTAL_WEIGHT = 197;

const OTHERS = [
  'wrteei 1', 'wrteei 0', 'mfmsr rA', 'wrtee rA', 'mftb rA', 'mftbu rA', 'isync', 'msync', 'sc', 'twgei rA,100', 'tweq rA,rB', 'mfdcr rA,0x20', 'mtdcr 0x21,rA',
  'tlbre rA,rB,0', 'tlbre rA,rB,1', 'tlbsx. rA,0,rB', 'mfxer rA', 'mtxer rA', 'mtlr rA', 'mflr rA', 'mtctr rA', 'mfctr rA', 'dccci 0,rA', 'iccci 0,rA', 'rfi',
] as const; // biome-ignore format: a table

/** Writes a random program for the pages of code. Branches stay in it, nearly always. */
export class ProgramWriter {
  readonly #random: RandomWords;
  readonly #words: number[] = [];
  /** One program in so many uses the debug facility, which makes everything go one by one. */
  readonly #debugs: boolean;

  readonly #places: readonly number[];

  /** @param places indices of words to which computed jumps lead */
  constructor(random: RandomWords, places: readonly number[]) {
    this.#random = random;
    this.#places = places;
    this.#debugs = random.oneIn(4);
  }

  write(): number[] {
    while (this.#words.length < CODE_WORDS) {
      if (this.#random.oneIn(4)) this.#writeLoop();
      else this.#writeSomething();
    }
    return this.#words.slice(0, CODE_WORDS);
  }

  /** What runs often enough to be translated, and goes on being run. */
  #writeLoop(): void {
    this.#push(`li r28,${4 + this.#random.below(60)}`, 'mtctr r28');
    const start = this.#words.length;
    for (let count = 2 + this.#random.below(12); count > 0; count--) this.#writeSomething();
    this.#push(`bdnz ${4 * (start - this.#words.length)}`);
  }

  #push(...lines: readonly string[]): void {
    for (const line of lines) this.#words.push(assemble(line));
  }

  #data(): number {
    return this.#random.below(DATA_REGISTERS);
  }

  #writeSomething(): void {
    const random = this.#random;
    const drawn = random.below(TOTAL_WEIGHT);
    let upTo = 0;
    for (const [weight, write] of this.#kinds) {
      upTo += weight;
      if (drawn < upTo) {
        write();
        return;
      }
    }
  }

  /** What a program is made of, with weights out of {@link TOTAL_WEIGHT}. */
  readonly #kinds: readonly (readonly [weight: number, write: () => void])[] = [
    [
      60,
      () =>
        this.#words.push(
          drawInstruction(this.#random, this.#random.pick(COMPUTATIONS), { t: this.#data(), a: this.#data(), b: this.#data() }),
        ),
    ],
    [
      6,
      () =>
        this.#words.push(drawInstruction(this.#random, this.#random.pick(CONDITIONS), this.#random.oneIn(2) ? { t: this.#data() } : {})),
    ],
    [16, () => this.#writeFloat()],
    [2, () => this.#writeEnabledException()],
    [36, () => this.#writeAccess(this.#random.pick(ACCESSES))],
    [6, () => this.#writeCopyOfCode()],
    [2, () => this.#writeAccess(this.#random.pick(CODE_WRITERS), this.#codeBase())],
    [4, () => this.#writeDeviceAccess()],
    [18, () => this.#push(`bc ${this.#random.pick([4, 12, 12, 4, 0, 2, 8, 10])},${this.#random.below(32)},${this.#distance()}`)],
    [3, () => this.#push(`bc ${this.#random.pick([16, 18])},0,${this.#distance()}`)],
    [3, () => this.#push(`b ${this.#distance()}`)],
    [5, () => this.#push(`${this.#random.pick(['bl ', 'bl ', 'bcl 20,31,'])}${this.#distance()}`)],
    [5, () => this.#push(this.#random.pick(['blr', 'beqlr', 'bnelr cr7', 'blrl', 'bdnzlr', 'bgtlr cr3']))],
    [2, () => this.#writeComputedJump()],
    [10, () => this.#push(this.#random.pick(OTHERS).replaceAll(/r([AB])\b/g, () => `r${this.#data()}`))],
    [4, () => this.#writeSprMove()],
    [4, () => this.#push(...this.#changeOfTlb())],
    [2, () => this.#push(`li r28,${1 + (this.#random.oneIn(4) ? this.#random.below(12) : this.#random.below(2))}`, 'mtspr PID,r28')],
    [2, () => this.#writeReturn()],
    [2, () => this.#push(...loadConstant(28, randomMsr(this.#random)), 'mtmsr r28')],
    [3, () => this.#push(...this.#timerCode())],
    [1, () => (this.#debugs ? this.#push(...this.#debugCode()) : this.#push('nop'))],
    [1, () => (this.#random.oneIn(8) ? this.#words.push(this.#random.next()) : this.#push('nop'))],
  ];

  /** Comparisons as often as all arithmetic, as they leave something behind when an enabled exception ends them. */
  #writeFloat(): void {
    const random = this.#random;
    this.#words.push(drawInstruction(this.#random, random.pick(random.oneIn(3) ? FLOAT_COMPARISONS : FLOATS)));
  }

  /** Enables an exception of floating point, and does what may cause it. */
  #writeEnabledException(): void {
    const random = this.#random;
    this.#push(...[0, 4, 8, 12, 20].map((bit) => `mtfsfi ${bit / 4},0`));
    this.#push(`mtfsb1 ${24 + (random.oneIn(2) ? 0 : random.below(5))}`, 'mfmsr r28', 'ori r28,r28,0x2900', 'mtmsr r28');
    for (let count = 1 + random.below(3); count > 0; count--) this.#writeFloat();
  }

  /** From the next word to a place that is near, mostly behind it. */
  #distance(): number {
    const here = this.#words.length;
    const to = this.#random.oneIn(5)
      ? this.#random.below(CODE_WORDS)
      : Math.max(0, Math.min(CODE_WORDS - 1, here + this.#random.below(50) - 30));
    return 4 * (to - here);
  }

  #codeBase(): number {
    return this.#random.pick([Register.code, Register.code, Register.linear]);
  }

  /** Mostly aligned and within a page; the others cross words, quadwords and pages. */
  #offset(limit: number): number {
    const random = this.#random;
    switch (random.below(8)) {
      case 0:
        return random.below(limit);
      case 1:
        return Math.max(0, PAGE_BYTES * (1 + random.below(limit / PAGE_BYTES - 1)) - random.below(12));
      default:
        return random.below(limit) & -8;
    }
  }

  #writeAccess(instruction: Instruction, base: number = this.#random.pick([Register.data, Register.data, Register.linear])): void {
    const random = this.#random;
    const inData = base === Register.data ? 0 : base === Register.linear ? Layout.data - Layout.code : 0;
    const writesCode = base === Register.code || (base === Register.linear && random.oneIn(16));
    const reach = (Layout.dataPages - 1) * PAGE_BYTES;
    const offset = this.#offset(reach) + (writesCode ? 0 : inData);
    const { row } = instruction;
    const updates = row.class !== 'cache' && !row.operands.includes('RA0');
    const isMultiple = /^(lmw|stmw)$/.test(row.mnemonic);
    const displacement = offset & 0xffff;
    // A base that will be changed, or is far away, is made beside the others.
    const register = updates || offset > 0xffff ? 29 : base;
    if (register !== base) this.#push(`addis r29,r${base},${offset >>> 16}`);
    const isIndexed = instruction.encoding.fields.has('b');
    if (isIndexed) this.#push(`li r28,${displacement}`);
    if (instruction.encoding.fields.has('n')) this.#push(`addi r29,r${register},${displacement}`);
    const target = isMultiple ? random.pick([21, 24, 28, 30]) : random.oneIn(16) ? random.below(32) : this.#data();
    this.#words.push(
      drawInstruction(random, instruction, {
        t: target,
        a: instruction.encoding.fields.has('n') ? 29 : register,
        b: 28,
        d: displacement,
        ...(random.oneIn(2) && { n: random.below(9) }),
      }),
    );
  }

  /** Copies instructions from one place of the program to another that is soon executed, by accesses of all kinds. */
  #writeCopyOfCode(): void {
    const random = this.#random;
    const reach = CODE_BYTES - 32;
    const from = random.below(reach) & -4;
    const here = 4 * this.#words.length;
    const to = random.oneIn(4) ? random.below(reach) & -4 : Math.min(reach, here + 4 * random.below(60)) & -4;
    const base = this.#codeBase();
    const [source, target] = [`${from}(r27)`, `${to}(r${base})`];
    const copies: readonly (readonly string[])[] = [
      [`lwz r29,${source}`, `stw r29,${target}`],
      [`lwz r29,${source}`, `stw r29,${target}`, `addi r28,r${base},${to}`, 'dcbst 0,r28', 'msync', 'icbi 0,r28', 'isync'],
      [`lhz r29,${source}`, `sth r29,${target}`],
      [`lbz r29,${source}`, `stb r29,${target}`],
      [`lmw r29,${source}`, `stmw r29,${target}`],
      [`lfd f3,${source}`, `stfd f3,${target}`],
      [`lfs f3,${source}`, `stfs f3,${target}`],
      [`addi r28,r27,${from}`, 'lswi r20,r28,11', `addi r28,r${base},${to}`, 'stswi r20,r28,11'],
      [`lwz r29,${source}`, `li r28,${to}`, `lwarx r30,r${base},r28`, `stwcx. r29,r${base},r28`],
      [`lwz r29,${source}`, 'lis r28,3', `ori r28,r28,${to}`, 'stw r29,0(r28)'],
    ];
    this.#push(...random.pick(copies));
  }

  #writeDeviceAccess(): void {
    const random = this.#random;
    const action = random.oneIn(2) ? random.below(DEVICE_ACTIONS.length) : 0;
    const place = `${DEVICE_ACTION_BYTES * action + (random.oneIn(3) ? random.below(8) : 4 * random.below(2))}(r24)`;
    const access = random.pick(['lwz rA', 'stw rA', 'stw rA', 'stb rA', 'lhz rA', 'sth rA', 'stmw r28', 'lbz rA', 'stfd f2', 'stmw r30']);
    this.#push(`${access.replace('rA', `r${this.#data()}`)},${place}`);
  }

  #writeComputedJump(): void {
    const random = this.#random;
    const jump = random.pick(['bctr', 'bctrl', 'bnectr']);
    this.#push(...loadConstant(28, randomCodeAddress(random, this.#places)), 'mtctr r28', jump);
  }

  #writeSprMove(): void {
    const random = this.#random;
    const kind = random.below(16);
    if (kind < 7) this.#push(`mfspr r${this.#data()},${random.pick(SPRS).sprn}`);
    else if (kind < 8) this.#push(`li r28,${random.oneIn(2) ? 0x100 : 0}`, 'mtspr CCR0,r28');
    else if (kind < 9) this.#push(`mfspr r${this.#data()},${random.below(1024)}`);
    else this.#push(`mtspr ${random.pick(WRITTEN_SPRS).sprn},r${this.#data()}`);
  }

  /** Drops or remaps a page, takes a permission away, or makes a page small or little-endian. */
  #changeOfTlb(): string[] {
    const random = this.#random;
    const slot = random.oneIn(24) ? TlbSlots.linear + random.below(2) : TlbSlots.firstFilled + random.below(TlbSlots.filled + 2);
    const page = (random.pick([Layout.code, Layout.code, Layout.data, Layout.codeAlias]) + PAGE_BYTES * random.below(4)) >>> 0;
    const entry = [`li r28,${slot}`];
    const space = random.oneIn(2) ? 0x100 : 0;
    switch (random.below(6)) {
      case 0:
        return [...entry, 'li r29,0', 'tlbwe r29,r28,0'];
      case 1:
        return [...entry, ...loadConstant(29, random.pick([0x3f, 0x3f, 0x2d, 0x1b, 0x07, 0xbf, 0x43f, 0x36])), 'tlbwe r29,r28,2'];
      case 2:
        return [
          ...entry,
          ...loadConstant(29, (random.oneIn(2) ? Layout.code : Layout.data) + PAGE_BYTES * random.below(4)),
          'tlbwe r29,r28,1',
        ];
      case 3:
        return [...entry, ...loadConstant(29, page | 0x210 | space), 'tlbwe r29,r28,0'];
      case 4:
        return [...entry, ...loadConstant(29, (page + 1024 * random.below(4)) | 0x200 | space), 'tlbwe r29,r28,0'];
      default:
        return [`li r28,${random.below(4)}`, 'mtspr MMUCR,r28', ...entry, ...loadConstant(29, page | 0x210 | space), 'tlbwe r29,r28,0'];
    }
  }

  #writeReturn(): void {
    const random = this.#random;
    const isCritical = random.oneIn(4);
    const [address, state] = isCritical ? ['CSRR0', 'CSRR1'] : ['SRR0', 'SRR1'];
    this.#push(
      ...loadConstant(28, randomCodeAddress(random, this.#places)),
      `mtspr ${address},r28`,
      ...loadConstant(28, randomMsr(random)),
      `mtspr ${state},r28`,
      isCritical ? 'rfci' : 'rfi',
    );
  }

  #timerCode(): string[] {
    const random = this.#random;
    switch (random.below(5)) {
      case 0:
        return [`li r28,${random.below(2000)}`, 'mtspr DEC,r28'];
      case 1:
        return [`li r28,${1 + random.below(2000)}`, 'mtspr DECAR,r28'];
      case 2:
        // Without a reset by the watchdog: periods as short as they get, enables, and auto-reload.
        return [
          ...loadConstant(28, (random.below(2) << 27) | (random.below(8) << 24) | (random.below(2) << 23) | (random.below(2) << 22)),
          'mtspr TCR,r28',
        ];
      case 3:
        return [...loadConstant(28, (random.below(16) << 28) | (random.below(16) << 24)), 'mtspr TSR,r28'];
      default:
        // Just before an edge of the fixed-interval timer, or of the watchdog, too.
        return [...loadConstant(28, random.pick([1 << 12, 1 << 20, 1 << 21]) - random.below(300)), 'mtspr TBLW,r28'];
    }
  }

  #debugCode(): string[] {
    const random = this.#random;
    const address = () => randomCodeAddress(random, this.#places);
    switch (random.below(5)) {
      case 0:
        return [...loadConstant(28, address()), `mtspr IAC${1 + random.below(4)},r28`];
      case 1:
        return [...loadConstant(28, Layout.data + random.below(0x3000)), `mtspr DAC${1 + random.below(2)},r28`];
      case 2:
        return [...loadConstant(28, random.next()), `mtspr DBCR${1 + random.below(2)},r28`];
      default: {
        // Internal mode, any events, no reset.
        const events = random.next() & random.next() & 0x0fff8000;
        return [...loadConstant(28, (random.oneIn(8) ? 0 : 0x40000000) | events), 'mtspr DBCR0,r28'];
      }
    }
  }
}
