// A file that was just written from the project, as what the project came from, so that it can be written again.
import path from 'node:path';
import { packMask } from '../contract/project.ts';
import { wellFormed } from '../contract/text.ts';
import { readCoco } from '../formats/cocoRead.ts';
import { Notes } from '../formats/reading.ts';
import type { Project } from '../store/project.ts';
import { hashOfFile, SourceImport } from './sourceImport.ts';

/** Images and shapes by the ids that they have in the file. */
interface Ids {
  readonly writtenImages: ReadonlyMap<number, number>;
  readonly writtenShapes: ReadonlyMap<number, number>;
}

export async function rememberWritten(project: Project, file: string, ids: Ids): Promise<void> {
  const context = { root: path.dirname(file), notes: new Notes(), pictures: { find: async () => null } };
  const reading = await readCoco(file, context);
  if (reading.source === undefined) return;
  const rows = new SourceImport(project, reading.source, { path: file, hash: await hashOfFile(file) });
  for (const { source } of reading.images) {
    const id = ids.writtenImages.get(source?.number ?? Number.NaN);
    if (source !== undefined && id !== undefined) rows.image(id, source);
  }
  for (const { mask, box, crowd, attributes, source } of reading.shapes) {
    const id = ids.writtenShapes.get(source?.number ?? Number.NaN);
    const shape = id === undefined ? null : project.record('shape', id);
    if (shape === null || source === undefined) continue;
    const read = { mask: mask && packMask(mask), box, crowd, attributes: wellFormed(attributes) };
    rows.shape(shape.id, { ...shape, ...read }, source);
  }
  const labels = new Map(project.labels().map((label) => [label.name, label]));
  rows.end((name) => labels.get(name) ?? { id: 0, name });
}
