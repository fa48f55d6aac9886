// Exports a project to a COCO file, and compares a COCO file with the project that it came from.
import path from 'node:path';
import { BadInput } from '../../contract/badInput.ts';
import type { ExportSettings, VerifyReport } from '../../contract/jobs.ts';
import { verifyCocoFile } from '../../formats/coco/cocoVerify.ts';
import { type Written, writeCocoFile } from '../../formats/coco/cocoWrite.ts';
import { measureImage } from '../../pictures/image.ts';
import { refuseOwnFile } from '../../store/ownFile.ts';
import type { Project } from '../../store/project.ts';
import type { Progress } from '../queue/queue.ts';
import { contentOf } from './exportContent.ts';
import { truthOf } from './exportTruth.ts';

type ExportProgress = Pick<Progress, 'signal' | 'total' | 'step'>;

export async function exportCoco(
  project: Project,
  file: string,
  options: { settings: ExportSettings; progress: ExportProgress },
): Promise<Written> {
  const { settings, progress } = options;
  refuseOwnFile(project, file);
  const chosen = { onlyAccepted: settings.onlyAccepted };
  const stated = await measureAll(project, chosen, progress);
  progress.total(project.countShapes(chosen));
  const content = contentOf(project, settings);
  const written = await writeCocoFile(file, content, {
    masks: settings.masks,
    signal: progress.signal,
    step: () => progress.step(),
  });
  return { ...written, stated: [...stated, ...content.stated, ...written.stated] };
}

/** Sizes that nobody has needed yet; an image without one cannot be written, and neither can its shapes. */
async function measureAll(
  project: Project,
  chosen: { onlyAccepted: boolean },
  { signal }: ExportProgress,
): Promise<string[]> {
  const stated: string[] = [];
  for (const image of project.exportImages(chosen)) {
    if (image.width !== null) continue;
    signal.throwIfAborted();
    try {
      const file = path.resolve(path.dirname(project.file), image.path);
      refuseOwnFile(project, file);
      const { width, height } = await measureImage(file);
      project.setFile(image.id, { width, height });
    } catch (error) {
      if (!(error instanceof BadInput)) throw error;
      stated.push(`image ${image.path} is left out with its shapes: ${error.message}`);
    }
  }
  return stated;
}

/** `project` null: only the rules are checked. */
export async function verifyCoco(
  project: Project | null,
  file: string,
  progress: Partial<ExportProgress> = {},
): Promise<VerifyReport> {
  const { signal, step } = progress;
  if (project !== null) refuseOwnFile(project, file);
  return verifyCocoFile(file, { truth: project && truthOf(project), signal, step: step && (() => step()) });
}
