#!/usr/bin/env node
// The `loupe` command: runs main/cli.ts on the pinned Node.
import path from 'node:path';
import { endLike, endWith, root, runNode } from './node.mjs';

// A fault in a native library ends the process without a word; say it, and end as an internal fault.
const faults = new Set(['SIGSEGV', 'SIGABRT', 'SIGBUS', 'SIGILL', 'SIGFPE', 'SIGTRAP']);

try {
  const cli = path.join(root, 'main/cli.ts');
  const end = await runNode(['--disable-warning=ExperimentalWarning', cli, ...process.argv.slice(2)]);
  if (end.signal && faults.has(end.signal)) throw new Error(`loupe stopped on ${end.signal} inside a native library.`);
  endLike(end);
} catch (error) {
  endWith(error, 3);
}
