// The command that makes masks of boxes: a job of the host, shown where jobs are shown.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runCommand } from '../../../renderer/state/commands.ts';
import { type Windowed, windowed } from '../windowed.ts';

let window: Windowed;
beforeAll(async () => {
  window = await windowed('masks', 1);
}, 60_000);
afterAll(() => window.close());

it('starts the job and shows it', async () => {
  await runCommand('mask.ofBoxes', window.context);
  const { dialog, jobs } = window.client.store.getState();
  expect(dialog).toBe('jobs');
  expect([...jobs.values()].map(({ kind, title }) => [kind, title])).toContainEqual([
    ...['masks', 'Making masks of all boxes'],
  ]);
  await expect
    .poll(() => [...window.client.store.getState().jobs.values()].find(({ kind }) => kind === 'masks')?.message)
    .toBe('No box is without a mask, so nothing is drawn; what the box tool draws is a mask already.');
});
