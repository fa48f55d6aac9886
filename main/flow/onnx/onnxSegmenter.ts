// Draws masks by ONNX files of another tool, from clicks, a box or a rough mask; encodes the picture once.
import path from 'node:path';
import { filesDigest } from '../../../models/runtime/graphDigest.ts';
import type { OnnxHeader } from '../../../models/runtime/onnxHeader.ts';
import { ForeignSession, type ShapedValue } from '../../../models/runtime/session.ts';
import { BadInput } from '../../contract/badInput.ts';
import type { DecodedImage, Mask } from '../../contract/records.ts';
import { wholeOf } from '../segmenter/views.ts';
import type { EngineOptions } from '../sessions/engineOptions.ts';
import { EncoderFiles, leastSide } from '../sessions/featureFiles.ts';
import { type PixelScale, type RecognisedFiles, recognise } from './onnxDialects.ts';
import { readOnnxFolder } from './onnxFolder.ts';
import { type ForeignMasks, foreignMasks, maskOfPicture } from './onnxMasks.ts';
import { type PlacedPicture, pixelsFor, placedOn } from './onnxPicture.ts';
import { type ProbeResult, probe } from './onnxProbe.ts';
import { type PointedAt, promptFeeds } from './onnxPrompts.ts';
import { elementTypes, refuseOddTypes } from './onnxTypes.ts';

type Shaped = Readonly<Record<string, ShapedValue>>;

interface Parts {
  readonly files: RecognisedFiles;
  readonly encoder: ForeignSession;
  readonly decoder: ForeignSession;
}

export class OnnxSegmenter {
  readonly name: string;
  readonly provider: string;
  /** Sentences that are shown to the person. */
  readonly warnings: readonly string[];
  readonly heard: ProbeResult;
  /** How often the encoder has run on pictures. */
  encodings = 0;
  private readonly parts: Parts;
  private readonly features = new WeakMap<DecodedImage, Promise<Shaped>>();
  private readonly kept: EncoderFiles | null;

  private constructor(parts: Parts, heard: ProbeResult, { features }: EngineOptions) {
    this.parts = parts;
    this.heard = heard;
    this.kept = features && isKept(parts.files) ? new EncoderFiles(features, setupOf(parts, heard)) : null;
    this.name = path.basename(path.dirname(parts.files.encoder.file));
    this.provider = parts.encoder.provider;
    const slow = `${this.name} is one file, so every click encodes the picture again.`;
    this.warnings = [
      ...parts.encoder.warnings,
      ...complaints(this.name, heard),
      ...leftOut(this.name, parts.files),
      ...(isOneFile(parts.files) ? [slow] : []),
    ];
  }

  /** Opens the files of a folder and tries them; throws one sentence that names the file at fault. */
  static async open(folder: string, options: EngineOptions = {}): Promise<OnnxSegmenter> {
    const files = recognise(folder, await readOnnxFolder(folder));
    for (const header of [files.encoder, files.decoder]) refuseOddTypes(header);
    const opened = ({ file, prefix }: OnnxHeader) => ForeignSession.open(file, options, prefix);
    const encoder = await opened(files.encoder);
    const decoder = isOneFile(files) ? encoder : await opened(files.decoder);
    const parts = { files, encoder, decoder };
    const heard = await probe(files.dialect, {
      encode: (image, scale) => encoded(parts, image, scale),
      masks: async (image, ask, features) =>
        refuseNoNumbers(
          await decoded(parts, { image, ask, features, heard: { boxes: true, rough: true } }),
          files.decoder.file,
        ),
      shown: (masks, image) => maskOfPicture(masks, image, placedFor(files, image)),
    });
    return new OnnxSegmenter(parts, heard, options);
  }

  get wantsParts(): boolean {
    return !isOneFile(this.parts.files);
  }

  get dialect(): string {
    return this.parts.files.dialect.id;
  }

  /** Encodes the picture ahead of the first ask. */
  async prepare(image: DecodedImage): Promise<void> {
    await this.see(image);
  }

  /** The mask at the picture's size. */
  async segment(image: DecodedImage, ask: PointedAt): Promise<Mask> {
    const features = await this.see(image);
    const masks = await decoded(this.parts, { image, ask, features, heard: this.heard });
    return maskOfPicture(masks, image, placedFor(this.parts.files, image));
  }

  async release(): Promise<void> {
    await this.parts.encoder.release();
    if (!isOneFile(this.parts.files)) await this.parts.decoder.release();
  }

  private see(image: DecodedImage): Promise<Shaped> {
    const known = this.features.get(image);
    if (known) return known;
    const encode = () => {
      this.encodings++;
      return encoded(this.parts, image, this.heard.scale);
    };
    const features = this.kept ? this.kept.of(image, wholeOf(image), encode) : encode();
    this.features.set(image, features);
    // A failure is not kept: the next call tries again.
    features.catch(() => this.features.delete(image));
    return features;
  }
}

