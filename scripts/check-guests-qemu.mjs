// Runs the committed guests on the reference machine, QEMU's bamboo, and compares their consoles with the table.
//
//   node scripts/check-guests-qemu.mjs [NAME…]
//
// Exit status: 0 all as the table says, 1 some are not, 2 bad usage.
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const guestsFolder = fileURLToPath(new URL('../bench/guests/', import.meta.url));
const machine = ['-M', 'bamboo', '-m', '64', '-display', 'none', '-monitor', 'none', '-serial', 'stdio', '-net', 'none', '-no-reboot'];
/** A guest that ends does so in a second or two; one that by its row never ends only has to be seen not ending. */
const timeoutMs = { reset: 60_000, never: 2_000 };

/** The guest's console, and whether it ended by itself. */
function runOnQemu(guest) {
  return new Promise((resolve, reject) => {
    const qemu = spawn('qemu-system-ppc', [...machine, '-kernel', `${guestsFolder}elf/${guest.name}.elf`], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let console = '';
    let ended = true;
    const timer = setTimeout(
      () => {
        ended = false;
        qemu.kill('SIGKILL');
      },
      timeoutMs[guest.ends ?? 'reset'],
    );
    qemu.stdout.setEncoding('latin1').on('data', (text) => {
      console += text;
    });
    qemu.on('error', reject);
    qemu.on('close', () => {
      clearTimeout(timer);
      resolve({ console, ended });
    });
    // The line stays open: the end of the input would make QEMU's character device hang up before the guest has read all.
    if (guest.input !== undefined) qemu.stdin.write(guest.input);
  });
}

/** What of a run is not as the row says; undefined where all is. */
function complaint(guest, { console, ended }) {
  const lines = console.split('\n');
  const verdict = guest.onQemu?.verdict ?? `PASS ${guest.name} checksum=${guest.checksum}`;
  const last = guest.ends === 'never' ? `START ${guest.name} scale=${guest.scale}` : verdict;
  if (!lines.includes(last)) return `expected the line "${last}"`;
  if (ended !== ((guest.ends ?? 'reset') === 'reset')) return ended ? 'ended, though it never should' : 'did not end in time';
  return undefined;
}

/** A known difference of QEMU from the manual, for the reader of the log. */
function note(guest) {
  return guest.onQemu === undefined ? '' : ` (as known: ${guest.onQemu.reason})`;
}

const { positionals } = parseArgs({ allowPositionals: true });
const { guests } = JSON.parse(await readFile(`${guestsFolder}guests.json`, 'utf8'));
const unknown = positionals.filter((name) => !guests.some((guest) => guest.name === name));
if (unknown.length > 0) {
  process.stderr.write(`no guest called ${unknown.join(', ')}; bench/guests/guests.json lists them all\n`);
  process.exit(2);
}
let bad = 0;
for (const guest of guests.filter(({ name }) => positionals.length === 0 || positionals.includes(name))) {
  const run = await runOnQemu(guest);
  const reason = complaint(guest, run);
  process.stdout.write(
    `${reason === undefined ? 'ok  ' : 'FAIL'} ${guest.name}${reason === undefined ? note(guest) : `: ${reason}; console:\n${run.console}`}\n`,
  );
  if (reason !== undefined) bad++;
}
process.exitCode = bad > 0 ? 1 : 0;
