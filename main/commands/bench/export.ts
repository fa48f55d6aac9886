// Measures time and memory of exporting projects of 20,000 and 200,000 generated shapes as COCO.
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Change, created } from '../../contract/diff.ts';
import { entry } from '../../contract/lookup.ts';
import { fromPolygon } from '../../contract/polygon.ts';
import { packMask, type Shape } from '../../contract/project.ts';
import { maskBox } from '../../contract/rle.ts';
import { openProject, type Project } from '../../store/project.ts';
import type { ExportFigures } from './exportOnce.ts';
import { columned } from './figures.ts';

const FRAME = { width: 640, height: 480 };
const SHAPES_PER_IMAGE = 20;
const CORNERS = 50;
/** Different outlines; every shape has one of them at one of many places. */
const PATTERNS = 500;
/** Every so manieth is a crowd, which is written as run lengths. */
const RUN_LENGTHS = 10;
const BATCH = 10_000;

export interface ExportRow extends ExportFigures {
  readonly shapes: number;
  readonly fileMB: number;
}

export async function benchExport(counts: readonly number[], say: (line: string) => void): Promise<ExportRow[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'loupe-export-'));
  try {
    const rows: ExportRow[] = [];
    for (const shapes of counts) {
      say(`making a project of ${shapes} shapes`);
      const [project, file] = [path.join(folder, `${shapes}.loupe`), path.join(folder, `${shapes}.json`)];
      make(project, shapes, () => say(`  ${shapes} shapes are being made`));
      say('exporting it');
      const figures = await exportOnce(project, file);
      rows.push({ shapes, ...figures, fileMB: statSync(file).size / 1e6 });
    }
    return rows;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function make(file: string, count: number, say: () => void): void {
  const project = openProject(file, { create: true });
  try {
    const images = project.addImages(
      Array.from({ length: Math.ceil(count / SHAPES_PER_IMAGE) }, (_, i) => ({ path: `images/${i}.jpg`, ...FRAME })),
    );
    const labelId = project.reserve(1);
    const label = { id: labelId, name: 'thing', colour: '#0072b2', digit: null, attributes: [], place: 1 };
    project.applyMany('Make label', [created('label', label)]);
    for (let start = 0; start < count; start += BATCH) {
      say();
      project.applyMany(
        'Make shapes',
        shapesFrom(project, { start, end: Math.min(count, start + BATCH), images, labelId }),
      );
    }
  } finally {
    project.close();
  }
}

interface Stretch {
  readonly start: number;
  readonly end: number;
  readonly images: readonly number[];
  readonly labelId: number;
}

function* shapesFrom(project: Project, { start, end, images, labelId }: Stretch): Generator<Change> {
  for (let i = start; i < end; i++) {
    const mask = blob(i % PATTERNS);
    const id = project.reserve(1);
    const shape: Shape = {
      ...{
        id,
        labelId,
        imageId: entry(images, Math.floor(i / SHAPES_PER_IMAGE), 'images'),
        mask: mask.packed,
        box: mask.box,
      },
      ...{
        attributes: {},
        crowd: i % RUN_LENGTHS === 0,
        hidden: false,
        locked: false,
        place: id,
        origin: { kind: 'drawn' },
      },
    };
    yield created('shape', shape);
  }
}

const blobs = new Map<number, { packed: ReturnType<typeof packMask>; box: ReturnType<typeof maskBox> }>();

/** A wavy disc; the waves are those of its number. */
function blob(number: number) {
  const known = blobs.get(number);
  if (known !== undefined) return known;
  const radius = 20 + (number % 60);
  const [x, y] = [radius + 10 + ((number * 37) % 400), radius + 10 + ((number * 53) % 300)];
  const ring = Array.from({ length: CORNERS }, (_, i) => {
    const angle = (2 * Math.PI * i) / CORNERS;
    const reach = radius * (1 + 0.15 * Math.sin(angle * (3 + (number % 5)) + number));
    return [x + reach * Math.cos(angle), y + reach * Math.sin(angle)];
  });
  const mask = fromPolygon(ring.flat(), FRAME.width, FRAME.height);
  const made = { packed: packMask(mask), box: maskBox(mask) };
  blobs.set(number, made);
  return made;
}

/** Exports in a process of its own, so that the memory is that of the export alone. */
function exportOnce(project: string, file: string): Promise<ExportFigures> {
  return new Promise((resolve, reject) => {
    const child = fork(new URL('./exportOnce.ts', import.meta.url), [project, file]);
    child.once('message', (figures) => resolve(figures as ExportFigures));
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the export ended with ${code}`)));
  });
}

export function exportTable(rows: readonly ExportRow[]): string {
  const cells = rows.map(({ shapes, annotations, seconds, cpuSeconds, peakMB, fileMB }) => [
    `${shapes}`,
    `${annotations}`,
    `${seconds.toFixed(1)} s`,
    `${cpuSeconds.toFixed(1)} s`,
    `${peakMB.toFixed(0)} MB`,
    `${fileMB.toFixed(0)} MB`,
  ]);
  return columned([['shapes', 'written', 'time', 'of processor', 'peak memory', 'file'], ...cells]);
}
