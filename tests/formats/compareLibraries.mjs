// Prints what our readers of JSON and of index PNG cost beside libraries: CPU time, peak memory, and what a hostile file does to each.
// Libraries are no dependencies; get them into a folder first:
//   npm install --prefix /tmp/libraries fast-png@8.0.0 pngjs@7.0.0 @streamparser/json@0.0.26 stream-json@3.8.0
//   node tools/with-node.mjs tests/formats/compareLibraries.mjs /tmp/libraries
import { spawnSync } from 'node:child_process';
import { createReadStream, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { deflateSync } from 'node:zlib';
import sharp from 'sharp';

const IMAGES = 5000;
const SHAPES = 36_781;
const RUNS = 2;
const [, self = '', libraries = '', ...work] = process.argv;

/** @param {string} name */
const library = (name) =>
  import(pathToFileURL(createRequire(path.join(path.resolve(libraries), 'x.js')).resolve(name)).href);

/** As COCO's val2017: as many images and shapes, polygons of 60 numbers in the mean. */
function cocoText() {
  let seed = 7;
  const random = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return seed / 2 ** 31;
  };
  const images = Array.from({ length: IMAGES }, (_, id) => ({ id, file_name: `${id}.jpg`, width: 640, height: 480 }));
  const annotations = Array.from({ length: SHAPES }, (_, id) => {
    const ring = Array.from({ length: 20 + 80 * random() }, () => Math.round(random() * 48_000) / 100);
    return {
      id,
      image_id: id % IMAGES,
      category_id: 1,
      segmentation: [ring],
      area: 1.5,
      bbox: [1, 2, 3, 4],
      iscrowd: 0,
    };
  });
  return JSON.stringify({ images, annotations, categories: [{ id: 1, name: 'thing' }] });
}

/** Chunks of a PNG of one row of zeros after the other, whatever its header says. @param {number} bytes */
function bombPng(bytes) {
  /** @param {string} kind @param {Buffer} body */
  const chunk = (kind, body) => {
    const head = Buffer.alloc(8);
    head.writeUInt32BE(body.length, 0);
    head.write(kind, 4, 'latin1');
    return Buffer.concat([head, body, Buffer.alloc(4)]);
  };
  const header = Buffer.from([0, 0, 0, 100, 0, 0, 0, 100, 8, 0, 0, 0, 0]);
  const data = deflateSync(Buffer.alloc(bytes), { level: 9 });
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))]);
}

/** @type {Record<string, (file: string) => Promise<unknown>>} Each gives how much it found. */
const readers = {
  async 'json ours'(file) {
    const { jsonPieces } = await import('../../main/formats/files/jsonStream.ts');
    let [count, characters] = [0, 0];
    for (const { value, text } of jsonPieces(file)) {
      if (value !== undefined) count++;
      characters += text.length;
    }
    return [count, characters];
  },
  async 'json JSON.parse (whole file)'(file) {
    const { images, annotations, categories } = JSON.parse(readFileSync(file, 'utf8'));
    return [images.length + annotations.length + categories.length, 'no text of entries'];
  },
  async 'json @streamparser/json'(file) {
    const { JSONParser } = await library('@streamparser/json');
    const parser = new JSONParser({ paths: ['$.*.*'], keepStack: false });
    let count = 0;
    parser.onValue = () => void count++;
    const descriptor = openSync(file, 'r');
    const chunk = Buffer.alloc(2 ** 20);
    for (let read = 1; read > 0; ) {
      read = readSync(descriptor, chunk, 0, chunk.length, null);
      if (read > 0) parser.write(chunk.subarray(0, read));
    }
    return [count, 'no text of entries'];
  },
  async 'json stream-json'(file) {
    const [{ parser }, { pick }, { streamArray }, { chain }] = await Promise.all([
      library('stream-json'),
      library('stream-json/filters/pick.js'),
      library('stream-json/streamers/stream-array.js'),
      library('stream-chain'),
    ]);
    const stages = [
      createReadStream(file, { highWaterMark: 2 ** 20 }),
      parser(),
      pick({ filter: 'annotations' }),
      streamArray(),
    ];
    let count = 0;
    for await (const _ of chain(stages)) count++;
    return [count, 'annotations alone, no text of entries'];
  },
  async 'png ours'(file) {
    const { decodePng } = await import('../../main/formats/files/png.ts');
    return decodePng(readFileSync(file), 'it').values.length;
  },
  async 'png fast-png'(file) {
    const { decode } = await library('fast-png');
    const { data, depth, palette } = decode(readFileSync(file));
    return [data.length, `depth ${depth}`, palette === undefined ? 'no palette' : 'indices kept'];
  },
  async 'png pngjs'(file) {
    const { PNG } = (await library('pngjs')).default;
    return [PNG.sync.read(readFileSync(file)).data.length, 'colours, no indices'];
  },
  async 'png sharp'(file) {
    const { data, info } = await sharp(file).raw().toBuffer({ resolveWithObject: true });
    return [data.length, `${info.channels} channels, no indices`];
  },
};

