// Draws what a run of teaching reports, figure by figure over its steps, and the results of all runs of a project.
import { useEffect, useMemo, useRef } from 'react';
import type { LearningPoint, RunCurve } from '../../../main/contract/learning.ts';
import type { Client } from '../../state/client.ts';
import { lineColour, type Plot, PlotView, short } from './plotView.ts';
import { useRunReading } from './runReading.ts';

/** Curves of the run that is under way, or of the last one. */
export function RunCurves({ running }: { running: boolean }) {
  const curves = useRunReading<readonly RunCurve[]>(running, readCurves, none);
  const plots = useMemo(() => plotsOf(curves), [curves]);
  return plots.length > 0 && <Plots label="Curves of the run" plots={plots} />;
}

const none: readonly RunCurve[] = [];
const readCurves = ({ learning }: Client['host']) => learning.curves();

/** A plot for each figure of each stage; a stage is named where there are several. */
export function plotsOf(curves: readonly RunCurve[]): Plot[] {
  const stages = new Set(curves.map(({ stage }) => stage));
  return curves.map(({ stage, name, points }) => ({
    title: stages.size > 1 ? `${figureWords(name)} (${stage})` : figureWords(name),
    along: 'step',
    xs: points.map(([step]) => step),
    lines: [{ name, values: points.map(([, value]) => value) }],
  }));
}

/** "gradientNorm" to "gradient norm"; "gIoU" stays. */
export const figureWords = (name: string): string =>
  name.replace(/(?<=[a-z0-9]{2})[A-Z](?=[a-z]{2})/gu, (letter) => ` ${letter.toLowerCase()}`);

/** What held-back prompts and objects came to against corrected pictures, run by run. */
export function ProjectCurve({ points }: { points: readonly LearningPoint[] }) {
  const plots = useMemo(() => learningPlots(points), [points]);
  return points.length > 1 && <Plots label="Learning curve" plots={plots} />;
}

/** Only what was measured: runs of earlier versions clicked at nothing. */
export function learningPlots(points: readonly LearningPoint[]): Plot[] {
  const line = (name: string, of: (point: LearningPoint) => number | null) => ({
    ...{ name, values: points.map(of) },
  });
  const plots = {
    'gIoU of held-back prompts': [line('masks', ({ masks }) => masks), line('answers', ({ answers }) => answers)],
    clicks: [line('to 0.85', ({ noc85 }) => noc85), line('to 0.90', ({ noc90 }) => noc90)],
  };
  const xs = points.map(({ pictures }) => pictures);
  return Object.entries(plots).flatMap(([title, all]) => {
    const lines = all.filter(({ values }) => values.some((value) => value !== null));
    return lines.length > 0 ? [{ title, along: 'corrected pictures', xs, lines }] : [];
  });
}

const Plots = ({ label, plots }: { label: string; plots: readonly Plot[] }) => (
  <section className="line-plots" aria-label={label}>
    {plots.map((plot) => (
      <LinePlot key={plot.title} plot={plot} />
    ))}
  </section>
);

function LinePlot({ plot }: { plot: Plot }) {
  const element = useRef<HTMLDivElement>(null);
  const view = useRef<PlotView | null>(null);
  useEffect(() => {
    if (!element.current) return;
    const made = new PlotView(element.current);
    view.current = made;
    return () => made.close();
  }, []);
  useEffect(() => view.current?.show(plot), [plot]);
  return (
    <figure className="line-plot" aria-label={plotWords(plot)}>
      <figcaption>
        <span title={plot.title}>{plot.title}</span>
        {plot.lines.map(({ name, values }, i) => (
          <span key={name} style={{ color: lineColour(i) }}>
            {plot.lines.length > 1 && `${name} `}
            {lastOf(values)}
          </span>
        ))}
      </figcaption>
      <div ref={element} aria-hidden />
    </figure>
  );
}

const lastOf = (values: readonly (number | null)[]): string => {
  const value = values.findLast((each) => each !== null);
  return value === undefined || value === null ? '' : short(value);
};

/** "loss over 12 readings, last at step 120: 0.41": what a screen reader says in place of the drawing. */
export function plotWords({ title, along, xs, lines }: Plot): string {
  const last = lines.map(({ name, values }) => (lines.length > 1 ? `${name} ${lastOf(values)}` : lastOf(values)));
  return `${title} over ${xs.length} readings, last at ${along} ${xs.at(-1) ?? 0}: ${last.join(', ')}`;
}
