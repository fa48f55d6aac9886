// A process that opens a project and keeps it open until it is killed.
import { writeSync } from 'node:fs';
import { openProject } from '../../main/store/project.ts';

openProject(process.argv[2] ?? '');
writeSync(1, 'open\n');
setInterval(() => {}, 1000);
