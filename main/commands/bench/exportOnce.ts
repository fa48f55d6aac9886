// A program of its own: exports a project once and reports how long it took and how much memory it had at most.
import { exportCoco } from '../../jobs/exporting/exporting.ts';
import { openProject } from '../../store/project.ts';

export interface ExportFigures {
  readonly seconds: number;
  /** Processor time of this process on all cores: at most what the time would be on an idle machine. */
  readonly cpuSeconds: number;
  /** Largest resident memory of the whole process. */
  readonly peakMB: number;
  readonly annotations: number;
}

const [, , project = '', file = ''] = process.argv;
const open = openProject(project);
try {
  const [started, before] = [performance.now(), process.cpuUsage()];
  const progress = { signal: new AbortController().signal, total: () => {}, step: () => {} };
  const { annotations } = await exportCoco(open, file, { settings: { masks: 'auto', onlyAccepted: false }, progress });
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(before);
  const cpuSeconds = (user + system) / 1e6;
  const figures: ExportFigures = { seconds, cpuSeconds, annotations, peakMB: process.resourceUsage().maxRSS / 1024 };
  process.send?.(figures);
} finally {
  open.close();
}
