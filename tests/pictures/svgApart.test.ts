// Drawings that a few lines make endless, without any filter: they end in one sentence, and their processes with them.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { isProcessAlive } from '../../main/formats/files/partFile.ts';
import { decodeImage, inspectImage, measureImage } from '../../main/pictures/image.ts';
import { mayBeSvg, svgApart } from '../../main/pictures/svgApart.ts';
import { temporary } from '../hosting.ts';

const { folder, remove } = temporary('svg-apart');
afterAll(remove);

const page = (inside: string, size = 'width="2000" height="2000"') =>
  `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" ${size}>${inside}</svg>`;
/** A hundred thousand times one rectangle, each blended with what lies below. */
const nested = Array.from({ length: 5 }, (_, i) => {
  const below = i === 0 ? '<rect width="2000" height="2000" opacity="0.5"/>' : `<use xlink:href="#a${i - 1}"/>`;
  return `<g id="a${i}" style="mix-blend-mode:multiply">${below.repeat(i === 0 ? 1 : 10)}</g>`;
}).join('');
const uses = `<defs>${nested}</defs>${'<use xlink:href="#a4"/>'.repeat(10)}`;
const layers = `${'<g style="mix-blend-mode:multiply">'.repeat(150)}<rect width="8000" height="8000"/>${'</g>'.repeat(150)}`;
const task = (text: string) => ({ file: 'x.svg', bytes: Buffer.from(text), limit: 1e8, draw: true });

describe('a drawing without end', () => {
  test.each([
    ['of uses of uses', page(uses), 'in 1 s'],
    ['of uses without a size, which has to be looked for', page(uses, ''), 'in 1 s'],
    ['of layers upon layers', page(layers, 'width="8000" height="8000"'), /in 1 s|in the memory that it may take/u],
  ])('%s', async (_, text, why) => {
    const programs: number[] = [];
    const drawn = svgApart(task(text), { ms: 1000, started: (pid = 0) => void programs.push(pid) });
    await expect(drawn).rejects.toThrow(why);
    expect(programs).toHaveLength(1);
    expect(programs.filter(isProcessAlive)).toEqual([]);
  });
});

describe('a drawing', () => {
  const plain = path.join(folder, 'plain.svg');
  writeFileSync(plain, page('<rect x="10" width="20" height="40" fill="#36c"/>', 'width="60" height="40"'));

  test('has the size, the pixels and the hash that it always had; no browser is given the file itself', async () => {
    expect(await measureImage(plain)).toEqual({ width: 60, height: 40, shown: null });
    const { data, width, height, sha256 } = await decodeImage(plain);
    expect([width, height]).toEqual([60, 40]);
    const at = (x: number) => [...data.subarray(3 * (20 * 60 + x), 3 * (20 * 60 + x) + 3)];
    expect([at(5), at(15), at(45)]).toEqual([
      [255, 255, 255],
      [0x33, 0x66, 0xcc],
      [255, 255, 255],
    ]);
    const seen = await inspectImage(plain);
    expect(seen).toMatchObject({ width: 60, height: 40, shown: null, sha256 });
    expect(seen.thumbnail?.length).toBeGreaterThan(20);
  });

  test('that is beyond the limit, broken or very long is refused in one sentence', async () => {
    const large = path.join(folder, 'large.svg');
    writeFileSync(large, page('', 'width="30000" height="30000"'));
    await expect(decodeImage(large)).rejects.toThrow(`${large}: declares 30000 x 30000 pixels`);
    const broken = path.join(folder, 'broken.svg');
    writeFileSync(broken, '<svg xmlns="http://www.w3.org/2000/svg"><rect');
    await expect(measureImage(broken)).rejects.toThrow(`${broken}: `);
    const long = { ...task(''), bytes: new Uint8Array(101e6) };
    await expect(svgApart(long)).rejects.toThrow('x.svg: is an SVG of more than 100 MB; save it as PNG');
  });

  test('is told by its first element, in any encoding; what only mentions one is read as what it is', async () => {
    expect(mayBeSvg(Buffer.from('\ufeff<?xml version="1.0"?><SVG>', 'utf16le'))).toBe(true);
    expect(mayBeSvg(Buffer.from('\x89PNG\r\n\x1a\n'))).toBe(false);
    const gif = Buffer.concat([Buffer.from('474946383961', 'hex'), Buffer.from('<svg is no GIF that could be read')]);
    expect(mayBeSvg(gif)).toBe(true);
    const file = path.join(folder, 'comment.gif');
    writeFileSync(file, gif);
    await expect(decodeImage(file)).rejects.toThrow(`${file}: `);
  });
});
