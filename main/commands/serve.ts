// `loupe serve`: the host for browsers on this machine, or behind a socket file for the desktop's shell.
import { existsSync, fstatSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { BadInput } from '../contract/badInput.ts';
import type { Pictures } from '../pictures/tiles.ts';
import type { Terminal } from '../terminal.ts';
import { type LogOptions, logOption, openedLog } from './arguments/log.ts';
import { wholeNumber } from './arguments/options.ts';

const TIDY_AFTER_MS = 60_000;

interface ServeOptions extends LogOptions {
  readonly port: number;
  readonly socket?: string;
  readonly json?: boolean;
}

export function addServe(program: Command, terminal: Terminal): void {
  const command = program
    .command('serve')
    .description('serve a project to a browser on this machine; the first line is the address to open')
    .argument('[project]', 'the .loupe file to open; without one, the page asks for it')
    .option('--port <number>', 'port of 127.0.0.1; 0 takes any that is free', wholeNumber(0, 65_535), 0)
    .option('--socket <path>', 'a socket file or named pipe instead of a port')
    .option('--json', 'print the address as one JSON document');
  logOption(command).action((project: string | undefined, options: ServeOptions) =>
    serveProject(project, options, terminal),
  );
}

async function serveProject(project: string | undefined, options: ServeOptions, terminal: Terminal): Promise<void> {
  const file = project === undefined ? null : path.resolve(project);
  if (file !== null && !existsSync(file)) throw new BadInput(`${file}: no such project`);
  // The signal is listened for from the start: one that comes while the project opens must not cut it off.
  const end = untilEnd(terminal.signal, options.socket !== undefined);
  // Loaded late: no other command needs the server and its libraries.
  const [{ Host }, { sweepScratch }, { serve }, { foldersBelow }] = await Promise.all([
    import('../host.ts'),
    import('../jobs/queue/scratch.ts'),
    import('../web/server.ts'),
    import('../settings.ts'),
  ]);
  void sweepScratch();
  const log = await openedLog(options, terminal);
  const host = new Host(foldersBelow(process.env.LOUPE_HOME), { log });
  try {
    const refused = file === null ? null : await host.begin(file);
    if (refused) terminal.note(`loupe: ${refused.message}: the page offers a place\n`);
    const { socket, port } = options;
    const serving = await serve(host, socket === undefined ? { port } : { socket });
    const { address } = serving;
    terminal.print(options.json ? `${JSON.stringify({ address })}\n` : `${address}\n`);
    host.engine.start();
    await tidyUntil(end, host.pictures);
    await serving.stop();
  } finally {
    await host.stop();
  }
}

/** The cache is looked through when the first window has long been shown, and not to the end where the host's comes. */
async function tidyUntil(end: Promise<void>, pictures: Pictures): Promise<void> {
  const over = new AbortController();
  const later = setTimeout(() => void pictures.tidy({ signal: over.signal }).catch(() => {}), TIDY_AFTER_MS);
  await end;
  clearTimeout(later);
  over.abort();
}

/** Waits until Ctrl-C, a signal, or the end of the program that started this one. */
function untilEnd(signal: AbortSignal, forShell: boolean): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
    for (const name of ['SIGTERM', 'SIGHUP'] as const) process.once(name, () => resolve());
    process.once('disconnect', () => resolve());
    if (forShell && isPipe()) process.stdin.resume().once('end', resolve).once('error', resolve);
  });
}

/** The shell holds the other end of our stdin for as long as it lives; a file or terminal says nothing of that. */
function isPipe(): boolean {
  const info = fstatSync(0);
  return info.isFIFO() || info.isSocket();
}
