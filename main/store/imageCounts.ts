// Brings the counts and worst values that stand on an image's row up to date with its shapes, prompts and comparisons.
import type { Db } from './db.ts';

const refresh = `
  UPDATE image SET
    shapes = (SELECT count(*) FROM shape WHERE image_id = image.id),
    prompts = (SELECT count(*) FROM prompt WHERE image_id = image.id),
    unfound = (
      SELECT count(*) FROM prompt LEFT JOIN answered ON prompt_id = prompt.id
      WHERE image_id = image.id AND coalesce(correction ->> '$.found.value', answered.found, 'objects') <> 'objects'
    ),
    spread = (SELECT max(spread) FROM prompt JOIN answered ON prompt_id = prompt.id WHERE image_id = image.id),
    disagreement = (
      SELECT avg(disagreement) FROM shape JOIN comparison ON shape_id = shape.id
      WHERE image_id = image.id AND present = 1
    )
  WHERE id = ?`;

export function updateImageCounts(db: Db, ids: Iterable<number>): void {
  for (const id of ids) db.run(refresh, id);
}
