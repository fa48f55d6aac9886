// An import without a process of its own, for tests that take hundreds of files: reading and storing are the same.
import { rmSync } from 'node:fs';
import path from 'node:path';
import { Importer } from '../../main/jobs/importing/importer.ts';
import type { ReadPart } from '../../main/jobs/importing/readParts.ts';
import { readSource } from '../../main/jobs/importing/readSource.ts';
import { SpoolWriter, spooled } from '../../main/jobs/importing/spool.ts';
import type { Project } from '../../main/store/project.ts';

let count = 0;

export async function importHere(project: Project, file: string) {
  const scratch = path.dirname(project.file);
  const known = [...project.allImages()].map((image) => path.resolve(scratch, image.path));
  const folder = path.dirname(file);
  const parts = path.join(scratch, `parts-${++count}`);
  const spool = new SpoolWriter<ReadPart>(parts);
  const task = { projectFile: project.file, source: file, root: folder, folder, known, scratch };
  const read = await readSource(task, { began() {}, add: (part) => spool.add(part) });
  spool.close();
  const progress = { signal: new AbortController().signal, step: () => {} };
  const importer = new Importer(project, { file: path.basename(file), progress });
  for await (const part of spooled<ReadPart>(parts)) await importer.add(part);
  rmSync(parts);
  importer.end();
  return importer.report(read);
}
