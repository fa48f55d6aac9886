import { expect, it } from 'vitest';
import { clickTable } from '../../../main/commands/bench/click.ts';

it('shows clicks beside the bare decoder, a picture a line', () => {
  const figures = { clicks: 9, click: { p50: 30.4, p95: 41 }, bare: { p50: 20, p95: 22 }, ratio: 1.52, prepareMs: 77 };
  const lines = clickTable([
    { picture: 'a.jpg (8 x 9)', ...figures },
    { picture: 'long name.jpg (4000 x 3000)', ...figures, prepareMs: 1234.5 },
  ]).split('\n');
  expect(lines).toHaveLength(4);
  expect(lines[1]?.split(/ {2,}/)).toEqual(['a.jpg (8 x 9)', '30 ms', '41 ms', '20 ms', '22 ms', '1.52', '77 ms']);
  expect(lines[2]?.indexOf('30 ms')).toBe(lines[1]?.indexOf('30 ms'));
  expect(lines[0]).toContain('first look');
});
