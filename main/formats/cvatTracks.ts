// Reads tracks of a CVAT file ("CVAT for video 1.1") as shapes on the frames that are here as pictures.
import path from 'node:path';
import { BadInput } from '../contract/badInput.ts';
import type { CvatNames, CvatTask } from './cvatNames.ts';
import { childrenOf, type Element } from './files/xml.ts';
import type { Notes, ReadContext } from './reading/reading.ts';
import { wholeOf } from './reading/values.ts';

const NONE_HERE =
  "is CVAT's form for video (tracks), and no frame is here as a picture; export the task with its images, so that " +
  'frame_000000 and so on lie beside it, or export "CVAT for images 1.1" or COCO';

interface Frame {
  readonly called: string;
  /** Folder of one of several tasks: only a picture in it is the task's own. */
  readonly folder: string | null;
  /** What names its task. */
  readonly of: Element['attributes'];
  readonly children: Element[];
}

/** CVAT writes every frame of a track, between its key frames too, and "outside" where the thing is not to be seen. */
export async function framesOf(
  root: Element,
  { file, names }: { file: string; names: CvatNames },
  context: ReadContext,
): Promise<Element[]> {
  const called = path.basename(file);
  const all = framesIn(childrenOf(root, 'track'), names, context.notes);
  if (all.length === 0) return [];
  const frames: Element[] = [];
  const folders = new Set<string>();
  for (const frame of all) {
    if (await isHere(frame, file, context)) frames.push(imageOf(frame, names));
    else if (frame.folder !== null) folders.add(frame.folder);
  }
  const missing = all.length - frames.length;
  const where = folders.size === 0 ? '' : `; those of several tasks are looked for in ${[...folders].join(', ')}`;
  if (frames.length === 0 && childrenOf(root, 'image').length === 0)
    throw new BadInput(`${called}: ${NONE_HERE}${where}`);
  if (missing > 0)
    context.notes.leave(
      `${missing} of ${all.length} frames of ${called}`,
      `they are not here as pictures of the name frame_000000 and so on${where}`,
    );
  return frames;
}

/** A picture of the same name in another folder may be another task's. */
async function isHere({ called, folder }: Frame, file: string, { pictures }: ReadContext): Promise<boolean> {
  if (folder === null) return (await pictures.find(called, file)) !== null;
  const picture = await pictures.find(`${folder}/${called}`, file);
  const own = folder.split('/').at(-1) ?? folder;
  return (
    picture !== null &&
    path
      .dirname(picture.file)
      .split(/[\\/]/u)
      .some((part) => alike(part, own))
  );
}

const alike = (a: string, b: string): boolean => a.normalize('NFC').toLowerCase() === b.normalize('NFC').toLowerCase();

function imageOf({ called, folder, of, children }: Frame, names: CvatNames): Element {
  const { subset } = of;
  const name = folder === null ? called : `${folder}/${called}`;
  const attributes = { name, ...(subset !== undefined && { subset }), ...names.taskOf(of).size };
  return { name: 'image', attributes, children, text: '' };
}

function framesIn(tracks: readonly Element[], names: CvatNames, notes: Notes): Frame[] {
  const found = new Map<string, Frame & { readonly at: number }>();
  for (const track of tracks) {
    const folder = names.areSeveral ? names.folderOf(track.attributes) : null;
    for (const { at, shape } of shapesOf(track, names.taskOf(track.attributes), notes)) {
      const key = `${folder ?? ''}/${at}`;
      const called = `frame_${String(at).padStart(6, '0')}`;
      const frame = found.get(key) ?? { called, folder, of: track.attributes, children: [], at };
      found.set(key, frame);
      frame.children.push(shape);
    }
  }
  return [...found.values()].toSorted((a, b) => a.at - b.at);
}

interface Placed {
  readonly at: number;
  readonly isOutside: boolean;
  readonly isKey: boolean;
  readonly shape: Element;
}

/** Gives the shapes that are to be seen, as a picture of its own would have them. */
function shapesOf(track: Element, task: CvatTask, notes: Notes): Placed[] {
  const { id = '?', label, source, group_id: group } = track.attributes;
  const all = { track_id: id, ...(label && { label }), ...(source && { source }), ...(group && { group_id: group }) };
  const placed: Placed[] = [];
  for (const [i, shape] of track.children.entries()) {
    const { frame, outside, keyframe, ...own } = shape.attributes;
    const at = wholeOf(frame);
    const isOutside = outside === '1';
    if (at !== null && at >= 0) {
      const attributes = { ...all, ...own };
      placed.push({ at, isOutside, isKey: keyframe !== '0', shape: { ...shape, attributes } });
    } else if (!isOutside) notes.leave(`${shape.name} ${i + 1} of track ${id}`, 'it names no frame');
  }
  const unwritten = betweenKeys(placed, task);
  if (unwritten > 0)
    notes.leave(
      `track ${id} on ${unwritten} ${unwritten === 1 ? 'frame' : 'frames'} between or after its key frames`,
      'the file has its key frames only; export "CVAT for video 1.1" or "CVAT for images 1.1" from CVAT, which write the frames between as well',
    );
  return placed.filter(({ isOutside }) => !isOutside);
}

/** Counts the frames on which CVAT shows a track whose file has key frames alone; a file with frames between has them all. */
function betweenKeys(placed: readonly Placed[], { step, stop }: CvatTask): number {
  if (placed.some(({ isKey }) => !isKey)) return 0;
  const inOrder = placed.toSorted((a, b) => a.at - b.at);
  return inOrder.reduce((sum, { at, isOutside }, i) => {
    const next = inOrder[i + 1]?.at;
    if (isOutside) return sum;
    if (next !== undefined) return sum + Math.max(0, Math.ceil((next - at) / step) - 1);
    // CVAT ends a shape of one frame on the next, but near the end of the video it does not.
    const left = stop === null ? 0 : Math.floor((stop - at) / step);
    return left > 1 ? sum + left : sum;
  }, 0);
}
