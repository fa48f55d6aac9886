// Gives each label a colour: ten that colour-blind people tell apart (after Okabe and Ito, and Tol), then as many as wanted.

const SAFE = [
  ...['#0072b2', '#d55e00', '#009e73', '#f0e442', '#cc79a7'],
  ...['#56b4e9', '#e69f00', '#332288', '#882255', '#999933'],
];
/** Degrees: multiples of it never come close to each other on the circle. */
const GOLDEN_ANGLE = 137.507_764;
/** Lightness of OKLCH, taken in turn, so that neighbours in hue differ in it. */
const LIGHTNESS = [0.65, 0.8, 0.5];
const CHROMA = 0.13;
/** From this number on colours repeat: nobody tells so many apart. */
const MOST = 5000;

/** The first colour of the row that no label has. A label keeps its own, whatever its place in the list. */
export const freeColour = (taken: Iterable<string>): string => colourPicker(taken)();

/** One colour after the other that no label has, without looking at the row from its start each time. */
export function colourPicker(taken: Iterable<string>): () => string {
  const used = new Set(taken);
  let next = 0;
  return () => {
    while (next < MOST && used.has(colourAt(next))) next++;
    const colour = colourAt(next < MOST ? next++ : next++ % MOST);
    used.add(colour);
    return colour;
  };
}

function colourAt(index: number): string {
  const safe = SAFE[index];
  if (safe !== undefined) return safe;
  const hue = (((index - SAFE.length) * GOLDEN_ANGLE) % 360) * (Math.PI / 180);
  return fromOklab(LIGHTNESS[index % LIGHTNESS.length] ?? 0, CHROMA * Math.cos(hue), CHROMA * Math.sin(hue));
}

/** Ottosson's OKLab to #rrggbb; what sRGB does not have is cut to it. */
function fromOklab(lightness: number, a: number, b: number): string {
  const l = (lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b) ** 3;
  const m = (lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b) ** 3;
  const s = (lightness - 0.089_484_177_5 * a - 1.291_485_548 * b) ** 3;
  const linear = [
    4.076_741_662_1 * l - 3.307_711_591_3 * m + 0.230_969_929_2 * s,
    -1.268_438_004_6 * l + 2.609_757_401_1 * m - 0.341_319_396_5 * s,
    -0.004_196_086_3 * l - 0.703_418_614_7 * m + 1.707_614_701 * s,
  ];
  return `#${linear.map(toByte).join('')}`;
}

function toByte(linear: number): string {
  const bounded = Math.min(1, Math.max(0, linear));
  const value = bounded <= 0.003_130_8 ? 12.92 * bounded : 1.055 * bounded ** (1 / 2.4) - 0.055;
  return Math.round(value * 255)
    .toString(16)
    .padStart(2, '0');
}
