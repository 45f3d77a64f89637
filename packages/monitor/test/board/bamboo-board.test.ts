import test from 'ava';
import { BAMBOO } from '../../src/board/bamboo.js';
import { BambooBoard } from '../../src/board/bamboo-board.js';
import { checkMemorySize, parseMemorySize } from '../../src/board/memory-size.js';
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

for (const [text, bytes] of [
  ['64M', 64 * MEBIBYTE],
  ['64m', 64 * MEBIBYTE],
  ['64MB', 64 * MEBIBYTE],
  ['65536K', 64 * MEBIBYTE],
  ['67108864', 64 * MEBIBYTE],
  ['1G', 1024 * MEBIBYTE],
  ['4M', 4 * MEBIBYTE],
] as const) {
  test(`the memory size ${text} is ${bytes} bytes`, (t) => {
    t.is(parseMemorySize(text), bytes);
  });
}

for (const [text, kind] of [
  ['', 'memory-size-syntax'],
  ['-64M', 'memory-size-syntax'],
  ['lots', 'memory-size-syntax'],
  ['64X', 'memory-size-syntax'],
  ['0', 'memory-size-range'],
  ['1M', 'memory-size-range'],
  ['2G', 'memory-size-range'],
  ['99999999999999999999G', 'memory-size-range'],
  ['5M', 'memory-size-banks'],
  ['124M', 'memory-size-banks'],
] as const) {
  test(`the memory size "${text}" is refused`, (t) => {
    const error = t.throws(() => parseMemorySize(text), { instanceOf: UserError });
    t.is(error?.kind, kind);
  });
}

test('a size that is no number is refused', (t) => {
  t.throws(() => checkMemorySize(Number.NaN), { instanceOf: UserError });
});
