// Answers a prompt by SAM 3 for words: all objects that the words name, each with its score; there is no reasoning to read.
import { BadInput } from '../contract/badInput.ts';
import type { Frame } from '../contract/geometry.ts';
import type { DecodedImage, Mask, Prompt } from '../contract/records.ts';
import { maskArea, maskBox } from '../contract/rle.ts';
import { type ClickSegmenter, openClickSegmenter } from './clickSegmenter.ts';
import { WordSegmenter } from './onnx/wordSegmenter.ts';
import type { PredictOptions, Predictor, Proposal, ProposedObject } from './predictor.ts';
import { type RepairedMask, unrated } from './segmenter/repair.ts';
import { SmallThings } from './segmenter/smallThings.ts';
import type { SegmenterPrompt } from './segmenter/zoom.ts';
import type { EngineOptions } from './sessions/engineOptions.ts';

/** `segmenter`: where the one for clicks and boxes lies; null: there is none, and words alone are heard. */
export async function openWordPredictor(
  folder: string,
  engine: EngineOptions,
  segmenter: string | null,
): Promise<Predictor> {
  const words = await WordSegmenter.open(folder, engine);
  try {
    return new WordPredictor(words, segmenter === null ? null : await openClickSegmenter(segmenter, engine));
  } catch (error) {
    await words.release();
    throw error;
  }
}

class WordPredictor implements Predictor {
  readonly device: string;
  readonly warnings: readonly string[];
  readonly name: string;
  readonly segmenterName: string | null;
  private readonly words: WordSegmenter;
  private readonly other: ClickSegmenter | null;
  private readonly small: SmallThings | null;

  constructor(words: WordSegmenter, other: ClickSegmenter | null) {
    this.words = words;
    this.other = other;
    this.small = other && new SmallThings(other);
    this.name = words.name;
    this.device = words.provider;
    this.segmenterName = other?.name ?? null;
    this.warnings = [...words.warnings, ...(other?.warnings ?? [])];
  }

  get encodings(): number {
    return this.other?.encodings ?? 0;
  }

  frameOf({ width, height }: DecodedImage): Frame {
    return { width, height };
  }

  /** Any words go to the model. */
  unknownWords(): readonly string[] {
    return [];
  }

  async segment(image: DecodedImage, ask: SegmenterPrompt): Promise<Mask> {
    return (this.small ?? this.clicks()).segment(image, ask);
  }

  async repair(image: DecodedImage, standing: Mask): Promise<RepairedMask | null> {
    const clicks = this.clicks();
    return clicks.repair ? clicks.repair(image, standing) : unrated(clicks, image, standing);
  }

  /** The words' encoder takes too long to run ahead on pictures that nobody asks about. */
  async prepare(image: DecodedImage): Promise<void> {
    await this.other?.prepare(image);
  }

  /** The same words always find the same: one answer stands for all samples. */
  async predict(image: DecodedImage, prompt: Prompt, options: PredictOptions = {}): Promise<Proposal> {
    const started = performance.now();
    options.signal?.throwIfAborted();
    const isPointed = prompt.box !== undefined || (prompt.points ?? []).length > 0;
    const objects = isPointed ? await this.pointedAt(image, prompt) : await this.words.find(image, prompt.text);
    options.signal?.throwIfAborted();
    for (const { box } of objects) options.onBox?.(box, 0);
    const totalMs = performance.now() - started;
    return {
      answer: { text: written(objects), reasoning: '' },
      ...{ frame: this.frameOf(image), objects, found: objects.length > 0 ? 'objects' : 'nothing' },
      ...{ rewards: { format: 1 }, timings: { answerMs: totalMs, totalMs } },
    };
  }

  async release(): Promise<void> {
    await this.words.release();
    await this.other?.release();
  }

  /** Where the person points there is one object, whatever the words would find elsewhere. */
  private async pointedAt(image: DecodedImage, { box, points, mask: rough }: Prompt): Promise<ProposedObject[]> {
    const mask = await this.clicks().segment(image, { box, points, rough });
    return maskArea(mask) === 0 ? [] : [{ box: box ?? maskBox(mask), mask }];
  }

  private clicks(): ClickSegmenter {
    if (this.other) return this.other;
    throw new BadInput(
      `${this.name}: finds by words alone; for clicks and boxes choose a segmenter beside it (a checkpoint of SAM 1 or 2, or an ONNX segmenter) in the settings or by --segmenter`,
    );
  }
}

/** As reasoners write lists of boxes: in pixels of the picture, which is what the frame is here. */
function written(objects: readonly ProposedObject[]): string {
  return JSON.stringify(
    objects.map(({ box: { x1, y1, x2, y2 }, score }) => ({
      bbox_2d: [x1, y1, x2, y2].map((edge) => Math.round(edge)),
      ...(score !== undefined && { score: Math.round(score * 100) / 100 }),
    })),
  );
}
