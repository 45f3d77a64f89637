import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/**
 * `pnpm bundle`: makes one program of the modules that have been built, for `packages/cli/bin/exitlab.mjs` to start: two hundred modules
 * take Node longer to find and link than the program takes to reach its guest. Nothing is minified, so that a stack trace stays readable.
 * Another folder may be given, below `packages/cli/dist`.
 */
const root = fileURLToPath(new URL('..', import.meta.url));
const folder = resolve(process.argv[2] ?? join(root, 'packages/cli/dist/bundle'));
const entry = join(root, 'packages/cli/dist/src/main.js');
const generated = join(root, 'packages/core/dist/src/interpreter/dispatched-interpreter.js');

/** A module stays where it was for what it looks for beside itself. */
const placesKept = {
  name: 'places-kept',
  setup({ onLoad }) {
    onLoad({ filter: /\/dist\/src\/.*\.js$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      const place = `new URL(${JSON.stringify(relative(folder, path))}, import.meta.url).href`;
      return text.includes('import.meta.url') ? { contents: text.replaceAll('import.meta.url', place), loader: 'js' } : undefined;
    });
  },
};

/** The interpreters are functions of the ISA table: their code is generated here once, not at each start. */
const interpreterGenerated = {
  name: 'interpreter-generated',
  setup({ onLoad }) {
    onLoad({ filter: /\/dispatched-interpreter\.js$/ }, async ({ path }) => {
      if (path !== generated) return undefined;
      const { dispatchedInterpreters } = await import(path);
      const definitions = dispatchedInterpreters().map(({ code, ...rest }) => {
        const text = JSON.stringify(Buffer.from(code).toString('base64'));
        return `{ ...${JSON.stringify(rest)}, code: new Uint8Array(Buffer.from(${text}, 'base64')) }`;
      });
      return { contents: `export const dispatchedInterpreters = () => [${definitions}];`, loader: 'js' };
    });
  },
};

await rm(folder, { recursive: true, force: true });
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: [entry],
  outdir: folder,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  logLevel: 'warning',
  metafile: true,
  plugins: [interpreterGenerated, placesKept],
});

/** What the compiler noted of each package's build: a bundle is used only while all of them are the ones it was made of. */
const packages = new Set(Object.keys(metafile.inputs).flatMap((input) => /^(.*)\/dist\/src\//.exec(input)?.[1] ?? []));
const builds = [...packages].map((each) => join(root, each, 'dist/tsconfig.tsbuildinfo'));
const madeOf = await Promise.all(builds.map(async (file) => [relative(dirname(folder), file), (await stat(file)).mtimeMs]));
await writeFile(join(folder, 'made-of.json'), JSON.stringify(Object.fromEntries(madeOf)));
