// Held-back prompts on their images before and after a run, side by side, the worst change first.
import { Group, Stack, Text } from '@mantine/core';
import { useEffect, useState } from 'react';
import type { ShownChange, TeachReport } from '../../../main/contract/learning.ts';
import { type PackedMask, unpackMask } from '../../../main/contract/project.ts';
import type { Box } from '../../../main/contract/records.ts';
import { maskArea, maskBox } from '../../../main/contract/rle.ts';
import { boxAroundAll } from '../../state/silhouette.ts';
import { several } from '../../state/words.ts';
import { useClient } from '../window/client.ts';
import { type Layer, MaskPicture } from '../window/MaskThumb.tsx';
import { sizeOf } from './TeachRollouts.tsx';

const size = { width: 208, height: 156 };

const layersOf = (mask: PackedMask | null, truth: PackedMask | null): Layer[] => [
  ...(mask ? [{ mask, colour: [86, 180, 233, 150] as const, isBorder: false }] : []),
  ...(truth ? [{ mask: truth, colour: [240, 228, 66, 255] as const, isBorder: true }] : []),
];

/** Changes of the last run; nothing where it left none, as runs of earlier versions did not. */
export function BeforeAfter({ report }: { report: TeachReport }) {
  const { host } = useClient();
  const [changes, setChanges] = useState<readonly ShownChange[]>([]);
  useEffect(() => {
    if (report.after !== null) host.learning.changes().then(setChanges, () => setChanges([]));
  }, [host, report]);
  return report.after !== null && <Changes changes={changes} />;
}

export const Changes = ({ changes }: { changes: readonly ShownChange[] }) =>
  changes.length > 0 && (
    <Stack gap="xs" role="group" aria-label="Before and after">
      <Text size="sm" fw={600}>
        Before and after, the worst change first
      </Text>
      <Text size="xs" c="dimmed">
        {summary(changes)} Blue is what the weights drew, yellow is the border of what you kept.
      </Text>
      {changes.map((change) => (
        <Change key={`${change.image.id} ${change.text}`} change={change} />
      ))}
    </Stack>
  );

/** "3 of 12 prompts got worse, 8 better." */
export function summary(changes: readonly ShownChange[]): string {
  const worse = changes.filter(({ before, after }) => after < before).length;
  const better = changes.filter(({ before, after }) => after > before).length;
  return `${worse} of ${several(changes.length, 'prompt')} got worse, ${better} better.`;
}

function Change({ change }: { change: ShownChange }) {
  const { image, text, truth, before, after, was, is } = change;
  const around = boxOf([truth, was, is]);
  const sides = [
    { name: 'before', iou: before, mask: was },
    { name: 'after', iou: after, mask: is },
  ];
  return (
    <Group role="group" aria-label={text} wrap="nowrap" align="flex-start" gap="sm">
      <Stack gap={0} className="change-words">
        <Text size="sm" fw={600}>
          {text}
        </Text>
        <Text size="xs" c="dimmed">
          {image.path}
        </Text>
        <Text size="sm" c={after < before ? 'red' : after > before ? 'green' : 'dimmed'}>
          {signed(after - before)}
        </Text>
      </Stack>
      {sides.map(({ name, iou, mask }) => (
        <figure key={name} className="change-side">
          <MaskPicture
            image={{ ...image, ...sizeOf([truth, was, is]) }}
            around={around}
            size={size}
            layers={layersOf(mask, truth)}
          />
          <figcaption>
            {name}: IoU {iou.toFixed(3)}
            {mask === null && ', nothing drawn'}
          </figcaption>
        </figure>
      ))}
    </Group>
  );
}

const signed = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`;

/** Around all that is to be seen; null, the whole image, where nothing is. */
function boxOf(masks: readonly (PackedMask | null)[]): Box | null {
  const boxes = masks.flatMap((packed) => {
    const mask = packed && unpackMask(packed);
    return mask && maskArea(mask) > 0 ? [{ box: maskBox(mask) }] : [];
  });
  return boxAroundAll({ objects: boxes });
}
