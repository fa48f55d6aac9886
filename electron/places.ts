// Says where the host's Node and program are, packed or in a checkout, and which project a command line names.
import path from 'node:path';
import type { HostProgram } from './hostLife.ts';

interface Surroundings {
  readonly argv: readonly string[];
  readonly platform: NodeJS.Platform;
  readonly resourcesPath: string;
}

const nodeOption = '--loupe-node=';

/**
 * Packed: the Node that ships beside the archive, and the host's bundle, unpacked because plain Node reads no archives.
 * In a checkout: the Node that `npm start` chose, and the source as it is.
 */
export function hostProgram(
  root: string,
  { argv, platform, resourcesPath }: Surroundings,
  packed: boolean,
): HostProgram {
  if (packed) {
    const folder = root.replace(/app\.asar$/u, 'app.asar.unpacked');
    const node = path.join(resourcesPath, 'bin', platform === 'win32' ? 'node.exe' : 'node');
    return { node, arguments: [path.join(folder, 'out/host/cli.js')], folder };
  }
  const named = argv.find((word) => word.startsWith(nodeOption))?.slice(nodeOption.length);
  const cli = path.join(root, 'main/cli.ts');
  return { node: named ?? 'node', arguments: ['--disable-warning=ExperimentalWarning', cli], folder: root };
}

/** The first project among the words of a command line, as an absolute path. */
export function projectIn(argv: readonly string[], folder: string = process.cwd()): string | null {
  const word = argv.slice(1).find((one) => one.endsWith('.loupe') && !one.startsWith('-'));
  return word === undefined ? null : path.resolve(folder, word);
}
