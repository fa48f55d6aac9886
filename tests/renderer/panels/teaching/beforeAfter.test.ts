// Held-back prompts before and after a run, side by side, by their words; the picture behind them by its address.
import { describe, expect, it } from 'vitest';
import type { ShownChange } from '../../../../main/contract/learning.ts';
import { fromPolygon } from '../../../../main/contract/polygon.ts';
import { packMask } from '../../../../main/contract/project.ts';
import { Changes, summary } from '../../../../renderer/panels/teaching/BeforeAfter.tsx';
import { wordsOf } from '../../printed.ts';
import { laidOpen } from '../laidOpen.ts';

const square = (x: number) => packMask(fromPolygon([x, 10, x + 40, 10, x + 40, 50, x, 50], 400, 300));
const image = { id: 7, path: 'bolts/a.png', width: 400, height: 300, hash: 'abc' };
const change = (text: string, also: Partial<ShownChange> = {}): ShownChange => ({
  ...{ imageId: 7, text, before: 0.5, after: 0.75, image, truth: square(20), was: square(60), is: square(30) },
  ...also,
});

describe('before and after', () => {
  const changes = [change('left bolt', { before: 0.8, after: 0.3 }), change('right bolt'), change('nut', { is: null })];
  const markup = laidOpen(Changes, {}, { changes });
  const words = wordsOf(markup);

  it('stand side by side with what each is worth, in the order that they come in', () => {
    expect(words).toMatch(/left bolt .*−0\.500 before: IoU 0\.800 after: IoU 0\.300 right bolt/u);
    for (const { text } of changes) expect(markup).toContain(`aria-label="${text}"`);
    expect(words).toContain('+0.250');
    expect(markup.match(/<canvas/gu)).toHaveLength(6);
  });

  it('are drawn over the same part of the same picture', () => {
    const backdrops = [...markup.matchAll(/background-image:[^"]*?background-position:[^;"]*/gu)].map(([css]) => css);
    expect(backdrops).toHaveLength(6);
    expect(backdrops[0]).toBe(backdrops[1]);
    // So small a part of it needs more pixels than a thumbnail has.
    expect(backdrops[0]).toContain('/images/7/picture?v=abc');
  });

  it('show the picture of an image that nobody has opened yet, as large as its masks are', () => {
    const unread = change('bolt', { image: { ...image, hash: null, width: null, height: null } });
    const shown = laidOpen(Changes, {}, { changes: [unread] });
    expect(shown).toContain('/images/7/picture?v=0');
    const sizes = (html: string) => [...html.matchAll(/background-size:[^;"]*/gu)].map(([css]) => css);
    expect(sizes(shown)).toEqual(sizes(laidOpen(Changes, {}, { changes: [change('bolt')] })));
  });

  it('say where nothing was drawn', () => {
    expect(words).toMatch(/nut .*after: IoU 0\.750, nothing drawn/u);
  });

  it('are summed up', () => {
    expect(summary(changes)).toBe('1 of 3 prompts got worse, 2 better.');
    expect(summary([change('nut', { after: 0.5 })])).toBe('0 of 1 prompt got worse, 0 better.');
  });

  it('are not there where a run left none', () => {
    expect(wordsOf(laidOpen(Changes, {}, { changes: [] }))).not.toContain('worst change');
  });
});
