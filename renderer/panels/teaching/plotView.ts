// Draws lines over one axis into an element, anew as readings come; the only importer of uPlot.
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

export interface Line {
  readonly name: string;
  /** One for each place on the axis; null: nothing is known there. */
  readonly values: readonly (number | null)[];
}

export interface Plot {
  readonly title: string;
  /** What the axis counts. */
  readonly along: string;
  readonly xs: readonly number[];
  readonly lines: readonly Line[];
}

const HEIGHT = 116;
/** Readings that are so few are marked one by one. */
const FEW = 12;
/** Colours that people who are colour-blind can tell apart, too (Okabe and Ito). */
const colours = ['#0072b2', '#d55e00', '#009e73', '#cc79a7'];
export const lineColour = (i: number): string => colours[i % colours.length] ?? '#0072b2';

export class PlotView {
  private readonly element: HTMLElement;
  private readonly resized: ResizeObserver;
  private plot: uPlot | null = null;
  /** What the axes and lines in `plot` were made for. */
  private made = '';

  constructor(element: HTMLElement) {
    this.element = element;
    this.resized = new ResizeObserver(() => this.plot?.setSize({ width: element.clientWidth, height: HEIGHT }));
    this.resized.observe(element);
  }

  /** Axes and lines are made once; readings are set as often as they come. */
  show(plot: Plot): void {
    const data: uPlot.AlignedData = [[...plot.xs], ...plot.lines.map(({ values }) => [...values])];
    const made = JSON.stringify([plot.lines.map(({ name }) => name), plot.along, isFew(plot)]);
    if (this.plot && made === this.made) {
      this.plot.setData(data);
      return;
    }
    this.plot?.destroy();
    this.plot = new uPlot(this.options(plot), data, this.element);
    this.made = made;
  }

  close(): void {
    this.resized.disconnect();
    this.plot?.destroy();
    this.plot = null;
  }

  private options(plot: Plot): uPlot.Options {
    const { color } = getComputedStyle(this.element);
    const axis = {
      stroke: color,
      font: '11px sans-serif',
      grid: { stroke: '#8884', width: 1 },
      ticks: { show: false },
    };
    return {
      ...{ width: this.element.clientWidth, height: HEIGHT },
      ...{ legend: { show: false }, cursor: { drag: { x: false, y: false }, y: false } },
      scales: { x: { time: false } },
      axes: [
        { ...axis, size: 20, gap: 2, label: plot.along, labelSize: 14, labelFont: '11px sans-serif', labelGap: -2 },
        { ...axis, size: 44, values: (_, ticks) => ticks.map(short) },
      ],
      series: [
        {},
        ...plot.lines.map(({ name }, i) => ({
          ...{ label: name, stroke: lineColour(i), width: 1.5, spanGaps: true },
          points: { show: isFew(plot), size: 5 },
        })),
      ],
    };
  }
}

const isFew = ({ xs }: Plot): boolean => xs.length <= FEW;

/** Three digits, as an axis has room for. */
export function short(value: number): string {
  if (value !== 0 && Math.abs(value) < 1e-3) return value.toExponential(0);
  return new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 }).format(value);
}
