import { type EngineName, Processor440 } from '@exitlab/core';
import {
  type BookedExit,
  type CostProfile,
  type ExitRecorder,
  HYPERCALL_INSTRUCTIONS,
  Hypervisor,
  LINUX_3_4,
  MAGIC_PAGE_BYTES,
  type Policy,
} from '@exitlab/hypervisor';
import { BAMBOO } from '../board/bamboo.js';
import { BambooBoard } from '../board/bamboo-board.js';
import { planBoot } from '../board/bamboo-boot.js';
import { applyEntryState, applyGuestEntryState } from '../board/entry-state.js';
import { ConsoleByteChannel } from '../console/console-byte-channel.js';
import { type ConsoleInput, noInput } from '../console/console-input.js';
import { ConsoleLog } from '../console/console-log.js';
import { parseKernel } from '../images/kernel.js';
import { loadPlaced } from '../images/placement.js';
import { HypervisedGuest } from '../run-control/hypervised-guest.js';
import { NativeGuest } from '../run-control/native-guest.js';
import type { RunEnd } from '../run-control/run-end.js';
import { type RunLimits, runToEnd } from '../run-control/run-loop.js';
import type { Runnable } from '../run-control/runnable.js';
import { type GuestWatch, WatchedGuest } from '../run-control/watched-guest.js';
import { kernelForStrategy, type PatchTime } from './kernel-patching.js';
import type { StrategyRow } from './strategy.js';

export interface MachineOptions {
  readonly strategy: StrategyRow;
  readonly memoryBytes: number;
  /** The kernel's file, ELF or uImage. */
  readonly kernel: Uint8Array;
  /** Takes the kernel's file as a raw image for this physical address, whatever it looks like. */
  readonly rawAddress?: number;
  /** UARTs that are fitted, 1 if absent, see `BambooOptions`. The console is the first. */
  readonly uartCount?: 1 | 2;
  readonly initrd?: Uint8Array;
  readonly deviceTreeBlob?: Uint8Array;
  readonly bootArguments?: string;
  /** What executes the guest's instructions; the guest cannot tell. */
  readonly engine?: EngineName;
  /** When a strategy that patches does so; at load by default. */
  readonly patchTime?: PatchTime;
  /** The hypervisor's policy, but for the shared page, which the strategy decides; ignored where it has no hypervisor. */
  readonly policy?: Policy;
  /** What the hypervisor's work costs; Linux 3.4's by default. */
  readonly costProfile?: CostProfile;
  /** Count instructions by mnemonic. */
  readonly countInstructions?: boolean;
  /** Count exits by guest pc. */
  readonly countSites?: boolean;
  /** Keep durations of exits, as the hypervisor does by default. */
  readonly exitTiming?: boolean;
  /** Records every exit, in order; ignored where the strategy has no hypervisor. */
  readonly recorder?: ExitRecorder;
  /** Sees each exit when its time has passed, where there is a hypervisor; slower. */
  readonly onExit?: (exit: BookedExit) => void;
  /** Looks at the guest from time to time, where there is a hypervisor. */
  readonly watch?: GuestWatch;
  /** The text that ends the run, see {@link RunEnd}. */
  readonly expectation?: RegExp;
  /** Takes console output in pieces. */
  readonly write?: (bytes: Uint8Array) => void;
  /** Sees each byte at the very instruction that sends it, so that measurements can be stamped exactly. */
  readonly onConsoleByte?: (byte: number) => void;
}

export interface MachineRun {
  readonly limits: RunLimits;
  readonly input?: ConsoleInput;
  readonly interruption: AbortSignal;
  readonly hostNowMs: () => number;
}

/** A bamboo with a guest loaded, under one of the strategies. A machine is a value: any number of them live side by side. */
export class Machine {
  readonly processor: Processor440;
  /** Present where the strategy has one. */
  readonly hypervisor: Hypervisor | undefined;
  readonly board: BambooBoard;
  readonly console: ConsoleLog;
  readonly #guest: Runnable;
  readonly #byteChannel: ConsoleByteChannel;

