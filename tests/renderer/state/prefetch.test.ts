// What is fetched before anybody asks: neighbours with their records and pictures, and the embedding, in a good order.
import { afterEach, describe, expect, it } from 'vitest';
import { pictureAddress } from '../../../main/contract/addresses.ts';
import type { EngineStatus } from '../../../main/contract/api.ts';
import type { ImageDetail } from '../../../main/contract/project.ts';
import { Prefetcher } from '../../../renderer/state/prefetch.ts';
import { openedImage } from '../../../renderer/state/records.ts';
import { type Answers, type AtScript, atScript, detail, later, refuse, turns } from '../scripted.ts';

const open: AtScript[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

const ready: EngineStatus = {
  ...{
    state: 'ready',
    weights: 'nano',
    device: 'cpu',
    requested: 'cpu',
    warnings: [],
    lastCallMs: null,
    problem: null,
  },
};

type Step = { from: number | null; by: string };

/** Images 1 to `total` in a row. */
function step({ from, by }: Step, total: number) {
  const index = from === null ? 0 : from - 1 + (by === 'previous' ? -1 : 1);
  const there = index >= 0 && index < total;
  return { id: there ? index + 1 : null, index: there ? index : null, total };
}

function aheadOf(total: number, more: Answers['images'] & object = {}, model: Answers['model'] & object = {}) {
  const one = atScript({
    images: { step: (input) => step(input, total), detail: ({ id }) => detail(id), ...more },
    model: { prepare: () => ({}), ...model },
  });
  open.push(one);
  const { client, calls } = one;
  const show = (id: number) => client.store.setState({ open: openedImage(detail(id)) });
  const asked = (name: string) => calls.filter((call) => call.name === name).map(({ input }) => input);
  return { ...one, ahead: new Prefetcher(client), show, asked, image: (id: number) => detail(id).image };
}

describe('around the open image', () => {
  it('the next one comes before the one before, each with its picture', async () => {
    const { ahead, show, asked, fetched, image } = aheadOf(5);
    show(3);
    await ahead.around(image(3));
    expect(asked('images.detail')).toEqual([{ id: 4 }, { id: 2 }]);
    expect(fetched).toEqual([pictureAddress(4, 'h4'), pictureAddress(2, 'h2')]);
  });

  it.each([
    ['first', 1, 0, [{ id: 2 }]],
    ['middle', 3, 2, [{ id: 4 }, { id: 2 }]],
    ['last', 5, 4, [{ id: 4 }]],
  ])('the place of the %s one is known from its neighbours', async (_, id, index, details) => {
    const { ahead, show, asked, client, image } = aheadOf(5);
    show(id);
    await ahead.around(image(id));
    expect(client.store.getState().position).toEqual({ index, total: 5 });
    expect(asked('images.detail')).toEqual(details);
  });

  it('a list of one image has no neighbours and a place', async () => {
    const { ahead, show, asked, client, image } = aheadOf(1);
    show(1);
    await ahead.around(image(1));
    expect(client.store.getState().position).toEqual({ index: 0, total: 1 });
    expect(asked('images.detail')).toEqual([]);
  });

  it('an image that the query leaves out has no place', async () => {
    const { ahead, show, client, image } = aheadOf(0);
    show(1);
    await ahead.around(image(1));
    expect(client.store.getState().position).toEqual({ index: null, total: 0 });
  });

  it('stops where the person has gone on, and says nothing of the place', async () => {
    const first = later<ReturnType<typeof step>>();
    let asked = 0;
    const one = aheadOf(5, { step: (input) => (asked++ === 0 ? first.promise : step(input, 5)) });
    one.show(3);
    const under = one.ahead.around(one.image(3));
    await turns();
    one.show(1);
    first.resolve(step({ from: 3, by: 'next' }, 5));
    await under;
    expect(one.client.store.getState().position).toBeNull();
    expect(one.asked('images.detail')).toEqual([]);
    expect(one.fetched).toEqual([]);
  });

  it('the embedding of what is seen comes first, then that of the next', async () => {
    const { ahead, show, asked, client, image } = aheadOf(5);
    client.store.setState({ engine: ready });
    show(3);
    await ahead.around(image(3));
    expect(asked('model.prepare')).toEqual([
      { imageId: 3, ahead: false },
      { imageId: 4, ahead: true },
    ]);
  });

  it.each(['starting', 'failed', 'absent'] as const)('an engine that is %s prepares nothing', async (state) => {
    const { ahead, show, asked, client, image } = aheadOf(5);
    client.store.setState({ engine: { ...ready, state } });
    show(3);
    await ahead.around(image(3));
    expect(asked('model.prepare')).toEqual([]);
  });

  it('failures disturb nobody', async () => {
    const { ahead, show, client, image } = aheadOf(
      5,
      { detail: () => refuse('gone') },
      { prepare: () => refuse('busy') },
    );
    client.store.setState({ engine: ready });
    show(3);
    await ahead.around(image(3));
    expect(client.store.getState().notice).toBeNull();
  });

  it.each<[string, Partial<ImageDetail['image']>]>([
    ['is shown in tiles', { width: 10_000, height: 300 }],
    ['is as tall as it is wide, and shown in tiles', { width: 300, height: 5000 }],
    ['has no known size, and may be shown in tiles', { width: null, height: null }],
    ['was never read', { hash: null, width: null, height: null }],
  ])('no picture is fetched of an image that %s', async (_, more) => {
    const { ahead, show, fetched, asked, image } = aheadOf(2, {
      detail: ({ id }) => detail(id, { image: { ...detail(id).image, ...more } }),
    });
    show(1);
    await ahead.around(image(1));
    expect(asked('images.detail')).toEqual([{ id: 2 }]);
    expect(fetched).toEqual([]);
  });
});

describe('what was fetched ahead', () => {
  it('is taken once; a second visit asks again', async () => {
    const { ahead, show, asked, image } = aheadOf(5);
    show(3);
    await ahead.around(image(3));
    const before = asked('images.detail').length;
    expect((await ahead.detail(4)).image.id).toBe(4);
    expect(asked('images.detail')).toHaveLength(before);
    await ahead.detail(4);
    expect(asked('images.detail')).toHaveLength(before + 1);
  });

  it('is asked for again where it was forgotten, of one image or of all', async () => {
    const { ahead, show, asked, image } = aheadOf(5);
    show(3);
    await ahead.around(image(3));
    ahead.forget(4);
    await ahead.detail(4);
    await ahead.detail(2);
    expect(asked('images.detail')).toEqual([{ id: 4 }, { id: 2 }, { id: 4 }]);
    await ahead.around(image(3));
    ahead.forget();
    await ahead.detail(2);
    expect(asked('images.detail').at(-1)).toEqual({ id: 2 });
  });

  it('in vain does not stand in the way: whoever asks for it is told', async () => {
    let broken = true;
    const { ahead, show, image } = aheadOf(5, { detail: ({ id }) => (broken ? refuse('disk full') : detail(id)) });
    show(3);
    await ahead.around(image(3));
    await expect(ahead.detail(4)).rejects.toThrow('disk full');
    broken = false;
    expect((await ahead.detail(4)).image.id).toBe(4);
  });
});

describe('neighbours', () => {
  it('are asked for once from one place, with the query of the list', async () => {
    const { ahead, asked, client } = aheadOf(5);
    client.store.setState(({ query }) => ({ query: { ...query, search: 'car' } }));
    const all = await Promise.all([
      ahead.neighbour(2, 'next'),
      ahead.neighbour(2, 'next'),
      ahead.neighbour(2, 'previous'),
    ]);
    expect(all.map(({ id }) => id)).toEqual([3, 3, 1]);
    expect(asked('images.step')).toMatchObject([
      { search: 'car', from: 2, by: 'next' },
      { search: 'car', from: 2, by: 'previous' },
    ]);
  });

  it('that could not be had are asked for again', async () => {
    let broken = true;
    const { ahead } = aheadOf(5, { step: (input) => (broken ? refuse('no') : step(input, 5)) });
    await expect(ahead.neighbour(2, 'next')).rejects.toThrow('no');
    broken = false;
    expect((await ahead.neighbour(2, 'next')).id).toBe(3);
  });
});

describe('paging', () => {
  it('shows what was fetched ahead without asking for it again', async () => {
    const { client, asked } = aheadOf(5);
    await client.actions.openImage(2);
    await expect.poll(() => asked('images.detail')).toEqual([{ id: 2 }, { id: 3 }, { id: 1 }]);
    expect(await client.actions.step('next')).toBe(true);
    expect(client.store.getState().open?.image.id).toBe(3);
    await turns();
    expect(asked('images.detail').filter((input) => JSON.stringify(input) === '{"id":3}')).toHaveLength(1);
  });

  it('fast ends at the image that was wished for last, though an earlier wish took longer', async () => {
    const { client } = aheadOf(9);
    await client.actions.openImage(1);
    await Promise.all([client.actions.step('next'), client.actions.openImage(7), client.actions.openImage(5)]);
    expect(client.store.getState().open?.image.id).toBe(5);
    await Promise.all([client.actions.openImage(7), client.actions.step('next')]);
    expect(client.store.getState().open?.image.id).toBe(8);
    expect(client.store.getState().opening).toBeNull();
  });
});
