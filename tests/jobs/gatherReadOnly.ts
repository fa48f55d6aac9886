// A process without the right to write a copy: what `loupe gather` ends with, and what it leaves in the temporary folder.
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { addGather } from '../../main/commands/gather.ts';
import { ran } from '../commands/inProcess.ts';

const [project = '', copy = ''] = process.argv.slice(2);
const { code, out, line } = await ran([addGather], ['gather', project, copy, '--json']);
if (line !== null) throw new Error(line);
const { copies } = JSON.parse(out);
const left = readdirSync(tmpdir()).filter(
  (name) => name.startsWith('loupe-gather-') && name.includes(`-${process.pid}-`),
);
process.stdout.write(JSON.stringify({ code, answers: copies[0].answers, temporary: left.length }));
