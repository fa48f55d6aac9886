// A box as four numbers that can be typed over; leaving them makes it the answer.
import { Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { clampBox } from '../../../main/contract/geometry.ts';
import type { Image } from '../../../main/contract/project.ts';
import type { Box } from '../../../main/contract/records.ts';
import { useClient } from '../window/client.ts';

const edges = [
  { edge: 'x1', name: 'Left edge' },
  { edge: 'y1', name: 'Upper edge' },
  { edge: 'x2', name: 'Right edge' },
  { edge: 'y2', name: 'Lower edge' },
] as const;

type Typed = Record<keyof Box, string>;

const shown = (value: number): string => String(Math.round(value * 10) / 10);
const typedOf = ({ x1, y1, x2, y2 }: Box): Typed => ({ x1: shown(x1), y1: shown(y1), x2: shown(x2), y2: shown(y2) });

/** Null where a field is no number or nothing would be inside. */
export function readBox(typed: Typed, { width, height }: Pick<Image, 'width' | 'height'>): Box | null {
  const [x1, y1, x2, y2] = edges.map(({ edge }) => (typed[edge].trim() === '' ? Number.NaN : Number(typed[edge])));
  if (x1 === undefined || y1 === undefined || x2 === undefined || y2 === undefined) return null;
  if (![x1, y1, x2, y2].every(Number.isFinite)) return null;
  return clampBox(
    { x1, y1, x2, y2 },
    { width: width ?? Number.POSITIVE_INFINITY, height: height ?? Number.POSITIVE_INFINITY },
  );
}

export function BoxFields({ box, image }: { box: Box | null; image: Image }) {
  if (!box) {
    return (
      <Text size="xs" c="dimmed">
        No box
      </Text>
    );
  }
  // Another box came from elsewhere: what was typed is about the old one.
  return <Fields key={Object.values(box).join()} box={box} image={image} />;
}

function Fields({ box, image }: { box: Box; image: Image }) {
  const { actions } = useClient();
  const [typed, setTyped] = useState(typedOf(box));
  const keep = () => {
    const next = readBox(typed, image);
    const isSame = next && edges.every(({ edge }) => shown(next[edge]) === shown(box[edge]));
    if (next && !isSame) void actions.setBox(next);
    else setTyped(typedOf(box));
  };
  return (
    <fieldset
      className="box-fields"
      aria-label="Edges of the box"
      // Leaving one field for the next is no end: both corners are often typed together.
      onBlur={(event) => !event.currentTarget.contains(event.relatedTarget) && keep()}
    >
      {edges.map(({ edge, name }) => (
        <TextInput
          key={edge}
          aria-label={name}
          leftSection={<span className="edge-name">{edge}</span>}
          leftSectionWidth={24}
          inputMode="decimal"
          className="number"
          value={typed[edge]}
          error={Number.isNaN(Number(typed[edge]))}
          onChange={(event) => setTyped({ ...typed, [edge]: event.currentTarget.value })}
          onKeyDown={(event) => {
            if (event.key === 'Enter') keep();
            if (event.key === 'Escape') setTyped(typedOf(box));
          }}
        />
      ))}
    </fieldset>
  );
}
