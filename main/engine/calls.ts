// Carries out the engine's calls on pictures and a model; takes pictures and words, gives packed masks and proposals.
import { BadInput } from '../contract/badInput.ts';
import { clampBox } from '../contract/geometry.ts';
import { packWire } from '../contract/liveWire.ts';
import { type FoundObject, type PackedMask, packMask, unpackMask } from '../contract/project.ts';
import type { Box, DecodedImage, Mask } from '../contract/records.ts';
import { unionOf } from '../contract/rle.ts';
import type { PredictOptions, Predictor, Proposal, ProposedObject } from '../flow/predictor.ts';
import { spreadOf } from '../flow/spread.ts';
import { liveWire } from '../pictures/liveWire.ts';
import { wand } from '../pictures/wand.ts';
import type { AskArguments, AskEvent, AskResult, Calls, RefineArguments, RepairResult, Request } from './protocol.ts';

/** Weights that are open, and the name that proposals carry. */
export interface Model {
  readonly predictor: Predictor;
  readonly version: string;
}

/** What a call may use while it runs. */
export interface CallContext {
  readonly signal: AbortSignal;
  image(picture: string): Promise<DecodedImage>;
  /** Throws where the weights could not be opened. */
  model(): Promise<Model>;
  emit(event: AskEvent): void;
  /** Lets what is more urgent go first. */
  between(): Promise<void>;
}

export function perform(request: Request, work: CallContext): Promise<Calls[Request['name']]['result']> {
  switch (request.name) {
    case 'ask':
      return ask(request.arguments, work);
    case 'refine':
      return refine(request.arguments, work);
    case 'repair':
      return repair(request.arguments, work);
    case 'prepare':
      return prepare(request.arguments.picture, work);
    case 'cutOut':
      return cutOutOf(request.arguments, work);
    case 'wand':
      return wandOf(request.arguments, work);
    case 'wire':
      return wireOf(request.arguments, work);
    case 'teach':
      throw new Error('The program that answers does not teach.');
  }
}

async function ask({ picture, text, points, box, samples, seed }: AskArguments, work: CallContext): Promise<AskResult> {
  const started = performance.now();
  const [image, model] = await Promise.all([work.image(picture), work.model()]);
  await work.between();
  work.signal.throwIfAborted();
  work.emit({ kind: 'frame', frame: { ...model.predictor.frameOf(image) } });
  const options: PredictOptions = {
    ...{ samples, seed, signal: work.signal, between: work.between },
    onText: (piece, candidate) => work.emit({ kind: 'text', candidate, text: piece }),
    onBox: (found, candidate) => work.emit({ kind: 'box', candidate, box: found }),
  };
  const prompt = { text, points: [...points], ...(box && { box: within(box, image) }) };
  const chosen = await model.predictor.predict(image, prompt, options);
  const group = chosen.candidates ?? [chosen];
  return {
    proposals: group.map((each) => stored(each, chosen, model)),
    spread: spreadOf(group.map(({ objects }) => unionOf(objects.map(({ mask }) => mask)))),
    firstTokenMs: chosen.timings.firstTokenMs ?? 0,
    ms: performance.now() - started,
  };
}

/** Only the chosen proposal of a group was timed; its answer tells which one it is. */
function stored(one: Proposal, chosen: Proposal, { predictor, version }: Model): AskResult['proposals'][number] {
  const { answer, frame, found, objects, rewards } = one;
  return {
    ...{ weights: version, device: predictor.device, frame: { ...frame } },
    ...{ answer, found, rewards, timings: chosen.timings },
    objects: objects.map(storedObject),
    chosen: answer === chosen.answer,
  };
}

const storedObject = ({ box, points, label, score, mask }: ProposedObject): FoundObject => ({
  box,
  ...(points && { points: [...points] }),
  ...(label !== undefined && { label }),
  ...(score !== undefined && { score }),
  mask: packMask(mask),
});

async function refine(
  { picture, points, box, rough }: RefineArguments,
  work: CallContext,
): Promise<Calls['refine']['result']> {
  const started = performance.now();
  const [image, { predictor, version }] = await Promise.all([work.image(picture), work.model()]);
  await predictor.prepare(image);
  work.signal.throwIfAborted();
  const ask = { points, ...(box && { box: within(box, image) }), ...(rough && { rough: fitting(rough, image) }) };
  return {
    ...(await masked(started, () => predictor.segment(image, ask))),
    weights: predictor.segmenterName ?? version,
    encodings: predictor.encodings,
  };
}

async function repair({ picture, standing }: Calls['repair']['arguments'], work: CallContext): Promise<RepairResult> {
  const started = performance.now();
  const [image, { predictor, version }] = await Promise.all([work.image(picture), work.model()]);
  const mask = fitting(standing, image);
  await work.between();
  work.signal.throwIfAborted();
  const ready = performance.now();
  const found = await predictor.repair(image, mask);
  const now = performance.now();
  return {
    mask: packMask(found?.mask ?? { size: [image.height, image.width], counts: [image.height * image.width] }),
    ...{ gain: found?.gain ?? null, boundary: found?.boundary ?? 1 },
    ...{ weights: predictor.segmenterName ?? version, ms: now - started, decodeMs: now - ready },
  };
}

function within(box: Box, image: DecodedImage): Box {
  const inside = clampBox(box, image);
  if (!inside) throw new BadInput(`the box lies outside the picture (${image.width} x ${image.height} pixels)`);
  return inside;
}

function fitting(rough: PackedMask, { width, height }: DecodedImage): Mask {
  const mask = unpackMask(rough);
  const [rows, columns] = mask.size;
  if (rows === height && columns === width) return mask;
  throw new BadInput(`the mask is ${columns} x ${rows} and the picture ${width} x ${height} pixels`);
}

/** Leaves the picture's embedding behind. */
async function prepare(picture: string, work: CallContext): Promise<Calls['prepare']['result']> {
  const started = performance.now();
  const [image, { predictor }] = await Promise.all([work.image(picture), work.model()]);
  await work.between();
  work.signal.throwIfAborted();
  await predictor.prepare(image);
  return { ms: performance.now() - started, encodings: predictor.encodings };
}

async function cutOutOf(
  { picture, box }: Calls['cutOut']['arguments'],
  work: CallContext,
): Promise<Calls['cutOut']['result']> {
  const started = performance.now();
  const image = await work.image(picture);
  // Loaded late: OpenCV takes 130 MB that most sessions never need.
  const { cutOut } = await import('../pictures/cutOut.ts');
  return masked(started, () => cutOut(image, box));
}

async function wandOf(
  { picture, ...touch }: Calls['wand']['arguments'],
  work: CallContext,
): Promise<Calls['wand']['result']> {
  const started = performance.now();
  const image = await work.image(picture);
  return masked(started, () => wand(image, touch));
}

async function wireOf(
  { picture, ...ask }: Calls['wire']['arguments'],
  work: CallContext,
): Promise<Calls['wire']['result']> {
  const started = performance.now();
  const image = await work.image(picture);
  work.signal.throwIfAborted();
  return { wire: packWire(liveWire(image, ask)), ms: performance.now() - started };
}

async function masked(
  started: number,
  make: () => Mask | Promise<Mask>,
): Promise<{ mask: PackedMask; ms: number; decodeMs: number }> {
  const ready = performance.now();
  const mask = packMask(await make());
  const now = performance.now();
  return { mask, ms: now - started, decodeMs: now - ready };
}
