// Every shape of the image as one line, the topmost first; selecting here is selecting on the canvas.
import { ActionIcon, Text, Tooltip } from '@mantine/core';
import { IconEye, IconEyeOff, IconLock, IconLockOpen, IconTrash } from '@tabler/icons-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, type MouseEvent, memo, useEffect, useMemo, useRef } from 'react';
import type { Label, Shape } from '../../../main/contract/project.ts';
import { stacked } from '../../state/shapeEdits.ts';
import { counted } from '../../state/words.ts';
import { useClient, useWorkbench } from '../window/client.ts';
import { AttributeFields } from './AttributeFields.tsx';
import { LabelPicker, Swatch } from './LabelPicker.tsx';

const rowHeight = 28;

export function ShapesPanel() {
  const open = useWorkbench((state) => state.open);
  const shapes = useMemo(() => (open ? stacked(open).reverse() : []), [open]);
  return (
    <section className="side-panel" aria-label="Shapes">
      <div className="panel-head">
        <h2>
          Shapes <span className="number dim">{counted(shapes.length)}</span>
        </h2>
        <CurrentLabel shapes={shapes} />
      </div>
      {shapes.length === 0 ? <NoShapes open={open !== null} /> : <ShapeTree shapes={shapes} />}
      <AttributeFields />
      <KeypointsLine />
    </section>
  );
}

/** Keypoints of the selected shape, where its file gave it any. */
function KeypointsLine() {
  const open = useWorkbench((state) => state.open);
  const selected = useWorkbench((state) => state.selected);
  const [id] = selected;
  const keypoints = selected.size === 1 && id !== undefined ? open?.keypoints?.get(id) : undefined;
  if (keypoints === undefined) return null;
  const covered = keypoints.points.filter(({ seen }) => !seen).length;
  const hollow = covered > 0 ? ` (${covered} covered)` : '';
  return (
    <Text size="xs" className="hint">
      {counted(keypoints.points.length)} keypoints{hollow}: shown and exported as they were imported.
    </Text>
  );
}

const NoShapes = ({ open }: { open: boolean }) => (
  <div className="hint">
    <Text size="xs">
      {open ? 'No shapes yet: ask a prompt, or draw one with a tool on the left.' : 'No image is open.'}
    </Text>
  </div>
);

const labelFieldId = 'label-of-shapes';

/** Opens in the next turn: the browser gives the focus to what was pressed after all listeners of the press. */
export function openLabelPicker(): void {
  setTimeout(() => {
    const field = document.getElementById(labelFieldId);
    field?.focus();
    field?.click();
  });
}

/** The label of what is selected; with nothing selected, of what will be drawn. */
function CurrentLabel({ shapes }: { shapes: readonly Shape[] }) {
  const { actions } = useClient();
  const selected = useWorkbench((state) => state.selected);
  const labelId = useWorkbench((state) => state.labelId);
  const theirs = new Set(shapes.filter(({ id }) => selected.has(id)).map((shape) => shape.labelId));
  const value = theirs.size === 0 ? labelId : theirs.size === 1 ? ([...theirs][0] ?? null) : null;
  return (
    <div style={{ width: 150 }}>
      <LabelPicker
        id={labelFieldId}
        name={selected.size > 0 ? 'Label of the selected shapes' : 'Label of new shapes'}
        placeholder={theirs.size > 1 ? 'Several labels' : 'Label'}
        value={value}
        onPick={(id) => void actions.setLabel(id)}
      />
    </div>
  );
}

/** How a click changes the selection: alone, one more with Ctrl, all up to here with Shift. */
export function clicked(
  shapes: readonly Shape[],
  selected: ReadonlySet<number>,
  at: number,
  keys: { range: boolean; add: boolean },
) {
  const here = shapes[at];
  if (!here) return [...selected];
  if (keys.range) {
    const from = shapes.findIndex(({ id }) => selected.has(id));
    const [first, last] = from < 0 ? [at, at] : [Math.min(from, at), Math.max(from, at)];
    return shapes.slice(first, last + 1).map(({ id }) => id);
  }
  if (!keys.add) return [here.id];
  return selected.has(here.id) ? [...selected].filter((id) => id !== here.id) : [...selected, here.id];
}

