import test from 'ava';
import { BAMBOO } from '../../src/board/bamboo.js';
import { BambooBoard } from '../../src/board/bamboo-board.js';
import { checkMemorySize } from '../../src/board/memory-size.js';
import { UserError } from '../../src/errors.js';

const MEBIBYTE = 2 ** 20;

const makeBoard = (uartCount: 1 | 2 = 2, memoryBytes = 64 * MEBIBYTE) => {
  const sent: [number, number][] = [];
  const board = new BambooBoard({ memoryBytes, uartCount, send: (uart, byte) => sent.push([uart, byte]) });
  const core = { external: false };
  board.connect({
    setExternal: (asserted) => {
      core.external = asserted;
    },
    setCritical: () => {},
  });
  return { board, sent, core };
};

test('each UART sends from its own address', (t) => {
  const { board, sent } = makeBoard();
  board.devices.write(0xef60_0300, 1, 0x41);
  board.devices.write(0xef60_0400, 1, 0x42);
  t.deepEqual(sent, [
    [0, 0x41],
    [1, 0x42],
  ]);
});

test('input to a UART reaches the core through its UIC line, if the guest enables both', (t) => {
  const { board, core } = makeBoard();
  t.false(board.inputCanInterrupt(0));
  board.devices.write(0xef60_0301, 1, 0x01);
  board.uarts[0]!.receive(Uint8Array.of(0x0d));
  t.false(core.external);
  board.dcrs.write(BAMBOO.uic.dcr + 2, 0x8000_0000);
  t.true(core.external);
  t.true(board.inputCanInterrupt(0));
  t.is(board.devices.read(0xef60_0300, 1), 0x0d);
  t.false(core.external);
});

test('with one UART fitted, the address of the other is empty', (t) => {
  const { board } = makeBoard(1);
  t.is(board.devices.read(0xef60_0405, 1), 0);
  t.false(board.inputCanInterrupt(1));
  t.deepEqual(board.unclaimed, [{ space: 'address', location: 0xef60_0405, reads: 1, writes: 0 }]);
});

for (const { memory, banks } of [
  { memory: 64 * MEBIBYTE, banks: [0x0008_0001, 0, 0, 0] },
  { memory: 24 * MEBIBYTE, banks: [0x0004_0001, 0x0102_0001, 0, 0] },
  { memory: 1024 * MEBIBYTE, banks: [0x000c_0001, 0x100c_0001, 0x200c_0001, 0x300c_0001] },
]) {
  test(`the SDRAM controller reports ${memory / MEBIBYTE} MB in its bank registers`, (t) => {
    const { board } = makeBoard(1, memory);
    const read = (register: number): number => {
      board.dcrs.write(0x10, register);
      return board.dcrs.read(0x11);
    };
    t.deepEqual([0x40, 0x44, 0x48, 0x4c].map(read), banks);
  });
}

for (const [description, bytes, kind] of [
  ['nothing', 0, 'memory-size-range'],
  ['1 MB', MEBIBYTE, 'memory-size-range'],
  ['2 GB', 2048 * MEBIBYTE, 'memory-size-range'],
  ['no number', Number.NaN, 'memory-size-range'],
  ['5 MB', 5 * MEBIBYTE, 'memory-size-banks'],
  ['124 MB, which takes five banks,', 124 * MEBIBYTE, 'memory-size-banks'],
] as const) {
  test(`a memory of ${description} is refused`, (t) => {
    t.is(t.throws(() => checkMemorySize(bytes), { instanceOf: UserError }).kind, kind);
  });
}

for (const megabytes of [4, 64, 120, 1024]) {
  test(`a memory of ${megabytes} MB is accepted`, (t) => {
    t.is(checkMemorySize(megabytes * MEBIBYTE), megabytes * MEBIBYTE);
  });
}
