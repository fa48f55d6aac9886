// Writes numbers and records as the words that stand on screen.
import type { EngineStatus } from '../../main/contract/api.ts';
import type { Job } from '../../main/contract/jobs.ts';
import type { FileState, ReviewStatus, StoredProposal } from '../../main/contract/project.ts';
import type { Saving } from './workbench.ts';

export const statusWords: Readonly<Record<ReviewStatus, string>> = {
  unreviewed: 'Unreviewed',
  accepted: 'Accepted',
  unclear: 'Unclear',
};

export const stateWords: Readonly<Record<FileState, string>> = {
  present: 'On disk',
  missing: 'Missing',
  changed: 'Changed on disk',
  unreadable: 'Cannot be read',
};

/** "12,345". */
export const counted = (count: number): string => count.toLocaleString('en-US');

/** "1 image", "2 images". */
export const several = (count: number, one: string, many = `${one}s`): string =>
  `${counted(count)} ${count === 1 ? one : many}`;

export const percent = (share: number): string => `${Math.round(share * 100)} %`;

/** "38 MB", "7.5 GB". */
export const bytesWords = (bytes: number): string =>
  bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;

/** 0.5 is 50 %, finer below 10 %. */
export const zoomWords = (scale: number): string =>
  `${scale < 0.1 ? (scale * 100).toFixed(1) : Math.round(scale * 100)} %`;

export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return timeLeft(ms / 1000);
}

/** "40 s", "3 min", "2 h 10 min". */
export function timeLeft(seconds: number): string {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function savingWords(saving: Saving): string {
  if (saving.state === 'saving') return 'Saving…';
  if (saving.state === 'failed') return 'Not saved';
  return saving.at === 0 ? 'All saved' : `Saved ${new Date(saving.at).toLocaleTimeString('en-GB')}`;
}

export const fileName = (path: string): string =>
  path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);

export const folderOf = (path: string): string =>
  path.slice(0, Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\'), 0));

/** The name of a folder with weights; the path itself says too much. */
export const weightsName = (weights: string): string => fileName(weights.replace(/[/\\]+$/u, '')) || weights;

const providerNames: Readonly<Record<string, string>> = {
  cpu: 'CPU',
  webgpu: 'WebGPU',
  cuda: 'CUDA',
  dml: 'DirectML',
  coreml: 'Core ML',
};

export const deviceName = (device: string): string => providerNames[device] ?? device;

/** A sentence when another device runs than was asked for; null when all is as it should be. */
export function deviceWarning({ device, requested, warnings, state }: EngineStatus): string | null {
  if (state !== 'ready' || device === null) return null;
  const other = device !== requested && requested !== 'cpu';
  const said = warnings.join(' ');
  if (!other) return said === '' ? null : said;
  return `${deviceName(requested)} was asked for, but ${deviceName(device)} runs. ${said}`.trim();
}

export const foundWords: Readonly<Record<StoredProposal['found'], string>> = {
  objects: 'Found',
  nothing: 'Nothing matches',
  unreadable: 'The answer cannot be read',
};

export const jobPercent = ({ done, total }: Job): number | null =>
  total === null || total === 0 ? null : Math.min(1, done / total);

const pasts: Readonly<Record<string, string>> = {
  Adding: 'Added',
  Asking: 'Asked',
  Comparing: 'Compared',
  Exporting: 'Exported',
  Importing: 'Imported',
  Proposing: 'Proposed',
  Redoing: 'Redone',
  Teaching: 'Taught',
  Undoing: 'Undone',
};

/** What a job does while it does it, and what it did once it is done. */
export const jobTitle = ({ title, state }: Job): string =>
  state === 'done' ? title.replace(/^\w+/u, (word) => pasts[word] ?? word) : title;

export const isActive = ({ state }: Job): boolean => state === 'running' || state === 'waiting';
