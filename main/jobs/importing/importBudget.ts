// Bounds the masks that one annotation file may bring, so that a small file of huge, dense masks costs neither memory nor hours.
import type { Mask } from '../../contract/records.ts';

/** Runs of one mask: a mask of 16,384 x 16,384 may change 128 times in every column. */
const MOST_OF_ONE = 2 ** 21;
/** Runs of all masks of a file: COCO's 36,781 shapes of val2017 have some 3 million. */
const MOST_OF_ALL = 2 ** 27;
/** Runs of masks that wait to be stored together. */
const MOST_WAITING = 2 ** 20;

export class ImportBudget {
  readonly #mostOfAll: number;
  #runs = 0;
  #waiting = 0;

  constructor(mostOfAll = MOST_OF_ALL) {
    this.#mostOfAll = mostOfAll;
  }

  /** Nothing more is to be read. */
  get spent(): boolean {
    return this.#runs > this.#mostOfAll;
  }

  /** Those that wait are as large as may wait together. */
  get full(): boolean {
    return this.#waiting > MOST_WAITING;
  }

  stored(): void {
    this.#waiting = 0;
  }

  /** Why the mask cannot be taken, or null. */
  take(mask: Mask | null): string | null {
    const runs = mask?.counts.length ?? 0;
    this.#runs += runs;
    if (runs > MOST_OF_ONE)
      return `its mask changes between inside and outside ${runs} times; at most ${MOST_OF_ONE} are taken`;
    if (this.spent)
      return `the masks of the file change between inside and outside more than ${this.#mostOfAll} times; divide the file`;
    this.#waiting += runs;
    return null;
  }
}
