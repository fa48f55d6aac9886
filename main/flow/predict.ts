// Answers a prompt about a picture by the weights of one folder: reasoning, and a box and a mask for each object.
import type { DeviceTensor } from '../../models/graph/value.ts';
import type { Provider } from '../../models/runtime/session.ts';
import { objectInImage, type ReadObject, toImage } from '../contract/answer.ts';
import { BadInput } from '../contract/badInput.ts';
import type { Frame } from '../contract/geometry.ts';
import type { DecodedImage, Mask, Prompt } from '../contract/records.ts';
import { maskArea, maskBox } from '../contract/rle.ts';
import { modelFiles } from '../weights/modelFiles.ts';
import { type CheckpointWeights, isCheckpoint, openModel } from '../weights/openCheckpoint.ts';
import { type PictureRecord, readPictureRecord } from '../weights/records/pictureRecord.ts';
import { type RepairRecord, readRepairRecord } from '../weights/records/repairRecord.ts';
import { segmenterDigest } from '../weights/taughtSegmenter.ts';
import { type ClickSegmenter, openClickSegmenter } from './clickSegmenter.ts';
import { answerByDetector, detectedAnswer } from './detectedAnswer.ts';
import { Detector } from './detector.ts';
import type { PredictOptions, Predictor, Proposal, ProposedObject } from './predictor.ts';
import { answerReaders } from './reasoner/answer.ts';
import { Reasoner, type WrittenAnswer } from './reasoner/reasoner.ts';
import { unlikeness } from './reasoner/unlikePicture.ts';
import { type RepairedMask, repaired, unrated } from './segmenter/repair.ts';
import { Segmenter } from './segmenter/segmenter.ts';
import { SmallThings } from './segmenter/smallThings.ts';
import type { SegmenterPrompt } from './segmenter/zoom.ts';
import type { EngineOptions } from './sessions/engineOptions.ts';
import type { FeatureFiles } from './sessions/featureFiles.ts';
import { mostAgreedOf } from './spread.ts';
import { openWordPredictor } from './wordPredictor.ts';
import { isNamed, namedClasses } from './words/classWords.ts';
import { answererOf, isTaught } from './words/photographPrompt.ts';
import { type ClosedVocabulary, understood, unknownSentence } from './words/unknownWords.ts';

/** Opens a weights folder; throws one sentence that names the file at fault. */
export async function loadPredictor(
  folder: string,
  options: { provider?: string; threads?: number; segmenter?: string | null; features?: FeatureFiles } = {},
): Promise<Predictor> {
  const { threads, features, segmenter = null } = options;
  const engine = { provider: options.provider as Provider | undefined, threads, features };
  if (await holdsOnnxAlone(folder)) return openWordPredictor(folder, engine, segmenter);
  return openPredictor(await openModel(folder), engine, segmenter);
}

/** Whether it is ONNX files that are the model, and not weights that such files happen to lie beside. */
async function holdsOnnxAlone(folder: string): Promise<boolean> {
  const names: readonly string[] = await modelFiles(folder).catch(() => []);
  if (!names.some((name) => name.endsWith('.onnx')) || (await isCheckpoint(folder))) return false;
  return !names.includes('model.safetensors') || !names.includes('tokenizer.json');
}

/** `segmenter`: where another one lies, for clicks and boxes; the weights' own is used for words where they have one. */
export async function openPredictor(
  weights: CheckpointWeights,
  engine: EngineOptions,
  segmenter: string | null,
): Promise<Predictor> {
  if (!weights.segmenter && segmenter === null)
    throw new BadInput(
      `${weights.name}: writes boxes and has no segmenter of its own; choose one (a checkpoint of SAM 1 or 2, or an ONNX segmenter) in the settings or by --segmenter`,
    );
  const clicks = segmenter === null ? null : await openedBeside(weights, segmenter, engine);
  return LoupePredictor.open(weights, engine, clicks);
}

/** What was taught of a segmenter is for that one alone: another draws as it is, and a warning says so. */
async function openedBeside(
  { beside = null, name }: CheckpointWeights,
  place: string,
  engine: EngineOptions,
): Promise<ClickSegmenter> {
  if (beside === null) return openClickSegmenter(place, engine);
  if ((await segmenterDigest(place)) === beside.digest) return openClickSegmenter(place, engine, beside.file);
  const other = await openClickSegmenter(place, engine);
  const warning = `${name}: the segmenter ${beside.name} was taught with it, and ${place} is another, which draws as it is`;
  return Object.assign(other, { warnings: [...other.warnings, warning] });
}

