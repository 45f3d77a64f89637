import { assemble, type DcrBus, type DeviceBus, Processor440 } from '@exitlab/core';
import test from 'ava';
import { Hypervisor, type HypervisorRunOutcome, LINUX_3_4, type Policy } from '../src/index.js';

/** Guests that try to reach memory which is not theirs, or to keep the host busy for ever, on the real processor. */
const GUEST_RAM_BYTES = 1 << 20;
/** The host's own memory lies right above the guest's; no guest may see or change it. */
const HOST_BYTES = 1 << 13;
const SECRET = 0xa5c3a5c3;
const DEVICE_VALUE = 0x0d0e0f10;
const DEVICE_PA = 0xef600000;
const CODE = 0x1000;
const VECTORS = 0x8000;
const VECTOR_BYTES = 16;
const STEPS = 20_000;

const Size = { k4: 0x10, k64: 0x30, m1: 0x50, m16: 0x70 } as const;
const VALID = 0x200;
const ALL = 0x3f;
const SUPERVISOR_ALL = 0x07;
const EXECUTE_ONLY = 0x04;
const LITTLE_ENDIAN = 0x80;
const MSR_PR = 0x4000;
const MSR_ME = 0x1000;

interface Entry {
  readonly ea: number;
  readonly pa: number;
  readonly size: number;
  readonly permissions?: number;
  readonly tid?: number;
  /** High four bits of a 36-bit physical address. */
  readonly erpn?: number;
}

/** All of the guest's RAM, one to one. */
const RAM: Entry = { ea: 0, pa: 0, size: Size.m1 };

interface Attempt {
  readonly entries?: readonly Entry[];
  readonly registers?: Readonly<Record<number, number>>;
  readonly code: readonly string[];
  readonly msr?: number;
  readonly policy?: Partial<Policy>;
}

/** What came of an attempt. */
interface Aftermath {
  readonly outcome: HypervisorRunOutcome;
  readonly hypervisor: Hypervisor;
  readonly gpr: (n: number) => number;
  readonly deviceWrites: readonly { pa: number; value: number }[];
  readonly deviceReads: readonly number[];
  /** IVOR number of the interrupt whose handler the guest ended in, or undefined. */
  readonly vector: number | undefined;
  /** Whether the host's memory is as it was, and none of it in a register. */
  readonly contained: boolean;
}

/** Runs a guest whose handlers all stop in a loop that tells the vector. */
function attempt({ entries = [RAM], registers = {}, code, msr = 0, policy = {} }: Attempt): Aftermath {
  const deviceWrites: { pa: number; value: number }[] = [];
  const deviceReads: number[] = [];
  const bus: DeviceBus = {
    read: (pa, sizeBytes) => {
      deviceReads.push(pa);
      return sizeBytes === 4 ? DEVICE_VALUE : DEVICE_VALUE & (2 ** (8 * sizeBytes) - 1);
    },
    write: (pa, _sizeBytes, value) => void deviceWrites.push({ pa, value }),
  };
  const dcr: DcrBus = { read: () => 0, write: () => {} };
  const clockHz = 400_000_000;
  const ramSizeBytes = GUEST_RAM_BYTES + HOST_BYTES;
  const processor = new Processor440({ ramSizeBytes, devices: bus, dcrs: dcr, coreHz: clockHz, timebaseHz: clockHz });
  for (let pa = GUEST_RAM_BYTES; pa < ramSizeBytes; pa += 4) processor.memory.write32(pa, SECRET);
  const load = (pa: number, lines: readonly string[]) => {
    lines.forEach((line, index) => {
      processor.memory.write32(pa + 4 * index, assemble(line));
    });
  };
  load(CODE, [...code, 'b 0']);
  for (let ivor = 0; ivor < 16; ivor++) load(VECTORS + VECTOR_BYTES * ivor, [`li r30,${ivor}`, 'b 0']);
  const hypervisor = new Hypervisor(processor, { bus, dcr }, { ramBytes: GUEST_RAM_BYTES, policy: { ...LINUX_3_4, ...policy } });
  hypervisor.vcpu.ivpr = 0;
  for (let ivor = 0; ivor < 16; ivor++) hypervisor.vcpu.ivor[ivor] = VECTORS + VECTOR_BYTES * ivor;
  entries.forEach(({ ea, pa, size, permissions = ALL, tid = 0, erpn = 0 }, index) => {
    hypervisor.setGuestTlbEntry(index, (ea | VALID | size) >>> 0, (pa | erpn) >>> 0, permissions, tid);
  });
  processor.setGpr(1, 0x9000);
  processor.setGpr(30, 0xff);
  for (const [register, value] of Object.entries(registers)) processor.setGpr(Number(register), value);
  hypervisor.start(CODE, msr);
  const outcome = hypervisor.run(STEPS);
  const gpr = (n: number) => processor.gpr(n);
  let contained = Array.from({ length: 32 }, (_, n) => gpr(n)).every((value) => value !== SECRET && value !== (SECRET & 0xffff));
  for (let pa = GUEST_RAM_BYTES; pa < ramSizeBytes; pa += 4) if (processor.memory.read32(pa) !== SECRET) contained = false;
  return { outcome, hypervisor, gpr, deviceWrites, deviceReads, vector: gpr(30) === 0xff ? undefined : gpr(30), contained };
}

