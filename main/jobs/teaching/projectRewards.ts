// Lists what all proposals of a project earned against what was kept, the lowest first.
import { setImmediate } from 'node:timers/promises';
import type { RewardRow } from '../../contract/proposalReward.ts';
import { proposalRewards } from '../../learn/proposalRewards.ts';
import type { Project } from '../../store/project.ts';

/** Between them others have their turn. */
const IMAGES_AT_A_TIME = 200;
/** A window shows no more. */
const MOST_ROWS = 5000;

/** `total` counts all of them. */
export async function projectRewards(
  project: Project,
  most = MOST_ROWS,
): Promise<{ rows: RewardRow[]; total: number }> {
  const rows: RewardRow[] = [];
  for (const [i, { id }] of [...project.allImages()].entries()) {
    if (i % IMAGES_AT_A_TIME === 0) await setImmediate();
    const detail = project.detail(id);
    if (detail && detail.proposals.length > 0) rows.push(...rowsOf(detail));
  }
  rows.sort((a, b) => a.total - b.total);
  return { rows: rows.slice(0, most), total: rows.length };
}

function rowsOf(detail: NonNullable<ReturnType<Project['detail']>>): RewardRow[] {
  const { image, prompts, proposals } = detail;
  const texts = new Map(prompts.map(({ id, text }) => [id, text]));
  const weights = new Map(proposals.map((one) => [one.id, one.weights]));
  return proposalRewards(detail).map((reward) => ({
    ...{ ...reward, imageId: image.id, path: image.path },
    ...{ text: texts.get(reward.promptId) ?? '', weights: weights.get(reward.proposalId) ?? '' },
  }));
}
