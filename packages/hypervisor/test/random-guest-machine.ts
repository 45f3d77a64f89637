import { type EngineName, Processor440 } from '@exitlab/core';
import { RandomWords } from '@exitlab/core/test/random-words';
import { RandomDevices } from '@exitlab/core/test/translator/random-devices';
import { randomCodeAddress, randomMsr } from '@exitlab/core/test/translator/random-handlers';
import { FIXED_PAGES, hashOf, likelyCodePa, type RandomImage, randomImage, wordAt } from '@exitlab/core/test/translator/random-image';
import { BASES, Layout } from '@exitlab/core/test/translator/random-layout';
import { Hypervisor, type HypervisorOptions } from '../src/index.js';

const RAM_BYTES = Layout.ramBytes;
/** The vectors alone: KVM maps pages that belong to all processes for the guest kernel only, so there are no others. */
const [VECTORS] = FIXED_PAGES;

/** A random privileged program as a guest, with devices and a host that interrupt it and write into its code. */
export class RandomGuestMachine {
  readonly processor: Processor440;
  readonly hypervisor: Hypervisor;
  readonly #image: RandomImage;
  readonly #devices: RandomDevices;
  readonly #random: RandomWords;
  readonly #outcomes: string[] = [];
  #isGivenUp = false;

  constructor(seed: number, engine: EngineName, options: HypervisorOptions) {
    this.#image = randomImage(seed, true);
    this.#random = new RandomWords(seed ^ 0x27d4eb2f);
    this.#devices = new RandomDevices(this.#image);
    const { handlers, program, data, gprs, fprs, timebaseHz, thresholds } = this.#image;
    const { bus, dcrs } = this.#devices;
    const processor = new Processor440({
      ...{ ramSizeBytes: RAM_BYTES, coreHz: 400e6, timebaseHz, devices: bus, dcrs, engine },
      translationThresholds: thresholds,
    });
    this.processor = processor;
    const { memory } = processor;
    memory.writeBytes(0, handlers);
    memory.writeBytes(Layout.code, program);
    memory.writeBytes(Layout.data, data);
    this.hypervisor = new Hypervisor(processor, { bus, dcr: dcrs }, options);
    this.#devices.connect(processor, this.hypervisor);
    this.hypervisor.vcpu.ivpr = 0;
    this.hypervisor.vcpu.setPid(1);
    for (let vector = 0; vector < 16; vector++) this.hypervisor.vcpu.ivor[vector] = vector * Layout.vectorBytes;
    this.#mapVectors();
    for (const [n, value] of gprs.entries()) processor.setGpr(n, value);
    for (const [n, bits] of fprs.entries()) processor.setFpr(n, bits);
    this.#restart();
  }

  #mapVectors(): void {
    this.hypervisor.setGuestTlbEntry(VECTORS!.index, ...VECTORS!.words);
  }

  #restart(): void {
    for (const [register, value] of BASES) this.processor.setGpr(register, value);
    this.hypervisor.start(randomCodeAddress(this.#random, this.#image.places), randomMsr(this.#random));
  }

  /** The host does something, and the guest runs for a while. */
  step(): void {
    const random = this.#random;
    const image = this.#image;
    const { memory } = this.processor;
    if (random.oneIn(2)) this.#restart();
    if (random.oneIn(2)) this.#mapVectors();
    if (random.oneIn(3)) memory.writeBytes(0, image.handlers);
    if (random.oneIn(3)) this.#devices.restoreCode(random.next(), random.oneIn(3) ? image.program.length : 1 + random.below(3000));
    if (random.oneIn(2)) memory.write32(likelyCodePa(image, random.next()), wordAt(image.program, random.next()));
    if (random.oneIn(4)) memory.write8(likelyCodePa(image, random.next()) + random.below(4), random.next() & 0xff);
    if (random.oneIn(4)) this.hypervisor.pulseExternal();
    const outcome = this.hypervisor.run(random.pick([1, 2, 3, 10, 100, 300, 1000, 2000]) + random.below(60));
    this.#isGivenUp = outcome.kind === 'failure';
    this.#outcomes.push(outcome.kind === 'failure' ? outcome.failure.message : outcome.kind);
  }

  /** Whether the hypervisor has found that the guest gets nowhere. */
  get isGivenUp(): boolean {
    return this.#isGivenUp;
  }

  /** All that can be seen now. */
  state() {
    const { processor, hypervisor } = this;
    const { vcpu } = hypervisor;
    const { clock, memory } = processor;
    return {
      outcomes: this.#outcomes.join(),
      guestInstructions: hypervisor.guestInstructions,
      cycles: clock.cycles,
      statistics: hypervisor.statistics(),
      processor: processor.statistics(),
      registers: Array.from({ length: 32 }, (_, n) => processor.gpr(n)),
      floats: Array.from({ length: 32 }, (_, n) => processor.fpr(n)),
      others: [processor.cr, processor.xer, processor.lr, processor.ctr, processor.fpscr],
      vcpu: [vcpu.pc, vcpu.pid, vcpu.msr, vcpu.mmucr, vcpu.pending],
      tlb: Array.from({ length: 64 }, (_, index) => processor.readTlb(index)),
      guestTlb: Array.from({ length: 64 }, (_, index) => ({ ...vcpu.guestTlb.entry(index) })),
      devices: this.#devices.hash,
      memory: hashOf(memory.readBytes(0, RAM_BYTES)),
    };
  }
}
