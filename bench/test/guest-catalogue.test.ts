import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { readGuestCatalogue, startLine } from '../src/guest-catalogue.js';

const guests = readGuestCatalogue();
const guestsFolder = fileURLToPath(new URL('../../guests/', import.meta.url));

test('every guest has a name of its own', (t) => {
  t.true(guests.length > 0);
  t.is(new Set(guests.map((guest) => guest.name)).size, guests.length);
});

for (const guest of guests) {
  test(`${guest.name} has its sources, and an executable for a 32-bit big-endian PowerPC with symbols`, (t) => {
    for (const source of guest.sources) t.true(existsSync(path.join(guestsFolder, source)), source);
    const elf = readFileSync(guest.elfFile);
    // ELF32, big-endian (ELF specification, e_ident), type ET_EXEC, machine EM_PPC.
    t.is(elf.subarray(0, 6).toString('latin1'), '\x7fELF\x01\x02');
    t.is(elf.readUInt16BE(16), 2);
    t.is(elf.readUInt16BE(18), 20);
    t.true(elf.includes('guest_main\0'), 'the symbol table names guest_main');
    t.true(elf.length < 32 * 1024, 'small enough to commit');
  });

  test(`${guest.name} prints the lines that the table announces`, (t) => {
    const elf = readFileSync(guest.elfFile).toString('latin1');
    t.is(guest.startLine, startLine(guest.name, guest.scale));
    t.true(elf.includes(`START ${guest.name} scale=\0`));
    if (guest.passLine !== undefined) t.regex(guest.passLine, /^PASS [a-z0-9-]+ checksum=0x[0-9a-f]{8}$/);
    t.is(guest.passLine === undefined, guest.ends === 'never');
  });
}
