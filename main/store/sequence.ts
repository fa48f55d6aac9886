// Gives ids to every kind of record of a project from one sequence; an id that was given once is never given again.
import type { Db } from './db.ts';

export interface Sequence {
  /** `count` ids that nobody else gets; the answer is the first. */
  reserve(count: number): number;
  /** The first id that nobody has. */
  next(): number;
}

/** Ids are written ahead in blocks: a crash leaves a gap in the numbers, and an import writes the row a thousand times less. */
const block = 1000;

export function sequenceOf(db: Db): Sequence {
  // The number is in memory too: a transaction that is taken back takes the row back, and not the ids that were given in it.
  let free = db.number('SELECT next FROM sequence');
  let written = free;
  const write = (): void => {
    written = free + block;
    db.run('UPDATE sequence SET next = ?', written);
  };
  db.afterTakingBack = write;
  return {
    reserve(count) {
      const first = free;
      free += count;
      if (free > written) write();
      return first;
    },
    next: () => free,
  };
}
