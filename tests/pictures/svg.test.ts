import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { decodeImage, inspectImage } from '../../main/pictures/image.ts';
import { whySlowSvg } from '../../main/pictures/svg.ts';
import { temporary } from '../hosting.ts';

const { folder, remove } = temporary('svg');
afterAll(remove);

const drawn = (side: number, filter: string, more = '') =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="${side}" height="${side}"><defs><filter id="f">${filter}</filter></defs>
   <rect width="${side}" height="${side}" fill="#3366cc" ${filter === '' ? '' : 'filter="url(#f)"'}/>${more}</svg>`;
const oddity = (text: string, pixels: number) => whySlowSvg(Buffer.from(text), pixels);

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
    // Each look starts a process, which takes its time on a busy machine; to draw it would take hours.
    expect(performance.now() - start).toBeLessThan(20_000);
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

  test('of a style sheet count for every element that it may be for, however they are spelt', () => {
    const rects = (attribute: string) => `<rect ${attribute} width="9" height="9"/>`.repeat(60);
    const step = '<filter id="f"><feTurbulence/></filter>';
    const page = (inside: string) => `<svg xmlns="http://www.w3.org/2000/svg">${inside}</svg>`;
    for (const inside of [
      `<style>.a{filter:url(#f)}</style>${step}${rects('class="a"')}`,
      `<style>.a{\\66ilter:url(#f)}</style>${step}${rects('class="a"')}`,
      `${step}${rects('style="\\66ilter:url(#f)"')}`,
      rects('style="filter:blur(9px) blur(9px)"'),
    ]) {
      expect(oddity(page(inside), 3e7), inside.slice(0, 60)).toContain('too long');
      expect(oddity(page(inside), 1e4), inside.slice(0, 60)).toBeNull();
    }
    expect(oddity(page(`<style>.a{fill:red}</style>${rects('class="a"')}`), 1e8)).toBeNull();
  });

  test('that are packed are not looked through', () => {
    expect(whySlowSvg(gzipSync(drawn(64, '<feTurbulence/>')), 100)).toBe(
      'is a packed SVG; unpack it, or save it as PNG',
    );
  });

  test('are found in other encodings, and are not multiplied unseen', () => {
    const bomb = drawn(64, '<feTurbulence/>'.repeat(50));
    expect(whySlowSvg(Buffer.from(`\ufeff${bomb}`, 'utf16le'), 1e7)).toContain('too long');
    const wide = Buffer.from([...bomb].flatMap((letter) => [0, 0, 0, letter.charCodeAt(0)]));
    expect(whySlowSvg(wide, 1e7)).toContain('too long');
    expect(oddity(drawn(64, '<feOffset/>', '<use href="#a"/>'.repeat(21)), 100)).toContain('too long');
    expect(oddity(`<!DOCTYPE svg [<!ENTITY a "&#60;feOffset/>">]>${drawn(64, '')}`, 100)).toContain('too long');
  });
});
