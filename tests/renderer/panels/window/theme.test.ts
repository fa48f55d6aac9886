import { MantineProvider } from '@mantine/core';
import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, it } from 'vitest';
import { cssVariables, theme } from '../../../../renderer/panels/window/theme.ts';

const sheet = renderToStaticMarkup(
  createElement(MantineProvider, { theme, cssVariablesResolver: cssVariables }, createElement('p')),
);

/** The variables of a scheme, those that both schemes share among them. */
function variables(scheme: 'light' | 'dark'): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [, selector = '', body = ''] of sheet.matchAll(/([^{}]*)\{([^{}]*)\}/gu)) {
    if (selector.includes('color-scheme') && !selector.includes(`"${scheme}"`)) continue;
    for (const [, name = '', value = ''] of body.matchAll(/(--[\w-]+): ([^;]+);/gu)) found.set(name, value.trim());
  }
  return found;
}

function colour(scheme: 'light' | 'dark', name: string): [number, number, number] {
  const value = variables(scheme).get(name) ?? '';
  const other = /^var\((--[\w-]+)\)$/u.exec(value)?.[1];
  if (other) return colour(scheme, other);
  const [, r = '', g = '', b = ''] = /^#(..)(..)(..)$/u.exec(value) ?? [];
  if (b === '') throw new Error(`${name} is no colour in ${scheme}: ${value}`);
  return [Number.parseInt(r, 16), Number.parseInt(g, 16), Number.parseInt(b, 16)];
}

// https://www.w3.org/TR/WCAG22/#dfn-relative-luminance
function luminance(channels: readonly [number, number, number]): number {
  const [r = 0, g = 0, b = 0] = channels.map((channel) => {
    const share = channel / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(scheme: 'light' | 'dark', text: string, below: string): number {
  const [a, b] = [luminance(colour(scheme, text)), luminance(colour(scheme, below))];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

const surfaces = ['--loupe-surface', '--loupe-panel'];
const words = ['--mantine-color-dimmed', '--mantine-color-gray-text', '--loupe-good', '--loupe-warn', '--loupe-bad'];

describe.each(['light', 'dark'] as const)('in the %s window', (scheme) => {
  it('measures as WCAG does', () => {
    const [white, black] = [luminance([255, 255, 255]), luminance([0, 0, 0])];
    expect((white + 0.05) / (black + 0.05)).toBeCloseTo(21, 9);
    expect(luminance([119, 119, 119])).toBeCloseTo(0.1845, 4);
  });

  it.each(words.flatMap((text) => surfaces.map((below) => [text, below])))('%s can be read on %s', (text, below) => {
    expect(contrast(scheme, text, below)).toBeGreaterThanOrEqual(4.5);
  });

  it('dimmed words have 5 to 1 on every surface', () => {
    for (const below of surfaces) expect(contrast(scheme, '--mantine-color-dimmed', below)).toBeGreaterThanOrEqual(5);
  });

  it('what is asked for in an empty field can be read', () => {
    expect(contrast(scheme, '--mantine-color-placeholder', '--loupe-panel')).toBeGreaterThanOrEqual(4.5);
  });

  it('lines and the stage are told apart from panels', () => {
    for (const other of ['--loupe-line', '--loupe-stage']) {
      expect(colour(scheme, other)).not.toEqual(colour(scheme, '--loupe-panel'));
    }
  });

  it('words keep their contrast where a box of the reasoning is lit', () => {
    const text = scheme === 'light' ? '--mantine-color-black' : '--mantine-color-white';
    const lit = luminance(colour(scheme, '--loupe-lit'));
    const ink = variables(scheme).has(text) ? luminance(colour(scheme, text)) : scheme === 'light' ? 0 : 1;
    expect((Math.max(lit, ink) + 0.05) / (Math.min(lit, ink) + 0.05)).toBeGreaterThanOrEqual(4.5);
  });
});

it('both windows define the same colours of their own', () => {
  const own = (scheme: 'light' | 'dark') => [...variables(scheme).keys()].filter((name) => name.startsWith('--loupe'));
  expect(own('light').toSorted()).toEqual(own('dark').toSorted());
  expect(own('light').length).toBeGreaterThan(5);
});
