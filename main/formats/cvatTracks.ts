// Tracks of a CVAT file ("CVAT for video 1.1") to what its form for images would say of the frames that are here as pictures.
import path from 'node:path';
import { BadInput } from '../contract/badinput.ts';
import type { ReadContext } from './reading.ts';
import { wholeOf } from './values.ts';
import { childOf, childrenOf, type Element, textIn } from './xml.ts';

const NONE_HERE =
  "is CVAT's form for video (tracks), and no frame is here as a picture; export the task with its images, so that " +
  'frame_000000 and so on lie beside it, or export "CVAT for images 1.1" or COCO';

/** CVAT writes every frame of a track, between its key frames too, and "outside" where the thing is not to be seen. */
export async function framesOf(root: Element, file: string, context: ReadContext): Promise<Element[]> {
  const name = path.basename(file);
  const byFrame = shapesByFrame(childrenOf(root, 'track'), context);
  if (byFrame.size === 0) return [];
  const size = sizeIn(childOf(root, 'meta'));
  const frames: Element[] = [];
  for (const [frame, children] of [...byFrame].toSorted(([a], [b]) => a - b)) {
    const called = `frame_${String(frame).padStart(6, '0')}`;
    if ((await context.pictures.find(called, file)) === null) continue;
    frames.push({ name: 'image', attributes: { name: called, ...size }, children, text: '' });
  }
  const missing = byFrame.size - frames.length;
  if (frames.length === 0 && childrenOf(root, 'image').length === 0) throw new BadInput(`${name}: ${NONE_HERE}`);
  if (missing > 0)
    context.notes.leave(
      `${missing} of ${byFrame.size} frames of ${name}`,
      'they are not here as pictures of the name frame_000000 and so on',
    );
  return frames;
}

function shapesByFrame(tracks: readonly Element[], { notes }: ReadContext): Map<number, Element[]> {
  const byFrame = new Map<number, Element[]>();
  for (const track of tracks) {
    const { id = '?', label, source, group_id: group } = track.attributes;
    const all = { track_id: id, ...(label && { label }), ...(source && { source }), ...(group && { group_id: group }) };
    for (const [i, shape] of track.children.entries()) {
      const { frame: at, outside, keyframe: _, ...own } = shape.attributes;
      const frame = wholeOf(at);
      if (outside === '1') continue;
      if (frame === null || frame < 0) {
        notes.leave(`${shape.name} ${i + 1} of track ${id}`, 'it names no frame');
        continue;
      }
      const shapes = byFrame.get(frame) ?? [];
      byFrame.set(frame, shapes);
      shapes.push({ ...shape, attributes: { ...all, ...own } });
    }
  }
  return byFrame;
}

/** Of the video, as attributes of a frame; none where the file does not say. */
function sizeIn(meta: Element | undefined): { readonly width: string; readonly height: string } | null {
  const stated = [meta, ...(meta?.children ?? [])].map((part) => childOf(part, 'original_size')).find(Boolean);
  return stated ? { width: textIn(stated, 'width'), height: textIn(stated, 'height') } : null;
}
