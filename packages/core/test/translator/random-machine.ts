import { type EngineName, Processor440, StopReason, sprn } from '../../src/index.js';
import { SPRS } from '../../src/isa/special-purpose-registers.js';
import { RandomWords } from '../random-words.js';
import { RandomDevices } from './random-devices.js';
import { randomCodeAddress, randomMsr } from './random-handlers.js';
import { FIXED_PAGES, hashOf, likelyCodePa, type RandomImage, randomImage, wordAt } from './random-image.js';
import { BASES, Layout, TlbSlots } from './random-layout.js';

const READ_SPRS = SPRS.filter(({ read }) => read);

/** All that a program, its host and its devices can see of a processor. */
export type VisibleState = Readonly<Record<string, number | string>>;

/**
 * A processor with a random program, handlers that keep it going, devices that interrupt and write into its code, and a host that does so
 * between slices. The same seed makes the same machine, whatever the engine, and {@link step} does the same to it.
 */
export class RandomMachine {
  readonly processor: Processor440;
  readonly #image: RandomImage;
  readonly #devices: RandomDevices;
  /** What the host does. */
  readonly #random: RandomWords;
  readonly #stops: string[] = [];

  constructor(seed: number, engine: EngineName) {
    this.#image = randomImage(seed);
    this.#random = new RandomWords(seed ^ 0x5bd1e995);
    this.#devices = new RandomDevices(this.#image);
    const { handlers, program, data, gprs, fprs, timebaseHz, thresholds } = this.#image;
    const { bus, dcrs } = this.#devices;
    const clocks = { coreHz: 400e6, timebaseHz };
    this.processor = new Processor440({
      ramSizeBytes: Layout.ramBytes,
      ...clocks,
      devices: bus,
      dcrs,
      engine,
      translationThresholds: thresholds,
    });
    this.#devices.connect(this.processor, this.processor);
    this.processor.memory.writeBytes(0, handlers);
    this.processor.memory.writeBytes(Layout.code, program);
    this.processor.memory.writeBytes(Layout.data, data);
    for (let vector = 0; vector < 16; vector++) this.processor.writeSpr(sprn(`IVOR${vector}`), vector * Layout.vectorBytes);
    this.#mapFixedPages();
    for (const [n, value] of gprs.entries()) this.processor.setGpr(n, value);
    for (const [n, bits] of fprs.entries()) this.processor.setFpr(n, bits);
    this.processor.writeSpr(sprn('DECAR'), 500);
    this.#restart(this.#random);
  }

  #mapFixedPages(): void {
    for (const { index, words } of FIXED_PAGES) this.processor.writeTlbEntry(index, ...words, 0);
  }

  #restart(random: RandomWords): void {
    const { processor } = this;
    processor.msr = randomMsr(random);
    processor.pc = randomCodeAddress(random, this.#image.places);
    for (const [register, value] of BASES) processor.setGpr(register, value);
    processor.writeSpr(sprn('DEC'), random.below(3000));
    // The decrementer and the fixed-interval timer interrupt, and the first is loaded anew.
    processor.writeSpr(sprn('TCR'), 0x04c00000);
  }

  // --- the host ---------------------------------------------------------------------------------------------------------------
  /** The host does something, and the processor runs for a while. */
  step(): void {
    const random = this.#random;
    this.#intervene(random);
    const instructions = random.pick([1, 2, 3, 10, 100, 300, 1000, 2000]) + random.below(60);
    this.processor.interruptTarget = random.oneIn(8) ? 'host' : 'vectors';
    this.#run(instructions);
  }

  #run(instructions: number): void {
    const { processor } = this;
    const end = processor.clock.retiredInstructions + instructions;
    // A stop that makes no progress may come again and again.
    for (let stops = 0; stops < 100; stops++) {
      const reason = processor.run(end - processor.clock.retiredInstructions);
      if (reason === StopReason.limit) return;
      this.#stops.push(reason === StopReason.interrupt ? `interrupt ${processor.lastVector}` : String(reason));
      // A host that takes an interrupt here lets the guest's own handler have it.
      if (processor.endlessFault || (reason !== StopReason.interrupt && reason !== StopReason.stopped)) return;
    }
  }

  #intervene(random: RandomWords): void {
    const { processor } = this;
    const image = this.#image;
    const { memory } = processor;
    // Without vectors a processor gets nowhere.
    if (processor.readTlb(TlbSlots.vectors).word0 !== FIXED_PAGES[0]!.words[0] || random.oneIn(8)) this.#mapFixedPages();
    if (random.oneIn(2)) this.#restart(random);
    if (random.oneIn(3)) memory.writeBytes(0, image.handlers);
    if (random.oneIn(3)) this.#devices.restoreCode(random.next(), random.oneIn(3) ? image.program.length : 1 + random.below(3000));
    if (random.oneIn(2)) memory.write32(likelyCodePa(image, random.next()), wordAt(image.program, random.next()));
    if (random.oneIn(4)) memory.write8(likelyCodePa(image, random.next()) + random.below(4), random.next() & 0xff);
    if (random.oneIn(4)) memory.write16(likelyCodePa(image, random.next()) + random.below(3), random.next() & 0xffff);
    if (random.oneIn(4)) processor.writeTlb(TlbSlots.firstFilled + random.below(TlbSlots.filled), 0, 0);
    if (random.oneIn(6))
      this.#devices.note(5, ...Array.from({ length: 32 }, (_, index) => (processor.takeTlbReference(index) ? index : 0)));
    if (random.oneIn(4)) processor.setExternal(random.oneIn(2));
    if (random.oneIn(8)) processor.setCritical(random.oneIn(2));
    if (random.oneIn(16)) processor.raiseDebugEvent();
    if (random.oneIn(8)) processor.clearReservation();
    if (random.oneIn(8)) processor.xer = random.next() & 0xe000007f;
    if (random.oneIn(2)) processor.fpscr = random.pick([0, 0x80, 0x80, 0xf8, random.next() & 0xff]);
    // What is left of debugging would make everything go one by one for ever.
    if (random.oneIn(4)) processor.writeSpr(sprn('DBCR0'), 0);
    if (random.oneIn(4)) processor.writeSpr(sprn('CCR0'), 0);
  }

  /** What can be seen now. */
  state(): VisibleState {
    const { processor } = this;
    const { clock, memory } = processor;
    const state: Record<string, number | string> = {};
    for (const name of ['pc', 'msr', 'cr', 'lr', 'ctr', 'xer', 'fpscr'] as const) state[name] = processor[name];
    for (let n = 0; n < 32; n++) {
      state[`r${n}`] = processor.gpr(n);
      state[`f${n}`] = processor.fpr(n).toString(16);
    }
    for (const row of READ_SPRS) state[row.name] = processor.readSpr(row.sprn)!;
    for (let index = 0; index < 24; index++) state[`TLB ${index}`] = Object.values(processor.readTlb(index)).join();
    const { interrupts, tlbWrites, softTlbFills } = processor.statistics();
    const bytes = [memory.readBytes(0, Layout.handlersBytes), memory.readBytes(Layout.code, Layout.data + 0x4000 - Layout.code)];
    return {
      ...state,
      retired: clock.retiredInstructions,
      cycles: clock.cycles,
      timebase: clock.timebase,
      interrupts: interrupts.join(),
      tlbWrites,
      softTlbFills,
      endlessFault: JSON.stringify(processor.endlessFault ?? null),
      stops: this.#stops.join(),
      devices: this.#devices.hash,
      memory: bytes.map(hashOf).join(),
    };
  }
}
