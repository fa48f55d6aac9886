// `loupe bench leave-out`: the decoder tier learns from all photographs of a folder but one, and is measured on that one; each in turn.
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { BadInput } from '../../contract/badInput.ts';
import { packMask } from '../../contract/project.ts';
import type { DecodedImage, Mask } from '../../contract/records.ts';
import { fromBitmap, maskBox } from '../../contract/rle.ts';
import { loadPredictor } from '../../flow/predict.ts';
import { learnDecoder } from '../../learn/decoder/learnDecoder.ts';
import { pairedGain } from '../../learn/gate/gate.ts';
import { clicksIn, measure, pointedIou } from '../../learn/gate/measure.ts';
import { baseDomain } from '../../learn/samples/baseDomain.ts';
import type { MeasuredImage } from '../../learn/samples/measuredImage.ts';
import type { TeachingImage, TeachTask } from '../../learn/samples/task.ts';
import { decodeImage } from '../../pictures/image.ts';
import type { Terminal } from '../../terminal.ts';
import { embeddedWeights } from '../../weights/embedded.ts';
import { openModel } from '../../weights/openCheckpoint.ts';
import { columned } from './figures.ts';

/** Figures of the photograph that was left out: IoU of its mask under its true box, and clicks to 0.85 and 0.90. */
interface Worth {
  readonly iou: number;
  readonly noc85: number;
  readonly noc90: number;
}

export interface LeftOutPicture {
  readonly photo: string;
  readonly before: Worth;
  readonly after: Worth;
}

export interface LeaveOutBench {
  readonly seed: number;
  /** Minutes of training for each photograph. */
  readonly minutes: number;
  readonly photos: readonly LeftOutPicture[];
  readonly before: Worth;
  readonly after: Worth;
  /** Gain in IoU, and where 95 of 100 resamples of the photographs lie. */
  readonly gain: number;
  readonly low: number;
  readonly high: number;
}

export interface LeaveOutTask {
  /** Folders of the photographs and of their masks: `ring1_mask.jpg` is the mask of `ring1.jpg`. */
  readonly images: string;
  readonly masks: string;
  readonly label: string;
  readonly seed: number;
  readonly minutes: number;
  /** Things of each photograph that are clicked at; without any there are no numbers of clicks. */
  readonly clicked: number;
  /** Default: the embedded weights. */
  readonly weights?: string;
}

type Watched = Pick<Terminal, 'note' | 'signal'>;

export async function benchLeaveOut(task: LeaveOutTask, terminal: Watched): Promise<LeaveOutBench> {
  const { seed, minutes, clicked, weights = embeddedWeights } = task;
  const images = await labelledPhotos(task);
  const root = await mkdtemp(path.join(tmpdir(), 'loupe-bench-leave-out-'));
  const photos: LeftOutPicture[] = [];
  try {
    const base = await baseDomain((await openModel(weights)).name, { measured: 0, worded: 0, chosenBy: 0 });
    for (const image of images) {
      const [learnt, folder] = [images.filter((each) => each !== image), path.join(root, `${image.imageId}`)];
      await mkdir(folder);
      const to = path.join(folder, 'weights');
      const own = { weights, segmenter: null, images: learnt, held: [], taught: [], folds: null };
      const teaching: TeachTask = { ...own, folder, base, minutes, seed, tier };
      const { signal } = terminal;
      await learnDecoder(teaching, { learnt, from: weights, to, minutes }, { signal, report: () => {} });
      const before = await worthOf(weights, image, { seed, clicked, signal });
      const after = await worthOf(to, image, { seed, clicked, signal });
      photos.push({ photo: image.path, before, after });
      terminal.note(`${image.path}: IoU ${before.iou.toFixed(3)} before, ${after.iou.toFixed(3)} after\n`);
      await rm(folder, { recursive: true });
    }
  } finally {
    await rm(root, { recursive: true, force: true });
  }
  const pairs = photos.map(({ before, after }, group) => ({ group, before: before.iou, after: after.iou }));
  const means = { before: meanOf(photos.map((each) => each.before)), after: meanOf(photos.map((each) => each.after)) };
  return { seed, minutes, photos, ...means, ...pairedGain(pairs, seed) };
}

