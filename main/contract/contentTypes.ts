// Says as which type each file of the page is served, by the shell and by the browser's server alike.

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  json: 'application/json',
  svg: 'image/svg+xml',
  png: 'image/png',
  ico: 'image/x-icon',
  webp: 'image/webp',
  woff2: 'font/woff2',
  wasm: 'application/wasm',
  txt: 'text/plain; charset=utf-8',
};

export const contentTypeOf = (file: string): string =>
  types[/\.(?<ending>\w+)$/u.exec(file)?.groups?.ending?.toLowerCase() ?? ''] ?? 'application/octet-stream';
