// `loupe weights`: the versions that runs of a project have made; used, rolled back, and taken from one project to another.
import path from 'node:path';
import type { Command } from 'commander';
import type { WeightsVersion } from '../contract/learning.ts';
import { exitCode } from '../failure.ts';
import type { Project } from '../store/project.ts';
import type { Terminal } from '../terminal.ts';
import { wholeNumber } from './arguments/options.ts';

const PROJECT = ['<project>', 'the .loupe file'] as const;
const JSON_OPTION = ['--json', 'print one JSON document instead of text'] as const;
const parseId = wholeNumber(1, 2 ** 31);

interface JsonOption {
  readonly json?: boolean;
}

export function addWeights(program: Command, terminal: Terminal): void {
  const weights = program.command('weights').description('weights that a project has learnt');
  weights
    .command('list')
    .argument(...PROJECT)
    .option(...JSON_OPTION)
    .description('every version, the last one first')
    .action((file: string, options: JsonOption) =>
      withProject(file, async (project) => {
        const versions = project.versions();
        terminal.print(options.json ? `${JSON.stringify(versions)}\n` : versions.map(lineOf).join(''));
        if (versions.length === 0) terminal.finish(exitCode.nothing);
      }),
    );
  weights
    .command('promote')
    .argument(...PROJECT)
    .argument('<number>', 'of the version', parseId)
    .description('use a version, whatever the gate said')
    .action((file: string, id: number) =>
      withProject(file, async (project) => {
        const { promote } = await import('../jobs/teaching/teaching.ts');
        terminal.print(lineOf({ ...promote(project, id), inUse: true }));
      }),
    );
  weights
    .command('rollback')
    .argument(...PROJECT)
    .description('go back to what the version in use learnt from')
    .action((file: string) =>
      withProject(file, async (project) => {
        const { rollBack } = await import('../jobs/teaching/teaching.ts');
        const now = rollBack(project);
        terminal.print(now ? lineOf(now) : 'the weights that the project began with are in use\n');
      }),
    );
  weights
    .command('curves')
    .argument(...PROJECT)
    .argument('<folder>', 'where the drawings go, one for each stage of the run')
    .description('draw what the last run reported over its steps, held-back prompts included, as SVG')
    .action((file: string, folder: string) =>
      withProject(file, async (project) => {
        const { drawCurvesOfRun } = await import('../jobs/teaching/teachingRecords.ts');
        const drawn = await drawCurvesOfRun(project, path.resolve(folder));
        terminal.print(drawn.map((each) => `${path.relative('', each)}\n`).join(''));
      }),
    );
  addExchange(weights, terminal);
}

function addExchange(weights: Command, terminal: Terminal): void {
  weights
    .command('export')
    .argument(...PROJECT)
    .argument('<place>', 'a folder to make, or an archive that ends in .zip; nothing is written over')
    .argument('[number]', 'of the version; without it the one in use', parseId)
    .option(...JSON_OPTION)
    .description('a version with its words, figures and lineage, for another project or machine')
    .action((file: string, place: string, id: number | undefined, options: JsonOption) =>
      withProject(file, async (project) => {
        const { exportVersion } = await import('../jobs/teaching/weightsExchange.ts');
        const version = await exportVersion(project, path.resolve(place), { id, signal: terminal.signal });
        terminal.print(options.json ? `${JSON.stringify({ place, ...version })}\n` : `${version.name}: ${place}\n`);
      }),
    );
  weights
    .command('import')
    .argument(...PROJECT)
    .argument('<place>', 'what "loupe weights export" wrote')
    .option('--base <folder>', 'the checkpoint that was taught, where it is not found by its name')
    .option(...JSON_OPTION)
    .description('a version of another project, checked; "promote" uses it')
    .action((file: string, place: string, options: JsonOption & { readonly base?: string }) =>
      withProject(file, async (project) => {
        const { importVersion } = await import('../jobs/teaching/weightsExchange.ts');
        const base = options.base === undefined ? undefined : path.resolve(options.base);
        const version = await importVersion(project, path.resolve(place), { base, signal: terminal.signal });
        terminal.print(options.json ? `${JSON.stringify(version)}\n` : lineOf(version));
      }),
    );
}

/** "3  cats 0a1b2c3d  in use  from 2: Held-out masks gained ...". */
function lineOf({ id, name, inUse, imported, parent, report: { gate } }: WeightsVersion): string {
  const state = inUse ? 'in use' : gate.promoted ? 'passed' : 'candidate';
  const from = imported ? 'another project' : (parent ?? 'the beginning');
  return `${id}  ${name}  ${state}  from ${from}: ${gate.reason}\n`;
}

/** Opens a project, closes it whatever happens in between. */
export async function withProject(file: string, work: (project: Project) => Promise<void>): Promise<void> {
  const { openChecked } = await import('../jobs/opening/opening.ts');
  const project = await openChecked(file);
  try {
    await work(project);
  } finally {
    project.close();
  }
}
