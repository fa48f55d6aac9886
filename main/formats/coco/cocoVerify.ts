// Checks a COCO file of any size by every rule and, beside a project, names every mask that is not the project's.
import { accessSync, statSync } from 'node:fs';
import { BadInput } from '../../contract/badInput.ts';
import type { VerifyReport } from '../../contract/jobs.ts';
import type { Mask } from '../../contract/records.ts';
import { maskIou } from '../../contract/rle.ts';
import { jsonPieces } from '../files/jsonStream.ts';
import { pauses } from '../files/pauses.ts';
import { type Fields, isFields, numberOf, wholeOf, yesOf } from '../reading/values.ts';
import { type Checked, type CocoAnnotation, CocoRules, isLoneBox } from './cocoRules.ts';

const MOST_PROBLEMS = 1000;
/** Numbers that a file states of its polygons are cut after six digits. */
const ROUNDED = 2e-6;

/** What a project holds, as the file should. */
export interface Truth {
  /** Null where the project has no such image; sides are null where nobody knows them. */
  image(id: number): { readonly width: number | null; readonly height: number | null } | null;
  shape(id: number): TrueShape | null;
  /** Whether the project has these records of images and categories from the file that they came from. */
  hasImage(record: Fields): boolean;
  hasCategory(record: Fields): boolean;
  /** Ids of all that a file with this `info` should hold. */
  images(info: Fields): Iterable<number>;
  shapes(info: Fields): Iterable<number>;
}

export interface TrueShape {
  readonly imageId: number;
  /** Its name in the project, and in the file that it came from where that differs in blanks. */
  readonly labels: readonly string[];
  readonly crowd: boolean;
  readonly mask: Mask | null;
  /** What the file says that it came from, where nobody touched its mask and box. */
  readonly record: Fields | null;
  /** Whether that file gave it its id, which may be 0 then. */
  readonly hasItsId: boolean;
}

export interface VerifyOptions {
  readonly truth?: Truth | null;
  readonly signal?: AbortSignal;
  /** Called once for every annotation. */
  readonly step?: () => void;
}

/** Throws `BadInput` only where the file cannot be read at all. */
export async function verifyCocoFile(file: string, options: VerifyOptions = {}): Promise<VerifyReport> {
  refuseUnreadable(file);
  const check = new FileCheck(file, options);
  try {
    await check.run();
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    check.problems.add([error.message]);
  }
  return check.report();
}

function refuseUnreadable(file: string): void {
  try {
    accessSync(file);
  } catch {
    throw new BadInput(`${file}: cannot be read; is it there?`);
  }
  // The file is read more than once, which a pipe is not.
  if (!statSync(file).isFile()) throw new BadInput(`${file}: is no ordinary file; name a COCO file`);
}

class FileCheck {
  readonly problems = new Problems();
  readonly #file: string;
  readonly #options: VerifyOptions;
  readonly #rules = new CocoRules();
  readonly #images = new Set<number>();
  readonly #shapes = new Set<number>();
  #annotations = 0;

  constructor(file: string, options: VerifyOptions) {
    this.#file = file;
    this.#options = options;
  }

