// Defines the failures that a person can mend: a file, option or sentence that cannot be used, said in one line.

/** Thrown wherever untrusted input is refused; its message names the thing and the reason. */
export class BadInput extends Error {
  override readonly name: string = 'BadInput';
}

/** The disk is full: nothing is wrong with what was asked, and it can be asked again once there is room. */
export class NoRoom extends BadInput {
  override readonly name = 'NoRoom';
}

export const isFullDisk = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');

/** The file of the open project is not where it was: nothing can be stored, and a copy can still be saved. */
export class FileGone extends BadInput {
  override readonly name = 'FileGone';
}

/** There is no project, or it was closed while something of it was still read or made. */
export class ProjectClosed extends BadInput {
  override readonly name = 'ProjectClosed';
}

export const noProject = () => new ProjectClosed('No project is open.');

/** A project cannot be written where it lies or was to be made; it can be kept elsewhere. */
export class ReadOnlyPlace extends BadInput {
  override readonly name = 'ReadOnlyPlace';
}

/** There is no model to answer: it was refused, or its process stopped. One sentence, to be shown. */
export class NoModel extends Error {
  override readonly name = 'NoModel';
  /** Whether the same call may succeed on the next start. */
  readonly stopped: boolean;

  constructor(message: string, { stopped = false } = {}) {
    super(message);
    this.stopped = stopped;
  }
}

/** What file systems refuse and a person can mend. */
const REFUSALS: Readonly<Record<string, string>> = {
  EACCES: 'you have no right to',
  EPERM: 'you have no right to',
  EROFS: 'the disk takes no changes',
  ENOSPC: 'the disk is full',
  EDQUOT: 'your share of the disk is used up',
  EFBIG: 'the file is larger than this disk or your limit allows',
  EEXIST: 'something of that name is in the way',
  EISDIR: 'a folder of that name is in the way',
  ENOTDIR: 'a file is where a folder should be',
  ENOENT: 'there is no such folder',
  ENAMETOOLONG: 'the name is too long',
};

/** "the disk is full (ENOSPC)"; null where it is no refusal of that kind. */
export function refusalOf(error: unknown): string | null {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const why = REFUSALS[code];
  return why === undefined ? null : `${why} (${code})`;
}
