import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { decodeImage, inspectImage } from '../../main/pictures/image.ts';
import { svgOddity } from '../../main/pictures/svg.ts';
import { temporary } from '../hosting.ts';

const { folder, remove } = temporary('svg');
afterAll(remove);

const drawn = (side: number, filter: string, more = '') =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="${side}" height="${side}"><defs><filter id="f">${filter}</filter></defs>
   <rect width="${side}" height="${side}" fill="#3366cc" ${filter === '' ? '' : 'filter="url(#f)"'}/>${more}</svg>`;
const oddity = (text: string, pixels: number) => svgOddity(Buffer.from(text), pixels);

describe('filters', () => {
  test('of an ordinary drawing are drawn', async () => {
    const file = path.join(folder, 'soft.svg');
    writeFileSync(file, drawn(64, '<feGaussianBlur stdDeviation="2"/>'));
    expect((await decodeImage(file)).width).toBe(64);
  });

  test('that would take hours are refused at once, before anything is drawn', async () => {
    const file = path.join(folder, 'bomb.svg');
    writeFileSync(file, drawn(16_000, '<feMorphology operator="dilate" radius="500"/>'.repeat(20)));
    const start = performance.now();
    for (const look of [decodeImage, inspectImage]) {
      await expect(look(file)).rejects.toThrow(`${file}: has filters that would take too long to draw; save it as PNG`);
    }
    expect(performance.now() - start).toBeLessThan(5000);
  });

  test('count by what they cost: steps, kinds, uses and pixels', () => {
    const blur = '<feGaussianBlur stdDeviation="2"/>';
    expect(oddity(drawn(64, ''), 1e8)).toBeNull();
    expect(oddity(drawn(64, blur), 1e8)).toBeNull();
    expect(oddity(drawn(64, blur.repeat(30)), 1e8)).toContain('too long');
    expect(oddity(drawn(64, '<feTurbulence/>'), 1e6)).toBeNull();
    expect(oddity(drawn(64, '<feTurbulence/>'), 1e8)).toContain('too long');
    expect(oddity(drawn(64, blur, '<g style="filter: url(#f)"/>'.repeat(40)), 1e8)).toContain('too long');
  });

  test('are found in other encodings, and are not multiplied unseen', () => {
    const bomb = drawn(64, '<feTurbulence/>'.repeat(50));
    expect(svgOddity(Buffer.from(`\ufeff${bomb}`, 'utf16le'), 1e7)).toContain('too long');
    expect(oddity(drawn(64, '<feOffset/>', '<use href="#a"/>'.repeat(21)), 100)).toContain('too long');
    expect(oddity(`<!DOCTYPE svg [<!ENTITY a "&#60;feOffset/>">]>${drawn(64, '')}`, 100)).toContain('too long');
  });
});
