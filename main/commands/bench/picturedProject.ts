// Makes a project of pictures with named things, as it is after a person has corrected all of them; holds out the last ones.
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { created } from '../../contract/diff.ts';
import { packMask } from '../../contract/project.ts';
import type { DecodedImage } from '../../contract/records.ts';
import type { NamedMask } from '../../evaluate/drawnThings.ts';
import { writePng } from '../../pictures/image.ts';
import { openProject, type Project } from '../../store/project.ts';

export interface NamedPicture {
  readonly image: DecodedImage;
  readonly things: readonly NamedMask[];
}

export interface Pictured {
  /** Folder of the project and its pictures. */
  readonly folder: string;
  readonly pictures: readonly NamedPicture[];
  /** The labels, in their order. */
  readonly names: readonly string[];
  /** So many pictures at the end are measured on, and never learnt. */
  readonly held: number;
}

/** What a drawn shape has beside its place and its label, where nothing else was said of it. */
export const plainShape = {
  ...{ attributes: {}, crowd: false, hidden: false, locked: false, place: 0 },
  origin: { kind: 'drawn' },
} as const;

export async function picturedProject({ folder, pictures, names, held }: Pictured): Promise<Project> {
  await mkdir(folder, { recursive: true });
  const project = openProject(path.join(folder, 'pictured.loupe'), { create: true });
  const nameOf = (i: number) => `${i + 1}.png`;
  for (const [i, { image }] of pictures.entries())
    await writePng(path.join(folder, nameOf(i)), { ...image, channels: 3 });
  const ids = project.addImages(pictures.map((_, i) => ({ path: nameOf(i) })));
  const labels = names.map((name, place) => ({
    ...{ id: project.reserve(1), name, colour: '#cc3366', digit: null, attributes: [], place },
  }));
  const labelIds = new Map(labels.map(({ id, name }) => [name, id]));
  const shapes = pictures.flatMap(({ things }, i) =>
    things.map(({ name, box, mask }) => {
      const [imageId, labelId] = [ids[i], labelIds.get(name)];
      if (imageId === undefined || labelId === undefined) throw new Error(`"${name}" of ${nameOf(i)} has no row.`);
      return created('shape', {
        ...{ id: project.reserve(1), imageId, labelId, mask: packMask(mask), box, ...plainShape },
      });
    }),
  );
  project.apply({ title: 'Draw', changes: [...labels.map((label) => created('label', label)), ...shapes] });
  project.addToSplit('held', ids.slice(pictures.length - held));
  return project;
}
