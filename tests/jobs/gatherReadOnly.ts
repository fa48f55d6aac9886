// A process without the right to write a copy: what `loupe gather` ends with, and what it leaves in the temporary folder.
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { addGather } from '../../main/commands/gather.ts';
import { readingFrom } from '../../main/jobs/prompting/shards.ts';
import { ran } from '../commands/inProcess.ts';

const [project = '', copy = ''] = process.argv.slice(2);
const { code, out, line } = await ran([addGather], ['gather', project, copy, '--json']);
if (line !== null) throw new Error(line);
const { copies } = JSON.parse(out);
const left = readdirSync(tmpdir()).filter(
  (name) => name.startsWith('loupe-gather-') && name.includes(`-${process.pid}-`),
);
// One copy after the other: none is kept for the next.
const scratch = mkdtempSync(path.join(tmpdir(), 'loupe-reading-'));
const read = await readingFrom(copy, scratch, async (place) => place !== copy && existsSync(place));
const kept = readdirSync(scratch).length;
rmSync(scratch, { recursive: true });
process.stdout.write(JSON.stringify({ code, answers: copies[0].answers, temporary: left.length, read, kept }));