/** Host pages of every size that could reach beyond the guest's RAM. */
const POLICIES: readonly { name: string; policy: Partial<Policy> }[] = [
  { name: 'as Linux 3.4', policy: {} },
  { name: 'with large host pages', policy: { hostPageBytes: 16 * 1024 * 1024 } },
  { name: 'with lazy mapping and permissions by privilege', policy: { mapping: 'lazy', permissions: 'privilege' } },
  { name: 'with a hardware PID for each process', policy: { hardwarePids: 'each' } },
];

for (const { name, policy } of POLICIES) {
  test(`a page mapped right above the guest's RAM is a device to it, ${name}`, (t) => {
    const above: Entry = { ea: 0x400000, pa: GUEST_RAM_BYTES, size: Size.k64 };
    const { outcome, contained, deviceWrites, deviceReads, gpr } = attempt({
      entries: [RAM, above],
      registers: { 5: 0x400000 },
      code: ['lwz r6,8(r5)', 'stw r6,4(r5)', 'stb r6,3(r5)'],
      policy,
    });
    t.is(outcome.kind, 'limit');
    t.true(contained);
    t.is(gpr(6), DEVICE_VALUE);
    t.deepEqual(deviceReads, [GUEST_RAM_BYTES + 8]);
    t.deepEqual(
      deviceWrites.map(({ pa }) => pa),
      [GUEST_RAM_BYTES + 4, GUEST_RAM_BYTES + 3],
    );
  });

  test(`a large page that begins in RAM and ends beyond it reaches no further than RAM, ${name}`, (t) => {
    const { outcome, contained, deviceWrites, gpr } = attempt({
      entries: [RAM, { ea: 0x10000000, pa: 0, size: Size.m16 }],
      registers: { 5: 0x10000000 + GUEST_RAM_BYTES, 7: 0x1234 },
      code: ['stw r7,-4(r5)', 'lwz r8,-4(r5)', 'stw r7,0(r5)', 'lwz r6,0(r5)'],
      policy,
    });
    t.is(outcome.kind, 'limit');
    t.true(contained);
    t.is(gpr(8), 0x1234);
    t.is(gpr(6), DEVICE_VALUE);
    t.deepEqual(deviceWrites, [{ pa: GUEST_RAM_BYTES, value: 0x1234 }]);
  });

  test(`an access that crosses from the last page of RAM is split at its end, ${name}`, (t) => {
    const { outcome, contained, deviceWrites, hypervisor } = attempt({
      entries: [RAM, { ea: 0x10000000, pa: 0, size: Size.m16 }],
      registers: { 5: 0x10000000 + GUEST_RAM_BYTES, 7: 0x11223344 },
      code: ['stw r7,-2(r5)', 'lwz r6,-2(r5)'],
      policy,
    });
    t.is(outcome.kind, 'limit');
    t.true(contained);
    t.is(hypervisor.processor.memory.read16(GUEST_RAM_BYTES - 2), 0x1122);
    t.deepEqual(
      deviceWrites.map(({ pa }) => pa),
      [GUEST_RAM_BYTES, GUEST_RAM_BYTES + 1],
    );
  });

  test(`a storm of PID changes with pages of each process ends where the guest's instructions end, ${name}`, (t) => {
    const pages = [1, 2, 3].map((tid): Entry => ({ ea: 0x20000000, pa: 0x10000 * tid, size: Size.k4, tid }));
    const { outcome, contained, gpr, hypervisor } = attempt({
      entries: [RAM, ...pages],
      registers: { 4: 0, 5: 0x20000000 },
      code: ['addi r4,r4,1', 'clrlwi r6,r4,30', 'mtspr PID,r6', 'cmpwi r6,0', 'beq -16', 'stw r6,0(r5)', 'b -24'],
      policy,
    });
    t.is(outcome.kind, 'limit');
    t.true(contained);
    t.true(gpr(4) > 1000);
    for (const tid of [1, 2, 3]) t.is(hypervisor.processor.memory.read32(0x10000 * tid), tid, 'each process has written its own page');
  });
}

