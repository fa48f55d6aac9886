import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, describe, expect, test } from 'vitest';
import { BadInput } from '../../../main/contract/badInput.ts';
import { drawStage, readCurves, writeCurves } from '../../../main/learn/loop/curves.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'loupe-curves-'));
afterAll(() => rmSync(folder, { recursive: true }));

const line = (value: unknown): string => `${JSON.stringify(value)}\n`;

/** A figure that follows a formula, as a stage with one reading every 25 steps. */
const course = (count: number, value: (i: number) => number) =>
  Array.from({ length: count }, (_, i) => ({ step: 25 * (i + 1), value: value(i) }));

/** All y coordinates of the line of a panel: the path with a stroke of 1.5. */
function heights(svg: string): number[] {
  const drawn = /<path d="M([^"]*)" fill="none"[^>]*stroke-width="1.5"/u.exec(svg)?.[1] ?? '';
  return drawn.split('L').map((point) => Number(point.split(' ')[1]));
}

const words = (svg: string): string[] => [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/gu)].map(([, text = '']) => text);

describe('readCurves', () => {
  const whole =
    line({ stage: 'tower', step: 25, loss: 3, hit: 0.1 }) +
    line({ stage: 'tower', step: 50, loss: 2, hit: 0.4 }) +
    line({ stage: 'rl', step: 10, reward: 2.5 });

  test('gathers readings by stage and figure, in the order of the file', () => {
    const stages = readCurves(whole);
    expect([...stages.keys()]).toEqual(['tower', 'rl']);
    expect([...(stages.get('tower')?.keys() ?? [])]).toEqual(['loss', 'hit']);
    expect(stages.get('tower')?.get('hit')).toEqual([
      { step: 25, value: 0.1 },
      { step: 50, value: 0.4 },
    ]);
    expect(stages.get('rl')?.get('reward')).toEqual([{ step: 10, value: 2.5 }]);
  });

  test.each([1, 2, 20, 40])('a last line that was cut short by %i characters costs only itself', (cut) => {
    const last = line({ stage: 'rl', step: 20, reward: 2.75, format: 0.99 });
    const cutShort = last.trimEnd().slice(0, -cut);
    expect(readCurves(whole + cutShort)).toEqual(readCurves(whole));
    expect(readCurves(whole + last)).not.toEqual(readCurves(whole));
  });

  test('a half line in the middle, left by a kill, costs only itself and what was glued to it', () => {
    const glued = `{"stage":"tower","st${line({ stage: 'tower', step: 75, loss: 1 })}`;
    const after = line({ stage: 'tower', step: 100, loss: 0.5 });
    const loss = readCurves(whole + glued + after)
      .get('tower')
      ?.get('loss');
    expect(loss?.map(({ step }) => step)).toEqual([25, 50, 100]);
  });

  test('steps that a resumed run did again are taken from the later run', () => {
    const first = [25, 50, 75, 100].map((step) => line({ stage: 'tower', step, loss: 1 })).join('');
    const again = [75, 100, 125].map((step) => line({ stage: 'tower', step, loss: 2 })).join('');
    expect(
      readCurves(first + again)
        .get('tower')
        ?.get('loss'),
    ).toEqual([
      { step: 25, value: 1 },
      { step: 50, value: 1 },
      { step: 75, value: 2 },
      { step: 100, value: 2 },
      { step: 125, value: 2 },
    ]);
  });

  test('keeps numbers only; JSON writes NaN as null', () => {
    const odd = line({ stage: 'a', step: 1, loss: Number.NaN, note: 'warm-up', list: [1], hit: 0.5 });
    expect([...(readCurves(odd).get('a')?.keys() ?? [])]).toEqual(['hit']);
  });

  test.each([
    '',
    '\n\n',
    'null',
    '[1]',
    '{"stage":"a"}',
    '{"stage":"../../etc","step":1,"loss":2}',
    '{"stage":"a","step":-1,"loss":2}',
    '{"stage":7,"step":1}',
  ])('%j holds no reading', (text) => {
    expect(readCurves(text).size).toBe(0);
  });
});

