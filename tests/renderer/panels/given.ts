// Records that panels are given in tests, whole except for what the test is about.
import type { EngineStatus } from '../../../main/contract/api.ts';
import type { Job } from '../../../main/contract/jobs.ts';
import {
  type CorrectedObject,
  type Correction,
  Image,
  type Label,
  type Shape,
  type StoredPrompt,
  type Verdict,
} from '../../../main/contract/project.ts';
import type { Workbench } from '../../../renderer/state/workbench.ts';

export const engine = (also: Partial<EngineStatus> = {}): EngineStatus => ({
  ...{ state: 'ready', weights: '/w/loupe-nano', device: 'cpu', requested: 'cpu', warnings: [] },
  ...{ lastCallMs: null, problem: null },
  ...also,
});

export const job = (also: Partial<Job> = {}): Job => ({
  ...{ id: 'j', kind: 'export', title: 'Exporting to cars.json', state: 'running', done: 120, total: 3000 },
  ...{ secondsLeft: null, message: null, notes: [] },
  ...also,
});

export const jobs = (...all: readonly Job[]): Pick<Workbench, 'jobs'> => ({
  jobs: new Map(all.map((one) => [one.id, one])),
});

export const label = (id: number, name: string, also: Partial<Label> = {}): Label => ({
  ...{ id, name, colour: '#e69f00', digit: null, attributes: [], place: id },
  ...also,
});

export const labelled = (...all: readonly Label[]): Pick<Workbench, 'labels'> => ({
  labels: new Map(all.map((one) => [one.id, one])),
});

export const shape = (id: number, also: Partial<Shape> = {}): Shape => ({
  ...{ id, imageId: 1, labelId: 5, mask: null, box: { x1: 0, y1: 0, x2: 4, y2: 6 }, attributes: {}, crowd: false },
  ...{ hidden: false, locked: false, place: id, origin: { kind: 'drawn' } },
  ...also,
});

export const picture = (also: Partial<Image> = {}): Image =>
  Image.parse({ id: 1, path: 'in/a.png', hash: 'h', width: 40, height: 30, state: 'present', problem: null, ...also });

export const prompt = (id: number, text: string, correction: Correction | null = null): StoredPrompt => ({
  ...{ id, imageId: 1, text, points: [], box: null, correction },
});

const place = { x1: 2, y1: 3, x2: 12, y2: 13 };

/** One object of a correction; `shapeId` null: it does not stand. */
export const corrected = (box: Verdict, mask: Verdict, shapeId: number | null = null, index = 0): CorrectedObject => ({
  index,
  box: { value: place, verdict: box },
  mask: { shapeId, verdict: mask },
});

export const correction = (also: Partial<Correction> = {}): Correction => ({
  ...{ proposalId: 900, found: { value: 'objects', verdict: 'right' }, reasoning: { text: 'The car.', verdict: null } },
  objects: [corrected(null, null)],
  ...also,
});

export const project = {
  file: '/p/cars.loupe',
  name: 'cars',
  images: 240,
  shapes: 9,
  unreviewed: 60,
  undo: null,
  redo: null,
};
