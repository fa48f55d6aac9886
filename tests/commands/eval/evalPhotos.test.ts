// `loupe eval photos --set` on photographs painted by the test: figures, and sheets of the best, median and worst masks.
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addEval } from '../../../main/commands/eval/eval.ts';
import { fromPolygon } from '../../../main/contract/polygon.ts';
import { saved } from '../../formats/reads.ts';
import { paint, temporary } from '../../hosting.ts';
import { ran } from '../inProcess.ts';

const { folder, remove } = temporary('eval-photos');
afterAll(remove);

const set = path.join(folder, 'set');
const none = ['--grabcuts', '0', '--clicks', '0', '--repairs', '0', '--words', '0'];
const evalPhotos = (...words: string[]) => ran([addEval], ['eval', 'photos', ...words]);

beforeAll(async () => {
  const images = [1, 2].map((id) => ({ id, file_name: `pictures/${id}.png`, width: 60, height: 40 }));
  const annotations = images.map(({ id }) => ({
    ...{ id, image_id: id, category_id: 1 },
    segmentation: [[10, 10, 40, 10, 40, 30, 10, 30]],
  }));
  saved(set, 'tiny.json', { images, annotations, categories: [{ id: 1, name: 'tea & cup' }] });
  for (const { file_name, width, height } of images) {
    saved(set, file_name, '');
    await paint(path.join(set, file_name), { width, height });
  }
});

describe('eval photos --pictures', () => {
  it('draws three sheets of the masks under true boxes, and says the same figures', async () => {
    const pictures = path.join(folder, 'new', 'sheets');
    const { code, line, out } = await evalPhotos('--set', set, ...none, '--json', '--pictures', pictures);
    expect([code, line]).toEqual([0, null]);
    const figures = JSON.parse(out);
    expect(figures.sets.tiny.boxToMask.count).toBe(2);
    expect((await readdir(pictures)).sort()).toEqual(['best.svg', 'median.svg', 'worst.svg']);
    const worst = await readFile(path.join(pictures, 'worst.svg'), 'utf8');
    expect(worst).toContain('The worst 2 of 2 masks under true boxes');
    expect(worst).toContain('tea &#38; cup');
    expect(worst.match(/<image /gu)).toHaveLength(2);
    const ious = [...worst.matchAll(/IoU (\d\.\d{3})</gu)].map(([, iou]) => Number(iou));
    expect(ious).toHaveLength(2);
    const mean = ious.reduce((sum, iou) => sum + iou, 0) / 2;
    expect(mean).toBeCloseTo(figures.overall.boxToMask.mIoU, 3);
  });

  it('draws on plain ground where the photographs may not be shown', async () => {
    const pictures = path.join(folder, 'plain');
    const { code } = await evalPhotos('--set', set, ...none, '--pictures', pictures, '--without-photographs');
    expect(code).toBe(0);
    for (const name of await readdir(pictures))
      expect(await readFile(path.join(pictures, name), 'utf8')).not.toContain('<image');
  });

  it('refuses what draws nothing, before anything is measured', async () => {
    const { code, line } = await evalPhotos('--pictures', path.join(folder, 'x'));
    expect([code, line]).toEqual([2, expect.stringContaining('name its folder with --set')]);
    const plain = await evalPhotos('--set', set, '--without-photographs');
    expect([plain.code, plain.line]).toEqual([2, expect.stringContaining('name a folder with --pictures')]);
    saved(folder, 'file', 'x');
    const file = await evalPhotos('--set', set, '--pictures', path.join(folder, 'file', 'sheets'));
    expect([file.code, file.line]).toEqual([2, expect.stringContaining('cannot be written to')]);
  });
});

