/** Needs the cross compiler, the host's compiler and QEMU. */
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { type Guest, readGuestCatalogue } from '../src/guest-catalogue.js';

const run = promisify(execFile);
const buildScript = fileURLToPath(new URL('../../../scripts/build-guests.mjs', import.meta.url));
const guests = readGuestCatalogue();

test('the committed guests are what the pinned compiler makes of their sources', async (t) => {
  const { stderr } = await run(process.execPath, [buildScript, '--check'], { timeout: 300_000 });
  t.is(stderr, `${guests.length} of ${guests.length} guests are as committed\n`);
});

test('the compute workloads give the same results as programs of this machine', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'native-peers-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  await run(process.execPath, [buildScript, '--native', folder], { timeout: 300_000 });
  for (const guest of guests.filter((each) => each.class === 'compute')) {
    const { stdout } = await run(path.join(folder, guest.name), ['scale=1'], { timeout: 60_000 });
    t.is(stdout, `START ${guest.name} scale=1\n${guest.passLine}\n`);
  }
});

interface ReferenceRun {
  readonly console: string;
  /** False where it had to be killed. */
  readonly endedByItself: boolean;
}

/** Runs a guest on the reference machine. The console's input stays open: its end would be one more event for the guest's UART. */
function runOnQemu(guest: Guest, timeoutMs: number): Promise<ReferenceRun> {
  const machine = ['-M', 'bamboo', '-m', '64', '-display', 'none', '-monitor', 'none', '-serial', 'stdio', '-net', 'none', '-no-reboot'];
  return new Promise((resolve, reject) => {
    const qemu = spawn('qemu-system-ppc', [...machine, '-kernel', guest.elfFile], { stdio: ['pipe', 'pipe', 'inherit'] });
    let console = '';
    let endedByItself = true;
    const timer = setTimeout(() => {
      endedByItself = false;
      qemu.kill('SIGKILL');
    }, timeoutMs);
    qemu.stdout.setEncoding('latin1').on('data', (text: string) => {
      console += text;
    });
    qemu.on('error', reject);
    qemu.on('close', () => {
      clearTimeout(timer);
      resolve({ console, endedByItself });
    });
    qemu.stdin.write(guest.consoleInput ?? '');
  });
}

for (const guest of guests.filter((each) => each.ends === 'reset')) {
  test.serial(`${guest.name} starts, reaches its verdict and resets on QEMU's bamboo`, async (t) => {
    const reference = await runOnQemu(guest, 60_000);
    const lines = reference.console.split('\n');
    t.true(reference.endedByItself);
    t.true(lines.includes(guest.startLine), reference.console);
    t.is(lines.at(-2), guest.qemuDifference?.verdictLine ?? guest.passLine);
    t.is(lines.at(-1), '');
  });
}

for (const guest of guests.filter((each) => each.ends === 'never')) {
  test.serial(`${guest.name} starts and never ends on QEMU's bamboo`, async (t) => {
    const reference = await runOnQemu(guest, 2_000);
    t.deepEqual(reference, { console: `${guest.startLine}\n`, endedByItself: false });
  });
}
