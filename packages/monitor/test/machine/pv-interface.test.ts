import { SharedField } from '@exitlab/hypervisor';
import test from 'ava';
import { Machine, type MachineOptions } from '../../src/machine/machine.js';
import { strategyByName } from '../../src/machine/strategy.js';
import { assembled, RESET } from './assembled-code.js';

const LOAD = 0x10000;
const R0_KVM = ['lis r0,0x4b56', 'ori r0,r0,0x4d21'];
const CALL = [...R0_KVM, 'sc'];
const FEATURES = ['lis r11,42', 'ori r11,r11,3', ...CALL];
const MAP = (flags: number) => ['li r3,-4096', `li r4,${-4096 + flags}`, 'lis r11,42', 'ori r11,r11,4', ...CALL];
/** Longer than the exits between starting the decrementer and the sleep. */
const DECREMENTER_TICKS = 32_000;

async function run(lines: readonly string[], changes: Partial<MachineOptions> = {}) {
  const machine = new Machine({
    strategy: strategyByName('pv')!,
    memoryBytes: 2 ** 25,
    kernel: assembled([...lines, ...RESET], LOAD),
    rawAddress: LOAD,
    ...changes,
  });
  const end = await machine.run({
    limits: { maxInstructions: 20_000 },
    interruption: new AbortController().signal,
    hostNowMs: () => 0,
  });
  const count = (type: string) => machine.hypervisor!.statistics().exits.find((exit) => exit.type === type)?.count ?? 0;
  return { machine, end, gpr: (n: number) => machine.processor.gpr(n), count, shared: machine.hypervisor!.vcpu.shared };
}

test('the features tell of the magic page', async (t) => {
  const { gpr } = await run(FEATURES);
  t.deepEqual([gpr(3), gpr(4)], [0, 2]);
});

test('calls are numbered with the vendor or, for Linux before 3.6, without', async (t) => {
  const { gpr } = await run(['li r11,3', ...CALL]);
  t.deepEqual([gpr(3), gpr(4)], [0, 2]);
});

test('the interface is not announced to guests of the other strategies', async (t) => {
  for (const name of ['trap', 'patched']) {
    const { gpr } = await run([...FEATURES, 'mr r5,r4', ...MAP(0)], { strategy: { ...strategyByName(name)!, patched: false } });
    t.deepEqual([gpr(5), gpr(3)], [0, 12], name);
  }
});

test('an unknown call is answered as unimplemented', async (t) => {
  const { gpr } = await run(['li r11,99', ...CALL]);
  t.is(gpr(3), 12);
});

test('a mapped page holds the registers themselves, in both directions', async (t) => {
  const { gpr } = await run([
    ...MAP(1),
    'li r5,77',
    'mtspr 272,r5',
    `lwz r6,${-4096 + SharedField.sprg0}(0)`,
    'li r5,88',
    `stw r5,${-4096 + SharedField.dear}(0)`,
    'mfspr r7,61',
    `lwz r8,${-4096 + SharedField.msr}(0)`,
    'wrteei 1',
    `lwz r9,${-4096 + SharedField.msr}(0)`,
  ]);
  t.deepEqual([gpr(4), gpr(6), gpr(7), gpr(8), gpr(9)], [3, 77, 88, 0, 0x8000]);
});

test('what the guest kernel writes to SPRG4 in the page is there for code that reads it without a trap', async (t) => {
  // The move of SPRG0 is an exit, and hardware copies are refreshed on the way back.
  const { gpr } = await run([...MAP(1), 'li r5,99', `stw r5,${-4096 + SharedField.sprg4}(0)`, 'mfspr r6,272', 'mfspr r7,260']);
  t.is(gpr(7), 99);
});

test('the page can be asked for at its own address only', async (t) => {
  const { gpr } = await run(['lis r3,1', 'lis r4,1', 'lis r11,42', 'ori r11,r11,4', ...CALL]);
  t.is(gpr(3), 8);
});

const HANDLERS = 0x20;
/** IVPR at LOAD, and one handler for decrementer, ISI and data TLB miss that counts in r20 and marks r21 with MSR. */
const prelude = (body: readonly string[]) => [
  `b ${LOAD + 0x60}`,
  ...Array.from({ length: 7 }, () => 'nop'),
  'addi r20,r20,1',
  'mfspr r22,26',
  'mfspr r21,61',
  'lis r23,0x0800',
  'mtspr 336,r23',
  'mtspr 26,r31',
  'rfi',
  ...Array.from({ length: 9 }, () => 'nop'),
  `lis r30,${LOAD >> 16}`,
  'mtspr 63,r30',
  `li r30,${HANDLERS}`,
  'mtspr 410,r30',
  'mtspr 403,r30',
  'mtspr 413,r30',
  ...body,
];

