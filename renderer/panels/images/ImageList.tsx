// Lists the project's images with their states: searched, filtered, and with only as many rows on the page as can be seen.
import { ActionIcon, Button, Menu, Select, Skeleton, Text, TextInput, Tooltip } from '@mantine/core';
import { IconAdjustmentsHorizontal, IconPhotoPlus, IconPhotoX, IconSearch, IconX } from '@tabler/icons-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, memo, useEffect, useRef, useState } from 'react';
import { useStore } from 'zustand';
import { thumbnailAddress } from '../../../main/contract/addresses.ts';
import type { ImageQuery } from '../../../main/contract/api.ts';
import type { ImageRow } from '../../../main/contract/project.ts';
import { orderedLabels } from '../../state/labelEdits.ts';
import { counted, fileName, folderOf, percent, several, stateWords, statusWords } from '../../state/words.ts';
import { useClient, useWorkbench } from '../window/client.ts';
import { useCommand } from '../window/useCommands.ts';
import { statusIcons, statusTones } from './TopBar.tsx';

const rowHeight = 42;

export function ImageList() {
  const { list } = useClient();
  const total = useStore(list.store, (state) => state.total);
  const problem = useStore(list.store, (state) => state.problem);
  const images = useWorkbench(({ project }) => project?.images ?? 0);
  return (
    <section className="side-panel" aria-label="Images">
      <Filters total={total} />
      {problem !== null && (
        <div className="hint" role="alert">
          <Text size="xs">{problem}</Text>
        </div>
      )}
      {total === 0 ? <NoRows images={images} /> : <Rows total={total} />}
    </section>
  );
}

const statusChoices: { value: ImageQuery['status']; label: string }[] = [
  { value: 'all', label: 'All' },
  { value: 'unreviewed', label: 'Unreviewed' },
  { value: 'accepted', label: 'Accepted' },
  { value: 'unclear', label: 'Unclear' },
  { value: 'nothing found', label: 'Nothing found' },
  { value: 'problem', label: 'With a problem' },
];

const orders: { order: ImageQuery['order']; words: string }[] = [
  { order: 'path', words: 'By name' },
  { order: 'disagreement', words: 'By disagreement with the model' },
  { order: 'spread', words: 'By spread of the answers' },
];

function Filters({ total }: { total: number | null }) {
  const { actions } = useClient();
  const query = useWorkbench((state) => state.query);
  const labels = useWorkbench((state) => state.labels);
  const isNarrow = query.search !== '' || query.status !== 'all' || query.labelId !== null;
  const label = query.labelId === null ? undefined : labels.get(query.labelId)?.name;
  return (
    <div className="filters">
      <div className="filter-row">
        <Search value={query.search} />
        <Select
          aria-label="Review status"
          data={statusChoices}
          value={query.status}
          allowDeselect={false}
          onChange={(status) => status && actions.setQuery({ status: status as ImageQuery['status'] })}
        />
        <OrderMenu query={query} />
      </div>
      {isNarrow && total !== null && (
        <div className="filter-row">
          <Text size="xs" c="dimmed" style={{ flex: 1 }} className="ellipsis">
            {several(total, 'image')} of this kind{label ? `, with ${label}` : ''}
          </Text>
          <Button
            size="compact-xs"
            variant="subtle"
            leftSection={<IconX size={12} aria-hidden />}
            onClick={() => actions.setQuery(everything)}
          >
            Show all
          </Button>
        </div>
      )}
    </div>
  );
}

const everything = { search: '', status: 'all', labelId: null } as const;

/** Searches when typing pauses. */
function Search({ value }: { value: string }) {
  const { actions } = useClient();
  const [draft, setDraft] = useState(value);
  useEffect(() => setDraft(value), [value]);
  useEffect(() => {
    if (draft === value) return;
    const timer = setTimeout(() => actions.setQuery({ search: draft }), 200);
    return () => clearTimeout(timer);
  }, [draft, value, actions]);
  return (
    <TextInput
      aria-label="Search images by name"
      placeholder="Search by name"
      leftSection={<IconSearch size={14} aria-hidden />}
      value={draft}
      onChange={(event) => setDraft(event.currentTarget.value)}
    />
  );
}

