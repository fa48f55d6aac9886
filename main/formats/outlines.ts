// Ellipses and turned boxes, as annotation tools write them, to flat rings.

const CORNERS = 90;

export interface Ellipse {
  readonly x: number;
  readonly y: number;
  readonly rx: number;
  readonly ry: number;
  /** Clockwise on screen, in radians. Default 0. */
  readonly turn?: number;
}

export function ellipseRing({ x, y, rx, ry, turn = 0 }: Ellipse): number[] {
  const [cosine, sine] = [Math.cos(turn), Math.sin(turn)];
  return Array.from({ length: CORNERS }, (_, i) => {
    const angle = (2 * Math.PI * i) / CORNERS;
    const [along, across] = [rx * Math.cos(angle), ry * Math.sin(angle)];
    return [x + along * cosine - across * sine, y + along * sine + across * cosine];
  }).flat();
}

/** The corners of a box [x1, y1, x2, y2] that is turned about its middle, clockwise on screen, in degrees. */
export function turnedRing([x1 = 0, y1 = 0, x2 = 0, y2 = 0]: readonly number[], degrees: number): number[] {
  const turn = (degrees * Math.PI) / 180;
  const [x, y] = [(x1 + x2) / 2, (y1 + y2) / 2];
  const corners = [
    [x1, y1],
    [x2, y1],
    [x2, y2],
    [x1, y2],
  ] as const;
  return corners.flatMap(([atX, atY]) => {
    const [dx, dy] = [atX - x, atY - y];
    return [x + dx * Math.cos(turn) - dy * Math.sin(turn), y + dx * Math.sin(turn) + dy * Math.cos(turn)];
  });
}
