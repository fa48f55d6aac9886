import { expect, it } from 'vitest';
import { planSentences, type RunPlan } from '../../main/contract/runPlan.ts';

const plan: RunPlan = {
  ...{
    images: 24,
    prompts: 71,
    fresh: 9,
    tier: 'supervised',
    why: 'Tier supervised fits: the model does not know kite.',
  },
  ...{
    training: 10,
    minutes: 12.3,
    memoryMB: 1331.2,
    freeMB: 9216,
    rare: [{ word: 'kite', pictures: 2 }],
    refusal: null,
  },
};

it('says what teaches, which tier fits, time, memory and words on too few pictures', () => {
  expect(planSentences(plan)).toEqual([
    '71 corrections and labelled things on 24 images teach, 9 of them new since the last run.',
    'Tier supervised fits: the model does not know kite.',
    'It takes about 13 minutes: 10 minutes of training at most, the rest measures before and after.',
    'It needs about 1.3 GB of the 9.0 GB of memory that are free.',
    'On too few pictures to be relied on: kite (2).',
  ]);
});

it('leaves out what nobody knows, and warns of too little memory', () => {
  const [teach, , time, ...more] = planSentences({ ...plan, fresh: 71, minutes: null, memoryMB: null, rare: [] });
  expect(teach).toBe('71 corrections and labelled things on 24 images teach.');
  expect(time).toBe('It trains 10 minutes at most, and measures before and after.');
  expect(more).toEqual([]);
  expect(planSentences({ ...plan, freeMB: 512 })[3]).toBe(
    'It needs about 1.3 GB of the 0.5 GB of memory that are free. That is more than there is: close other programs first.',
  );
});

it('says of what cannot be learnt the reason alone', () => {
  expect(planSentences({ ...plan, refusal: 'Too little.' })).toEqual(['Too little.']);
});
