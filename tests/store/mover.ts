// A process that undoes a long step in pieces until it is killed, and says how far it is.
import { writeSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { openProject } from '../../main/store/project.ts';

const project = openProject(process.argv[2] ?? '');
writeSync(1, 'ready\n');
let done = 0;
for (;;) {
  const way = project.info().undo === null ? 'redo' : 'undo';
  await project.moveInTurns(way, () => {
    if (++done % 100 > 0) return undefined;
    writeSync(1, `${done}\n`);
    return setImmediate();
  });
}
