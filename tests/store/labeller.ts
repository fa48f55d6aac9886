// A process that opens a project, adds a label and keeps the project open until it is killed.
import { writeSync } from 'node:fs';
import { created } from '../../main/contract/diff.ts';
import { openProject } from '../../main/store/project.ts';
import { labelOf } from './records.ts';

const [file = '', name = ''] = process.argv.slice(2);
const project = openProject(file);
project.apply({ title: `Add label ${name}`, changes: [created('label', labelOf(project.reserve(1), name))] });
writeSync(1, 'stored\n');
setInterval(() => {}, 1000);
