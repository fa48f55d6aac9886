// Teaching at the window: what a run would take, what the last one came to, one click back, and what proposals earned.
import { cpSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plainShape } from '../../main/commands/bench/picturedProject.ts';
import { created } from '../../main/contract/diff.ts';
import type { TeachReport } from '../../main/contract/learning.ts';
import type { PackedMask } from '../../main/contract/project.ts';
import { openProject, type Project } from '../../main/store/project.ts';
import { embeddedWeights } from '../../main/weights/embedded.ts';
import { type App, haveShell, PATIENCE, starts } from './app.ts';

interface Coarse {
  images: { id: number; file_name: string }[];
  annotations: { id: number; image_id: number; bbox: [number, number, number, number]; segmentation: PackedMask }[];
}

const figures = (gIoU: number, noc85: number) => ({
  ...{ prompts: 4, objects: 6, gIoU, cIoU: gIoU, clicks: { objects: 6, noc85, noc90: noc85 + 2 } },
  words: { prompts: 4, gIoU, cIoU: gIoU, box50: gIoU },
});
const report: TeachReport = {
  ...{
    tier: 'supervised',
    samples: 9,
    pictures: 7,
    before: figures(0.4, 5),
    after: figures(0.6, 3.5),
    minutes: 3,
    peakMB: 1234,
  },
  gate: {
    ...{ promoted: true, reason: 'Answers to held-out prompts gained 0.200 gIoU.', gain: 0.2, low: 0.1, high: 0.3 },
    ...{ otherLabels: null, nothing: null, base: 0 },
  },
  words: [{ word: 'zeppelin', pictures: 2, isEnough: false }],
  prompts: [],
};

/** Every coarse mask is a thing, one of every second image a word that nano has not; a run was promoted. */
function fill(project: Project, coarse: Coarse): void {
  const labels = ['thing', 'zeppelin'].map((name, place) => ({
    ...{ id: project.reserve(1), name, colour: '#e69f00', digit: null, attributes: [], place },
  }));
  const images = new Map([...project.allImages()].map(({ id, path: file }) => [file, id]));
  const shapes = coarse.annotations.flatMap(({ image_id, bbox: [x, y, width, height], segmentation: mask }, i) => {
    const file = coarse.images.find(({ id }) => id === image_id)?.file_name;
    const imageId = images.get(path.basename(file ?? ''));
    const labelId = labels[i % 8 === 0 ? 1 : 0]?.id;
    if (imageId === undefined || labelId === undefined) return [];
    const box = { x1: x, y1: y, x2: x + width, y2: y + height };
    return [created('shape', { id: project.reserve(1), imageId, labelId, box, mask, ...plainShape })];
  });
  project.apply({ title: 'Draw', changes: [...labels.map((label) => created('label', label)), ...shapes] });
  const { id } = project.startRun({ tier: 'supervised', seed: 1, minutes: 3, parent: null });
  const folder = `${path.basename(project.file)}-weights/${id}/weights`;
  cpSync(embeddedWeights, path.join(path.dirname(project.file), folder), { recursive: true });
  const taught = [...images.values()].slice(0, 7);
  project.finishRun(id, { report, held: [...images.values()].slice(7), taught, weights: { name: 'taught 1', folder } });
}

