// `loupe bench click`: scripted clicks on pictures of a served project, from the call to the mask, beside the bare decoder.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { DecodedImage, Point } from '../../contract/records.ts';
import { loadPredictor } from '../../flow/predict.ts';
import type { Predictor } from '../../flow/predictor.ts';
import { makeSampleProject } from '../../jobs/opening/sampleProject.ts';
import { decodeImage, writePng } from '../../pictures/image.ts';
import { openProject, type Project } from '../../store/project.ts';
import { embeddedWeights } from '../../weights/embedded.ts';
import { columned, type Spread, spreadOf, timed } from './figures.ts';
import { type ServedHost, startHost } from './servedHost.ts';

/** Milliseconds. */
interface ClickFigures {
  readonly picture: string;
  readonly clicks: number;
  /** From the call on the socket to the mask in hand. */
  readonly click: Spread;
  /** The predictor's own `segment` in this process, on the same picture with the same clicks. */
  readonly bare: Spread;
  /** click.p50 / bare.p50 */
  readonly ratio: number;
  /** The first look at the picture: reading and encoding. */
  readonly prepareMs: number;
}

/** A scene of the sample and a picture of 12 megapixels, each in turn by the host and bare: a busy machine hits both alike. */
export async function benchClicks(clicks: number, signal: AbortSignal): Promise<ClickFigures[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'loupe-bench-click-'));
  const file = await projectIn(folder);
  const served = await startHost(path.join(folder, 'home'), file);
  const predictor = await loadPredictor(embeddedWeights);
  try {
    const { rows } = await served.client.images.list({ offset: 0, limit: 2, order: 'path' });
    const figures: ClickFigures[] = [];
    for (const { id, path: name } of rows) {
      const image = await decodeImage(path.resolve(folder, name));
      figures.push(await measure({ ...served, predictor, signal }, { id, name, image, clicks }));
    }
    return figures;
  } finally {
    await predictor.release();
    await served.stop();
    await rm(folder, { recursive: true });
  }
}

async function projectIn(folder: string): Promise<string> {
  const file = makeSampleProject(folder);
  const project = openProject(file);
  // Its name sorts before those of the scenes.
  await addLargePicture(project, folder);
  project.close();
  return file;
}

/** Adds "12 megapixels.png", which shows stripes. */
export async function addLargePicture(project: Pick<Project, 'addImages'>, folder: string): Promise<void> {
  const [width, height] = [4000, 3000];
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i >> 4) ^ (i / (width * 3)));
  await writePng(path.join(folder, '12 megapixels.png'), { width, height, channels: 3, data });
  project.addImages([{ path: '12 megapixels.png' }]);
}

interface Parts {
  readonly client: ServedHost['client'];
  readonly predictor: Predictor;
  readonly signal: AbortSignal;
}

interface Subject {
  readonly id: number;
  readonly name: string;
  readonly image: DecodedImage;
  readonly clicks: number;
}

async function measure(
  { client, predictor, signal }: Parts,
  { id, name, image, clicks }: Subject,
): Promise<ClickFigures> {
  const [prepareMs] = await timed(() => client.model.prepare({ imageId: id }));
  await predictor.prepare(image);
  const [through, bare]: [number[], number[]] = [[], []];
  // The first two open the decoder's graphs for few and for many clicks.
  for (let i = -2; i < clicks; i++) {
    signal.throwIfAborted();
    const points = clicksOf(i < 0 ? i + 5 : i, image);
    const [ms] = await timed(() => client.model.refine({ imageId: id, points, box: null, rough: null }));
    const [bareMs] = await timed(() => predictor.segment(image, { points }));
    if (i >= 0) through.push(ms);
    if (i >= 0) bare.push(bareMs);
  }
  const [click, own] = [spreadOf(through), spreadOf(bare)];
  return {
    picture: `${name} (${image.width} x ${image.height})`,
    clicks,
    click,
    bare: own,
    ratio: click.p50 / own.p50,
    prepareMs,
  };
}

/** A person's series: one more click each time, up to five, on ever other places. */
export function clicksOf(i: number, { width, height }: DecodedImage): Point[] {
  return Array.from({ length: 1 + (i % 5) }, (_, k) => ({
    ...{ x: (((i * 37 + k * 211) % 97) / 97) * width, y: (((i * 53 + k * 131) % 89) / 89) * height },
    sign: k % 3 === 2 ? '-' : '+',
  }));
}

export function clickTable(figures: readonly ClickFigures[]): string {
  const ms = (value: number) => `${value.toFixed(0)} ms`;
  const rows = figures.map(({ picture, click, bare, ratio, prepareMs }) => [
    ...[picture, ms(click.p50), ms(click.p95), ms(bare.p50), ms(bare.p95), ratio.toFixed(2), ms(prepareMs)],
  ]);
  return columned([['picture', 'click p50', 'p95', 'bare p50', 'p95', 'ratio', 'first look'], ...rows], 0);
}