test('a page above 4 GB is a device, whatever its low 32 address bits say', (t) => {
  const { contained, deviceReads, gpr } = attempt({
    entries: [RAM, { ea: 0x400000, pa: 0x1000, size: Size.k4, erpn: 1 }],
    registers: { 5: 0x400000 },
    code: ['lwz r6,0(r5)'],
  });
  t.true(contained);
  t.is(gpr(6), DEVICE_VALUE);
  t.deepEqual(deviceReads, [2 ** 32 + 0x1000]);
});

test('a guest that moves the page it runs from to the memory of the host runs into a machine check', (t) => {
  // Word 1 of entry 0: the page that holds the running code and the vectors.
  const attack = { registers: { 5: 0, 6: GUEST_RAM_BYTES }, code: ['tlbwe r6,r5,1'] };
  const { outcome, contained } = attempt(attack);
  t.true(contained);
  t.like(outcome, { kind: 'failure', failure: { reason: 'endless-fault' } });
});

test('a guest that maps its data page over its code goes on with what is there, and only there', (t) => {
  const { outcome, contained, hypervisor } = attempt({
    entries: [
      { ea: 0, pa: 0, size: Size.k64 },
      { ea: 0x40000, pa: 0, size: Size.k64 },
      { ea: 0x50000, pa: GUEST_RAM_BYTES - 0x10000, size: Size.k64 },
    ],
    registers: { 5: 0x40000 + CODE, 6: 0x48000000, 7: 0x50000 },
    code: ['stw r6,12(r5)', 'stw r6,0(r7)', 'icbi r0,r5', 'mtspr SRR0,r6'],
  });
  t.is(outcome.kind, 'limit');
  t.true(contained);
  t.is(hypervisor.vcpu.pc, CODE + 12, 'the word written over the mtspr is a branch to itself');
  t.is(hypervisor.processor.memory.read32(GUEST_RAM_BYTES - 0x10000), 0x48000000);
});

test('user access to a kernel page with TID 0 is refused without end, and reported', (t) => {
  const { outcome, contained } = attempt({
    entries: [{ ea: 0, pa: 0, size: Size.m1, tid: 0, permissions: SUPERVISOR_ALL }],
    code: ['lwz r6,0(r0)'],
    msr: MSR_PR,
  });
  t.true(contained);
  t.like(outcome, { kind: 'failure', failure: { reason: 'endless-fault' } });
});