function OrderMenu({ query }: { query: ImageQuery }) {
  const { actions } = useClient();
  const labels = useWorkbench((state) => state.labels);
  const mark = (on: boolean) => (on ? 600 : undefined);
  return (
    <Menu position="bottom-end" width={240}>
      <Menu.Target>
        <Tooltip label="Order, and images with a label">
          <ActionIcon
            size={30}
            variant="default"
            aria-label="Order and label of the images"
            data-on={query.order !== 'path' || query.labelId !== null || undefined}
          >
            <IconAdjustmentsHorizontal size={15} aria-hidden />
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown mah={360} style={{ overflowY: 'auto' }}>
        <Menu.Label>Order</Menu.Label>
        {orders.map(({ order, words }) => (
          <Menu.Item key={order} fw={mark(order === query.order)} onClick={() => actions.setQuery({ order })}>
            {words}
          </Menu.Item>
        ))}
        <Menu.Label>With a shape of</Menu.Label>
        <Menu.Item fw={mark(query.labelId === null)} onClick={() => actions.setQuery({ labelId: null })}>
          Any label or none
        </Menu.Item>
        {orderedLabels(labels).map(({ id, name }) => (
          <Menu.Item key={id} fw={mark(id === query.labelId)} onClick={() => actions.setQuery({ labelId: id })}>
            {name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function NoRows({ images }: { images: number }) {
  const { actions } = useClient();
  const run = useCommand();
  if (images > 0) {
    return (
      <div className="hint">
        <Text size="xs">No image is of this kind.</Text>
        <Button variant="default" onClick={() => actions.setQuery(everything)}>
          Show all images
        </Button>
      </div>
    );
  }
  return (
    <div className="hint">
      <Text size="xs">The project has no images yet.</Text>
      <Button leftSection={<IconPhotoPlus size={15} aria-hidden />} onClick={() => run('project.addImages')}>
        Add images
      </Button>
    </div>
  );
}

function Rows({ total }: { total: number | null }) {
  const { actions, list } = useClient();
  const pages = useStore(list.store, (state) => state.pages);
  const openId = useWorkbench(({ open, opening }) => opening ?? open?.image.id ?? null);
  const place = useWorkbench(({ position }) => position?.index ?? null);
  const [active, setActive] = useState<number | null>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: total ?? 12,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 6,
  });
  const seen = rows.getVirtualItems();
  const [first, last] = [seen[0]?.index ?? 0, seen.at(-1)?.index ?? 0];
  useEffect(() => list.want(first, last), [list, first, last]);
  useEffect(() => {
    setActive(place);
    if (place !== null) rows.scrollToIndex(place, { align: 'auto' });
  }, [place, rows]);
  const open = (index: number) => {
    const row = list.row(index);
    if (row) void actions.openImage(row.id, index);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const next = stepped(event.key, active ?? -1, total ?? 0);
    if (next !== null) {
      event.preventDefault();
      setActive(next);
      rows.scrollToIndex(next, { align: 'auto' });
    } else if (event.key === 'Enter' && active !== null) open(active);
  };
  return (
    <div
      ref={scroller}
      className="rows"
      role="listbox"
      aria-label="Images"
      aria-activedescendant={active === null ? undefined : `image-row-${active}`}
      tabIndex={0}
      onKeyDown={onKeyDown}
    >
      <div role="presentation" style={{ height: rows.getTotalSize(), position: 'relative' }}>
        {seen.map(({ index, start }) => (
          <Row
            key={index}
            {...{ index, start }}
            row={pages.get(Math.floor(index / 100))?.[index % 100] ?? null}
            total={total ?? 0}
            openId={openId}
            isActive={index === active}
            onOpen={open}
          />
        ))}
      </div>
    </div>
  );
}

/** The row that a key leads to; null for keys that lead nowhere. */
export function stepped(key: string, at: number, total: number): number | null {
  if (total === 0) return null;
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: total - 1, PageDown: at + 10, PageUp: at - 10 }[key];
  return to === undefined ? null : Math.min(Math.max(to, 0), total - 1);
}

interface RowProps {
  readonly index: number;
  readonly start: number;
  readonly row: ImageRow | null;
  readonly total: number;
  readonly openId: number | null;
  readonly isActive: boolean;
  onOpen(index: number): void;
}

function Row({ index, start, row, total, openId, isActive, onOpen }: RowProps) {
  return (
    <div
      id={`image-row-${index}`}
      role="option"
      tabIndex={-1}
      aria-selected={row !== null && row.id === openId}
      aria-posinset={index + 1}
      aria-setsize={total}
      className="image-row"
      data-active={isActive || undefined}
      style={{ transform: `translateY(${start}px)`, height: rowHeight }}
      onClick={() => onOpen(index)}
      onKeyDown={(event) => event.key === 'Enter' && onOpen(index)}
    >
      {row ? <ImageLine row={row} /> : <Skeleton height={26} radius="sm" aria-label="Loading" />}
    </div>
  );
}

const ImageLine = memo(({ row }: { row: ImageRow }) => {
  const Icon = statusIcons[row.status];
  const folder = folderOf(row.path);
  const measure = row.disagreement ?? row.spread;
  return (
    <>
      <Thumbnail row={row} />
      <span className="image-words">
        <Tooltip label={row.path} position="left" openDelay={700}>
          <span className="ellipsis">{fileName(row.path)}</span>
        </Tooltip>
        <span className="ellipsis dim small">
          {row.state === 'present' ? folder : (row.problem ?? stateWords[row.state])}
        </span>
      </span>
      {measure !== null && (
        <Tooltip label={row.disagreement === null ? 'Spread of the answers' : 'Disagreement with the model'}>
          <span className="number dim small">{percent(measure)}</span>
        </Tooltip>
      )}
      <Tooltip label={several(row.shapes, 'shape')}>
        <span className="number small">{row.shapes > 0 ? counted(row.shapes) : ''}</span>
      </Tooltip>
      <Icon
        size={16}
        role="img"
        aria-label={statusWords[row.status]}
        data-tone={statusTones[row.status]}
        className="status-icon"
      />
    </>
  );
});
ImageLine.displayName = 'ImageLine';

/** The picture on the canvas comes first; a thumbnail that has been shown stays. */
function useThumbnails(): boolean {
  const isFree = useWorkbench(
    ({ open, opening, entering, pictured }) =>
      !entering && opening === null && (open === null || open.image.width === null || pictured === open.image.id),
  );
  const [shown, setShown] = useState(isFree);
  useEffect(() => {
    if (isFree) setShown(true);
  }, [isFree]);
  return shown || isFree;
}

function Thumbnail({ row }: { row: ImageRow }) {
  const shown = useThumbnails();
  if (row.state === 'missing' || row.state === 'unreadable') {
    return (
      <span className="thumbnail">
        <IconPhotoX size={18} data-tone="bad" aria-hidden />
      </span>
    );
  }
  return (
    <span className="thumbnail">
      {shown && (
        <img src={thumbnailAddress(row.id, row.hash)} alt="" loading="lazy" decoding="async" draggable={false} />
      )}
    </span>
  );
}
