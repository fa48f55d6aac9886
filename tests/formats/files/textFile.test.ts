// Bytes in the encodings that Windows, Python and labelling tools write, to text or to a refusal that names the fault.
import iconv from 'iconv-lite';
import { describe, expect, test } from 'vitest';
import { byteOrderMark, decodeText } from '../../../main/formats/files/textFile.ts';

const word = '安全帽 é';
const xml = (encoding: string) => `<?xml version="1.0" encoding="${encoding}"?><a>${word}</a>`;

describe('decoded', () => {
  test.each([
    ['UTF-8', Buffer.from(word)],
    ['UTF-8 with a mark', Buffer.from(`\uFEFF${word}`)],
    ['UTF-16 LE with a mark', iconv.encode(word, 'utf-16le', { addBOM: true })],
    ['UTF-16 BE with a mark', iconv.encode(word, 'utf-16be', { addBOM: true })],
  ])('%s', (_, bytes) => expect(decodeText(bytes, 'x.txt')).toBe(word));

  test.each([
    ['gb2312', 'gbk'],
    ['GBK', 'gbk'],
    ['GB18030', 'gb18030'],
    ['utf-8', 'utf8'],
    ['UTF-16', 'utf-16le'],
    ['UTF-16', 'utf8'],
  ])('XML that says %s and is %s', (said, written) => {
    expect(decodeText(iconv.encode(xml(said), written), 'x.xml')).toBe(xml(said));
  });

  test.each(['iso-8859-1', 'windows-1252', 'latin1'])('XML that says %s', (encoding) => {
    const text = `<?xml version='1.0' encoding='${encoding}'?><a>é</a>`;
    expect(decodeText(iconv.encode(text, 'latin1'), 'x.xml')).toBe(text);
  });

  test.each([
    [
      'bytes of another encoding',
      iconv.encode(`a\nb\n${word}`, 'gbk'),
      /^x: is not UTF-8 text \(line 3\); save it as UTF-8$/,
    ],
    ['an encoding that nobody knows', Buffer.from(xml('klingon')), /says that it is written in "klingon"/],
    [
      'bytes that the encoding does not have',
      Buffer.concat([Buffer.from('<?xml version="1.0" encoding="gbk"?>\n'), Buffer.from([0xff, 0xff])]),
      /no gb18030 \(line 2\)/,
    ],
  ])('%s are refused', (_, bytes, message) => expect(() => decodeText(bytes, 'x')).toThrow(message));
});

test('marks', () => {
  expect(byteOrderMark(Buffer.from([0xef, 0xbb, 0xbf]))).toEqual({ encoding: 'utf8', length: 3 });
  expect(byteOrderMark(Buffer.from('ab'))).toBeNull();
});
