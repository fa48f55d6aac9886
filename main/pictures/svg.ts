// An SVG file to why it would take too long to draw, if it would: filters cost time by pixel, and libvips cannot be stopped.

/** Filter steps times pixels: about ten seconds. */
const MOST_COST = 2e9;
const MOST_USES = 20;
/** Steps whose cost grows with a number that the file chooses. */
const DEAR = 50;

export function svgOddity(bytes: Uint8Array, pixels: number): string | null {
  const text = textOf(bytes);
  const count = (pattern: RegExp): number => text.match(pattern)?.length ?? 0;
  const steps = count(/<(?:[\w-]+:)?fe[A-Z]/gu);
  if (steps === 0 && !/<!ENTITY[^>]*&#/u.test(text)) return null;
  const dear = count(/<(?:[\w-]+:)?fe(?:Morphology|ConvolveMatrix|Turbulence|DiffuseLighting|SpecularLighting)/gu);
  const uses = Math.max(1, count(/\bfilter\s*[=:]/gu));
  const isNested = count(/<(?:[\w-]+:)?use\b/gu) > MOST_USES || text.includes('<!ENTITY');
  if (!isNested && (steps + dear * DEAR) * uses * pixels <= MOST_COST) return null;
  return 'has filters that would take too long to draw; save it as PNG';
}

function textOf(bytes: Uint8Array): string {
  const isWide = bytes.subarray(0, 64).includes(0);
  if (!isWide) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  return new TextDecoder(bytes[0] === 0xfe || bytes[0] === 0 ? 'utf-16be' : 'utf-16le').decode(bytes);
}
