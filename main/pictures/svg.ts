// Says why an SVG file would take too long to draw, if it would: filters cost time by pixel, and libvips cannot be stopped.

/** Filter steps times pixels: about ten seconds. */
const MOST_COST = 2e9;
const MOST_USES = 20;
/** Steps whose cost grows with a number that the file chooses. */
const DEAR = 50;

const STEP = /<(?:[\w-]+:)?fe[A-Z]/gu;
const DEAR_STEP = /<(?:[\w-]+:)?fe(?:Morphology|ConvolveMatrix|Turbulence|DiffuseLighting|SpecularLighting)/gu;
/** Filters without an element of their own. */
const FUNCTION = /\b(?:blur|drop-shadow|brightness|contrast|grayscale|hue-rotate|invert|saturate|sepia)\s*\(/gu;
/** One rule of a style sheet is for any number of elements; an escape may spell "filter" in any way. */
const SHEET = /<(?:[\w-]+:)?style\b|<\?xml-stylesheet|@import|\\[\da-f]/iu;

export function whySlowSvg(bytes: Uint8Array, pixels: number): string | null {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return 'is a packed SVG; unpack it, or save it as PNG';
  const text = textOf(bytes);
  const count = (pattern: RegExp): number => text.match(pattern)?.length ?? 0;
  const steps = count(STEP) + count(FUNCTION);
  if (steps === 0 && !/<!ENTITY[^>]*&#/u.test(text)) return null;
  const dear = count(DEAR_STEP);
  const uses = SHEET.test(text) ? count(/<[a-z]/giu) : Math.max(1, count(/\bfilter\s*[=:]/gu));
  const isNested = count(/<(?:[\w-]+:)?use\b/gu) > MOST_USES || text.includes('<!ENTITY');
  if (!isNested && (steps + dear * DEAR) * uses * pixels <= MOST_COST) return null;
  return 'has filters that would take too long to draw; save it as PNG';
}

/** Names are plain letters: in UTF-16 and UTF-32 they stand between zeros. */
const textOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1').replaceAll('\0', '');
