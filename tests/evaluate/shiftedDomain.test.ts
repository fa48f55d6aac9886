// The domain that nano's scenes are not like: names, boxes and masks are true, and all of it follows from the seed.
import { beforeAll, describe, expect, it } from 'vitest';
import { maskArea, maskBox } from '../../main/contract/rle.ts';
import { type ShiftedDomain, shiftedDomain, shiftedNames, shiftedPictures } from '../../main/evaluate/shiftedDomain.ts';
import { vocabulary } from '../../main/scenes/vocabulary.ts';

const words = new Set(vocabulary());

describe('the names', () => {
  it('are known words of nano’s, and words that it has not', () => {
    expect(shiftedNames.known.filter((name) => !words.has(name))).toEqual([]);
    expect(shiftedNames.new.filter((name) => words.has(name))).toEqual([]);
    expect(new Set([...shiftedNames.known, ...shiftedNames.new]).size).toBe(32);
  });
});

describe('the pictures', { timeout: 120_000 }, () => {
  let domain: ShiftedDomain;
  beforeAll(async () => {
    domain = await shiftedDomain(3, 12);
  });

  it('show at least three things each, known and new ones', () => {
    const named = domain.pictures.flatMap(({ things }) => things.map(({ name }) => name));
    expect(Math.min(...domain.pictures.map(({ things }) => things.length))).toBeGreaterThanOrEqual(3);
    expect(named.filter((name) => domain.known.includes(name)).length).toBeGreaterThan(5);
    expect(named.filter((name) => domain.new.includes(name)).length).toBeGreaterThan(5);
    expect(named.filter((name) => ![...domain.known, ...domain.new].includes(name))).toEqual([]);
  });

  it('have masks of what is to be seen, tight in their boxes', () => {
    for (const { image, things } of domain.pictures)
      for (const { box, mask } of things) {
        expect(mask.size).toEqual([image.height, image.width]);
        expect(maskBox(mask)).toEqual(box);
        expect(maskArea(mask)).toBeGreaterThan(200);
      }
  });

  it('show things of the names that are asked for alone', async () => {
    const [first, second, third] = shiftedNames.known;
    const names = [first, second, third].flatMap((name) => name ?? []);
    const shown = await shiftedPictures(names, { seed: 3, count: 4 });
    expect(shown).toHaveLength(4);
    for (const { things } of shown) for (const { name } of things) expect(names).toContain(name);
  });

  it('follow from the seed, as the names do', async () => {
    const again = await shiftedDomain(3, 2);
    expect(again.pictures).toEqual(domain.pictures.slice(0, 2));
    const other = await shiftedDomain(4, 2);
    expect([...other.known, ...other.new]).not.toEqual([...domain.known, ...domain.new]);
    expect(other.pictures[0]?.image.data).not.toEqual(domain.pictures[0]?.image.data);
  });
});
