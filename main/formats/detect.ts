// Finds the reader for any file by its content, or the reason why there is none; the name of the file does not count.
import { closeSync, openSync, readSync } from 'node:fs';
import { BadInput } from '../contract/badInput.ts';
import { readCoco } from './coco/cocoRead.ts';
import { readPanoptic } from './coco/panoptic.ts';
import { readCvat } from './cvat.ts';
import { jsonLines, jsonPieces } from './files/jsonStream.ts';
import { decodeRoughly } from './files/textFile.ts';
import { readGroundingSuite } from './groundingSuite.ts';
import { readIsat } from './isat.ts';
import { readLabelme } from './labelme.ts';
import { readLabelStudio } from './labelStudio.ts';
import { type Described, describedBy, hasPictureBeside, isClassList } from './reading/nameLists.ts';
import type { ReadContext, Reading } from './reading/reading.ts';
import { type JsonFacts, unsupportedFormat } from './reading/unsupported.ts';
import { type Fields, isFields } from './reading/values.ts';
import { readReasonSeg } from './reasonSeg.ts';
import { readSegmentAnything } from './segmentAnything.ts';
import { isViaTable, readVia, readViaTable } from './via.ts';
import { readVia3 } from './via3.ts';
import { readVoc } from './voc.ts';
import { isYoloLine, readYolo } from './yolo.ts';

export type FormatReader = (file: string, context: ReadContext) => Promise<Reading>;
/** `describes`: the file says something about others, such as the names of their classes. */
export type Detected =
  | { readonly reader: FormatReader }
  | { readonly reason: string }
  | { readonly describes: Described };

const PEEK = 65_536;
const UNREAD = 'holds no annotations in a format that Loupe reads';
const RESULTS =
  'is a list of COCO results; import the COCO file that it was made for, as results name neither images nor labels';

/** Throws `BadInput` where JSON is damaged: it might be anything. */
export function detect(file: string): Detected {
  const start = peek(file);
  const text = decodeRoughly(start).trimStart();
  if (isArchive(start)) return { reason: 'is an archive that Loupe does not open; unpack it and import the folder' };
  if (isPicture(start))
    return { reason: 'is a picture; annotations in pictures are read with the file that describes them' };
  if (text.startsWith('<')) return detectXml(text);
  if (text.startsWith('{') || text.startsWith('[')) return detectJson(file);
  const lines = text
    .split(/\r?\n/u)
    .slice(0, start.length < PEEK ? undefined : -1)
    .filter((line) => line.trim() !== '');
  const [head] = lines;
  if (head !== undefined && isViaTable(head)) return { reader: readViaTable };
  const describes = describedBy(file, lines);
  if (describes !== null) return { describes };
  if (/\.txt$/iu.test(file) && isYoloText(file, lines)) return { reader: readYolo };
  if (/\.jsonl?$/iu.test(file) && text !== '') for (const _ of jsonPieces(file)) break;
  if (/\.[ct]sv$/iu.test(file))
    return { reason: 'is a table; of tables only those of VIA are read: convert it to COCO' };
  return { reason: text === '' ? 'is empty' : UNREAD };
}

/** The outermost element tells: its name may stand in an encoding that is read later, but is plain letters in all. */
function detectXml(text: string): Detected {
  const root = /<(?<name>[\w:.-]+)/u.exec(text.replaceAll(/<!--.*?-->/gsu, ''))?.groups?.name;
  if (root === 'annotation') return { reader: readVoc };
  if (root === 'annotations') return { reader: readCvat };
  return { reason: 'is XML, but neither a VOC annotation nor one of CVAT' };
}

/** Most lines are rows of YOLO. Where label files are expected, any other line is a bad row, which is named. */
function isYoloText(file: string, lines: readonly string[]): boolean {
  const rows = lines.filter(isYoloLine).length;
  if (lines.length === 0 || 2 * rows >= lines.length) return true;
  const isExpected = file.split(/[\\/]/u).some((part) => part.toLowerCase() === 'labels') || hasPictureBeside(file);
  return rows > 0 && isExpected;
}

