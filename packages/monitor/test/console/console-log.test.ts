import test from 'ava';
import fc from 'fast-check';
import { ConsoleLog } from '../../src/console/console-log.js';

const feed = (log: ConsoleLog, text: string | Uint8Array): void => {
  for (const byte of Buffer.from(text)) log.push(byte);
  log.flush();
};

test('bytes are handed on in pieces and kept', (t) => {
  const pieces: string[] = [];
  const log = new ConsoleLog({ write: (bytes) => pieces.push(Buffer.from(bytes).toString()) });
  feed(log, 'one');
  log.flush();
  feed(log, ' two');
  t.deepEqual(pieces, ['one', ' two']);
  t.is(Buffer.from(log.bytes).toString(), 'one two');
  t.is(log.totalBytes, 7);
});

test('of a guest that prints for ever the newest output is kept', (t) => {
  const log = new ConsoleLog();
  const piece = new Uint8Array(2 ** 20).fill(0x2e);
  for (let i = 0; i < 10; i++) feed(log, piece);
  feed(log, 'the end');
  t.is(log.totalBytes, 10 * 2 ** 20 + 7);
  t.true(log.bytes.length <= 4 * 2 ** 20);
  t.true(Buffer.from(log.bytes).toString().endsWith('the end'));
});

for (const { description, expression, pieces, matched } of [
  { description: 'text in one piece', expression: 'login', pieces: ['please login now'], matched: 'login' },
  { description: 'text split between pieces', expression: 'EXITLAB-DONE', pieces: ['EXITLAB', '-DO', 'NE'], matched: 'EXITLAB-DONE' },
  { description: 'text across lines', expression: 'one\\ntwo', pieces: ['one\r\n', 'two\r\n'], matched: 'one\ntwo' },
  { description: 'the begin of a line', expression: '^done$', pieces: ['not done\r\n', 'done\r\n'], matched: 'done' },
  { description: 'a line not yet ended', expression: '# $', pieces: ['/ # '], matched: '# ' },
  { description: 'a character split between pieces', expression: 'ä', pieces: [Uint8Array.of(0xc3), Uint8Array.of(0xa4)], matched: 'ä' },
  { description: 'nothing', expression: 'absent', pieces: ['some text\n'], matched: undefined },
]) {
  test(`an expectation finds ${description}`, (t) => {
    const log = new ConsoleLog({ expectation: new RegExp(expression, 'm') });
    for (const piece of pieces) feed(log, piece);
    t.is(log.expectedText, matched);
  });
}

test('however the output is cut, the same expectation is met', (t) => {
  const output = `${`${'x'.repeat(100)}\n`.repeat(200)}RESULT fork ok\n`;
  t.notThrows(() =>
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9000 }), { minLength: 1, maxLength: 30 }), (sizes) => {
        const log = new ConsoleLog({ expectation: /x\nRESULT fork ok$/m });
        let at = 0;
        for (const size of sizes) {
          feed(log, output.slice(at, at + size));
          at += size;
        }
        feed(log, output.slice(at));
        t.is(log.expectedText, 'x\nRESULT fork ok');
      }),
      { numRuns: 50 },
    ),
  );
});

test('a window that is cut does not invent the begin of a line', (t) => {
  const log = new ConsoleLog({ expectation: /^x+$/m });
  feed(log, `a${'x'.repeat(8191)}`);
  feed(log, 'x\nb');
  t.is(log.expectedText, undefined);
});

test('an expression that remembers its position is used as if it did not', (t) => {
  const log = new ConsoleLog({ expectation: /b/gy });
  feed(log, 'ab');
  t.is(log.expectedText, 'b');
});

for (const { kind, line } of [
  { kind: 'kernel-panic', line: 'Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000004' },
  { kind: 'oops', line: '[    1.25] Oops: Kernel access of bad area, sig: 11 [#1]' },
  { kind: 'unrecoverable-exception', line: 'Unrecoverable FP Unavailable Exception 800 at c0001234' },
] as const) {
  test(`a console line tells of ${kind}`, (t) => {
    const log = new ConsoleLog();
    feed(log, `booting\r\n${line.slice(0, 20)}`);
    t.is(log.panic, undefined);
    feed(log, `${line.slice(20)}\r\n`);
    t.deepEqual(log.panic, { kind, line });
  });
}

for (const line of ['Oops: I did it again', 'panic=1 on the command line', 'Unrecoverable errors: 0']) {
  test(`the line "${line}" is no failure of a kernel`, (t) => {
    const log = new ConsoleLog();
    feed(log, `${line}\n`);
    t.is(log.panic, undefined);
  });
}

test('the first sign is the one reported', (t) => {
  const log = new ConsoleLog();
  feed(log, 'Oops: Exception in kernel mode, sig: 4 [#1]\nKernel panic - not syncing: Fatal exception\n');
  t.is(log.panic?.kind, 'oops');
});