/** Weights that are damaged, or half precision that overflows. */
function refuseNoNumbers(masks: ForeignMasks, file: string): ForeignMasks {
  if (!masks.masks.some(Number.isNaN)) return masks;
  throw new BadInput(`${file}: draws masks that are no numbers (NaN); get the file again, or take the float32 one`);
}

function complaints(name: string, { boxes, scale }: ProbeResult): string[] {
  return [
    ...(boxes ? [] : [`${name} does not hear boxes; a click in the middle of the box stands for it.`]),
    ...(scale === 'slip' ? [`${name} finds more with the pixels of osam's slip of precedence than with SAM 2's.`] : []),
  ];
}

async function encoded({ files, encoder }: Parts, image: DecodedImage, scale: PixelScale): Promise<Shaped> {
  const { dialect } = files;
  const { input, outputs } = dialect.encoder;
  const planes = shapeOf(files).length !== 3;
  const bytes = pictureOf(files)?.type === elementTypes.uint8;
  const pixels = { [input]: pixelsFor(image, { placed: placedFor(files, image), scale, planes, bytes }) };
  // One file is fed picture and prompts together.
  if (isOneFile(files)) return pixels;
  const results = await fed(files.encoder.file, encoder, pixels);
  const names = outputs ?? files.encoder.outputs.map(({ name }) => name);
  return Object.fromEntries(
    dialect.decoder.features.map((feature, i) => {
      const name = names[i];
      if (name === undefined) throw new BadInput(`${files.encoder.file}: has no output for "${feature}"`);
      const value = results[name];
      if (!value) throw new BadInput(`${files.encoder.file}: gave no output ${name}`);
      return [feature, value];
    }),
  );
}

interface OnnxAsk {
  readonly image: DecodedImage;
  readonly ask: PointedAt;
  readonly features: Shaped;
  readonly heard: Pick<ProbeResult, 'boxes' | 'rough'>;
}

async function decoded({ files, decoder }: Parts, { image, ask, features, heard }: OnnxAsk): Promise<ForeignMasks> {
  const placed = placedFor(files, image);
  const { inputs } = files.decoder;
  const prompts = promptFeeds(ask, { dialect: files.dialect, inputs, placed, image, heard });
  const { file } = files.decoder;
  return foreignMasks(await fed(file, decoder, { ...features, ...prompts }), files.dialect, file);
}

/** Says which file it is that does not run, and what is likely. */
async function fed(file: string, session: ForeignSession, values: Shaped): Promise<Shaped> {
  return session.run(values).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw new BadInput(`${file}: does not run; do encoder and decoder belong to one model? (${why.trim()})`);
  });
}

/** One file has no features apart, and small squares are soon encoded. */
const isKept = (files: RecognisedFiles): boolean => !isOneFile(files) && Math.max(...sidesOf(files)) >= leastSide;

/** Names all that decides what the encoder makes of a picture. */
async function setupOf({ files, encoder }: Parts, { scale }: ProbeResult): Promise<readonly unknown[]> {
  const { file, data, inputs } = files.encoder;
  const beside = data.map((name) => path.join(path.dirname(file), name));
  const { aspect } = files.dialect.picture;
  return [await filesDigest([file, ...beside]), encoder.provider, files.dialect.id, aspect, inputs, scale];
}

/** Variants of lower precision, or files of another model. */
function leftOut(name: string, { encoder, decoder, others }: RecognisedFiles): string[] {
  if (others.length === 0) return [];
  const used = [encoder, decoder].map(({ file }) => path.basename(file)).join(' and ');
  return [`${name} holds several models or variants: ${used} are used, and ${others.join(', ')} left out.`];
}

const isOneFile = ({ encoder, decoder }: RecognisedFiles): boolean => encoder === decoder;

const pictureOf = ({ dialect, encoder }: RecognisedFiles) =>
  encoder.inputs.find(({ name }) => name === dialect.encoder.input);

const shapeOf = (files: RecognisedFiles) => pictureOf(files)?.shape ?? [];

/** Places the picture on the encoder's square. */
function placedFor(files: RecognisedFiles, image: DecodedImage): PlacedPicture {
  const [height, width] = sidesOf(files);
  return placedOn(image, { height, width }, files.dialect.picture.aspect);
}

/** Height and width of what the encoder sees, in pixels; 1024 where the file leaves its size open. */
function sidesOf(files: RecognisedFiles): [height: number, width: number] {
  const shape = shapeOf(files);
  const [height, width] = shape.length === 3 ? shape.slice(0, 2) : shape.slice(2);
  return [height ?? 1024, width ?? 1024];
}
