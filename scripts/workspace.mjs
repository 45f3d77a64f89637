import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * What `npm start` and `npm test` share: a fresh machine has Node and npm, and nothing else. Only Node's own modules are used
 * here, since these lines run before anything is installed.
 */
export const root = fileURLToPath(new URL('..', import.meta.url));

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** A step that failed; `status` is what the process ends with. The message is empty where the step has said all itself. */
export class StepError extends Error {
  constructor(message, status = 1) {
    super(message);
    this.name = 'StepError';
    this.status = status;
  }
}

/** Runs the steps, and turns the first failure into one sentence and an exit status. */
export async function runSteps(steps) {
  // Ctrl-C reaches the step as well, which ends cleanly and says so; this process waits for it.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => {});
  try {
    for (const step of steps) await step();
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    if (error.message !== '') console.error(error.message);
    process.exitCode = error.status;
  }
}

/** Refuses a Node that is too old to run the rest. */
export function checkNode() {
  const [wantedMajor, wantedMinor] = manifest.engines.node.match(/\d+/g).map(Number);
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < wantedMajor || (major === wantedMajor && minor < wantedMinor)) {
    throw new StepError(`Node.js ${process.versions.node} is too old: install ${wantedMajor}.${wantedMinor} or newer.`);
  }
}

/** Installs the dependencies by the pinned pnpm, unless the lock file of what is installed is the one wanted. */
export async function install() {
  if (isInstalled()) return;
  console.error('Installing the dependencies …');
  const args = ['exec', '--yes', manifest.packageManager, '--', 'install', '--frozen-lockfile'];
  const { status, output } = await run('npm', args, { quiet: true, env: INSTALL_ENVIRONMENT });
  if (status === 0) return;
  if (NO_REGISTRY.test(output)) {
    throw new StepError(
      'The package registry cannot be reached, so the dependencies cannot be installed: check the network, or set the registry of npm to a mirror.',
    );
  }
  throw new StepError(`${output.trim()}\nThe dependencies cannot be installed; the lines above say why.`);
}

/** Compiles all packages, and makes the command of them; incremental, so that it is quick when nothing changed. */
export async function build() {
  console.error('Building …');
  await runTool('typescript', 'bin/tsc', ['-b']);
  await runNode([join(root, 'scripts/bundle.mjs')]);
}

/** Runs a tool of the workspace in the foreground, and fails with its status. */
export async function runTool(packageName, script, args) {
  await runNode([join(root, 'node_modules', packageName, script), ...args]);
}

/** Runs a script of ours in the foreground, and fails with its status. */
export async function runNode(args) {
  const { status } = await run(process.execPath, args, {});
  if (status !== 0) throw new StepError('', status);
}

/** A registry that does not answer should be noticed in seconds; pnpm must not ask questions that nobody hears. */
const INSTALL_ENVIRONMENT = {
  CI: 'true',
  npm_config_fetch_retries: '1',
  npm_config_fetch_retry_mintimeout: '1000',
  npm_config_fetch_retry_maxtimeout: '3000',
};

/** How npm and pnpm name a registry that is out of reach. */
const NO_REGISTRY =
  /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ERR_SOCKET_TIMEOUT|ENOTCACHED|ERR_PNPM_META_FETCH_FAIL|network request/;

function isInstalled() {
  const installed = join(root, 'node_modules/.pnpm/lock.yaml');
  if (!existsSync(installed) || !existsSync(join(root, 'packages/cli/node_modules'))) return false;
  return readFileSync(installed, 'utf8') === readFileSync(join(root, 'pnpm-lock.yaml'), 'utf8');
}

function run(command, args, { quiet = false, env = {} }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: quiet ? ['ignore', 'pipe', 'pipe'] : 'inherit',
      // npm is a batch file on Windows, which only a shell starts.
      shell: process.platform === 'win32' && command === 'npm',
    });
    let output = '';
    child.stdout?.on('data', (data) => (output += data));
    child.stderr?.on('data', (data) => (output += data));
    child.on('error', () => reject(new StepError(`Cannot start ${command}: is it installed and on the path?`)));
    child.on('close', (code, signal) => resolve({ status: code ?? (signal === 'SIGINT' ? 130 : 1), output }));
  });
}
