// The reasoning as text whose boxes are live: pointing at one lights it up on the picture, clicking makes it the answer.
import { ActionIcon, Button, Group, Text, Textarea, Tooltip } from '@mantine/core';
import { IconPencil } from '@tabler/icons-react';
import { memo, useMemo, useState } from 'react';
import type { Frame } from '../../../main/contract/geometry.ts';
import type { Image, Verdict } from '../../../main/contract/project.ts';
import { inPicture, pieces, type ReasoningPiece } from '../../../main/contract/reasoning.ts';
import type { Box } from '../../../main/contract/records.ts';

import { useClient } from '../window/client.ts';
import { Verdicts } from './Verdicts.tsx';

interface LiveProps {
  readonly text: string;
  readonly image: Image;
  /** Coordinates in the text are pixels of it; null: of the image. */
  readonly frame: Frame | null;
  /** The boxes that the answer stands at. */
  readonly answers: readonly Box[];
  /** Boxes of an answer that is still being written can be looked at only. */
  readonly frozen?: boolean;
}

export const LiveText = memo(({ text, image, frame, answers, frozen = false }: LiveProps) => {
  const parts = useMemo(() => {
    // The size of a file that was never read is not known: then the frame stands for it.
    const size = sizeOf(image) ?? frame;
    return size ? pieces(text, frame ?? size, size) : [{ text, box: null }];
  }, [text, frame, image]);
  // Pieces have no identity of their own; their place in the text is the best there is.
  const keyed = parts.map((piece, place) => ({ piece, key: `${place}` }));
  return (
    <p className="reasoning">
      {keyed.map(({ piece, key }) =>
        piece.box ? (
          <LiveBox key={key} {...{ piece, box: piece.box, answers, frozen }} />
        ) : (
          <span key={key}>{piece.text}</span>
        ),
      )}
    </p>
  );
});
const sizeOf = ({ width, height }: Image): Frame | null => (width && height ? { width, height } : null);
LiveText.displayName = 'LiveText';

interface LiveBoxProps {
  readonly piece: ReasoningPiece;
  readonly box: Box;
  readonly answers: readonly Box[];
  readonly frozen: boolean;
}

function LiveBox({ piece, box, answers, frozen }: LiveBoxProps) {
  const { store, actions } = useClient();
  const light = () => store.setState({ lit: box });
  const dark = () => store.setState({ lit: null });
  const current = answers.some((one) => isNear(one, box));
  const says = current ? 'This box is the answer' : 'Click to make this box the answer';
  return (
    <Tooltip label={says} disabled={frozen} position="top">
      <button
        type="button"
        className="live-box"
        data-current={current || undefined}
        onPointerEnter={light}
        onPointerLeave={dark}
        onFocus={light}
        onBlur={dark}
        onClick={() => {
          if (!frozen && !current) void actions.setBox(box);
        }}
      >
        {piece.text}
      </button>
    </Tooltip>
  );
}

/** Within a pixel: the answer's own box was rounded on its way. */
const isNear = (a: Box, b: Box): boolean =>
  Math.max(Math.abs(a.x1 - b.x1), Math.abs(a.y1 - b.y1), Math.abs(a.x2 - b.x2), Math.abs(a.y2 - b.y2)) <= 1;

interface Props {
  readonly text: string;
  readonly verdict: Verdict;
  readonly image: Image;
  readonly frame: Frame | null;
  readonly answers: readonly Box[];
}

export function Reasoning({ text, verdict, image, frame, answers }: Props) {
  const [editing, setEditing] = useState(false);
  return (
    <section className="answer-part" aria-label="Reasoning">
      <Group justify="space-between" wrap="nowrap" gap={4}>
        <Group gap={4}>
          <h2>Reasoning</h2>
          <Tooltip label="Write the reasoning anew" position="top">
            <ActionIcon
              size={24}
              aria-label="Edit the reasoning"
              aria-pressed={editing}
              onClick={() => setEditing(!editing)}
            >
              <IconPencil size={14} aria-hidden />
            </ActionIcon>
          </Tooltip>
        </Group>
        <Verdicts part="reasoning" verdict={verdict} />
      </Group>
      {editing ? (
        <Editor text={shownText(text, frame, image)} onDone={() => setEditing(false)} />
      ) : text === '' ? (
        <Text size="xs" c="dimmed">
          The model gave no reason.
        </Text>
      ) : (
        <LiveText {...{ text, image, frame, answers }} />
      )}
    </section>
  );
}

/** Shows coordinates in picture pixels; what is stored goes back into the frame. */
function shownText(text: string, frame: Frame | null, image: Image): string {
  const size = sizeOf(image);
  return frame && size ? inPicture(text, frame, size) : text;
}

function Editor({ text, onDone }: { text: string; onDone(): void }) {
  const { actions } = useClient();
  const [draft, setDraft] = useState(text);
  const keep = () => {
    if (draft.trim() !== text) void actions.setReasoning(draft.trim());
    onDone();
  };
  return (
    <>
      <Textarea
        aria-label="The reasoning as it should be"
        autosize
        minRows={3}
        maxRows={12}
        size="xs"
        data-autofocus
        autoFocus
        value={draft}
        onChange={(event) => setDraft(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') onDone();
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
            event.preventDefault();
            event.stopPropagation();
            keep();
          }
        }}
      />
      <Group gap={6} justify="flex-end" mt={6}>
        <Button variant="default" size="compact-xs" onClick={onDone}>
          Cancel
        </Button>
        <Button size="compact-xs" onClick={keep}>
          Keep this reasoning
        </Button>
      </Group>
    </>
  );
}
