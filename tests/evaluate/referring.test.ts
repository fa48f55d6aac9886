// Items and figures of the referring sets: against the released evaluation's numbers, resumed, and refused for other weights.
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { BadInput } from '../../main/contract/badInput.ts';
import type { Box, DecodedImage, Mask } from '../../main/contract/records.ts';
import { fromBitmap, maskBox } from '../../main/contract/rle.ts';
import type { Expression } from '../../main/evaluate/expressions.ts';
import {
  evaluateReferring,
  figuresOf,
  measureReferring,
  type ReferringItem,
  type ReferringTask,
} from '../../main/evaluate/referring.ts';
import type { Proposal } from '../../main/flow/predictor.ts';
import { goldenJson, haveGolden } from '../golden.ts';
import { temporary } from '../hosting.ts';
import { fromBox, HEIGHT, WIDTH } from '../pictures/disc.ts';

const { folder, remove } = temporary('referring');
afterAll(remove);

const frame = { width: WIDTH, height: HEIGHT };
const image: DecodedImage = { ...frame, data: new Uint8Array(WIDTH * HEIGHT * 3) };
const box = { x1: 10, y1: 10, x2: 30, y2: 30 };
const half = { ...box, x2: 20 };

/** An answer in whose frame the picture is twice as large. */
function proposal(masks: readonly Mask[], boxes: readonly Box[]): Proposal {
  const [first] = boxes;
  const text = first
    ? JSON.stringify([{ bbox_2d: [first.x1, first.y1, first.x2, first.y2].map((at) => at * 2) }])
    : 'none';
  return {
    ...{ answer: { text, reasoning: '' }, frame: { width: WIDTH * 2, height: HEIGHT * 2 } },
    ...{ found: masks.length > 0 ? 'objects' : 'nothing', rewards: { format: 1 }, timings: { totalMs: 5 } },
    objects: masks.map((mask, i) => ({ mask, box: boxes[i] ?? maskBox(mask) })),
  };
}

/** Answers by the words of the question, and remembers what it was asked. */
function speaker(answers: Readonly<Record<string, Proposal>>) {
  const asked: string[] = [];
  const predict = async (_: DecodedImage, { text }: { text: string }) => {
    asked.push(text);
    const answer = answers[text];
    if (!answer) throw new BadInput(`nobody answers "${text}"`);
    return answer;
  };
  return { asked, predict };
}

const expression = (id: string, fields: Partial<Expression> = {}): Expression => ({
  ...{ id, picture: 'a.png', text: { papers: id, whole: id } },
  truth: () => ({ papers: fromBox(box), strict: fromBox(box), box }),
  ...fields,
});

const signal = new AbortController().signal;
const task = (fields: object = {}) => ({ signal, read: async () => image, ...fields });

describe('an item', () => {
  it('is counted by both definitions, and its box in the frame that the reasoner sees', async () => {
    const { predict } = speaker({ cup: proposal([fromBox(half)], [half]) });
    const { papers, strict, count, medianMs } = await measureReferring({ predict }, [expression('cup')], task());
    expect(papers.gIoU).toBeCloseTo(0.5, 5);
    expect(papers).toEqual({ ...strict, gIoU: papers.gIoU });
    expect([papers.boxIoU, papers.box50, count, medianMs]).toEqual([0.5, 1, 1, 5]);
  });

  it('of several objects is the union of their masks; the first box counts', async () => {
    const [left, right] = [half, { ...box, x1: 20 }];
    const { predict } = speaker({ cups: proposal([fromBox(left), fromBox(right)], [left, right]) });
    const { papers } = await measureReferring({ predict }, [expression('cups')], task());
    expect([papers.cIoU, papers.boxIoU]).toEqual([expect.closeTo(1, 6), 0.5]);
  });

  it('is asked twice where the papers ask other words, and ignored pixels count in the papers alone', async () => {
    const { predict, asked } = speaker({ th: proposal([], []), This: proposal([fromBox(box)], [box]) });
    const ignored = fromBox({ ...box, x1: 20 });
    const truth = () => ({ papers: fromBox(half), strict: fromBox(half), ignored, box: half });
    const two = expression('1', { text: { papers: 'th', whole: 'This' }, truth });
    const { papers, strict } = await measureReferring({ predict }, [two], task());
    expect(asked).toEqual(['th', 'This']);
    expect([papers.gIoU, strict.gIoU]).toEqual([0, expect.closeTo(1, 4)]);
  });

  it('of nothing is right where nothing is said', async () => {
    const { predict } = speaker({ cat: proposal([], []) });
    const nothing: Mask = { size: [HEIGHT, WIDTH], counts: [HEIGHT * WIDTH] };
    const none = expression('cat', { kind: 'none', truth: () => ({ papers: nothing, strict: nothing, box: null }) });
    const { papers, kinds } = await measureReferring({ predict }, [none], task());
    expect([papers.gIoU, papers.box50, kinds.none?.count]).toEqual([1, 1, 1]);
  });
});

