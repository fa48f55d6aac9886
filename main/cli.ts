// The command line: runs the command that the words name and ends with its exit code and at most one line on stderr.
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { addBench } from './commands/bench/bench.ts';
import { addCache } from './commands/cache.ts';
import { addEval } from './commands/eval/eval.ts';
import { addGather } from './commands/gather.ts';
import { addGraph } from './commands/graph.ts';
import { addExport, addImport, addVerify } from './commands/importExport.ts';
import { addMasks } from './commands/masks.ts';
import { addModel } from './commands/model.ts';
import { addPrelabel } from './commands/prelabel.ts';
import { addRepair } from './commands/repair.ts';
import { addScenes } from './commands/scenes.ts';
import { addSegment } from './commands/segment.ts';
import { addServe } from './commands/serve.ts';
import { addTeach } from './commands/teach.ts';
import { addTrain } from './commands/train.ts';
import { addWeights } from './commands/versions.ts';
import { exitCode, judge } from './failure.ts';
import { limitThreads } from './flow/sessions/threads.ts';
import type { Terminal } from './terminal.ts';

const terminal = (signal: AbortSignal): Terminal => ({
  print: (text) => void process.stdout.write(text),
  note: (text) => void process.stderr.write(text),
  signal,
  finish: (code) => {
    process.exitCode = code;
  },
});

function programFor(outside: Terminal): Command {
  const program = new Command('loupe')
    .description('Say in words what to segment: reasoning, box and mask, offline.')
    .version(version())
    .exitOverride()
    // `judge` says it in one line, with the rest of the failures.
    .configureOutput({ outputError: () => {} });
  const projects = [
    addServe,
    addImport,
    addExport,
    addVerify,
    addPrelabel,
    addGather,
    addRepair,
    addMasks,
    addTeach,
    addWeights,
  ];
  for (const add of [addSegment, ...projects, addEval, addBench, addTrain, addModel, addCache, addGraph, addScenes])
    add(program, outside);
  return program;
}

function version(): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return String(version);
}

/** The first Ctrl-C asks the command to stop, the second one does not ask. */
function abortOnInterrupt(): AbortSignal {
  const controller = new AbortController();
  process.on('SIGINT', () => {
    if (controller.signal.aborted) process.exit(exitCode.cancelled);
    controller.abort();
  });
  return controller.signal;
}

/** A reader that has seen enough (`| head`) is no fault. */
function endOnClosedPipe(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    throw error;
  });
}

function fail(error: unknown): void {
  const { code, line } = judge(error);
  if (line !== null) process.stderr.write(`${line}\n`);
  process.exitCode = code;
}

endOnClosedPipe();
process.on('uncaughtException', (error) => {
  fail(error);
  process.exit();
});
try {
  limitThreads(process.env.LOUPE_THREADS);
  await programFor(terminal(abortOnInterrupt())).parseAsync();
} catch (error) {
  fail(error);
}