test('a guest whose vectors are not mapped, or hold no code, is stopped', (t) => {
  const unmapped = attempt({
    entries: [
      { ea: 0, pa: 0, size: Size.k4 },
      { ea: 0x1000, pa: 0x1000, size: Size.k4 },
    ],
    code: ['sc'],
  });
  t.like(unmapped.outcome, { kind: 'failure', failure: { reason: 'endless-fault' } });
  const empty = attempt({ code: ['mtspr IVPR,r7', 'sc'], registers: { 7: 0xb0000 } });
  t.like(empty.outcome, { kind: 'failure', failure: { reason: 'endless-fault' } });
  t.true(unmapped.contained && empty.contained);
});

test('a little-endian page is read as KVM reads it, big-endian, and stays inside RAM', (t) => {
  const { contained, gpr, outcome } = attempt({
    entries: [RAM, { ea: 0x400000, pa: 0x20000, size: Size.k4, permissions: ALL | LITTLE_ENDIAN }],
    registers: { 5: 0x400000, 6: 0x01020304 },
    code: ['stw r6,0(r5)', 'lis r7,2', 'lwz r8,0(r7)', 'lhz r9,0(r5)'],
  });
  t.is(outcome.kind, 'limit');
  t.true(contained);
  t.is(gpr(8), 0x01020304);
  t.is(gpr(9), 0x0102);
});

const DEVICE: Entry = { ea: 0x500000, pa: DEVICE_PA, size: Size.k4 };

test('multiple and string forms on a device reach devices alone, also where they run on into the next page', (t) => {
  const above: Entry = { ea: 0x501000, pa: GUEST_RAM_BYTES, size: Size.k4 };
  for (const instruction of [
    'lmw r26,-8(r5)',
    'lswi r6,r9,16',
    'stmw r26,-8(r5)',
    'stswi r6,r9,16',
    'lwzu r6,-4(r5)',
    'stwu r6,-4(r5)',
    'stwux r6,r5,r10',
  ]) {
    const { outcome, contained, deviceReads, deviceWrites } = attempt({
      entries: [RAM, DEVICE, above],
      registers: { 5: 0x501000, 9: 0x500ff8, 10: -4 >>> 0 },
      code: [instruction],
    });
    t.is(outcome.kind, 'limit', instruction);
    t.true(contained, instruction);
    t.true(deviceReads.length + deviceWrites.length > 0, instruction);
  }
});

test('a multiple store that runs off the mapped pages stores nothing at all', (t) => {
  const { vector, contained, deviceWrites, hypervisor } = attempt({
    entries: [RAM, DEVICE],
    registers: { 5: 0x501000 },
    code: ['stmw r26,-8(r5)'],
  });
  t.is(vector, 13);
  t.deepEqual(deviceWrites, []);
  t.true(contained);
  t.is(hypervisor.vcpu.shared.get(0x54), 0x501000, 'DEAR names the first byte that is not mapped');
});

test("a floating-point access to a device is carried out once floating point is the guest's", (t) => {
  const { outcome, contained, deviceReads, deviceWrites, hypervisor } = attempt({
    entries: [RAM, DEVICE],
    registers: { 5: 0x500000 },
    code: ['lfs f1,0(r5)', 'stfs f1,8(r5)', 'lfd f2,16(r5)', 'stfdu f2,24(r5)'],
    msr: 0x2000,
  });
  t.is(outcome.kind, 'limit');
  t.true(contained);
  t.deepEqual(deviceReads, [DEVICE_PA, DEVICE_PA + 16, DEVICE_PA + 20]);
  t.deepEqual(deviceWrites, [
    { pa: DEVICE_PA + 8, value: DEVICE_VALUE },
    { pa: DEVICE_PA + 24, value: DEVICE_VALUE },
    { pa: DEVICE_PA + 28, value: DEVICE_VALUE },
  ]);
  t.is(hypervisor.processor.gpr(5), 0x500000 + 24);
  t.is(hypervisor.processor.fpr(2), (BigInt(DEVICE_VALUE) << 32n) | BigInt(DEVICE_VALUE));
});

