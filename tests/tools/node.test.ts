import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { chooseNode, root, runtimes, stripsTypes } from '../../tools/node.mjs';

const folder = mkdtempSync(path.join(tmpdir(), 'loupe-node-'));
afterAll(() => rmSync(folder, { recursive: true }));

const launcher = path.join(root, 'tools/with-node.mjs');

/** A program of its own for a test: the text is its source. */
function program(name: string, text: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
}

const launch = (...args: string[]) => spawnSync(process.execPath, [launcher, ...args], { encoding: 'utf8' });

/** The exit of a launched program to which a signal is sent once it says that it is ready. */
async function interrupt(
  file: string,
  signal: NodeJS.Signals,
): Promise<{ code: number | null; signal: string | null; said: string }> {
  const child: ChildProcess = spawn(process.execPath, [launcher, file], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout?.on('data', (text: Buffer) => {
    said += text;
    if (String(text).includes('ready')) child.kill(signal);
  });
  return new Promise((resolve) => child.once('close', (code, by) => resolve({ code, signal: by, said })));
}

const machine = (changes: Partial<Parameters<typeof chooseNode>[0]> = {}) => ({
  platform: 'linux',
  arch: 'x64',
  version: '20.20.2',
  execPath: '/usr/bin/node',
  folders: [path.join(folder, 'node_modules')],
  ...changes,
});

describe('chooseNode', () => {
  it.each(Object.entries(runtimes))('takes the pinned one on %s', (target, name) => {
    const [platform = '', arch = ''] = target.split('-');
    const file = platform === 'win32' ? 'node.exe' : 'node';
    const pinned = path.join(folder, target, name, 'bin', file);
    mkdirSync(path.dirname(pinned), { recursive: true });
    writeFileSync(pinned, '');
    const folders = [path.join(folder, 'nowhere'), path.join(folder, target)];
    expect(chooseNode(machine({ platform, arch, folders, version: '24.1.0' }))).toBe(pinned);
  });

  it('takes the system one where nothing is pinned and it is new enough', () => {
    expect(chooseNode(machine({ arch: 'riscv64', version: '24.21.0' }))).toBe('/usr/bin/node');
    expect(chooseNode(machine({ version: '22.18.0' }))).toBe('/usr/bin/node');
  });

  it('says what to do where there is none', () => {
    expect(() => chooseNode(machine())).toThrow(/linux-x64.*20\.20\.2.*npm ci/);
    expect(() => chooseNode(machine({ platform: 'sunos' }))).toThrow(/sunos-x64/);
  });

  it('finds the one that came with the install', () => {
    expect(existsSync(chooseNode())).toBe(true);
  });
});

describe('stripsTypes', () => {
  it.each([
    ['20.20.2', false],
    ['22.17.1', false],
    ['22.18.0', true],
    ['23.5.0', false],
    ['23.6.0', true],
    ['24.0.0', true],
    ['26.10.0', true],
  ])('Node %s: %s', (version, strips) => expect(stripsTypes(version)).toBe(strips));
});

describe('with-node', () => {
  it('runs TypeScript on a Node of its own, and so do programs called node below it', () => {
    const file = program(
      'versions.ts',
      [
        "import { execSync } from 'node:child_process';",
        'const mine: string = process.version;',
        "console.log(mine, execSync('node --version', { encoding: 'utf8' }).trim());",
      ].join('\n'),
    );
    const [mine = '', below] = launch(file).stdout.trim().split(' ');
    expect(stripsTypes(mine.slice(1))).toBe(true);
    expect(below).toBe(mine);
  });

  it('passes arguments, stdout and the exit code through', () => {
    const { status, stdout } = launch(
      program('code.mjs', 'console.log(process.argv.slice(2)); process.exitCode = 7;'),
      'a b',
      '--c',
    );
    expect(status).toBe(7);
    expect(stdout).toBe("[ 'a b', '--c' ]\n");
  });

  it.each(['vitest', 'tsc', 'biome', 'oxlint', 'knip'])('knows %s', (command) => {
    const { status, stdout } = launch(command, '--version');
    expect(status).toBe(0);
    expect(stdout).toMatch(/\d+\.\d+/);
  });

  it('refuses a command that it does not know with one line', () => {
    const { status, stderr } = launch('webpack');
    expect(status).toBe(2);
    expect(stderr).toBe('with-node expects one of vitest, tsc, biome, oxlint, knip, or a file.\n');
  });

  it.skipIf(process.platform === 'win32').each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    'ends by %s as its program does',
    async (signal) => {
      const waits = program(`waits-${signal}.mjs`, "console.log('ready'); setInterval(() => {}, 1000);");
      expect(await interrupt(waits, signal)).toEqual({ code: null, signal, said: 'ready\n' });
    },
  );

  it.skipIf(process.platform === 'win32')('lets its program finish its work on SIGTERM', async () => {
    const tidies = program(
      'tidies.mjs',
      [
        "process.on('SIGTERM', () => { console.log('saved'); process.exit(5); });",
        "setInterval(() => {}, 1000); console.log('ready');",
      ].join('\n'),
    );
    expect(await interrupt(tidies, 'SIGTERM')).toEqual({ code: 5, signal: null, said: 'ready\nsaved\n' });
  });
});

describe('loupe', () => {
  it('runs the command line of this checkout from any folder', () => {
    const help = spawnSync(process.execPath, [path.join(root, 'tools/loupe.mjs'), '--help'], {
      encoding: 'utf8',
      cwd: folder,
    });
    expect(help.status).toBe(0);
    expect(help.stdout).toContain('segment');
  });
});
