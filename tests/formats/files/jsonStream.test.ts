import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { BadInput } from '../../../main/contract/badInput.ts';
import { jsonFields, jsonLines, jsonPieces, jsonRows, type Wanted } from '../../../main/formats/files/jsonStream.ts';
import { freshFolder, saved } from '../reads.ts';

const folder = freshFolder();
afterAll(() => rmSync(folder, { recursive: true }));
const piecesOf = (text: string | Uint8Array, wanted?: (key: string) => Wanted) => [
  ...jsonPieces(saved(folder, 'x.json', text), wanted),
];

describe('jsonPieces', () => {
  test.skipIf(process.platform !== 'linux')('refuse a folder and leave nothing open (skipped: no /proc)', () => {
    const open = () => readdirSync('/proc/self/fd').length;
    const before = open();
    for (let i = 0; i < 20; i++) expect(() => [...jsonPieces(folder)]).toThrow(/: is a folder; name the file in it$/);
    expect(open()).toBe(before);
  });

  test('gives entries of lists one by one and other values whole', () => {
    const value = { a: [1, { b: [2] }], c: 'text', d: [], e: null };
    expect(piecesOf(JSON.stringify(value))).toEqual([
      { key: 'a', listed: true, value: 1, text: '1' },
      { key: 'a', listed: true, value: { b: [2] }, text: '{"b":[2]}' },
      { key: 'c', listed: false, value: 'text', text: '"text"' },
      { key: 'e', listed: false, value: null, text: 'null' },
    ]);
    expect(piecesOf('\uFEFF [1, "x"] \n').map(({ key, value: each }) => [key, each])).toEqual([
      [null, 1],
      [null, 'x'],
    ]);
  });

  test('gives the text alone where that is wanted, letter by letter, JSON or not', () => {
    const text = '{"a": [1.50, NaN], "b": {"x":  1e2}}';
    expect(piecesOf(text, () => 'text')).toEqual([
      { key: 'a', listed: true, value: undefined, text: '1.50' },
      { key: 'a', listed: true, value: undefined, text: 'NaN' },
      { key: 'b', listed: false, value: undefined, text: '{"x":  1e2}' },
    ]);
  });

  test('passes over what is not wanted', () => {
    expect(piecesOf('{"big": [[["\\"]"]]], "small": 1}', (key) => key === 'small')).toMatchObject([
      { key: 'small', value: 1 },
    ]);
  });

  test('agrees with JSON.parse on any JSON, however it is spaced', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.constantFrom(0, 1, '\t'), (value, space) => {
        const file = saved(folder, 'any.json', JSON.stringify(value, null, space));
        expect(jsonFields(file)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
      { numRuns: 100 },
    );
  });

  test('refuses or reads any text in one sentence, without ever hanging', () => {
    const part = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '\\',
      '1',
      '-',
      'e',
      'true',
      'nul',
      ' ',
      '\n',
      'é',
      '"a"',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 30 }), (parts) => {
        const text = parts.join('');
        let whole: unknown;
        try {
          whole = JSON.parse(text);
        } catch {
          whole = undefined;
        }
        try {
          piecesOf(text);
          expect(whole, text).toBeDefined();
        } catch (error) {
          expect(error).toBeInstanceOf(BadInput);
          expect(String(error)).not.toContain('\n');
          expect(typeof whole === 'object' && whole !== null, text).toBe(false);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('pieces and texts may span what is read at a time', () => {
    const long = 'é"\\'.repeat(700_000);
    const file = saved(folder, 'long.json', { a: [long, 1, long], b: long });
    expect(jsonFields(file)).toEqual({ a: [long, 1, long], b: long });
  });

  test.each([
    ['', 'x.json: is empty'],
    ['12', 'x.json: is not JSON: it starts with neither { nor [ (line 1, column 1)'],
    ['{"a": [1, 2', 'x.json: is cut short; get the whole file again (line 1, column 12)'],
    ['{"a": "te', 'x.json: is cut short inside a text; get the whole file again (line 1, column 10)'],
    ['{"a": 1}\n}', 'x.json: goes on after its end (line 2, column 1)'],
    ['{"a": 1,}', 'x.json: is not JSON: a key in quotes should stand here (line 1, column 9)'],
    ['{"a" 1}', 'x.json: is not JSON: ":" should stand here (line 1, column 6)'],
    ['{"a":\n\n [1,\n NaN]}', 'x.json: is not JSON: "NaN" cannot stand here (line 4, column 2)'],
    ['{"a": [1,, 2]}', 'x.json: is not JSON: something is missing here (line 1, column 10)'],
    ["{'a': 1}", 'x.json: is not JSON: a key in quotes should stand here (line 1, column 2)'],
    [`${'['.repeat(200)}${']'.repeat(200)}`, 'x.json: is nested deeper than 100 levels (line 1, column 2)'],
  ])('%j', (text, message) => {
    expect(() => piecesOf(text)).toThrow(new BadInput(message));
  });

  test('UTF-16 is read as what it says', () => {
    const text = JSON.stringify({ list: Array.from({ length: 3000 }, (_, i) => `安全帽 ${i} 🪖`), last: 'é' });
    const expected = piecesOf(Buffer.from(text));
    expect(piecesOf(Buffer.from(`\uFEFF${text}`, 'utf16le'))).toEqual(expected);
    expect(piecesOf(Buffer.from(`\uFEFF${text}`, 'utf16le').swap16())).toEqual(expected);
    expect(() => piecesOf(Buffer.from('\uFEFF{"a": [1', 'utf16le'))).toThrow(/is cut short; get the whole file again$/);
  });

  test('bytes that are no UTF-8 are refused with their place', () => {
    expect(() =>
      piecesOf(Buffer.concat([Buffer.from('{\n"a": "'), Buffer.from([0xb0, 0xb2]), Buffer.from('"}')])),
    ).toThrow(/holds bytes that are not UTF-8 text; save it as UTF-8 \(line 2, column/);
  });

  test('missing files are named', () => {
    expect(() => [...jsonPieces(path.join(folder, 'nowhere.json'))]).toThrow(/cannot be read \(ENOENT\)/);
  });
});

test('jsonLines gives values that follow each other', () => {
  expect([...jsonLines(saved(folder, 'x.jsonl', '{"a": 1}\n\n{"a": 2}\n'))]).toEqual([{ a: 1 }, { a: 2 }]);
  expect(() => [...jsonLines(saved(folder, 'x.jsonl', '{"a": 1}\n{"a": '))]).toThrow(/cut short/);
});

test('jsonLines names the line that is cut short, and not the end of the file that it runs on to', () => {
  const lines = (text: string) => [...jsonLines(saved(folder, 'x.jsonl', text))];
  expect(() => lines('{"a": 1}\n{"a": 2,\n{"a": 3}\n')).toThrow(
    'x.jsonl: has an entry that is cut short, or is no JSON (line 2, column 1)',
  );
  expect(() => lines('{"a": 1}\n{"a": 2]\n{"a": 3}\n')).toThrow(/\(line 2, column \d+\)$/);
  expect(lines('\uFEFF{"a": 1}\r\n\r\n{"a":\r\n 2}\r\n')).toEqual([{ a: 1 }, { a: 2 }]);
});

test('jsonRows goes on behind what is broken, at the next line that opens an object', () => {
  const rows = (text: string) =>
    [...jsonRows(saved(folder, 'x.jsonl', text))].map(({ value, fault }) => fault ?? value);
  const broken = '{"a": 1}\n{"a": "2\n{\n "a": 3,\n "b": {\n}\n{"a": 4}\n{"a": [5}\n{"a": 6}\n{"a": 7';
  expect(rows(broken)).toEqual([
    { a: 1 },
    expect.stringMatching(/^x\.jsonl: .*\(line 2, column/),
    expect.stringMatching(/^x\.jsonl: .*\(line 3, column/),
    { a: 4 },
    expect.stringMatching(/^x\.jsonl: .*\(line 8, column/),
    { a: 6 },
    expect.stringMatching(/^x\.jsonl: is cut short.*\(line 10, column/),
  ]);
  expect(() => rows('{"a": 1\n'.repeat(1500))).toThrow(/more than 1000 entries are like that/);
});

test('jsonFields refuses lists, and leaves out what is unwanted', () => {
  expect(() => jsonFields(saved(folder, 'x.json', '[1]'))).toThrow(/is a list/);
  expect(jsonFields(saved(folder, 'x.json', '{"a": 1, "b": 2}'), (key) => key === 'b')).toEqual({ a: 1 });
});