describe('drawStage', () => {
  test('a panel for each figure, named in words, with its last value', () => {
    const svg = drawStage(
      'tower',
      new Map([
        ['loss', course(40, (i) => 1 + 30 / (i + 1))],
        ['gradientNorm', course(40, () => 0.75)],
        ['gIoU', course(40, (i) => i / 50)],
        ['distance', course(40, (i) => 80 - i)],
      ]),
    );
    expect(words(svg)).toEqual(expect.arrayContaining(['tower: 1,000 steps', 'loss', 'gradient norm', 'gIoU']));
    expect(words(svg)).toEqual(expect.arrayContaining(['1.75', '0.75', '0.78', '41']));
    expect(words(svg).filter((word) => word === 'step')).toHaveLength(4);
    // Three beside each other, the fourth below.
    expect(svg.match(/<g transform="translate\(8 \d+\)">/gu)).toHaveLength(2);
  });

  test('the line falls where the figure falls, and stays inside the panel after the first steps', () => {
    const y = heights(drawStage('a', new Map([['loss', course(100, (i) => 2 + 40 * Math.exp(-i / 5))]])));
    expect(y).toHaveLength(100);
    expect(y).toEqual(y.toSorted((a, b) => a - b));
    expect(y.filter((height) => height < 0).length).toBeLessThanOrEqual(3);
    expect(Math.max(...y)).toBeLessThanOrEqual(118);
  });

  test('a long run is gathered into few points that keep its means, and a band keeps its spread', () => {
    const swinging = course(20_000, (i) => (i % 2 === 0 ? 1 : 3));
    const svg = drawStage('a', new Map([['loss', swinging]]));
    expect(heights(svg).length).toBeLessThanOrEqual(120);
    expect(new Set(heights(svg).slice(0, -1)).size).toBe(1);
    expect(svg).toContain('Z" fill="#1f6fb226"');
    expect(svg.length).toBeLessThan(12_000);
  });

  test.each([2, 0.8906, 7000])('no label of the axis stands twice where a figure stays at %d', (value) => {
    const svg = drawStage('a', new Map([['masks', course(30, () => value)]]));
    const labels = [...svg.matchAll(/x="-6"[^>]*>([^<]*)<\/text>/gu)].map(([, label = '']) => label);
    expect(labels.length).toBeGreaterThan(2);
    expect(new Set(labels).size).toBe(labels.length);
  });

  test('few readings are dots', () => {
    const svg = drawStage('a', new Map([['gIoU', course(4, (i) => 0.6 + i / 50)]]));
    expect(svg.match(/<circle/gu)).toHaveLength(4);
  });

  test.each([
    ['a figure that never changes', course(30, () => 0.5)],
    ['nothing but zeros', course(30, () => 0)],
    ['a single reading', course(1, () => 7)],
    ['a reading of step 0', [{ step: 0, value: 1 }]],
    ['tiny numbers', course(30, (i) => 1e-7 * (i + 1))],
    ['numbers below zero', course(30, (i) => -5 - i)],
    ['huge numbers', course(30, (i) => 1e12 * (i + 1))],
  ])('%s gives finite coordinates and readable ticks', (_, curve) => {
    const svg = drawStage('a', new Map([['loss', curve]]));
    expect(svg).not.toMatch(/NaN|Infinity|undefined/u);
    expect(words(svg).length).toBeGreaterThan(4);
    expect(words(svg).length).toBeLessThan(20);
  });

  test('a stage without a figure is a heading on white', () => {
    expect(words(drawStage('idle', new Map()))).toEqual(['idle: 0 steps']);
  });

  test('names from the file are text, not markup', () => {
    const svg = drawStage('a', new Map([['<script>"&', course(3, (i) => i)]]));
    expect(svg).not.toContain('<script>');
    expect(words(svg)).toContain('&#60;script&#62;&#34;&#38;');
  });

  test('every tick stands at its value', () => {
    const svg = drawStage('a', new Map([['hit', course(50, (i) => i / 49)]]));
    const rows = [...svg.matchAll(/<path d="M0 ([\d.]+)h230" stroke="#e4e8ec"\/><text[^>]*>([^<]+)</gu)];
    const found = rows.map(([, y, text]) => [Number(text), Number(y)] as const);
    expect(found.length).toBeGreaterThan(1);
    const line = heights(svg);
    for (const [value, y] of found) expect(y).toBeCloseTo(line[Math.round(value * 49)] ?? Number.NaN, -1);
  });
});

describe('writeCurves', () => {
  test('writes a picture a stage that an SVG reader can paint, light', async () => {
    const file = path.join(folder, 'curves.jsonl');
    const readings = course(30, (i) => 1 / (i + 1));
    const lines = readings.map(({ step, value }) => line({ stage: 'reasoner', step, loss: value, hit: 1 - value }));
    writeFileSync(file, `${lines.join('')}${line({ stage: 'rl', step: 5, reward: 2 })}{"stage":"rl","step":1`);
    const made = await writeCurves(file, path.join(folder, 'docs', 'curves'));
    expect(made.map((each) => path.basename(each))).toEqual(['reasoner.svg', 'rl.svg']);
    for (const each of made) {
      const { data, info } = await sharp(each).removeAlpha().raw().toBuffer({ resolveWithObject: true });
      const corner = (info.width * 12 + 12) * info.channels;
      expect([...data.subarray(corner, corner + 3)]).toEqual([255, 255, 255]);
      expect(data.some((value) => value < 64)).toBe(true);
    }
    expect(readFileSync(made[0] ?? '', 'utf8')).toContain('reasoner: 750 steps');
  });

  test('a file without a reading is refused by name, and nothing is made', async () => {
    const file = path.join(folder, 'empty.jsonl');
    writeFileSync(file, '{"stage":"tow');
    const to = path.join(folder, 'nothing');
    await expect(writeCurves(file, to)).rejects.toThrow(BadInput);
    await expect(writeCurves(file, to)).rejects.toThrow(/empty\.jsonl: has no line with a stage and a step/u);
    expect(existsSync(to)).toBe(false);
  });
});