  /** Throws a `UserError` for images that cannot be loaded, and a `PolicyError` for a policy that makes no sense. */
  constructor(options: MachineOptions) {
    const { memoryBytes, strategy } = options;
    this.console = new ConsoleLog({
      ...(options.write && { write: options.write }),
      ...(options.expectation && { expectation: options.expectation }),
    });
    const sendToConsole = (byte: number): void => {
      this.console.push(byte);
      options.onConsoleByte?.(byte);
    };
    this.#byteChannel = new ConsoleByteChannel(sendToConsole);
    this.board = new BambooBoard({
      memoryBytes,
      ...(options.uartCount && { uartCount: options.uartCount }),
      send: (uart, byte) => {
        if (uart === 0) sendToConsole(byte);
      },
    });
    const { bytes, patchedGuest } = kernelForStrategy(options.kernel, strategy, options.patchTime);
    const plan = planBoot({
      kernel: parseKernel(bytes, memoryBytes, options.rawAddress),
      memoryBytes,
      bootArguments: options.bootArguments ?? '',
      ...(strategy.magicPage === 'offered' && { hypervisor: { hcallInstructions: HYPERCALL_INSTRUCTIONS } }),
      ...(patchedGuest?.area && { reservations: [patchedGuest.area] }),
      ...(options.initrd && { initrd: options.initrd }),
      ...(options.deviceTreeBlob && { deviceTreeBlob: options.deviceTreeBlob }),
    });
    const { devices, dcrs } = this.board;
    const { coreHz, timebaseHz } = BAMBOO;
    // The shared page lies above the guest's RAM, where no guest mapping reaches it.
    const ramSizeBytes = strategy.magicPage === 'none' ? memoryBytes : memoryBytes + MAGIC_PAGE_BYTES;
    this.processor = new Processor440({
      ramSizeBytes,
      coreHz,
      timebaseHz,
      devices,
      dcrs,
      ...(options.engine && { engine: options.engine }),
      ...(options.countInstructions && { countInstructions: true }),
    });
    loadPlaced(plan.images, this.processor.memory);
    if (strategy.hypervisor) {
      this.hypervisor = new Hypervisor(
        this.processor,
        { bus: devices, dcr: dcrs, byteChannels: this.#byteChannel },
        {
          policy: { ...(options.policy ?? LINUX_3_4), magicPage: strategy.magicPage },
          ramBytes: memoryBytes,
          ...(options.costProfile && { costProfile: options.costProfile }),
          ...(patchedGuest && { patchedGuest }),
          ...(options.countSites && { countSites: true }),
          ...(options.exitTiming !== undefined && { exitTiming: options.exitTiming }),
          ...(options.recorder && { recorder: options.recorder }),
          ...(options.onExit && { onExit: options.onExit }),
        },
      );
      this.board.connect(this.hypervisor);
      applyGuestEntryState(this.hypervisor, plan.entry);
      const guest = new HypervisedGuest(this.hypervisor);
      this.#guest = options.watch === undefined ? guest : new WatchedGuest(guest, options.watch);
    } else {
      this.board.connect(this.processor);
      applyEntryState(this.processor, plan.entry);
      this.#guest = new NativeGuest(this.processor, this.processor);
    }
  }

  /** Guest instructions completed so far, exact. */
  get guestInstructions(): number {
    return this.#guest.retiredInstructions;
  }

  run({ limits, input, interruption, hostNowMs }: MachineRun): Promise<RunEnd> {
    return runToEnd({
      guest: this.#guest,
      console: this.console,
      input: input ?? noInput,
      deliverInput: (bytes) => (this.#byteChannel.isListening ? this.#byteChannel.push(bytes) : this.board.uarts[0]!.receive(bytes)),
      inputCanInterrupt: () => this.board.inputCanInterrupt(0),
      limits,
      interruption,
      hostNowMs,
    });
  }
}
