// `loupe eval photos --set` on photographs painted by the test: figures, and sheets of the best, median and worst masks.
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addEval } from '../../main/commands/eval.ts';
import { saved } from '../formats/reads.ts';
import { paint, temporary } from '../hosting.ts';
import { ran } from './inProcess.ts';

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
