// A process that edits a project as scripted until it is killed, and says each edit that it was told is stored.
import { writeSync } from 'node:fs';
import { openProject } from '../../main/store/project.ts';
import { edit } from './script.ts';

const [file = '', first = '0'] = process.argv.slice(2);
writeSync(1, 'ready\n');
const project = openProject(file);
for (let n = Number(first); ; n++) {
  edit(project, n);
  writeSync(1, `${n}\n`);
  // Where the one who kills is slow to come, no more edits are wanted than a few hundred.
  if (n - Number(first) > 50) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
}
