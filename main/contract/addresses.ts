// Says where pixels are fetched: paths of the host's HTTP side. `hash` is the file's, so that answers can be cached for ever.

/** Side of a tile, pixels. Level 0 is the image itself; each level above halves it. */
export const tileSide = 512;

/** Images with a longer side than this are shown as tiles. */
export const wholeSide = 4096;

/** Null: nobody has read the file yet, and what is answered is asked for again. */
type Hash = string | null;

const version = (hash: Hash): string => `v=${hash ?? '0'}`;

/** The upright picture as a browser can show it. */
export const pictureAddress = (id: number, hash: Hash): string => `/images/${id}/picture?${version(hash)}`;

/** At most 256 px a side. */
export const thumbnailAddress = (id: number, hash: Hash): string => `/images/${id}/thumbnail?${version(hash)}`;

export interface Tile {
  level: number;
  column: number;
  row: number;
}

export const tileAddress = (id: number, hash: Hash, { level, column, row }: Tile): string =>
  `/images/${id}/tiles/${level}/${column}/${row}?${version(hash)}`;
