// Defines a lesson: a picture with questions about it and whole answers, as a reasoner learns from.
import type { DecodedImage } from '../../contract/records.ts';

/** A question about a picture with its whole answer. */
export interface TaughtTurn {
  readonly question: string;
  readonly answer: string;
}

/** A picture with what is asked and answered about it. */
export interface Lesson {
  readonly image: DecodedImage;
  readonly asked: readonly TaughtTurn[];
}
