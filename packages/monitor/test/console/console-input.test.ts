import { PassThrough } from 'node:stream';
import test from 'ava';
import { noInput, StreamInput } from '../../src/console/console-input.js';

const never = new AbortController().signal;

test('what comes is taken once, in order', async (t) => {
  const stream = new PassThrough();
  const input = new StreamInput(stream);
  t.is(input.take(), undefined);
  t.true(input.canDeliver);
  stream.write('ab');
  stream.write('c');
  await input.waitForMore(never);
  t.is(Buffer.from(input.take()!).toString(), 'abc');
  t.is(input.take(), undefined);
});

test('the end of the stream leaves nothing to wait for, once all is taken', async (t) => {
  const stream = new PassThrough();
  const input = new StreamInput(stream);
  stream.end('last');
  await input.waitForMore(never);
  t.true(input.canDeliver);
  input.take();
  await input.waitForMore(never);
  t.false(input.canDeliver);
});

test('waiting ends when it is aborted', async (t) => {
  const input = new StreamInput(new PassThrough());
  const abort = new AbortController();
  const waiting = input.waitForMore(abort.signal);
  abort.abort();
  await waiting;
  t.true(input.canDeliver);
});

test('a stream that fails ends the input', async (t) => {
  const stream = new PassThrough();
  const input = new StreamInput(stream);
  stream.destroy(new Error('gone'));
  await input.waitForMore(never);
  t.false(input.canDeliver);
});

test('a closed input pauses its stream', (t) => {
  const stream = new PassThrough();
  const input = new StreamInput(stream);
  input.close();
  t.true(stream.isPaused());
  t.false(input.canDeliver);
});

test('no input has nothing to give', async (t) => {
  await noInput.waitForMore(never);
  t.is(noInput.take(), undefined);
  t.false(noInput.canDeliver);
});
