// Opens a project after another process has checked it, which can be stopped: reading a hostile file may never end.
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { BadInput } from '../../contract/badInput.ts';
import { checkBeforeOpening } from '../../store/open.ts';
import { openProject, type Project } from '../../store/project.ts';
import { runTask, TaskStopped } from '../../tasks/task.ts';

/** Beside this file, with its ending: TypeScript as it stands, or built. */
const examineProgram = path.join(
  path.dirname(import.meta.filename),
  `examineProgram${path.extname(import.meta.filename)}`,
);

/** SQLite keeps its pages beside the heap. */
const HEAP_MB = 256;
const LEAST_MS = 60_000;
/** Bytes that a slow disk reads in a millisecond. */
const BYTES_A_MS = 20_000;

export interface OpenOptions {
  readonly create?: boolean;
  readonly say?: (sentence: string) => void;
  /** How long it may be looked through; default: a minute, and more for a large file. */
  readonly ms?: number;
}

/** Throws `BadInput` as `openProject` does, and where the file could not be checked in time. */
export async function openChecked(file: string, { ms, ...options }: OpenOptions = {}): Promise<Project> {
  const place = path.resolve(file);
  if (!existsSync(place)) return openProject(place, options);
  await examine(place, { ms, say: options.say });
  return openProject(place, { ...options, examined: true });
}

/** Throws `BadInput` where the file is not whole, and where nobody can tell in time. */
export async function examine(file: string, options: Pick<OpenOptions, 'ms' | 'say'> = {}): Promise<void> {
  checkBeforeOpening(file, options.say);
  const ms = options.ms ?? LEAST_MS + statSync(file).size / BYTES_A_MS;
  try {
    await runTask<string, never, null>(examineProgram, file, { heapMB: HEAP_MB, ms, reuse: true });
  } catch (error) {
    if (error instanceof TaskStopped) throw new BadInput(`${path.basename(file)} ${sentenceOf(error, ms)}`);
    throw error;
  }
}

function sentenceOf({ why, message }: TaskStopped, ms: number): string {
  if (why === 'stopped') return `was not opened: the program that checks it was stopped (${message}); try again`;
  const cost = why === 'time' ? `in ${Math.round(ms / 1000)} s` : 'in the memory that it may take';
  return `is damaged, or was made to stop Loupe: it could not be checked ${cost}; it was left as it is`;
}
