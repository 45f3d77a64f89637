import type { DcrBus, DeviceBus, InterruptInputs } from '@exitlab/core';
import { AddressMap, DcrMap, type UnclaimedAccess } from '../devices/address-map.js';
import { IndirectDcr } from '../devices/indirect-dcr.js';
import { EmptyBusWindow, PciConfigurationSpace, PciLocalRegisters } from '../devices/pci-host-bridge.js';
import { sdramRegisters } from '../devices/sdram-banks.js';
import { Uart16550 } from '../devices/uart16550.js';
import { Uic } from '../devices/uic.js';
import { BAMBOO } from './bamboo.js';
import { checkMemorySize } from './memory-size.js';

export interface BambooOptions {
  /** Size of the RAM that the processor holds; the SDRAM controller's registers report it. */
  readonly memoryBytes: number;
  /**
   * How many of the two UARTs are fitted; 1 if absent. QEMU's bamboo has a UART only if something is connected to it, by default just
   * the first, and Linux's messages tell the difference.
   */
  readonly uartCount?: 1 | 2;
  /** Gets every byte that UART `uart` (0 or 1) sends. */
  readonly send: (uart: number, byte: number) => void;
}

/** What surrounds the processor on a Bamboo: make the board, then the processor on its buses, then {@link connect} the two. */
export class BambooBoard {
  readonly uarts: readonly Uart16550[];
  readonly #addresses = new AddressMap();
  readonly #dcrs = new DcrMap();
  readonly #uic = new Uic();

  /** Throws a `UserError` for a memory size that the board cannot hold. */
  constructor(options: BambooOptions) {
    checkMemorySize(options.memoryBytes);
    this.#dcrs.add(BAMBOO.uic.dcr, Uic.dcrCount, this.#uic);
    this.#dcrs.add(BAMBOO.cpr.dcr, IndirectDcr.dcrCount, new IndirectDcr());
    this.#dcrs.add(BAMBOO.sdr.dcr, IndirectDcr.dcrCount, new IndirectDcr());
    this.#dcrs.add(BAMBOO.sdram.dcr, IndirectDcr.dcrCount, new IndirectDcr(sdramRegisters(options.memoryBytes)));
    this.#dcrs.add(BAMBOO.ebc.dcr, IndirectDcr.dcrCount, new IndirectDcr());

    this.uarts = BAMBOO.uarts.slice(0, options.uartCount ?? 1).map((row, i) => {
      const uart = new Uart16550((byte) => options.send(i, byte), this.#uic.line(row.interrupt));
      this.#addresses.add(row.address, Uart16550.sizeBytes, uart);
      return uart;
    });
    this.#addresses.add(BAMBOO.pci.configuration, PciConfigurationSpace.sizeBytes, new PciConfigurationSpace());
    this.#addresses.add(BAMBOO.pci.registers, PciLocalRegisters.sizeBytes, new PciLocalRegisters());
    this.#addresses.add(BAMBOO.pci.io.address, BAMBOO.pci.io.sizeBytes, new EmptyBusWindow());
  }

  get devices(): DeviceBus {
    return this.#addresses;
  }

  get dcrs(): DcrBus {
    return this.#dcrs;
  }

  /** Wires the interrupt controller to the core, or to the hypervisor that stands in for it. */
  connect(inputs: InterruptInputs): void {
    this.#uic.connect(inputs);
  }

  /** Whether input to UART `uart` would raise the core's external interrupt, as the guest has set up UART and interrupt controller. */
  inputCanInterrupt(uart: 0 | 1): boolean {
    return (this.uarts[uart]?.listensForInput ?? false) && this.#uic.isEnabled(BAMBOO.uarts[uart].interrupt);
  }

  /** Accesses that no device answered. */
  get unclaimed(): UnclaimedAccess[] {
    return [...this.#addresses.unclaimed, ...this.#dcrs.unclaimed];
  }
}
