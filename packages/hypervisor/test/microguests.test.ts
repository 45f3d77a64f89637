import test from 'ava';
import { LINUX_3_4_AS_KVM, MicroguestImageError, parseMicroguestImage, runMicroguests } from '../src/index.js';
import { oracleImage } from './oracle-rows.js';

test('an image that is none, is cut short or lacks the guest asked for is refused in one sentence', (t) => {
  const image = oracleImage();
  const tableFirst = image.slice();
  new DataView(tableFirst.buffer).setUint32(8, 0xffffffff);
  for (const bad of [new Uint8Array(0), new Uint8Array(64), image.subarray(0, 100), tableFirst]) {
    t.throws(() => parseMicroguestImage(bad), { instanceOf: MicroguestImageError, message: /^[A-Z].*\.$/ });
  }
  t.throws(() => runMicroguests(image, { only: ['no_such_guest'] }), { instanceOf: MicroguestImageError, message: /no_such_guest/ });
});

test('another RAM size changes no count', (t) => {
  const only = ['touch_64', 'ctxsw_8', 'dtlbreal_min'];
  const exits = (ramBytes: number) => runMicroguests(oracleImage(), { only, ramBytes }).map((result) => result.exits);
  t.deepEqual(exits(64 * 1024 * 1024), exits(16 * 1024 * 1024));
});

test('two runs give the same result to the last instruction', (t) => {
  const only = ['user_touch32', 'dec_spin_10us'];
  t.deepEqual(runMicroguests(oracleImage(), { only }), runMicroguests(oracleImage(), { only }));
});

test('what KVM does emulate counts the same under the policy that leaves its holes open', (t) => {
  const only = ['mfsprg0', 'rfi', 'tlbwe_triple_rot', 'fp_unavail'];
  const asKvm = runMicroguests(oracleImage(), { only, hypervisor: { policy: LINUX_3_4_AS_KVM } });
  t.deepEqual(asKvm, runMicroguests(oracleImage(), { only }));
});
