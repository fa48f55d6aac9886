// `--log engine`: opens the file in which the calls of the engine programs are written down, to find faults.
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { CallLog } from '../../engine/callLog.ts';
import type { Terminal } from '../../terminal.ts';

export interface LogOptions {
  readonly log?: string;
}

const what = 'engine';

/** LOUPE_LOG says the same to the desktop's host, which is started without words of its own. */
export const logOption = (command: Command): Command =>
  command.addOption(
    new Option('--log <what>', 'write down every call of the engine: what, how long, shapes; no pixels, no words')
      .argParser(parseLog)
      .env('LOUPE_LOG'),
  );

/** An empty variable asks for none. */
function parseLog(text: string): string {
  if (text === what || text === '') return text;
  throw new InvalidArgumentError(`There is a log of "${what}" alone.`);
}

/** Null where none was asked for. Its place is printed, since nobody would find it. */
export async function openedLog({ log }: LogOptions, terminal: Terminal): Promise<CallLog | null> {
  if (log === undefined || log === '') return null;
  const [{ openCallLog }, { logFolder }] = await Promise.all([
    import('../../engine/callLog.ts'),
    import('../../settings.ts'),
  ]);
  const opened = openCallLog(logFolder(process.env.LOUPE_HOME));
  terminal.note(`calls of the engine are written down in ${opened.file}\n`);
  return opened;
}
