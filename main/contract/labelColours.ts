// Colours for new labels: ten that colour-blind people can tell apart, then evenly turned hues.

// Okabe and Ito, "Color Universal Design" (2008), without black; the last three from Paul Tol's muted scheme (2021).
const first = [
  '#e69f00',
  '#56b4e9',
  '#009e73',
  '#f0e442',
  '#0072b2',
  '#d55e00',
  '#cc79a7',
  '#882255',
  '#332288',
  '#999933',
];

// Successive hues this far apart (degrees) never come close to each other.
const goldenAngle = 137.508;

/** The n-th colour, from 0, as '#rrggbb'. */
const colourAt = (n: number): string => first[n] ?? fromHue((n * goldenAngle) % 360);

/** The first colour that none of `used` has. */
export function freeColour(used: Iterable<string>): string {
  const taken = new Set(used);
  let n = 0;
  while (taken.has(colourAt(n))) n += 1;
  return colourAt(n);
}

/** Full enough to be seen on a picture: saturation 0.65, lightness 0.5. */
function fromHue(hue: number): string {
  const channel = (shift: number): string => {
    const k = (shift + hue / 30) % 12;
    const value = 0.5 - 0.325 * Math.max(-1, Math.min(k - 3, 9 - k, 1));
    return Math.round(value * 255)
      .toString(16)
      .padStart(2, '0');
  };
  return `#${channel(0)}${channel(8)}${channel(4)}`;
}
