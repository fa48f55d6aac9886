// `loupe eval refcoco` and its like from the shell's words: small sets of the exact formats asked by toy weights.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addReferring, referringTable } from '../../../main/commands/eval/evalReferring.ts';
import { compress } from '../../../main/contract/cocoMask.ts';
import { found, pictures, weightsSaying } from '../../engine/weights.ts';
import { pickled } from '../../evaluate/pickled.ts';
import { saved } from '../../formats/reads.ts';
import { temporary } from '../../hosting.ts';
import { disc } from '../../pictures/disc.ts';
import { ran } from '../inProcess.ts';

const { folder, remove } = temporary('eval-referring');
afterAll(remove);
const at = (...names: string[]) => path.join(folder, ...names);

let weights: string;
beforeAll(async () => {
  weights = await weightsSaying(folder, [found]);
  await pictures(at('pictures'), 2);
});

const loupe = (...words: string[]) => ran([addReferring], [...words, '--images', at('pictures'), '--weights', weights]);

describe('eval', () => {
  it('of RefCOCO asks every sentence, keeps each, and goes on', async () => {
    mkdirSync(at('refcoco'));
    const references = [0, 1].map((i) => ({
      ...{
        ref_id: i,
        ann_id: 10 + i,
        category_id: 1,
        image_id: i,
        split: 'val',
        file_name: `disc-${i}.png`,
        sent_ids: [i],
      },
      sentences: [{ sent_id: i, sent: 'the dog', raw: 'the dog', tokens: ['the', 'dog'] }],
    }));
    writeFileSync(at('refcoco', 'refs(unc).p'), pickled(references, 0));
    saved(folder, 'refcoco/instances.json', {
      images: [0, 1].map((id) => ({ id, file_name: `disc-${id}.png`, width: 72, height: 60 })),
      annotations: [0, 1].map((i) => ({
        id: 10 + i,
        image_id: i,
        bbox: [28, 20, 16, 16],
        segmentation: [[28, 20, 44, 20, 44, 36, 28, 36]],
      })),
    });
    const words = ['refcoco', at('refcoco'), '--split', 'val', '--items', at('items.jsonl')];
    const { code, out } = await loupe(...words);
    expect(code).toBe(0);
    expect(out).toMatch(
      /^refcoco val +sentences +gIoU +cIoU +box>=0\.5 +box IoU\nas in the papers +2 .*\nmore strictly +2 /,
    );
    expect(readFileSync(at('items.jsonl'), 'utf8').trim().split('\n')).toHaveLength(3);
    const again = JSON.parse((await loupe(...words, '--json')).out);
    expect(again).toMatchObject({ set: 'refcoco val', weights: 'loupe-nano', count: 2, failed: [] });
    expect(readFileSync(at('items.jsonl'), 'utf8').trim().split('\n')).toHaveLength(3);
    const file = saved(folder, 'written.json', { predictions: [{ sent: 'left person', ref_id: 1 }] });
    const taken = await loupe(...words, '--sentences', file);
    expect([taken.code, taken.line]).toEqual([2, expect.stringMatching(/is of refcoco val by .*--items/)]);
    const own = ['--items', at('written.jsonl'), '--sentences', file, '--json'];
    const written = JSON.parse((await loupe('refcoco', at('refcoco'), '--split', 'val', ...own)).out);
    expect(written).toMatchObject({
      set: 'refcoco val',
      count: 1,
      failed: ['reference 0: written.json: says nothing of it'],
    });
    expect((await loupe(...words, '--sentences', at('nowhere.json'))).line).toMatch(
      /nowhere\.json: there is no such file/,
    );
    expect((await loupe('reasonseg', at('reason'), '--sentences', file)).line).toMatch(/unknown option/);
  }, 60_000);

  it('of GroundingSuite tells its kinds apart', async () => {
    const { truth } = disc(8);
    const line = {
      idx: 1,
      image_path: 'unlabeled2017/disc-0.png',
      class_id: 4,
      label: 'dog',
      caption: 'The dog is here.',
    };
    const whole = { ...line, box: [28, 20, 44, 36], segmentation: { size: [60, 72], counts: compress(truth) } };
    saved(folder, 'dev.jsonl', `${JSON.stringify(whole)}\n`);
    const { out } = await loupe('groundingsuite', at('dev.jsonl'), '--items', at('gs.jsonl'));
    expect(out).toMatch(/\n {2}single +1 /);
  }, 60_000);

  it('leaves out the sentences of a picture that is missing, and tells which, even where it is the first', async () => {
    const line = { class_id: 4, caption: 'dog', box: [28, 20, 44, 36] };
    const segmentation = { size: [60, 72], counts: compress(disc(8).truth) };
    const of = (idx: number, name: string) =>
      JSON.stringify({ ...line, idx, image_path: `unlabeled2017/${name}.png`, segmentation });
    saved(folder, 'holes.jsonl', `${of(1, 'absent')}\n${of(2, 'disc-0')}\n`);
    const { code, out } = await loupe('groundingsuite', at('holes.jsonl'), '--items', at('holes-items.jsonl'));
    expect(code).toBe(1);
    expect(out).toMatch(/as in the papers +1 /);
    expect(out).toMatch(/\nthese figures are not of the whole set: 1 left out, 1 measured\nleft out: 1: .*absent\.png/);
  }, 60_000);

  it('tells what of the set could not be read in the table, in the document and once in the file of items', async () => {
    const line = { class_id: 4, caption: 'dog', box: [28, 20, 44, 36], image_path: 'unlabeled2017/disc-0.png' };
    const segmentation = { size: [60, 72], counts: compress(disc(8).truth) };
    saved(folder, 'cut.jsonl', `${JSON.stringify({ ...line, idx: 1, segmentation })}\n{"idx": 2, "ima`);
    const words = ['groundingsuite', at('cut.jsonl'), '--items', at('cut-items.jsonl')];
    const { code, out } = await loupe(...words);
    expect([code, out]).toEqual([
      1,
      expect.stringMatching(/1 left out, 1 measured\nleft out: entry 2: cut\.jsonl: is cut/),
    ]);
    const again = await loupe(...words, '--json');
    expect([again.code, JSON.parse(again.out)]).toMatchObject([
      1,
      { count: 1, failed: [expect.stringMatching(/^entry 2: cut\.jsonl: is cut short/)] },
    ]);
    const items = readFileSync(at('cut-items.jsonl'), 'utf8').trim().split('\n');
    expect(items.map((one) => JSON.parse(one).id)).toEqual([undefined, 'entry 2', '1']);
  }, 60_000);

  it('is not begun where all pictures or the set are missing, or by a split that the set does not have', async () => {
    const elsewhere = await loupe('groundingsuite', at('nowhere.jsonl'));
    expect([elsewhere.code, elsewhere.line]).toEqual([
      2,
      expect.stringMatching(/nowhere\.jsonl: there is no such file/),
    ]);
    saved(folder, 'reason/val/lost.json', { text: ['what?'], shapes: [] });
    const lost = await loupe('reasonseg', at('reason'));
    expect([lost.code, lost.line]).toEqual([2, expect.stringMatching(/lost\.jpg: is not there; --images names/)]);
    expect((await loupe('refcocog', at('refcoco'), '--split', 'testA')).line).toMatch(
      /Allowed choices are val, test, train/,
    );
  });
});

it('a table tells what was left out', () => {
  const one = { gIoU: 0.5, cIoU: 0.25, box50: 1, boxIoU: 0.75 };
  const figures = { count: 3, papers: one, strict: one, kinds: {}, unreadable: 1, medianMs: 12, failed: ['4-0: no'] };
  expect(referringTable('refcoco val', figures)).toBe(
    [
      'refcoco val            sentences      gIoU      cIoU  box>=0.5   box IoU',
      'as in the papers               3     0.500     0.250     1.000     0.750',
      'more strictly                  3     0.500     0.250     1.000     0.750',
      '1 answers cannot be read; median 12 ms',
      'these figures are not of the whole set: 1 left out, 3 measured',
      'left out: 4-0: no\n',
    ].join('\n'),
  );
});