test('instruction fetch from the page is refused when the guest says that it never executes there', async (t) => {
  const jump = (flags: number) => prelude([...MAP(flags), `lis r31,${LOAD >> 16}`, 'ori r31,r31,0xb0', 'li r29,-4096', 'mtlr r29', 'blr']);
  const body = jump(1);
  const padded = [...body, ...Array.from({ length: 0xb0 / 4 - body.length }, () => 'nop')];
  const { gpr } = await run(padded);
  t.is(gpr(20), 1, 'one instruction storage interrupt');
  t.is(gpr(22), 0xfffff000);
});

test('without the page mapped its address is as unmapped as any other', async (t) => {
  const { gpr } = await run(prelude([`lis r31,${LOAD >> 16}`, 'ori r31,r31,0x84', 'lwz r5,-4096(0)', 'nop', 'nop', 'nop']));
  t.is(gpr(21), 0xfffff000, 'DEAR of the data TLB miss');
});

test('EV_IDLE sleeps until an interrupt is pending, and takes it where the guest allows', async (t) => {
  const body = [
    `li r5,${DECREMENTER_TICKS}`,
    'lis r6,0x0400',
    'mtspr 340,r6',
    `lis r31,${LOAD >> 16}`,
    'ori r31,r31,0xb0',
    'mtspr 22,r5',
    'wrteei 1',
    'lis r11,1',
    'ori r11,r11,16',
    ...CALL,
  ];
  const lines = prelude(body);
  const padded = [...lines, ...Array.from({ length: 0xb0 / 4 - lines.length }, () => 'nop')];
  const { gpr, machine, count } = await run(padded);
  t.is(gpr(20), 1);
  t.is(count('SYSCALL'), 1, 'the hypercall is one exit, its sleep included');
  t.true(machine.hypervisor!.statistics().idleCycles > 0);
});

test('a pending interrupt waits for the end of a critical section, is announced in the page, and comes without another exit', async (t) => {
  const spin = ['li r7,150', 'mtctr r7', 'bdnz .'];
  const body = [
    ...MAP(1),
    'li r1,64',
    'li r2,0',
    'lis r6,0x0400',
    'mtspr 340,r6',
    `lis r31,${LOAD >> 16}`,
    'ori r31,r31,0x120',
    'wrteei 1',
    `stw r1,${-4096 + SharedField.critical}(0)`,
    'li r5,20',
    'mtspr 22,r5',
    ...spin,
    'mr r8,r20',
    `lwz r9,${-4096 + SharedField.intPending}(0)`,
    `stw r2,${-4096 + SharedField.critical}(0)`,
    'li r7,4000',
    'mtctr r7',
    'bdnz .',
    'li r10,1',
  ];
  const lines = prelude(body).map((line, index) => line.replace('bdnz .', `bdnz ${LOAD + index * 4}`));
  const padded = [...lines, ...Array.from({ length: 0x120 / 4 - lines.length }, () => 'nop')];
  const { gpr } = await run(padded);
  t.is(gpr(8), 0, 'not delivered inside');
  t.is(gpr(9), 1, 'announced');
  t.is(gpr(20), 1, 'delivered afterwards');
  t.is(gpr(10), 0, 'before the loop without exits had ended');
});

test('bytes sent by hypercall come out on the console', async (t) => {
  const { machine, gpr } = await run([
    'li r3,0',
    'li r4,3',
    'lis r5,0x4869',
    'ori r5,r5,0x210a',
    'lis r11,1',
    'ori r11,r11,1',
    ...CALL,
    'mr r7,r3',
    'li r3,9',
    'lis r11,1',
    'ori r11,r11,3',
    ...CALL,
  ]);
  t.is(Buffer.from(machine.console.bytes).toString(), 'Hi!');
  t.is(gpr(7), 0);
  t.is(gpr(3), 7, 'there is no channel 9');
});

test("sc 1, ePAPR's own hypercall instruction, needs no value in r0", async (t) => {
  const { machine, gpr } = await run(['lis r11,42', 'ori r11,r11,3', 'nop'], {});
  t.is(gpr(4), 0);
  const kernel = assembled(['lis r11,42', 'ori r11,r11,3', 'sc', ...RESET], LOAD);
  new DataView(kernel.buffer).setUint32(8, 0x44000022);
  const again = await run([], { kernel });
  t.deepEqual([again.gpr(3), again.gpr(4)], [0, 2]);
  t.truthy(machine);
});
