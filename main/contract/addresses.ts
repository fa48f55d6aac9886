// Where pixels are fetched: paths of the host's HTTP side. `version` is the file's hash, so that answers can be kept for ever.

/** Side of a tile, pixels. Level 0 is the image itself; each level above halves it. */
export const tileSide = 512;

/** Images with a longer side than this are shown as tiles. */
export const wholeSide = 4096;

/** The upright picture as a browser can show it. */
export const pictureAddress = (id: number, version: string): string => `/images/${id}/picture?v=${version}`;

/** At most 256 px a side. */
export const thumbnailAddress = (id: number, version: string): string => `/images/${id}/thumbnail?v=${version}`;

export interface Tile {
  level: number;
  column: number;
  row: number;
}

export const tileAddress = (id: number, version: string, { level, column, row }: Tile): string =>
  `/images/${id}/tiles/${level}/${column}/${row}?v=${version}`;
