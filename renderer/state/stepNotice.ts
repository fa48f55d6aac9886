// Says which step was undone or redone and where, and shows that place to the person.
import type { Recorded } from '../../main/contract/api.ts';
import type { ActionContext } from './actionContext.ts';
import type { ImageActions } from './images.ts';
import { boxAround, viewOfBox } from './view.ts';
import { fileName, several } from './words.ts';
import type { ImagePlace } from './workbench.ts';

/** "Undone: Draw mask, on scene-02.jpg". */
export async function moveSentence(
  context: ActionContext,
  way: 'undo' | 'redo',
  { diff, where }: Recorded,
): Promise<{ text: string; where: ImagePlace | null }> {
  const shapeIds = diff.changes.flatMap(({ kind, id, after }) => (kind === 'shape' && after ? id : []));
  const on = where ? `, on ${await placeName(context, where)}` : '';
  return {
    text: `${way === 'undo' ? 'Undone' : 'Done again'}: ${diff.title}${on}`,
    where: where ? { imageId: where.imageId, shapeIds } : null,
  };
}

async function placeName({ store, host }: ActionContext, { imageId, images }: NonNullable<Recorded['where']>) {
  if (images > 1) return several(images, 'image');
  const { open } = store.getState();
  const image = open?.image.id === imageId ? open.image : (await host.images.detail({ id: imageId })).image;
  return fileName(image.path);
}

export async function showPlace({ store }: ActionContext, images: ImageActions, where: ImagePlace): Promise<void> {
  if (store.getState().open?.image.id !== where.imageId) await images.openImage(where.imageId);
  const { open, canvas } = store.getState();
  if (open?.image.id !== where.imageId) return;
  const shapes = where.shapeIds.flatMap((id) => open.shapes.get(id) ?? []);
  const area = boxAround(shapes.map(({ box }) => box));
  if (area) store.setState({ selected: new Set(shapes.map(({ id }) => id)), view: viewOfBox(area, canvas, 0.6) });
}
