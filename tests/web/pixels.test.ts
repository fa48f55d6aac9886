// Pictures, thumbnails and tiles over the host's own HTTP side, from real files; sizes are worked out by hand.
import { rmSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pictureAddress, thumbnailAddress, tileAddress, tileSide, wholeSide } from '../../main/contract/addresses.ts';
import { saved } from '../formats/reads.ts';
import { type Hosted, hosted, paint } from '../hosting.ts';

let one: Hosted;
const ids: Record<string, number> = {};

beforeAll(async () => {
  one = await hosted('pixels');
  const { client } = await one.call();
  await client.project.create({ file: path.join(one.folder, 'p.loupe') });
  await paint(path.join(one.folder, 'small.png'), { width: 40, height: 30, background: '#ff0000' });
  // Two levels of tiles: 5000 x 600, halved once 2500 x 300.
  await paint(path.join(one.folder, 'wide.jpg'), { width: 5000, height: 600, background: '#00ff00' });
  await paint(path.join(one.folder, 'gone.png'));
  saved(one.folder, 'broken.png', 'no picture');
  const names = ['small.png', 'wide.jpg', 'gone.png', 'broken.png'];
  const added = one.host.project().addImages(names.map((name) => ({ path: name })));
  for (const [i, name] of names.entries()) ids[name] = added[i] ?? 0;
  rmSync(path.join(one.folder, 'gone.png'));
});
afterAll(() => one.stop());

const id = (name: string): number => ids[name] ?? 0;
const hashOf = async (name: string): Promise<string> => {
  await one.fetch(pictureAddress(id(name), ''));
  return one.host.project().image(id(name))?.hash ?? '';
};
const measured = async (answer: Response) => {
  const { width, height, format } = await sharp(Buffer.from(await answer.arrayBuffer())).metadata();
  return { width, height, format };
};

describe('pictures', () => {
  test('are the file itself where a browser can show it', async () => {
    const answer = await one.fetch(pictureAddress(id('small.png'), ''));
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'image/png']);
    expect(await measured(answer)).toEqual({ width: 40, height: 30, format: 'png' });
  });

  test('may be kept for ever under the hash of their bytes, and under nothing else', async () => {
    const hash = await hashOf('small.png');
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    const keeping = async (version: string) =>
      (await one.fetch(pictureAddress(id('small.png'), version))).headers.get('cache-control');
    expect(await keeping(hash)).toContain('immutable');
    expect([await keeping(''), await keeping('0'.repeat(64))]).toEqual(['no-cache', 'no-cache']);
  });

  test('in thumbnails are 256 pixels at most a side, and smaller ones are not blown up', async () => {
    const wide = await one.fetch(thumbnailAddress(id('wide.jpg'), ''));
    expect(await measured(wide)).toMatchObject({ width: 256 });
    const small = await one.fetch(thumbnailAddress(id('small.png'), ''));
    expect(await measured(small)).toMatchObject({ width: 40, height: 30 });
  });
});

describe('tiles of a picture beyond measure', () => {
  test('the test picture is one', () => expect([tileSide, wholeSide]).toEqual([512, 4096]));

  test.each([
    ['0/0/0', 512, 512],
    ['0/9/0', 5000 - 9 * 512, 512],
    ['0/0/1', 512, 600 - 512],
    ['0/9/1', 392, 88],
    ['1/0/0', 512, 300],
    ['1/4/0', 2500 - 4 * 512, 300],
  ])('level, column and row %s: %d x %d', async (place, width, height) => {
    const [level = 0, column = 0, row = 0] = place.split('/').map(Number);
    const answer = await one.fetch(tileAddress(id('wide.jpg'), '', { level, column, row }));
    expect([answer.status, await measured(answer)]).toMatchObject([200, { width, height }]);
  });

  test.each([
    [0, 10, 0],
    [0, 0, 2],
    [1, 5, 0],
    [1, 0, 1],
    [42, 0, 0],
  ])('level %d has no column %d of row %d', async (level, column, row) => {
    const answer = await one.fetch(tileAddress(id('wide.jpg'), '', { level, column, row }));
    expect([answer.status, await answer.text()]).toEqual([404, 'There is no such tile.\n']);
  });
});

describe('what cannot be shown', () => {
  test.each([
    ['gone.png', /gone\.png/],
    ['broken.png', /broken\.png/],
  ])('%s: one sentence with its name', async (name, sentence) => {
    for (const address of [pictureAddress(id(name), ''), thumbnailAddress(id(name), '')]) {
      const answer = await one.fetch(address);
      const text = await answer.text();
      expect(answer.status).toBe(404);
      expect(text.trim().split('\n')).toEqual([expect.stringMatching(sentence)]);
    }
  });

  test('an image that the project does not have', async () => {
    const answer = await one.fetch(pictureAddress(123_456, ''));
    expect([answer.status, (await answer.text()).trim().split('\n').length]).toEqual([404, 1]);
  });

  test.each([
    '/images/',
    '/images/1',
    '/images/x/picture',
    '/images/-1/picture',
    '/images/1/picture/',
    '/images/1/picture?w=1',
    '/images/1/picture?v=ABC',
    '/images/1/picture?v=../../x',
    '/images/1/tiles/0/0',
    '/images/1/tiles/0/0/0/0',
    '/images/1/tiles/-1/0/0',
    '/images/1/tiles/100/0/0',
    '/images/1/tiles/0/0/1000000000',
    '/images/1234567890123456/picture',
  ])('%s is no address', async (address) => {
    const answer = await one.fetch(address);
    expect([answer.status, await answer.text()]).toEqual([404, 'There is no such picture.\n']);
  });

  test('any address below ends in one line', async () => {
    const step = fc.constantFrom('1', '999', 'picture', 'thumbnail', 'tiles', '0', '%00', 'x?v=', '?v=0');
    const check = async (steps: string[]) => {
      const answer = await one.fetch(`/images/${steps.join('/')}`);
      const text = answer.headers.get('content-type')?.startsWith('text/') ? await answer.text() : '';
      expect(answer.status === 200 || answer.status === 404).toBe(true);
      expect(text.trim().split('\n').length).toBe(1);
    };
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 5 }), check), { numRuns: 60 });
  });
});

test('a picture that is still read when its project is closed is not there, and nothing is said to have failed', async () => {
  const closing = await hosted('closing');
  try {
    const { client } = await closing.call();
    await client.project.create({ file: path.join(closing.folder, 'p.loupe') });
    const names = Array.from({ length: 8 }, (_, i) => `${i}.jpg`);
    for (const name of names) await paint(path.join(closing.folder, name), { width: 3000, height: 2000 });
    const images = closing.host.project().addImages(names.map((name) => ({ path: name })));
    const answers = images.map((image) => closing.fetch(thumbnailAddress(image, '')));
    await answers[0];
    await client.project.close();
    const sentences = ['No project is open.\n', 'p.loupe was closed meanwhile\n'];
    for (const answer of await Promise.all(answers)) {
      if (answer.status === 200) continue;
      expect([answer.status, sentences]).toEqual([404, expect.arrayContaining([await answer.text()])]);
    }
  } finally {
    await closing.stop();
  }
});
