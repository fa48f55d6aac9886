// Words in SVG drawings: anything may stand in them, and no markup or forbidden character comes of it.
import { expect, test } from 'vitest';
import { escaped, svgLabel } from '../../main/pictures/svgText.ts';

test('markup and control characters in a text stay text', () => {
  expect(escaped('<b>"a" & b</b>')).toBe('&#60;b&#62;&#34;a&#34; &#38; b&#60;/b&#62;');
  expect(escaped('a\u0000b\nc')).toBe('a b c');
  expect(svgLabel(3, 4, 'x<y', 'fill="#000"')).toBe('<text x="3" y="4" fill="#000">x&#60;y</text>\n');
});
