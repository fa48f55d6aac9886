// Defines what the journal needs of each kind of record: reading one, writing one whole, deleting one.
import type { Kind, RecordOf } from '../contract/diff.ts';

export interface RecordTable<K extends Kind> {
  read(id: number): RecordOf[K] | null;
  /** `before` is what stands there now, null for nothing. */
  write(record: RecordOf[K], before: RecordOf[K] | null): void;
  remove(id: number): void;
}
