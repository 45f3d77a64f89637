import { execFileSync } from 'node:child_process';
import test from 'ava';
import { bambooDeviceTree } from '../../src/board/bamboo-device-tree.js';
import type { DeviceTree } from '../../src/images/device-tree.js';
import { flattenDeviceTree, parseFlattenedDeviceTree } from '../../src/images/flattened-device-tree.js';
import { sampleTree } from './sample-images.js';

/** Our blobs against the device tree compiler, in both directions. */

const dtc = (from: 'dts' | 'dtb', to: 'dts' | 'dtb', input: string | Uint8Array): Buffer =>
  execFileSync('dtc', ['-q', '-s', '-I', from, '-O', to], { input, timeout: 60_000 });

const TREES: readonly (readonly [string, DeviceTree])[] = [
  ['the sample tree', sampleTree],
  ['the board', bambooDeviceTree()],
  ['the board with a hypervisor', bambooDeviceTree({ hcallInstructions: [0x3c00_4b56, 0x6000_4d21, 0x4400_0002, 0x6000_0000] })],
];

for (const [name, tree] of TREES) {
  test(`dtc reads what we write of ${name}, and we read what dtc writes`, (t) => {
    const source = dtc('dtb', 'dts', flattenDeviceTree(tree)).toString();
    const compiled = dtc('dts', 'dtb', source);
    const again = dtc('dtb', 'dts', flattenDeviceTree(parseFlattenedDeviceTree(compiled))).toString();
    t.is(again, source);
  });
}

test('dtc sees nodes, properties and reservations as we wrote them', (t) => {
  const source = dtc('dtb', 'dts', flattenDeviceTree(sampleTree)).toString();
  t.regex(source, /\/memreserve\/\s+0x0*1000 0x0*2000;/);
  t.regex(source, /serial@ef600300 \{[^}]*reg = <0xef600300 0x08>;/);
  t.regex(source, /compatible = "amcc,bamboo\\0second";|compatible = "amcc,bamboo", "second";/);
  t.regex(source, /odd = \[01 02 03\];/);
});
