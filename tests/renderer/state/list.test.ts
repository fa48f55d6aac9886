// The image list in slices, on a host of a thousand rows whose answers a test holds back.
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ImageRow } from '../../../main/contract/project.ts';
import { createList, type List } from '../../../renderer/state/list.ts';
import { createWorkbench } from '../../../renderer/state/workbench.ts';
import { type Call, refuse, row, scriptedHost, scriptedProject, turns } from '../scripted.ts';

type Slice = { total: number; rows: ImageRow[] };
type Query = { search: string; offset: number; limit: number };

const open: List[] = [];
afterEach(() => {
  vi.useRealTimers();
  for (const list of open.splice(0)) list.stop();
});

/** Rows are numbered from 1; those that a search asks for bear its words in their path. */
const slice = ({ search, offset, limit }: Query, total: number): Slice => ({
  total,
  rows: Array.from({ length: Math.max(0, Math.min(limit, total - offset)) }, (_, i) =>
    row(offset + i + 1, { path: `${search}${offset + i}.png` }),
  ),
});

function listOf(total: number, answer: (query: Query) => Promise<Slice> | Slice = (query) => slice(query, total)) {
  const calls: Call[] = [];
  const store = createWorkbench();
  const list = createList(store, scriptedHost({ images: { list: answer } }, calls));
  open.push(list);
  const asked = () => calls.map(({ input }) => (input as Query).offset);
  const enter = (file = '/p/cars.loupe') => store.setState({ project: scriptedProject(total, file) });
  return { store, list, asked, enter, calls, state: () => list.store.getState() };
}

describe('the list', () => {
  it('asks nothing while no project is open, and its first rows once one is', async () => {
    const { list, asked, enter, state } = listOf(250);
    list.want(0, 20);
    await turns();
    expect(asked()).toEqual([]);
    expect(state().total).toBeNull();
    enter();
    await turns();
    expect(asked()).toEqual([0]);
    expect(state().total).toBe(250);
    expect(list.row(99)?.id).toBe(100);
    expect(list.row(100)).toBeNull();
  });

  it('asks for no slice twice, however often it is looked at', async () => {
    const { list, asked, enter } = listOf(1000);
    enter();
    for (let i = 0; i < 5; i++) list.want(0, 150);
    await turns();
    for (let i = 0; i < 5; i++) list.want(10, 160);
    await turns();
    expect(asked()).toEqual([0, 100]);
  });

  it('asks for the slices that a window touches, and no others', async () => {
    const { list, asked, enter } = listOf(1000);
    enter();
    await turns();
    list.want(299, 300);
    await turns();
    expect(asked()).toEqual([0, 200, 300]);
    expect([list.row(299)?.id, list.row(300)?.id]).toEqual([300, 301]);
  });

  it('shows every row of every window that was looked at last, wherever it was scrolled before', async () => {
    const window = fc.tuple(fc.nat(4990), fc.nat(60));
    await fc.assert(
      fc.asyncProperty(fc.array(window, { minLength: 1, maxLength: 12 }), async (windows) => {
        const { list, enter, state } = listOf(5000);
        enter();
        for (const [first, count] of windows) {
          list.want(first, first + count);
          await turns();
          for (let i = first; i <= Math.min(4999, first + count); i++) expect(list.row(i)?.id).toBe(i + 1);
          expect(state().pages.size).toBeLessThanOrEqual(30);
        }
      }),
      { numRuns: 25 },
    );
  });

  it('keeps few of many slices, the nearest, and reads the others again', async () => {
    const { list, asked, enter, state } = listOf(10_000);
    enter();
    for (let first = 0; first < 4000; first += 100) {
      list.want(first, first + 99);
      await turns();
    }
    expect(state().pages.size).toBe(30);
    expect(list.row(0)).toBeNull();
    expect(list.row(3950)?.id).toBe(3951);
    list.want(0, 50);
    await turns();
    expect(list.row(0)?.id).toBe(1);
    expect(asked().filter((offset) => offset === 0)).toHaveLength(2);
  });
});

