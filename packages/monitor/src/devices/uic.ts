import type { InterruptInputs } from '@exitlab/core';
import type { DcrDevice, InterruptLine } from './device.js';

/** DCR offsets from the controller's base (PPC440EP user's manual, "Universal Interrupt Controller"). */
const Register = { sr: 0, srs: 1, er: 2, cr: 3, pr: 4, tr: 5, msr: 6, vr: 7, vcr: 8 } as const;

/** Vectors of a UIC lie 512 bytes apart. */
const VECTOR_SPACING_BYTES = 512;

/**
 * The 440EP's Universal Interrupt Controller: 32 lines, of which line 0 is the most significant bit of every register. Lines are driven
 * in the polarity in which the board wires them, so PR is kept but inverts nothing.
 */
export class Uic implements DcrDevice {
  #status = 0;
  #level = 0;
  #enable = 0;
  #critical = 0;
  #polarity = 0;
  #edge = 0;
  #vectorConfiguration = 0;
  #outputs: InterruptInputs | undefined;

  /** Number of DCRs the controller occupies. */
  static readonly dcrCount = 9;

  /** Wires the two outputs to the core and drives them to their present levels. */
  connect(outputs: InterruptInputs): void {
    this.#outputs = outputs;
    this.#update();
  }

  /** The input of line `n`, 0 to 31. */
  line(n: number): InterruptLine {
    const mask = (1 << (31 - n)) >>> 0;
    return (asserted) => this.#setLine(mask, asserted);
  }

  /** Whether line `n` would reach the core's non-critical input if it were asserted. */
  isEnabled(n: number): boolean {
    return (this.#enable & ~this.#critical & (1 << (31 - n))) !== 0;
  }

  readDcr(offset: number): number {
    switch (offset) {
      case Register.sr:
      case Register.srs:
        return this.#status >>> 0;
      case Register.er:
        return this.#enable >>> 0;
      case Register.cr:
        return this.#critical >>> 0;
      case Register.pr:
        return this.#polarity >>> 0;
      case Register.tr:
        return this.#edge >>> 0;
      case Register.msr:
        return (this.#status & this.#enable) >>> 0;
      case Register.vr:
        return this.#vector;
      case Register.vcr:
        return this.#vectorConfiguration >>> 0;
      default:
        return 0;
    }
  }

  writeDcr(offset: number, value: number): void {
    switch (offset) {
      case Register.sr:
        this.#status &= ~value;
        break;
      case Register.srs:
        this.#status |= value;
        break;
      case Register.er:
        this.#enable = value;
        break;
      case Register.cr:
        this.#critical = value;
        break;
      case Register.pr:
        this.#polarity = value;
        break;
      case Register.tr:
        this.#edge = value;
        break;
      case Register.vcr:
        this.#vectorConfiguration = value & ~2;
        break;
    }
    this.#update();
  }

  #setLine(mask: number, asserted: boolean): void {
    if (((this.#level & mask) !== 0) === asserted) return;
    if (asserted) {
      this.#level |= mask;
      this.#status |= mask;
    } else {
      this.#level &= ~mask;
      // A level-sensitive source takes its status bit with it; an edge stays latched until software clears it.
      if ((this.#edge & mask) === 0) this.#status &= ~mask;
    }
    this.#update();
  }

  /** While a level-sensitive line is asserted its status bit cannot be cleared. */
  #update(): void {
    this.#status |= this.#level & ~this.#edge;
    const active = this.#status & this.#enable;
    this.#outputs?.setExternal((active & ~this.#critical) !== 0);
    this.#outputs?.setCritical((active & this.#critical) !== 0);
  }

  /** Address of the handler of the critical interrupt of highest priority, 0 if there is none; VCR[PRO] says which end comes first. */
  get #vector(): number {
    const active = (this.#status & this.#enable & this.#critical) >>> 0;
    if (active === 0) return 0;
    const line0First = (this.#vectorConfiguration & 1) !== 0;
    const distance = line0First ? Math.clz32(active) : 31 - Math.clz32(active & -active);
    return ((this.#vectorConfiguration & ~3) + distance * VECTOR_SPACING_BYTES) >>> 0;
  }
}
