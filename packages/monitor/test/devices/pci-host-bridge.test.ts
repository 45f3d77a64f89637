import test from 'ava';
import { EmptyBusWindow, PciConfigurationSpace, PciLocalRegisters } from '../../src/devices/pci-host-bridge.js';

const swap32 = (value: number): number => ((value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)) >>> 0;

/** Selects a register as a driver does: bus, device and function, the enable bit, and little-endian order. */
const select = (pci: PciConfigurationSpace, bus: number, device: number, register: number): void =>
  pci.write(0, 4, swap32((0x8000_0000 | (bus << 16) | (device << 11) | register) >>> 0));

test('the bridge answers with its identification', (t) => {
  const pci = new PciConfigurationSpace();
  select(pci, 0, 0, 0);
  t.is(swap32(pci.read(4, 4)), 0x027f_1014);
  t.is(pci.read(4, 2), 0x1410);
  t.is(pci.read(6, 2), 0x7f02);
  select(pci, 0, 0, 8);
  t.is(swap32(pci.read(4, 4)), 0x0680_0000);
});

for (const [bus, device] of [
  [0, 1],
  [0, 31],
  [1, 0],
] as const) {
  test(`nothing is at bus ${bus} device ${device}: reads give all ones`, (t) => {
    const pci = new PciConfigurationSpace();
    select(pci, bus, device, 0);
    t.deepEqual([pci.read(4, 1), pci.read(4, 2), pci.read(4, 4)], [0xff, 0xffff, 0xffff_ffff]);
  });
}

test('without the enable bit the data window reads all ones', (t) => {
  const pci = new PciConfigurationSpace();
  t.is(pci.read(4, 4), 0xffff_ffff);
});

test('the address register reads back without its two low bits', (t) => {
  const pci = new PciConfigurationSpace();
  pci.write(0, 4, swap32(0x8000_0007));
  t.is(swap32(pci.read(0, 4)), 0x8000_0004);
});

test('the command register keeps its writable bits; identification and base addresses keep nothing', (t) => {
  const pci = new PciConfigurationSpace();
  for (const register of [0x00, 0x04, 0x10]) {
    select(pci, 0, 0, register);
    pci.write(4, 4, 0xffff_ffff);
  }
  select(pci, 0, 0, 0x00);
  t.is(swap32(pci.read(4, 4)), 0x027f_1014);
  select(pci, 0, 0, 0x04);
  t.is(swap32(pci.read(4, 4)), 0x0000_0507);
  select(pci, 0, 0, 0x10);
  t.is(swap32(pci.read(4, 4)), 0);
});

test('local registers keep what is written, at any width', (t) => {
  const registers = new PciLocalRegisters();
  registers.write(0x3c, 4, 0x1234_5678);
  t.is(registers.read(0x3c, 4), 0x1234_5678);
  t.is(registers.read(0x3e, 2), 0x5678);
  t.is(registers.read(0x3d, 1), 0x34);
});

test('a bus window with nothing behind it reads all ones', (t) => {
  t.is(new EmptyBusWindow().read(0x60, 1), 0xff);
});
