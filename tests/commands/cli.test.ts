import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { haveMaterial, material } from '../golden.ts';

const root = path.resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(path.join(tmpdir(), 'loupe-cli-'));
const image = path.join(folder, 'grey.png');
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(async () => {
  await sharp({ create: { width: 64, height: 48, channels: 3, background: '#777777' } })
    .png()
    .toFile(image);
});

interface End {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function loupe(...words: string[]): Promise<End> {
  const child = spawn(process.execPath, [path.join(root, 'main/cli.ts'), ...words], { cwd: folder });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** One line on stderr, nothing on stdout, exit status 2. */
async function refused(words: readonly string[], reason: string | RegExp): Promise<void> {
  const { code, stdout, stderr } = await loupe(...words);
  expect(stderr).toMatch(/^loupe: [^\n]+\n$/u);
  expect(stderr).toMatch(reason);
  expect(stderr).not.toMatch(/\n\s+at /u);
  expect([code, stdout]).toEqual([2, '']);
}

test('help loads no library of pictures, databases or models: every command waits for what is loaded at its start', async () => {
  const program = [
    "import { createRequire } from 'node:module';",
    `process.argv.push('--help');`,
    `await import(${JSON.stringify(pathToFileURL(path.join(root, 'main/cli.ts')).href)});`,
    'const { cache } = createRequire(process.execPath);',
    'const heavy = () => Object.keys(cache).filter((file) => /sharp|better-sqlite3|onnxruntime-node/u.test(file)).length;',
    'console.error(heavy());',
    // What is loaded is seen.
    "await import('sharp');",
    'console.error(heavy() > 0);',
  ].join('\n');
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { cwd: root });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  await once(child, 'close');
  expect(stdout).toMatch(/^Usage: loupe/u);
  expect(stderr).toBe('0\ntrue\n');
});

const asking = (...words: string[]): string[] => ['segment', image, '--prompt', 'a cup', ...words];

describe('usage', () => {
  test('help names every command, version is a number', async () => {
    const help = await loupe('--help');
    expect(help.code).toBe(0);
    const commands = ['segment', 'eval', 'bench', 'train', 'serve', 'import', 'export', 'verify', 'prelabel', 'scenes'];
    for (const name of commands) expect(help.stdout).toContain(`  ${name}`);
    const version = await loupe('--version');
    expect([version.code, version.stderr]).toEqual([0, '']);
    expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/u);
  });

  test('help of segment names its options', async () => {
    const { stdout } = await loupe('segment', '--help');
    const options = ['prompt', 'out', 'json', 'samples', 'box', 'point', 'weights', 'provider', 'seed', 'temperature'];
    for (const name of options) expect(stdout).toContain(`--${name}`);
  });

  test('no command at all shows the help on stderr and fails', async () => {
    const { code, stdout, stderr } = await loupe();
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('Usage: loupe');
  });

  test.each<[string[], string]>([
    [['frobnicate'], "unknown command 'frobnicate'"],
    [['segment'], '--prompt <text>'],
    [['segment', '--prompt', 'x'], "missing required argument 'image'"],
    [['segment', 'a.png', 'b.png', '--prompt', 'x'], 'too many arguments'],
    [['segment', 'a.png', '--prompt', 'x', '--jsn'], 'Did you mean --json?'],
    [['segment', 'a.png', '--prompt'], 'argument missing'],
    [['eval', 'scenes', '--count', '3'], '--seed <number>'],
    [['eval', 'scenes', '--seed', '1', '--count', '0'], 'from 1 to'],
  ])('%j', async (words, reason) => {
    await refused(words, reason);
  });
});

describe('segment refuses', () => {
  test('an empty prompt, before it looks at the image', async () => {
    await refused(['segment', 'nowhere.png', '--prompt', ' \t '], 'the prompt is empty');
    await refused(['segment', 'nowhere.png', '--prompt', 'x'.repeat(4001)], '4001 characters');
  });

  test('a missing file, a folder and a text', async () => {
    await refused(['segment', 'nowhere.png', '--prompt', 'x'], 'nowhere.png: no such file');
    await refused(['segment', '.', '--prompt', 'x'], 'is a folder');
    writeFileSync(path.join(folder, 'text.jpg'), 'hello');
    await refused(['segment', 'text.jpg', '--prompt', 'x'], 'text.jpg: is not an image');
  });

  test.each<[string[], string]>([
    [['--box', '1,2,3'], 'four numbers'],
    [['--box', '9,9,1,1'], 'x1 must be less than x2'],
    [['--box', '0,0,65,10'], 'reaches outside'],
    [['--box', '-1,0,5,5'], 'reaches outside'],
    [['--point', '64,3'], 'lies outside'],
    [['--point', '3,4', '--point', '3,-1,-'], 'point 3,-1 lies outside'],
    [['--point', '3,4,*'], 'x,y'],
    [['--samples', '0'], 'from 1 to 64'],
    [['--seed', 'x'], 'whole number'],
    [['--temperature', '-1'], 'from 0 to 10'],
    [['--provider', 'abacus'], 'Allowed choices are cpu, webgpu, cuda, dml, coreml'],
  ])('%j', async (words, reason) => {
    await refused(asking(...words), reason);
  });

  test('a place it cannot write to', async () => {
    await refused(asking('--out', image), `${image}: cannot be written to`);
  });

  test('weights that are not there or no folder', async () => {
    await refused(asking('--weights', 'nowhere'), /nowhere: no such weights folder/u);
    await refused(asking('--weights', image), /is a file/u);
  });

  test('with --json as without: stdout stays empty', async () => {
    await refused(asking('--json', '--box', '0,0,65,10'), 'reaches outside');
    await refused(['segment', 'nowhere.png', '--prompt', 'x', '--json'], 'no such file');
  });
});

describe.skipIf(!haveMaterial)('segment refuses each damaged picture of the world', () => {
  const damaged = [
    'bmp_b_badwidth.bmp',
    'broken_data_stream.png',
    'decompression_bomb.gif',
    'lab.tif',
    'truncated_image.png',
    'truncated_jpeg.jpg',
    'vips_17000x17000.avif',
    'vips_truncated.gif',
    'zero_width.gif',
  ];
  test.each(damaged)('%s', async (name) => {
    const file = material('badinput/images', name);
    await refused(['segment', file, '--prompt', 'a cup'], name);
  });
});

test('no run that was refused left a log or a result behind', () => {
  expect(readdirSync(folder).filter((name) => !['grey.png', 'text.jpg', 'out'].includes(name))).toEqual([]);
});
