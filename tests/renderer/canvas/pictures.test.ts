// Pictures and tiles as they are wanted: what is on the screen first, few at once, a bounded number kept.
import { describe, expect, test } from 'vitest';
import { tileBox } from '../../../renderer/canvas/levels.ts';
import { openPicture, type PicturePen } from '../../../renderer/canvas/pictures.ts';

const image = (side: number) => ({
  id: 4,
  path: 'a.png',
  hash: 'abc',
  width: side,
  height: side,
  state: 'present' as const,
  problem: null,
});

/** Answers when it is told to; keeps what was asked and what was closed. */
function source() {
  const asked: string[] = [];
  const closed: string[] = [];
  const answers = new Map<string, { give: () => void; refuse: () => void }>();
  const pixels = (address: string) =>
    new Promise<ImageBitmap>((resolve, reject) => {
      asked.push(address);
      const bitmap = { width: 512, height: 512, close: () => void closed.push(address) };
      answers.set(address, { give: () => resolve(bitmap), refuse: () => reject(new Error('gone')) });
    });
  const settle = () => new Promise((resolve) => setTimeout(resolve));
  return { asked, closed, pixels, settle, answer: (address: string) => answers.get(address) };
}

function pen() {
  const drawn: number[][] = [];
  const nothing = () => {};
  const marks: PicturePen = {
    save: nothing,
    restore: nothing,
    beginPath: nothing,
    rect: nothing,
    clip: nothing,
    drawImage: (_: unknown, ...numbers: number[]) => void drawn.push(numbers),
  };
  return { pen: marks, drawn };
}

const size = { width: 10_000, height: 10_000 };
const tile = (column: number, row = 0) => ({ level: 0, column, row });
const addressOf = (column: number, row = 0) => `/images/4/tiles/0/${column}/${row}?v=abc`;

describe('a whole picture', () => {
  test('is asked for once, and drawn to its place on a tile', async () => {
    const { asked, pixels, settle, answer } = source();
    let news = 0;
    const picture = openPicture(image(1024), pixels, () => news++);
    const { pen: marks, drawn } = pen();
    const part = tileBox(tile(1), { width: 1024, height: 1024 });
    expect(picture.draw(marks, tile(1), part)).toBe(false);
    answer('/images/4/picture?v=abc')?.give();
    await settle();
    expect(news).toBe(1);
    expect(picture.draw(marks, tile(1), part)).toBe(true);
    expect(drawn).toEqual([[-512, 0, 1024, 1024]]);
    expect(picture.draw(marks, { level: 1, column: 0, row: 0 }, part)).toBe(true);
    expect(drawn[1]).toEqual([0, 0, 512, 512]);
    expect(asked).toHaveLength(1);
  });

  test('that cannot be had says why', async () => {
    const { pixels, settle, answer } = source();
    const picture = openPicture(image(100), pixels, () => {});
    answer('/images/4/picture?v=abc')?.refuse();
    await settle();
    expect(picture.problem).toBe('gone');
  });

  test('that comes after it was closed is let go', async () => {
    const { pixels, settle, answer, closed } = source();
    const picture = openPicture(image(100), pixels, () => expect.unreachable());
    picture.close();
    answer('/images/4/picture?v=abc')?.give();
    await settle();
    expect(closed).toHaveLength(1);
  });
});

describe('tiles', () => {
  test('few are asked for at once, those that were wanted last first', async () => {
    const { asked, pixels, settle, answer } = source();
    const picture = openPicture(image(10_000), pixels, () => {});
    const { pen: marks } = pen();
    for (let column = 0; column < 12; column++) picture.draw(marks, tile(column), tileBox(tile(column), size));
    expect(asked).toEqual([0, 1, 2, 3, 4, 5].map((column) => addressOf(column)));
    answer(addressOf(0))?.give();
    await settle();
    expect(asked.at(-1)).toBe(addressOf(11));
    expect(picture.draw(marks, tile(0), tileBox(tile(0), size))).toBe(true);
  });

  test('a bounded number is kept, and the longest unused goes first', async () => {
    const { asked, closed, pixels, settle, answer } = source();
    const picture = openPicture(image(10_000), pixels, () => {});
    const { pen: marks } = pen();
    const want = async (column: number, row: number) => {
      picture.draw(marks, tile(column, row), tileBox(tile(column, row), size));
      answer(addressOf(column, row))?.give();
      await settle();
    };
    await want(0, 0);
    for (let i = 1; i < 256; i++) await want(i % 19, Math.floor(i / 19));
    picture.draw(marks, tile(0, 0), tileBox(tile(0, 0), size));
    await want(18, 18);
    expect(asked).toHaveLength(257);
    expect(closed).toEqual([addressOf(1, 0)]);
    picture.close();
    expect(closed).toHaveLength(257);
  });

  test('one that failed is not asked for again in every frame', async () => {
    const { asked, pixels, settle, answer } = source();
    const picture = openPicture(image(10_000), pixels, () => {});
    const { pen: marks } = pen();
    picture.draw(marks, tile(0), tileBox(tile(0), size));
    answer(addressOf(0))?.refuse();
    await settle();
    for (let i = 0; i < 5; i++) picture.draw(marks, tile(0), tileBox(tile(0), size));
    expect(asked).toHaveLength(1);
    expect(picture.problem).toBe('gone');
  });
});
