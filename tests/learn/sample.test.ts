import { describe, expect, test } from 'vitest';
import { correctionSamples, labelSamples, type Sample, type SampleObject, samplesOf } from '../../main/learn/sample.ts';
import { columnsMask, labelOf, promptOf, shapeOf } from '../store/records.ts';

const review = { id: 1, status: 'unreviewed', note: '' } as const;
const [frog, car] = [labelOf(10, 'frog'), labelOf(11, 'red car')];
const box = { x1: 0, y1: 0, x2: 4, y2: 10 };

const objectsOf = (samples: readonly Sample[]): (readonly SampleObject[])[] => samples.map(({ objects }) => objects);

describe('labelled shapes', () => {
  test('every label is a prompt, and all shapes of it are its objects', () => {
    const shapes = [shapeOf(20, 1, 10), shapeOf(21, 1, 11, columnsMask(2)), shapeOf(22, 1, 10, null)];
    const samples = labelSamples({ shapes, prompts: [], review }, [frog, car]);
    expect(samples.map(({ prompt }) => prompt.text)).toEqual(['frog', 'red car']);
    const masks = objectsOf(samples).map((objects) => objects.map(({ mask }) => mask));
    expect(masks).toEqual([[columnsMask(4), null], [columnsMask(2)]]);
    expect(samples[0]).toMatchObject({ imageId: 1, reasoning: null, source: 'labelled shapes' });
  });

  test('a crowd, an unclear image and the label without a name teach nothing', () => {
    const crowd = { ...shapeOf(20, 1, 10), crowd: true };
    expect(labelSamples({ shapes: [crowd, shapeOf(21, 1, 10)], prompts: [], review }, [frog])).toEqual([]);
    const unclear = { ...review, status: 'unclear' } as const;
    expect(labelSamples({ shapes: [shapeOf(20, 1, 10)], prompts: [], review: unclear }, [frog])).toEqual([]);
    expect(labelSamples({ shapes: [shapeOf(20, 1, 12)], prompts: [], review }, [labelOf(12, 'object')])).toEqual([]);
  });
});

describe('corrections', () => {
  const kept = {
    proposalId: 40,
    found: 'object',
    reasoning: { text: 'It is on the left.', verdict: 'right' },
    box: { value: { x1: 1, y1: 1, x2: 3, y2: 9 }, verdict: 'right' },
    mask: { shapeId: 20, verdict: 'corrected' },
  } as const;
  const asked = { ...promptOf(30, 1, 'the frog'), kept };

  test('what stands is the target, with the reasoning that a person took for right', () => {
    const [sample] = correctionSamples({ shapes: [shapeOf(20, 1, 10)], prompts: [asked], review });
    expect(sample).toEqual({
      imageId: 1,
      prompt: { text: 'the frog', points: [], box: null },
      objects: [{ box, mask: columnsMask(4), verdicts: { box: 'right', mask: 'corrected' } }],
      reasoning: 'It is on the left.',
      source: 'correction',
      verdicts: { reasoning: 'right', found: 'right' },
    });
  });

  test('a box that a person corrected goes before the one around the mask', () => {
    const mine = { ...asked, kept: { ...kept, box: { ...kept.box, verdict: 'corrected' } } } as const;
    const [sample] = correctionSamples({ shapes: [shapeOf(20, 1, 10)], prompts: [mine], review });
    expect(sample?.objects[0]?.box).toEqual(kept.box.value);
  });

  test('a reasoning that is wrong is not taught, and what nobody judged is no sample', () => {
    const wrong = { ...asked, kept: { ...kept, reasoning: { text: 'It is blue.', verdict: 'wrong' } } } as const;
    const shapes = [shapeOf(20, 1, 10)];
    expect(correctionSamples({ shapes, prompts: [wrong], review })[0]?.reasoning).toBeNull();
    const open = { ...asked, kept: { ...kept, mask: { shapeId: 20, verdict: null } } } as const;
    expect(correctionSamples({ shapes, prompts: [open, promptOf(31, 1, 'a car')], review })).toEqual([]);
    expect(correctionSamples({ shapes: [], prompts: [asked], review })).toEqual([]);
  });

  test('the word that nothing matches is a sample without objects', () => {
    const judged = { value: null, verdict: 'corrected' } as const;
    const none = { ...kept, found: 'nothing', box: judged, mask: { shapeId: null, verdict: 'corrected' } } as const;
    const samples = correctionSamples({ shapes: [], prompts: [{ ...asked, kept: none }], review });
    expect(samples).toMatchObject([{ objects: [], verdicts: { found: 'corrected' } }]);
  });

  test('a label does not repeat what was corrected under the same words', () => {
    const records = { shapes: [shapeOf(20, 1, 10), shapeOf(21, 1, 11)], prompts: [asked], review };
    const samples = samplesOf(records, [frog, car]);
    expect(samples.map(({ source, prompt }) => [source, prompt.text])).toEqual([
      ['correction', 'the frog'],
      ['labelled shapes', 'red car'],
    ]);
  });
});
