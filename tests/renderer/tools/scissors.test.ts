// Intelligent scissors by hand: anchors, the wire between them, and what is left when they are taken back.
import { describe, expect, test } from 'vitest';
import { liveWire } from '../../../main/pictures/liveWire.ts';
import type { CanvasHost } from '../../../renderer/tools/host.ts';
import { areaOf, columnsIn, filled, picture, shape, sheet } from './sheet.ts';

/** A thing from 8, 6 to 30, 22 on the sheet of 40 x 30. */
const thing = {
  ...{ width: 40, height: 30 },
  data: Uint8Array.from({ length: 40 * 30 * 3 }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % 40, Math.floor(i / 120)];
    return x >= 8 && x < 30 && y >= 6 && y < 22 ? 200 : 60;
  }),
};
const AREA = 22 * 16;

const cut: CanvasHost['wire'] = async (at, how) => liveWire(thing, { ...at, ...how });

function scissors(wire: CanvasHost['wire'] = cut, shapes: Parameters<typeof sheet>[0] = []) {
  const one = sheet(shapes, { wire });
  one.store.setState({ view: { scale: 8, x: 0, y: 0 } });
  one.use('scissors');
  return one;
}

type Scissors = ReturnType<typeof scissors>;

async function clicks(one: Scissors, ...places: readonly (readonly [number, number])[]): Promise<void> {
  for (const [x, y] of places) await one.click(x, y);
}

/** How many corners the outline has so far. */
const pathOf = (one: Scissors) => one.tool().draft().paths?.[0]?.points ?? [];

describe('scissors', () => {
  test('follow the edges of a thing from click to click, and the first anchor closes', async () => {
    const one = scissors();
    await clicks(one, [8.5, 6.5], [29.5, 6.5], [29.5, 21.5], [8.5, 21.5], [8.6, 6.6]);
    await one.settle();
    expect(one.diffs.map(({ title }) => title)).toEqual(['Draw by scissors']);
    const [drawn] = one.shapes();
    // Half a pixel to each side of an outline of 76.
    expect(Math.abs(areaOf(drawn) - AREA)).toBeLessThanOrEqual(76);
    expect(picture(columnsIn(drawn))[14]?.slice(10, 28)).toBe('#'.repeat(18));
    expect(one.tool().draft()).toEqual({});
  });

  test('show the way to the pointer along the edge before it is clicked', async () => {
    const one = scissors();
    await clicks(one, [8.5, 6.5]);
    // Across the corner: the straight line would leave the edge.
    one.move(29.5, 20);
    const path = pathOf(one);
    expect(path.length).toBeGreaterThan(25);
    const inner = path.filter(({ x, y }) => x > 10 && x < 28 && y > 8 && y < 20);
    expect(inner).toEqual([]);
    expect(one.tool().draft().anchors).toHaveLength(1);
  });

  test('go straight with Shift', async () => {
    const one = scissors();
    await clicks(one, [8.5, 6.5]);
    one.move(29.5, 20, { shift: true });
    expect(pathOf(one)).toHaveLength(2);
    await one.click(29.5, 20, { shift: true });
    await one.click(8.5, 20, { shift: true });
    expect(one.tool().finish()).toBe(true);
    await one.settle();
    expect(areaOf(one.shapes()[0])).toBeLessThan(AREA * 0.75);
  });

  test('a double click closes, Backspace takes the last anchor back, and Escape all of them', async () => {
    const one = scissors();
    await clicks(one, [8.5, 6.5], [29.5, 6.5], [20, 14]);
    expect(one.tool().back()).toBe(true);
    expect(one.tool().draft().anchors).toHaveLength(2);
    await clicks(one, [29.5, 21.5]);
    await one.click(29.5, 21.5, { clicks: 2 });
    await one.settle();
    expect(one.diffs).toHaveLength(1);
    await clicks(one, [8.5, 6.5], [29.5, 6.5]);
    expect(one.tool().cancel()).toBe(true);
    expect([one.tool().cancel(), one.tool().back(), one.tool().finish()]).toEqual([false, false, false]);
    await clicks(one, [8.5, 6.5]);
    expect(one.tool().back()).toBe(true);
    expect(one.tool().draft()).toEqual({});
    expect(one.diffs).toHaveLength(1);
  });

  test('make a new shape, add to the selected one or take away from it, as the bar says or Alt', async () => {
    const around = [
      [8.5, 6.5],
      [29.5, 6.5],
      [29.5, 21.5],
      [8.5, 21.5],
    ] as const;
    const one = scissors(cut, [shape(3, filled(0, 0, 40, 8))]);
    one.select(3);
    one.combine('add');
    await clicks(one, ...around);
    one.tool().finish();
    await one.settle();
    expect(one.shapes()).toHaveLength(1);
    const added = areaOf(one.shapes()[0]);
    expect(added).toBeGreaterThan(40 * 8 + 22 * 12);
    one.combine('new');
    await one.click(8.5, 6.5, { alt: true });
    await clicks(one, ...around.slice(1));
    one.tool().finish();
    await one.settle();
    expect(one.diffs.at(-1)?.title).toBe('Take away by scissors');
    expect(areaOf(one.shapes()[0])).toBeLessThan(added - 250);
  });

  test('wait for a host that is slow: clicks meanwhile count, and the outline follows the edges all the same', async () => {
    const answers: (() => void)[] = [];
    const slow: CanvasHost['wire'] = (at, how) =>
      new Promise((resolve) => answers.push(() => resolve(liveWire(thing, { ...at, ...how }))));
    const one = scissors(slow);
    await clicks(one, [8.5, 6.5], [29.5, 6.5], [29.5, 21.5], [8.5, 21.5]);
    expect(one.tool().draft()).toMatchObject({ busy: true });
    expect(pathOf(one)).toHaveLength(8);
    expect(one.tool().finish()).toBe(true);
    expect(one.tool().draft()).toMatchObject({ busy: true, paths: [{ closed: true }] });
    for (const answer of answers) answer();
    await one.settle();
    await one.settle();
    expect(Math.abs(areaOf(one.shapes()[0]) - AREA)).toBeLessThanOrEqual(76);
  });

  test('whose host fails draw straight lines and say why, and after Escape nothing comes of what was asked', async () => {
    const one = scissors(() => Promise.reject(new Error('The picture cannot be read.')));
    await clicks(one, [8, 6], [30, 6], [30, 22], [8, 22]);
    expect(one.notice()).toBe('The picture cannot be read.');
    one.tool().finish();
    await one.settle();
    expect(areaOf(one.shapes()[0])).toBe(AREA);
    await clicks(one, [8, 6], [30, 6], [30, 22]);
    one.tool().finish();
    expect(one.tool().cancel()).toBe(true);
    await one.settle();
    expect(one.diffs).toHaveLength(1);
  });

  test('left for another image finish what has three anchors, on the image where it was begun', async () => {
    const one = scissors();
    await clicks(one, [8.5, 6.5], [29.5, 6.5], [29.5, 21.5], [8.5, 21.5]);
    one.openOther();
    one.tool().leave();
    await one.settle();
    expect(one.diffs).toMatchObject([{ title: 'Draw by scissors', changes: [{ after: { imageId: 7 } }] }]);
    await clicks(one, [8.5, 6.5], [29.5, 6.5]);
    one.tool().leave();
    await one.settle();
    expect(one.diffs).toHaveLength(1);
  });
});
