// Searches a photograph for things of named classes, by what the segmenter's picture encoder sees of the whole of it.
import { type DetectorConfig, detectorHead } from '../../models/detector/head.ts';
import { input } from '../../models/graph/tensor.ts';
import { floats } from '../../models/graph/value.ts';
import { paramsFrom } from '../../models/nn/params.ts';
import { frozenWeights } from '../../models/runtime/frozen.ts';
import { Session } from '../../models/runtime/session.ts';
import type { Sam2Config } from '../../models/sam2/config.ts';
import { boxIou, type Frame } from '../contract/geometry.ts';
import type { Box } from '../contract/records.ts';
import { type DetectorRecord, readDetector } from '../weights/records/detectorRecord.ts';
import type { Features } from './segmenter/views.ts';
import type { EngineOptions } from './sessions/engineOptions.ts';

/** A thing of a class, in image pixels. */
export interface DetectedThing {
  /** Its class's place in the record. */
  readonly index: number;
  readonly name: string;
  readonly box: Box;
  /** 0 to 1 */
  readonly score: number;
}

/** Boxes of one class that overlap more are the same thing. */
const sameThing = 0.5;

/** The surest of those that lie on the same thing, of whatever class. `found`: the surest first. */
export function apart<T extends Pick<DetectedThing, 'box'>>(found: readonly T[]): T[] {
  const kept: T[] = [];
  for (const each of found) if (kept.every(({ box }) => boxIou(box, each.box) <= sameThing)) kept.push(each);
  return kept;
}

export class Detector {
  readonly record: DetectorRecord;
  private readonly session: Session;

  private constructor(record: DetectorRecord, session: Session) {
    this.record = record;
    this.session = session;
  }

  /** Null where the folder has none. `segmenter`: whose features it reads. */
  static async open(folder: string, segmenter: Sam2Config, options: EngineOptions): Promise<Detector | null> {
    const found = await readDetector(folder);
    if (!found) return null;
    const { record, file } = found;
    const weights = frozenWeights([file]);
    const maps = detectorHead(paramsFrom(weights).at('detector'), configOf(record), featureInputs(segmenter));
    return new Detector(record, await Session.create({ ...maps }, { ...options, folder: weights.folder }));
  }

  /** All things of these classes from `least` on (default: the record's), the surest first. `features`: of the whole picture. */
  async find(
    features: Features,
    image: Frame,
    asked: { classes: readonly number[]; least?: number },
  ): Promise<DetectedThing[]> {
    const { embed, s1 } = features;
    if (!embed || !s1) throw new Error('The detector reads "embed" and "s1".');
    const maps = await this.session.run({ embed, s1 });
    const [scores, boxes] = [floats(maps, 'scores'), floats(maps, 'boxes')];
    const least = asked.least ?? this.record.least;
    const found = asked.classes.flatMap((index) => this.ofClass({ scores, boxes, index, least }, image));
    return found.sort((a, b) => b.score - a.score);
  }

  release(): Promise<void> {
    return this.session.release();
  }

  private ofClass({ scores, boxes, index, least }: ClassMaps, image: Frame): DetectedThing[] {
    const count = this.record.classes.length;
    const name = this.record.classes[index]?.name ?? '';
    const sure: DetectedThing[] = [];
    for (let at = index; at < scores.length; at += count) {
      const score = 1 / (1 + Math.exp(-(scores[at] ?? 0)));
      if (score >= least) sure.push({ index, name, score, box: boxIn(boxes.subarray(4 * at, 4 * at + 4), image) });
    }
    sure.sort((a, b) => b.score - a.score);
    return apart(sure);
  }
}

interface ClassMaps {
  /** [cells, classes] */
  readonly scores: Float32Array;
  /** [cells, classes, 4] */
  readonly boxes: Float32Array;
  readonly index: number;
  readonly least: number;
}

const configOf = ({ classes, width, blocks }: DetectorRecord): DetectorConfig => ({
  ...{ classes: classes.length, width, blocks },
});

function featureInputs({ imageSize, width }: Sam2Config) {
  const side = imageSize / 16;
  return {
    embed: input('embed', [1, width, side, side]),
    s1: input('s1', [1, width / 4, 2 * side, 2 * side]),
  };
}

/** From shares of the picture, cut at its edge. */
function boxIn([x1 = 0, y1 = 0, x2 = 1, y2 = 1]: Float32Array, { width, height }: Frame): Box {
  const within = (share: number, length: number) => Math.min(1, Math.max(0, share)) * length;
  return { x1: within(x1, width), y1: within(y1, height), x2: within(x2, width), y2: within(y2, height) };
}
