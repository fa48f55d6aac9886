import { describe, expect, test } from 'vitest';
import type { Correction, ImageDetail, Verdict } from '../../../main/contract/project.ts';
import {
  correctionSamples,
  draftsOf,
  labelSamples,
  type Sample,
  type SampleObject,
  samplesOf,
} from '../../../main/learn/samples/sample.ts';
import { columnsMask, height, labelOf, promptOf, proposalOf, shapeOf, width } from '../../store/records.ts';

const review = { id: 1, status: 'unreviewed', note: '' } as const;
const image = { id: 1, path: 'a.png', hash: null, width, height, state: 'present', problem: null } as const;
const [frog, car] = [labelOf(10, 'frog'), labelOf(11, 'red car')];
const box = { x1: 0, y1: 0, x2: 4, y2: 10 };

const objectsOf = (samples: readonly Sample[]): (readonly SampleObject[])[] => samples.map(({ objects }) => objects);

describe('labelled shapes', () => {
  test('every label is a prompt, and all shapes of it are its objects', () => {
    const shapes = [shapeOf(20, 1, 10), shapeOf(21, 1, 11, columnsMask(2)), shapeOf(22, 1, 10, null)];
    const samples = labelSamples({ shapes, review }, [frog, car]);
    expect(samples.map(({ prompt }) => prompt.text)).toEqual(['frog', 'red car']);
    const masks = objectsOf(samples).map((objects) => objects.map(({ mask }) => mask));
    expect(masks).toEqual([[columnsMask(4), null], [columnsMask(2)]]);
    expect(samples[0]).toMatchObject({ imageId: 1, reasoning: null, source: 'labelled shapes' });
  });

  test('a crowd, an unclear image and the label without a name teach nothing', () => {
    const crowd = { ...shapeOf(20, 1, 10), crowd: true };
    expect(labelSamples({ shapes: [crowd, shapeOf(21, 1, 10)], review }, [frog])).toEqual([]);
    const unclear = { ...review, status: 'unclear' } as const;
    expect(labelSamples({ shapes: [shapeOf(20, 1, 10)], review: unclear }, [frog])).toEqual([]);
    expect(labelSamples({ shapes: [shapeOf(20, 1, 12)], review }, [labelOf(12, 'object')])).toEqual([]);
  });
});

describe('drafts', () => {
  test('of labelled shapes are those of the weights whose proposal one of them came from', () => {
    const origin = { kind: 'proposal', proposalId: 7, weights: 'toy@2' } as const;
    const shapes = [shapeOf(20, 1, 10), { ...shapeOf(21, 1, 10), origin }, shapeOf(22, 1, 11)];
    const samples = labelSamples({ shapes, review }, [frog, car]);
    expect(samples.map(({ draftedBy }) => draftedBy)).toEqual(['toy@2', null]);
  });

  test('are counted by weights, most first', () => {
    const shapes = [shapeOf(20, 1, 10)];
    const [sample] = labelSamples({ shapes, review }, [frog]);
    if (!sample) throw new Error('unreachable');
    const some = [sample, { ...sample, draftedBy: 'a' }, { ...sample, draftedBy: 'b' }, { ...sample, draftedBy: 'b' }];
    expect(draftsOf([...some, { ...sample, draftedBy: 'b' }, sample])).toEqual([
      { weights: 'b', prompts: 3 },
      { weights: null, prompts: 2 },
      { weights: 'a', prompts: 1 },
    ]);
    expect(draftsOf([])).toEqual([]);
  });
});

describe('corrections', () => {
  const words = { text: 'It is here [0, 0, 112, 224].', verdict: 'right' as Verdict };
  const object = (index: number | null, shapeId: number | null, mask: Verdict): Correction['objects'][number] => ({
    index,
    box: { value: { x1: 1, y1: 1, x2: 3, y2: 9 }, verdict: 'right' },
    mask: { shapeId, verdict: mask },
  });
  const correction = (also: Partial<Correction> = {}): Correction => ({
    proposalId: 40,
    found: { value: 'objects', verdict: 'right' },
    reasoning: words,
    objects: [object(0, 20, 'corrected')],
    ...also,
  });
  const proposals = [{ ...proposalOf('objects'), id: 40, promptId: 30 }];
  const asked = (also: Partial<Correction> = {}) => ({ ...promptOf(30, 1, 'the frog'), correction: correction(also) });
  const records = (also: Partial<ImageDetail> = {}): ImageDetail => ({
    ...{ image, review, proposals, shapes: [shapeOf(20, 1, 10)], prompts: [asked()] },
    ...also,
  });

  test('what stands is the target, with the reasoning that a person took for right, in picture pixels', () => {
    expect(correctionSamples(records())).toEqual([
      {
        imageId: 1,
        prompt: { text: 'the frog', points: [], box: null },
        objects: [{ box, mask: columnsMask(4), verdicts: { box: 'right', mask: 'corrected' } }],
        // The frame is 224 x 224, and the image 20 x 10.
        reasoning: 'It is here [0, 0, 10, 10].',
        source: 'correction',
        draftedBy: proposals[0]?.weights,
        verdicts: { reasoning: 'right', found: 'right' },
      },
    ]);
  });

  test('of several objects those that stand are targets, those judged wrong are not', () => {
    const shapes = [shapeOf(20, 1, 10), shapeOf(21, 1, 10, columnsMask(2))];
    const objects = [object(0, 20, 'right'), object(1, null, 'wrong'), object(null, 21, 'corrected')];
    const found = { value: 'objects', verdict: 'corrected' } as const;
    const [sample] = correctionSamples(records({ shapes, prompts: [asked({ objects, found })] }));
    expect(sample?.objects.map(({ mask }) => mask)).toEqual([columnsMask(4), columnsMask(2)]);
  });

  test('a list that is not judged to its end is no sample', () => {
    const half = asked({ objects: [object(0, 20, 'right'), object(1, null, null)] });
    const open = asked({ found: { value: 'objects', verdict: null } });
    const wrong = asked({ objects: [object(0, null, 'wrong')] });
    for (const prompt of [half, open, wrong, promptOf(31, 1, 'a car')])
      expect(correctionSamples(records({ prompts: [prompt] }))).toEqual([]);
  });

  test('a box that a person corrected goes before the one around the mask', () => {
    const own = object(0, 20, 'right');
    const objects = [{ ...own, box: { ...own.box, verdict: 'corrected' as const } }];
    const [sample] = correctionSamples(records({ prompts: [asked({ objects })] }));
    expect(sample?.objects[0]?.box).toEqual(own.box.value);
  });

  test('a reasoning that is wrong is not taught', () => {
    const prompts = [asked({ reasoning: { text: 'It is blue.', verdict: 'wrong' } })];
    expect(correctionSamples(records({ prompts }))[0]?.reasoning).toBeNull();
  });

  test('the word that nothing matches is a sample without objects', () => {
    const prompts = [asked({ found: { value: 'nothing', verdict: 'corrected' }, objects: [] })];
    const samples = correctionSamples(records({ shapes: [], prompts }));
    expect(samples).toMatchObject([{ objects: [], verdicts: { found: 'corrected' } }]);
  });

  test('a label does not repeat what was corrected under the same words', () => {
    const samples = samplesOf(records({ shapes: [shapeOf(20, 1, 10), shapeOf(21, 1, 11)] }), [frog, car]);
    expect(samples.map(({ source, prompt }) => [source, prompt.text])).toEqual([
      ['correction', 'the frog'],
      ['labelled shapes', 'red car'],
    ]);
  });
});
