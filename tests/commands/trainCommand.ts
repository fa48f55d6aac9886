// Runs `loupe train ...` in this process, as the program does: its exit code and the line that a person reads.
import { Command } from 'commander';
import { addTrain } from '../../main/commands/train.ts';
import { judge } from '../../main/failure.ts';

/** `root`: the working folder in which sentences are judged. */
export async function trainCommand(root: string, ...args: string[]): Promise<{ code: number; line: string }> {
  const program = new Command('loupe').exitOverride().configureOutput({ outputError: () => {}, writeErr: () => {} });
  addTrain(program, {
    print: () => {},
    note: () => {},
    signal: new AbortController().signal,
    finish: () => {},
  });
  try {
    await program.parseAsync(['train', ...args], { from: 'user' });
    return { code: 0, line: '' };
  } catch (error) {
    const { code, line } = judge(error, root);
    return { code, line: line ?? '' };
  }
}