/** In a process of its own, whose peak memory is that of this alone. @param {string} reader @param {string} file */
function measured(reader, file) {
  const run = spawnSync(process.execPath, [self, libraries, reader, file], { encoding: 'utf8', timeout: 300_000 });
  return run.status === 0 ? run.stdout.trim() : `ends (${run.signal ?? run.status}): ${reasonIn(run.stderr)}`;
}

/** The line that says why, of all that a process leaves when it ends. @param {string} text */
const reasonIn = (text) => (/^(?:\w*Error|BadInput|FATAL ERROR): .*$/mu.exec(text)?.[0] ?? text.trim()).slice(0, 160);

const [reader, file] = work;
if (reader !== undefined && file !== undefined) {
  const started = process.cpuUsage();
  const found = await readers[reader]?.(file);
  const { user, system } = process.cpuUsage(started);
  const seconds = ((user + system) / 1e6).toFixed(2);
  const peak = Math.round(process.resourceUsage().maxRSS / 1024);
  process.stdout.write(`${seconds} s of CPU, peak ${peak} MB, found ${JSON.stringify(found)}\n`);
} else {
  const folder = mkdtempSync(path.join(tmpdir(), 'loupe-libraries-'));
  const files = await filesIn(folder);
  for (const [kind, what, place] of files)
    for (const name of Object.keys(readers).filter((each) => each.startsWith(kind)))
      for (let run = 0; run < RUNS; run++) process.stdout.write(`${what}: ${name}: ${measured(name, place)}\n`);
  rmSync(folder, { recursive: true });
}

/** @param {string} folder @returns {Promise<[kind: string, what: string, file: string][]>} */
async function filesIn(folder) {
  /** @param {string} name @param {string | Uint8Array} content */
  const saved = (name, content) => {
    writeFileSync(path.join(folder, name), content);
    return path.join(folder, name);
  };
  const coco = cocoText();
  const pixels = Uint8Array.from({ length: 3 * 4000 * 3000 }, (_, i) => (i / 90_000) & 255);
  const raw = { raw: { width: 4000, height: 3000, channels: /** @type {const} */ (3) } };
  const colours = await sharp(pixels, raw).png().toBuffer();
  const indices = await sharp(pixels, raw).png({ palette: true, colours: 16, dither: 0 }).toBuffer();
  return [
    ['json', `COCO of ${SHAPES} shapes, ${(coco.length / 1e6).toFixed(0)} MB`, saved('coco.json', coco)],
    ['json', 'one text that never ends, 300 MB', saved('text.json', `{"annotations": ["${'a'.repeat(3e8)}`)],
    ['json', 'a million brackets', saved('deep.json', `{"annotations": ${'['.repeat(1e6)}`)],
    ['png', '4000 x 3000 colours', saved('colours.png', colours)],
    ['png', '4000 x 3000 indices of 4 bits', saved('indices.png', indices)],
    ['png', '100 x 100 that unpacks to 1 GB', saved('bomb.png', bombPng(1e9))],
  ];
}
