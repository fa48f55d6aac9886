// Reads from the first bytes of a file the size that it declares, or the reason why it is no picture.

const LFS_POINTER = 'version https://git-lfs.github.com/spec/';

export interface DeclaredSize {
  readonly width: number;
  readonly height: number;
}

/** Why these bytes cannot be a picture, or null when they may be one. */
export function whyNoPicture(bytes: Uint8Array): string | null {
  if (bytes.length === 0) return 'is empty';
  if (startsWith(bytes, LFS_POINTER)) return 'is a Git LFS pointer, not the picture itself (run "git lfs pull")';
  if (startsWith(bytes, '\x1f\x8b')) return 'is packed with gzip; unpack it first';
  if (startsWith(bytes, 'BM')) return 'is a BMP picture, which is not read; save it as PNG';
  return null;
}

/** The size that a PNG or GIF header states, read without any decoder; null for all else. */
export function declaredSize(bytes: Uint8Array): DeclaredSize | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (startsWith(bytes, '\x89PNG\r\n\x1a\n') && bytes.length >= 24) {
    return { width: view.getUint32(16), height: view.getUint32(20) };
  }
  if ((startsWith(bytes, 'GIF87a') || startsWith(bytes, 'GIF89a')) && bytes.length >= 10) {
    return { width: view.getUint16(6, true), height: view.getUint16(8, true) };
  }
  return null;
}

function startsWith(bytes: Uint8Array, magic: string): boolean {
  return bytes.length >= magic.length && [...magic].every((char, i) => bytes[i] === char.charCodeAt(0));
}
