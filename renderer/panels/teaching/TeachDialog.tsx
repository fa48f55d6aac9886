// Teaches the model from this project: start, how far it is, cancel, and before and after on the images it never learnt.
import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { useEffect, useState } from 'react';
import {
  draftWords,
  type LearningState,
  partWords,
  reasoningWords,
  type TeachProgress,
  type TeachReport,
} from '../../../main/contract/learning.ts';
import { sentence } from '../../state/connection.ts';
import { isActive, percent, several } from '../../state/words.ts';
import { VersionChoice } from '../models/LearntVersions.tsx';
import { useClient, useWorkbench } from '../window/client.ts';
import { DialogFrame, useCloseDialog } from '../window/DialogFrame.tsx';
import { JobView } from '../window/JobView.tsx';
import { useStartedJob } from '../window/startedJob.ts';
import { BeforeAfter } from './BeforeAfter.tsx';
import { ProjectCurve, RunCurves } from './TeachCurves.tsx';
import { TeachPlan, usualSettings } from './TeachPlan.tsx';
import { RunRollouts } from './TeachRollouts.tsx';

export const TeachDialog = () => (
  <DialogFrame name="teach" title="Teach the model" size="xl">
    <TeachForm />
  </DialogFrame>
);

function TeachForm() {
  const { host } = useClient();
  const close = useCloseDialog();
  const { job, problem, starting, start } = useStartedJob((each) => each.kind === 'teach' && isActive(each));
  const running = job !== null && isActive(job);
  const { state, learns, failure, use } = useLearning(running);
  const [asked, setAsked] = useState(usualSettings);
  const inUse = state?.versions.find((version) => version.inUse);
  const isStopped = state?.stopped === true;
  return (
    <Stack>
      <Text size="sm">{introduction(state)}</Text>
      <WhatLearns learns={learns} goesOn={running && isStopped} />
      {!running && !isStopped && <TeachPlan asked={asked} onChange={setAsked} />}
      {running && <JobView job={job} />}
      {running && <Live />}
      {job && !running && <JobView job={job} />}
      {(problem ?? failure) && (
        <Alert color="red" role="alert">
          {problem ?? failure}
        </Alert>
      )}
      {!running && <VersionChoice versions={state?.versions ?? []} onChoose={use} />}
      {!running && state?.last && <Result report={state.last} />}
      {!running && state && <ProjectCurve points={state.curve} />}
      <RunCurves running={running} />
      <RunRollouts running={running} />
      {!running && state?.last && <BeforeAfter report={state.last} />}
      <Group justify="flex-end" className="dialog-foot">
        <Button variant="default" onClick={close}>
          Close
        </Button>
        {inUse && !running && (
          <Button variant="default" onClick={() => use('the one before')}>
            Roll back
          </Button>
        )}
        <StartButtons
          isStopped={isStopped}
          running={running}
          starting={starting}
          crossValidates={state?.last?.crossValidates === true}
          onStart={(how) => start(() => host.learning.teach({ ...asked, ...how }))}
        />
      </Group>
    </Stack>
  );
}

interface StartButtonsProps {
  /** Whether a run was stopped that can be gone on with. */
  readonly isStopped: boolean;
  readonly running: boolean;
  readonly starting: boolean;
  /** Whether the last run found images too few to hold some back, but enough for cross-validation. */
  readonly crossValidates: boolean;
  onStart(how: { readonly anew?: true; readonly crossValidate?: true }): void;
}

/** A run that was cancelled is gone on with, or given up for another. */
export function StartButtons({ isStopped, running, starting, crossValidates, onStart }: StartButtonsProps) {
  const waits = isStopped && !running;
  return (
    <>
      {waits && (
        <Button
          variant="default"
          disabled={starting}
          onClick={() => onStart({ anew: true })}
          title="Gives up the run that was stopped, with what it had trained, and begins another"
        >
          Start anew
        </Button>
      )}
      {crossValidates && !running && !isStopped && (
        <Button
          variant="default"
          disabled={starting}
          onClick={() => onStart({ crossValidate: true })}
          title="Several runs each leave out a part of the images and are judged by it; then one learns from all of them"
        >
          Cross-validate
        </Button>
      )}
      <Button loading={starting} disabled={running} onClick={() => onStart({})}>
        {waits ? 'Go on' : 'Teach'}
      </Button>
    </>
  );
}

interface WhatLearnsProps {
  readonly learns: string | null;
  /** A run was stopped, and since it goes on or was begun anew, what was said of it is not so any more. */
  readonly goesOn: boolean;
}

export const WhatLearns = ({ learns, goesOn }: WhatLearnsProps) =>
  learns !== null &&
  !goesOn && (
    <Text size="sm" c="dimmed" role="note" aria-label="What learns">
      {learns}
    </Text>
  );

