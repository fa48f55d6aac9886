// Small records for the tests of the store, each whole and right.
import { type Label, type PackedMask, packMask, type Shape, type StoredPrompt } from '../../main/contract/project.ts';
import type { NewProposal } from '../../main/store/proposals.ts';

/** Of every image in these tests, pixels. */
export const [width, height] = [20, 10];

export const labelOf = (id: number, name: string): Label => ({
  id,
  name,
  colour: '#336699',
  digit: null,
  attributes: [],
  place: id,
});

/** The first columns of an image: `columns` of them are inside. */
export const columnsMask = (columns: number): PackedMask =>
  packMask({ size: [height, width], counts: [0, columns * height, (width - columns) * height] });

export const shapeOf = (
  id: number,
  imageId: number,
  labelId: number,
  mask: PackedMask | null = columnsMask(4),
): Shape => ({
  id,
  imageId,
  labelId,
  mask,
  box: { x1: 0, y1: 0, x2: 4, y2: 10 },
  attributes: {},
  crowd: false,
  hidden: false,
  locked: false,
  place: id,
  origin: { kind: 'drawn' },
});

export const promptOf = (id: number, imageId: number, text: string): StoredPrompt => ({
  id,
  imageId,
  text,
  points: [],
  box: null,
  correction: null,
});

export const proposalOf = (found: NewProposal['found'], chosen = true): NewProposal => ({
  weights: 'nano-1',
  device: 'cpu',
  answer: {
    text: '<think>left</think>',
    reasoning: 'left',
    tokens: [1, 2],
    logProbabilities: [-0.5, -0.25],
  },
  frame: { width: 224, height: 224 },
  found,
  objects: found === 'objects' ? [{ box: { x1: 0, y1: 0, x2: 4, y2: 10 }, mask: columnsMask(4) }] : [],
  rewards: { format: 1 },
  timings: { reason: 12.5 },
  chosen,
});
