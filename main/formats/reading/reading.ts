// Defines what every reader of annotations gives: images, labels and shapes in neutral words, and what it left out and why.
import type { Frame } from '../../contract/geometry.ts';
import type { AttributeValue } from '../../contract/project.ts';
import type { Box, Mask } from '../../contract/records.ts';
import type { YoloSets } from './yoloSet.ts';

/** An image as an annotation file names it. */
export interface ReadImage {
  /** The file's own name for it, with forward slashes. */
  readonly name: string;
  /** Upright, as the file states or the picture has it; null: nobody knows. */
  readonly width: number | null;
  readonly height: number | null;
  /** The folder in which the file says that it lay: of equal names it tells which is meant. */
  readonly folder?: string;
  /** Where the picture lies, if the reader had to look for it already. */
  readonly picture?: ReadPicture;
  /** The part of the data set that the file says it belongs to: "train", "val". */
  readonly split?: string;
  /** A person said that nothing is to be marked on it. */
  readonly reviewed?: boolean;
  readonly source?: SourceText;
}

/** What a file says of one thing, for formats that are written again as they were. */
export interface SourceText {
  /** The file's own id; null where it has none that can be kept. */
  readonly number: number | null;
  /** JSON as it stands there. */
  readonly record: string;
}

/** One whose size is known: shapes can lie on it. */
export type SizedImage = ReadImage & Frame;

export interface ShapeSource extends SourceText {
  /** Its place among the file's annotations, from 0. */
  readonly position: number;
  /** The file's id of its label. */
  readonly category: number | null;
  /** Whether mask and box could be taken as they stand; else what was made of them counts. */
  readonly whole: boolean;
}

export interface ReadingSource {
  /** The file's keys but images, annotations and categories, their values as JSON. */
  readonly head: Readonly<Record<string, string>>;
  readonly categories: readonly { readonly number: number; readonly label: string; readonly record: string }[];
}

export interface ReadShape {
  readonly image: ReadImage;
  readonly label: string;
  /** At the size that the file states for its image. */
  readonly mask: Mask | null;
  readonly box: Box;
  readonly crowd: boolean;
  readonly attributes: Record<string, AttributeValue>;
  readonly source?: ShapeSource;
}

export interface Reading {
  /** As a person calls it: "COCO", "LabelMe". */
  readonly format: string;
  /** Also those without shapes. */
  readonly images: readonly ReadImage[];
  /** In the file's order. */
  readonly labels: readonly string[];
  /** Can be read once; what cannot be taken goes to the notes as it is met. */
  readonly shapes: Iterable<ReadShape>;
  readonly source?: ReadingSource;
}

/** A picture on disk. */
export interface ReadPicture {
  /** Absolute. */
  readonly file: string;
  /** Upright. */
  readonly width: number;
  readonly height: number;
}

/** The pictures that the annotations may mean. */
export interface PictureFinder {
  /**
   * The one that a name means in the annotation file `from`; a name without ending may have any.
   * `folder`: where the file says that it lay, if not in the name. Null where there is none, where several fit equally,
   * or where it cannot be read.
   */
  find(name: string, from?: string, folder?: string): Promise<ReadPicture | null>;
}

export interface ReadContext {
  /** The folder that was chosen: nothing outside of it says what the annotations mean. */
  readonly root: string;
  readonly pictures: PictureFinder;
  readonly notes: Notes;
  /** What folders say of the label files in them, kept for the next one. */
  readonly sets?: YoloSets;
}

export interface LeftOut {
  readonly what: string;
  readonly why: string;
}

const MOST_LINES = 1000;

/** Collects what a person should know of an import; the first thousand lines of each kind, then numbers. */
export class Notes {
  readonly #leftOut: LeftOut[] = [];
  readonly #said = new Set<string>();
  #more = 0;

  /** `what` was not taken. */
  leave(what: string, why: string): void {
    if (this.#leftOut.length < MOST_LINES) this.#leftOut.push({ what, why });
    else this.#more++;
  }

  /** Something was taken, but not quite as it stands there. The same sentence counts once. */
  say(sentence: string): void {
    if (this.#said.size < MOST_LINES) this.#said.add(sentence);
  }

  get leftOut(): LeftOut[] {
    const rest = { what: `${this.#more} more`, why: 'for reasons like these' };
    return this.#more > 0 ? [...this.#leftOut, rest] : [...this.#leftOut];
  }

  get said(): string[] {
    return [...this.#said];
  }
}
