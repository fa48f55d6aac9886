// Photographs in COCO's form and toy weights to the record beside them: written, repeatable, used by what opens the weights.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { maskArea, maskBox } from '../../main/contract/rle.ts';
import { loadPredictor } from '../../main/flow/predict.ts';
import { calibrateRepair } from '../../main/learn/calibration/calibrateRepair.ts';
import { writePng } from '../../main/pictures/image.ts';
import { readRepairRecord } from '../../main/weights/records/repairRecord.ts';
import { nothing, weightsSaying } from '../engine/weights.ts';
import { saved } from '../formats/reads.ts';
import { temporary } from '../hosting.ts';
import { disc, HEIGHT, WIDTH } from '../pictures/disc.ts';

const { folder, remove } = temporary('calibrate');
afterAll(remove);

let file: string;
let weights: string;
const radii = [10, 13, 16, 19];
beforeAll(async () => {
  weights = await weightsSaying(folder, [nothing]);
  const images = radii.map((_, i) => ({
    ...{ id: i + 1, file_name: `photo-${i}.png`, width: WIDTH, height: HEIGHT },
    // The last one is kept for measuring.
    split: i === radii.length - 1 ? 'val' : 'train',
  }));
  const annotations = radii.map((radius, i) => {
    const { x1, y1, x2, y2 } = maskBox(disc(radius).truth);
    const [x, y, r] = [(x1 + x2) / 2, (y1 + y2) / 2, radius];
    const ring = Array.from({ length: 24 }, (_, k) => (k / 24) * 2 * Math.PI).flatMap((angle) => [
      x + r * Math.cos(angle),
      y + r * Math.sin(angle),
    ]);
    return { id: i + 1, image_id: i + 1, category_id: 1, segmentation: [ring], iscrowd: 0 };
  });
  file = saved(folder, 'photos.json', { images, annotations, categories: [{ id: 1, name: 'disc' }] });
  for (const [i, radius] of radii.entries())
    await writePng(path.join(folder, `photo-${i}.png`), { ...disc(radius).image, channels: 3 });
});

const task = { most: 100, seed: 3 };

describe('calibrateRepair', () => {
  it('tries the photographs of the training split, and writes what it learnt beside the weights', async () => {
    const seen: string[] = [];
    const progress = (done: number, of: number) => seen.push(`${done}/${of}`);
    const made = await calibrateRepair(weights, { files: [file] }, { ...task, progress });
    expect(seen).toEqual(['1/3', '2/3', '3/3']);
    expect(existsSync(made.file)).toBe(true);
    expect(await readRepairRecord(weights)).toEqual(made.record);
    expect(made.record.features).toContain('edgesBefore');
    expect(made.record.figures.harm).toBeLessThanOrEqual(0.004);
  });

  it('gives the same record each time', async () => {
    const first = await calibrateRepair(weights, { files: [file] }, task);
    const again = await calibrateRepair(weights, { files: [file] }, task);
    expect(again.record).toEqual(first.record);
  });

  it('is what a predictor of these weights expects by', async () => {
    await calibrateRepair(weights, { files: [file] }, task);
    const predictor = await loadPredictor(weights);
    try {
      const { image, truth } = disc(16);
      const found = await predictor.repair(image, truth);
      expect(found === null || typeof found.gain === 'number').toBe(true);
      if (found) expect(maskArea(found.mask)).toBeGreaterThan(0);
    } finally {
      await predictor.release();
    }
  });

  it('stops when cancelled, and says where there is no photograph', async () => {
    const stopping = { ...task, signal: AbortSignal.abort() };
    await expect(calibrateRepair(weights, { files: [file] }, stopping)).rejects.toMatchObject({ name: 'AbortError' });
    const empty = saved(folder, 'empty.json', { images: [], annotations: [], categories: [] });
    await expect(calibrateRepair(weights, { files: [empty] }, task)).rejects.toThrow('no photograph with a mask');
  });
});
