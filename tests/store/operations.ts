// Random things that a person may do to a project, each a pure choice of numbers that fits whatever is there.
import fc from 'fast-check';
import { type Change, changed, created, deleted } from '../../main/contract/diff.ts';
import {
  type Label,
  packMask,
  type Shape,
  type StoredPrompt,
  type StoredProposal,
  unpackMask,
  type Verdict,
} from '../../main/contract/project.ts';
import { maskIou } from '../../main/contract/rle.ts';
import type { Project } from '../../main/store/project.ts';
import { columnsMask, labelOf, promptOf, proposalOf, shapeOf, width } from './records.ts';

const kinds = [
  ...['add label', 'change label', 'delete label', 'merge labels'],
  ...['add shape', 'add shape', 'add shape', 'change shape', 'change shape', 'move shape', 'delete shape'],
  ...[
    'add prompt',
    'correct',
    'correct',
    'correct',
    'delete prompt',
    'propose',
    'propose',
    'review',
    'compare',
    'judge',
    'replace',
  ],
  ...['several', 'in pieces', 'in pieces', 'undo', 'undo', 'redo'],
] as const;

export interface Operation {
  kind: (typeof kinds)[number];
  /** Chooses among what is there. */
  which: number;
  /** Chooses what is done with it. */
  how: number;
  text: string;
}

export const operation: fc.Arbitrary<Operation> = fc.record({
  kind: fc.constantFrom(...kinds),
  which: fc.nat(9999),
  how: fc.nat(9999),
  text: fc.string({ unit: 'grapheme', maxLength: 12 }),
});

const pick = <T>(list: readonly T[], which: number): T | undefined => list[which % list.length];

const maskOf = (how: number) => columnsMask(1 + (how % (width - 1)));

interface There {
  images: number[];
  labels: Label[];
  shapes: Shape[];
  prompts: StoredPrompt[];
  proposals: StoredProposal[];
}

function there(project: Project): There {
  const details = [...project.allImages()].flatMap(({ id }) => project.detail(id) ?? []);
  return {
    images: details.map(({ image }) => image.id),
    labels: project.labels(),
    shapes: details.flatMap(({ shapes }) => shapes),
    prompts: details.flatMap(({ prompts }) => prompts),
    proposals: details.flatMap(({ proposals }) => proposals),
  };
}

const newLabel = (project: Project, { text }: Operation): Change => {
  const id = project.reserve(1);
  return created('label', labelOf(id, `${text.trim()} ${id}`));
};

function newShape(project: Project, { images, labels }: There, { which, how }: Operation): Change[] {
  const [image, label] = [pick(images, which), pick(labels, how)];
  if (!image || !label) return [];
  return [created('shape', shapeOf(project.reserve(1), image, label.id, how % 5 === 0 ? null : maskOf(how)))];
}

function labelChange(label: Label, { how, text }: Operation): Change | null {
  const choices: Partial<Label>[] = [
    { name: `${text.trim()} ${label.id}` },
    { colour: '#abcdef', digit: String(1 + (how % 9)) },
    { attributes: [{ name: `rule ${how % 3}`, kind: 'choice', choices: ['a', 'b'] }] },
  ];
  return changed('label', label, choices[how % choices.length] ?? {});
}

function shapeChange(shape: Shape, { how, text }: Operation): Change | null {
  const choices: Partial<Shape>[] = [
    { mask: maskOf(how), box: { x1: 0, y1: 0, x2: how % width, y2: 0.5 } },
    { attributes: { [text]: how % 2 === 0, number: -how / 7 } },
    { hidden: how % 2 === 0, locked: how % 4 < 2, crowd: how % 8 < 4 },
    { place: -how / 3, origin: { kind: 'imported', file: text } },
  ];
  return changed('shape', shape, choices[how % choices.length] ?? {});
}

function moved(shape: Shape, { images, labels }: There, { which, how }: Operation): Change | null {
  const [imageId, labelId] = [pick(images, how), pick(labels, which)?.id];
  return changed('shape', shape, { imageId, labelId });
}

const verdicts: readonly Verdict[] = [null, 'right', 'corrected', 'wrong'];

