// A window without a screen on a host of the tests' own: the real desk, store and actions over a real connection.
import path from 'node:path';
import type { Label, Shape } from '../../main/contract/project.ts';
import { packMask } from '../../main/contract/project.ts';
import type { Box } from '../../main/contract/records.ts';
import { forgetful } from '../../renderer/state/bench.ts';
import { type Desk, openDesk } from '../../renderer/state/desk.ts';
import type { CommandContext } from '../../renderer/state/runs.ts';
import type { Workbench } from '../../renderer/state/workbench.ts';
import { ended, type Hosted, hosted, paint } from '../hosting.ts';
import { block } from './block.ts';
import { contextOf } from './contextOf.ts';

export interface Windowed extends Hosted {
  readonly desk: Desk;
  readonly context: CommandContext;
  /** What commands did outside of the state. */
  readonly seen: string[];
  close(): Promise<void>;
}

/** A project with `images` pictures of 40 x 30, all of them open to be stepped through. */
export async function windowed(name: string, images: number): Promise<Windowed> {
  const host = await hosted(name);
  const { client } = await host.call();
  const desk = openDesk(
    {
      host: client,
      onState: (listener) => {
        listener(true, null);
        return () => {};
      },
      close: () => {},
    },
    { memory: forgetful(), fetchAhead: () => {} },
  );
  await desk.actions.createProject(path.join(host.folder, `${name}.loupe`));
  for (let i = 0; i < images; i++) await paint(path.join(host.folder, `image${i}.png`));
  const job = await client.images.add({ paths: [host.folder] });
  await ended(client, job.id);
  await waitFor(desk, ({ open, project }) => open !== null && project?.images === images);
  desk.store.setState({ canvas: { width: 800, height: 600 } });
  const seen: string[] = [];
  return { ...host, desk, context: contextOf(desk, seen), seen, close: () => closed(desk, host) };
}

async function closed(desk: Desk, host: Hosted): Promise<void> {
  desk.close();
  // The end of its stream is still to be sent.
  await new Promise((resolve) => setTimeout(resolve, 50));
  await host.stop();
}

/** Resolves once the state is so; a test that waits in vain fails by its own limit. */
export function waitFor(desk: Desk, holds: (state: Workbench) => boolean): Promise<void> {
  return new Promise((resolve) => {
    if (holds(desk.store.getState())) return resolve();
    const stop = desk.store.subscribe((state) => {
      if (!holds(state)) return;
      stop();
      resolve();
    });
  });
}

export async function addLabel({ desk }: Windowed, name: string): Promise<Label> {
  const id = await desk.actions.createLabel(name);
  const label = desk.store.getState().labels.get(id ?? 0);
  if (!label) throw new Error(`no label ${name}`);
  return label;
}

/** A shape on the open image whose mask is its box. */
export async function draw({ desk }: Windowed, labelId: number, box: Box): Promise<Shape> {
  const imageId = desk.store.getState().open?.image.id ?? 0;
  const id = await desk.edits.id();
  const shape: Shape = {
    ...{ id, imageId, labelId, box, mask: packMask(block(box)), attributes: {}, crowd: false },
    ...{ hidden: false, locked: false, place: id, origin: { kind: 'drawn' } },
  };
  const change = { kind: 'shape' as const, id, before: null, after: shape };
  if (!(await desk.edits.commit({ title: 'Draw mask', changes: [change] }))) {
    throw new Error(`not drawn: ${desk.store.getState().notice?.text}`);
  }
  return shape;
}
