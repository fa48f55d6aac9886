// What the wire lets through, call by call: questions and answers that fit, those that do not, and anything at all.
import { getContractRouter, isContractProcedure } from '@orpc/contract';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AnswerEvent, api, EngineStatus, HostEvent, ImageQuery, Recorded } from '../../main/contract/api.ts';
import { maskOf, proposal, shape } from './stored.ts';

type Schema = { readonly '~standard': { validate(value: unknown): unknown } };

function schemasOf(path: string): { input?: Schema; output?: Schema } {
  const procedure = getContractRouter(api, path.split('.'));
  if (!isContractProcedure(procedure)) throw new Error(`no call ${path}`);
  const { inputSchema, outputSchema } = procedure['~orpc'];
  return { input: inputSchema, output: outputSchema };
}

/** The value as it was let through; undefined where it was refused. */
function passed(schema: Schema | undefined, value: unknown): unknown {
  const result = schema?.['~standard'].validate(value);
  if (typeof result !== 'object' || result === null) throw new Error('nothing is checked here');
  return 'value' in result && !('issues' in result && result.issues) ? result.value : undefined;
}

const fits = (path: string, value: unknown): boolean => passed(schemasOf(path).input, value) !== undefined;

/** Every call of the contract by its path. */
const paths = Object.entries(api).flatMap(([group, calls]) =>
  isContractProcedure(calls) ? [group] : Object.keys(calls).map((name) => `${group}.${name}`),
);
const asked = paths.filter((path) => schemasOf(path).input);

const query = { search: '', status: 'all', labelId: null, order: 'path' };
const box = { x1: 0, y1: 1, x2: 2.5, y2: 3 };
const asks = { text: 'the red car' };

