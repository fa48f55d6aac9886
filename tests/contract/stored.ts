// Records as a project keeps them, whole and right: tests change one field at a time.
import { packMask, type StoredProposal } from '../../main/contract/project.ts';
import { fromBitmap } from '../../main/contract/rle.ts';

/** All pixels but the first column. */
export const maskOf = (width: number, height: number) =>
  packMask(
    fromBitmap(
      Uint8Array.from({ length: width * height }, (_, i) => (i % width === 0 ? 0 : 1)),
      width,
      height,
    ),
  );

export const shape = {
  ...{ id: 1, imageId: 2, labelId: 3, mask: maskOf(4, 3), box: { x1: 1, y1: 0, x2: 4, y2: 3 }, crowd: false },
  ...{ attributes: { colour: 'red', doors: 5, parked: true }, hidden: false, locked: true, place: -1.5 },
  origin: { kind: 'proposal', proposalId: 9, weights: 'nano' },
} as const;

export const label = {
  ...{ id: 3, name: 'car', colour: '#00ff7f', digit: '9', place: 0 },
  attributes: [{ name: 'colour', kind: 'choice', choices: ['red', 'blue'] }],
};

export const correction = {
  ...{ proposalId: null, found: { value: 'objects', verdict: null }, reasoning: { text: '', verdict: null } },
  objects: [
    {
      index: null,
      box: { value: { x1: 0, y1: 0, x2: 1, y2: 1 }, verdict: 'wrong' },
      mask: { shapeId: 1, verdict: 'corrected' },
    },
  ],
};

export const asked = {
  ...{ id: 8, imageId: 2, text: 'the red car', points: [{ x: 1, y: 2, sign: '+' }] },
  ...{ box: { x1: 0, y1: 0, x2: 1, y2: 1 }, correction },
};

export const proposal: StoredProposal = {
  ...{ id: 9, promptId: 8, weights: 'nano', device: 'cpu', found: 'nothing', objects: [], chosen: false },
  answer: { text: '<think></think>', reasoning: '', tokens: [1], logProbabilities: [-0.5] },
  frame: { width: 1000, height: 1000 },
  rewards: { format: 0.5 },
  timings: { reasoning: 12, mask: 0 },
};

export const review = { id: 2, status: 'unclear', note: 'Which of the two?' };

export const image = {
  ...{ id: 2, path: 'in/a.png', hash: null, width: null, height: null, state: 'unreadable' },
  problem: 'The file is no picture.',
};
