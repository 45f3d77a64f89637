import test from 'ava';
import { Uart16550 } from '../../src/devices/uart16550.js';

const Register = { data: 0, ier: 1, iir: 2, fcr: 2, lcr: 3, mcr: 4, lsr: 5, msr: 6, scr: 7 } as const;

const makeUart = () => {
  const sent: number[] = [];
  const wire = { interrupt: false };
  const uart = new Uart16550(
    (byte) => sent.push(byte),
    (asserted) => {
      wire.interrupt = asserted;
    },
  );
  return {
    uart,
    sent,
    wire,
    read: (register: number) => uart.read(register, 1),
    write: (register: number, value: number) => uart.write(register, 1, value),
  };
};

const bytes = (count: number): Uint8Array => Uint8Array.from({ length: count }, (_, i) => i + 1);

test('a byte written to THR is sent at once and the transmitter stays empty', (t) => {
  const { sent, read, write } = makeUart();
  write(Register.data, 0x41);
  t.deepEqual(sent, [0x41]);
  t.is(read(Register.lsr), 0x60);
});

test('with DLAB set, registers 0 and 1 are the divisor latch and nothing is sent', (t) => {
  const { sent, read, write } = makeUart();
  write(Register.lcr, 0x83);
  write(Register.data, 0x06);
  write(Register.ier, 0x01);
  t.is(read(Register.data), 0x06);
  t.is(read(Register.ier), 0x01);
  write(Register.lcr, 0x03);
  t.is(read(Register.ier), 0x00);
  t.deepEqual(sent, []);
});

test('IER keeps its low four bits, as the 8250 driver probes', (t) => {
  const { read, write } = makeUart();
  write(Register.ier, 0xff);
  t.is(read(Register.ier), 0x0f);
});

test('the scratch register keeps a byte', (t) => {
  const { read, write } = makeUart();
  write(Register.scr, 0xa5);
  t.is(read(Register.scr), 0xa5);
});

test('in loopback, RTS and OUT2 come back as CTS and DCD, as the 8250 driver probes', (t) => {
  const { read, write } = makeUart();
  write(Register.mcr, 0x1a);
  t.is(read(Register.msr) & 0xf0, 0x90);
});

test('in loopback, a byte sent is received and does not leave the chip; one too many is an overrun', (t) => {
  const { sent, read, write } = makeUart();
  write(Register.mcr, 0x10);
  write(Register.data, 0x55);
  write(Register.data, 0x66);
  t.deepEqual(sent, []);
  t.is(read(Register.lsr) & 0x03, 0x03);
  t.is(read(Register.lsr) & 0x03, 0x01);
  t.is(read(Register.data), 0x55);
});

test('enabled FIFOs show in IIR[7:6], which tells a 16550A', (t) => {
  const { read, write } = makeUart();
  t.is(read(Register.iir), 0x01);
  write(Register.fcr, 0x01);
  t.is(read(Register.iir), 0xc1);
});

test('enabling the transmitter interrupt raises it at once, and reading IIR takes it back', (t) => {
  const { wire, read, write } = makeUart();
  write(Register.ier, 0x02);
  t.true(wire.interrupt);
  t.is(read(Register.iir), 0x02);
  t.false(wire.interrupt);
  t.is(read(Register.iir), 0x01);
});

test('disabling and enabling the transmitter interrupt raises it again, which Linux takes as the proof of a sound UART', (t) => {
  const { read, write } = makeUart();
  write(Register.ier, 0x02);
  read(Register.iir);
  write(Register.ier, 0x00);
  write(Register.ier, 0x02);
  t.is(read(Register.iir), 0x02);
});

test('sending a byte raises the transmitter interrupt again', (t) => {
  const { wire, read, write } = makeUart();
  write(Register.ier, 0x02);
  read(Register.iir);
  write(Register.data, 0x41);
  t.true(wire.interrupt);
});

test('without the FIFO, input waits outside until the one byte is read', (t) => {
  const { uart, read } = makeUart();
  uart.receive(bytes(3));
  t.deepEqual([read(Register.data), read(Register.data), read(Register.data)], [1, 2, 3]);
  t.is(read(Register.lsr) & 0x01, 0);
  t.false(uart.hasUnreadInput);
});

for (const [fcr, level] of [
  [0x01, 1],
  [0x41, 4],
  [0x81, 8],
  [0xc1, 14],
] as const) {
  test(`a trigger level of ${level} bytes tells received data from a character timeout`, (t) => {
    const { uart, wire, read, write } = makeUart();
    write(Register.fcr, fcr);
    write(Register.ier, 0x01);
    if (level > 1) {
      uart.receive(bytes(level - 1));
      t.is(read(Register.iir), 0xcc);
    }
    uart.receive(bytes(1));
    t.is(read(Register.iir), 0xc4);
    t.true(wire.interrupt);
    for (let i = 0; i < level; i++) read(Register.data);
    t.false(wire.interrupt);
  });
}

test('received data is reported before an empty transmitter, which stays pending', (t) => {
  const { uart, read, write } = makeUart();
  write(Register.ier, 0x03);
  uart.receive(bytes(1));
  t.is(read(Register.iir), 0x04);
  read(Register.data);
  t.is(read(Register.iir), 0x02);
});

test('more input than the FIFO holds arrives complete and in order', (t) => {
  const { uart, read, write } = makeUart();
  write(Register.fcr, 0x01);
  uart.receive(bytes(100));
  uart.receive(bytes(100));
  const received: number[] = [];
  while ((read(Register.lsr) & 0x01) !== 0) received.push(read(Register.data));
  t.deepEqual(received, [...bytes(100), ...bytes(100)]);
});

test('clearing the receiver FIFO drops what it holds', (t) => {
  const { uart, read, write } = makeUart();
  write(Register.fcr, 0x01);
  uart.receive(bytes(5));
  write(Register.fcr, 0x03);
  t.is(read(Register.lsr) & 0x01, 0);
});

test('input is copied when it comes, so its buffer can be used again', (t) => {
  const { uart, read } = makeUart();
  const buffer = Buffer.from('ab');
  uart.receive(buffer);
  buffer.fill(0);
  t.deepEqual([read(Register.data), read(Register.data)], [0x61, 0x62]);
});
