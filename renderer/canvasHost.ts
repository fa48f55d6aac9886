// What the canvas asks of the client: changes, ids, masks and pixels of the open image; the page has the menu.
import { unpackWire } from '../main/contract/liveWire.ts';
import { fetchPixels } from './canvas/pictures.ts';
import { type Client, openImageId } from './state/client.ts';
import type { CanvasHost } from './tools/host.ts';

export function canvasHostOf(client: Client, page: Pick<CanvasHost, 'menu' | 'edit'>): CanvasHost {
  const { edits, host } = client;
  const imageId = () => openImageId(client);
  return {
    commit: (diff) => void edits.commit(diff),
    reserveId: () => edits.id(),
    refine: async (points, box, rough) =>
      (await host.model.refine({ imageId: imageId(), points: [...points], box, rough })).mask,
    cutOut: async (box) => (await host.model.cutOut({ imageId: imageId(), box })).mask,
    wand: async ({ x, y }, how) => (await host.model.wand({ imageId: imageId(), x, y, ...how })).mask,
    wire: async ({ x, y }, how) => unpackWire((await host.model.wire({ imageId: imageId(), x, y, ...how })).wire),
    proposedShape: () => client.actions.proposedShape(),
    pixels: fetchPixels,
    ...page,
  };
}
