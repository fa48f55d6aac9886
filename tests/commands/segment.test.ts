// `loupe segment` with the released weights, as a person runs it: files, JSON, exit codes, and what a wrong folder gives.
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { verifyCocoFile } from '../../main/formats/coco/cocoVerify.ts';

const root = path.resolve(import.meta.dirname, '../..');
const weights = path.join(root, 'resources/weights/loupe-nano');
const released = existsSync(path.join(weights, 'model.safetensors'));
if (!released) console.warn('skipped: no released weights');

const folder = mkdtempSync(path.join(tmpdir(), 'loupe-segment-'));
const scene = path.join(root, 'resources/sample/scene-01.jpg');
const prompt = 'please select the volleyball';
afterAll(() => rmSync(folder, { recursive: true }));

function loupe(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(root, 'main/cli.ts'), ...args], {
    encoding: 'utf8',
    timeout: 100_000,
  });
  return { status, stdout, stderr };
}

const Printed = z.object({
  answer: z.enum(['found', 'nothing']),
  reasoning: z.string().min(1),
  objects: z.array(
    z.object({
      box: z.object({ x1: z.number(), y1: z.number(), x2: z.number(), y2: z.number() }),
      label: z.string().optional(),
      mask: z.object({ counts: z.string(), size: z.tuple([z.number(), z.number()]) }),
      area: z.number(),
    }),
  ),
  box: z.object({ x1: z.number(), y1: z.number(), x2: z.number(), y2: z.number() }).nullable(),
  mask: z.object({ counts: z.string(), size: z.tuple([z.number(), z.number()]) }).nullable(),
  area: z.number(),
  rewards: z.object({ format: z.number() }),
  device: z.literal('cpu'),
  timings: z.record(z.string(), z.number()),
  note: z.string().optional(),
});

