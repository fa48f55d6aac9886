import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BadInput } from '../../../main/contract/badInput.ts';
import { makeSampleProject } from '../../../main/jobs/opening/sampleProject.ts';
import { drawSampleScenes } from '../../../main/scenes/sampleScenes.ts';
import { openProject } from '../../../main/store/project.ts';

const home = mkdtempSync(path.join(tmpdir(), 'loupe-sample-'));
afterAll(() => rmSync(home, { recursive: true }));
const shipped = path.resolve(import.meta.dirname, '../../../resources/sample');

describe('the sample project', () => {
  let file = '';
  beforeAll(() => {
    mkdirSync(path.join(home, 'data'));
    file = makeSampleProject(path.join(home, 'data'));
  });

  it('refers to a copy of every scene', () => {
    const project = openProject(file);
    const images = [...project.allImages()];
    project.close();
    expect(images).toHaveLength(12);
    for (const { path: name, state } of images) {
      expect(state).toBe('present');
      expect(statSync(path.join(home, 'data', name)).size).toBeGreaterThan(10_000);
    }
  });

  it('is made once: what was done in it stays', () => {
    const project = openProject(file);
    const [first] = [...project.allImages()];
    const id = first?.id ?? 0;
    project.apply({
      title: 'Accept',
      changes: [{ kind: 'review', id, before: { status: 'unreviewed' }, after: { status: 'accepted' } }],
    });
    project.close();
    expect(makeSampleProject(path.join(home, 'data'))).toBe(file);
    const again = openProject(file);
    expect(again.detail(id)?.review.status).toBe('accepted');
    again.close();
  });

  it('says in one sentence where it cannot be made, and leaves nothing behind', () => {
    const taken = path.join(home, 'taken');
    writeFileSync(taken, '');
    expect(() => makeSampleProject(taken)).toThrow(BadInput);
    expect(() => makeSampleProject(taken)).toThrow(/the sample project cannot be made there/);
    expect(readFileSync(taken, 'utf8')).toBe('');
  });

  it('begins anew where the file was thrown away', () => {
    const other = path.join(home, 'other');
    mkdirSync(other);
    const made = makeSampleProject(other);
    rmSync(made);
    expect(existsSync(makeSampleProject(other))).toBe(true);
    expect(readdirSync(other).sort()).toEqual(['Sample scenes', 'Sample scenes.loupe']);
  });
});

describe('the shipped scenes', () => {
  const files = readdirSync(shipped).sort();

  it('are a dozen and small', () => {
    expect(files.filter((name) => name.endsWith('.jpg'))).toHaveLength(12);
    const bytes = files.reduce((sum, name) => sum + statSync(path.join(shipped, name)).size, 0);
    expect(bytes).toBeLessThan(1.2e6);
  });

  it('come with sentences to ask of each', () => {
    const asked: { file: string; prompts: string[] }[] = JSON.parse(
      readFileSync(path.join(shipped, 'prompts.json'), 'utf8'),
    );
    expect(asked.map(({ file }) => file)).toEqual(files.filter((name) => name.endsWith('.jpg')));
    for (const { prompts } of asked) expect(prompts.length).toBeGreaterThan(0);
  });

  it('are what `loupe scenes` draws', async () => {
    const again = path.join(home, 'again');
    mkdirSync(again);
    await drawSampleScenes(again, 1);
    const [drawn, kept] = [again, shipped].map((folder) => readFileSync(path.join(folder, 'scene-01.jpg')));
    expect(drawn?.equals(kept ?? Buffer.alloc(0))).toBe(true);
    const [one, all] = [again, shipped].map((folder) =>
      JSON.parse(readFileSync(path.join(folder, 'coarse.json'), 'utf8')),
    );
    const ofFirst = (coco: { annotations: { image_id: number; segmentation: unknown }[] }) =>
      coco.annotations.filter(({ image_id }) => image_id === 1).map(({ segmentation }) => segmentation);
    expect(ofFirst(one)).toEqual(ofFirst(all));
  });
});
