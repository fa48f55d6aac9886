// The part of the jobs group that imports and exports annotations.

import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import type { Recorded } from '../contract/api.ts';
import { BadInput } from '../contract/badInput.ts';
import type { Job, TrainerName } from '../contract/jobs.ts';
import type { Host } from '../host.ts';
import { exportCoco, verifyCoco } from '../jobs/exporting/exporting.ts';
import {
  linesOfImport,
  sentenceOfExport,
  sentenceOfImport,
  sentenceOfTraining,
} from '../jobs/exporting/importExportReports.ts';
import { writeBack } from '../jobs/exporting/writeBack.ts';
import { importAnnotations } from '../jobs/importing/importing.ts';
import { placeOf } from '../jobs/pictures/sourcePlaces.ts';
import { freeName, keepBackup } from '../jobs/queue/backups.ts';
import { refuseOwnFile } from '../store/ownFile.ts';
import { contract } from './contract.ts';
import { absolute } from './images.ts';

/** The page offers to replace a file by this answer. */
const STANDS_THERE = 'is there already';

export const exchangeHandlers = (host: Host) => ({
  importFile: contract.jobs.importFile.handler(({ input: { file, images } }) => {
    const [project, source] = [host.project(), absolute(file)];
    const folder = images === undefined ? undefined : absolute(images);
    return host.jobs.start({
      kind: 'import',
      title: `Importing ${path.basename(source)}`,
      lane: 'disk',
      async run(progress) {
        const recorded = (step: Recorded) => void host.recorded(step);
        const report = await importAnnotations(project, source, { images: folder, progress, recorded });
        // Images are in no step.
        host.changed();
        for (const line of linesOfImport(report)) progress.note(line);
        return sentenceOfImport(report);
      },
    });
  }),

  exportCoco: contract.jobs.exportCoco.handler(({ input: { file, settings, replace, back } }) => {
    const [project, target] = [host.project(), absolute(file)];
    refuseOwnFile(project, target);
    if (back) return writingBack(host, target);
    if (existsSync(target) && !replace)
      throw new BadInput(`${target}: ${STANDS_THERE}; choose another name, or replace it and keep a backup`);
    return host.jobs.start({
      kind: 'export',
      title: `Exporting to ${path.basename(target)}`,
      lane: 'disk',
      async run(progress) {
        const backup = keepBackup(target);
        const written = await exportCoco(project, target, { settings, progress });
        if (backup !== null) progress.note(`what stood there is kept as ${backup}`);
        for (const line of written.stated) progress.note(line);
        return sentenceOfExport(written, target);
      },
    });
  }),

  exportForTrainer: contract.jobs.exportForTrainer.handler(({ input: { folder, trainer } }) =>
    exportingFor(host, trainer, absolute(folder)),
  ),

  exportName: contract.jobs.exportName.handler(() => {
    const { file } = host.project();
    const { dir, name } = path.parse(file);
    // The folder beside the project, but not where Loupe keeps the sample: nobody knows that folder.
    const folder = dir === path.resolve(host.folders.data) ? homedir() : dir;
    const sources = host
      .project()
      .sourceFiles()
      .map((source) => placeOf(file, source.path));
    return { file: freeName(path.join(folder, `${name}.json`)), sources };
  }),

  verify: contract.jobs.verify.handler(({ input, signal }) =>
    verifyCoco(host.project(), absolute(input.file), { signal }),
  ),
});

function writingBack(host: Host, target: string): Job {
  const project = host.project();
  return host.jobs.start({
    kind: 'export',
    title: `Writing back to ${path.basename(target)}`,
    lane: 'disk',
    async run(progress) {
      const written = await writeBack(project, target, progress);
      progress.note(`what stood there is kept as ${written.backup}`);
      for (const line of written.stated) progress.note(line);
      return sentenceOfExport(written, target);
    },
  });
}

function exportingFor(host: Host, trainer: TrainerName, folder: string): Job {
  const project = host.project();
  return host.jobs.start({
    kind: 'export',
    title: `Exporting for ${trainer}`,
    lane: 'disk',
    async run(progress) {
      // Loaded late: it brings what frames pictures for a reasoner.
      const { exportForTrainer } = await import('../jobs/exporting/trainerExport.ts');
      const report = await exportForTrainer(project, { folder, trainer }, progress);
      for (const line of report.leftOut) progress.note(line);
      return `${sentenceOfTraining(report, folder)}.`;
    },
  });
}
