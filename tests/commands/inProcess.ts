// `loupe import`, `export` and `verify` as the command line runs them, within this process: what they print and end with.
import { Command } from 'commander';
import { addExport, addImport, addVerify } from '../../main/commands/exchange.ts';
import { judge } from '../../main/failure.ts';

export interface Run {
  code: number;
  out: string;
  line: string | null;
}

export async function loupe(...words: string[]): Promise<Run> {
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
  for (const add of [addImport, addExport, addVerify]) add(program, terminal);
  try {
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    Object.assign(run, judge(error));
  }
  return run;
}
