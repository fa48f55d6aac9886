// Pictures of the domain that weights come with: for loupe-nano drawn scenes, some to be learnt again and some to measure on.
import { packMask } from '../contract/project.ts';
import { type DrawnPicture, drawnThings } from '../evaluate/drawnThings.ts';
import type { Sample } from './sample.ts';
import type { TeachingImage, TeachTask } from './teach.ts';

/** Things of a scene that are learnt or measured: the first ones from the left. */
const perScene = 3;

/** Of the weights' name; nothing is known of what other weights came with. */
export async function baseDomain(
  name: string,
  count: { replayed: number; measured: number } = { replayed: 24, measured: 40 },
): Promise<TeachTask['base']> {
  if (name !== 'loupe-nano') return { replayed: [], measured: [] };
  const replayed = await drawnThings('train', 0, count.replayed);
  // The fixed set: the same scenes for every run and every version.
  const measured = await drawnThings('validation', 0, count.measured);
  return { replayed: replayed.map(teaching), measured: measured.map(teaching) };
}

const teaching = ({ image, things }: DrawnPicture, index: number): TeachingImage => ({
  imageId: index + 1,
  path: `scene ${index + 1}`,
  samples: things.slice(0, perScene).map((thing) => sampleOf(thing, index + 1)),
  read: async () => image,
});

const sampleOf = ({ name, box, mask }: DrawnPicture['things'][number], imageId: number): Sample => ({
  ...{ imageId, prompt: { text: name, points: [], box: null }, reasoning: null, source: 'labelled shapes' },
  objects: [{ box, mask: packMask(mask), verdicts: { box: null, mask: null } }],
  verdicts: { reasoning: null, found: null },
});
