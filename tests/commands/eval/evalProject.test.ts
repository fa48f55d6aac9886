// `loupe eval project`: figures of held-out pictures by words, under boxes and by simulated clicks, by toy weights.
import { rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { picturedProject } from '../../../main/commands/bench/picturedProject.ts';
import { addEval } from '../../../main/commands/eval/eval.ts';
import { unpackMask } from '../../../main/contract/project.ts';
import { teachingImages, untaughtWeights } from '../../learn/teaching.ts';
import { ran } from '../inProcess.ts';

let root: string;
let weights: string;
let file: string;
beforeAll(async () => {
  ({ root, weights } = await untaughtWeights());
  const pictures = teachingImages(3).map(async ({ read, things }) => ({
    image: await read(),
    things: things.flatMap(({ name, box, mask }) => (mask ? [{ name, box, mask: unpackMask(mask) }] : [])),
  }));
  const named = { pictures: await Promise.all(pictures), names: ['cat', 'dog'] };
  const project = await picturedProject({ folder: path.join(root, 'project'), ...named, held: 2 });
  file = project.file;
  expect(project.split().held).toHaveLength(2);
  project.close();
});
afterAll(() => rmSync(root, { recursive: true }));

const evaluated = (...words: string[]) => ran([addEval], ['eval', 'project', file, '--weights', weights, ...words]);

describe('a project’s held-out pictures', () => {
  it('have the figures of papers, NoC at both IoUs among them, under one key each', async () => {
    const { out, code } = await evaluated('--clicks', '1', '--json');
    expect(code).toBe(0);
    const figures = JSON.parse(out);
    expect(Object.keys(figures)).toEqual([
      ...['weights', 'prompts', 'objects', 'gIoU', 'cIoU', 'words', 'box50', 'noc85', 'noc90', 'clicked'],
    ]);
    expect(figures).toMatchObject({ prompts: 2, objects: 2, clicked: 1, box50: figures.words.box50 });
    expect(figures.noc85).toBeGreaterThanOrEqual(1);
    expect(figures.noc90).toBeGreaterThanOrEqual(figures.noc85);
    expect(figures.noc90).toBeLessThanOrEqual(20);
  });
});