interface Parts {
  reasoner: Reasoner;
  own: Segmenter | null;
  /** The record of what repairs by the weights' own segmenter gain; null: nobody measured it. */
  record: RepairRecord | null;
  /** The record of the pictures that the words were learnt on; null: nobody compared them with others. */
  pictures: PictureRecord | null;
  /** What searches photographs for classes by the own segmenter's features; null: the weights have none. */
  detector: Detector | null;
  queries: Float32Array | null;
  clicks: ClickSegmenter | null;
}

class LoupePredictor implements Predictor {
  readonly device: string;
  readonly warnings: readonly string[];
  readonly name: string;
  private readonly weights: CheckpointWeights;
  private readonly reasoner: Reasoner;
  readonly segmenterName: string | null;
  /** What words go to: the weights' own segmenter, which reads the reasoner's context token; else the other one. */
  private readonly segmenter: ClickSegmenter | Segmenter;
  /** What a person points with. */
  private readonly clicks: ClickSegmenter | Segmenter;
  private readonly small: SmallThings;
  private readonly own: Segmenter | null;
  private readonly record: RepairRecord | null;
  private readonly pictures: PictureRecord | null;
  private readonly detector: Detector | null;
  private readonly other: ClickSegmenter | null;
  /** [queries, hidden]; null where the recipe has none. */
  private readonly queries: Float32Array | null;

  private constructor(weights: CheckpointWeights, parts: Parts) {
    const [segmenter, clicks] = [parts.own ?? parts.clicks, parts.clicks ?? parts.own];
    if (!segmenter || !clicks) throw new Error('A predictor needs a segmenter.');
    this.weights = weights;
    this.reasoner = parts.reasoner;
    this.own = parts.own;
    this.record = parts.record;
    this.pictures = parts.pictures;
    this.detector = parts.detector;
    this.segmenter = segmenter;
    this.queries = parts.queries;
    this.device = parts.reasoner.provider;
    this.other = parts.clicks;
    this.clicks = clicks;
    this.small = new SmallThings(clicks);
    this.segmenterName = parts.clicks?.name ?? null;
    this.warnings = [...(weights.warnings ?? []), ...parts.reasoner.warnings, ...(parts.clicks?.warnings ?? [])];
    this.name = weights.name;
  }

  static async open(
    weights: CheckpointWeights,
    options: EngineOptions,
    clicks: ClickSegmenter | null,
  ): Promise<LoupePredictor> {
    const queries = weights.recipe.reasoner.queries === null ? null : await weights.read('learnable_query');
    const reasoner = await Reasoner.open(weights, options);
    const { segmenter } = weights;
    const own = segmenter && (await Segmenter.open({ ...weights, segmenter }, options));
    const record = own && (await readRepairRecord(weights.folder));
    const pictures = await readPictureRecord(weights.folder);
    const detector = segmenter && (await Detector.open(weights.folder, segmenter, options));
    return new LoupePredictor(weights, { reasoner, own, queries, clicks, record, pictures, detector });
  }

  get encodings(): number {
    return this.clicks.encodings;
  }

  segment(image: DecodedImage, ask: SegmenterPrompt): Promise<Mask> {
    return this.small.segment(image, ask);
  }

  async repair(image: DecodedImage, standing: Mask): Promise<RepairedMask | null> {
    if (this.other?.repair) return this.other.repair(image, standing);
    if (this.other || !this.own) return unrated(this.clicks, image, standing);
    return repaired(this.own, image, standing, this.record);
  }

  prepare(image: DecodedImage): Promise<void> {
    return this.clicks.prepare(image);
  }

  async predict(image: DecodedImage, prompt: Prompt, options: PredictOptions = {}): Promise<Proposal> {
    const started = performance.now();
    const samples = options.samples ?? 1;
    const onText = this.watching(image, options);
    const asked = { ...options, samples, seed: options.seed ?? 0, onText };
    const words = this.vocabulary && understood(prompt.text, this.vocabulary);
    const isUnlike = (await this.isUnlike(image)) && !isTaught(prompt.text, this.taught);
    const searched = words && (await this.searched({ image, prompt, unknown: words.unknown, isUnlike }, options));
    if (searched) return searched;
    if (words && words.unknown.length > 0) return this.notUnderstood({ image, prompt, unknown: words.unknown });
    const answers = await this.reasoner.ask(image, words?.text ?? prompt.text, asked);
    const answerMs = performance.now() - started;
    using held = new DisposableStack();
    const states = this.queries && (await this.reasoner.queryStates(answers, this.queries)).map((one) => held.use(one));
    const proposals: Proposal[] = [];
    for (const [i, written] of answers.written.entries()) {
      await options.between?.();
      options.signal?.throwIfAborted();
      proposals.push(await this.propose({ image, prompt, written, states: states?.[i], isUnlike }));
    }
    const chosen = proposals[mostAgreedOf(answers, proposals)];
    if (!chosen) throw new Error('The reasoner wrote no answer.');
    const totalMs = performance.now() - started;
    const timings = { firstTokenMs: answers.firstTokenMs, answerMs, maskMs: totalMs - answerMs, totalMs };
    return { ...chosen, timings, ...(samples > 1 ? { candidates: proposals } : {}) };
  }

