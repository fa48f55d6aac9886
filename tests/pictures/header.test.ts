import { describe, expect, test } from 'vitest';
import { declaredSize, whyNoPicture } from '../../main/pictures/header.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');

describe('oddity', () => {
  test('null for anything that may be a picture', () => {
    for (const text of ['\x89PNG\r\n\x1a\n', 'GIF89a', '\xff\xd8\xff', 'RIFF', 'x'])
      expect(whyNoPicture(bytes(text))).toBeNull();
  });

  test('names nothing, a pointer and a BMP', () => {
    expect(whyNoPicture(bytes(''))).toBe('is empty');
    expect(whyNoPicture(bytes('version https://git-lfs.github.com/spec/v1\n'))).toContain('Git LFS pointer');
    expect(whyNoPicture(bytes('BM1234'))).toContain('BMP');
  });
});

describe('declaredSize', () => {
  test('PNG: big-endian words of the first chunk', () => {
    const png = '\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\x01\0\x02\0\0\x03\x04';
    expect(declaredSize(bytes(png))).toEqual({ width: 0x10002, height: 0x304 });
  });

  test.each(['GIF87a', 'GIF89a'])('%s: little-endian halves', (magic) => {
    expect(declaredSize(bytes(`${magic}\x01\x02\0\x04`))).toEqual({ width: 0x201, height: 0x400 });
  });

  test('null when the header is cut or another', () => {
    for (const text of ['', 'GIF89a\x01', '\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0', '\xff\xd8\xff\xe0', 'GIF90a\0\0\0\0']) {
      expect(declaredSize(bytes(text))).toBeNull();
    }
  });

  test('reads a view into a larger buffer from its own start', () => {
    const whole = bytes('....GIF89a\x05\0\x06\0');
    expect(declaredSize(whole.subarray(4))).toEqual({ width: 5, height: 6 });
  });
});
