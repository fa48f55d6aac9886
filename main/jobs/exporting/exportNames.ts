// Names a project's images in a COCO file: as the file had them that they came from, else as paths from one folder.
import path from 'node:path';
import type { Image } from '../../contract/project.ts';
import type { Project } from '../../store/project.ts';

interface Chosen {
  readonly onlyAccepted: boolean;
}

/**
 * Names of a file are kept where they all start in one folder and no two images share one: then pictures are found from
 * there as they were before. Images that did not come from a file are named from that folder, too.
 */
export function namesFor(project: Project, chosen: Chosen): (image: Image) => string {
  const folder = path.dirname(project.file);
  const plain = pathsFor(project, chosen);
  const given = givenNames(project, chosen);
  if (given === null) return ({ path: file }) => plain(file);
  const { names, root } = given;
  const inRoot = (file: string): string => {
    const relative = root === null ? '' : slashed(path.relative(root, path.resolve(folder, file)));
    return relative === '' || relative.startsWith('../') || path.isAbsolute(relative) ? plain(file) : relative;
  };
  return ({ id, path: file }) => names.get(id) ?? inRoot(file);
}

interface GivenNames {
  readonly names: ReadonlyMap<number, string>;
  /** The folder that they start in; null where that cannot be told. */
  readonly root: string | null;
}

/** Null where they cannot be kept, or there are none. */
function givenNames(project: Project, chosen: Chosen): GivenNames | null {
  const folder = path.dirname(project.file);
  const names = new Map<number, string>();
  const roots = new Set<string | null>();
  const files = new Set<number>();
  for (const { id, path: file } of project.exportImages(chosen)) {
    const [source] = project.sourcesOfImage(id);
    const name = source && (JSON.parse(source.record) as { file_name?: unknown }).file_name;
    if (source === undefined || typeof name !== 'string' || !isPortable(name)) continue;
    names.set(id, name);
    files.add(source.fileId);
    roots.add(rootOf(path.resolve(folder, file), name));
  }
  const isOne = roots.size === 1 || files.size === 1;
  if (names.size === 0 || !isOne || new Set(names.values()).size < names.size) return null;
  return { names, root: roots.size === 1 ? ([...roots][0] ?? null) : null };
}

/** The folder from which the name leads to the picture. */
function rootOf(file: string, name: string): string | null {
  const end = path.sep + name.split('/').join(path.sep);
  return file.endsWith(end) ? file.slice(0, -end.length) || path.sep : null;
}

const isPortable = (name: string): boolean =>
  !name.includes('\\') && !/^(?:\/|[A-Za-z]:)/u.test(name) && !/(?:^|\/)\.\.(?:\/|$)/u.test(name);

/** Paths as the project has them, or, where some lie outside its folder, from the lowest folder that holds them all. */
function pathsFor(project: Project, chosen: Chosen): (file: string) => string {
  const folder = path.dirname(project.file);
  let common: string[] | null = null;
  let outside = false;
  for (const { path: file } of project.exportImages(chosen)) {
    outside ||= path.isAbsolute(file) || file.startsWith('../');
    const parts = path.resolve(folder, file).split(path.sep).slice(0, -1);
    common = common === null ? parts : shared(common, parts);
  }
  const above = (common ?? []).join(path.sep) || path.sep;
  return (file) => slashed(outside ? path.relative(above, path.resolve(folder, file)) : file);
}

function shared(a: readonly string[], b: readonly string[]): string[] {
  const end = a.findIndex((part, i) => part !== b[i]);
  return a.slice(0, end < 0 ? a.length : end);
}

const slashed = (name: string): string =>
  name
    .split(path.sep)
    .join('/')
    .replace(/^([A-Za-z]):/u, '$1');
