// What a project taught a LENS checkpoint of toy size: used, taken back, and written out by `loupe model adapter` and `merge`.
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addModel } from '../../main/commands/model.ts';
import { addWeights } from '../../main/commands/versions.ts';
import type { TeachReport } from '../../main/contract/learning.ts';
import { versionInUse } from '../../main/jobs/teaching/teaching.ts';
import { writeVersion } from '../../main/learn/gate/version.ts';
import { openProject } from '../../main/store/project.ts';
import { openCheckpoint } from '../../main/weights/openCheckpoint.ts';
import { weightsVersion } from '../../main/weights/version.ts';
import { toySamJson, writeToy } from '../weights/toyCheckpoint.ts';
import { ran } from './inProcess.ts';

const root = mkdtempSync(path.join(tmpdir(), 'loupe-taught-out-'));
afterAll(() => rmSync(root, { recursive: true }));
const at = (...names: string[]) => path.join(root, ...names);
const loupe = (...words: string[]) => ran([addModel, addWeights], words);
const linear = 'model.layers.0.mlp.up_proj';
const token = 'sam.sam_mask_decoder.mask_tokens.weight';
const report: TeachReport = {
  ...{ tier: 'supervised', samples: 12, before: null, after: null, minutes: 1, peakMB: 1, prompts: [] },
  gate: { promoted: false, reason: 'Noise.', gain: 0, low: 0, high: 0, otherLabels: null, nothing: null, base: null },
};

/** One version with an update of a linear, one that taught masks alone. */
beforeAll(async () => {
  await writeToy(at('LENS_ReasonSeg'), { says: 'a', lens: true });
  writeFileSync(at('LENS_ReasonSeg', 'segmenter.json'), JSON.stringify(toySamJson));
  const base = await openCheckpoint(at('LENS_ReasonSeg'));
  const [out = 0, wide = 0] = base.shapes.get(`${linear}.weight`) ?? [];
  const numbers = (count: number) => Float32Array.from({ length: count }, (_, i) => Math.sin(i));
  const masks = new Map([
    [token, { shape: base.shapes.get(token) ?? [], values: numbers((await base.read(token)).length) }],
  ]);
  const words = new Map([
    [`${linear}.lora_A.weight`, { shape: [2, wide], values: numbers(2 * wide) }],
    [`${linear}.lora_B.weight`, { shape: [out, 2], values: numbers(2 * out) }],
    ...masks,
  ]);
  const about = { peft_type: 'LORA', r: 2, lora_alpha: 2, bias: 'none' };
  mkdirSync(at('p.loupe-weights'));
  const project = openProject(at('p.loupe'), { create: true });
  for (const [i, change] of [{ tensors: words, adapter: about }, { tensors: masks }].entries()) {
    const { id } = project.startRun({ tier: 'supervised', seed: 1, minutes: 1, parent: null });
    const folder = `p.loupe-weights/${i + 1}`;
    await writeVersion(at('LENS_ReasonSeg'), at(folder), change);
    const made = { name: await weightsVersion(at(folder), 'p'), folder };
    project.finishRun(id, { report, held: [], taught: [], weights: made });
    project.use(null);
  }
  project.close();
});

function inUse(): string | null {
  const project = openProject(at('p.loupe'));
  const folder = versionInUse(project)?.path ?? null;
  project.close();
  return folder;
}

