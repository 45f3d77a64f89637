import { HYPERCALL_INSTRUCTIONS, LINUX_3_4, SharedField } from '@exitlab/hypervisor';
import test from 'ava';
import { bambooDeviceTree } from '../../src/board/bamboo-device-tree.js';
import type { ConsoleInput } from '../../src/console/console-input.js';
import { findProperty } from '../../src/images/device-tree.js';
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
/** More than the machine runs between two looks at its input. */
const INSTRUCTION_LIMIT = 4_000_000;

/** The number of the call in r11, with the vendor's, and the call. */
const call = (vendor: number, number: number) => [`lis r11,${vendor}`, `ori r11,r11,${number}`, ...CALL];

async function run(lines: readonly string[], changes: Partial<MachineOptions> = {}, input?: ConsoleInput) {
  const machine = new Machine({
    strategy: strategyByName('pv')!,
    memoryBytes: 2 ** 25,
    kernel: assembled([...lines, ...RESET], LOAD),
    rawAddress: LOAD,
    ...changes,
  });
  const end = await machine.run({
    limits: { maxInstructions: INSTRUCTION_LIMIT },
    ...(input && { input }),
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

test('what is typed reaches a guest that receives from the byte channel, sixteen bytes a call at most, and each byte once', async (t) => {
  const typed = 'what the user types';
  const pieces = [undefined, Buffer.from(typed)];
  const input: ConsoleInput = { take: () => pieces.shift(), canDeliver: true, waitForMore: () => Promise.resolve() };
  // Polls until something has come, receives twice, sends back what came, then polls again.
  const receive = ['li r3,0', 'li r4,16', ...call(1, 2), 'mr r20,r4', 'li r3,0', ...call(1, 1)];
  const poll = ['li r3,0', ...call(1, 3)];
  const loop = [...poll, 'cmpwi r4,0', `beq ${LOAD}`];
  const { machine, gpr } = await run([...loop, 'mr r18,r4', ...receive, 'mr r19,r20', ...receive, ...poll], {}, input);
  t.deepEqual([gpr(18), gpr(19), gpr(20)], [typed.length, 16, typed.length - 16], 'announced, and received in two calls');
  t.is(Buffer.from(machine.console.bytes).toString(), typed);
  t.deepEqual([gpr(3), gpr(4), gpr(5)], [0, 0, 16], 'nothing is left, and there is room to send');
});

test('without the byte channel in use, what is typed goes to the UART as before', async (t) => {
  const pieces = [Buffer.from('x')];
  const input: ConsoleInput = { take: () => pieces.shift(), canDeliver: true, waitForMore: () => Promise.resolve() };
  const { gpr } = await run(
    [`lis r9,${0xef60 - 0x10000}`, 'ori r9,r9,0x300', 'lbz r10,5(r9)', 'andi. r8,r10,1', `beq ${LOAD + 8}`, 'lbz r7,0(r9)'],
    {},
    input,
  );
  t.is(gpr(7), 'x'.charCodeAt(0));
});

test('all of the interface that Linux looks for is in the device tree, and only under pv', (t) => {
  const tree = bambooDeviceTree({ hcallInstructions: HYPERCALL_INSTRUCTIONS });
  const node = tree.root.children.find(({ name }) => name === 'hypervisor')!;
  const text = (name: string) => Buffer.from(findProperty(node, name)!).toString('latin1');
  t.is(text('compatible'), 'linux,kvm\0');
  t.is(Buffer.from(findProperty(node, 'hcall-instructions')!).toString('hex'), '3c004b5660004d214400000260000000');
  t.is(findProperty(node, 'has-idle')!.length, 0);
  t.is(
    bambooDeviceTree().root.children.find(({ name }) => name === 'hypervisor'),
    undefined,
  );
});

test('the page that the guest may not execute from is refused to it in a slot of the rotation, too', async (t) => {
  const jump = prelude([...MAP(1), `lis r31,${LOAD >> 16}`, 'ori r31,r31,0xb0', 'li r29,-4096', 'mtlr r29', 'blr']);
  const padded = [...jump, ...Array.from({ length: 0xb0 / 4 - jump.length }, () => 'nop')];
  const { gpr, count } = await run(padded, { policy: { ...LINUX_3_4, magicPageMapping: 'slot' } });
  t.deepEqual([gpr(20), gpr(22), count('ISI')], [1, 0xfffff000, 1]);
});

test('without that flag, as before Linux 3.7, the guest may execute from the page', async (t) => {
  for (const magicPageMapping of ['pinned', 'slot'] as const) {
    // blr, stored into a field that nothing reads.
    const body = [...MAP(0), 'lis r5,0x4e80', 'ori r5,r5,0x20', 'stw r5,-3072(0)', 'li r29,-3072', 'mtlr r29', 'blrl', 'li r20,5'];
    const { gpr, count } = await run(body, { policy: { ...LINUX_3_4, magicPageMapping } });
    t.deepEqual([gpr(20), count('ISI')], [5, 0], magicPageMapping);
  }
});

test('pinned, the page never misses; in a slot of the rotation, it misses whenever its slot was taken', async (t) => {
  const touch = [...MAP(1), `lwz r5,${-4096 + SharedField.msr}(0)`, `lwz r5,${-4096 + SharedField.esr}(0)`];
  const misses = async (magicPageMapping: 'pinned' | 'slot', body: readonly string[]) =>
    (await run(body, { policy: { ...LINUX_3_4, magicPageMapping } })).count('DTLBVIRT');
  t.is(await misses('pinned', touch), 0);
  t.is(await misses('slot', touch), 1);
});
