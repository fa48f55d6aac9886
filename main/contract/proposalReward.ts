// Defines what a proposal earned against what a person kept, as records for the window.
import { z } from 'zod';
import { Id } from './project.ts';

/** Terms from 0 to 1, overlaps squared as in training; `total` is their sum. */
export const ProposalReward = z.object({
  promptId: Id,
  proposalId: Id,
  format: z.number(),
  box: z.number(),
  mask: z.number(),
  total: z.number(),
});
export type ProposalReward = z.infer<typeof ProposalReward>;

/** A proposal in the list of all of a project. */
export const RewardRow = ProposalReward.extend({
  imageId: Id,
  path: z.string(),
  text: z.string(),
  weights: z.string(),
});
export type RewardRow = z.infer<typeof RewardRow>;
