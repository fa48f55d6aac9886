// Finds where a file lies now that the project came from: project and file may have been moved together since.
import { existsSync } from 'node:fs';
import path from 'node:path';

/** Folders of its old path that are looked for near the project. */
const MOST_FOLDERS = 6;

/** Its old place, or else the nearest file of its name beside or below the project's folder or the folder itself. */
export function placeOf(projectFile: string, source: string): string {
  if (existsSync(source)) return source;
  return nearPlaces(projectFile, source).find((place) => existsSync(place)) ?? source;
}

/** Lists places, those with as much of the old path as possible first: equal names in several folders are common. */
function nearPlaces(projectFile: string, source: string): string[] {
  const parts = source.split(/[\\/]/u).filter((part) => part !== '');
  const folder = path.dirname(projectFile);
  const ends = Array.from({ length: Math.min(MOST_FOLDERS, parts.length) }, (_, i) => parts.slice(-1 - i)).toReversed();
  return ends.flatMap((end) => [folder, path.dirname(folder)].map((start) => path.join(start, ...end)));
}
