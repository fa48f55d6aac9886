import { describe, expect, test } from 'vitest';
import { created, deleted } from '../../main/contract/diff.ts';
import { addPrompt, apply, everything, newFile, newProject, opened } from './newProject.ts';
import { height, promptOf, proposalOf, width } from './records.ts';

const rowOf = (project: ReturnType<typeof newProject>['project'], id: number) =>
  project.list(everything, { offset: 0, limit: 99 }).rows.find((row) => row.id === id);

describe('proposals', () => {
  test('come back as they were stored, numbered, after closing too', () => {
    const file = newFile();
    const first = opened(file);
    const [image = 0] = first.addImages([{ path: 'a.png', width, height }]);
    const prompt = addPrompt(first, image, 'the left car');
    const given = [proposalOf('nothing', false), { ...proposalOf('objects'), frame: { width: 448, height: 336 } }];
    const stored = first.addProposals(prompt.id, given, 0.25);
    expect(stored).toEqual(given.map((one, i) => ({ ...one, id: (stored[0]?.id ?? 0) + i, promptId: prompt.id })));
    first.close();
    const second = opened(file);
    expect(second.detail(image)?.proposals).toEqual(stored);
    expect(second.proposal(stored[1]?.id ?? 0)).toEqual(stored[1]);
    expect(second.proposal(999_999)).toBeNull();
  });

  test('are no steps of undo', () => {
    const { project, images } = newProject();
    const prompt = addPrompt(project, images[0], 'car');
    const before = project.info();
    project.addProposals(prompt.id, [proposalOf('objects')], null);
    expect(project.info()).toEqual(before);
  });

  test('of a prompt that nobody has made are refused', () => {
    const { project } = newProject();
    const free = project.reserve(1);
    expect(() => project.addProposals(free + 1, [proposalOf('objects')], null)).toThrow('there is no prompt');
  });

  test('only one of a prompt is chosen, the latest that was', () => {
    const { project, images } = newProject();
    const prompt = addPrompt(project, images[0], 'car');
    project.addProposals(prompt.id, [proposalOf('objects')], null);
    project.addProposals(prompt.id, [proposalOf('objects', false)], null);
    const chosen = () => project.detail(images[0])?.proposals.map((one) => one.chosen);
    expect(chosen()).toEqual([true, false]);
    project.addProposals(prompt.id, [proposalOf('nothing')], null);
    expect(chosen()).toEqual([false, false, true]);
  });

  test('the image knows the largest spread of its prompts', () => {
    const { project, images } = newProject();
    const [one, two] = [addPrompt(project, images[0], 'car'), addPrompt(project, images[0], 'bus')];
    project.addProposals(one.id, [proposalOf('objects')], 0.4);
    project.addProposals(two.id, [proposalOf('objects')], 0.3);
    project.addProposals(one.id, [proposalOf('objects')], null);
    expect(rowOf(project, images[0])).toMatchObject({ spread: 0.4, prompts: 2 });
    project.addProposals(one.id, [proposalOf('objects')], 0.1);
    expect(rowOf(project, images[0])).toMatchObject({ spread: 0.3 });
  });

  test('outlive a prompt that is deleted, and come back with it', () => {
    const { project, images } = newProject();
    const prompt = addPrompt(project, images[0], 'car');
    const stored = project.addProposals(prompt.id, [proposalOf('objects')], 0.4);
    apply(project, deleted('prompt', prompt));
    expect(project.detail(images[0])?.proposals).toEqual([]);
    expect(rowOf(project, images[0])).toMatchObject({ spread: null, prompts: 0 });
    const late = project.addProposals(prompt.id, [proposalOf('nothing', false)], null);
    project.undo();
    expect(project.detail(images[0])?.proposals).toEqual([...stored, ...late]);
    expect(rowOf(project, images[0])).toMatchObject({ spread: 0.4, prompts: 1 });
  });
});

describe('one text on every image', () => {
  test('which were asked it, and which answered', () => {
    const { project, images } = newProject();
    const asked = images.map((image) => promptOf(project.reserve(1), image, 'the car'));
    project.applyMany(
      'Ask',
      asked.map((prompt) => created('prompt', prompt)),
    );
    addPrompt(project, images[0], 'the car on the left');
    const [first = asked[0], second] = asked;
    if (!first || !second) throw new Error('nothing was asked');
    project.addProposals(first.id, [proposalOf('nothing')], null);
    const correction = {
      proposalId: null,
      found: { value: 'nothing' as const, verdict: null },
      reasoning: { text: 'no car', verdict: null },
      objects: [],
    };
    apply(project, { kind: 'prompt', id: second.id, before: {}, after: { correction } });
    expect([...project.promptsOf(' the car ')]).toEqual([
      { imageId: images[0], promptId: first.id, answered: true },
      { imageId: images[1], promptId: second.id, answered: true },
      { imageId: images[2], promptId: asked[2]?.id, answered: false },
    ]);
    expect([...project.promptsOf('the bus')]).toEqual([]);
  });
});
