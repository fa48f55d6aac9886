// Turns any failure into one line on stderr, an exit code and, for our own faults, a log file.
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CommanderError } from 'commander';
import { WeightsError } from '../models/runtime/weightsFile.ts';
import { BadInput, NoModel, refusalOf } from './contract/badInput.ts';

/** What a finished command tells the shell; 130 is 128 + SIGINT. */
export const exitCode = { done: 0, nothing: 1, badInput: 2, fault: 3, cancelled: 130 } as const;

export interface ExitVerdict {
  readonly code: number;
  /** One line for stderr, or null where all has been said. */
  readonly line: string | null;
}

/** Judges a failure; `logFolder` is where a fault leaves its stack. */
export function judge(error: unknown, logFolder: string = tmpdir()): ExitVerdict {
  if (error instanceof CommanderError) return ofUsage(error);
  if (isAbort(error)) return { code: exitCode.cancelled, line: 'loupe: cancelled' };
  const said = oneLine(error instanceof Error ? error.message : String(error));
  if (error instanceof BadInput || error instanceof WeightsError || isRefusedModel(error))
    return { code: exitCode.badInput, line: `loupe: ${said}` };
  const refused = onDisk(error);
  if (refused !== null) return { code: exitCode.badInput, line: `loupe: ${oneLine(refused)}` };
  return { code: exitCode.fault, line: `loupe: internal fault: ${said} (${logged(error, logFolder)})` };
}

/** Another model can be chosen; one whose process stopped is a fault of ours. */
const isRefusedModel = (error: unknown): boolean => error instanceof NoModel && !error.stopped;

/** Commander has printed help and version itself; a complaint is reworded by the caller of `configureOutput`. */
function ofUsage(error: CommanderError): ExitVerdict {
  if (error.exitCode === 0) return { code: exitCode.done, line: null };
  if (error.code === 'commander.help') return { code: exitCode.badInput, line: null };
  return { code: exitCode.badInput, line: `loupe: ${oneLine(error.message).replace(/^error: /u, '')}` };
}

/** What the file system refused of a file that is named, or of any for want of room. A file that is missing may be ours. */
function onDisk(error: unknown): string | null {
  const why = refusalOf(error);
  if (why === null || !(error instanceof Error)) return null;
  const { code, path: file, syscall } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || syscall?.startsWith('spawn')) return null;
  if (file !== undefined) return `${file}: cannot be used: ${why}`;
  if (code === 'EFBIG') return `${why}; take another disk`;
  return code === 'ENOSPC' || code === 'EDQUOT' ? `${why}; make room and try again` : null;
}

const isAbort = (error: unknown): boolean => error instanceof Error && error.name === 'AbortError';

const oneLine = (text: string): string => text.replace(/\s*[\r\n]+\s*/gu, ' ').trim();

function logged(error: unknown, folder: string): string {
  const stamp = new Date().toISOString().replace(/[:.]/gu, '-');
  const file = path.join(folder, `loupe-fault-${stamp}-${process.pid}.log`);
  const text = [`node ${process.version} ${process.platform} ${process.arch}`, process.argv.join(' '), stackOf(error)];
  try {
    writeFileSync(file, `${text.join('\n')}\n`, { mode: 0o600, flag: 'wx' });
    return `log: ${file}`;
  } catch (failure) {
    return `no log: ${oneLine(String(failure))}`;
  }
}

/** The stack with those of its causes, however deep. */
function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.stack ?? String(error);
  return error.cause === undefined ? own : `${own}\ncaused by ${stackOf(error.cause)}`;
}
