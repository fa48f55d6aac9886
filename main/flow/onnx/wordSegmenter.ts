// Finds all objects that words name in a picture by the ONNX files of SAM 3: encodes picture and words apart, then decodes both.
import path from 'node:path';
import type { ForeignPort, OnnxHeader } from '../../../models/runtime/onnxHeader.ts';
import { ForeignSession, type ShapedValue } from '../../../models/runtime/session.ts';
import { BadInput } from '../../contract/badInput.ts';
import type { Frame } from '../../contract/geometry.ts';
import type { DecodedImage } from '../../contract/records.ts';
import type { EngineOptions } from '../sessions/engineOptions.ts';
import { type ClipTokens, openClipTokens } from './clipTokens.ts';
import { readOnnxFolder } from './onnxFolder.ts';
import { resizedPlanes } from './onnxPicture.ts';
import { elementTypes, refuseOddTypes } from './onnxTypes.ts';
import { findWordFiles, type WordDialect, type WordFiles, whyNoWordFiles } from './wordDialects.ts';
import { gigabytes, memoryNeeded, refuseWithout } from './wordMemory.ts';
import { type ScoredObject, scoredObjects } from './wordObjects.ts';

type Shaped = Readonly<Record<string, ShapedValue>>;

const { float32, uint8, int32, int64 } = elementTypes;
const noWords =
  'holds ONNX files of no model that finds by words; one for clicks and boxes is given by --segmenter, or in the settings';
const usualSide = 1008;
const usualTokens = 32;

export interface WordOptions extends EngineOptions {
  /** Bytes of memory that are free; default: what the system says. */
  readonly free?: number;
}

interface Parts {
  readonly files: WordFiles;
  readonly picture: ForeignSession;
  readonly words: ForeignSession;
  readonly decoder: ForeignSession;
  readonly tokens: ClipTokens;
}

export class WordSegmenter {
  readonly name: string;
  readonly provider: string;
  /** Sentences that are shown to the person before anything is asked. */
  readonly warnings: readonly string[];
  private readonly parts: Parts;
  /** Those of the last picture and of the last words; each picture's maps are some 200 MB. */
  private seen: { readonly image: DecodedImage; readonly maps: Promise<Shaped> } | null = null;
  private read: { readonly text: string; readonly features: Promise<Shaped> } | null = null;

  private constructor(name: string, parts: Parts, warnings: readonly string[]) {
    this.name = name;
    this.parts = parts;
    this.provider = parts.picture.provider;
    this.warnings = [...parts.picture.warnings, ...warnings];
  }

  /** Reads the files' heads and the vocabulary, compares memory, then opens; throws one sentence that names what is at fault. */
  static async open(folder: string, { free = process.availableMemory(), ...options }: WordOptions = {}) {
    const headers = await readOnnxFolder(folder);
    const files = findWordFiles(headers);
    if (!files) throw new BadInput(`${folder}: ${whyNoWordFiles(headers) ?? noWords}`);
    for (const header of [files.picture, files.words, files.decoder]) refuseOddTypes(header);
    const tokens = await openClipTokens(folder, path.dirname(files.words.file));
    const needed = await memoryNeeded(files, squareOf(files));
    refuseWithout(folder, needed, free);
    const name = path.basename(folder);
    const [picture, words, decoder] = await opened([files.picture.file, files.words.file, files.decoder.file], options);
    const slow = `${name} needs about ${gigabytes(needed)} of memory (${gigabytes(free)} are free) and on a processor 15 s and more a picture: it is for prompting many images, not for work at the screen.`;
    return new WordSegmenter(name, { files, picture, words, decoder, tokens }, [slow]);
  }

  get dialect(): string {
    return this.parts.files.dialect.id;
  }

  /** All that the words name, the surest first, in pixels of the picture. */
  async find(image: DecodedImage, text: string): Promise<ScoredObject[]> {
    const { files, decoder } = this.parts;
    const [features, maps] = [await this.featuresOf(text), await this.mapsOf(image)];
    const feeds = { ...named(files.dialect, maps, features), ...unpointed(files, image) };
    // Files that were simplified have lost the inputs that change nothing.
    const wanted = files.decoder.inputs.map(({ name }) => [name, feeds[name]] as const);
    const missing = wanted.find(([, value]) => !value);
    if (missing) throw new BadInput(`${files.decoder.file}: wants an input ${missing[0]} that nothing is known of`);
    const fed = Object.fromEntries(wanted.flatMap(([name, value]) => (value ? [[name, value]] : [])));
    return scoredObjects(await decoder.run(fed), files, image);
  }

  async release(): Promise<void> {
    const { picture, words, decoder } = this.parts;
    for (const session of [picture, words, decoder]) await session.release();
  }