const tier = 'decoder';
const PICTURE = /\.(?:jpe?g|png)$/iu;

/** Photographs by name; each has its mask, upright and as large as it. */
async function labelledPhotos({ images, masks, label }: LeaveOutTask): Promise<TeachingImage[]> {
  const [names, known] = await Promise.all([namesIn(images), namesIn(masks)]);
  if (names.length < 2) throw new BadInput(`${images}: one photograph is left out, and at least one must be left`);
  return Promise.all(
    names.map(async (name, i): Promise<TeachingImage> => {
      const stem = path.parse(name).name;
      const own = known.find((each) => path.parse(each).name === `${stem}_mask`);
      if (own === undefined) throw new BadInput(`${masks}: has no mask ${stem}_mask of ${name}`);
      const file = path.join(images, name);
      const mask = await maskIn(path.join(masks, own), await decodeImage(file));
      return { ...labelled(i + 1, label, mask), path: name, read: () => decodeImage(file) };
    }),
  );
}

async function namesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => null);
  if (names === null) throw new BadInput(`${folder}: no such folder`);
  return names.filter((name) => PICTURE.test(name)).toSorted();
}

/** Masks that were saved with loss have a grey fringe. */
async function maskIn(file: string, { width, height }: DecodedImage): Promise<Mask> {
  const mask = await decodeImage(file);
  if (mask.width !== width || mask.height !== height)
    throw new BadInput(`${file}: is ${mask.width} x ${mask.height}, and its photograph ${width} x ${height}`);
  const bitmap = new Uint8Array(width * height).map((_, i) => ((mask.data[3 * i] ?? 0) >= 128 ? 1 : 0));
  if (!bitmap.includes(1)) throw new BadInput(`${file}: marks nothing`);
  return fromBitmap(bitmap, width, height);
}

const labelled = (imageId: number, name: string, mask: Mask): Pick<TeachingImage, 'imageId' | 'samples' | 'things'> => {
  const object = { box: maskBox(mask), mask: packMask(mask), verdicts: { box: null, mask: null } };
  const prompt = { text: name, points: [], box: null };
  const verdicts = { reasoning: null, found: null };
  const plain = { reasoning: null, source: 'labelled shapes', draftedBy: null, verdicts } as const;
  return {
    ...{ imageId, things: [{ name, box: object.box, mask: object.mask }] },
    samples: [{ imageId, prompt, objects: [object], ...plain }],
  };
};

async function worthOf(
  weights: string,
  image: TeachingImage,
  { seed, clicked, signal }: { seed: number; clicked: number; signal: AbortSignal },
): Promise<Worth> {
  const predictor = await loadPredictor(weights);
  const images: MeasuredImage[] = [{ ...image, group: image.imageId, read: () => image.read() }];
  try {
    const scores = await measure(predictor, images, { signal, mostWorded: 0, clicks: { mostObjects: clicked, seed } });
    const { noc85, noc90 } = clicksIn(scores);
    const [score] = scores;
    return { iou: score ? pointedIou(score) : 0, noc85, noc90 };
  } finally {
    await predictor.release();
  }
}

function meanOf(all: readonly Worth[]): Worth {
  const mean = (value: (worth: Worth) => number) => all.reduce((sum, worth) => sum + value(worth), 0) / all.length;
  return { iou: mean(({ iou }) => iou), noc85: mean(({ noc85 }) => noc85), noc90: mean(({ noc90 }) => noc90) };
}

export function leaveOutTable({ photos, before, after, gain, low, high }: LeaveOutBench): string {
  const rows = [...photos, { photo: 'mean', before, after }].map((row) => [
    row.photo,
    ...[row.before.iou, row.after.iou].map((iou) => iou.toFixed(3)),
    ...[row.before.noc85, row.after.noc85, row.before.noc90, row.after.noc90].map((clicks) => clicks.toFixed(1)),
  ]);
  const heads = ['left out', 'IoU before', 'IoU after', 'NoC@85 before', 'after', 'NoC@90 before', 'after'];
  const told = `gain ${gain.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`;
  return `${columned([heads, ...rows])}${told}\n`;
}
