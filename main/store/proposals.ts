// Stores proposals: values that the model wrote for a prompt, beside the person's records and never edited.
import { BadInput } from '../contract/badInput.ts';
import type { StoredProposal } from '../contract/project.ts';
import type { Db, SqlValue } from './db.ts';
import { updateImageCounts } from './imageCounts.ts';
import { parsed } from './jsonColumns.ts';
import type { Sequence } from './sequence.ts';

export type NewProposal = Omit<StoredProposal, 'id' | 'promptId'>;

/** One image that was asked a text; `answered` by the model or by a person. */
export interface PromptedImage {
  imageId: number;
  promptId: number;
  answered: boolean;
}

export interface Proposals {
  /** A chosen one takes that from the earlier ones of its prompt; `spread` null leaves what is known of it. */
  addProposals(promptId: number, proposals: readonly NewProposal[], spread: number | null): StoredProposal[];
  proposal(id: number): StoredProposal | null;
  /** Everywhere that exactly this text was asked, by image. */
  promptsOf(text: string): PromptedImage[];
}

interface ProposalRow {
  id: number;
  prompt_id: number;
  weights: string;
  device: string;
  answer: string;
  frame: string;
  found: StoredProposal['found'];
  objects: string;
  rewards: string;
  timings: string;
  chosen: number;
}

const names = 'id prompt_id weights device answer frame found objects rewards timings chosen'.split(' ');
const columns = names.join(', ');

const proposalOf = (row: ProposalRow): StoredProposal => ({
  id: row.id,
  promptId: row.prompt_id,
  weights: row.weights,
  device: row.device,
  answer: parsed(row.answer) as StoredProposal['answer'],
  frame: parsed(row.frame) as StoredProposal['frame'],
  found: row.found,
  objects: parsed(row.objects) as StoredProposal['objects'],
  rewards: parsed(row.rewards) as StoredProposal['rewards'],
  timings: parsed(row.timings) as StoredProposal['timings'],
  chosen: row.chosen === 1,
});

const valuesOf = (one: StoredProposal): SqlValue[] => [
  ...[one.id, one.promptId, one.weights, one.device, JSON.stringify(one.answer), JSON.stringify(one.frame), one.found],
  JSON.stringify(one.objects),
  ...[JSON.stringify(one.rewards), JSON.stringify(one.timings), Number(one.chosen)],
];

export const proposalsWhere = (db: Db, condition: string, ...values: SqlValue[]): StoredProposal[] =>
  db.all<ProposalRow>(`SELECT ${columns} FROM proposal WHERE ${condition}`, ...values).map(proposalOf);

export const proposalsOf = (db: Db, { reserve, next }: Sequence): Proposals => ({
  addProposals: (promptId, proposals, spread) =>
    db.whole(() => {
      // A prompt that was deleted while the model was at work still gets its answers: undo may bring it back.
      if (promptId >= next()) throw new BadInput(`there is no prompt ${promptId}`);
      const stored = proposals.map((one) => ({ ...one, id: reserve(1), promptId }));
      add(db, promptId, stored);
      settle(db, promptId, spread);
      return stored;
    }),
  proposal: (id) => proposalsWhere(db, 'id = ?', id)[0] ?? null,
  promptsOf: (text) => askedImages(db, text),
});

function add(db: Db, promptId: number, stored: readonly StoredProposal[]): void {
  if (stored.some(({ chosen }) => chosen)) db.run('UPDATE proposal SET chosen = 0 WHERE prompt_id = ?', promptId);
  const sql = `INSERT INTO proposal (${columns}) VALUES (${names.map(() => '?').join(', ')})`;
  for (const one of stored) db.run(sql, ...valuesOf(one));
}

/** The finding of a prompt: that of the chosen proposal, or without one that of the latest. */
function settle(db: Db, promptId: number, spread: number | null): void {
  const best = db.get<{ found: string }>(
    'SELECT found FROM proposal WHERE prompt_id = ? ORDER BY chosen DESC, id DESC LIMIT 1',
    promptId,
  );
  db.run(
    `INSERT INTO answered (prompt_id, found, spread) VALUES (?, ?, ?) ON CONFLICT (prompt_id) DO UPDATE SET
     found = excluded.found, spread = coalesce(excluded.spread, spread)`,
    ...[promptId, best?.found ?? 'nothing', spread],
  );
  const image = db.number('SELECT image_id FROM prompt WHERE id = ?', promptId);
  if (image > 0) updateImageCounts(db, [image]);
}

const askedImages = (db: Db, text: string): PromptedImage[] =>
  db
    .all<{ imageId: number; promptId: number; answered: number }>(
      `SELECT image_id AS imageId, id AS promptId,
         correction IS NOT NULL OR EXISTS (SELECT 1 FROM proposal WHERE prompt_id = prompt.id) AS answered
       FROM prompt WHERE text = ? ORDER BY image_id, id`,
      text.trim(),
    )
    .map((row) => ({ ...row, answered: row.answered === 1 }));
