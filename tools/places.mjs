// Lets bundled modules see the places where they stood in the checkout: import.meta.dirname and .url.
import path from 'node:path';
import { root } from './node.mjs';

/**
 * A plugin. Paths such as `../../resources` are meant from the module's own folder, but a bundle lies in `out/host`:
 * so the place is written as that folder seen from the bundle.
 * A module that asks for its `import.meta.filename` means the bundle, and is left alone.
 * @param {string} bundle folder of the bundle, from the root
 * @returns {import('vite').Plugin}
 */
export function standsInTheCheckout(bundle) {
  return {
    name: 'stands-in-the-checkout',
    enforce: 'pre',
    transform(code, id) {
      const file = path.relative(root, id.split('?')[0] ?? id);
      if (file.startsWith('..') || file.startsWith('node_modules') || !code.includes('import.meta.')) return null;
      if (code.includes('import.meta.filename')) return null;
      const up = path.posix.join(...bundle.split(path.sep).map(() => '..'), file.split(path.sep).join('/'));
      const url = `new URL(${JSON.stringify(up)}, import.meta.url)`;
      return code
        .replaceAll('import.meta.dirname', `process.getBuiltinModule('node:url').fileURLToPath(new URL('.', #URL#))`)
        .replaceAll(/(?<!#)import\.meta\.url/gu, '#URL#.href')
        .replaceAll('#URL#', url);
    },
  };
}