function ShapeTree({ shapes }: { shapes: readonly Shape[] }) {
  const { actions, store } = useClient();
  const selected = useWorkbench((state) => state.selected);
  const hovered = useWorkbench((state) => state.hovered);
  const labels = useWorkbench((state) => state.labels);
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: shapes.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 8,
  });
  const current = shapes.findIndex(({ id }) => selected.has(id));
  useEffect(() => {
    if (current >= 0) rows.scrollToIndex(current, { align: 'auto' });
  }, [current, rows]);
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = Math.min(Math.max(current + step, 0), shapes.length - 1);
    actions.select(clicked(shapes, selected, next, { range: event.shiftKey, add: false }));
  };
  return (
    <div
      ref={scroller}
      className="rows"
      role="tree"
      aria-label="Shapes"
      aria-multiselectable="true"
      aria-activedescendant={current >= 0 ? `shape-row-${shapes[current]?.id}` : undefined}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onPointerLeave={() => store.setState({ hovered: null })}
    >
      <div role="presentation" style={{ height: rows.getTotalSize(), position: 'relative' }}>
        {rows.getVirtualItems().map(({ index, start }) => {
          const shape = shapes[index];
          if (!shape) return null;
          return (
            <ShapeRow
              key={shape.id}
              {...{ shape, index, start }}
              label={labels.get(shape.labelId)}
              count={shapes.length}
              isSelected={selected.has(shape.id)}
              isHovered={hovered === shape.id}
              onClick={(event) => {
                const add = event.ctrlKey || event.metaKey;
                actions.select(clicked(shapes, store.getState().selected, index, { range: event.shiftKey, add }));
              }}
            />
          );
        })}
      </div>
    </div>
  );
}

interface RowProps {
  readonly shape: Shape;
  readonly index: number;
  readonly start: number;
  readonly label: Label | undefined;
  readonly count: number;
  readonly isSelected: boolean;
  readonly isHovered: boolean;
  onClick(event: MouseEvent): void;
}

const ShapeRow = memo(
  ({ shape, index, start, label, count, isSelected, isHovered, onClick }: RowProps) => {
    const { store } = useClient();
    const { box, origin, crowd } = shape;
    const name = label?.name ?? 'No label';
    return (
      <div
        id={`shape-row-${shape.id}`}
        role="treeitem"
        tabIndex={-1}
        aria-level={1}
        aria-posinset={index + 1}
        aria-setsize={count}
        aria-selected={isSelected}
        className="shape-row"
        data-hovered={isHovered || undefined}
        data-hidden={shape.hidden || undefined}
        style={{ transform: `translateY(${start}px)`, height: rowHeight }}
        onPointerEnter={() => store.setState({ hovered: shape.id })}
        onClick={onClick}
        onKeyDown={(event) => event.key === 'Enter' && event.currentTarget.click()}
      >
        <span className="shape-name">
          <Swatch colour={label?.colour} />
          <span className="ellipsis">{name}</span>
          {crowd && <span className="tag">crowd</span>}
          {origin.kind !== 'drawn' && <span className="tag">{origin.kind === 'proposal' ? 'model' : 'imported'}</span>}
        </span>
        <span className="number dim">
          {Math.round(box.x2 - box.x1)}×{Math.round(box.y2 - box.y1)}
        </span>
        <RowDeeds shape={shape} name={name} />
      </div>
    );
  },
  (a, b) =>
    a.shape === b.shape &&
    a.start === b.start &&
    a.label === b.label &&
    a.isSelected === b.isSelected &&
    a.isHovered === b.isHovered &&
    a.index === b.index,
);
ShapeRow.displayName = 'ShapeRow';

function RowDeeds({ shape: { id, hidden, locked }, name }: { shape: Shape; name: string }) {
  const { actions } = useClient();
  return (
    <span className="row-deeds">
      <RowDeed
        name={`${hidden ? 'Show' : 'Hide'} ${name}`}
        on={hidden}
        icon={hidden ? IconEyeOff : IconEye}
        act={() => actions.toggleFlag([id], 'hidden')}
      />
      <RowDeed
        name={`${locked ? 'Unlock' : 'Lock'} ${name}`}
        on={locked}
        icon={locked ? IconLock : IconLockOpen}
        act={() => actions.toggleFlag([id], 'locked')}
      />
      <RowDeed name={`Delete ${name}`} on={false} icon={IconTrash} act={() => actions.remove([id])} />
    </span>
  );
}

interface RowDeedProps {
  readonly name: string;
  readonly on: boolean;
  readonly icon: typeof IconEye;
  act(): Promise<boolean>;
}

const RowDeed = ({ name, on, icon: Icon, act }: RowDeedProps) => (
  <Tooltip label={name} openDelay={700} position="left" offset={70}>
    <ActionIcon
      size={22}
      tabIndex={-1}
      aria-label={name}
      data-on={on || undefined}
      onClick={(event) => {
        event.stopPropagation();
        void act();
      }}
    >
      <Icon size={14} aria-hidden />
    </ActionIcon>
  </Tooltip>
);
