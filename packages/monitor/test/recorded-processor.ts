import type { Clock, HostMemory, PhysicalMemory, Processor, StopReason, TlbWords } from '@exitlab/core';

/** Memory that keeps what was copied in, by address. */
export class RecordedMemory implements PhysicalMemory {
  readonly sizeBytes: number;
  readonly writes = new Map<number, Uint8Array>();

  constructor(sizeBytes: number) {
    this.sizeBytes = sizeBytes;
  }

  writeBytes(pa: number, bytes: Uint8Array): void {
    this.writes.set(pa, Uint8Array.from(bytes));
  }

  readBytes = unused;
  read8 = unused;
  read16 = unused;
  read32 = unused;
  write8 = unused;
  write16 = unused;
  write32 = unused;
}

function unused(): never {
  throw new Error('the test does not expect this access');
}

/** A processor that keeps the state it is given and stops for reasons told in advance. */
export class RecordedProcessor implements Processor {
  readonly memory = new RecordedMemory(0x1000);
  readonly clock: Clock = { retiredInstructions: 0, cycles: 0, coreHz: 1, timebaseHz: 1, timebase: 0, advance: unused };
  readonly tlb: TlbWords[] = Array.from({ length: 64 }, () => ({ word0: 0xffff_ffff, word1: 0xffff_ffff, word2: 0xffff_ffff, tid: 0xff }));
  readonly gprs: number[] = new Array<number>(32).fill(0xdead_beef);
  readonly stops: StopReason[] = [];
  readonly hostMemory: HostMemory = { buffer: new ArrayBuffer(0), base: 0, sizeBytes: 0, ramBase: 0 };
  readonly hostInstructions = 0;
  readonly installHostRoutine = unused;
  interruptTarget: 'vectors' | 'host' = 'host';
  lastVector = 0;
  pc = 0xdead_beef;
  msr = 0xdead_beef;
  cr = 0xdead_beef;
  lr = 0xdead_beef;
  ctr = 0xdead_beef;
  xer = 0xdead_beef;
  fpscr = 0;

  gpr(n: number): number {
    return this.gprs[n]!;
  }

  setGpr(n: number, value: number): void {
    this.gprs[n] = value;
  }

  readTlb(index: number): TlbWords {
    return this.tlb[index]!;
  }

  writeTlb(index: number, word: 0 | 1 | 2, value: number, tid?: number): void {
    const entry = this.tlb[index]!;
    if (word === 0) Object.assign(entry, { word0: value, tid: tid ?? 0 });
    else if (word === 1) entry.word1 = value;
    else entry.word2 = value;
  }

  run(): StopReason {
    return this.stops.shift()!;
  }

  fpr = unused;
  setFpr = unused;
  writeTlbEntry = unused;
  interruptedInstruction = unused;
  readSpr = unused;
  writeSpr = unused;
  clearReservation = unused;
  requestStop = unused;
  translate = unused;
  setExternal = unused;
  setCritical = unused;
}
