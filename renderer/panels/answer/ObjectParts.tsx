// The objects of an answer: a line for each where there are several or the model says how sure it is, and box and mask of the one that is looked at.
import { ActionIcon, Button, Group, Text, Tooltip } from '@mantine/core';
import { IconCircle, IconCircleCheck, IconCircleHalf2, IconCircleX } from '@tabler/icons-react';
import { isKept } from '../../../main/contract/correction.ts';
import type { CorrectedObject, Correction, StoredProposal } from '../../../main/contract/project.ts';
import { unpackMask } from '../../../main/contract/project.ts';
import { maskArea } from '../../../main/contract/rle.ts';
import { counted, percent, several } from '../../state/words.ts';
import type { OpenImage } from '../../state/workbench.ts';
import { useClient } from '../window/client.ts';
import { BoxFields } from './BoxFields.tsx';
import { Verdicts } from './Verdicts.tsx';

interface Props {
  readonly open: OpenImage;
  readonly correction: Correction;
  readonly proposal: StoredProposal;
  /** The object that is looked at. */
  readonly at: number;
}

export function ObjectParts({ open, correction, proposal, at }: Props) {
  const { objects } = correction;
  const object = objects[at];
  if (!object) return null;
  return (
    <>
      {(objects.length > 1 || isScored(proposal)) && <ObjectList {...{ open, correction, proposal, at }} />}
      <section className="answer-part" aria-label="Box">
        <div className="part-line">
          <h2>Box</h2>
          <Verdicts part="box" verdict={object.box.verdict} />
        </div>
        <BoxFields box={object.box.value} image={open.image} />
      </section>
      <MaskPart {...{ open, object, proposal }} />
    </>
  );
}

const isScored = ({ objects }: Props['proposal']): boolean => objects.some(({ score }) => score !== undefined);

function ObjectList({ open, correction: { objects }, proposal, at }: Props) {
  return (
    <section className="answer-part" aria-label="Objects">
      <h2>{several(objects.length, 'object')}</h2>
      <ul className="plain-list prompt-tabs" aria-label="Objects of the answer">
        {objects.map((object, place) => (
          <ObjectLine
            key={object.index ?? `own ${object.mask.shapeId}`}
            {...{ object, place, isCurrent: place === at, name: nameOf(object, { open, proposal }) }}
          />
        ))}
      </ul>
    </section>
  );
}

/** What the answer calls it and how sure it is, where it tells; where only the person found it, its shape's number. */
function nameOf({ index, mask }: CorrectedObject, { open, proposal }: Pick<Props, 'open' | 'proposal'>): string {
  const found = index === null ? undefined : proposal.objects[index];
  if (found?.score !== undefined) return `${found.label ?? 'Object'}, ${percent(found.score)} sure`;
  if (found?.label) return found.label;
  return mask.shapeId !== null && open.shapes.has(mask.shapeId) && index === null ? 'Found by hand' : 'Object';
}

interface LineProps {
  readonly object: CorrectedObject;
  readonly place: number;
  readonly name: string;
  readonly isCurrent: boolean;
}

function ObjectLine({ object, place, name, isCurrent }: LineProps) {
  const { store, actions } = useClient();
  const { icon: Icon, words, tone } = objectOutcome(object);
  const light = (lit: typeof object.box.value | null) => store.setState({ lit });
  return (
    <li className="prompt-line" data-current={isCurrent || undefined}>
      <button
        type="button"
        aria-pressed={isCurrent}
        onPointerEnter={() => light(object.box.value)}
        onPointerLeave={() => light(null)}
        onClick={() => actions.chooseObject(place)}
      >
        <Icon size={14} aria-label={words} data-tone={tone} />
        <span className="ellipsis">
          {place + 1} {name}
        </span>
      </button>
      {isCurrent && !isKept(object) && object.mask.verdict !== 'wrong' && (
        <Tooltip label="Accept this object alone">
          <ActionIcon size={22} aria-label={`Accept object ${place + 1}`} onClick={() => void actions.acceptObject()}>
            <IconCircleCheck size={14} aria-hidden />
          </ActionIcon>
        </Tooltip>
      )}
    </li>
  );
}

/** The verdict on an object, as a sign and in words. */
export function objectOutcome(object: CorrectedObject) {
  if (object.mask.verdict === 'wrong') return { icon: IconCircleX, words: 'Wrong', tone: 'bad' };
  if (isKept(object)) return { icon: IconCircleCheck, words: 'Accepted', tone: 'good' };
  const isBegun = object.box.verdict !== null || object.mask.verdict !== null || object.mask.shapeId !== null;
  if (isBegun) return { icon: IconCircleHalf2, words: 'Being judged', tone: 'warn' };
  return { icon: IconCircle, words: 'Not judged yet', tone: undefined };
}

function MaskPart({ open, object, proposal }: Pick<Props, 'open' | 'proposal'> & { object: CorrectedObject }) {
  const { actions } = useClient();
  const shape = object.mask.shapeId === null ? null : open.shapes.get(object.mask.shapeId);
  const mask = shape ? shape.mask : object.index === null ? null : (proposal.objects[object.index]?.mask ?? null);
  return (
    <section className="answer-part" aria-label="Mask">
      <div className="part-line">
        <Group gap={8} wrap="nowrap">
          <h2>Mask</h2>
          <Text size="xs" c="dimmed" className="number">
            {mask ? `${counted(maskArea(unpackMask(mask)))} px²` : 'none'}
          </Text>
          <Tooltip label="Takes up the brush on this mask; every tool works on it" position="top-start">
            <Button
              variant="default"
              size="compact-xs"
              aria-label="Edit the mask"
              onClick={() => void actions.editMask()}
            >
              Edit
            </Button>
          </Tooltip>
        </Group>
        <Verdicts part="mask" verdict={object.mask.verdict} />
      </div>
    </section>
  );
}
