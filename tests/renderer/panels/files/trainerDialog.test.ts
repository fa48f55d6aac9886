// The export for trainers as a dialog: one trainer of all that there are, and a folder of its own beside the project.
import { expect, it } from 'vitest';
import { trainers } from '../../../../main/contract/jobs.ts';
import { TrainerDialog, usualFolder } from '../../../../renderer/panels/files/TrainerDialog.tsx';
import { wordsOf } from '../../printed.ts';
import { project } from '../given.ts';
import { laidOpen } from '../laidOpen.ts';
import { control, controlsIn, isDisabled, namesOf } from '../markup.ts';

const dialog = (also: object = {}) => laidOpen(TrainerDialog, { dialog: 'trainer', project, ...also });

it('offers every trainer, one of them chosen, and a folder beside the project', () => {
  expect(namesOf(dialog(), 'radio')).toHaveLength(trainers.length);
  const ticked = controlsIn(dialog()).filter(({ attributes }) => 'checked' in attributes);
  expect(ticked.map(({ name }) => name)).toEqual(['LENS (the layout of ReasonSeg)']);
  expect(control(dialog(), 'New folder').attributes.value).toBe('/p/cars-lens');
  expect(usualFolder('/p/cars.loupe', 'qwen')).toBe('/p/cars-qwen');
  expect(isDisabled(dialog(), 'Export')).toBe(false);
});

it('says what is written and where what comes of it goes, and waits for a folder without a project', () => {
  expect(wordsOf(dialog())).toContain('prompts that nothing matches among them');
  expect(wordsOf(dialog())).toContain('Add the checkpoint that comes of it in the list of models.');
  expect(isDisabled(dialog({ project: null }), 'Export')).toBe(true);
  expect(controlsIn(dialog({ dialog: null }))).toEqual([]);
});
