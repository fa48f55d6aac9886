// Starts the host program as plain Node, watches it, and starts it again with growing pauses when it ends.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { ShellMessage } from '../main/contract/shell.ts';

/** Where a running host listens, and what it wants to be shown. */
export interface HostAddress {
  readonly socket: string;
  readonly token: string;
}

/** How to start it: `arguments` come before `serve`. */
export interface HostProgram {
  readonly node: string;
  readonly arguments: readonly string[];
  readonly folder: string;
}

export type HostState = Extract<ShellMessage, { kind: 'host' }>;

const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 15_000;
/** A host that ran this long was well: the pauses begin anew. */
const WELL = 30_000;
const KEPT_LINES = 200;
const GRACE = 4000;

export class HostLife {
  private readonly program: HostProgram;
  private readonly told: (state: HostState) => void;
  /** The present state, for listeners that come later. */
  state: HostState = { kind: 'host', state: 'starting', problem: null };
  private readonly folder = mkdtempSync(path.join(tmpdir(), 'loupe-'));
  private readonly lines: string[] = [];
  private child: ChildProcess | null = null;
  private next = Promise.withResolvers<HostAddress>();
  private pause = FIRST_PAUSE;
  private timer: NodeJS.Timeout | undefined;
  private ending = false;

  constructor(program: HostProgram, told: (state: HostState) => void) {
    this.program = program;
    this.told = told;
  }

  /** The host that runs, or the next one. Rejects when it is stopped for good. */
  get address(): Promise<HostAddress> {
    return this.next.promise;
  }

  /** Process id of the host that runs now. */
  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** The last lines that it wrote to stderr. */
  get log(): readonly string[] {
    return this.lines;
  }

  private say(state: HostState): void {
    this.state = state;
    this.told(state);
  }

  start(): void {
    const socket = socketIn(this.folder);
    const startedAt = Date.now();
    this.next.promise.catch(() => {});
    this.say({ kind: 'host', state: 'starting', problem: null });
    const { node, arguments: before, folder } = this.program;
    const child = spawn(node, [...before, 'serve', '--socket', socket], {
      cwd: folder,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.child = child;
    createInterface({ input: child.stderr }).on('line', (line) => this.keep(line));
    createInterface({ input: child.stdout }).once('line', (line) => this.running({ socket, token: tokenOf(line) }));
    child.once('error', (error) => this.keep(error.message));
    child.once('close', (code, signal) => this.ended(`${signal ?? `code ${code}`}`, Date.now() - startedAt));
  }

  private running(address: HostAddress): void {
    this.next.resolve(address);
    this.say({ kind: 'host', state: 'running', problem: null });
  }

  private keep(line: string): void {
    this.lines.push(line);
    this.lines.splice(0, this.lines.length - KEPT_LINES);
  }

  private ended(how: string, ranFor: number): void {
    this.child = null;
    if (this.ending) return;
    this.next.promise.catch(() => {});
    // A caller that waits for a host that never came goes on waiting for the next one.
    if (ranFor >= WELL) this.pause = FIRST_PAUSE;
    const before = this.next;
    this.next = Promise.withResolvers();
    before.resolve(this.next.promise);
    const reason = this.lines.at(-1);
    const problem = `Loupe's host stopped (${how})${reason ? `: ${reason}` : ''}; it is started again.`;
    this.say({ kind: 'host', state: 'stopped', problem });
    this.timer = setTimeout(() => this.start(), this.pause);
    this.pause = Math.min(this.pause * 2, LONGEST_PAUSE);
  }

  /** Asks it to end; after some seconds it is ended. */
  async stop(): Promise<void> {
    this.ending = true;
    clearTimeout(this.timer);
    this.next.promise.catch(() => {});
    this.next.reject(new Error('Loupe is closing.'));
    const child = this.child;
    if (child && child.exitCode === null && child.signalCode === null) {
      const gone = new Promise((resolve) => child.once('close', resolve));
      child.kill('SIGTERM');
      const last = setTimeout(() => child.kill('SIGKILL'), GRACE);
      await gone;
      clearTimeout(last);
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A name that was not used before: a killed host leaves its socket behind. */
function socketIn(folder: string): string {
  const name = randomUUID().slice(0, 8);
  return process.platform === 'win32' ? `\\\\.\\pipe\\loupe-${randomUUID()}` : path.join(folder, `${name}.socket`);
}

/** The host's first line is its address, with the token after the '#'. */
const tokenOf = (line: string): string => line.slice(line.lastIndexOf('#') + 1).trim();
