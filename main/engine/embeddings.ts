// Decodes image files and keeps the last few pictures; a model's features live as long as their picture.
import { stat } from 'node:fs/promises';
import type { DecodedImage } from '../contract/records.ts';

interface Limits {
  /** Pictures kept. */
  readonly count: number;
  /** Bytes of pixels that are kept; the newest picture stays whatever its size. */
  readonly bytes: number;
}

const usual: Limits = { count: 3, bytes: 600e6 };

/** Models remember features beside the picture object, so the pictures that stay here keep their embeddings. */
export class Embeddings {
  private readonly pictures = new Map<string, { image: Promise<DecodedImage>; bytes: number }>();
  private readonly decode: (file: string) => Promise<DecodedImage>;
  private readonly limits: Limits;

  constructor(decode: (file: string) => Promise<DecodedImage>, limits: Limits = usual) {
    this.decode = decode;
    this.limits = limits;
  }

  /** Decodes each picture once, however often it is asked for; a changed file is another picture. */
  async of(file: string): Promise<DecodedImage> {
    const key = await keyOf(file);
    const known = this.pictures.get(key);
    if (known) {
      this.pictures.delete(key);
      this.pictures.set(key, known);
      return known.image;
    }
    const entry = { image: this.decode(file), bytes: 0 };
    this.pictures.set(key, entry);
    this.forgetOldest();
    entry.image.then(
      (image) => {
        entry.bytes = image.data.byteLength;
        this.forgetOldest();
      },
      // A failure is not kept: the next call tries again.
      () => this.pictures.get(key) === entry && this.pictures.delete(key),
    );
    return entry.image;
  }

  get count(): number {
    return this.pictures.size;
  }

  private forgetOldest(): void {
    for (const [key, { bytes }] of this.pictures) {
      const total = [...this.pictures.values()].reduce((sum, each) => sum + each.bytes, 0);
      if (this.pictures.size <= this.limits.count && total <= this.limits.bytes) return;
      if (this.pictures.size === 1) return;
      // One that is still being decoded has no size yet, and whoever waits for it keeps it.
      if (bytes === 0 && this.pictures.size <= this.limits.count) continue;
      this.pictures.delete(key);
    }
  }
}

/** A file that is not there has a key too: decoding it says so. */
async function keyOf(file: string): Promise<string> {
  const info = await stat(file).catch(() => null);
  return `${info?.mtimeMs} ${info?.size} ${file}`;
}
