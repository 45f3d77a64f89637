import test from 'ava';
import { UserError } from '../../src/errors.js';
import { cells } from '../../src/images/device-tree.js';
import { Machine, type MachineOptions } from '../../src/machine/machine.js';
import { strategyByName } from '../../src/machine/strategy.js';
import { describeRunEnd } from '../../src/run-control/run-end.js';
import { sampleElf, sampleUImage } from '../images/sample-images.js';

function code(...words: number[]): Uint8Array {
  return cells('code', ...words).value;
}

/** Sends `!` through UART 0 and resets the machine. */
const SHOUT = code(
  0x3ca0_ef60, // lis r5,0xef60
  0x60a5_0300, // ori r5,r5,0x0300
  0x3800_0021, // li r0,'!'
  0x9805_0000, // stb r0,0(r5)
  0x3c00_3000, // lis r0,0x3000
  0x7c14_4ba6, // mtspr DBCR0,r0
  0x4800_0000, // b .
);

const LIS_R0_8000 = 0x3c00_8000;
const LI_R0_0 = 0x3800_0000;
const MTCTR_R0 = 0x7c09_03a6;
const MTIVPR_R0 = 0x7c1f_0ba6;
const BCTR = 0x4e80_0420;
const NO_INSTRUCTION = 0x0000_0000;

const run = async (kernel: Uint8Array, changes: Partial<MachineOptions> = {}) => {
  const machine = new Machine({ strategy: strategyByName('native')!, memoryBytes: 2 ** 25, kernel, ...changes });
  const end = await machine.run({
    limits: { maxInstructions: 1_000_000 },
    interruption: new AbortController().signal,
    hostNowMs: () => 0,
  });
  return { machine, end, output: Buffer.from(machine.console.bytes).toString() };
};

for (const { format, kernel, rawAddress } of [
  { format: 'an ELF file', kernel: sampleElf(0xc000_1000, [{ vaddr: 0xc000_1000, paddr: 0x1000, bytes: SHOUT }]) },
  { format: 'a uImage', kernel: sampleUImage({ load: 0x1000, entry: 0x1000, data: SHOUT }) },
  { format: 'a uImage compressed with gzip', kernel: sampleUImage({ load: 0x1000, entry: 0x1000, data: SHOUT, gzip: true }) },
  { format: 'a raw image', kernel: SHOUT, rawAddress: 0x1_0000 },
]) {
  for (const strategy of ['native', 'trap'] as const) {
    test(`${format} runs under ${strategy}, prints and resets`, async (t) => {
      const changes = { strategy: strategyByName(strategy)!, ...(rawAddress !== undefined && { rawAddress }) };
      const { end, output, machine } = await run(kernel, changes);
      t.deepEqual(end, { reason: 'reset' });
      t.is(output, '!');
      t.deepEqual(machine.board.unclaimed, []);
    });
  }
}

test('two machines side by side do not disturb each other', async (t) => {
  const [first, second] = await Promise.all([run(SHOUT, { rawAddress: 0x1000 }), run(SHOUT, { rawAddress: 0x2000 })]);
  t.deepEqual([first.output, second.output], ['!', '!']);
  t.is(first.machine.guestInstructions, second.machine.guestInstructions);
});

for (const { description, words } of [
  { description: 'jumps where nothing is mapped and has no handlers', words: [LIS_R0_8000, MTCTR_R0, BCTR] },
  { description: 'has handlers that hold no instructions', words: [LI_R0_0, MTIVPR_R0, NO_INSTRUCTION] },
]) {
  for (const strategy of ['native', 'trap'] as const) {
    test(`under ${strategy}, a guest that ${description} ends as an endless fault, with the address`, async (t) => {
      const { end } = await run(code(...words), { strategy: strategyByName(strategy)!, rawAddress: 0x1000 });
      t.is(end.reason === 'hypervisor-failure' ? end.failure.cause : end.reason, 'endless-fault');
      t.regex(describeRunEnd(end), / at 0x[0-9a-f]{8} for address 0x[0-9a-f]{8}/);
    });
  }
}

for (const { description, changes, kind } of [
  { description: 'a kernel of no known format', changes: {}, kind: 'image-unknown' },
  { description: 'a memory size the board cannot hold', changes: { memoryBytes: 5 * 2 ** 20, rawAddress: 0 }, kind: 'memory-size-banks' },
  { description: 'a raw image outside the memory', changes: { rawAddress: 2 ** 25 }, kind: 'image-outside-memory' },
] as const) {
  test(`${description} is refused before anything runs`, (t) => {
    const make = () => new Machine({ strategy: strategyByName('native')!, memoryBytes: 2 ** 25, kernel: SHOUT, ...changes });
    t.is(t.throws(make, { instanceOf: UserError }).kind, kind);
  });
}
