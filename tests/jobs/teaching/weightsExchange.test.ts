// Versions of weights out of one project and into another: whole, told apart from damaged and foreign ones, nothing written over.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addWeights } from '../../../main/commands/versions.ts';
import type { TeachReport, WeightsVersion } from '../../../main/contract/learning.ts';
import { exportVersion, importVersion } from '../../../main/jobs/teaching/weightsExchange.ts';
import { openProject, type Project } from '../../../main/store/project.ts';
import { weightsVersion } from '../../../main/weights/version.ts';
import { filesOfVersion } from '../../../main/weights/versionRecord.ts';
import { ran } from '../../commands/inProcess.ts';
import { untaughtWeights } from '../../learn/teaching.ts';
import { zip } from '../../zip.ts';

let root: string;
let weights: string;
beforeAll(async () => {
  ({ root, weights } = await untaughtWeights());
  await teacher();
});
afterAll(() => rmSync(root, { recursive: true }));

const report: TeachReport = {
  ...{ tier: 'decoder', samples: 3, before: null, after: null, minutes: 1, peakMB: 2 },
  prompts: [{ imageId: 7, text: 'cat', before: 0.2, after: 0.9 }],
  gate: {
    ...{ promoted: true, reason: 'Better.', gain: 0.1, low: 0.05, high: 0.2 },
    ...{ otherLabels: null, nothing: null, base: null },
  },
};

const at = (name: string) => path.join(root, name);
const loupe = (...words: string[]) => ran([addWeights], ['weights', ...words]);

async function inProject<T>(name: string, work: (project: Project) => T | Promise<T>): Promise<T> {
  const file = at(`${name}.loupe`);
  const project = openProject(file, { create: !existsSync(file) });
  try {
    return await work(project);
  } finally {
    project.close();
  }
}

/** A project with two versions, the second one learnt from the first and in use. */
async function teacher(): Promise<void> {
  const name = await weightsVersion(weights, 'teacher');
  await inProject('teacher', (project) => {
    let parent: number | null = null;
    for (const run of [1, 2]) {
      const folder = `teacher.loupe-weights/${run}/weights`;
      cpSync(weights, at(folder), { recursive: true });
      const { id } = project.startRun({ tier: 'decoder', seed: 1, minutes: 1, parent });
      const made = { name: run === 1 ? 'teacher 00000000' : name, folder };
      project.finishRun(id, { report, held: [], taught: [], weights: made });
      parent = project.versions()[0]?.id ?? null;
    }
    project.use(parent);
  });
}

/** A project that has learnt nothing itself. */
const pupil = (name: string): Promise<string> => inProject(name, ({ file }) => file);

describe('a version', () => {
  it.each(['folder', 'archive.zip'])('goes out to a %s and comes in whole, with its lineage', async (place) => {
    const file = await pupil(`pupil of ${place}`);
    const out = await loupe('export', at('teacher.loupe'), at(place));
    expect(out).toMatchObject({ code: 0, line: null });
    const taken = await loupe('import', file, at(place), '--json');
    expect(taken).toMatchObject({ code: 0, line: null });
    const version: WeightsVersion = JSON.parse(taken.out);
    // What its prompts were named images of the other project.
    expect(version).toMatchObject({ parent: null, imported: true, inUse: false, report: { ...report, prompts: [] } });
    for (const name of readdirSync(weights))
      expect(readFileSync(path.join(root, version.folder, name)).equals(readFileSync(path.join(weights, name)))).toBe(
        true,
      );
    const record = JSON.parse(readFileSync(path.join(root, version.folder, 'loupe-version.json'), 'utf8'));
    expect(record.lineage).toMatchObject([{ name: 'teacher 00000000', tier: 'decoder', gate: { gain: 0.1 } }]);
    // A run of another project is not what this one learnt last.
    await inProject(`pupil of ${place}`, (project) =>
      expect([project.reports(), project.stoppedRun()]).toEqual([[], null]),
    );
    expect((await loupe('promote', file, String(version.id))).out).toMatch(/in use {2}from another project: Better\./u);
    // Out again from there, it still tells where it came from.
    await loupe('export', file, at(`again-${place}`), '--json');
    if (place === 'folder')
      expect(JSON.parse(readFileSync(at('again-folder/loupe-version.json'), 'utf8')).lineage).toEqual(record.lineage);
    expect((await loupe('rollback', file)).out).toMatch(/began with are in use/u);
  });

  it('is not written over what stands there, nor taken in twice', async () => {
    mkdirSync(at('mine'));
    writeFileSync(at('mine/notes.txt'), 'mine');
    await inProject('teacher', async (project) => {
      const refused = (work: Promise<unknown>, sentence: RegExp) => expect(work).rejects.toThrow(sentence);
      await refused(exportVersion(project, at('mine')), /mine: is there already and was left as it is/u);
      expect(readdirSync(at('mine'))).toEqual(['notes.txt']);
      await refused(exportVersion(project, at('nothing'), { id: 9 }), /there are no weights 9/u);
      await refused(exportVersion(project, at('no/such/folder')), /cannot be written: there is no such folder/u);
      await refused(importVersion(project, at('archive.zip')), /has these weights already, as version 2/u);
      project.use(null);
      await refused(exportVersion(project, at('nothing')), /no weights of this project are in use/u);
    });
    expect(existsSync(at('nothing'))).toBe(false);
  });
});

