// The labels in their order, searched by name: of hundreds only the rows in sight are made.
import { Text, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useRef, useState } from 'react';
import type { Diff } from '../../../main/contract/diff.ts';
import type { Label } from '../../../main/contract/project.ts';
import { type LabelConfirmation, LabelRow, type Use } from './LabelRow.tsx';

interface Props {
  readonly all: readonly Label[];
  readonly labels: ReadonlyMap<number, Label>;
  readonly use: ReadonlyMap<number, Use> | null;
  edit(make: () => Diff | null): void;
  onDoubt(doubt: LabelConfirmation): void;
}

export const unused: Use = { shapes: 0, images: 0 };

const rowHeight = 47;
const tallest = 440;
/** Fewer are seen at a glance. */
const fewest = 10;

export function LabelTable({ all, labels, use, edit, onDoubt }: Props) {
  const [search, setSearch] = useState('');
  const scroller = useRef<HTMLDivElement>(null);
  const wanted = search.trim().toLowerCase();
  const shown = wanted === '' ? all : all.filter(({ name }) => name.toLowerCase().includes(wanted));
  const rows = useVirtualizer({
    count: shown.length,
    getScrollElement: () => scroller.current,
    getItemKey: (index) => shown[index]?.id ?? index,
    estimateSize: () => rowHeight,
    initialRect: { width: 700, height: tallest },
    overscan: 2,
  });
  return (
    <>
      {all.length > fewest && (
        <TextInput
          aria-label="Search labels"
          placeholder={`Search ${all.length} labels`}
          leftSection={<IconSearch size={14} aria-hidden />}
          value={search}
          data-mantine-stop-propagation={search !== '' || undefined}
          onChange={(event) => setSearch(event.currentTarget.value)}
          onKeyDown={(event) => event.key === 'Escape' && setSearch('')}
        />
      )}
      {shown.length === 0 && <Text size="sm">No label has “{search.trim()}” in its name.</Text>}
      <div ref={scroller} className="label-rows" style={{ maxHeight: tallest }}>
        <ul
          className="plain-list"
          aria-label="Labels in their order"
          style={{ height: rows.getTotalSize(), position: 'relative' }}
        >
          {rows.getVirtualItems().map(({ index, key, start }) => {
            const label = shown[index];
            if (!label) return null;
            return (
              <li
                key={key}
                ref={rows.measureElement}
                data-index={index}
                aria-posinset={index + 1}
                aria-setsize={shown.length}
                style={{ transform: `translateY(${start}px)` }}
              >
                <LabelRow
                  {...{ label, labels, edit, onDoubt }}
                  index={wanted === '' ? index : null}
                  last={index === all.length - 1}
                  use={use?.get(label.id) ?? unused}
                />
              </li>
            );
          })}
        </ul>
      </div>
    </>
  );
}
