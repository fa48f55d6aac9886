// Reads the keypoints that COCO files gave for the shapes on an image, with the lines that their category draws between them.
import type { Keypoints } from '../../contract/project.ts';
import { fieldsOf } from '../../formats/coco/cocoRecord.ts';
import { numberOf, wholeOf } from '../../formats/reading/values.ts';
import type { Project } from '../../store/project.ts';

/** More are no body, and would cost every frame. */
const MOST = 500;

export function keypointsOn(project: Project, imageId: number): Keypoints[] {
  const skeletons = new Map<string, readonly [number, number][]>();
  const found: Keypoints[] = [];
  for (const { shapeId, fileId, record } of project.sourcesOfShapes(imageId).values()) {
    if (!record.includes('"keypoints"')) continue;
    const { keypoints, category_id: category } = fieldsOf(record);
    const points = pointsOf(keypoints);
    if (points.every((point) => point === null)) continue;
    if (skeletons.size === 0) for (const each of skeletonsOf(project)) skeletons.set(...each);
    // Places without a point are left out, so that lines count the others anew.
    const places = points.map((_, i) => points.slice(0, i).filter((point) => point !== null).length);
    const bones = (skeletons.get(`${fileId} ${wholeOf(category)}`) ?? []).flatMap(([a, b]): [number, number][] => {
      const [from, to] = [places[a - 1], places[b - 1]];
      const isDrawn = from !== undefined && to !== undefined && points[a - 1] && points[b - 1];
      return isDrawn ? [[from, to]] : [];
    });
    found.push({ shapeId, points: points.filter((point) => point !== null), bones });
  }
  return found;
}

/** x, y and 0 (not there), 1 (covered) or 2, three numbers a point. */
function pointsOf(keypoints: unknown): (Keypoints['points'][number] | null)[] {
  const flat: unknown[] = Array.isArray(keypoints) ? keypoints.slice(0, 3 * MOST) : [];
  return Array.from({ length: Math.floor(flat.length / 3) }, (_, i) => {
    const [x, y, seen] = flat.slice(3 * i, 3 * i + 3).map(numberOf);
    return typeof x === 'number' && typeof y === 'number' && seen ? { x, y, seen: seen > 1 } : null;
  });
}

/** Skeletons by file and category; points count from 1. */
function* skeletonsOf(project: Project): Generator<[string, readonly [number, number][]]> {
  for (const { fileId, number, record } of project.sourceCategories()) {
    const { skeleton } = fieldsOf(record);
    const pairs: unknown[] = Array.isArray(skeleton) ? skeleton.slice(0, MOST) : [];
    const bones = pairs.flatMap((pair): [number, number][] => {
      const [a, b] = Array.isArray(pair) ? pair.map(wholeOf) : [];
      return typeof a === 'number' && typeof b === 'number' ? [[a, b]] : [];
    });
    yield [`${fileId} ${number}`, bones];
  }
}
