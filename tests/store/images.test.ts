import { describe, expect, test } from 'vitest';
import type { Image } from '../../main/contract/project.ts';
import { addLabel, addPrompt, addShape, apply, newFile, newProject, opened } from './newProject.ts';
import { height, proposalOf, width } from './records.ts';

const fresh: Omit<Image, 'id' | 'path'> = { hash: null, width, height, state: 'present', problem: null };

describe('adding', () => {
  test('gives ids beside the files, and a path that is there keeps its own', () => {
    const { project, images } = newProject();
    const added = project.addImages([{ path: 'd.png' }, { path: 'b.png' }, { path: 'd.png' }]);
    expect(added).toEqual([images[2] + 1, images[1], images[2] + 1]);
    expect(project.info()).toMatchObject({ images: 4, unreviewed: 4 });
    expect(project.image(images[1])).toEqual({ id: images[1], path: 'b.png', ...fresh });
  });

  test('fills in what was not known, and changes nothing that was', () => {
    const project = opened(newFile());
    const [id = 0] = project.addImages([{ path: 'a.png', width: 5 }]);
    project.addImages([{ path: 'a.png', width: 7, height: 8, hash: 'ff' }]);
    expect(project.image(id)).toMatchObject({ width: 5, height: 8, hash: 'ff' });
  });

  test('stores none where one cannot be', () => {
    const { project } = newProject();
    function* files() {
      yield { path: 'd.png' };
      throw new Error('the disk is gone');
    }
    expect(() => project.addImages(files())).toThrow('the disk is gone');
    expect(project.info().images).toBe(3);
  });
});

describe('following the file', () => {
  test('sets only what is said, and is no step of undo', () => {
    const { project, images } = newProject();
    project.setFile(images[0], { state: 'missing', problem: 'a.png is not there any more' });
    expect(project.image(images[0])).toEqual({
      ...fresh,
      id: images[0],
      path: 'a.png',
      state: 'missing',
      problem: 'a.png is not there any more',
    });
    project.setFile(images[0], { path: 'moved/A.png', state: 'present', problem: null, hash: undefined });
    project.setFile(images[0], {});
    expect(project.imageByPath('moved/A.png')).toEqual({ ...fresh, id: images[0], path: 'moved/A.png' });
    expect(project.imageByPath('a.png')).toBeNull();
    expect(project.info().undo).toBeNull();
  });

  test("refuses a path that is another image's", () => {
    const { project, images } = newProject();
    expect(() => project.setFile(images[0], { path: 'b.png' })).toThrow('b.png is in the project already');
    project.setFile(images[0], { path: 'a.png' });
    expect(project.image(images[0])?.path).toBe('a.png');
  });
});

describe('detail', () => {
  test('holds everything on the image and nothing of another', () => {
    const { project, images } = newProject();
    const label = addLabel(project, 'car');
    const [low, high] = [addShape(project, images[0], label.id), addShape(project, images[0], label.id)];
    addShape(project, images[1], label.id);
    const prompt = addPrompt(project, images[0], 'the left car');
    const [proposal] = project.addProposals(prompt.id, [proposalOf('objects')], null);
    const raised = { place: high.place + 1 };
    apply(project, { kind: 'shape', id: low.id, before: { place: low.place }, after: raised });
    expect(project.detail(images[0])).toEqual({
      image: project.image(images[0]),
      review: { id: images[0], status: 'unreviewed', note: '' },
      shapes: [high, { ...low, ...raised }],
      prompts: [prompt],
      proposals: [proposal],
    });
  });

  test('of an image that is not there is null', () => {
    const { project, images } = newProject();
    expect([project.detail(images[2] + 50), project.image(0), project.imageByPath('z')]).toEqual([null, null, null]);
  });
});

test('all images come in the order of their ids, however many there are, while the store is written', () => {
  const project = opened(newFile());
  const ids = project.addImages(Array.from({ length: 2500 }, (_, i) => ({ path: `${9999 - i}.png` })));
  const seen: number[] = [];
  for (const { id } of project.allImages()) {
    seen.push(id);
    if (id % 500 === 0) project.setFile(id, { hash: 'seen' });
  }
  expect(seen).toEqual(ids);
});

describe('export', () => {
  test('reads images and shapes by id, all of them or those that were accepted', () => {
    const { project, images } = newProject();
    const label = addLabel(project, 'car');
    const first = addShape(project, images[1], label.id);
    const second = addShape(project, images[1], label.id);
    addShape(project, images[2], label.id);
    const sink = { place: -5 };
    apply(project, { kind: 'shape', id: second.id, before: { place: second.place }, after: sink });
    apply(project, { kind: 'review', id: images[1], before: {}, after: { status: 'accepted' } });
    const exported = (onlyAccepted: boolean) => [...project.exportImages({ onlyAccepted })].map(({ id }) => id);
    expect(exported(false)).toEqual(images);
    expect(exported(true)).toEqual([images[1]]);
    expect(project.shapesOf(images[1])).toEqual([first, { ...second, ...sink }]);
    expect([project.countShapes({ onlyAccepted: false }), project.countShapes({ onlyAccepted: true })]).toEqual([3, 2]);
  });
});
