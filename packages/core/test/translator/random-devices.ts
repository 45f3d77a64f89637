import type { DcrBus, DeviceBus, InterruptInputs, Processor440 } from '../../src/index.js';
import { likelyCodePa, type RandomImage, wordAt } from './random-image.js';
import { ACKNOWLEDGE_DCR, DEVICE_ACTION_BYTES, DEVICE_ACTIONS, type DeviceAction, Layout } from './random-layout.js';

/** Who takes what devices ask for: the processor, or a hypervisor over it. */
export interface DeviceInputs extends InterruptInputs {
  requestStop(): void;
}

/** Devices that interrupt a random program, stop it, write into its code, and remember when they were accessed. */
export class RandomDevices {
  readonly #image: RandomImage;
  #processor!: Processor440;
  #inputs!: DeviceInputs;
  #hash = 0;
  #reads = 0;

  constructor(image: RandomImage) {
    this.#image = image;
  }

  connect(processor: Processor440, inputs: DeviceInputs): void {
    this.#processor = processor;
    this.#inputs = inputs;
  }

  /** Of all accesses so far, with their times. */
  get hash(): number {
    return this.#hash;
  }

  /** Takes an event of the surroundings into account, with the time at which it happens. */
  note(...values: readonly number[]): void {
    const { retiredInstructions, timebase } = this.#processor.clock;
    for (const value of [...values, retiredInstructions, timebase, this.#processor.pc]) {
      this.#hash = (Math.imul(this.#hash, 31) + value) | 0;
    }
  }

  get bus(): DeviceBus {
    return {
      read: (pa, sizeBytes) => {
        this.note(1, pa, sizeBytes);
        return Math.imul(++this.#reads, 0x9e3779b1) >>> (32 - 8 * sizeBytes);
      },
      write: (pa, sizeBytes, value) => {
        this.note(2, pa, sizeBytes, value);
        const index = Math.floor((pa - Layout.devicesPa) / DEVICE_ACTION_BYTES);
        this.#act(DEVICE_ACTIONS[index] ?? 'nothing', value);
      },
    };
  }

  get dcrs(): DcrBus {
    return {
      read: (dcrn) => {
        this.note(3, dcrn);
        if (dcrn === ACKNOWLEDGE_DCR) {
          this.#inputs.setExternal(false);
          this.#inputs.setCritical(false);
        }
        return ++this.#reads;
      },
      write: (dcrn, value) => {
        this.note(4, dcrn, value);
        this.#act(DEVICE_ACTIONS[value & 15] ?? 'nothing', value >>> 4);
      },
    };
  }

  #act(action: DeviceAction, value: number): void {
    const processor = this.#processor;
    switch (action) {
      case 'nothing':
        return;
      case 'assertExternal':
        this.#inputs.setExternal(true);
        return;
      case 'assertCritical':
        this.#inputs.setCritical(true);
        return;
      case 'writeCodeWord':
        processor.memory.write32(likelyCodePa(this.#image, value), wordAt(this.#image.program, Math.imul(value, 77)));
        return;
      case 'writeCodeBytes':
        this.restoreCode(value, 64);
        return;
      case 'requestStop':
        this.#inputs.requestStop();
        return;
      case 'raiseDebugEvent':
        processor.raiseDebugEvent();
        return;
      case 'clearReservation':
        processor.clearReservation();
        return;
    }
  }

  /** Writes a part of the program as it was. */
  restoreCode(place: number, lengthBytes: number): void {
    const start = place % (this.#image.program.length - lengthBytes + 1);
    this.#processor.memory.writeBytes(Layout.code + start, this.#image.program.subarray(start, start + lengthBytes));
  }
}