/** Read again whenever a run has begun or ended. */
function useLearning(running: boolean) {
  const { host } = useClient();
  const [state, setState] = useState<LearningState | null>(null);
  useEffect(() => {
    // While a run is under way the state is that of before it; the end of the run reads it anew.
    if (!running) host.learning.state().then(setState, () => setState(null));
  }, [host, running]);
  const [learns, setLearns] = useState<string | null>(null);
  useEffect(() => {
    // How the version in use learns, which the state names; where it cannot be opened, why.
    if (state) host.learning.learns().then(setLearns, ({ message }: Error) => setLearns(message));
  }, [host, state]);
  const [failure, setFailure] = useState<string | null>(null);
  /** null: none of the project's. */
  const use = (which: number | 'the one before' | null) => {
    setFailure(null);
    const versionId = which === 'the one before' ? null : which;
    const asked = which === null ? host.learning.setAside() : host.learning.use({ versionId });
    asked.then(setState, (error: unknown) => setFailure(sentence(error)));
  };
  return { state, learns, failure, use };
}

/** "Learns from your corrections and labelled shapes; 12 images are held back to measure on." */
export function introduction(state: LearningState | null): string {
  const learns =
    'The model learns from your corrections and labelled shapes, and changes only where it is better on images that it did not learn from.';
  if (state === null || state.held === 0) return learns;
  return `${learns} ${several(state.held, 'image')} of this project are held back for that.`;
}

function Live() {
  const teaching = useWorkbench((state) => state.teaching);
  return (
    teaching && (
      <Text size="xs" c="dimmed">
        {liveWords(teaching)}
      </Text>
    )
  );
}

/** "training, gradients of answer 5 of 8: loss 0.532, iou 0.731". */
export function liveWords({ phase, figures, fold, part }: TeachProgress): string {
  const numbers = Object.entries(figures).map(([name, value]) => `${name} ${value.toFixed(3)}`);
  const what = part ? `${phase}, ${partWords(part)}` : phase;
  const words = numbers.length > 0 ? `${what}: ${numbers.join(', ')}` : what;
  return fold ? `fold ${fold.number} of ${fold.of}, ${words}` : words;
}

/** The gate's verdict and what was measured. */
export function Result({ report }: { report: TeachReport }) {
  const { before, after, gate, skipped = [], words = [], usefulGroups = null, drafts = [], reasoning = null } = report;
  return (
    <Stack gap="xs" role="group" aria-label="Last run">
      <Alert color={gate.promoted ? 'green' : 'yellow'} title={gate.promoted ? 'Better, and in use' : 'Kept as it was'}>
        {gate.reason}
      </Alert>
      {before && after && (
        <Text size="sm">
          gIoU of {several(before.objects, 'held-back object')}: {before.gIoU.toFixed(3)} before,{' '}
          {after.gIoU.toFixed(3)} after
          {after.words.prompts > 0 &&
            `; of answers to ${several(after.words.prompts, 'prompt')}: ${before.words.gIoU.toFixed(3)} before, ${after.words.gIoU.toFixed(3)} after`}
        </Text>
      )}
      {before?.clicks && after?.clicks && (
        <Text size="sm">
          Clicks that {several(after.clicks.objects, 'held-back object')} would need, on average:{' '}
          {before.clicks.noc85.toFixed(1)} before, {after.clicks.noc85.toFixed(1)} after to an IoU of 0.85;{' '}
          {before.clicks.noc90.toFixed(1)} before, {after.clicks.noc90.toFixed(1)} after to 0.90
        </Text>
      )}
      {words.length > 0 && <TaughtWords words={words} />}
      {drafts.length > 0 && <Text size="sm">Drafts: {draftWords(drafts)}.</Text>}
      {reasoning !== null && <Text size="sm">Reasoning: {reasoningWords(reasoning)}.</Text>}
      {usefulGroups !== null && (
        <Text size="sm">
          {percent(usefulGroups)} of the groups of sampled answers could teach anything: in the others all earned the
          same.
        </Text>
      )}
      {skipped.length > 0 && (
        <Text size="sm" component="div">
          {several(skipped.length, 'image')} {skipped.length === 1 ? 'was' : 'were'} left out:
          <ul aria-label="Left out">
            {skipped.map(({ path, reason }) => (
              <li key={path}>{reason}</li>
            ))}
          </ul>
        </Text>
      )}
    </Stack>
  );
}

function TaughtWords({ words }: { words: NonNullable<TeachReport['words']> }) {
  const named = (enough: boolean) =>
    words
      .filter(({ isEnough }) => isEnough === enough)
      .map(({ word, pictures }) => `${word} (${several(pictures, 'picture')})`)
      .join(', ');
  const [known, few] = [named(true), named(false)];
  return (
    <Text size="sm" role="note" aria-label="Taught words">
      {known !== '' && `New words: ${known}. `}
      {few !== '' && `Taught with too few pictures to rely on: ${few}.`}
    </Text>
  );
}
