// Checks the first bytes of a project's file: SQLite would call a damaged file read-only, or no database.
import { closeSync, openSync, readSync } from 'node:fs';

/** Marks the file as ours in SQLite's header: "LOUP". */
export const applicationId = 0x4c4f5550;

const MAGIC = 'SQLite format 3\0';
const BYTES = 100;
/** A file above this number is of a later SQLite than any that Loupe had. */
const NEWEST_ACCESS = 2;
const NEWEST_SCHEMA = 4;
/** Three shares of a page, which are the same in every file. */
const SHARES = Buffer.from([64, 32, 32]);

/** Says it is ours, and what else stands there cannot be. Nobody of this process may have the file open: see `Log`. */
export function hasDamagedHeader(file: string): boolean {
  const head = Buffer.alloc(BYTES);
  const descriptor = openSync(file, 'r');
  try {
    if (readSync(descriptor, head, 0, BYTES, 0) < BYTES) return false;
  } finally {
    closeSync(descriptor);
  }
  return head.readUInt32BE(68) === applicationId && !isWhole(head);
}

function isWhole(head: Buffer): boolean {
  const [write = 0, read = 0] = head.subarray(18);
  return (
    head.toString('latin1', 0, MAGIC.length) === MAGIC &&
    Math.max(write, read) <= NEWEST_ACCESS &&
    head.subarray(21, 24).equals(SHARES) &&
    head.readUInt32BE(44) <= NEWEST_SCHEMA
  );
}
