// Builds what runs from out/: the page, the shell, and for packaging the host; `--if-needed` leaves alone what is fresh.
import { mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'vite';
import { root } from './node.mjs';
import { standsInTheCheckout } from './places.mjs';

/** @typedef {import('vite').InlineConfig} InlineConfig */
/** @typedef {{ from: readonly string[], configs: () => InlineConfig[] }} Part */

const here = (/** @type {string[]} */ ...parts) => path.join(root, ...parts);
const node = [/^node:/u, ...builtinModules];

/** Outside of the host's bundle: native packages, OpenCV, which no bundler can read, and what only benches use. */
const unbundled = [
  ...['better-sqlite3', 'onnxruntime-node', 'sharp', '@techstark/opencv-js'],
  ...['@iconify-json/noto', '@iconify-json/fluent-emoji', 'playwright-core', 'vite'],
];

/**
 * One program for Node or Electron.
 * @param {{ entries: Record<string, string>, out: string, format: 'es' | 'cjs', external: (string | RegExp)[] }} program
 * @returns {InlineConfig}
 */
function programConfig({ entries, out, format, external }) {
  // What `ws` would use if it were there.
  const absent = ['bufferutil', 'utf-8-validate'];
  const ending = format === 'cjs' ? 'cjs' : 'js';
  return {
    configFile: false,
    root,
    logLevel: 'warn',
    ssr: { noExternal: true, target: 'node' },
    plugins: out === 'out/host' ? [standsInTheCheckout(out)] : [],
    build: {
      ssr: true,
      outDir: here(out),
      emptyOutDir: format === 'es',
      target: 'node24',
      minify: false,
      rolldownOptions: {
        input: Object.fromEntries(Object.entries(entries).map(([name, file]) => [name, here(file)])),
        external: [...node, ...absent, ...external],
        output: { format, entryFileNames: `[name].${ending}`, chunkFileNames: `[name]-[hash].${ending}` },
      },
    },
  };
}

/** @type {Record<string, Part>} */
const parts = {
  renderer: {
    from: ['renderer', 'main/contract', 'vite.config.ts', 'tools/build.mjs', 'package-lock.json'],
    configs: () => [{ configFile: here('vite.config.ts'), logLevel: 'warn' }],
  },
  electron: {
    from: ['electron', 'main/contract', 'tools/build.mjs', 'package-lock.json'],
    configs: () => [
      programConfig({
        entries: { main: 'electron/main.ts' },
        out: 'out/electron',
        format: 'es',
        external: ['electron'],
      }),
      // A sandboxed preload cannot be a module.
      programConfig({
        entries: { preload: 'electron/preload.ts' },
        out: 'out/electron',
        format: 'cjs',
        external: ['electron'],
      }),
    ],
  },
  host: {
    from: ['main', 'models', 'tools/build.mjs', 'tools/places.mjs', 'package-lock.json'],
    configs: () => [
      programConfig({
        entries: {
          cli: 'main/cli.ts',
          // What the host forks, by the names that it looks for beside itself.
          serve: 'main/engine/serve.ts',
          train: 'main/engine/train.ts',
          readProgram: 'main/jobs/importing/readProgram.ts',
          examineProgram: 'main/jobs/opening/examineProgram.ts',
          quantiseProgram: 'main/jobs/models/quantiseProgram.ts',
          svgProgram: 'main/pictures/svgProgram.ts',
        },
        out: 'out/host',
        format: 'es',
        external: unbundled,
      }),
    ],
  },
};

/**
 * Newest change below a file or folder, milliseconds.
 * @param {string} file
 * @returns {number}
 */
function changedAt(file) {
  const info = statSync(file, { throwIfNoEntry: false });
  if (!info?.isDirectory()) return info?.mtimeMs ?? 0;
  return Math.max(info.mtimeMs, ...readdirSync(file).map((name) => changedAt(path.join(file, name))));
}

const stampOf = (/** @type {string} */ name) => here('out', `.built-${name}`);

/** @param {string} name */
function isFresh(name) {
  const built = statSync(stampOf(name), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return (parts[name]?.from ?? []).every((file) => changedAt(here(file)) < built);
}

/**
 * Builds the named parts, one after the other; `ifNeeded` leaves out those that nothing changed since.
 * @param {readonly string[]} names
 * @param {{ ifNeeded?: boolean, say?: (line: string) => void }} [options]
 */
export async function buildParts(names, { ifNeeded = false, say = () => {} } = {}) {
  for (const name of names) {
    const part = parts[name];
    if (!part) throw new Error(`There is nothing called ${name} to build: ${Object.keys(parts).join(', ')}.`);
    if (ifNeeded && isFresh(name)) continue;
    const start = Date.now();
    for (const config of part.configs()) await forPeople(() => build(config));
    mkdirSync(here('out'), { recursive: true });
    writeFileSync(stampOf(name), '');
    // What changed while it was built is built again the next time.
    utimesSync(stampOf(name), start / 1000, start / 1000);
    say(`built ${name} in ${((Date.now() - start) / 1000).toFixed(1)} s`);
  }
}

/**
 * Tests set NODE_ENV to "test", and then React's build for its developers, three times as slow, would lie in out/.
 * @param {() => Promise<unknown>} work
 */
async function forPeople(work) {
  const before = process.env.NODE_ENV;
  process.env.NODE_ENV = 'production';
  try {
    await work();
  } finally {
    if (before === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = before;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const named = process.argv.slice(2).filter((word) => !word.startsWith('--'));
  await buildParts(named.length > 0 ? named : Object.keys(parts), {
    ifNeeded: process.argv.includes('--if-needed'),
    say: console.log,
  });
}