  private mapsOf(image: DecodedImage): Promise<Shaped> {
    if (this.seen?.image === image) return this.seen.maps;
    const { files, picture } = this.parts;
    const maps = picture.run({ [files.dialect.picture.input]: pixelsOf(image, files) });
    this.seen = { image, maps };
    // A failure is not kept: the next call tries again.
    maps.catch(() => (this.seen = null));
    return maps;
  }

  private featuresOf(text: string): Promise<Shaped> {
    if (this.read?.text === text) return this.read.features;
    const features = this.parts.words.run(wordFeeds(text, this.parts));
    this.read = { text, features };
    features.catch(() => (this.read = null));
    return features;
  }
}

/** All three, or none is left open. */
async function opened(
  [picture, words, decoder]: readonly [string, string, string],
  options: EngineOptions,
): Promise<[ForeignSession, ForeignSession, ForeignSession]> {
  const all = await Promise.allSettled([picture, words, decoder].map((file) => ForeignSession.open(file, options)));
  const [first, second, third] = all.map((one) => (one.status === 'fulfilled' ? one.value : null));
  if (first && second && third) return [first, second, third];
  for (const session of [first, second, third]) await session?.release();
  throw all.find((one) => one.status === 'rejected')?.reason;
}

/** The picture fills the square, whatever its aspect. */
function squareOf({ dialect, picture }: WordFiles): Frame {
  const { shape = [] } = picture.inputs.find(({ name }) => name === dialect.picture.input) ?? {};
  return { height: shape.at(-2) ?? usualSide, width: shape.at(-1) ?? usualSide };
}

/** From -1 to 1; a file that takes bytes scales them by itself. */
function pixelsOf(image: DecodedImage, files: WordFiles): ShapedValue {
  const { type, shape: open } = portOf(files.picture, files.dialect.picture.input);
  const { width, height } = squareOf(files);
  const planes = resizedPlanes(image, { width, height });
  const shape = [...(open.length === 4 ? [1] : []), 3, height, width];
  return { data: type === uint8 ? Uint8Array.from(planes) : planes.map((value) => value / 127.5 - 1), shape };
}

function wordFeeds(text: string, { files, tokens }: Parts): Shaped {
  const { ids, mask, padding } = files.dialect.words;
  const port = portOf(files.words, ids);
  const room = port.shape.at(-1) ?? usualTokens;
  const own = tokens.encode(text);
  if (own.length > room)
    throw new BadInput(`the prompt takes ${own.length} tokens and this model reads ${room}; say it in fewer words`);
  const rest = new Array<number>(room - own.length);
  const all = [...own, ...rest.fill(padding === 'zero' ? 0 : tokens.end)];
  const isWord = [...own.map(() => 1), ...rest.fill(0)];
  return {
    [ids]: whole(all, [1, room], port),
    ...(mask !== null && { [mask]: whole(isWord, [1, room], portOf(files.words, mask)) }),
  };
}

/** What the encoders gave, under the decoder's names. */
function named({ picture, words, decoder }: WordDialect, maps: Shaped, features: Shaped): Record<string, ShapedValue> {
  const pairs = [
    ...picture.outputs.map((from, i) => [decoder.maps[i], maps[from]] as const),
    ...words.outputs.map((from, i) => [decoder.texts[i], features[from]] as const),
  ];
  return Object.fromEntries(pairs.flatMap(([to, value]) => (to !== undefined && value ? [[to, value]] : [])));
}

/** The picture's size, and one box that is none. */
function unpointed({ dialect, decoder }: WordFiles, { width, height }: Frame): Record<string, ShapedValue> {
  const { boxes, size } = dialect.decoder;
  const count = (name: string) =>
    portOf(decoder, name).shape.reduce<number>((product, side) => product * (side ?? 1), 1);
  const shapeOf = (name: string) => portOf(decoder, name).shape.map((side) => side ?? 1);
  const filled = (name: string, value: number) =>
    whole(new Array<number>(count(name)).fill(value), shapeOf(name), portOf(decoder, name));
  return {
    ...(size && { [size[0]]: filled(size[0], height), [size[1]]: filled(size[1], width) }),
    [boxes.at]: { data: new Float32Array(count(boxes.at)), shape: shapeOf(boxes.at) },
    [boxes.labels]: filled(boxes.labels, boxes.label),
    ...(boxes.none !== null && {
      [boxes.none]: { data: new Uint8Array(count(boxes.none)).fill(1), shape: shapeOf(boxes.none), type: 'bool' },
    }),
  };
}

const portOf = (header: OnnxHeader, name: string): ForeignPort =>
  header.inputs.find((port) => port.name === name) ?? { name, type: int64, shape: [] };

/** Puts whole numbers into the element type that the file declares. */
function whole(values: readonly number[], shape: readonly number[], { type }: ForeignPort): ShapedValue {
  if (type === float32) return { data: Float32Array.from(values), shape };
  return { data: type === int32 ? Int32Array.from(values) : BigInt64Array.from(values, BigInt), shape };
}
