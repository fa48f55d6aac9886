// Names the stages of the nano's training.

/** In the order in which they run. */
export const stageNames = ['tower', 'lists', 'reasoner', 'segmenter', 'alignment', 'reinforcement'] as const;
export type StageName = (typeof stageNames)[number];