  /** The file is read twice, as images and categories may stand behind the annotations. */
  async run(): Promise<void> {
    const { signal, step, truth } = this.#options;
    const pause = pauses(signal);
    const head = await this.#readHead(pause);
    const isAnnotation = (key: string) => key === 'annotations';
    for (const { value, listed } of jsonPieces(this.#file, isAnnotation)) {
      if (!listed) break;
      this.problems.add(this.#annotation(value));
      step?.();
      await pause();
    }
    this.problems.add(this.#rules.end(head));
    if (truth) {
      const info = isFields(head.info) ? head.info : {};
      this.problems.add(missing('image', truth.images(info), this.#images));
      this.problems.add(missing('shape', truth.shapes(info), this.#shapes));
    }
  }

  report(): VerifyReport {
    const { truth } = this.#options;
    return {
      file: this.#file,
      images: this.#rules.images,
      annotations: this.#annotations,
      boxes: this.#rules.boxes,
      problems: this.problems.all,
      compared: truth !== undefined && truth !== null,
    };
  }

  /** The values of all keys; of the lists only that they are lists. */
  async #readHead(pause: () => Promise<void> | undefined): Promise<Record<string, unknown>> {
    const head: Record<string, unknown> = {};
    const counts = new Map<string, number>();
    const wanted = (key: string) => {
      head[key] = [];
      return key !== 'annotations';
    };
    for (const { key, listed, value } of jsonPieces(this.#file, wanted)) {
      if (key === null) throw new BadInput('the file is a list; COCO results are lists, COCO files are not');
      if (!listed) head[key] = value;
      const index = counts.get(key) ?? 0;
      counts.set(key, index + 1);
      if (listed && key === 'images') this.#image(value, index);
      if (listed && key === 'categories') this.#category(value, index);
      await pause();
    }
    return head;
  }

  #image(value: unknown, index: number): void {
    const { truth } = this.#options;
    this.problems.add(this.#rules.image(value, index, isFields(value) && (truth?.hasImage(value) ?? false)));
    const id = isFields(value) ? numberOf(value.id) : null;
    if (!truth || id === null || !isFields(value)) return;
    this.#images.add(id);
    const known = truth.image(id);
    if (known === null) this.problems.add([`image ${id} is not in the project`]);
    else if (known.width !== null && (known.width !== value.width || known.height !== value.height)) {
      const sizes = `${value.width} x ${value.height}, its picture is ${known.width} x ${known.height}`;
      this.problems.add([`image ${id} is given as ${sizes} upright`]);
    }
  }

  #category(value: unknown, index: number): void {
    const own = isFields(value) && (this.#options.truth?.hasCategory(value) ?? false);
    this.problems.add(this.#rules.category(value, index, own));
  }

  #annotation(value: unknown): string[] {
    const { truth } = this.#options;
    const id = isFields(value) ? wholeOf(value.id) : null;
    const shape = (id !== null && truth?.shape(id)) || null;
    const problems: string[] = [];
    const seen = ({ annotation, mask }: Checked) =>
      void problems.push(...(shape?.mask ? maskDifference(annotation, mask, shape.mask) : []));
    problems.unshift(
      ...this.#rules.annotation(value, this.#annotations++, {
        own: shape?.record ?? null,
        hasItsId: shape?.hasItsId,
        seen,
      }),
    );
    if (truth && id !== null && isFields(value)) {
      this.#shapes.add(id);
      problems.push(...this.#differences(value, shape));
    }
    return problems;
  }

  #differences(annotation: Fields, shape: TrueShape | null): string[] {
    const say = (problem: string) => `annotation ${annotation.id}: ${problem}`;
    if (shape === null) return [say('the project has no shape of this number')];
    const problems: string[] = [];
    const category = wholeOf(annotation.category_id);
    const label = category === null ? null : this.#rules.categoryName(category);
    if (shape.imageId !== wholeOf(annotation.image_id))
      problems.push(say(`lies on image ${shape.imageId} in the project`));
    if (label !== null && !shape.labels.includes(label))
      problems.push(say(`is labelled "${shape.labels[0]}" in the project`));
    if (shape.crowd !== yesOf(annotation.iscrowd))
      problems.push(say(`is ${shape.crowd ? 'a' : 'no'} crowd in the project`));
    if (shape.mask !== null && isLoneBox(annotation)) problems.push(say('has no mask; in the project it has one'));
    return problems;
  }
}

function maskDifference(annotation: CocoAnnotation, mask: Mask, own: Mask): string[] {
  const stated = numberOf(annotation.polygon_iou) ?? 1;
  const iou = sameSize(own, mask) ? maskIou(own, mask) : Number.NaN;
  if (Math.abs(iou - stated) <= ROUNDED) return [];
  return [
    `annotation ${annotation.id}: its mask is not the project's: IoU ${iou.toFixed(6)} where the file promises ${stated}`,
  ];
}

const sameSize = (a: Mask, b: Mask): boolean => a.size[0] === b.size[0] && a.size[1] === b.size[1];

function* missing(what: string, ids: Iterable<number>, found: ReadonlySet<number>): Generator<string> {
  for (const id of ids) if (!found.has(id)) yield `${what} ${id} of the project is not in the file`;
}

/** The first thousand, then a number. */
class Problems {
  readonly #sentences: string[] = [];
  #more = 0;

  add(sentences: Iterable<string>): void {
    for (const sentence of sentences) {
      if (this.#sentences.length < MOST_PROBLEMS) this.#sentences.push(sentence);
      else this.#more++;
    }
  }

  get all(): string[] {
    return this.#more > 0 ? [...this.#sentences, `and ${this.#more} more`] : [...this.#sentences];
  }
}
