// Records a file that was just written as the project's source, so that it can be written into again.
import path from 'node:path';
import { wellFormed } from '../../contract/text.ts';
import { readCoco } from '../../formats/coco/cocoRead.ts';
import { Notes } from '../../formats/reading/reading.ts';
import type { Project } from '../../store/project.ts';
import { hashOfFile } from '../importing/digests.ts';
import { plainShape } from '../importing/readParts.ts';
import { SourceImport } from '../importing/sourceImport.ts';

/** Images and shapes by the ids that they have in the file. */
interface Ids {
  readonly writtenImages: ReadonlyMap<number, number>;
  readonly writtenShapes: ReadonlyMap<number, number>;
}

export async function recordExportAsSource(project: Project, file: string, ids: Ids): Promise<void> {
  const context = { root: path.dirname(file), notes: new Notes(), pictures: { find: async () => null } };
  const reading = await readCoco(file, context);
  if (reading.source === undefined) return;
  const rows = new SourceImport(project, { ...reading.source, path: file, hash: await hashOfFile(file) });
  for (const { source } of reading.images) {
    const id = ids.writtenImages.get(source?.number ?? Number.NaN);
    if (source !== undefined && id !== undefined) rows.image(id, source);
  }
  for (const read of reading.shapes) {
    const { mask, box, crowd, attributes, source } = plainShape(read, read.image.name);
    const id = ids.writtenShapes.get(source?.number ?? Number.NaN);
    const shape = id === undefined ? null : project.record('shape', id);
    if (shape === null || source === null) continue;
    rows.shape(shape.id, { ...shape, mask, box, crowd, attributes: wellFormed(attributes) }, source);
  }
  const labels = new Map(project.labels().map((label) => [label.name, label]));
  rows.end((name) => {
    const label = labels.get(name);
    if (label === undefined) throw new Error(`the label "${name}" of ${file} is not in the project`);
    return label;
  });
}
