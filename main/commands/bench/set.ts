// `loupe bench leave-out --set`: the decoder tier learns from ever more photographs of a COCO file, and is measured on the hidden rest.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { BadInput } from '../../contract/badInput.ts';
import { packMask } from '../../contract/project.ts';
import { random } from '../../contract/random.ts';
import { type LabelledImage, readCocoPhotos } from '../../evaluate/cocoPhotos.ts';
import { loadPredictor } from '../../flow/predict.ts';
import { learnDecoder } from '../../learn/decoder/learnDecoder.ts';
import { pairedGain } from '../../learn/gate/gate.ts';
import { clicksIn, measure, pointedIou } from '../../learn/gate/measure.ts';
import { baseDomain } from '../../learn/samples/baseDomain.ts';
import type { TeachingImage, TeachTask } from '../../learn/samples/task.ts';
import type { Terminal } from '../../terminal.ts';
import { embeddedWeights } from '../../weights/embedded.ts';
import { openModel } from '../../weights/openCheckpoint.ts';
import { columned } from './figures.ts';

export interface SetTask {
  /** A COCO file, its photographs beside it. */
  readonly set: string;
  /** Photographs that are learnt from, in rising order: a run for each. */
  readonly pictures: readonly number[];
  /** Hidden photographs that are measured on at most. */
  readonly held: number;
  readonly seed: number;
  /** Minutes of each run. */
  readonly minutes: number;
  /** Hidden things that are clicked at. */
  readonly clicked: number;
  /** Default: the embedded weights. */
  readonly weights?: string;
}

export interface SetPoint {
  /** 0: before anything was taught. */
  readonly pictures: number;
  /** Mean IoU of masks under true boxes. */
  readonly iou: number;
  readonly noc85: number;
  readonly noc90: number;
  /** Gain in IoU, and where 95 of 100 resamples of the photographs lie. */
  readonly gain: number;
  readonly low: number;
  readonly high: number;
}

export interface SetBench {
  readonly set: string;
  readonly seed: number;
  readonly minutes: number;
  /** Hidden photographs and things. */
  readonly held: number;
  readonly things: number;
  readonly points: readonly SetPoint[];
}

type Watched = Pick<Terminal, 'note' | 'signal'>;

/** Things of a photograph that are learnt from and measured: the first ones of the file. */
const perPhoto = 4;
const tier = 'decoder';

export async function benchSet(task: SetTask, { note, signal }: Watched): Promise<SetBench> {
  const { seed, minutes, weights = embeddedWeights } = task;
  const { learnt, hidden } = await dealt(task);
  const root = await mkdtemp(path.join(tmpdir(), 'loupe-bench-set-'));
  try {
    const base = await baseDomain((await openModel(weights)).name, { measured: 0, worded: 0, chosenBy: 0 });
    const before = await scoresBy(weights, hidden, { task, signal });
    const points = [pointOf(0, before, { before, seed })];
    for (const count of task.pictures) {
      const folder = path.join(root, String(count));
      await mkdir(folder);
      const [images, to] = [learnt.slice(0, count), path.join(folder, 'weights')];
      const own = { weights, segmenter: null, images, held: [], taught: [], folds: null };
      const teaching: TeachTask = { ...own, folder, base, minutes, seed, tier };
      await learnDecoder(teaching, { learnt: images, from: weights, to, minutes }, { signal, report: () => {} });
      points.push(pointOf(count, await scoresBy(to, hidden, { task, signal }), { before, seed }));
      note(`${count} photographs: ${JSON.stringify(points.at(-1))}\n`);
      await rm(folder, { recursive: true });
    }
    const things = before.pairs.length;
    return { set: path.basename(task.set, '.json'), seed, minutes, held: hidden.length, things, points };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** Splits by chance. What the file calls `val` or `test` is measured on, as weights may have seen the rest; else what is not learnt from. */
async function dealt({ set, pictures, held, seed }: SetTask) {
  const draw = random(seed, 90);
  const photos = (splits: readonly string[]) => readCocoPhotos({ files: [set] }, { splits, unsaid: 'train' });
  const train = draw.shuffle(await photos(['train']));
  const apart = draw.shuffle(await photos(['val', 'test']).catch(noneIfRefused));
  const most = Math.max(...pictures);
  const hidden = (apart.length > 0 ? apart : train.slice(most)).slice(0, held);
  if (train.length < most || hidden.length === 0)
    throw new BadInput(
      `${set}: has ${train.length} photographs to learn from and ${apart.length} to hide; choose fewer --pictures than ${most}`,
    );
  const all = [...train.slice(0, most), ...hidden].map(teachingImage);
  return { learnt: all.slice(0, most), hidden: all.slice(most) };
}

function noneIfRefused(error: unknown): LabelledImage[] {
  if (error instanceof BadInput) return [];
  throw error;
}

function teachingImage({ image, things }: LabelledImage, i: number): TeachingImage {
  const some = things.slice(0, perPhoto).map(({ label, box, mask }) => ({ name: label, box, mask: packMask(mask) }));
  const verdicts = { reasoning: null, found: null };
  const plain = { reasoning: null, source: 'labelled shapes', draftedBy: null, verdicts } as const;
  const samples = some.map(({ name, box, mask }) => ({
    ...{ imageId: i + 1, prompt: { text: name, points: [], box: null }, ...plain },
    objects: [{ box, mask, verdicts: { box: null, mask: null } }],
  }));
  return { imageId: i + 1, path: `photograph ${i + 1}`, samples, things: some, read: async () => image };
}

interface Scores {
  /** IoU before and after; `group` is the photograph. */
  readonly pairs: readonly { readonly group: number; readonly iou: number }[];
  readonly noc85: number;
  readonly noc90: number;
}

async function scoresBy(
  weights: string,
  hidden: readonly TeachingImage[],
  { task: { seed, clicked }, signal }: { task: SetTask; signal: AbortSignal },
): Promise<Scores> {
  const predictor = await loadPredictor(weights);
  const images = hidden.map((image) => ({ ...image, group: image.imageId, read: () => image.read() }));
  try {
    const scores = await measure(predictor, images, { signal, mostWorded: 0, clicks: { mostObjects: clicked, seed } });
    const { noc85, noc90 } = clicksIn(scores);
    return { pairs: scores.map((score) => ({ group: score.group, iou: pointedIou(score) })), noc85, noc90 };
  } finally {
    await predictor.release();
  }
}

function pointOf(
  pictures: number,
  { pairs, noc85, noc90 }: Scores,
  { before, seed }: { before: Scores; seed: number },
): SetPoint {
  const iou = pairs.reduce((sum, pair) => sum + pair.iou, 0) / Math.max(1, pairs.length);
  const changes = pairs.map((pair, i) => ({
    ...{ group: pair.group, before: before.pairs[i]?.iou ?? pair.iou, after: pair.iou },
  }));
  return { pictures, iou, noc85, noc90, ...pairedGain(changes, seed) };
}

export function setTable({ points }: SetBench): string {
  const rows = points.map(({ pictures, iou, noc85, noc90, gain, low, high }) => [
    ...[String(pictures), iou.toFixed(3), noc85.toFixed(1), noc90.toFixed(1)],
    pictures === 0 ? '-' : `${gain.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`,
  ]);
  return columned([['photographs', 'IoU', 'NoC@85', 'NoC@90', 'gain'], ...rows]);
}
