// Imports an annotation file or a folder of them into a project: one step of undo, and a report.
import { statSync } from 'node:fs';
import path from 'node:path';
import type { Recorded } from '../../contract/api.ts';
import { BadInput } from '../../contract/badInput.ts';
import type { ImportReport } from '../../contract/jobs.ts';
import { pauses } from '../../formats/files/pauses.ts';
import { refuseOwnFile } from '../../store/ownFile.ts';
import type { Project } from '../../store/project.ts';
import { runTask, TaskStopped } from '../../tasks/task.ts';
import type { Progress } from '../queue/queue.ts';
import { withScratch } from '../queue/scratch.ts';
import { Importer } from './importer.ts';
import type { ReadPart } from './readParts.ts';
import type { ReadEvent, ReadReport, ReadTask } from './readSource.ts';
import { spooled, spoolIn } from './spool.ts';

/** Memory of the program that reads: COCO's largest file takes a third of it. */
const HEAP_MB = 2048;
/** Folders that hold annotations beside folders with pictures. */
const ANNOTATION_FOLDER = /^(?:annotations?|labels|json)$/iu;

/** Beside this file, with its ending: TypeScript as it stands, or built. */
const readProgram = path.join(path.dirname(import.meta.filename), `readProgram${path.extname(import.meta.filename)}`);

export interface ImportOptions {
  /** Where the pictures are; without it, those of the project and those beside the file. */
  readonly images?: string;
  readonly progress: Pick<Progress, 'signal' | 'step'> & Partial<Pick<Progress, 'total' | 'resumeAt'>>;
  /** Is called with the step, also with one that was cancelled half way; not where nothing was new. */
  readonly recorded?: (step: Recorded) => void;
  /** Receives the process that reads. */
  readonly reading?: (pid: number | undefined) => void;
}

/**
 * Files are read by a process of their own, and stored when all of them could be read: whatever becomes of that process,
 * the project stays as it was. Throws `BadInput` where there is nothing to take at all. When cancelled while it is stored,
 * what was taken by then stays, as one step.
 */
export async function importAnnotations(
  project: Project,
  source: string,
  options: ImportOptions,
): Promise<ImportReport> {
  const place = path.resolve(source);
  const isFolder = infoOf(place).isDirectory();
  const root = isFolder ? place : nearest(place);
  const folder = path.resolve(options.images ?? root);
  if (!infoOf(folder).isDirectory())
    throw new BadInput(`${folder}: is a file; --images takes the folder of the pictures`);
  refuseOwnFile(project, place);
  return withScratch('import', async (scratch) => {
    const known = await filesOf(project, options.progress.signal);
    const task = { projectFile: project.file, source: place, root, folder, known, scratch };
    const read = await readApart(task, options);
    return await store(project, { file: path.basename(place), scratch, read }, options);
  });
}

function infoOf(file: string) {
  const info = statSync(file, { throwIfNoEntry: false });
  if (info === undefined) throw new BadInput(`${file}: there is no such file or folder`);
  if (!info.isFile() && !info.isDirectory()) throw new BadInput(`${file}: is no ordinary file; name a file or folder`);
  return info;
}

/** The folder of the file, or the one that holds its tree of annotations beside that of the pictures. */
function nearest(file: string): string {
  const folder = path.dirname(file);
  for (const each of [folder, path.dirname(folder)])
    if (ANNOTATION_FOLDER.test(path.basename(each))) return path.dirname(each);
  return folder;
}

async function filesOf(project: Project, signal: AbortSignal): Promise<string[]> {
  const folder = path.dirname(project.file);
  const files: string[] = [];
  const pause = pauses(signal);
  for (const image of project.allImages()) {
    files.push(path.resolve(folder, image.path));
    await pause();
  }
  return files;
}

interface Read extends ReadReport {
  readonly shapes: number;
}

async function readApart(task: ReadTask, { progress, reading }: ImportOptions): Promise<Read> {
  let shapes = 0;
  let file = path.basename(task.source);
  const onEvent = (event: ReadEvent) => {
    if ('file' in event) file = event.file;
    else {
      shapes += event.shapes;
      progress.step(event.shapes);
    }
  };
  const { signal } = progress;
  try {
    const how = { heapMB: HEAP_MB, signal, onEvent, started: reading, reuse: true };
    const report = await runTask<ReadTask, ReadEvent, ReadReport>(readProgram, task, how);
    return { ...report, shapes };
  } catch (error) {
    if (error instanceof TaskStopped) throw new BadInput(`${file}: ${sentenceOf(error)}`);
    throw error;
  }
}

const sentenceOf = ({ why, message }: TaskStopped): string =>
  why === 'memory'
    ? 'takes more memory to read than one import may have; nothing of it was taken: divide it'
    : `the program that reads it was stopped (${message}); nothing of it was taken: try again`;

async function store(
  project: Project,
  { file, scratch, read }: { file: string; scratch: string; read: Read },
  { progress, recorded }: ImportOptions,
): Promise<ImportReport> {
  progress.resumeAt?.(0);
  progress.total?.(read.shapes);
  const importer = new Importer(project, { file, progress });
  try {
    for await (const part of spooled<ReadPart>(spoolIn(scratch))) await importer.add(part);
  } finally {
    const step = importer.end();
    if (step !== null) recorded?.(step);
  }
  return importer.report(read);
}
