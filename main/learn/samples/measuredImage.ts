// Defines an image with what it asks and what is true, and reads it as long as its file is there.
import { BadInput } from '../../contract/badInput.ts';
import type { DecodedImage } from '../../contract/records.ts';
import type { Sample } from './sample.ts';

/** An image, however it is come by, with what it asks and what is true. */
export interface MeasuredImage {
  readonly imageId: number;
  /** Images of one group are resampled together. */
  readonly group: number;
  readonly samples: readonly Sample[];
  read(): Promise<DecodedImage>;
}

/** Null where the file is gone or cannot be read any more: a run goes on without it. */
export async function unlessGone(image: Pick<MeasuredImage, 'read'>): Promise<DecodedImage | null> {
  try {
    return await image.read();
  } catch (error) {
    if (error instanceof BadInput) return null;
    throw error;
  }
}
