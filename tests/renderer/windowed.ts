// A window without a screen on a host of the tests' own: the real client, store and actions over a real connection.
import path from 'node:path';
import type { Label, Shape } from '../../main/contract/project.ts';
import { packMask } from '../../main/contract/project.ts';
import type { Box } from '../../main/contract/records.ts';
import { temporaryMemory } from '../../renderer/state/actionContext.ts';
import { type Client, openClient } from '../../renderer/state/client.ts';
import type { CommandContext } from '../../renderer/state/commandActions.ts';
import type { Workbench } from '../../renderer/state/workbench.ts';
import { ended, type Hosted, hosted, paint } from '../hosting.ts';
import { block } from './block.ts';
import { contextOf } from './contextOf.ts';

export interface Windowed extends Hosted {
  readonly client: Client;
  readonly context: CommandContext;
  /** What commands did outside of the state. */
  readonly seen: string[];
  close(): Promise<void>;
}

/** A project with `images` pictures, of 40 x 30 unless `size` says otherwise, all of them open to be stepped through. */
export async function windowed(
  name: string,
  images: number,
  size: { width?: number; height?: number } = {},
): Promise<Windowed> {
  const host = await hosted(name);
  const { client: rpc } = await host.call();
  const client = openClient(
    {
      host: rpc,
      onState: (listener) => {
        listener(true, null);
        return () => {};
      },
      close: () => {},
    },
    { memory: temporaryMemory(), fetchAhead: () => {} },
  );
  await client.actions.createProject(path.join(host.folder, `${name}.loupe`));
  for (let i = 0; i < images; i++) await paint(path.join(host.folder, `image${i}.png`), size);
  const job = await rpc.images.add({ paths: [host.folder] });
  await ended(rpc, job.id);
  await waitFor(client, ({ open, project }) => open !== null && project?.images === images);
  client.store.setState({ canvas: { width: 800, height: 600 } });
  const seen: string[] = [];
  return { ...host, client, context: contextOf(client, seen), seen, close: () => closed(client, host) };
}

async function closed(client: Client, host: Hosted): Promise<void> {
  client.close();
  // The end of its stream is still to be sent.
  await new Promise((resolve) => setTimeout(resolve, 50));
  await host.stop();
}

/** Resolves once the state is so; a test that waits in vain fails by its own limit. */
export function waitFor(client: Client, holds: (state: Workbench) => boolean): Promise<void> {
  return new Promise((resolve) => {
    if (holds(client.store.getState())) return resolve();
    const stop = client.store.subscribe((state) => {
      if (!holds(state)) return;
      stop();
      resolve();
    });
  });
}

export async function addLabel({ client }: Windowed, name: string): Promise<Label> {
  const id = await client.actions.createLabel(name);
  const label = client.store.getState().labels.get(id ?? 0);
  if (!label) throw new Error(`no label ${name}`);
  return label;
}

/** A shape on the open image whose mask is its box. */
export async function draw({ client }: Windowed, labelId: number, box: Box): Promise<Shape> {
  const imageId = client.store.getState().open?.image.id ?? 0;
  const id = await client.edits.id();
  const shape: Shape = {
    ...{ id, imageId, labelId, box, mask: packMask(block(box)), attributes: {}, crowd: false },
    ...{ hidden: false, locked: false, place: id, origin: { kind: 'drawn' } },
  };
  const change = { kind: 'shape' as const, id, before: null, after: shape };
  if (!(await client.edits.commit({ title: 'Draw mask', changes: [change] }))) {
    throw new Error(`not drawn: ${client.store.getState().notice?.text}`);
  }
  return shape;
}