  unknownWords(text: string): readonly string[] {
    if (!this.vocabulary) return [];
    if (isTaught(text, this.taught)) return [];
    const named = this.detector && namedClasses(text, this.detector.record.classes);
    if (named && (isNamed(named) || named.unknown.length > 0)) return named.unknown;
    return understood(text, this.vocabulary).unknown;
  }

  /** Names that were taught on pictures unlike those that the words were learnt on. */
  private get taught(): readonly string[] {
    return this.pictures?.taught ?? [];
  }

  private async isUnlike(image: DecodedImage): Promise<boolean> {
    return this.pictures !== null && unlikeness(this.pictures, await this.reasoner.signs(image)) > 0;
  }

  /**
   * On a picture unlike those that the reasoner learnt, things that the detector has names for are searched for. Where weights
   * tell no pictures apart, the detector has the words that the reasoner lacks.
   */
  private async searched(
    { image, prompt, unknown, isUnlike }: NotUnderstood & Pick<Draft, 'isUnlike'>,
    options: PredictOptions,
  ): Promise<Proposal | null> {
    const { detector, own, name, taught } = this;
    if (!detector || !own || !(this.pictures === null ? unknown.length > 0 : isUnlike)) return null;
    const { classes } = detector.record;
    const isUnderstood = unknown.length === 0;
    const answerer = answererOf(prompt.text, { name, classes, taught, isUnderstood, isUnlike });
    if (answerer.by === 'reasoner') return null;
    if (answerer.by === 'detector') {
      const { named, label } = answerer;
      if (isPointed(prompt)) return this.pointedOut({ image, prompt, label }, options);
      return answerByDetector({ detector, segmenter: own, image, frame: this.frameOf(image) }, named, options);
    }
    return isPointed(prompt) ? null : this.notUnderstood({ image, prompt, ...answerer });
  }

  /** What a person points at is what they call it: no model is asked, and the answer says what was drawn. */
  private async pointedOut({ image, prompt, label }: PointedOut, options: PredictOptions): Promise<Proposal | null> {
    if (label === null) return null;
    const started = performance.now();
    const drawn = await this.pointedAt({ image, prompt, named: undefined, states: undefined });
    const objects = drawn.map((object) => ({ ...object, label }));
    const frame = this.frameOf(image);
    const things = objects.map(({ box }) => ({ name: label, box }));
    const answer = detectedAnswer({ asked: [label], meant: things, seen: things }, image, frame);
    options.onText?.(answer.text, 0);
    return {
      ...{ answer, frame, objects, found: objects.length > 0 ? 'objects' : 'nothing', rewards: { format: 1 } },
      timings: { totalMs: performance.now() - started },
    };
  }

  /** No model is asked with words that it does not know: it would find something else. What is pointed at is still drawn. */
  private async notUnderstood({ image, prompt, unknown, reasoning: why }: NotUnderstood): Promise<Proposal> {
    const started = performance.now();
    const reasoning = why ?? (this.vocabulary ? unknownSentence(this.name, unknown, this.vocabulary) : '');
    const objects = isPointed(prompt)
      ? await this.pointedAt({ image, prompt, named: undefined, states: undefined })
      : [];
    return {
      ...{ answer: { text: '', reasoning, unknownWords: [...unknown] }, frame: this.frameOf(image), objects },
      ...{ found: objects.length > 0 ? 'objects' : 'unreadable', rewards: { format: 0 } },
      timings: { totalMs: performance.now() - started },
    };
  }

  async release(): Promise<void> {
    await this.reasoner.release();
    await this.own?.release();
    await this.detector?.release();
    await this.other?.release();
  }

  frameOf(image: DecodedImage): Frame {
    return this.reasoner.frame(image);
  }

  /** Hands text on and calls `onBox` once for each box of each candidate. */
  private watching(image: DecodedImage, { onText, onBox }: PredictOptions): PredictOptions['onText'] {
    if (!onBox) return onText;
    const texts: string[] = [];
    const told: number[] = [];
    const reader = answerReaders[this.weights.recipe.reasoner.parser];
    const frame = this.frameOf(image);
    return (piece, candidate) => {
      onText?.(piece, candidate);
      texts[candidate] = (texts[candidate] ?? '') + piece;
      const named = reader.boxesSoFar(texts[candidate]);
      for (const one of named.slice(told[candidate] ?? 0)) {
        const box = toImage(one, frame, image);
        if (box) onBox(box, candidate);
      }
      told[candidate] = named.length;
    };
  }

