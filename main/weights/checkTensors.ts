// Compares the tensors that a model's graphs ask for with those that its files hold, and lists what is missing or of another shape.
import { input, type Shape, type Tensor } from '../../models/graph/tensor.ts';
import type { LensConfig } from '../../models/lens/config.ts';
import { contextModule } from '../../models/lens/contextModule.ts';
import type { Params } from '../../models/nn/params.ts';
import type { QwenConfig } from '../../models/qwen/config.ts';
import { passGraph } from '../../models/qwen/passGraph.ts';
import { patchWidth, visionTower } from '../../models/qwen/vision.ts';
import { quantisedKeys } from '../../models/runtime/frozen.ts';
import type { WeightsFile } from '../../models/runtime/weightsFile.ts';
import type { Sam2Config } from '../../models/sam2/config.ts';
import { segmenter as wholeSegmenter } from '../../models/sam2/segmenter.ts';
import { BadInput } from '../contract/badInput.ts';
import { askedShapes, misfit, mostNamed } from './askedShapes.ts';

export interface ModelParts {
  readonly reasoner: QwenConfig;
  readonly context: LensConfig | null;
  readonly segmenter: Sam2Config | null;
}

/** Throws one sentence that lists what is wrong, before anything is loaded. */
export function checkTensors(folder: string, files: readonly WeightsFile[], parts: ModelParts): void {
  const asked = tensorsOf(parts);
  const faults = [...asked].flatMap(([name, shape]) => faultOf(files, name, shape) ?? []);
  if (faults.length === 0) return;
  const more = faults.length > mostNamed ? `; and ${faults.length - mostNamed} more` : '';
  const named = faults.slice(0, mostNamed).join('; ');
  throw new BadInput(`${folder}: ${faults.length} of ${asked.size} tensors do not fit: ${named}${more}`);
}

function faultOf(files: readonly WeightsFile[], name: string, shape: Shape): string | null {
  const held = (key: string) => files.find(({ tensors }) => tensors.has(key))?.tensors.get(key);
  const found = held(name);
  // A product that is stored in few bits needs no second copy.
  return !found && held(quantisedKeys(name).values) ? null : misfit(name, shape, found);
}

/** Parts that the graphs know whole: whatever else stands there belongs to another model. */
const wholeParts = /^(model\.layers|visual\.(blocks|merger)|connector|conv_1d|proj_to_sam)\./;
/** Older libraries saved what follows from the configuration. */
const derived = /\.rotary_emb\.inv_freq$/;

/** Tells of tensors that are read by nothing: a configuration with fewer layers than the weights leaves them out without a word. */
export function extraTensors(name: string, file: WeightsFile, parts: ModelParts): string[] {
  const asked = tensorsOf(parts);
  const extra = [...file.tensors.keys()].filter((key) => wholeParts.test(key) && !asked.has(key) && !derived.test(key));
  if (extra.length === 0) return [];
  const named = extra.slice(0, mostNamed).join(', ');
  const more = extra.length > mostNamed ? ` and ${extra.length - mostNamed} more` : '';
  return [`${name} holds tensors that no part of it reads (${named}${more}): its config.json may be of another model.`];
}

/** The shapes that the graphs of all parts ask for, by key. */
const tensorsOf = ({ reasoner, context, segmenter }: ModelParts): ReadonlyMap<string, Shape> =>
  askedShapes((params) => {
    askReasoner(params, reasoner);
    if (context) {
      const { numOfQuery, hidden } = context;
      params.get('learnable_query', 1, numOfQuery, hidden);
      contextModule(params, context, input('states', [1, numOfQuery, hidden]));
    }
    if (segmenter) askSegmenter(params.at('sam'), segmenter);
  });

function askReasoner(params: Params, config: QwenConfig): void {
  const { merge } = config.vision;
  const pixels = input('pixels', [merge * merge, patchWidth(config.vision)]);
  visionTower(params.at('visual'), pixels, { grids: [{ t: 1, h: merge, w: merge }], config: config.vision });
  const pass = { rows: 1, tokens: 2, prompts: 0, promptTokens: 0, capacity: 0, features: 0, queries: 0, logits: true };
  passGraph(params, config, pass);
}

function askSegmenter(params: Params, config: Sam2Config): void {
  const picture: Tensor = input('image', [1, 3, config.imageSize, config.imageSize]);
  const points = { at: input('at', [1, 1, 2]), labels: input('labels', [1, 1], 'int64') };
  wholeSegmenter(params, config, picture, { points });
}
