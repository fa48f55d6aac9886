import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BadInput } from '../../../main/contract/badInput.ts';
import { childOf, childrenOf, parseXml, textIn } from '../../../main/formats/files/xml.ts';

describe('parseXml', () => {
  test('elements, texts, entities, comments, CDATA and attributes with brackets', () => {
    const text = `<?xml version="1.0"?><!-- a <b> --><a x="1>2"><b>1 &lt; 2 &amp; &#65;&#x42;</b><c/><b><![CDATA[<raw>]]></b></a>\n`;
    const root = parseXml(text, 'x.xml');
    expect(root.name).toBe('a');
    expect(childrenOf(root, 'b').map((each) => each.text)).toEqual(['1 < 2 & AB', '<raw>']);
    expect(root.attributes).toEqual({ x: '1>2' });
    expect([textIn(root, 'c'), textIn(root, 'none'), childOf(undefined, 'a')]).toEqual(['', '', undefined]);
  });

  test.each([
    ['<a><b></a></b>', /line 1: unexpected close tag/],
    ['</a>', /is no whole XML file/],
    ['<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', /undefined entity/],
    ['<a>\n<b></b>', /is no whole XML file/],
    ['', /is no whole XML file/],
    ['<a', /is no whole XML file/],
    ['<a></a><', /line 1/],
    ['<a>'.repeat(200), /nested deeper than 100/],
  ])('%j is refused', (text, message) => {
    expect(() => parseXml(text, 'x.xml')).toThrow(message);
  });

  test('any text is read or refused, quickly', () => {
    const part = fc.constantFrom(
      '<a>',
      '</a>',
      '<a',
      '/>',
      '>',
      '<!--',
      '-->',
      '"',
      "'",
      '&lt;',
      '&#9999999;',
      'x',
      '<![CDATA[',
      ']]>',
      '<?',
      '=',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 60 }), (parts) => {
        const start = performance.now();
        try {
          parseXml(parts.join(''), 'x.xml');
        } catch (error) {
          expect(error).toBeInstanceOf(BadInput);
        }
        expect(performance.now() - start).toBeLessThan(500);
      }),
      { numRuns: 300 },
    );
  });
});