describe.runIf(haveShell).each(starts)('teaching ($shell)', ({ start }) => {
  let app: App;
  let project = '';
  beforeAll(async () => {
    app = await start({
      prepare: (one) =>
        one.project('teach.loupe', 'scenes', (made) => fill(made, one.json<Coarse>('scenes', 'coarse.json'))),
    });
    project = app.file('scenes', 'teach.loupe');
    await app.scene('scene-01.jpg');
  });
  afterAll(() => app?.stop());

  it('says before a run what it learns from, by which tier, in what time and memory', async () => {
    const { page } = app;
    await page.keyboard.press('Control+Alt+t');
    const dialog = page.getByRole('dialog', { name: 'Teach the model' });
    const plan = dialog.getByLabel('Before the run');
    await plan.getByText(/corrections and labelled things on 12 images teach, 0 of them new/u).waitFor();
    expect(await plan.innerText()).toMatch(/Tier (?:supervised|rl) fits: the model does not know zeppelin; .*\./u);
    expect(await plan.innerText()).toMatch(/It takes about \d+ minutes: 10 minutes of training at most/u);
    expect(await plan.innerText()).toMatch(/It needs about 1\.[26] GB of the [\d.]+ GB of memory that are free/u);
    expect(await dialog.getByLabel('What learns', { exact: true }).first().innerText()).toContain('mask decoder');

    await dialog.getByLabel('What is taught').first().click();
    await page.getByRole('option', { name: 'Masks (decoder)' }).click();
    await dialog.getByLabel('Minutes of training at most').fill('3');
    await plan.getByText('Tier decoder was asked for.').waitFor();
    await plan.getByText(/3 minutes of training at most/u).waitFor();
  }, 300_000);

  it('shows what the last run came to, and goes back in one click to weights that are always there', async () => {
    const dialog = app.page.getByRole('dialog', { name: 'Teach the model' });
    const last = dialog.getByRole('group', { name: 'Last run' });
    const words = await last.innerText();
    expect(words).toContain('Better, and in use');
    expect(words).toContain('0.400 before, 0.600 after');
    expect(words).toContain('5.0 before, 3.5 after to an IoU of 0.85; 7.0 before, 5.5 after to 0.90');
    const curve = dialog.getByRole('region', { name: 'Learning curve' });
    await curve.getByLabel('clicks over 2 readings, last at corrected pictures 7: to 0.85 3.5, to 0.90 5.5').waitFor();
    await curve.getByLabel(/^gIoU of held-back prompts over 2 readings/u).waitFor();
    expect(words).toContain('Taught with too few pictures to rely on: zeppelin (2 pictures).');
    await dialog.getByRole('button', { name: 'Roll back' }).click();
    await dialog.getByRole('button', { name: 'Roll back' }).waitFor({ state: 'detached' });
    await app.leave('Close');
    await app.ask('the television');
    expect(app.errors).toEqual([]);
  }, 300_000);

  it('shows beside a judged answer what it earns, and lists all of them sorted and filtered', async () => {
    const { page } = app;
    await app.settleAnswer([230, 190], [440, 370]);
    await page.getByRole('button', { name: /^Accept(ed| all)?$/u }).click();
    await app.saved();
    const beside = page.getByRole('note', { name: 'Reward' });
    await beside.waitFor();
    expect(await beside.innerText()).toMatch(
      /^Against what you kept: reward \d\.\d\d of 3: format \d\.\d\d, box \d\.\d\d, mask \d\.\d\d$/u,
    );
    await page.keyboard.press('d');
    await app.scene('scene-02.jpg');

    await app.command('Rewards of proposals');
    const dialog = page.getByRole('dialog', { name: 'Rewards of proposals' });
    const lines = dialog.getByRole('list', { name: 'Proposals' }).getByRole('button');
    await lines.first().waitFor();
    expect(await lines.count()).toBe(1);
    await dialog.getByRole('button', { name: 'Mask' }).click();
    await expect.poll(() => dialog.getByRole('button', { name: 'Mask' }).innerText()).toContain('↑');
    await dialog.getByLabel('Prompt or image').fill('no such words');
    await dialog.getByText('0 proposals of 1.').waitFor();
    await dialog.getByLabel('Prompt or image').fill('television');
    await lines.first().click();
    await dialog.waitFor({ state: 'detached' });
    await app.scene('scene-01.jpg');
    await beside.waitFor({ timeout: PATIENCE });
    expect(app.errors).toEqual([]);
  }, 300_000);

  it('has stored that no version is in use, and kept the version', async () => {
    await app.kill();
    const opened = openProject(project);
    try {
      expect(opened.versions()).toMatchObject([{ name: 'taught 1', inUse: false, parent: null }]);
    } finally {
      opened.close();
    }
  });
});
