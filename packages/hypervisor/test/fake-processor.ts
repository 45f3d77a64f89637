import type { Clock, HostMemory, PhysicalMemory, Processor, StopReason, TlbWords } from '@exitlab/core';

/** Memory of a fake machine: plain big-endian bytes. */
class FakeMemory implements PhysicalMemory {
  readonly sizeBytes: number;
  readonly #view: DataView;

  constructor(sizeBytes: number) {
    this.sizeBytes = sizeBytes;
    this.#view = new DataView(new ArrayBuffer(sizeBytes));
  }

  read8 = (pa: number): number => this.#view.getUint8(pa);
  read16 = (pa: number): number => this.#view.getUint16(pa);
  read32 = (pa: number): number => this.#view.getUint32(pa);
  write8 = (pa: number, value: number): void => this.#view.setUint8(pa, value);
  write16 = (pa: number, value: number): void => this.#view.setUint16(pa, value);
  write32 = (pa: number, value: number): void => this.#view.setUint32(pa, value);
  readBytes = (pa: number, lengthBytes: number): Uint8Array => new Uint8Array(this.#view.buffer.slice(pa, pa + lengthBytes));
  writeBytes = (pa: number, bytes: Uint8Array): void => new Uint8Array(this.#view.buffer).set(bytes, pa);
}

class FakeClock implements Clock {
  retiredInstructions = 0;
  cycles = 0;
  readonly coreHz = 1_000_000_000;
  readonly timebaseHz = 400_000_000;
  get timebase(): number {
    return Math.floor(this.cycles * 0.4);
  }
  advance(cycles: number): void {
    this.cycles += cycles;
  }
}

/** Registers, memory and a TLB that only remembers: what synthetic exits need. It executes nothing. */
export class FakeProcessor implements Processor {
  readonly memory: PhysicalMemory;
  readonly clock = new FakeClock();
  readonly tlb: TlbWords[] = Array.from({ length: 64 }, () => ({ word0: 0, word1: 0, word2: 0, tid: 0 }));
  interruptTarget: 'vectors' | 'host' = 'host';
  lastVector = 0;
  pc = 0;
  msr = 0;
  cr = 0;
  lr = 0;
  ctr = 0;
  xer = 0;
  fpscr = 0;
  readonly hostMemory: HostMemory = { buffer: new ArrayBuffer(1 << 18), base: 0, sizeBytes: 1 << 18, ramBase: 0 };
  readonly hostInstructions = 0;
  readonly #gprs = new Uint32Array(32);
  readonly #sprs = new Map<number, number>();

  constructor(sizeBytes = 1 << 20) {
    this.memory = new FakeMemory(sizeBytes);
  }

  gpr = (n: number): number => this.#gprs[n] as number;
  setGpr(n: number, value: number): void {
    this.#gprs[n] = value;
  }
  fpr = (): bigint => 0n;
  setFpr(): void {}
  readSpr = (sprn: number): number => this.#sprs.get(sprn) ?? 0;
  writeSpr = (sprn: number, value: number): void => void this.#sprs.set(sprn, value);
  readTlb = (index: number): TlbWords => this.tlb[index] as TlbWords;
  writeTlb(index: number, word: 0 | 1 | 2, value: number, tid = 0): void {
    const entry = this.tlb[index] as TlbWords;
    if (word === 0) {
      entry.word0 = value;
      entry.tid = tid;
    } else if (word === 1) entry.word1 = value;
    else entry.word2 = value;
  }
  writeTlbEntry(index: number, word0: number, word1: number, word2: number, tid: number): void {
    this.tlb[index] = { word0, word1, word2, tid };
  }
  interruptedInstruction = (): number | undefined => undefined;
  installHostRoutine(): void {}
  clearReservation(): void {}
  run(): StopReason {
    throw new Error('a fake processor executes nothing');
  }
  requestStop(): void {}
  setExternal(): void {}
  setCritical(): void {}

  /** By the remembered TLB, permissions apart: 4 KB pages only. */
  translate(ea: number, _access: string, addressSpace: 0 | 1, pid: number): number | undefined {
    const entry = this.tlb.find(
      ({ word0, tid }) =>
        (word0 & 0x200) !== 0 && (word0 & 0x100) >>> 8 === addressSpace && word0 >>> 12 === ea >>> 12 && (tid === 0 || tid === pid),
    );
    return entry === undefined ? undefined : (entry.word1 & 0xfffff000) + (ea & 0xfff);
  }
}