describe('a taught LENS checkpoint', () => {
  it('is used when it is promoted, and no longer when that is taken back', async () => {
    expect(await loupe('model', 'merge', at('p.loupe'), at('none'))).toMatchObject({
      line: expect.stringMatching(/p\.loupe: uses no weights that it taught; "loupe weights list" names them/u),
    });
    expect((await loupe('weights', 'promote', at('p.loupe'), '1')).code).toBe(0);
    expect(inUse()).toBe(at('p.loupe-weights', '1'));
    expect((await loupe('weights', 'rollback', at('p.loupe'))).out).toMatch(
      /^the weights that the project began with/u,
    );
    expect(inUse()).toBeNull();
    expect((await loupe('weights', 'promote', at('p.loupe'), '1')).code).toBe(0);
  });

  it('goes out whole, with what was taught in it, and is asked as before under another name', async () => {
    expect(await loupe('model', 'merge', at('p.loupe'), at('whole'))).toMatchObject({ code: 0, line: null });
    const [whole, taught] = [await openCheckpoint(at('whole')), await openCheckpoint(at('p.loupe-weights', '1'))];
    expect([whole.adapter, whole.base]).toEqual([null, at('whole')]);
    expect(whole.recipe).toEqual(taught.recipe);
    expect(await whole.read(token)).toEqual(await taught.read(token));
    const [weight, before] = [await whole.read(`${linear}.weight`), await taught.read(`${linear}.weight`)];
    const [a, b] = await Promise.all(
      ['A', 'B'].map(async (name) => taught.adapter?.file.read(`${linear}.lora_${name}.weight`)),
    );
    const wide = (a?.length ?? 0) / 2;
    const added = (row: number, column: number) =>
      [0, 1].reduce((sum, k) => sum + (b?.[2 * row + k] ?? 0) * (a?.[k * wide + column] ?? 0), 0);
    expect(weight[wide + 3]).toBeCloseTo((before[wide + 3] ?? Number.NaN) + added(1, 3), 5);
  });

  it('goes out as an adapter, which says what it cannot hold', async () => {
    expect((await loupe('model', 'adapter', at('p.loupe'), at('adapter'))).out).toContain(
      `an adapter of ${at('LENS_ReasonSeg')}`,
    );
    expect(readdirSync(at('adapter')).sort()).toEqual(['adapter_config.json', 'adapter_model.safetensors']);
    expect((await openCheckpoint(at('adapter'))).adapter?.scaleOf(linear)).toBe(1);
  });

  it.each([
    [
      'masks have no low-rank update',
      ['model', 'adapter', 'p.loupe', 'x', '--number', '2'],
      /learnt masks and no words/u,
    ],
    [
      'there is no such version',
      ['model', 'merge', 'p.loupe', 'x', '--number', '9'],
      /there are no weights 9 in the project/u,
    ],
    [
      'a number is of a project',
      ['model', 'merge', 'LENS_ReasonSeg', 'x', '--number', '1'],
      /--number is of a project/u,
    ],
    ['whole weights need no merging', ['model', 'merge', 'LENS_ReasonSeg', 'x'], /its weights are whole as they are/u],
  ])('is refused in one sentence where %s', async (_, words, why) => {
    const placed = words.map((word) => (/^(p\.loupe|LENS_ReasonSeg|x)$/u.test(word) ? at(word) : word));
    expect((await loupe(...placed)).line).toMatch(why);
    expect(existsSync(at('x'))).toBe(false);
  });
});

