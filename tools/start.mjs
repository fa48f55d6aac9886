// `npm start`: builds what is not fresh and opens the app, on the desktop or, where Electron cannot be had, in a browser.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { buildParts } from './build.mjs';
import { endLike, endWith, root } from './node.mjs';

const REACHABLE_SECONDS = 4;
const shipped = path.join(root, 'node_modules/electron');

/** @typedef {{ browser: boolean, open: boolean, port: string | null, project: string | null }} Wish */

/**
 * @param {readonly string[]} words
 * @returns {Wish}
 */
export function readWish(words) {
  /** @type {Wish} */
  const wish = { browser: false, open: true, port: null, project: null };
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? '';
    if (word === '--browser') wish.browser = true;
    else if (word === '--no-open') wish.open = false;
    else if (word === '--port') wish.port = words[++i] ?? '';
    else if (word.startsWith('-')) throw new Error(`npm start knows --browser, --port N and --no-open, not ${word}.`);
    else wish.project = path.resolve(word);
  }
  return wish;
}

/** The program that Electron's package has fetched, or null. */
function electronProgram() {
  const named = path.join(shipped, 'path.txt');
  if (!existsSync(named)) return null;
  const program = path.join(shipped, 'dist', readFileSync(named, 'utf8').trim());
  return existsSync(program) ? program : null;
}

/** Why no window can be opened whatever is installed, or null. */
function noWindow() {
  const { platform, env } = process;
  if (platform !== 'linux') return null;
  if (!env.DISPLAY && !env.WAYLAND_DISPLAY) return 'there is no display';
  return process.getuid?.() === 0 ? 'Electron does not run as root' : null;
}

/** Electron's program where it was fetched and a window can be opened, or null. */
export const electronHere = () => (noWindow() === null ? electronProgram() : null);

/** True when the place that Electron's binary comes from answers soon. */
async function canFetch() {
  const { version } = JSON.parse(readFileSync(path.join(shipped, 'package.json'), 'utf8'));
  const from = process.env.ELECTRON_MIRROR ?? 'https://github.com/electron/electron/releases/download/';
  const signal = AbortSignal.timeout(REACHABLE_SECONDS * 1000);
  const answer = await fetch(`${from}v${version}/SHASUMS256.txt`, { method: 'HEAD', signal }).catch(() => null);
  return answer?.ok === true;
}

/**
 * Electron's program, fetched on the first start as its package does it; a sentence where it cannot be had.
 * @returns {Promise<{ program: string } | { why: string }>}
 */
async function findElectron() {
  const why = noWindow();
  if (why !== null) return { why };
  const there = electronProgram();
  if (there !== null) return { program: there };
  if (!existsSync(shipped)) return { why: 'Electron is not installed' };
  if (!(await canFetch())) return { why: 'its binary is not here and cannot be fetched' };
  console.log('Fetching Electron, once ...');
  spawnSync(process.execPath, [path.join(shipped, 'install.js')], { stdio: ['ignore', 'inherit', 'ignore'] });
  const program = electronProgram();
  return program === null ? { why: 'its binary could not be fetched' } : { program };
}

/**
 * @param {string} program
 * @param {Wish} wish
 */
async function onTheDesktop(program, { project }) {
  await buildParts(['renderer', 'electron'], { ifNeeded: true, say: console.log });
  const words = [path.join(root, 'out/electron/main.js'), `--loupe-node=${process.execPath}`];
  await untilItEnds(spawn(program, project === null ? words : [...words, project], { stdio: 'inherit' }));
}

/** @param {Wish} wish */
async function inTheBrowser({ open, port, project }) {
  await buildParts(['renderer'], { ifNeeded: true, say: console.log });
  const words = ['--disable-warning=ExperimentalWarning', path.join(root, 'main/cli.ts'), 'serve'];
  if (project !== null) words.push(project);
  if (port !== null) words.push('--port', port);
  const host = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  createInterface({ input: host.stdout }).once('line', (address) => {
    console.log(`Loupe is at ${address}  (Ctrl-C ends it)`);
    if (open && noWindow() === null && !process.env.CI) void addressFor(address).then(openBrowser);
  });
  await untilItEnds(host);
}

/**
 * The address with a code in the token's place, which is good once: the words that start a browser are in the list of
 * processes, where every user of the machine reads them.
 * @param {string} address
 */
export async function addressFor(address) {
  const [base = '', token = ''] = address.split('#');
  const headers = { Authorization: `Bearer ${token}` };
  const answer = await fetch(new URL('session/code', base), { method: 'POST', headers });
  if (!answer.ok) throw new Error(`The host gives no code: ${await answer.text()}`);
  return `${base}#${(await answer.text()).trim()}`;
}

/**
 * In the person's own browser; where that fails the printed address stands.
 * @param {string} address
 */
function openBrowser(address) {
  /** @type {Partial<Record<NodeJS.Platform, [string, ...string[]]>>} */
  const openers = { darwin: ['open', address], win32: ['rundll32', 'url.dll,FileProtocolHandler', address] };
  const [program, ...words] = openers[process.platform] ?? ['xdg-open', address];
  spawn(program, words, { stdio: 'ignore', detached: true })
    .on('error', () => {})
    .unref();
}

/**
 * Ctrl-C in a terminal reaches the child by itself; other signals are passed on.
 * @param {import('node:child_process').ChildProcess} child
 */
async function untilItEnds(child) {
  const inTerminal = process.stdin.isTTY === true;
  process.on('SIGINT', () => void (inTerminal || child.kill('SIGINT')));
  for (const signal of /** @type {const} */ (['SIGTERM', 'SIGHUP'])) process.on(signal, () => void child.kill(signal));
  endLike(
    await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) => resolve({ code, signal }));
    }),
  );
}

/** @param {readonly string[]} words */
async function start(words) {
  const wish = readWish(words);
  if (wish.browser) return inTheBrowser(wish);
  const found = await findElectron();
  if ('program' in found) return onTheDesktop(found.program, wish);
  console.log(`No desktop window: ${found.why}. The same app opens in the browser.`);
  return inTheBrowser(wish);
}

if (process.argv[1] === import.meta.filename) {
  try {
    await start(process.argv.slice(2));
  } catch (error) {
    endWith(error, 2);
  }
}
