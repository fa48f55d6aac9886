// Chooses a label, or makes one by typing its name: what selected shapes are, and what new ones will be.
import { Combobox, InputBase, useCombobox } from '@mantine/core';
import { useEffect, useState } from 'react';
import type { Label } from '../../../main/contract/project.ts';
import { labelNamed, longestTyped, orderedLabels } from '../../state/labelEdits.ts';
import { useClient, useWorkbench } from '../window/client.ts';

interface Props {
  /** Id of the field. */
  readonly id?: string;
  readonly name: string;
  /** Null: several, or none. */
  readonly value: number | null;
  readonly placeholder: string;
  onPick(labelId: number): void;
}

export function LabelPicker({ id: fieldId, name, value, placeholder, onPick }: Props) {
  const { actions } = useClient();
  const labels = useWorkbench((state) => state.labels);
  const [search, setSearch] = useState('');
  const box = useCombobox({
    onDropdownClose: () => {
      box.resetSelectedOption();
      setSearch('');
    },
  });
  const wanted = search.trim().toLowerCase();
  const shown = matching(orderedLabels(labels), wanted);
  const current = value === null ? undefined : labels.get(value);
  const canMake = wanted !== '' && !labelNamed(labels, search);
  const { dropdownOpened, selectFirstOption } = box;
  // Enter takes the first that fits, or makes the label that was typed.
  useEffect(() => {
    if (dropdownOpened && search !== '') selectFirstOption();
  }, [search, dropdownOpened, selectFirstOption]);
  const submit = async (option: string) => {
    box.closeDropdown();
    const id = option === 'new' ? await actions.createLabel(search) : Number(option);
    if (id !== null) onPick(id);
  };
  return (
    <Combobox store={box} onOptionSubmit={(option) => void submit(option)} size="xs">
      <Combobox.Target>
        <InputBase
          id={fieldId}
          aria-label={name}
          size="xs"
          leftSection={<Swatch colour={current?.colour} />}
          rightSection={<Combobox.Chevron size="xs" />}
          rightSectionPointerEvents="none"
          placeholder={placeholder}
          maxLength={longestTyped}
          value={box.dropdownOpened ? search : (current?.name ?? '')}
          onChange={(event) => {
            setSearch(event.currentTarget.value);
            box.openDropdown();
          }}
          onClick={() => box.openDropdown()}
          onBlur={() => box.closeDropdown()}
        />
      </Combobox.Target>
      <Combobox.Dropdown>
        <Combobox.Options mah={260} style={{ overflowY: 'auto' }}>
          {shown.map((label) => (
            <Combobox.Option key={label.id} value={String(label.id)} active={label.id === value}>
              <LabelWords label={label} />
            </Combobox.Option>
          ))}
          {canMake && <Combobox.Option value="new">New label “{search.trim()}”</Combobox.Option>}
          {shown.length === 0 && !canMake && <Combobox.Empty>Type a name to make the first label</Combobox.Empty>}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
}

/** Finds labels by words; those that begin with the words come first. */
export function matching(labels: readonly Label[], wanted: string): readonly Label[] {
  const at = ({ name }: Label) => name.toLowerCase().indexOf(wanted);
  return labels.filter((label) => at(label) >= 0).sort((a, b) => Math.sign(at(a)) - Math.sign(at(b)));
}

export const Swatch = ({ colour }: { colour: string | undefined }) => (
  <span className="swatch" style={{ background: colour ?? 'transparent' }} aria-hidden />
);

const LabelWords = ({ label: { name, colour, digit } }: { label: Label }) => (
  <span className="label-words">
    <Swatch colour={colour} />
    <span className="ellipsis">{name}</span>
    {digit && <kbd className="digit">{digit}</kbd>}
  </span>
);
