// `loupe train detector` as the program runs it: what it refuses before anything is learnt, and what it asks for.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { saved } from '../formats/reads.ts';
import { paint, temporary } from '../hosting.ts';
import { trainCommand } from './trainCommand.ts';

const { folder: root, remove } = temporary('train-detector-command');
afterAll(remove);
const at = (...names: string[]) => path.join(root, ...names);

const loupe = (...args: string[]) => trainCommand(root, 'detector', '--out', at('out'), ...args);

const empty = () => saved(root, 'empty.json', { images: [], annotations: [], categories: [] });

describe('train detector', () => {
  it('refuses a file or folder that is not there, by its name', async () => {
    expect(await loupe('--coco', at('none.json'))).toEqual({
      code: 2,
      line: `loupe: ${at('none.json')}: does not exist`,
    });
    const refused = await loupe('--coco', empty(), '--images', at('pictures'));
    expect(refused).toEqual({ code: 2, line: `loupe: ${at('pictures')}: does not exist` });
  });

  it('refuses weights that are not there', async () => {
    const { code, line } = await loupe('--coco', empty(), '--weights', at('no weights'));
    expect([code, line]).toEqual([2, expect.stringContaining('no weights')]);
  });

  it('wants COCO files, and a step or more', async () => {
    expect((await loupe()).code).toBe(2);
    const { code, line } = await loupe('--coco', empty(), '--steps', '0');
    expect([code, line]).toEqual([2, expect.stringContaining('steps')]);
  });

  it('refuses files without a mask, and those of which no class has enough', async () => {
    expect(await loupe('--coco', empty())).toEqual({
      ...{ code: 2, line: 'loupe: there is no photograph with a mask in these COCO files' },
    });
    mkdirSync(at('few'));
    await paint(at('few', '1.png'));
    const segmentation = [[2, 2, 30, 2, 30, 20, 2, 20]];
    const coco = saved(root, 'few/few.json', {
      images: [{ id: 1, file_name: '1.png', width: 40, height: 30 }],
      annotations: [{ id: 1, image_id: 1, category_id: 1, segmentation }],
      categories: [{ id: 1, name: 'dog' }],
    });
    const { code, line } = await loupe('--coco', coco);
    expect([code, line]).toEqual([2, expect.stringMatching(/^loupe: no class has 10 masks in these COCO files/u)]);
  });
});
