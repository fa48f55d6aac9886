// `loupe model` from the shell: the catalogue, importing by tensors, looking again, forgetting.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { catalogueLine, downloaded } from '../../main/commands/model.ts';
import { writePng } from '../../main/pictures/image.ts';
import { embeddedWeights } from '../../main/weights/embedded.ts';
import { writeSafetensors } from '../../models/runtime/writeSafetensors.ts';
import { disc } from '../pictures/disc.ts';
import { commit, hubServer, publish } from '../weights/hubServer.ts';
import { writeToy } from '../weights/toyCheckpoint.ts';

const run = promisify(execFile);
const cli = path.resolve('main/cli.ts');

let home: string;
beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'loupe-model-'));
});
afterAll(() => rm(home, { recursive: true }));

const loupe = (...args: readonly string[]) => anyLoupe('model', ...args);

async function anyLoupe(...args: readonly string[]) {
  const env = { ...process.env, LOUPE_HOME: home };
  return run(process.execPath, [cli, ...args], { env }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
}

test('list names what is there, and the catalogue with licences', async () => {
  const { stdout, code } = await loupe('list');
  expect([code, stdout]).toEqual([0, expect.stringContaining('none but loupe-nano')]);
  expect(stdout).toMatch(/lens-3b .*8\.9 GB.*Qwen research licence: not for commercial use/);
  const { catalogue, installed } = JSON.parse((await loupe('list', '--json')).stdout);
  expect([catalogue.length > 15, installed]).toEqual([true, []]);
}, 60_000);

test('import recognises what lies in a folder; verify finds what was damaged since; remove forgets', async () => {
  const folder = path.join(home, 'nano');
  await cp(embeddedWeights, folder, { recursive: true });
  expect((await loupe('import', folder, '--name', 'mine')).stdout).toBe('mine: weights (loupe-nano)\n');
  expect((await loupe('list')).stdout).toContain(`mine  weights (loupe-nano)  ${folder}\n`);
  expect(await loupe('verify')).toMatchObject({ code: 0, stdout: 'mine: good\n' });
  await truncate(path.join(folder, 'model.safetensors'), 1000);
  const damaged = await loupe('verify', 'mine');
  expect([damaged.code, damaged.stdout]).toEqual([1, expect.stringMatching(/^mine: .*model\.safetensors/)]);
  expect((await loupe('remove', 'mine')).stdout).toContain('its files stay in');
  expect((await loupe('remove', 'mine')).stderr).toMatch(/no model is called mine/);
}, 90_000);

test('import tells checkpoints apart by their tensors, and says in one line what it does not know', async () => {
  const one = { shape: [1], data: new Float32Array(1) };
  const qwen = { 'model.layers.0.self_attn.q_proj.weight': one, 'visual.patch_embed.proj.weight': one };
  const file = (name: string) => path.join(home, `${name}.safetensors`);
  await writeSafetensors(file('qwen'), qwen);
  await writeSafetensors(file('other'), { weight: one });
  await writeFile(path.join(home, 'text.pt'), 'no checkpoint');
  expect((await loupe('import', file('qwen'))).stderr).toMatch(/import the folder that has its config\.json/);
  const folder = await writeToy(path.join(home, 'Seg-Zero-3B'), { says: 'nothing' });
  expect((await loupe('import', folder)).stdout).toBe(
    'Seg-Zero-3B: Qwen2.5-VL checkpoint (1 layers of 272, asked as seg-zero, takes a segmenter beside it)\n',
  );
  const other = await loupe('import', file('other'));
  expect([other.code, other.stderr]).toEqual([
    2,
    expect.stringMatching(/its 1 tensors are of no model that Loupe knows/),
  ]);
  expect((await loupe('import', path.join(home, 'text.pt'))).stderr).toMatch(/^loupe: .*text\.pt/);
  expect((await loupe('import', path.join(home, 'nowhere'))).stderr).toMatch(/there is no such file or folder/);
}, 120_000);

test('a checkpoint answers from the command line with a segmenter beside it, before and after its weights are in few bits', async () => {
  const says =
    '<think>red</think><answer>{"bbox": [240, 210, 600, 630], "points_1": [420, 400], "points_2": [430, 390]}</answer>';
  const folder = await writeToy(path.join(home, 'VisionZero'), { says });
  await writeFile(path.join(folder, 'recipe.json'), '"seg-zero"');
  const picture = path.join(home, 'disc.png');
  await writePng(picture, { ...disc(12).image, channels: 3 });
  const ask = [
    'segment',
    picture,
    '--prompt',
    'the disc',
    '--json',
    '--out',
    path.join(home, 'out'),
    '--weights',
    folder,
  ];
  const alone = await anyLoupe(...ask);
  expect([alone.code, alone.stderr]).toEqual([2, expect.stringMatching(/VisionZero: writes boxes .* choose one/)]);
  const answer = async () => JSON.parse((await anyLoupe(...ask, '--segmenter', embeddedWeights)).stdout);
  const first = await answer();
  expect([first.reasoning, first.objects.length]).toEqual(['red', 1]);
  const quantised = await loupe('quantise', folder, '--bits', '8');
  expect([quantised.code, quantised.stdout]).toEqual([
    0,
    expect.stringMatching(/loupe-quantised\.safetensors: \d+ weights in 8 bits/),
  ]);
  expect((await answer()).objects).toEqual(first.objects);
  const halved = await loupe('quantise', folder, '--bits', '16');
  expect(halved.stdout).toMatch(/loupe-quantised\.safetensors: \d+ weights in 16 bits; they are used from now on/);
  expect((await answer()).objects).toEqual(first.objects);
}, 120_000);

test('a model that needs more memory than there is says so', () => {
  const model = {
    id: 'big',
    title: 'Big',
    kind: 'reasoner',
    hub: null,
    bytes: 9e9,
    memory: 12e9,
    licence: 'free',
  } as const;
  expect(catalogueLine(model, 8e9)).toContain('needs 12.0 GB, does not fit; free');
  const smaller = { ...model, quantisedMemory: 5e9 };
  expect(catalogueLine(smaller, 8e9)).toContain('needs 12.0 GB, does not fit, in 4 bits about 5.0 GB, fits; free');
  expect(catalogueLine(model, 16e9)).toContain('needs 12.0 GB, fits; free');
});

test('a download that was killed goes on where it was, and then the model is listed, verified and damage is found', async () => {
  const hub = await hubServer();
  const folder = await writeToy(path.join(home, 'VisionReasoner'), { says: 'nothing' });
  const files = readdirSync(folder).map((name) => [name, readFileSync(path.join(folder, name))] as const);
  publish(hub, 'some/VisionReasoner-toy', Object.fromEntries(files));
  const toy = {
    ...{ id: 'toy', title: 'Toy', kind: 'reasoner', hub: 'some/VisionReasoner-toy' },
    bytes: 9,
    memory: 10,
  };
  const catalogue = { models: [{ ...toy, licence: 'Research only' }] };
  await mkdir(path.join(home, 'config'), { recursive: true });
  await writeFile(path.join(home, 'config', 'models.json'), JSON.stringify(catalogue));
  const weights = `/some/VisionReasoner-toy/resolve/${commit}/model.safetensors`;
  hub.faults.set(weights, [{ kind: 'slowly' }]);
  const env = { ...process.env, LOUPE_HOME: home, HF_ENDPOINT: hub.endpoint, HF_HOME: path.join(home, 'cache') };
  const killed = spawn(process.execPath, [cli, 'model', 'download', 'toy'], { env });
  const blobs = path.join(home, 'cache', 'hub', 'models--some--VisionReasoner-toy', 'blobs');
  const begun = () => readdirSync(blobs).map((name) => statSync(path.join(blobs, name)).size);
  await expect.poll(() => existsSync(blobs) && Math.max(0, ...begun()) > 20_000, { timeout: 20_000 }).toBe(true);
  killed.kill('SIGKILL');
  await once(killed, 'exit');
  const again = await run(process.execPath, [cli, 'model', 'download', 'toy'], { env });
  expect(again.stdout).toMatch(/^toy: Qwen2\.5-VL checkpoint \(1 layers of 272, asked as vision-reasoner, /);
  expect(again.stderr).toMatch(/licence: Research only/);
  expect(hub.asked.findLast((each) => each.path === weights)?.range).toMatch(/^bytes=\d+-$/);
  await hub.close();
  expect((await loupe('list')).stdout).toContain('toy  Qwen2.5-VL checkpoint');
  expect(await loupe('verify', 'toy')).toMatchObject({ code: 0, stdout: 'toy: good\n' });
  const [blob = ''] = readdirSync(blobs).filter((name) => name.length === 64);
  const bytes = readFileSync(path.join(blobs, blob));
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  await writeFile(path.join(blobs, blob), bytes);
  expect((await loupe('verify', 'toy')).stdout).toMatch(
    /^toy: .* is damaged .*"loupe model download" fetches it again/,
  );
  // Where its header is hit the tensors have other names: that is damage, and no other model.
  bytes[20] = (bytes[20] ?? 0) ^ 1;
  await writeFile(path.join(blobs, blob), bytes);
  expect((await loupe('verify', 'toy')).stdout).toMatch(/^toy: .* is damaged/);
  await rm(path.join(blobs, blob));
  expect((await loupe('verify', 'toy')).stdout).toMatch(
    /^toy: .* is missing .*"loupe model download" fetches it again/,
  );
}, 120_000);

test('how far a download is stands in bytes', () => {
  expect(downloaded({ done: 1_200_000_000, total: 7_500_000_000, secondsLeft: 209.5 })).toBe(
    '1.2 GB of 7.5 GB, 210 s left',
  );
  expect(downloaded({ done: 4_000_000, total: null, secondsLeft: null })).toBe('4 MB');
});
