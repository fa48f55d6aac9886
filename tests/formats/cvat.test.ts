// CVAT for images 1.1 as its exporter writes it, each kind of shape drawn by hand on a picture of 20 x 12.
import { rmSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { maskArea, toBitmap } from '../../main/contract/rle.ts';
import { readCvat } from '../../main/formats/cvat.ts';
import { detect } from '../../main/formats/detect.ts';
import { freshFolder, type Outcome, outcomeOf, saved } from './reads.ts';

const folder = freshFolder();
afterAll(() => rmSync(folder, { recursive: true }));

const [width, height] = [20, 12];
const head = '<?xml version="1.0" encoding="utf-8"?>\n<!-- by hand --><annotations><version>1.1</version>';
const meta = `<meta><task><labels>
  <label><name>car</name><attributes><attribute><name>colour</name></attribute></attributes></label>
  <label><name>unused</name></label><label><name>arm</name><parent>body</parent></label>
</labels></task></meta>`;
const image = (inner: string, size = `width="${width}" height="${height}"`) =>
  `<image id="0" name="set/a.png" subset="train" ${size}>${inner}</image>`;
const read = (inner: string): Promise<Outcome> =>
  outcomeOf(readCvat, saved(folder, 'annotations.xml', `${head}${meta}${inner}</annotations>`), {
    'a.png': [width, height],
  });
const areas = ({ shapes }: Outcome) => shapes.map(({ mask }) => mask && maskArea(mask));

describe('shapes', () => {
  test('a polygon, with the words that CVAT and the task have for it', async () => {
    const polygon = `<polygon label="car" source="auto" occluded="1" points="1.0,1.0;9.0,1.0;9.0,5.0;1.0,5.0" z_order="2">
      <attribute name="colour">red</attribute><attribute name="parked">true</attribute></polygon>`;
    const outcome = await read(image(polygon));
    expect(outcome).toMatchObject({ format: 'CVAT', labels: ['car', 'unused'], leftOut: [], said: [] });
    expect(outcome.images).toEqual([{ name: 'set/a.png', split: 'train', folder: 'train', width, height }]);
    expect(areas(outcome)).toEqual([32]);
    expect(outcome.shapes[0]?.attributes).toEqual({
      ...{ occluded: true, source: 'auto', z_order: 2, colour: 'red', parked: true },
    });
  });

  test('a box keeps its fractions; a turned one is its four corners', async () => {
    const box = (more: string) => `<box label="car" occluded="0" xtl="2.25" ytl="4" xbr="12.25" ybr="8" ${more}></box>`;
    const outcome = await read(image(box('source="manual"') + box('rotation="90.0"')));
    expect(outcome.shapes[0]).toMatchObject({ mask: null, box: { x1: 2.25, y1: 4, x2: 12.25, y2: 8 }, attributes: {} });
    expect(outcome.shapes[1]).toMatchObject({ box: { x1: 5, y1: 1, x2: 9, y2: 11 }, attributes: { rotation: 90 } });
    expect(areas(outcome)).toEqual([null, 40]);
  });

  test('a mask runs along the rows of its rectangle, and is cut at the edge of the picture', async () => {
    const mask = (left: number) =>
      `<mask label="car" rle="0, 2, 2, 1, 1" left="${left}" top="3" width="3" height="2"></mask>`;
    const [inside, cut] = (await read(image(mask(5) + mask(18)))).shapes;
    const bitmap = inside?.mask ? toBitmap(inside.mask) : new Uint8Array();
    const marked = [...bitmap].flatMap((value, i) => (value ? [[i % width, Math.floor(i / width)]] : []));
    expect(marked).toEqual([
      [5, 3],
      [6, 3],
      [6, 4],
    ]);
    expect(cut?.box).toEqual({ x1: 18, y1: 3, x2: 20, y2: 5 });
  });

  test('an ellipse', async () => {
    const outcome = await read(image('<ellipse label="car" cx="10" cy="6" rx="8" ry="4"/>'));
    expect(Math.abs((areas(outcome)[0] ?? 0) - Math.PI * 32)).toBeLessThan(5);
  });

  test('parts of one label and one group are one object; boxes stay apart', async () => {
    const part = (x: number, group: number) =>
      `<polygon label="car" group_id="${group}" points="${x},1;${x + 2},1;${x + 2},3;${x},3"/>`;
    const box = '<box label="car" group_id="7" xtl="1" ytl="1" xbr="3" ybr="3"/>';
    const outcome = await read(image(part(1, 7) + part(5, 7) + part(9, 0) + box + box));
    expect(areas(outcome)).toEqual([8, 4, null, null]);
    expect(outcome.shapes[0]?.attributes).toEqual({ group_id: 7 });
    expect(outcome.said).toEqual([
      'shapes of one label and one group are parts of one object, as in COCO files from CVAT',
    ]);
  });
});

describe('what is not taken is named', () => {
  test.each([
    ['<polyline label="car" points="1,1;5,5"/>', 'a polyline has no area'],
    ['<points label="car" points="1,1"/>', 'points have no area'],
    ['<cuboid label="car" xtl1="1"/>', 'a cuboid is no flat shape'],
    ['<skeleton label="car"><points label="arm" points="1,1"/></skeleton>', 'a skeleton has no area'],
    ['<tag label="night"/>', 'it says "night" of the whole image; only shapes are read'],
    ['<constructor label="car"/>', 'a <constructor> is not read'],
    ['<polygon label="car" points="1,1;5,5"/>', 'polygon: 4 numbers; it needs an even count of at least 6'],
    ['<polygon label="car" points="1,1;5;5,6"/>', 'its points are no pairs of numbers'],
    ['<polygon label="car"/>', 'its points are no pairs of numbers'],
    ['<polygon points="1,1;5,1;5,5"/>', 'it has no label'],
    ['<box label="car" xtl="50" ytl="50" xbr="60" ybr="60"/>', 'its box is empty or lies outside the picture'],
    ['<box label="car" xtl="a" ytl="1" xbr="2" ybr="2"/>', 'its "xtl" is no number'],
    ['<mask label="car" rle="0, 9" left="0" top="0" width="2" height="2"/>', 'its runs cover more than 2 x 2 pixels'],
    ['<mask label="car" rle="0, 3" left="0" top="0" width="2" height="2"/>', 'its runs cover 3 of 4 pixels'],
    ['<mask label="car" rle="0, x" left="0" top="0" width="2" height="2"/>', 'its run 2 is no count of pixels'],
    ['<mask label="car" rle="0, 4" left="50" top="0" width="2" height="2"/>', 'no pixel of the picture lies in it'],
  ])('%s', async (shape, why) => {
    const outcome = await read(image(`${shape}<box label="car" xtl="1" ytl="1" xbr="3" ybr="3"/>`));
    expect(outcome.leftOut).toEqual([{ what: expect.stringMatching(/^\w+ 1 of set\/a\.png$/u), why }]);
    expect(outcome.shapes).toHaveLength(1);
  });

  test('a mask of billions of pixels is refused before memory is taken for it', async () => {
    const { leftOut } = await read(
      image('<mask label="car" rle="0, 1" left="0" top="0" width="99999" height="99999"/>'),
    );
    expect(leftOut[0]?.why).toMatch(/larger than/u);
  });

  test('an image without a size or a name', async () => {
    expect((await read(image('<tag label="a"/>', ''))).images[0]).toMatchObject({ width, height });
    expect((await read('<image id="3" width="5" height="5"/>')).leftOut).toEqual([
      { what: 'image 3', why: 'it has no name' },
    ]);
  });
});

describe('tracks of a video', () => {
  const size = '<original_size><width>20</width><height>12</height></original_size>';
  const video = (inner: string, meta = size) =>
    outcomeOf(
      readCvat,
      saved(folder, 'video.xml', `${head}<meta><task>${meta}</task></meta>${inner}</annotations>`),
      Object.fromEntries(['frame_000000', 'frame_000002'].map((name) => [name, [width, height] as const])),
    );
  const box = (frame: number, more = 'outside="0" keyframe="0"') =>
    `<box frame="${frame}" ${more} occluded="1" xtl="1.5" ytl="1" xbr="5" ybr="4" z_order="0">
      <attribute name="colour">red</attribute></box>`;
  const track = `<track id="7" label="car" source="auto">${box(0)}${box(1)}${box(2)}${box(3, 'outside="1"')}</track>`;

  test('are read on the frames that are here as pictures; where the thing is outside, there is none', async () => {
    const outcome = await video(track);
    expect(outcome.images).toEqual(['frame_000000', 'frame_000002'].map((name) => ({ name, width, height })));
    const attributes = { occluded: true, source: 'auto', track_id: 7, colour: 'red' };
    const shape = { label: 'car', mask: null, box: { x1: 1.5, y1: 1, x2: 5, y2: 4 }, attributes };
    expect(outcome.shapes).toEqual(outcome.images.map((image) => ({ image, crowd: false, ...shape })));
    expect(outcome.leftOut).toEqual([
      { what: '1 of 3 frames of video.xml', why: 'they are not here as pictures of the name frame_000000 and so on' },
    ]);
    expect((await video(track, '')).shapes).toHaveLength(2);
  });

  test('may be of every kind of shape, and one that cannot be placed is named', async () => {
    const polygon = '<polygon frame="2" outside="0" points="1,1;9,1;9,5;1,5"/>';
    const outcome = await video(
      `<track id="1" label="car">${polygon}<points frame="2" points="1,1"/></track>
       <track id="2" label="car">${polygon}<box/></track>`,
    );
    expect(areas(outcome)).toEqual([32, 32]);
    expect(outcome.leftOut).toEqual([
      { what: 'box 2 of track 2', why: 'it names no frame' },
      { what: 'points 2 of frame_000002', why: 'points have no area' },
    ]);
  });

  test('with key frames alone say on how many frames they have no shape; what CVAT itself writes says nothing', async () => {
    const key = (frame: number, outside = 0) =>
      `<box frame="${frame}" outside="${outside}" keyframe="1" xtl="1" ytl="1" xbr="5" ybr="4"/>`;
    const between = (frame: number) => key(frame).replace('keyframe="1"', 'keyframe="0"');
    const track = (inner: string) => `<track id="4" label="car">${inner}</track>`;
    const named = async (inner: string, meta = size) =>
      (await video(track(inner), meta)).leftOut.filter(({ what }) => what.startsWith('track'));
    expect(await named(key(0) + key(10) + key(20, 1))).toEqual([
      {
        what: 'track 4 on 18 frames between or after its key frames',
        why: expect.stringMatching(/key frames only; ex/u),
      },
    ]);
    const stepped = `${size}<stop_frame>40</stop_frame><frame_filter>step=5</frame_filter>`;
    expect((await named(key(0) + key(10), stepped))[0]?.what).toMatch(/ on 7 frames /u);
    expect((await named(key(0) + key(2) + key(3, 1)))[0]?.what).toMatch(/ on 1 frame /u);
    // A shape of one frame ends on the next one; near the end of the video it does not. Frames may have been deleted.
    const one = key(0) + key(5, 1);
    for (const whole of [key(0) + key(1, 1), one, one + key(10) + key(15, 1), one + key(40), one + key(35)])
      expect(await named(whole, stepped)).toEqual([]);
    expect(await named(key(0) + between(1) + between(5) + key(6, 1))).toEqual([]);
  });

  test('without any picture of a frame are refused with what to export instead; beside images they are named', async () => {
    const far = `<track id="0" label="car">${box(500)}</track>`;
    await expect(video(far)).rejects.toThrow(/form for video \(tracks\), and no frame is here .* its images/u);
    expect((await read(far + image(''))).leftOut[0]?.what).toBe('1 of 1 frames of annotations.xml');
  });
});

test('the outermost element tells CVAT from VOC, whatever stands before it', () => {
  expect(detect(saved(folder, 'c.xml', `${head}</annotations>`))).toEqual({ reader: readCvat });
  expect(detect(saved(folder, 's.xml', '<svg><annotations/></svg>'))).toMatchObject({
    reason: expect.stringMatching(/neither a VOC/u),
  });
});
