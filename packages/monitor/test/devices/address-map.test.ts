import test from 'ava';
import { AddressMap, DcrMap } from '../../src/devices/address-map.js';
import { IndirectDcr } from '../../src/devices/indirect-dcr.js';

const recorder = () => {
  const writes: [number, number, number][] = [];
  return { writes, read: (offset: number) => 0x100 + offset, write: (...access: [number, 1 | 2 | 4, number]) => void writes.push(access) };
};

test('an access reaches the device whose range holds it, by offset', (t) => {
  const map = new AddressMap();
  const [first, second] = [recorder(), recorder()];
  map.add(0x1000, 8, first);
  map.add(0x1008, 8, second);
  map.write(0x1007, 1, 5);
  map.write(0x1008, 4, 6);
  t.deepEqual(first.writes, [[7, 1, 5]]);
  t.deepEqual(second.writes, [[0, 4, 6]]);
  t.is(map.read(0x100a, 2), 0x102);
});

test('addresses above 4 GB are not mistaken for those below', (t) => {
  const map = new AddressMap();
  map.add(0xef60_0300, 8, recorder());
  t.is(map.read(0x1_ef60_0300, 1), 0);
});

test('an address nothing answers reads 0, and is counted once for each place', (t) => {
  const map = new AddressMap();
  t.is(map.read(0x2000, 4), 0);
  t.is(map.read(0x2000, 4), 0);
  map.write(0x2004, 4, 1);
  t.deepEqual(map.unclaimed, [
    { space: 'address', location: 0x2000, reads: 2, writes: 0 },
    { space: 'address', location: 0x2004, reads: 0, writes: 1 },
  ]);
});

test('a guest that scans its address space does not fill the account', (t) => {
  const map = new AddressMap();
  for (let pa = 0; pa < 10_000; pa++) map.read(pa, 1);
  t.is(map.unclaimed.length, 256);
});

test('overlapping devices are refused', (t) => {
  const map = new AddressMap();
  map.add(0x1000, 8, recorder());
  t.throws(() => map.add(0x1007, 8, recorder()), { instanceOf: RangeError });
  const dcrs = new DcrMap();
  dcrs.add(0x10, 2, new IndirectDcr());
  t.throws(() => dcrs.add(0x11, 2, new IndirectDcr()), { instanceOf: RangeError });
  t.throws(() => dcrs.add(0x3ff, 2, new IndirectDcr()), { instanceOf: RangeError });
});

test('a DCR nothing answers reads 0 and is counted', (t) => {
  const dcrs = new DcrMap();
  t.is(dcrs.read(0x180), 0);
  dcrs.write(0x180, 7);
  t.deepEqual(dcrs.unclaimed, [{ space: 'dcr', location: 0x180, reads: 1, writes: 1 }]);
});

test('a pair of DCRs reaches a block of registers by address and data', (t) => {
  const dcrs = new DcrMap();
  dcrs.add(0x0e, 2, new IndirectDcr([[0x20, 0x8000_0000]]));
  dcrs.write(0x0e, 0x20);
  t.is(dcrs.read(0x0f), 0x8000_0000);
  dcrs.write(0x0f, 0xffff_ffff);
  dcrs.write(0x0e, 0x40);
  t.is(dcrs.read(0x0f), 0);
  dcrs.write(0x0e, 0x20);
  t.is(dcrs.read(0x0f), 0xffff_ffff);
});