describe.skipIf(!released)('segment', () => {
  test('says of a word that the model does not know that it does, in words and in JSON', () => {
    const ask = (...more: string[]) =>
      loupe('segment', scene, '--prompt', 'the skier', '--out', path.join(folder, 'unknown'), ...more);
    const [text, json] = [ask(), ask('--json')];
    expect([text.status, json.status]).toEqual([1, 1]);
    expect(text.stdout).toMatch(/^loupe-nano does not know 'skier'\..*\n\nanswer {3}not asked: unknown skier\n/u);
    expect(JSON.parse(json.stdout)).toMatchObject({ answer: 'nothing', unknownWords: ['skier'], objects: [] });
  });

  test('prints one JSON document and writes overlay, mask and a COCO file', async () => {
    const out = path.join(folder, 'json');
    const run = loupe('segment', scene, '--prompt', prompt, '--out', out, '--json');
    const printed = Printed.parse(JSON.parse(run.stdout));
    expect(run.status).toBe(printed.answer === 'found' ? 0 : 1);
    expect(printed.objects.map(({ mask, area }) => [mask, area])).toEqual(
      printed.mask ? [[printed.mask, printed.area]] : [],
    );
    expect(run.stderr).toBe('');
    for (const file of ['overlay.png', 'mask.png', 'coco.json']) expect(existsSync(path.join(out, file))).toBe(true);
    expect((await verifyCocoFile(path.join(out, 'coco.json'))).problems).toEqual([]);
  });

  test('the reasoning names places in pixels of the picture, as the boxes do', () => {
    const ask = (...more: string[]) =>
      loupe('segment', scene, '--prompt', prompt, '--out', path.join(folder, 'places'), ...more).stdout;
    const { reasoning, objects } = Printed.parse(JSON.parse(ask('--json')));
    const [box] = objects.map((one) => Object.values(one.box).map(Math.round).join(', '));
    expect(reasoning).toContain(`volleyball 2 [${box}]`);
    expect(ask()).toContain(`volleyball 2 [${box}]`);
  });

  test('a box and clicks give a mask near them, whatever the words', () => {
    const args = ['--box', '100,100,300,300', '--point', '200,200', '--point', '110,110,-'];
    const run = loupe('segment', scene, '--prompt', prompt, ...args, '--out', path.join(folder, 'box'), '--json');
    const printed = Printed.parse(JSON.parse(run.stdout));
    expect(run.status).toBe(0);
    expect(printed.area).toBeGreaterThan(0);
    expect(printed.area).toBeLessThan(1.3 * 200 * 200);
  });

  test('a picture of another kind than the words were learnt on is told with the answer', () => {
    const unlike = path.join(folder, 'unlike');
    mkdirSync(unlike);
    for (const file of ['config.json', 'tokenizer.json', 'model.safetensors'])
      copyFileSync(path.join(weights, file), path.join(unlike, file));
    const record = JSON.parse(readFileSync(path.join(weights, 'pictures.json'), 'utf8'));
    writeFileSync(path.join(unlike, 'pictures.json'), JSON.stringify({ ...record, bias: 1e6 }));
    const args = ['segment', scene, '--prompt', prompt, '--weights', unlike, '--out', path.join(unlike, 'out')];
    expect(loupe(...args).stdout).toContain('This picture is unlike those that the model learnt its words on');
    expect(JSON.parse(loupe(...args, '--json').stdout)).toMatchObject({ unlikePicture: true });
    expect(loupe('segment', scene, '--prompt', prompt, '--out', folder).stdout).not.toContain('is unlike those');
  });

  test('several answers to what a detector or a box decides are one, and that is told', () => {
    const sure = path.join(folder, 'sure');
    cpSync(weights, sure, { recursive: true });
    const record = JSON.parse(readFileSync(path.join(weights, 'pictures.json'), 'utf8'));
    writeFileSync(path.join(sure, 'pictures.json'), JSON.stringify({ ...record, bias: 1e6 }));
    const ask = (...more: string[]) =>
      loupe('segment', scene, '--prompt', 'the person', '--weights', sure, '--out', path.join(sure, 'out'), ...more);
    const sentence = 'One answer stands for the 3 that were asked for: ';
    expect(ask('--samples', '3').stdout).toContain(`\nnote     ${sentence}`);
    expect(JSON.parse(ask('--samples', '3', '--json').stdout).note).toContain(sentence);
    expect(JSON.parse(ask('--samples', '3', '--box', '9,9,90,90', '--json').stdout).note).toContain(sentence);
    expect(JSON.parse(ask('--json').stdout).note).toBeUndefined();
  });

  test('the same seed gives the same answers, drawn several at a time', () => {
    const args = ['segment', scene, '--prompt', prompt, '--samples', '3', '--seed', '7', '--out', folder, '--json'];
    const [a, b] = [loupe(...args), loupe(...args)].map(({ stdout }) => Printed.parse(JSON.parse(stdout)));
    expect({ ...a, timings: {} }).toEqual({ ...b, timings: {} });
    expect(a).not.toHaveProperty('note');
  });

  test.each([
    ['cut weights', (file: string) => writeFileSync(file, readFileSync(file).subarray(0, 1_000_000))],
    [
      'a lying header',
      (file: string) => writeFileSync(file, Buffer.concat([Buffer.alloc(8, 255), readFileSync(file)])),
    ],
    ['no weights', (file: string) => rmSync(file)],
  ])('%s end in one line and status 2', (_, spoil) => {
    const bad = path.join(folder, 'bad');
    rmSync(bad, { recursive: true, force: true });
    mkdirSync(bad);
    for (const file of ['config.json', 'tokenizer.json', 'model.safetensors'])
      copyFileSync(path.join(weights, file), path.join(bad, file));
    spoil(path.join(bad, 'model.safetensors'));
    const run = loupe('segment', scene, '--prompt', prompt, '--weights', bad, '--out', folder);
    expect(run.status).toBe(2);
    expect(run.stderr.trim().split('\n')).toHaveLength(1);
    expect(run.stderr).toContain(bad);
    expect(run.stderr).not.toContain('    at ');
  });
});
