// One label in the list: its colour, name, key and use, its place, and what its shapes may say.
import {
  ActionIcon,
  Button,
  Collapse,
  ColorPicker,
  Group,
  Menu,
  NativeSelect,
  Popover,
  Text,
  TextInput,
  Tooltip,
} from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconDotsVertical } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import type { Diff } from '../../../main/contract/diff.ts';
import type { Label } from '../../../main/contract/project.ts';
import {
  digits,
  giveDigit,
  longestTyped,
  orderedLabels,
  placeLabel,
  recolour,
  renameLabel,
} from '../../state/labelEdits.ts';
import { several } from '../../state/words.ts';
import { AttributeRules } from './AttributeRules.tsx';

/** How much a label is used. */
export interface Use {
  readonly shapes: number;
  readonly images: number;
}

/** What is about to be done to labels and needs a second word. */
export type LabelConfirmation =
  | { readonly kind: 'delete' | 'merge'; readonly label: Label; readonly into?: Label }
  | { readonly kind: 'unused'; readonly labels: readonly Label[] };

interface Props {
  readonly label: Label;
  readonly labels: ReadonlyMap<number, Label>;
  /** Its place in the whole list; null where only some of it is shown, and a neighbour may be out of sight. */
  readonly index: number | null;
  readonly last: boolean;
  readonly use: Use;
  edit(make: () => Diff | null): void;
  onDoubt(doubt: LabelConfirmation): void;
}

const keyChoices = [{ value: '', label: 'no key' }, ...digits];

/** With many labels only the rows in sight are made, and what a row opens is made when it opens. */
export function LabelRow({ label, labels, index, last, use, edit, onDoubt }: Props) {
  const [open, setOpen] = useState(false);
  const move = (to: number) => edit(() => placeLabel(labels, label.id, to));
  return (
    <div className="label-row">
      <Group gap="xs" wrap="nowrap">
        <Colour label={label} edit={edit} />
        <Name label={label} onRename={(name) => edit(() => renameLabel(labels, label, name))} />
        <NativeSelect
          aria-label={`Key of ${label.name}`}
          data={keyChoices}
          value={label.digit ?? ''}
          onChange={(event) => edit(() => giveDigit(labels, label, event.target.value || null))}
          w={92}
        />
        <Tooltip label={`on ${several(use.images, 'image')}`}>
          <Text size="xs" c="dimmed" w={88} ta="right">
            {several(use.shapes, 'shape')}
          </Text>
        </Tooltip>
        <Button size="compact-xs" variant="default" aria-expanded={open} onClick={() => setOpen(!open)}>
          Attributes {label.attributes.length > 0 ? `(${label.attributes.length})` : ''}
        </Button>
        <Tooltip label="Up">
          <ActionIcon
            aria-label={`Move ${label.name} up`}
            disabled={index === null || index === 0}
            onClick={() => index !== null && move(index - 1)}
          >
            <IconArrowUp size={16} aria-hidden />
          </ActionIcon>
        </Tooltip>
        <Tooltip label="Down">
          <ActionIcon
            aria-label={`Move ${label.name} down`}
            disabled={index === null || last}
            onClick={() => index !== null && move(index + 1)}
          >
            <IconArrowDown size={16} aria-hidden />
          </ActionIcon>
        </Tooltip>
        <More {...{ label, labels, onDoubt }} />
      </Group>
      <Collapse expanded={open}>{open && <AttributeRules label={label} edit={edit} />}</Collapse>
    </div>
  );
}

/** The name is stored when the field is left or Enter is pressed; Esc leaves the name as it was. */
function Name({ label, onRename }: { label: Label; onRename(name: string): void }) {
  const [name, setName] = useState(label.name);
  useEffect(() => setName(label.name), [label.name]);
  const done = () => {
    if (name.trim() !== label.name) onRename(name);
    setName(label.name);
  };
  return (
    <TextInput
      aria-label={`Name of ${label.name}`}
      value={name}
      maxLength={longestTyped}
      // Where there is something to take back, Esc belongs to the field; then it is the dialog's again.
      data-mantine-stop-propagation={name !== label.name || undefined}
      onChange={(event) => setName(event.currentTarget.value)}
      onBlur={done}
      onKeyDown={(event) => {
        if (event.key === 'Enter') event.currentTarget.blur();
        if (event.key === 'Escape') setName(label.name);
      }}
      flex={1}
      miw={120}
    />
  );
}

const swatches = ['#e69f00', '#56b4e9', '#009e73', '#f0e442', '#0072b2', '#d55e00', '#cc79a7', '#882255', '#332288'];

function Colour({ label, edit }: Pick<Props, 'label' | 'edit'>) {
  const [colour, setColour] = useState(label.colour);
  useEffect(() => setColour(label.colour), [label.colour]);
  return (
    <Popover position="bottom-start" shadow="md" trapFocus>
      <Popover.Target>
        <button
          type="button"
          className="colour-button"
          style={{ background: colour }}
          aria-label={`Colour of ${label.name}: ${colour}`}
        />
      </Popover.Target>
      <Popover.Dropdown>
        <ColorPicker
          value={colour}
          onChange={setColour}
          onChangeEnd={(next) => edit(() => recolour(label, next))}
          swatches={swatches}
          swatchesPerRow={9}
          saturationLabel="Saturation and lightness"
          hueLabel="Hue"
          size="sm"
        />
      </Popover.Dropdown>
    </Popover>
  );
}

function More({ label, labels, onDoubt }: Pick<Props, 'label' | 'labels' | 'onDoubt'>) {
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <ActionIcon aria-label={`More for ${label.name}`}>
          <IconDotsVertical size={16} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown mah={320} style={{ overflowY: 'auto' }}>
        <Menu.Item color="red" onClick={() => onDoubt({ kind: 'delete', label })}>
          Delete with its shapes…
        </Menu.Item>
        <MergeItems {...{ label, labels, onDoubt }} />
      </Menu.Dropdown>
    </Menu>
  );
}

function MergeItems({ label, labels, onDoubt }: Pick<Props, 'label' | 'labels' | 'onDoubt'>) {
  const others = orderedLabels(labels).filter(({ id }) => id !== label.id);
  return (
    <>
      {others.length > 0 && <Menu.Label>Merge into</Menu.Label>}
      {others.map((into) => (
        <Menu.Item key={into.id} onClick={() => onDoubt({ kind: 'merge', label, into })}>
          {into.name}
        </Menu.Item>
      ))}
    </>
  );
}
