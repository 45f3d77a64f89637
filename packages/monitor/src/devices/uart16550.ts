import type { AccessSize, InterruptLine, MmioDevice } from './device.js';

/** Register offsets; RBR, THR and DLL share 0, IER and DLM share 1 (NS16550A data sheet, table "register addresses"). */
const Register = { data: 0, ier: 1, iirFcr: 2, lcr: 3, mcr: 4, lsr: 5, msr: 6, scr: 7 } as const;

const Ier = { receivedData: 0x01, transmitterEmpty: 0x02, lineStatus: 0x04, implemented: 0x0f } as const;
const Fcr = { enable: 0x01, clearReceiver: 0x02, kept: 0xc9 } as const;
const Lcr = { divisorLatch: 0x80 } as const;
const Mcr = { dtr: 0x01, rts: 0x02, out1: 0x04, out2: 0x08, loopback: 0x10, implemented: 0x1f } as const;
const Lsr = { dataReady: 0x01, overrun: 0x02, transmitterIdle: 0x60 } as const;
const Msr = { cts: 0x10, dsr: 0x20, ri: 0x40, dcd: 0x80 } as const;

/** Interrupt identifications in order of priority, highest first. Modem status is absent: its inputs are tied and never change. */
const Iir = {
  lineStatus: 0x06,
  receivedData: 0x04,
  receiverTimeout: 0x0c,
  transmitterEmpty: 0x02,
  none: 0x01,
  fifosEnabled: 0xc0,
} as const;

/** Depth of the receiver FIFO in bytes, and the fill level that each value of FCR[7:6] asks for. */
const FIFO_BYTES = 16;
const TRIGGER_LEVELS = [1, 4, 8, 14] as const;

/**
 * A 16550A whose line is infinitely fast: a byte written is a byte sent, so the transmitter is always empty, and guest time plays no
 * part. Input waits outside the FIFO until there is room, as a sender that obeys flow control does, so the line never overruns.
 *
 * Linux's driver relies on two properties of the transmitter interrupt (`serial8250_do_startup`): setting IER[1] while the transmitter
 * is empty raises it at once, and reading IIR while it is the interrupt reported takes it back.
 */
export class Uart16550 implements MmioDevice {
  static readonly sizeBytes = 8;
  readonly #send: (byte: number) => void;
  readonly #interrupt: InterruptLine;

  #ier = 0;
  #fcr = 0;
  #lcr = 0;
  #mcr = Mcr.out2 as number;
  #scratch = 0;
  #divisorLow = 0x0c;
  #divisorHigh = 0;
  #overrun = false;
  #transmitterInterrupt = false;
  #fifo: number[] = [];
  #waiting: Uint8Array[] = [];
  #waitingOffset = 0;

  /** `send` gets every byte that leaves the transmitter; `interrupt` is the INTR output. */
  constructor(send: (byte: number) => void, interrupt: InterruptLine) {
    this.#send = send;
    this.#interrupt = interrupt;
  }

  /** Queues input on the line; it enters the FIFO as the guest makes room. */
  receive(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#waiting.push(Uint8Array.from(bytes));
    this.#refill();
    this.#update();
  }

  /** Whether input is waiting that the guest has not read. */
  get hasUnreadInput(): boolean {
    return this.#fifo.length > 0 || this.#waiting.length > 0;
  }