function peek(file: string): Buffer {
  const buffer = Buffer.alloc(PEEK);
  try {
    const descriptor = openSync(file, 'r');
    try {
      return buffer.subarray(0, readSync(descriptor, buffer, 0, PEEK, 0));
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw new BadInput(`${file}: cannot be read (${error instanceof Error && 'code' in error ? error.code : error})`);
  }
}

const MAGICS = ['\x89PNG', '\xff\xd8\xff', 'GIF8', 'RIFF', 'II*\0', 'MM\0*', 'BM'];
const isPicture = (start: Buffer): boolean =>
  MAGICS.some((magic) => start.toString('latin1', 0, magic.length) === magic);

/** 7z, RAR, xz, bzip2 and tar; zip and gzip were opened before this is called. */
const isArchive = (start: Buffer): boolean =>
  ['7z\xbc\xaf', 'Rar!', '\xfd7zXZ', 'BZh', 'PK\x03\x04', '\x1f\x8b'].some(
    (magic) => start.toString('latin1', 0, magic.length) === magic,
  ) || start.toString('latin1', 257, 262) === 'ustar';

function detectJson(file: string): Detected {
  const facts = factsOf(file);
  if (facts === null) return detectLines(file);
  const { keys, first } = facts;
  if (first.has(null)) return detectList(first.get(null), facts);
  const annotation = first.get('annotations');
  if (isFields(annotation) && 'segments_info' in annotation) return { reader: readPanoptic };
  if (isClassList(facts)) return { describes: 'names of classes' };
  const unread = unsupportedFormat(facts);
  if (isFields(first.get('image')) && keys.has('annotations'))
    return unread === null ? { reader: readSegmentAnything } : { reason: unread };
  if (isFields(annotation) && 'image_id' in annotation) return { reader: readCoco };
  if (keys.has('images') && (keys.has('annotations') || keys.has('categories'))) return { reader: readCoco };
  if (keys.has('shapes')) return { reader: keys.has('text') && !keys.has('imagePath') ? readReasonSeg : readLabelme };
  if (keys.has('objects') && keys.has('info')) return { reader: readIsat };
  if (isVia(facts)) return { reader: readVia };
  if (['file', 'view', 'metadata'].every((key) => keys.has(key))) return { reader: readVia3 };
  if (unread !== null) return { reason: unread };
  const inner = [...first].find(([, value]) => isFields(value) && 'annotations' in value && 'images' in value);
  if (inner !== undefined)
    return { reason: `holds a COCO file inside its key "${inner[0]}"; save that part as a file of its own` };
  return { reason: `${UNREAD} (its keys are ${[...keys].slice(0, 8).join(', ') || 'none'})` };
}

/** A project of VIA 1 or 2, or one entry for each picture. */
function isVia({ keys, first }: JsonFacts): boolean {
  const [entry] = first.values();
  return keys.has('_via_img_metadata') || (isFields(entry) && 'filename' in entry && 'regions' in entry);
}

function detectList(entry: unknown, facts: JsonFacts): Detected {
  if (!isFields(entry)) return { reason: UNREAD };
  if ('image_id' in entry && !('annotations' in entry)) return { reason: RESULTS };
  if ('data' in entry && ['annotations', 'completions', 'predictions'].some((key) => key in entry))
    return { reader: readLabelStudio };
  return { reason: unsupportedFormat(facts) ?? `${UNREAD} (${entryKeys(entry)})` };
}

/** Reading stops at the first annotation: what comes after can be half a gigabyte. Null: values follow each other. */
function factsOf(file: string): JsonFacts | null {
  const facts = { keys: new Set<string>(), first: new Map<string | null, unknown>() };
  let ended = false;
  const wanted = (key: string) => {
    facts.keys.add(key);
    return key !== 'imageData';
  };
  try {
    for (const { key, value } of jsonPieces(file, wanted, 'null')) {
      if (!facts.first.has(key)) facts.first.set(key, value);
      if (key === null || (key === 'annotations' && facts.keys.has('images'))) return facts;
    }
    ended = true;
  } catch (error) {
    if (!(error instanceof BadInput) || !error.message.includes('goes on after its end')) throw error;
  }
  return ended ? facts : null;
}

function detectLines(file: string): Detected {
  for (const row of jsonLines(file)) {
    if (!isFields(row)) break;
    if ('image_path' in row && 'segmentation' in row) return { reader: readGroundingSuite };
    const unread = unsupportedFormat({ keys: new Set(), first: new Map([[null, row]]) });
    return { reason: unread ?? `${UNREAD} (${entryKeys(row)})` };
  }
  return { reason: UNREAD };
}

const entryKeys = (entry: Fields): string => `its entries have the keys ${Object.keys(entry).slice(0, 8).join(', ')}`;
