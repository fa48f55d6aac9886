import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyCocoFile } from '../../main/formats/coco/cocoVerify.ts';
import { type App, haveShell, starts } from './app.ts';

interface Coco {
  images: { id: number; file_name: string; width: number; height: number }[];
  annotations: { id: number; image_id: number; area: number; bbox: number[]; segmentation: unknown }[];
  categories: { id: number; name: string }[];
}

describe.runIf(haveShell).each(starts)('from the first start to an exported COCO file ($shell)', ({ start }) => {
  let app: App;
  beforeAll(async () => {
    app = await start();
  });
  afterAll(() => app?.stop());

  it('opens the sample, prompts, corrects, accepts and exports', async () => {
    const { page } = app;
    const since = () => Date.now() - app.started;
    await page.getByRole('button', { name: /Try the sample/u }).waitFor();
    const shown = since();
    await app.openSample();
    await app.ask('the television');
    console.log(`from the start of the host: page after ${shown} ms, first prompt answered after ${since()} ms`);
    await app.settleAnswer([230, 190], [440, 370]);
    await page.getByRole('button', { name: 'Accept, next image' }).click();
    await page.getByText('scene-02.jpg').first().waitFor();

    const file = app.file('exported.json');
    await app.exportTo(file);
    await page.getByRole('button', { name: 'Verify' }).click();
    await page.getByText('Nothing is wrong').waitFor();
    const coco = app.json<Coco>('exported.json');
    expect((await verifyCocoFile(file)).problems).toEqual([]);
    expect(coco.annotations.length).toBeGreaterThan(0);
    const [first] = coco.annotations;
    expect(coco.images.find(({ id }) => id === first?.image_id)?.file_name).toContain('scene-01.jpg');
    expect(first?.area).toBeGreaterThan(50);
    expect(app.errors).toEqual([]);
  }, 300_000);
});