/** Changes a file of an exported version. */
function changed(name: string, change: (place: string) => void): string {
  cpSync(at('folder'), at(name), { recursive: true });
  change(at(name));
  return at(name);
}

const edit =
  (name: string, change: (text: string) => string, encoding: BufferEncoding = 'utf8') =>
  (place: string) => {
    const file = path.join(place, name);
    writeFileSync(file, change(readFileSync(file, encoding)), encoding);
  };

/** With digests that are right again. */
function sealed(name: string, change: (place: string) => void): () => Promise<string> {
  return async () => {
    const place = changed(name, change);
    const files = await filesOfVersion(place);
    edit('loupe-version.json', (text) => JSON.stringify({ ...JSON.parse(text), files }))(place);
    return place;
  };
}

const turned = (place: string) => {
  const file = path.join(place, 'model.safetensors');
  const bytes = readFileSync(file);
  bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1);
  writeFileSync(file, bytes);
};
const record = 'loupe-version.json';
const otherName = (text: string) => text.replace(/teacher [0-9a-f]{8}",/u, 'teacher 12345678",');
const unknownRecipe = (text: string) => JSON.stringify({ ...JSON.parse(text), recipe: 'soup' });
const oneTensorLess = (place: string) =>
  edit('model.safetensors', (text) => text.replace('learnable_query', 'learnable_QUERY'), 'latin1')(place);

function archive(name: string, bytes: () => Uint8Array): () => string {
  return () => {
    writeFileSync(at(name), bytes());
    return at(name);
  };
}

describe('what is refused with one sentence and leaves nothing behind', () => {
  it.each<[string, () => string | Promise<string>, RegExp]>([
    ['nothing', () => at('nowhere'), /nowhere: there is no such folder or archive/u],
    ['a foreign folder', () => weights, /is no version of weights that "loupe weights export" wrote/u],
    ['a foreign file', () => path.join(weights, 'config.json'), /config\.json: is no version of weights/u],
    ['a damaged tensor', () => changed('turned', turned), /turned\/model\.safetensors: is damaged or was changed/u],
    [
      'a lack',
      () => changed('lack', (place) => rmSync(path.join(place, 'tokenizer.json'))),
      /tokenizer\.json: is missing/u,
    ],
    ['another name', () => changed('name', edit(record, otherName)), /are other weights than teacher 12345678/u],
    [
      'names that lead outside',
      () =>
        changed(
          'out',
          edit(record, (s) => s.replace('"to', '"../to')),
        ),
      /version\.json: /u,
    ],
    [
      'no JSON',
      () =>
        changed(
          'text',
          edit(record, () => 'x'),
        ),
      /is not JSON/u,
    ],
    ['an unknown recipe', sealed('soup', edit('config.json', unknownRecipe)), /soup: .*recipe/u],
    ['a tensor less', sealed('less', oneTensorLess), /learnable_query \[1, .*\] is missing/u],
    [
      'half an archive',
      archive('short.zip', () => readFileSync(at('archive.zip')).subarray(0, 5000)),
      /cannot be unpacked/u,
    ],
    ['another archive', archive('other.zip', () => zip({ 'a.md': Buffer.from('a') })), /other\.zip: is no version/u],
  ])('%s', async (name, place, sentence) => {
    await inProject(`refuses ${name}`, async (project) => {
      const failure = await importVersion(project, await place()).then(String, (error: Error) => error.message);
      expect(failure).toMatch(sentence);
      expect(failure).not.toMatch(/importing\.part/u);
      expect([project.versions(), readdirSync(`${project.file}-weights`)]).toEqual([[], []]);
    });
  });
});