/** Words about the prompt's latest proposal and any shapes, whether they are true or not. */
function corrected(prompt: StoredPrompt, { shapes, proposals }: There, { which, how, text }: Operation): Change | null {
  const proposal = proposals.filter(({ promptId }) => promptId === prompt.id).at(-1);
  const say = (by: number): Verdict => verdicts[(how + by) % verdicts.length] ?? null;
  const offered = (proposal?.objects ?? []).map(({ box }, index) => ({ index, box }));
  const own = how % 3 === 0 ? [{ index: null, box: { x1: 0, y1: 0, x2: how % width, y2: 1 } }] : [];
  const objects = [...offered, ...own].map(({ index, box }, i) => ({
    index,
    box: { value: box, verdict: say(i) },
    mask: { shapeId: (how + i) % 2 === 0 ? (pick(shapes, which + i)?.id ?? null) : null, verdict: say(2 * i + 1) },
  }));
  const reasoning = { text: how % 2 === 0 ? text : (proposal?.answer.reasoning ?? ''), verdict: say(2) };
  const found = { value: how % 5 === 0 ? 'nothing' : 'objects', verdict: say(3) } as const;
  return changed('prompt', prompt, { correction: { proposalId: proposal?.id ?? null, found, reasoning, objects } });
}

/** The changes of one operation; none where nothing is there to do it to. */
export function changesOf(project: Project, operation: Operation): Change[] {
  const all = there(project);
  const { kind, which, how, text } = operation;
  const [label, shape, prompt] = [pick(all.labels, which), pick(all.shapes, which), pick(all.prompts, which)];
  const image = pick(all.images, which);
  const some = (change: Change | null | undefined): Change[] => (change ? [change] : []);
  switch (kind) {
    case 'add label':
      return [newLabel(project, operation)];
    case 'change label':
      return some(label && labelChange(label, operation));
    case 'add shape':
      return newShape(project, all, operation);
    case 'change shape':
      return some(shape && shapeChange(shape, operation));
    case 'move shape':
      return some(shape && moved(shape, all, operation));
    case 'delete shape':
      return some(shape && deleted('shape', shape));
    case 'add prompt':
      return image ? [created('prompt', promptOf(project.reserve(1), image, `find ${text}`))] : [];
    case 'correct':
      return some(prompt && corrected(prompt, all, operation));
    case 'delete prompt':
      return some(prompt && deleted('prompt', prompt));
    case 'review': {
      const review = image ? project.record('review', image) : null;
      return some(review && changed('review', review, { status: how % 2 === 0 ? 'accepted' : 'unclear', note: text }));
    }
    case 'several':
      return [
        newLabel(project, operation),
        ...newShape(project, all, operation),
        ...all.shapes.slice(0, 3).map((one) => deleted('shape', one)),
      ];
    case 'compare':
    case 'delete label':
    case 'in pieces':
    case 'judge':
    case 'merge labels':
    case 'propose':
    case 'redo':
    case 'replace':
    case 'undo':
      return [];
  }
}

/** One step in three pieces, as an import makes it: shapes come, change and go. */
function inPieces(project: Project, all: There, operation: Operation): void {
  const step = project.startMany(operation.kind);
  const [changing, going] = [pick(all.shapes, operation.which), pick(all.shapes, operation.which + 1)];
  const change = changing && shapeChange(changing, operation);
  step.add(newShape(project, all, operation));
  if (change) step.add([change]);
  if (going && going !== changing) step.add([deleted('shape', going)]);
  step.end();
}

/** What is not an ordinary diff: whole labels, the model's side, undo and redo. */
function otherwise(project: Project, operation: Operation): void {
  const { kind, which, how } = operation;
  const all = there(project);
  if (kind === 'in pieces') inPieces(project, all, operation);
  const [label, other] = [pick(all.labels, which), pick(all.labels, how)];
  const [shape, prompt] = [pick(all.shapes, which), pick(all.prompts, which)];
  if (kind === 'undo') project.undo();
  if (kind === 'redo') project.redo();
  if (kind === 'delete label' && label) project.deleteLabel(label.id);
  if (kind === 'merge labels' && label && other && label !== other) project.mergeLabels(label.id, other.id);
  if (kind === 'propose' && prompt) {
    project.addProposals(prompt.id, [proposalOf(how % 2 === 0 ? 'objects' : 'nothing')], (how % 10) / 10);
  }
  if (kind === 'compare' && shape?.mask) {
    const disagreement = 1 - maskIou(unpackMask(shape.mask), unpackMask(maskOf(how)));
    project.setComparison(shape.id, { mask: maskOf(how), weights: `nano ${how % 2}`, disagreement });
  }
  const pair = pick(project.pairs({ offset: 0, limit: 99 }).pairs, which);
  if (kind === 'judge' && pair) project.judge(pair.shapeId, 'keep');
  const coarse = pair && project.record('shape', pair.shapeId);
  if (kind !== 'replace' || !pair || !coarse) return;
  const change = changed('shape', coarse, { mask: packMask(unpackMask(pair.mask)) });
  if (change) project.apply({ title: 'Replace mask', changes: [change] });
  project.judge(pair.shapeId, 'replace');
}

export function perform(project: Project, operation: Operation): void {
  const changes = changesOf(project, operation);
  if (changes.length > 0) project.apply({ title: operation.kind, changes });
  else otherwise(project, operation);
}
