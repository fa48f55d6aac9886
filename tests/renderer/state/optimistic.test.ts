// The window shows at once what the journal will hold: whatever is drawn, judged, undone or made again, by anybody.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Change } from '../../../main/contract/diff.ts';
import type { ImageDetail } from '../../../main/contract/project.ts';
import { changesOf, type Operation, operation } from '../../store/operations.ts';
import { proposalOf } from '../../store/records.ts';
import { type Windowed, windowed } from '../windowed.ts';

let one: Windowed;
beforeAll(async () => {
  one = await windowed('optimistic', 2, { width: 20, height: 10 });
}, 60_000);
afterAll(() => one.close());

const sorted = <R extends { id: number }>(records: Iterable<R>): R[] => [...records].sort((a, b) => a.id - b.id);

/** What the window shows of labels and of the open image. */
function shown() {
  const { labels, open } = one.client.store.getState();
  if (open === null) throw new Error('nothing is open');
  const { shapes, prompts, review } = open;
  return {
    labels: sorted(labels.values()),
    shapes: sorted(shapes.values()),
    prompts: sorted(prompts.values()),
    review,
  };
}

/** The same as the journal's records have it. */
function stored() {
  const project = one.host.project();
  const id = one.client.store.getState().open?.image.id ?? 0;
  const { shapes, prompts, review } = project.detail(id) as ImageDetail;
  return { labels: sorted(project.labels()), shapes: sorted(shapes), prompts: sorted(prompts), review };
}

/** JSON has one zero and no undefined. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

async function commit(title: string, changes: Change[]): Promise<void> {
  const { edits, store } = one.client;
  const { undo } = one.host.project().info();
  const before = shown();
  const done = edits.commit({ title, changes });
  const atOnce = shown();
  const stays = await done;
  // What a record from another image is, the window has to read first.
  if (stays && title !== 'move shape') expect(plain(atOnce)).toEqual(plain(stored()));
  if (stays) return;
  // What the host refuses goes from the screen, and nothing of it was stored.
  await edits.settled();
  expect(one.host.project().info().undo).toBe(undo);
  expect(plain(shown())).toEqual(plain(before));
  expect(store.getState().notice?.tone).toBe('bad');
}

async function otherwise({ kind, which, how }: Operation): Promise<void> {
  const { edits, host } = one.client;
  const project = one.host.project();
  const labels = project.labels();
  const [label, into] = [labels[which % labels.length], labels[how % labels.length]];
  if (kind === 'undo') await edits.undo();
  if (kind === 'redo') await edits.redo();
  if (kind === 'delete label' && label) edits.received(await host.edit.deleteLabel({ id: label.id }));
  if (kind === 'merge labels' && label && into && label !== into) {
    edits.received(await host.edit.mergeLabels({ from: label.id, into: into.id }));
  }
  const [prompt] = shown().prompts;
  if (kind === 'propose' && prompt) {
    project.addProposals(prompt.id, [proposalOf(how % 2 === 0 ? 'objects' : 'nothing')], null);
    await edits.refresh();
  }
}

async function perform(step: Operation): Promise<void> {
  const changes = changesOf(one.host.project(), step);
  if (changes.length > 0) await commit(step.kind, changes);
  else await otherwise(step);
  await one.client.edits.settled();
  await expect.poll(() => plain(shown()), { timeout: 10_000 }).toEqual(plain(stored()));
}

describe('the window and the journal', () => {
  it('hold the same after every one of 400 random operations, undone and made again', async () => {
    const operations = fc.array(operation, { minLength: 100, maxLength: 100 });
    await fc.assert(
      fc.asyncProperty(operations, async (list) => {
        for (const step of list) await perform(step);
      }),
      { numRuns: 4, endOnFailure: true },
    );
    expect(shown().labels.length + shown().shapes.length + shown().prompts.length).toBeGreaterThan(0);
  }, 240_000);

  it('hold the same on the way back to the first step and forward again', async () => {
    const { edits } = one.client;
    while (await edits.redo());
    const full = plain(shown());
    for (let steps = 0; (await edits.undo()) !== null; steps++) {
      if (steps % 10 === 0) expect(plain(shown())).toEqual(plain(stored()));
    }
    expect(shown()).toMatchObject({ shapes: [], prompts: [] });
    while (await edits.redo());
    expect(plain(shown())).toEqual(full);
    expect(full).toEqual(plain(stored()));
  }, 240_000);
});