  private async propose({ image, prompt, written, states, isUnlike }: Draft): Promise<Proposal> {
    const { text, logProbabilities } = written;
    const reader = answerReaders[this.weights.recipe.reasoner.parser];
    const frame = this.frameOf(image);
    const read = reader.read(text);
    const named = read.objects.flatMap((object) => objectInImage(object, frame, image) ?? []);
    const objects = isPointed(prompt)
      ? await this.pointedAt({ image, prompt, named: named[0], states })
      : await this.maskEach({ image, prompt, named, states });
    // Words that name a box outside of the picture name nothing that can be shown.
    const found = objects.length > 0 ? 'objects' : read.found === 'objects' ? 'unreadable' : read.found;
    const answer = {
      text,
      reasoning: read.reasoning,
      logProbabilities,
      ...(isUnlike && { unlikePicture: true as const }),
    };
    return {
      ...{ answer, frame, found, objects },
      ...{ rewards: { format: reader.format(text) }, timings: {} },
    };
  }

  /** The queries that the context module reads stand behind the whole answer: they speak of one object, not of several. */
  private async maskEach({ image, prompt, named, states }: Named): Promise<ProposedObject[]> {
    if (named.length === 0) return this.unnamed({ image, prompt, states });
    const isAlone = named.length === 1;
    using token = isAlone ? await this.tokenOf(states) : undefined;
    const found: ProposedObject[] = [];
    for (const object of named) {
      const ask = { ...this.given(object), rough: isAlone ? prompt.mask : undefined, token };
      found.push({ ...object, mask: await this.segmenter.segment(image, ask) });
    }
    return found;
  }

  /** Where the segmenter is shown the context token alone, as LENS was released, it draws whatever the text says. */
  private async unnamed({ image, prompt, states }: Omit<Named, 'named'>): Promise<ProposedObject[]> {
    using token = this.recipe.prompts.every((one) => one === 'context') ? await this.tokenOf(states) : undefined;
    if (!token) return [];
    const mask = await this.segmenter.segment(image, { points: [], rough: prompt.mask, token });
    return maskArea(mask) > 0 ? [{ box: maskBox(mask), mask }] : [];
  }

  /** Where the person points there is one object, whatever the answer says; its words and box help to draw it. */
  private async pointedAt({ image, prompt, named, states }: Pointed): Promise<ProposedObject[]> {
    using token = named ? await this.tokenOf(states) : undefined;
    const { box, points = [] } = named ? this.given(named) : {};
    const own = { box: prompt.box ?? box, points: [...points, ...(prompt.points ?? [])] };
    const mask = await this.segmenter.segment(image, { ...own, rough: prompt.mask, token });
    if (!named && maskArea(mask) === 0) return [];
    return [{ ...named, box: named?.box ?? maskBox(mask), mask }];
  }

  private async tokenOf(states: DeviceTensor | undefined): Promise<DeviceTensor | undefined> {
    return states && this.own?.token(states);
  }

  /** What the segmenter is shown of an object: as much of it as the recipe says. */
  private given({ box, points = [] }: ReadObject): Pick<SegmenterPrompt, 'box' | 'points'> {
    const { prompts } = this.recipe;
    return { ...(prompts.includes('box') && { box }), points: prompts.includes('points') ? [...points] : [] };
  }

  /** Null where any word goes. */
  private get vocabulary(): ClosedVocabulary | null {
    const { vocabulary } = this.weights.recipe.reasoner;
    const { words } = this.weights.tokenizer;
    return vocabulary && words ? { words, unfindable: new Set(vocabulary.unfindable) } : null;
  }

  private get recipe() {
    return this.weights.recipe.segmenter;
  }
}

const isPointed = ({ box, points = [] }: Prompt): boolean => box !== undefined || points.length > 0;

interface NotUnderstood {
  image: DecodedImage;
  prompt: Prompt;
  unknown: readonly string[];
  /** The sentence for a person. Default: that of the reasoner's vocabulary. */
  reasoning?: string;
}

interface PointedOut extends Pick<NotUnderstood, 'image' | 'prompt'> {
  /** Null where the prompt names not just one class. */
  label: string | null;
}

interface Draft {
  image: DecodedImage;
  prompt: Prompt;
  written: WrittenAnswer;
  /** [1, queries, hidden] */
  states: DeviceTensor | undefined;
  isUnlike: boolean;
}

interface Named extends Pick<Draft, 'image' | 'prompt' | 'states'> {
  named: readonly ReadObject[];
}

interface Pointed extends Pick<Draft, 'image' | 'prompt' | 'states'> {
  named: ReadObject | undefined;
}
