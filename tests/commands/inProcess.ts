// Commands as the command line runs them, within this process: what they print and end with.
import { Command } from 'commander';
import { addExport, addImport, addVerify } from '../../main/commands/importExport.ts';
import { judge } from '../../main/failure.ts';
import type { Terminal } from '../../main/terminal.ts';

export interface Run {
  code: number;
  out: string;
  line: string | null;
}

type Add = (program: Command, terminal: Terminal) => void;

/** `loupe import`, `export` and `verify`. */
export const loupe = (...words: string[]): Promise<Run> => ran([addImport, addExport, addVerify], words);

export async function ran(commands: readonly Add[], words: readonly string[]): Promise<Run> {
  const run: Run = { code: 0, out: '', line: null };
  const terminal = {
    print: (text: string) => {
      run.out += text;
    },
    note: () => {},
    signal: new AbortController().signal,
    finish: (code: number) => {
      run.code = code;
    },
  };
  const program = new Command('loupe').exitOverride().configureOutput({ writeErr: () => {}, outputError: () => {} });
  for (const add of commands) add(program, terminal);
  try {
    await program.parseAsync([...words], { from: 'user' });
  } catch (error) {
    Object.assign(run, judge(error));
  }
  return run;
}