describe('the file of items', () => {
  const answers = Object.fromEntries(['a', 'b', 'c', 'd'].map((id) => [id, proposal([fromBox(half)], [half])]));
  const all = ['a', 'b', 'c', 'd'].map((id) => expression(id));
  const kept = (name: string, fields: Partial<ReferringTask> = {}): ReferringTask => ({
    ...{ ...task(), set: 'refcoco val', weights: 'toy 1', items: path.join(folder, name) },
    ...fields,
  });

  it('is gone on with by the next run, without what was killed half-way', async () => {
    const abort = new AbortController();
    const stops = { signal: abort.signal, progress: (done: number) => done === 2 && abort.abort() };
    await expect(evaluateReferring(speaker(answers), all, kept('items.jsonl', stops))).rejects.toThrow(/abort/i);
    const file = path.join(folder, 'items.jsonl');
    await writeFile(file, `${await readFile(file, 'utf8')}{"id": "c", "te`);
    const second = speaker(answers);
    const figures = await evaluateReferring(second, all, kept('items.jsonl'));
    expect([second.asked, figures.count]).toEqual([['c', 'd'], 4]);
    const third = speaker({});
    expect(await evaluateReferring(third, all, kept('items.jsonl'))).toEqual(figures);
    expect(third.asked).toEqual([]);
    const lines = (await readFile(file, 'utf8')).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).id ?? JSON.parse(line).set)).toEqual([
      'refcoco val',
      'a',
      'b',
      'c',
      'd',
    ]);
  });

  it('tells what failed, which the next run tries again', async () => {
    const { a, b } = answers;
    const figures = await evaluateReferring(speaker({ a, b } as never), all.slice(0, 3), kept('failed.jsonl'));
    expect([figures.count, figures.failed]).toEqual([2, ['c: nobody answers "c"']]);
    const again = speaker(answers);
    expect((await evaluateReferring(again, all.slice(0, 3), kept('failed.jsonl'))).failed).toEqual([]);
    expect(again.asked).toEqual(['c']);
  });

  it('of other weights, of another split, or of something else is not touched', async () => {
    await evaluateReferring(speaker(answers), all.slice(0, 1), kept('mine.jsonl'));
    const before = await readFile(path.join(folder, 'mine.jsonl'), 'utf8');
    for (const other of [{ weights: 'toy 2' }, { set: 'refcoco testA' }])
      await expect(evaluateReferring(speaker(answers), all, kept('mine.jsonl', other))).rejects.toThrow(
        /is of refcoco val by toy 1; name another one with --items/,
      );
    expect(await readFile(path.join(folder, 'mine.jsonl'), 'utf8')).toBe(before);
    await writeFile(path.join(folder, 'notes.txt'), 'my notes\n');
    await expect(evaluateReferring(speaker(answers), all, kept('notes.txt'))).rejects.toThrow(
      /is no file of measured items/,
    );
  });
});

interface IouCase {
  readonly kind: string;
  readonly prediction: readonly string[];
  readonly target: readonly string[];
}

describe.skipIf(!haveGolden)('golden metrics/iou.json (skipped: no ../shared)', () => {
  const marked = (rows: readonly string[], marks: string) =>
    fromBitmap(
      Uint8Array.from(rows.join(''), (mark) => (marks.includes(mark) ? 1 : 0)),
      rows[0]?.length ?? 0,
      rows.length,
    );

  it('is met by whole items, with what is to be ignored left out', async () => {
    const { cases, totals, tolerance } = goldenJson<{
      cases: readonly IouCase[];
      totals: { count: number; ciou: number; giou: number };
      tolerance: number;
    }>('metrics', 'iou.json');
    const answers = Object.fromEntries(
      cases.map(({ prediction }, i) => [String(i), proposal([marked(prediction, '1')], [])]),
    );
    const expressions = cases.map(({ target }, i) => {
      const meant = marked(target, '1');
      return expression(String(i), {
        picture: String(i),
        truth: () => ({ papers: meant, strict: meant, ignored: marked(target, 'x'), box: null }),
      });
    });
    const sized = async (i: string) => {
      const rows = cases[Number(i)]?.target ?? [];
      return { width: rows[0]?.length ?? 0, height: rows.length, data: new Uint8Array() };
    };
    const { strict, count } = await measureReferring(speaker(answers), expressions, task({ read: sized }));
    expect(count).toBe(totals.count);
    expect(Math.abs(strict.cIoU - totals.ciou)).toBeLessThan(tolerance);
    expect(Math.abs(strict.gIoU - totals.giou)).toBeLessThan(tolerance);
  });
});

it('figures of no item are zeros', () => {
  const none: ReferringItem[] = [];
  expect(figuresOf(none)).toMatchObject({ count: 0, papers: { gIoU: 0, cIoU: 0, box50: 0, boxIoU: 0 }, kinds: {} });
});