  /** Whether input would raise the interrupt output: IER[0]. */
  get listensForInput(): boolean {
    return (this.#ier & Ier.receivedData) !== 0;
  }

  /** Every register is a byte; a wider access reads the register at its address, zero-extended. */
  read(offset: number, _sizeBytes: AccessSize): number {
    switch (offset) {
      case Register.data:
        return this.#divisorLatch ? this.#divisorLow : this.#readReceiver();
      case Register.ier:
        return this.#divisorLatch ? this.#divisorHigh : this.#ier;
      case Register.iirFcr:
        return this.#readIir();
      case Register.lcr:
        return this.#lcr;
      case Register.mcr:
        return this.#mcr;
      case Register.lsr:
        return this.#readLsr();
      case Register.msr:
        return this.#msr;
      case Register.scr:
        return this.#scratch;
      default:
        return 0;
    }
  }

  write(offset: number, _sizeBytes: AccessSize, value: number): void {
    const byte = value & 0xff;
    switch (offset) {
      case Register.data:
        if (this.#divisorLatch) this.#divisorLow = byte;
        else this.#transmit(byte);
        break;
      case Register.ier:
        if (this.#divisorLatch) this.#divisorHigh = byte;
        else this.#writeIer(byte);
        break;
      case Register.iirFcr:
        this.#writeFcr(byte);
        break;
      case Register.lcr:
        this.#lcr = byte;
        break;
      case Register.mcr:
        this.#mcr = byte & Mcr.implemented;
        break;
      case Register.scr:
        this.#scratch = byte;
        break;
    }
    this.#update();
  }

  get #divisorLatch(): boolean {
    return (this.#lcr & Lcr.divisorLatch) !== 0;
  }

  get #fifoDepth(): number {
    return (this.#fcr & Fcr.enable) !== 0 ? FIFO_BYTES : 1;
  }

  get #triggerLevel(): number {
    return (this.#fcr & Fcr.enable) !== 0 ? TRIGGER_LEVELS[(this.#fcr >>> 6) as 0 | 1 | 2 | 3] : 1;
  }

  /** In loopback the four modem outputs drive the four inputs; otherwise a cable holds CTS, DSR and DCD. */
  get #msr(): number {
    if ((this.#mcr & Mcr.loopback) === 0) return Msr.dcd | Msr.dsr | Msr.cts;
    return (
      ((this.#mcr & Mcr.rts) !== 0 ? Msr.cts : 0) |
      ((this.#mcr & Mcr.dtr) !== 0 ? Msr.dsr : 0) |
      ((this.#mcr & Mcr.out1) !== 0 ? Msr.ri : 0) |
      ((this.#mcr & Mcr.out2) !== 0 ? Msr.dcd : 0)
    );
  }

  /**
   * The interrupt of highest priority. The character timeout of a FIFO below its trigger level is reported at once: whatever follows
   * arrives at a time the host chooses, so waiting four character times would tell the guest nothing.
   */
  get #pendingInterrupt(): number {
    if ((this.#ier & Ier.lineStatus) !== 0 && this.#overrun) return Iir.lineStatus;
    if ((this.#ier & Ier.receivedData) !== 0 && this.#fifo.length > 0) {
      return this.#fifo.length >= this.#triggerLevel ? Iir.receivedData : Iir.receiverTimeout;
    }
    if ((this.#ier & Ier.transmitterEmpty) !== 0 && this.#transmitterInterrupt) return Iir.transmitterEmpty;
    return Iir.none;
  }

  #readReceiver(): number {
    const byte = this.#fifo.shift() ?? 0;
    this.#refill();
    this.#update();
    return byte;
  }

  #readIir(): number {
    const pending = this.#pendingInterrupt;
    if (pending === Iir.transmitterEmpty) {
      this.#transmitterInterrupt = false;
      this.#update();
    }
    return pending | ((this.#fcr & Fcr.enable) !== 0 ? Iir.fifosEnabled : 0);
  }

  #readLsr(): number {
    const value = Lsr.transmitterIdle | (this.#fifo.length > 0 ? Lsr.dataReady : 0) | (this.#overrun ? Lsr.overrun : 0);
    if (this.#overrun) {
      this.#overrun = false;
      this.#update();
    }
    return value;
  }

  #transmit(byte: number): void {
    if ((this.#mcr & Mcr.loopback) !== 0) {
      if (this.#fifo.length < this.#fifoDepth) this.#fifo.push(byte);
      else this.#overrun = true;
    } else {
      this.#send(byte);
    }
    this.#transmitterInterrupt = true;
  }

  #writeIer(byte: number): void {
    const changed = (this.#ier ^ byte) & Ier.transmitterEmpty;
    this.#ier = byte & Ier.implemented;
    if (changed !== 0) this.#transmitterInterrupt = (byte & Ier.transmitterEmpty) !== 0;
  }

  #writeFcr(byte: number): void {
    if (((this.#fcr ^ byte) & Fcr.enable) !== 0 || (byte & Fcr.clearReceiver) !== 0) this.#fifo = [];
    this.#fcr = byte & Fcr.kept;
    this.#refill();
  }

  #refill(): void {
    if ((this.#mcr & Mcr.loopback) !== 0) return;
    while (this.#fifo.length < this.#fifoDepth && this.#waiting.length > 0) {
      const chunk = this.#waiting[0]!;
      this.#fifo.push(chunk[this.#waitingOffset++]!);
      if (this.#waitingOffset === chunk.length) {
        this.#waiting.shift();
        this.#waitingOffset = 0;
      }
    }
  }

  #update(): void {
    this.#interrupt(this.#pendingInterrupt !== Iir.none);
  }
}
