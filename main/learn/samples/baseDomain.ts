// Draws pictures of the domain that weights come with: for loupe-nano scenes, some to be learnt again and some to measure on.
import { packMask } from '../../contract/project.ts';
import { type DrawnPicture, drawnPictures, type NamedMask } from '../../evaluate/drawnThings.ts';
import type { Sample } from './sample.ts';
import type { BaseDomain, TeachingImage } from './task.ts';

/** Things of a scene that are learnt or measured: the first ones from the left. */
const perScene = 3;
/** Of 60 prompts the mean moved by 0.02 from one half of the scenes to the other, as much as may be lost. */
export const usualDomain = { replayed: 24, measured: 40, worded: 250, chosenBy: 200 };
/** Validation scenes that no other figure of a run is measured on. */
const firstWorded = 1000;
const firstChosenBy = 3000;

/** Whether anything is known of what weights of this name came with. */
export const hasOwnDomain = (name: string): boolean => name === 'loupe-nano';

/** Gives the domain of weights by their name; nothing is known of what other weights came with. */
export async function baseDomain(name: string, count: Readonly<Partial<typeof usualDomain>> = {}): Promise<BaseDomain> {
  if (!hasOwnDomain(name)) return { replayed: [], measured: [], worded: [], chosenBy: [], lesson: null };
  const drawn = await drawnPictures();
  const { replayed, measured, worded, chosenBy } = { ...usualDomain, ...count };
  const some = (length: number, make: (i: number) => TeachingImage) => Array.from({ length }, (_, i) => make(i));
  return {
    replayed: some(replayed, (i) => pointedAt(drawn('train', i), i)),
    // The fixed set: the same scenes for every run and every version.
    measured: some(measured, (i) => pointedAt(drawn('validation', i), i)),
    worded: some(worded, (i) => askedBy(drawn('validation', firstWorded + i), i)),
    chosenBy: some(chosenBy, (i) => askedBy(drawn('validation', firstChosenBy + i), i)),
    // Not those whose masks are replayed.
    lesson: (index) => {
      const { image, prompts } = drawn('train', replayed + index);
      return { image, asked: prompts.map(({ text, answer }) => ({ question: text, answer })) };
    },
  };
}

const pictureOf = (image: DrawnPicture['image'], index: number, samples: readonly Sample[]): TeachingImage => ({
  ...{ imageId: index + 1, path: `scene ${index + 1}`, samples, things: [] },
  read: async () => image,
});

const pointedAt = ({ image, things }: DrawnPicture, index: number): TeachingImage =>
  pictureOf(
    image,
    index,
    things.slice(0, perScene).map((thing) => sampleOf(thing.name, [thing], index)),
  );

/** One prompt, its kind in turn. */
function askedBy({ image, things, prompts }: DrawnPicture, index: number): TeachingImage {
  const { text, targets } = prompts[index % prompts.length] ?? { text: 'thing', targets: [] };
  const meant = targets.flatMap((target) => things[target] ?? []);
  return pictureOf(image, index, [sampleOf(text, meant, index)]);
}

const sampleOf = (text: string, objects: readonly NamedMask[], index: number): Sample => ({
  ...{ imageId: index + 1, prompt: { text, points: [], box: null }, reasoning: null, source: 'labelled shapes' },
  objects: objects.map(({ box, mask }) => ({ box, mask: packMask(mask), verdicts: { box: null, mask: null } })),
  draftedBy: null,
  verdicts: { reasoning: null, found: null },
});
