// Run as a program: asks weights about a picture on one provider; the answers, and where what goes from model to model lies, as JSON.
import type { DecodedImage, Point } from '../../main/contract/records.ts';
import { openPredictor } from '../../main/flow/predict.ts';
import type { Predictor } from '../../main/flow/predictor.ts';
import { Reasoner } from '../../main/flow/reasoner/reasoner.ts';
import { Segmenter } from '../../main/flow/segmenter/segmenter.ts';
import { decodeImage } from '../../main/pictures/image.ts';
import { type CheckpointWeights, isCheckpoint, openCheckpoint, openModel } from '../../main/weights/openCheckpoint.ts';
import type { DeviceTensor } from '../../models/graph/value.ts';
import { heldTensors, type Provider } from '../../models/runtime/session.ts';
import { disc } from '../pictures/disc.ts';
import { toySam } from '../weights/toyCheckpoint.ts';

export interface Asked {
  folder: string;
  text: string;
  samples: number;
  /** Default: a drawn disc. */
  picture?: string;
  click: Point;
}

const provider = process.argv[2] as Provider;
const asked: Asked[] = JSON.parse(process.argv[3] ?? '[]');

async function opened(folder: string): Promise<CheckpointWeights> {
  return (await isCheckpoint(folder)) ? openCheckpoint(folder, { toy: toySam }) : openModel(folder);
}

const pictured = async (file?: string): Promise<DecodedImage> => (file ? decodeImage(file) : disc(12).image);

const toldOf = async (tensors: readonly DeviceTensor[]) => ({
  locations: tensors.map(({ location }) => location),
  shapes: tensors.map(({ shape }) => shape),
  values: await Promise.all(tensors.map(async (tensor) => [...(await tensor.read())])),
});

/** What a question takes, step by step. */
async function handedOn(weights: CheckpointWeights, image: DecodedImage, { text, samples }: Asked) {
  if (!weights.segmenter) throw new Error('The weights have no segmenter.');
  const reasoner = await Reasoner.open(weights, { provider });
  const segmenter = await Segmenter.open({ ...weights, segmenter: weights.segmenter }, { provider });
  const answers = await reasoner.ask(image, text, { samples, temperature: 0, seed: 0 });
  const states = await reasoner.queryStates(answers, await weights.read('learnable_query'));
  const tokens = await Promise.all(states.map((one) => segmenter.token(one)));
  const told = { states: await toldOf(states), tokens: await toldOf(tokens) };
  for (const tensor of [...states, ...tokens]) tensor[Symbol.dispose]();
  await reasoner.release();
  await segmenter.release();
  return told;
}

/** Aborts where the answer is written and its states are held. */
async function aborted(predictor: Predictor, image: DecodedImage, { text }: Asked): Promise<string> {
  let turns = 0;
  await predictor.predict(image, { text }, { temperature: 0, between: async () => void turns++ });
  const controller = new AbortController();
  const between = async () => {
    if (--turns === 0) controller.abort(new Error(`enough, with ${heldTensors()} tensors held`));
  };
  const again = predictor.predict(image, { text }, { temperature: 0, between, signal: controller.signal });
  return again.then(
    () => 'it went on',
    (error: unknown) => String(error),
  );
}

const told = [];
let device = { provider: 'cpu', warnings: [] as readonly string[] };
for (const one of asked) {
  const [weights, image] = [await opened(one.folder), await pictured(one.picture)];
  const predictor = await openPredictor(weights, { provider }, null);
  device = { provider: predictor.device, warnings: predictor.warnings };
  const { samples, text } = one;
  const { answer, objects, candidates } = await predictor.predict(image, { text }, { samples, temperature: 0 });
  told.push({
    answer,
    objects,
    candidates: candidates?.map((each) => each.objects),
    clicked: await predictor.segment(image, { points: [one.click] }),
    ...(one.picture
      ? {}
      : { handed: await handedOn(weights, image, one), aborted: await aborted(predictor, image, one) }),
    held: heldTensors(),
  });
  await predictor.release();
}
process.stdout.write(JSON.stringify({ ...device, told }));
