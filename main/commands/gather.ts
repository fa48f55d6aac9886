// `loupe gather`: puts the answers that workers wrote into copies of a project into the project.
import path from 'node:path';
import type { Command } from 'commander';
import { BadInput } from '../contract/badInput.ts';
import { exitCode } from '../failure.ts';
import type { Gathered } from '../jobs/prompting/shards.ts';
import type { Terminal } from '../terminal.ts';

export function addGather(program: Command, terminal: Terminal): void {
  program
    .command('gather')
    .description('take the answers of copies that "loupe prelabel --into" made into their project')
    .argument('<project>', 'the .loupe file')
    .argument('<copies...>', 'the copies; they are left as they are')
    .option('--json', 'print one JSON document instead of text')
    .action(async (project: string, copies: string[], options: { json?: boolean }) => {
      const { withScratch } = await import('../jobs/queue/scratch.ts');
      await withScratch('gather', (scratch) => gatherInto(project, copies, { ...options, terminal, scratch }));
    });
}

interface GatherCall {
  readonly json?: boolean;
  readonly terminal: Terminal;
  /** A folder for copies of what lies where nothing can be written. */
  readonly scratch: string;
}

type FromCopy = Gathered & { readonly file: string };

/** Images that have no answer to the prompt yet: of a part that is missing, or that could not be read. */
interface Left {
  readonly text: string;
  readonly images: number;
}

/** Gathering a copy twice adds nothing. Finishes with `nothing` where no copy had a new answer. */
async function gatherInto(
  file: string,
  copies: readonly string[],
  { json, terminal, scratch }: GatherCall,
): Promise<void> {
  const [{ openChecked }, { gather, readingFrom, unanswered }] = await Promise.all([
    import('../jobs/opening/opening.ts'),
    import('../jobs/prompting/shards.ts'),
  ]);
  const project = await openChecked(file);
  const done: FromCopy[] = [];
  let left: Left[] = [];
  try {
    // All are opened before the first is gathered: a bad one among them changes nothing.
    for (const each of copies) {
      if (path.resolve(each) === project.file) throw new BadInput(`${each}: is the project itself`);
      await readingFrom(each, scratch, async () => {});
    }
    for (const each of copies)
      await readingFrom(each, scratch, async (place) => {
        const copy = await openChecked(place);
        try {
          done.push({ file: each, ...(await gather(project, copy, terminal.signal)) });
        } finally {
          copy.close();
        }
      });
    const texts = [...new Set(done.flatMap((each) => each.texts))];
    left = texts.map((text) => ({ text, images: unanswered(project, text) })).filter(({ images }) => images > 0);
  } finally {
    project.close();
  }
  const lines = [...done.flatMap(linesOf), ...left.map(lineOf)];
  terminal.print(json ? `${JSON.stringify({ copies: done, left })}\n` : `${lines.join('\n')}\n`);
  terminal.finish(done.some(({ answers }) => answers > 0) ? exitCode.done : exitCode.nothing);
}

const linesOf = ({ file, answers, before, strangers }: FromCopy): string[] => [
  `${file}: ${answers} answers taken, ${before} were here before`,
  ...strangers.map((name) => `  left out: the project has no image ${name}`),
];

const lineOf = ({ text, images }: Left): string => `no answer yet to "${text}": ${images} images`;