describe('eval photos --set', () => {
  const ring = [10, 10, 40, 10, 40, 30, 10, 30];
  const { size, counts } = fromPolygon(ring, 60, 40);

  interface OddSet {
    readonly name?: string;
    readonly image?: object;
    readonly segmentation?: unknown;
    readonly file?: string;
  }

  /** A set of one photograph, which differs from a plain one by what is given. */
  async function oddSet(folderName: string, odd: OddSet = {}): Promise<string> {
    const { name = 'a.png', image = {}, segmentation = [ring], file = 'one.json' } = odd;
    const own = path.join(folder, folderName);
    saved(own, name, '');
    await paint(path.join(own, name), { width: 60, height: 40 });
    saved(own, file, {
      images: [{ id: 7, file_name: name, width: 60, height: 40, ...image }],
      annotations: [{ id: 1, image_id: 7, category_id: 1, segmentation }],
      categories: [{ id: 1, name: 'cup' }],
    });
    return own;
  }

  const figuresOf = async (own: string, ...words: string[]) => {
    const { code, line, out } = await evalPhotos('--set', own, ...none, '--json', ...words);
    expect([code, line]).toEqual([0, null]);
    return JSON.parse(out);
  };

  it('prints the same of one photograph however its file is written', async () => {
    const plain = await figuresOf(await oddSet('plain-set'));
    expect(plain.overall.boxToMask.count).toBe(1);
    expect(Object.keys(plain.overall)).toEqual([
      ...['boxToMask', 'bareBox', 'grabCut', 'clicks', 'noc85', 'repair', 'words'],
    ]);
    const odd: Record<string, OddSet> = {
      'run lengths': { segmentation: { size, counts } },
      'strange name': { name: 'tëst [1] #%20 &.png' },
      'capital letters': { file: 'one.JSON' },
      'without a size': { image: { width: undefined, height: undefined } },
      'in a folder below': { name: 'pictures/of/a.png' },
    };
    for (const [name, what] of Object.entries(odd)) {
      const figures = await figuresOf(await oddSet(name, what));
      expect([name, figures.overall]).toEqual([name, plain.overall]);
    }
  });

  it('counts an image without a split as "val", and "all" is every split', async () => {
    const own = await oddSet('holdout', { image: { split: 'holdout' } });
    const { code, line } = await evalPhotos('--set', own, ...none);
    expect([code, line]).toEqual([2, expect.stringContaining('whose split is "val"; there is "holdout"')]);
    expect((await figuresOf(own, '--split', 'all')).overall.boxToMask.count).toBe(1);
  });

  it('measures without a photograph and an annotation that cannot be read, and says that the set is not whole', async () => {
    const own = await oddSet('lost');
    const lost = { ...{ images: [{ id: 8, file_name: 'lost.png', width: 60, height: 40 }] } };
    const annotations = [
      { id: 1, image_id: 8, category_id: 1, segmentation: [ring] },
      { id: 2, image_id: 8, category_id: 1, segmentation: { size, counts: 'broken' } },
    ];
    saved(own, 'two.json', { ...lost, annotations, categories: [{ id: 1, name: 'cup' }] });
    const { code, out } = await evalPhotos('--set', own, ...none);
    expect([code, out]).toEqual([
      1,
      expect.stringMatching(/not of the whole set: 2 left out\n(left out: .*\n)*left out: .*lost\.png/),
    ]);
    const json = await evalPhotos('--set', own, ...none, '--json');
    expect([json.code, JSON.parse(json.out).leftOut]).toEqual([
      1,
      [expect.stringMatching(/^two\.json: annotation 2: /), expect.stringContaining('lost.png')],
    ]);
  });

  it('refuses a folder with a file that is no COCO file, by its name', async () => {
    const own = await oddSet('mixed');
    saved(own, 'package.json', { name: 'x' });
    const { code, line } = await evalPhotos('--set', own, ...none);
    expect([code, line]).toEqual([2, expect.stringContaining('package.json: the key "images" is missing')]);
  });

  it('answers no unknown word with a thing, and counts the prompt', async () => {
    const own = await oddSet('words');
    saved(own, 'one.json', {
      images: [{ id: 7, file_name: 'a.png', width: 60, height: 40 }],
      annotations: [{ id: 1, image_id: 7, category_id: 1, segmentation: [ring] }],
      categories: [{ id: 1, name: 'skier' }],
    });
    const { overall } = await figuresOf(own, '--words', '1');
    expect(overall.words).toMatchObject({ unknownSubstituted: 0, counts: { unknown: 1, known: 0 } });
  });
});

describe('eval photos', () => {
  it('refuses prompts in words of which none can be asked before a model is opened', async () => {
    const own = path.join(folder, 'material');
    const images = [{ id: 1, file_name: '1.png', width: 60, height: 40 }];
    for (const name of ['coco_tiny', 'coco_person']) {
      saved(own, `annotations/${name}.json`, { images, annotations: [], categories: [] });
      saved(own, `images/${name}/1.png`, '');
      await paint(path.join(own, 'images', name, '1.png'), { width: 60, height: 40 });
    }
    saved(own, 'annotations/isat_coco/readme.txt', 'none');
    saved(own, 'annotations/text_to_mask_dev.jsonl', '{"id": 1');
    const { code, line } = await evalPhotos('--material', own, '--weights', path.join(folder, 'none'));
    expect([code, line]).toEqual([2, expect.stringContaining('holds nothing that can be asked')]);
  });
});