test('a fetch from a device is a machine check where the guest allows one, and the end where it does not', (t) => {
  const jump = { entries: [RAM, DEVICE], registers: { 5: 0x500000 }, code: ['mtctr r5', 'bctr'] };
  const allowed = attempt({ ...jump, msr: MSR_ME });
  t.is(allowed.vector, 1);
  t.deepEqual(allowed.deviceReads, [], 'the device has not been touched');
  const refused = attempt(jump);
  t.like(refused.outcome, { kind: 'failure', failure: { reason: 'endless-fault' } });
  t.true(allowed.contained && refused.contained);
});

/** Exits between the two halves of a reservation, by the way they take through the hypervisor. */
const EXITS_BETWEEN = [
  { name: 'an emulated register read', code: 'mfspr r9,SPRG0' },
  { name: 'a TLB write', code: 'tlbwe r7,r8,2' },
  { name: 'a page that had to be mapped', code: 'lwz r9,0(r10)' },
  { name: 'a device', code: 'lwz r9,0(r11)' },
];

for (const { name, code } of EXITS_BETWEEN) {
  test(`a reservation does not outlive ${name}`, (t) => {
    const { gpr, contained, hypervisor } = attempt({
      entries: [RAM, DEVICE],
      registers: { 5: 0x3000, 6: 0x77, 7: ALL, 8: 60, 10: 0x70000, 11: 0x500000 },
      code: ['lwz r9,0(r5)', 'lwarx r9,r0,r5', code, 'stwcx. r6,r0,r5', 'mfcr r12'],
    });
    t.is(gpr(12) & 0x20000000, 0);
    t.is(hypervisor.processor.memory.read32(0x3000), 0);
    t.true(contained);
  });
}

test('a reservation made on a device does not let a store to RAM pass, nor the other way round', (t) => {
  for (const [from, to] of [
    [11, 5],
    [5, 11],
  ]) {
    const { gpr, deviceWrites, hypervisor } = attempt({
      entries: [RAM, DEVICE],
      registers: { 5: 0x3000, 6: 0x77, 11: 0x500000 },
      code: ['lwz r9,0(r5)', `lwarx r9,r0,r${from}`, `stwcx. r6,r0,r${to}`, 'mfcr r12'],
    });
    t.is(gpr(12) & 0x20000000, 0);
    t.deepEqual(deviceWrites, []);
    t.is(hypervisor.processor.memory.read32(0x3000), 0);
  }
});

test('an instruction is emulated on a page that may only be executed', (t) => {
  const { gpr, outcome } = attempt({
    entries: [{ ea: 0, pa: 0, size: Size.m1, permissions: EXECUTE_ONLY }],
    registers: { 4: 0x1234 },
    code: ['mtspr SPRG1,r4', 'mfspr r5,SPRG1'],
  });
  t.is(outcome.kind, 'limit');
  t.is(gpr(5), 0x1234);
});

test('an instruction on the page that the one before has unmapped is not carried out', (t) => {
  const { vector, gpr, contained } = attempt({
    entries: [
      { ea: 0x1000, pa: 0x1000, size: Size.k4 },
      { ea: 0x8000, pa: 0x8000, size: Size.k4 },
    ],
    registers: { 4: 0x1234, 6: 0, 7: 0 },
    code: ['mtspr SPRG1,r4', 'tlbwe r6,r7,0', 'mfspr r5,SPRG1'],
  });
  t.is(vector, 14);
  t.is(gpr(5), 0);
  t.true(contained);
});
