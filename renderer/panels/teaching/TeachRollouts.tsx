// Shows the answers that a run by rewards learns from, on their pictures: what each drew, what that earned, and what it teaches.
import { Group, Stack, Text } from '@mantine/core';
import type { DrawnRollout, ShownRollouts } from '../../../main/contract/learning.ts';
import type { PackedMask } from '../../../main/contract/project.ts';
import type { Client } from '../../state/client.ts';
import { type Layer, MaskPicture } from '../window/MaskThumb.tsx';
import { useRunReading } from './runReading.ts';

/** Six stand side by side in the dialog. */
const size = { width: 112, height: 84 };
/** Colour of the border of what is true: the boxes of an answer are yellow. */
const TRUTH = [0, 200, 130, 255] as const;
const DRAWN = [86, 180, 233, 150] as const;

const readRollouts = ({ learning }: Client['host']) => learning.rollouts();

/** Answers of the run that is under way, or of the last one; nothing where it sampled no answers. */
export function RunRollouts({ running }: { running: boolean }) {
  const rollouts = useRunReading<ShownRollouts | null>(running, readRollouts, null);
  return rollouts && <Rollouts rollouts={rollouts} />;
}

export const Rollouts = ({ rollouts: { step, groups } }: { rollouts: ShownRollouts }) =>
  groups.length > 0 && (
    <Stack gap="xs" role="group" aria-label="Sampled answers">
      <Text size="sm" fw={600}>
        Sampled answers of step {step + 1}, the best first
      </Text>
      <Text size="xs" c="dimmed">
        An answer is made likelier by as much as its reward lies above (+) the others to the same words, and less likely
        by as much as it lies below (−). Blue and yellow are its mask and boxes, green is the border of what you kept.
      </Text>
      {groups.map((group) => (
        <Answers key={`${group.image.id} ${group.text}`} group={group} />
      ))}
    </Stack>
  );

function Answers({ group: { image, text, truth, rollouts } }: { group: ShownRollouts['groups'][number] }) {
  const shown = { ...image, ...sizeOf([truth, ...rollouts.map(({ mask }) => mask)]) };
  return (
    <Stack gap={2} role="group" aria-label={text}>
      <Text size="sm">
        {text}{' '}
        <Text span size="xs" c="dimmed">
          {image.path}
          {teachesNothing(rollouts) && ': all earn the same, so only their masks teach'}
        </Text>
      </Text>
      <Group gap="xs" align="flex-start">
        {[...bestFirst(rollouts).entries()].map(([place, rollout]) => (
          <figure key={place} className="rollout" title={rollout.text}>
            <MaskPicture
              image={shown}
              around={null}
              size={size}
              layers={layersOf(rollout.mask, truth)}
              boxes={rollout.boxes.map((box) => ({ box }))}
            />
            <figcaption>
              <b>{signed(rollout.advantage)}</b> {earned(rollout)}
            </figcaption>
          </figure>
        ))}
      </Group>
    </Stack>
  );
}

export const bestFirst = (rollouts: readonly DrawnRollout[]): DrawnRollout[] =>
  rollouts.toSorted((a, b) => b.advantage - a.advantage || b.reward.total - a.reward.total);

export const teachesNothing = (rollouts: readonly DrawnRollout[]): boolean =>
  rollouts.every(({ advantage }) => advantage === 0);

/** "2.41: format 1.00, box 0.81, mask 0.60". */
export const earned = ({ reward: { total, terms } }: DrawnRollout): string =>
  `${total.toFixed(2)}: ${Object.entries(terms)
    .map(([name, value]) => `${name} ${value.toFixed(2)}`)
    .join(', ')}`;

const signed = (value: number): string => `${value < 0 ? '−' : value > 0 ? '+' : ''}${Math.abs(value).toFixed(2)}`;

const layersOf = (mask: PackedMask | null, truth: PackedMask | null): Layer[] => [
  ...(mask ? [{ mask, colour: DRAWN, isBorder: false }] : []),
  ...(truth ? [{ mask: truth, colour: TRUTH, isBorder: true }] : []),
];

/** Size of the image, which nobody may have read yet; masks are as large. */
export function sizeOf(masks: readonly (PackedMask | null)[]): { width: number; height: number } | null {
  const mask = masks.find((each) => each !== null);
  return mask ? { height: mask.size[0], width: mask.size[1] } : null;
}
