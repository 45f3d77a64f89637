#!/usr/bin/env node
import { readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { provideGuest } from './linux-guest/guest-build.mjs';
import { UserError } from './linux-guest/user-error.mjs';

const USAGE = `usage: node scripts/build-linux-guest.mjs [--all | NAME...] [--jobs N] [--list] [--json]
Builds Linux guests for the bamboo board into .cache/linux-guest/NAME/ (vmlinux, initrd.gz, System.map, config, manifest.json).
Without names: those that the bench needs. What is already built from the same sources is not built again.`;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const cacheDirectory = join(root, '.cache/linux-guest');
const initDirectory = join(root, 'bench/guests/linux-init');
const table = JSON.parse(readFileSync(join(root, 'scripts/linux-guest/configurations.json'), 'utf8'));

function parseCommandLine() {
  const options = {
    all: { type: 'boolean' },
    list: { type: 'boolean' },
    json: { type: 'boolean' },
    help: { type: 'boolean' },
    jobs: { type: 'string' },
  };
  let parsed;
  try {
    parsed = parseArgs({ options, allowPositionals: true });
  } catch (error) {
    throw new UserError(`${error.message.split('. ', 1)[0]}.\n${USAGE}`);
  }
  const { values, positionals } = parsed;
  const known = Object.keys(table.configurations);
  const unknown = positionals.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new UserError(`There is no Linux guest named ${unknown}: choose among ${known.join(', ')}.`);
  const jobs = values.jobs === undefined ? availableParallelism() : Number(values.jobs);
  if (!Number.isInteger(jobs) || jobs < 1) throw new UserError(`--jobs takes a whole number from 1, not ${values.jobs}.`);
  const chosen = values.all ? known : positionals.length > 0 ? positionals : known.filter((name) => table.configurations[name].default);
  return { ...values, jobs, names: chosen };
}

async function main() {
  const { names, jobs, list, json, help } = parseCommandLine();
  if (help) return console.log(USAGE);
  if (list) {
    for (const [name, { purpose, default: byDefault }] of Object.entries(table.configurations))
      console.log(`${name}${byDefault ? ' (default)' : ''}: ${purpose}`);
    return;
  }
  const workDirectory = join(cacheDirectory, `work-${process.pid}`);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => stop.abort());
  const report = (text) => console.error(text);
  const context = { table, cacheDirectory, initDirectory, workDirectory, jobs, stop: stop.signal, report };
  const guests = [];
  try {
    for (const name of names) guests.push(await provideGuest(name, context));
  } finally {
    // Compilers of a stopped make may need a moment to go.
    rmSync(workDirectory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
  if (json) console.log(JSON.stringify(guests, null, 2));
  else for (const { name, directory, built } of guests) console.log(`${name}: ${directory} (${built ? 'built' : 'already there'})`);
}

try {
  await main();
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  console.error(error.message);
  process.exitCode = error.exitStatus;
}