describe('questions', () => {
  it.each<[string, unknown]>([
    ['project.open', { file: '/p/cars.loupe' }],
    ['project.create', { file: '/p/cars.loupe' }],
    ['project.create', { file: '/p/cars.loupe', folder: '/p/images' }],
    ['project.reserve', { count: 10_000 }],
    ['images.list', { offset: 0, limit: 500 }],
    ['images.list', { ...query, status: 'nothing found', order: 'spread', labelId: 3, offset: 99_900, limit: 100 }],
    ['images.step', { from: null, by: 'next unreviewed' }],
    ['images.detail', { id: 1 }],
    ['images.add', { paths: ['/a', '/b'] }],
    ['edit.apply', { title: 'Draw', changes: [{ kind: 'shape', id: 1, before: null, after: shape }] }],
    ['edit.mergeLabels', { from: 1, into: 2 }],
    ['model.ask', { promptId: 7 }],
    ['model.ask', { promptId: 7, samples: 8, seed: -3 }],
    ['model.refine', { imageId: 1, points: [{ x: 0.5, y: -2, sign: '-' }], box, rough: maskOf(4, 3) }],
    ['model.refine', { imageId: 1, points: [], box: null, rough: null }],
    ['model.wand', { imageId: 1, x: 3, y: 4, tolerance: 255 }],
    ['model.wire', { imageId: 1, x: 3, y: 4, reach: 6.5, to: null }],
    ['model.wire', { imageId: 1, x: 3, y: 4, reach: 0, to: { x: -1, y: 700 } }],
    ['repair.compare', { labelId: null }],
    ['repair.judge', { shapeId: 4, verdict: 'replace' }],
    ['jobs.exportCoco', { file: '/x.json', settings: {} }],
    ['jobs.promptAll', asks],
    ['jobs.masks', { labelId: null }],
    ['files.browse', { folder: null }],
    ['models.download', { id: 'sam2-tiny' }],
    ['settings.write', {}],
  ])('%s may be asked with %j', (path, value) => expect(fits(path, value)).toBe(true));

  it.each<[string, unknown]>([
    ['project.open', { file: '' }],
    ['project.open', {}],
    ['project.reserve', { count: 0 }],
    ['project.reserve', { count: 10_001 }],
    ['project.reserve', { count: 1.5 }],
    ['images.list', { offset: -1, limit: 10 }],
    ['images.list', { offset: 0, limit: 501 }],
    ['images.list', { offset: 0, limit: 10, status: 'done' }],
    ['images.list', { offset: 0, limit: 10, order: 'size' }],
    ['images.list', { offset: 0, limit: 10, labelId: 0 }],
    ['images.step', { by: 'next' }],
    ['images.step', { from: 1, by: 'last' }],
    ['images.detail', { id: 0 }],
    ['images.detail', { id: '1' }],
    ['images.add', { paths: [] }],
    ['edit.apply', { title: '', changes: [] }],
    ['edit.apply', { title: 'x', changes: [{ kind: 'proposal', id: 1, before: null, after: null }] }],
    ['edit.apply', { title: 'x', changes: [{ kind: 'shape', id: 1, before: null }] }],
    ['model.ask', { promptId: 7, samples: 0 }],
    ['model.ask', { promptId: 7, samples: 9 }],
    ['model.refine', { imageId: 1, points: [{ x: 0, y: 0, sign: 'on' }], box: null, rough: null }],
    ['model.refine', { imageId: 1, points: [], rough: null }],
    ['model.cutOut', { imageId: 1, box: null }],
    ['model.wand', { imageId: 1, x: 3, y: 4, tolerance: 256 }],
    ['model.wire', { imageId: 1, x: 3, y: 4, reach: -1, to: null }],
    ['model.wire', { imageId: 1, x: 3, y: 4, reach: 1 }],
    ['model.wand', { imageId: 1, x: Number.NaN, y: 4, tolerance: 1 }],
    ['repair.judge', { shapeId: 4, verdict: 'skip' }],
    ['jobs.exportCoco', { file: '/x.json', settings: { masks: 'bitmaps' } }],
    ['jobs.promptAll', { text: ' \n\t' }],
    ['files.browse', {}],
    ['models.download', { id: '' }],
    ['settings.write', { maskOpacity: 2 }],
  ])('%s may not be asked with %j', (path, value) => expect(fits(path, value)).toBe(false));

  it('get the defaults that the contract names', () => {
    expect(passed(schemasOf('images.list').input, { offset: 5, limit: 10 })).toEqual({
      ...query,
      offset: 5,
      limit: 10,
    });
    expect(passed(schemasOf('model.ask').input, { promptId: 7 })).toEqual({ promptId: 7, samples: 1, seed: 0 });
    expect(passed(schemasOf('jobs.promptAll').input, { text: '  the red car ' })).toEqual(asks);
    expect(passed(schemasOf('jobs.exportCoco').input, { file: 'x', settings: {} })).toMatchObject({
      settings: { masks: 'auto', onlyAccepted: false },
    });
  });

  it('of any other kind are refused without a fault, and what is let through is let through again unchanged', () => {
    const field = fc.oneof(fc.anything(), fc.integer(), fc.string(), fc.constant(null));
    const almost = fc.dictionary(
      fc.constantFrom(
        'id',
        'file',
        'count',
        'offset',
        'limit',
        'imageId',
        'text',
        'box',
        'points',
        'from',
        'by',
        'paths',
      ),
      field,
    );
    fc.assert(
      fc.property(fc.constantFrom(...asked), fc.oneof(fc.anything(), almost), (path, value) => {
        const { input } = schemasOf(path);
        const once = passed(input, value);
        if (once !== undefined) expect(passed(input, once)).toEqual(once);
      }),
      { numRuns: 2000 },
    );
  });

  it('are refused where they are no record, by every call that takes one', () => {
    for (const path of asked) {
      for (const value of [null, 7, 'x', [], true]) expect([path, fits(path, value)]).toEqual([path, false]);
    }
  });
});

