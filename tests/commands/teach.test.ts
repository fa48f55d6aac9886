// `loupe teach` says what can learn before anything starts, and refuses in one line what cannot.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addTeach } from '../../main/commands/teach.ts';
import { openProject } from '../../main/store/project.ts';
import { writeToy, writeToySam } from '../weights/toyCheckpoint.ts';
import { ran } from './inProcess.ts';

const root = mkdtempSync(path.join(tmpdir(), 'loupe-teach-command-'));
afterAll(() => rmSync(root, { recursive: true }));
const at = (...names: string[]) => path.join(root, ...names);
const teach = (...words: string[]) => ran([addTeach], ['teach', at('p.loupe'), ...words]);

beforeAll(async () => {
  openProject(at('p.loupe'), { create: true }).close();
  await writeToySam(at('sam2'));
  await writeToy(at('Seg-Zero'), { says: 'a' });
});

describe('loupe teach', { timeout: 60_000 }, () => {
  it('refuses a segmenter alone as weights, and names what could learn', async () => {
    const { code, line, out } = await teach('--weights', at('sam2'));
    expect([code, out]).toEqual([2, '']);
    expect(line).toContain('is of kind "SAM 2 checkpoint"');
    expect(line).toContain('this one by --segmenter');
  });

  it('refuses weights that are none', async () => {
    writeFileSync(at('sam2', 'notes.txt'), 'not a model');
    expect((await teach('--weights', at('nowhere'))).line).toContain('config.json: does not exist');
  });

  it('starts nothing where no picture teaches', async () => {
    const { code, line } = await teach('--weights', at('Seg-Zero'), '--segmenter', at('sam2'));
    expect(code).toBe(2);
    expect(line).toContain('no image of the project has a correction or a labelled shape');
  });

  it('takes no tier that there is not', async () => {
    expect((await teach('--tier', 'everything')).code).toBe(2);
  });
});
