// `loupe gather`: puts the answers that workers wrote into copies of a project into the project.
import path from 'node:path';
import type { Command } from 'commander';
import { BadInput } from '../contract/badInput.ts';
import { exitCode } from '../failure.ts';
import type { Gathered } from '../jobs/shards.ts';
import type { Terminal } from '../terminal.ts';

export function addGather(program: Command, terminal: Terminal): void {
  program
    .command('gather')
    .description('take the answers of copies that "loupe prelabel --into" made into their project')
    .argument('<project>', 'the .loupe file')
    .argument('<copies...>', 'the copies; they are left as they are')
    .option('--json', 'print one JSON document instead of text')
    .action((project: string, copies: string[], options: { json?: boolean }) =>
      gatherInto(project, copies, { ...options, terminal }),
    );
}

type FromCopy = Gathered & { readonly file: string };

/** Gathering a copy twice adds nothing. Finishes with `nothing` where no copy had a new answer. */
async function gatherInto(
  file: string,
  copies: readonly string[],
  { json, terminal }: { json?: boolean; terminal: Terminal },
): Promise<void> {
  const [{ openChecked }, { gather }] = await Promise.all([import('../jobs/opening.ts'), import('../jobs/shards.ts')]);
  const project = await openChecked(file);
  const done: FromCopy[] = [];
  try {
    // All are opened before the first is gathered: a bad one among them changes nothing.
    for (const each of copies) {
      if (path.resolve(each) === project.file) throw new BadInput(`${each}: is the project itself`);
      (await openChecked(each)).close();
    }
    for (const each of copies) {
      const copy = await openChecked(each);
      try {
        done.push({ file: each, ...(await gather(project, copy, terminal.signal)) });
      } finally {
        copy.close();
      }
    }
  } finally {
    project.close();
  }
  terminal.print(json ? `${JSON.stringify({ copies: done })}\n` : `${done.flatMap(linesOf).join('\n')}\n`);
  terminal.finish(done.some(({ answers }) => answers > 0) ? exitCode.done : exitCode.nothing);
}

const linesOf = ({ file, answers, before, strangers }: FromCopy): string[] => [
  `${file}: ${answers} answers taken, ${before} were here before`,
  ...strangers.map((name) => `  left out: the project has no image ${name}`),
];
