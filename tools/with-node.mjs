// Runs a development command on the pinned Node: `node tools/with-node.mjs vitest run`, or a file: `... tools/x.mjs`.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { endLike, endWith, root, runNode } from './node.mjs';

/** @type {Readonly<Record<string, string>>} command -> the package that has it */
const commands = Object.freeze({
  vitest: 'vitest',
  tsc: 'typescript',
  biome: '@biomejs/biome',
  oxlint: 'oxlint',
  knip: 'knip',
});

/**
 * The script behind a command, read from its package: npm 10 does not always link node_modules/.bin.
 * @param {string} command
 */
function scriptOf(command) {
  const name = commands[command];
  if (!name)
    return existsSync(command) ? command : fail(`expects one of ${Object.keys(commands).join(', ')}, or a file`);
  const folder = path.join(root, 'node_modules', name);
  if (!existsSync(folder)) return fail(`does not find ${command}: run \`npm ci\` first`);
  const { bin } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  return path.join(folder, typeof bin === 'string' ? bin : bin[command]);
}

/**
 * @param {string} reason
 * @returns {never}
 */
function fail(reason) {
  throw new Error(`with-node ${reason}.`);
}

try {
  const [command = '', ...args] = process.argv.slice(2);
  endLike(await runNode([scriptOf(command), ...args]));
} catch (error) {
  endWith(error, 2);
}
