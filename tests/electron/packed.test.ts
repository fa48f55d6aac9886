import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answer } from '../../electron/scheme.ts';
import { makeSampleProject } from '../../main/jobs/opening/sampleProject.ts';
import { buildParts } from '../../tools/build.mjs';

const root = path.resolve(import.meta.dirname, '../..');
const runs = process.platform === 'linux' && process.arch === 'x64';
if (!runs) console.warn('skipped: packing is tested on Linux x64 alone');

const folder = mkdtempSync(path.join(tmpdir(), 'loupe-packed-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** An archive of Electron's own format that holds nothing: sizes of the parts of its header, then the header. */
function emptyArchive(): Buffer {
  const header = Buffer.from(JSON.stringify({ files: {} }).padEnd(16, ' '));
  const sizes = Buffer.alloc(16);
  for (const [i, value] of [4, header.length + 8, header.length + 4, header.length].entries())
    sizes.writeUInt32LE(value, i * 4);
  return Buffer.concat([sizes, header]);
}

/** Electron's program holds its fuses behind this mark: a version, their number, and one character for each. */
const fuseMark = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX';

/** What the packer takes for an unpacked Electron; files are copied and fuses set as in a real one. */
function standInElectron(): string {
  const dist = path.join(folder, 'electron');
  mkdirSync(path.join(dist, 'locales'), { recursive: true });
  mkdirSync(path.join(dist, 'resources'));
  writeFileSync(path.join(dist, 'electron'), `#!/bin/sh\n${fuseMark}\x01\x09011111111`);
  chmodSync(path.join(dist, 'electron'), 0o755);
  writeFileSync(path.join(dist, 'version'), '45.3.4');
  writeFileSync(path.join(dist, 'locales/en-US.pak'), '');
  writeFileSync(path.join(dist, 'resources/default_app.asar'), emptyArchive());
  return dist;
}

/** Packs, and moves the result to where no checkout is. */
async function pack(): Promise<string> {
  const program = path.join(root, 'node_modules/electron-builder/cli.js');
  const out = path.join(folder, 'packed');
  const set = [`electronDist=${standInElectron()}`, `directories.output=${out}`];
  const words = [program, '--linux', 'dir', '--publish', 'never', ...set.map((one) => `-c.${one}`)];
  await promisify(execFile)(process.execPath, words, { cwd: root, maxBuffer: 1e8 });
  const elsewhere = path.join(folder, 'elsewhere');
  renameSync(path.join(out, 'linux-unpacked'), elsewhere);
  return path.join(elsewhere, 'resources');
}

/** Runs the packed host with the packed Node and no environment at all. */
function packedLoupe(resources: string, ...words: string[]) {
  const node = path.join(resources, 'bin/node');
  const cli = path.join(resources, 'app.asar.unpacked/out/host/cli.js');
  return promisify(execFile)(node, [cli, ...words], { cwd: folder, env: {}, maxBuffer: 1e8 });
}

const filesBelow = (top: string): string[] =>
  readdirSync(top, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(top, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'));

/** The tree of an archive, as its header states it. */
function archiveHeader(file: string): { files: Record<string, unknown> } {
  const bytes = readFileSync(file);
  return JSON.parse(bytes.toString('utf8', 16, 16 + bytes.readUInt32LE(12)));
}

describe.runIf(runs)('the packed app', () => {
  let resources = '';
  beforeAll(async () => {
    await buildParts(['renderer', 'electron', 'host'], { ifNeeded: true });
    resources = await pack();
  });

  it('brings its own Node and the natives of one platform', () => {
    const unpacked = filesBelow(path.join(resources, 'app.asar.unpacked'));
    const natives = unpacked.filter((file) => /\.(node|so(\.[\d.]+)?|dll|dylib)$/.test(file));
    expect(statSync(path.join(resources, 'bin/node')).mode & 0o100).toBe(0o100);
    expect(natives.filter((file) => /darwin|win32|arm64/.test(file))).toEqual([]);
    expect(natives.map((file) => file.split('node_modules/')[1]?.split('/')[0])).toEqual(
      expect.arrayContaining(['@img', 'better-sqlite3', 'onnxruntime-node']),
    );
  });

  it('ships what runs and nothing beside it', () => {
    const { files } = archiveHeader(path.join(resources, 'app.asar'));
    expect(Object.keys(files).sort()).toEqual([
      'LICENSE',
      'NOTICE',
      'node_modules',
      'out',
      'package.json',
      'resources',
    ]);
    const unpacked = filesBelow(path.join(resources, 'app.asar.unpacked'));
    expect(unpacked.filter((file) => /\.([cm]?ts|map)$|(^|\/)tests?\//.test(file))).toEqual([]);
  });

  it('blows the fuses', () => {
    const program = readFileSync(path.join(resources, '../loupe'), 'latin1');
    // Node mode, cookies encrypted, NODE_OPTIONS, inspector, integrity, archive alone, own snapshot, file powers, wasm.
    expect(program.slice(program.indexOf(fuseMark) + fuseMark.length + 2)).toBe('010011001');
  });

  it('starts its host in an empty environment', async () => {
    const { stdout } = await packedLoupe(resources, '--version');
    expect(stdout.trim()).toMatch(/^\d+\.\d+\.\d+$/);
  });

  it('segments with its own weights', async () => {
    const picture = path.join(resources, 'app.asar.unpacked/resources/sample/scene-02.jpg');
    const out = path.join(folder, 'segmented');
    const done = await packedLoupe(
      resources,
      'segment',
      picture,
      '--prompt',
      'the shirt',
      '--out',
      out,
      '--json',
    ).catch(
      // 1: nothing was found, which is an answer.
      (error: { code: number; stdout: string }) => error,
    );
    if ('code' in done) expect(done.code).toBe(1);
    expect(JSON.parse(done.stdout)).toMatchObject({ answer: expect.any(String) });
  });

  it('opens a project behind a socket, and shows its page and pictures', async () => {
    const project = makeSampleProject(folder);
    const cli = path.join(resources, 'app.asar.unpacked/out/host/cli.js');
    const socket = path.join(folder, 'host.socket');
    const host = spawn(path.join(resources, 'bin/node'), [cli, 'serve', project, '--socket', socket], {
      cwd: folder,
      env: { LOUPE_HOME: path.join(folder, 'home') },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    try {
      const [line] = await once(createInterface({ input: host.stdout }), 'line');
      const token = String(line).split('#')[1] ?? '';
      const ask = (address: string) =>
        answer(new Request(`app://loupe${address}`), folder, async () => ({ socket, token }));
      const picture = await ask('/images/1/thumbnail?v=1');
      expect([picture.status, picture.headers.get('content-type')]).toEqual([200, expect.stringMatching(/^image\//)]);
    } finally {
      host.stdin.end();
      await once(host, 'close');
    }
  });
});
