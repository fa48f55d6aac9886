// Names the file beside another that is written first and then renamed, so that what stands there is always whole.
import { readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';

/** Says where to write before `file` is replaced. Removes what killed processes of ours left there, and nothing else. */
export function partFileOf(file: string): string {
  for (const left of leftBeside(file)) rmSync(left, { recursive: true, force: true });
  return `${file}.loupe-${process.pid}.part`;
}

function leftBeside(file: string): string[] {
  const [folder, own] = [path.dirname(file), `${path.basename(file)}.`];
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return [];
  const pidOf = (name: string) =>
    /^loupe-(\d{1,10})\.part$/u.exec(name.startsWith(own) ? name.slice(own.length) : '')?.[1];
  const isLeft = (name: string) => pidOf(name) !== undefined && !isProcessAlive(Number(pidOf(name)));
  return readdirSync(folder)
    .filter(isLeft)
    .map((name) => path.join(folder, name));
}

/** A process that we may not signal exists, too. */
export function isProcessAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}
