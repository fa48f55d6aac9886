import { expect, it } from 'vitest';
import { contentTypeOf } from '../../main/contract/contentTypes.ts';

it.each([
  ['index.html', 'text/html; charset=utf-8'],
  ['/assets/a.b.JS', 'text/javascript; charset=utf-8'],
  ['picture.webp', 'image/webp'],
  ['odd.xyz', 'application/octet-stream'],
  ['folder.html/LICENSE', 'application/octet-stream'],
])('%s is served as %s', (file, type) => expect(contentTypeOf(file)).toBe(type));
