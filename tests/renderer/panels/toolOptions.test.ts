// The bar over the canvas: what is offered for which tool, and what it says.
import { describe, expect, it } from 'vitest';
import { Settings } from '../../../main/contract/settings.ts';
import { toolNames, tools } from '../../../main/contract/tools.ts';
import { ToolOptions } from '../../../renderer/panels/ToolOptions.tsx';
import type { Workbench } from '../../../renderer/state/workbench.ts';
import { onImage, wordsOf } from '../printed.ts';
import { shape } from './given.ts';
import { laidOpen } from './laidOpen.ts';

const bar = (also: Partial<Workbench>) =>
  wordsOf(laidOpen(ToolOptions, { ...onImage({ shapes: [shape(7)] }), ...also }));

describe('the bar of tool options', () => {
  it('is empty without an image', () => expect(wordsOf(laidOpen(ToolOptions, { open: null }))).toBe(''));

  it.each(toolNames)('of %s names it and shows its options alone', (tool) => {
    const words = bar({ tool });
    const { title, options } = tools[tool];
    expect(words).toContain(title);
    expect(words.includes('New Add Subtract')).toBe(options.includes('combine'));
    expect(words.includes('Size')).toBe(options.includes('brush'));
    expect(words.includes('Tolerance')).toBe(options.includes('wand'));
    expect(words.includes('by the segmenter of the weights')).toBe(options.includes('segmenter'));
  });

  it('says what is drawn on by its name', () => {
    expect(bar({ tool: 'box' })).toContain('Draws a new shape');
    expect(bar({ tool: 'box', combine: 'add', selected: new Set([7]) })).toContain('Adds to car');
  });

  it('names the segmenter, the size of the brush and the tolerance of the wand', () => {
    const settings = Settings.parse({ segmenter: '/models/mobile-sam' });
    expect(bar({ tool: 'points', settings })).toContain('by mobile-sam');
    expect(bar({ tool: 'brush', brush: 17.5 })).toContain('17.5 px');
    expect(bar({ tool: 'wand', wandTolerance: 61 })).toContain('61');
  });

  it.each([
    ['screen pixels', false],
    ['image pixels', true],
  ] as const)('with a brush in %s the switch is %s', (brushUnit, on) => {
    const markup = laidOpen(ToolOptions, { ...onImage(), tool: 'brush', settings: Settings.parse({ brushUnit }) });
    expect(/<input[^>]*type="checkbox"[^>]*checked=""/u.test(markup)).toBe(on);
  });
});