describe('a taught checkpoint taken to another machine', () => {
  const moved = 'elsewhere/LENS_ReasonSeg';
  const pupil = (name: string) => {
    const file = at(`${name}.loupe`);
    openProject(file, { create: true }).close();
    return file;
  };
  const taken = (file: string, place: string, ...more: string[]) =>
    loupe('weights', 'import', file, at(place), '--json', ...more);

  it.each(['taught', 'taught.zip'])('goes out to %s without the checkpoint, which is named', async (place) => {
    expect(await loupe('weights', 'export', at('p.loupe'), at(place), '1')).toMatchObject({ code: 0, line: null });
    if (place !== 'taught') return;
    const names = ['adapter_config.json', 'adapter_model.safetensors', 'loupe-parts.safetensors', 'taught.json'];
    expect(readdirSync(at(place)).sort()).toEqual([...names, 'loupe-version.json'].sort());
    const record = JSON.parse(readFileSync(at(place, 'loupe-version.json'), 'utf8'));
    expect(record.base).toMatchObject({ name: 'LENS_ReasonSeg', digest: expect.stringMatching(/^[0-9a-f]{8}$/u) });
    expect(Object.keys(record.files).sort()).toEqual(names);
  });

  it('comes in where the checkpoint lies as it did', async () => {
    expect(await taken(pupil('same'), 'taught')).toMatchObject({ code: 0, line: null });
  });

  it.each(['taught', 'taught.zip'])(
    'comes in from %s and is asked as before, wherever the checkpoint lies',
    async (place) => {
      mkdirSync(at('elsewhere'), { recursive: true });
      renameSync(at('LENS_ReasonSeg'), at(moved));
      try {
        const file = pupil(`pupil of ${place}`);
        const refused = await taken(file, place);
        expect(refused.line).toMatch(
          /changes the checkpoint LENS_ReasonSeg \([0-9a-f]{8}\), which is not on this machine; name its folder by --base/u,
        );
        expect(refused.line).not.toContain('.part');
        const version = JSON.parse((await taken(file, place, '--base', at(moved))).out);
        expect(version).toMatchObject({ imported: true, inUse: false, report });
        const [here, there] = [await openCheckpoint(at(version.folder)), at('p.loupe-weights', '1')];
        expect(here.base).toBe(at(moved));
        expect(readFileSync(at(version.folder, 'taught.json'), 'utf8')).toBe(
          readFileSync(path.join(there, 'taught.json'), 'utf8'),
        );
        expect(await weightsVersion(at(version.folder), 'p')).toBe(await weightsVersion(there, 'p'));
        expect(here.adapter?.scaleOf(linear)).toBe(1);
        expect((await loupe('weights', 'promote', file, String(version.id))).code).toBe(0);
        // On from there, it names the checkpoint and not where it lies.
        await loupe('weights', 'export', file, at(`on-${place}`));
        if (place === 'taught') expect(readdirSync(at(`on-${place}`)).sort()).toEqual(readdirSync(at(place)).sort());
        expect((await taken(pupil(`next of ${place}`), `on-${place}`, '--base', at(moved))).line).toBeNull();
        // What is taught on top of it changes the same checkpoint.
        expect(await loupe('model', 'merge', file, at(`whole of ${place}`))).toMatchObject({ code: 0, line: null });
      } finally {
        renameSync(at(moved), at('LENS_ReasonSeg'));
      }
    },
  );

  it('is refused where the folder holds another checkpoint, or one that is asked otherwise', async () => {
    cpSync(at('LENS_ReasonSeg'), at('LENS_other'), { recursive: true });
    const config = JSON.parse(readFileSync(at('LENS_other', 'config.json'), 'utf8'));
    writeFileSync(at('LENS_other', 'config.json'), JSON.stringify({ ...config, transformers_version: '5.0.0' }));
    expect((await taken(pupil('other'), 'taught', '--base', at('LENS_other'))).line).toMatch(
      /LENS_other holds another one; name its folder by --base/u,
    );
    cpSync(at('LENS_ReasonSeg'), at('LENS_plain'), { recursive: true });
    expect((await taken(pupil('plain'), 'taught', '--base', at('LENS_plain'))).line).toMatch(
      /was taught with another recipe than .*LENS_plain has here; call that folder LENS_ReasonSeg/u,
    );
    expect(readdirSync(at('other.loupe-weights')).concat(readdirSync(at('plain.loupe-weights')))).toEqual([]);
  });

  it('is refused where one of its files was changed or left out', async () => {
    cpSync(at('taught'), at('damaged'), { recursive: true });
    writeFileSync(at('damaged', 'taught.json'), '{"base": "/nowhere"}\n');
    expect((await taken(pupil('damaged'), 'damaged')).line).toMatch(/damaged.taught\.json: is damaged or was changed/u);
    rmSync(at('damaged', 'loupe-parts.safetensors'));
    cpSync(at('taught', 'taught.json'), at('damaged', 'taught.json'));
    expect((await taken(pupil('damaged too'), 'damaged')).line).toMatch(/loupe-parts\.safetensors: is missing/u);
  });
});