describe('another list', () => {
  it('begins anew with another query, and what was asked for the one before comes too late', async () => {
    const held: (() => void)[] = [];
    const answer = (query: Query) =>
      new Promise<Slice>((resolve) => held.push(() => resolve(slice(query, query.search === '' ? 900 : 2))));
    const { store, list, enter, state } = listOf(900, answer);
    enter();
    await turns();
    store.setState(({ query }) => ({ query: { ...query, search: 'car' } }));
    await turns();
    expect(state()).toMatchObject({ total: null, problem: null });
    expect(held).toHaveLength(2);
    held[1]?.();
    await turns();
    held[0]?.();
    await turns();
    expect(state().total).toBe(2);
    expect(list.row(0)?.path).toBe('car0.png');
    expect(list.row(50)).toBeNull();
  });

  it('is that of another project, from its top', async () => {
    const { list, enter, asked, state } = listOf(900);
    enter();
    list.want(500, 510);
    await turns();
    enter('/p/dogs.loupe');
    expect(state().pages.size).toBe(0);
    await turns();
    expect(asked()).toEqual([0, 500, 0]);
    expect(list.row(500)).toBeNull();
  });

  it('asks with the whole query', async () => {
    const { store, enter, calls } = listOf(3);
    store.setState(({ query }) => ({ query: { ...query, status: 'unclear', order: 'spread', labelId: 4 } }));
    enter();
    await turns();
    expect(calls).toEqual([
      {
        name: 'images.list',
        input: { search: '', status: 'unclear', order: 'spread', labelId: 4, offset: 0, limit: 100 },
      },
    ]);
  });
});

describe('rows that may have changed', () => {
  it('are shown as they were until they are read again, once for many changes', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    let shapes = 0;
    const { store, list, enter, asked } = listOf(50, (query) => {
      const { total, rows } = slice(query, 50);
      return { total, rows: rows.map((one) => ({ ...one, shapes })) };
    });
    enter();
    await vi.advanceTimersByTimeAsync(1);
    shapes = 3;
    for (let i = 1; i <= 20; i++) store.setState({ listVersion: i });
    expect(list.row(0)?.shapes).toBe(0);
    await vi.advanceTimersByTimeAsync(1000);
    expect(asked()).toEqual([0, 0]);
    expect(list.row(0)?.shapes).toBe(3);
  });

  it('out of sight are read again when they are looked at', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { store, list, enter, asked } = listOf(500);
    enter();
    list.want(0, 10);
    await vi.advanceTimersByTimeAsync(1);
    list.want(400, 410);
    await vi.advanceTimersByTimeAsync(1);
    store.setState({ listVersion: 1 });
    await vi.advanceTimersByTimeAsync(1000);
    expect(asked()).toEqual([0, 400, 400]);
    expect(list.row(5)).not.toBeNull();
    list.want(0, 10);
    await vi.advanceTimersByTimeAsync(1);
    expect(asked()).toEqual([0, 400, 400, 0]);
  });

  it('are left alone once the list is over', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { store, list, enter, asked } = listOf(5);
    enter();
    await vi.advanceTimersByTimeAsync(1);
    list.stop();
    store.setState({ listVersion: 9 });
    await vi.advanceTimersByTimeAsync(1000);
    expect(asked()).toEqual([0]);
  });
});

describe('a slice that cannot be read', () => {
  it('says why, and is asked for again the next time', async () => {
    let broken = true;
    const { list, enter, state } = listOf(5, (query) =>
      broken ? refuse('The project file cannot be read.') : slice(query, 5),
    );
    enter();
    await turns();
    expect(state()).toMatchObject({ total: null, problem: 'The project file cannot be read.' });
    broken = false;
    list.want(0, 4);
    await turns();
    expect(state()).toMatchObject({ total: 5, problem: null });
    expect(list.row(4)?.id).toBe(5);
  });

  it('of a list that is no longer shown says nothing', async () => {
    const held: ((error: unknown) => void)[] = [];
    const answer = () => new Promise<Slice>((_, reject) => held.push(reject));
    const { store, enter, state } = listOf(5, answer);
    enter();
    await turns();
    store.setState(({ query }) => ({ query: { ...query, search: 'x' } }));
    held[0]?.(new Error('too late'));
    await turns();
    expect(state().problem).toBeNull();
  });
});
