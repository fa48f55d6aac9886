// Computes two digests of a shape, of where it lies and of what is said of it: equal ones mean that nobody changed it.
import { createHash } from 'node:crypto';
import type { Shape } from '../../contract/project.ts';
import { digestOf } from '../../weights/hub/digest.ts';

const digest = (value: unknown): string =>
  createHash('sha1').update(JSON.stringify(value)).digest('base64').slice(0, 20);

export const geometryOf = ({ mask, box, crowd }: Pick<Shape, 'mask' | 'box' | 'crowd'>): string =>
  digest([mask && [mask.size, mask.counts], box.x1, box.y1, box.x2, box.y2, crowd]);

export const saidOf = ({ imageId, labelId, attributes }: Pick<Shape, 'imageId' | 'labelId' | 'attributes'>): string =>
  digest([imageId, labelId, Object.entries(attributes).toSorted(([a], [b]) => (a < b ? -1 : 1))]);

/** SHA-256 of a file's bytes. */
export const hashOfFile = (file: string): Promise<string> => digestOf(file, 'sha256');
