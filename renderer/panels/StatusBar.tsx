// The bottom line: where the pointer is, what is selected, whether all is saved, what runs where, and how far jobs are.
import { Progress, Tooltip } from '@mantine/core';
import { IconAlertTriangle, IconCloudCheck, IconCloudOff, IconCpu, IconLoader2 } from '@tabler/icons-react';
import { memo } from 'react';
import { type Shape, unpackMask } from '../../main/contract/project.ts';
import { maskArea } from '../../main/contract/rle.ts';
import { tools } from '../../main/contract/tools.ts';
import {
  counted,
  deviceName,
  deviceWarning,
  duration,
  isActive,
  jobPercent,
  percent,
  savingWords,
  several,
  timeLeft,
  weightsName,
  zoomWords,
} from '../state/words.ts';
import { useClient, useWorkbench } from './window/client.ts';
import { useKeys } from './window/useCommands.ts';

export function StatusBar() {
  return (
    <footer className="status-bar">
      <Zoom />
      <Pointer />
      <Selection />
      <Hint />
      <Jobs />
      <Model />
      <Saved />
    </footer>
  );
}

function Zoom() {
  const scale = useWorkbench(({ view }) => view.scale);
  const open = useWorkbench((state) => state.open !== null);
  return open ? (
    <span className="status-cell number" style={{ minWidth: 52 }}>
      {zoomWords(scale)}
    </span>
  ) : null;
}

function Pointer() {
  const pointer = useWorkbench((state) => state.pointer);
  const size = useWorkbench(({ open }) => open && sizeWords(open.image));
  return (
    <>
      {size && <span className="status-cell number">{size}</span>}
      <span className="status-cell number" style={{ minWidth: 92 }}>
        {pointer ? `x ${Math.floor(pointer.x)}  y ${Math.floor(pointer.y)}` : ''}
      </span>
    </>
  );
}

const sizeWords = ({ width, height }: { width: number | null; height: number | null }): string =>
  width && height ? `${width} × ${height}` : '';

function Selection() {
  const selected = useWorkbench((state) => state.selected);
  const open = useWorkbench((state) => state.open);
  const first = [...selected][0];
  const only = selected.size === 1 && first !== undefined ? open?.shapes.get(first) : undefined;
  if (only) return <ShapeSize shape={only} />;
  return selected.size > 1 ? <span className="status-cell">{several(selected.size, 'shape')} selected</span> : null;
}

const ShapeSize = memo(({ shape: { box, mask } }: { shape: Shape }) => (
  <span className="status-cell number">
    {Math.round(box.x2 - box.x1)} × {Math.round(box.y2 - box.y1)} px
    {mask && `, ${counted(maskArea(unpackMask(mask)))} px²`}
  </span>
));
ShapeSize.displayName = 'ShapeSize';

function Hint() {
  const tool = useWorkbench((state) => state.tool);
  const open = useWorkbench((state) => state.open !== null);
  const finish = useKeys()('tool.finish').join('+');
  const words = open ? tools[tool].hint : null;
  return (
    <span className="status-hint dim ellipsis">
      {words}
      {words && tools[tool].waits && finish ? `; ${finish} keeps the mask` : ''}
    </span>
  );
}

function Jobs() {
  const { store } = useClient();
  const jobs = useWorkbench((state) => state.jobs);
  const active = [...jobs.values()].filter(isActive);
  const job = active.find(({ state }) => state === 'running') ?? active[0];
  if (!job) return null;
  const share = jobPercent(job);
  const more = active.length > 1 ? ` and ${active.length - 1} more` : '';
  return (
    <button type="button" className="status-cell status-button" onClick={() => store.setState({ dialog: 'jobs' })}>
      <Progress value={(share ?? 1) * 100} animated={share === null} w={72} size="sm" aria-label={job.title} />
      <span className="ellipsis" style={{ maxWidth: 220 }}>
        {job.title}
        {more}
      </span>
      <span className="number">
        {share === null ? '' : percent(share)}
        {job.secondsLeft === null ? '' : `, ${timeLeft(job.secondsLeft)} left`}
      </span>
    </button>
  );
}

function Model() {
  const { store } = useClient();
  const engine = useWorkbench((state) => state.engine);
  if (engine === null) return null;
  const warning = deviceWarning(engine);
  const broken = engine.state === 'failed' || engine.state === 'absent';
  const tone = broken ? 'bad' : warning ? 'warn' : undefined;
  const Icon = tone ? IconAlertTriangle : engine.state === 'starting' ? IconLoader2 : IconCpu;
  return (
    <Tooltip multiline maw={360} label={warning ?? engine.problem ?? modelWords(engine)} position="top">
      <button
        type="button"
        className="status-cell status-button"
        data-tone={tone}
        onClick={() => store.setState({ dialog: 'settings' })}
      >
        <Icon size={14} aria-hidden className={engine.state === 'starting' ? 'turning' : undefined} />
        <span>{modelWords(engine)}</span>
        {engine.lastCallMs !== null && !broken && <span className="number dim">{duration(engine.lastCallMs)}</span>}
      </button>
    </Tooltip>
  );
}

function modelWords({ state, weights, device }: NonNullable<ReturnType<typeof useEngine>>): string {
  if (state === 'starting') return 'Model is starting…';
  if (state === 'failed') return 'Model failed';
  if (state === 'absent') return 'No model';
  return [weights && weightsName(weights), device && deviceName(device)].filter(Boolean).join(' · ');
}

const useEngine = () => useWorkbench((state) => state.engine);

function Saved() {
  const saving = useWorkbench((state) => state.saving);
  const connected = useWorkbench((state) => state.connected);
  const lost = !connected || saving.state === 'failed';
  const problem =
    saving.state === 'failed' ? saving.problem : connected ? '' : 'The host does not answer; trying again.';
  const Icon = lost ? IconCloudOff : IconCloudCheck;
  return (
    <Tooltip multiline maw={360} label={problem} disabled={problem === ''} position="top-end">
      <span className="status-cell" role="status" data-tone={lost ? 'bad' : undefined}>
        <Icon size={14} aria-hidden />
        <span>{connected ? savingWords(saving) : 'Not connected'}</span>
      </span>
    </Tooltip>
  );
}