describe('the contract', () => {
  it('says of every call what it answers', () => {
    for (const path of paths) expect([path, schemasOf(path).output === undefined]).toEqual([path, false]);
  });

  it('lets every call fail in the same ways, each with a sentence', () => {
    for (const path of paths) {
      const procedure = getContractRouter(api, path.split('.'));
      const errors = isContractProcedure(procedure) ? procedure['~orpc'].errorMap : {};
      expect(Object.keys(errors).toSorted()).toEqual([
        'BAD_INPUT',
        'CONFLICT',
        'FILE_GONE',
        'NO_MODEL',
        'NO_PROJECT',
        'READ_ONLY',
      ]);
      for (const one of Object.values(errors))
        expect(one).toMatchObject({ message: expect.stringMatching(/^[A-Z].*\.$/u) });
    }
  });

  it('answers a list of rows, and of nothing else', () => {
    const row = {
      ...{ id: 1, path: 'a.png', hash: null, width: null, height: null, state: 'missing', problem: 'It is gone.' },
      ...{ status: 'unclear', shapes: 0, prompts: 0, disagreement: 0.5, spread: null },
    };
    const { output } = schemasOf('images.list');
    expect(passed(output, { total: 1, rows: [row] })).toEqual({ total: 1, rows: [row] });
    expect(passed(output, { total: 1, rows: [{ ...row, state: 'lost' }] })).toBeUndefined();
    expect(passed(output, { total: 1, rows: [{ ...row, shapes: -1 }] })).toBeUndefined();
    expect(passed(output, { rows: [] })).toBeUndefined();
  });
});

const info = { file: '/p', name: 'p', images: 1, shapes: 0, unreviewed: 1, undo: null, redo: 'Draw' };
const engine = {
  ...{ state: 'ready', weights: null, device: 'cpu', requested: 'webgpu', warnings: ['no GPU'], lastCallMs: null },
  problem: null,
};
const recorded = { seq: 4, diff: { title: 'Draw', changes: [] }, undo: 'Draw', redo: null };

describe('events of the host', () => {
  it.each<[string, unknown]>([
    ['a project that is closed', { kind: 'project', project: null }],
    ['a project', { kind: 'project', project: info }],
    ['a change', { kind: 'recorded', recorded }],
    ['a long change', { kind: 'recorded', recorded: { ...recorded, more: true } }],
    ['images', { kind: 'images', ids: [1, 2] }],
    ['the engine', { kind: 'engine', engine }],
  ])('%s', (_, event) => expect(HostEvent.parse(JSON.parse(JSON.stringify(event)))).toEqual(event));

  it.each<[string, unknown]>([
    ['of no kind', { project: null }],
    ['of a kind that nobody knows', { kind: 'weather' }],
    ['with the fields of another', { kind: 'images', project: null }],
    ['with an id that nothing has', { kind: 'images', ids: [0] }],
    ['of a change without a title', { kind: 'recorded', recorded: { ...recorded, diff: { title: '', changes: [] } } }],
  ])('%s are none', (_, event) => expect(HostEvent.safeParse(event).success).toBe(false));

  it('are told apart whatever comes', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        for (const schema of [HostEvent, AnswerEvent, Recorded, EngineStatus]) {
          expect(schema.safeParse(value).success).toBe(false);
        }
      }),
    );
  });
});

describe('events of an answer', () => {
  it.each<[string, unknown]>([
    ['a piece of text', { kind: 'text', candidate: 0, text: '' }],
    ['a box', { kind: 'box', candidate: 3, box }],
    ['a proposal', { kind: 'proposal', proposal }],
    ['the end', { kind: 'done', ms: 12.5, firstTokenMs: 3 }],
  ])('%s', (_, event) => expect(AnswerEvent.parse(JSON.parse(JSON.stringify(event)))).toEqual(event));

  it.each<[string, unknown]>([
    ['half a candidate', { kind: 'text', candidate: 0.5, text: '' }],
    ['a box without a side', { kind: 'box', candidate: 0, box: { ...box, y2: undefined } }],
    ['a proposal that found neither', { kind: 'proposal', proposal: { ...proposal, found: 'maybe' } }],
    ['an end that took for ever', { kind: 'done', ms: Number.POSITIVE_INFINITY, firstTokenMs: 3 }],
  ])('%s is none', (_, event) => expect(AnswerEvent.safeParse(event).success).toBe(false));
});

describe('the query of the list', () => {
  it('is that of all images by path where nothing is said', () => expect(ImageQuery.parse({})).toEqual(query));

  it('keeps what is searched for as it was written', () => {
    fc.assert(
      fc.property(fc.string(), (search) => {
        expect(ImageQuery.parse({ search }).search).toBe(search);
      }),
    );
  });
});
