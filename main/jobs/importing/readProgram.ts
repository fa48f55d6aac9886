// Reads what others wrote, in a program forked for one import: fills the file of parts and says what was left out.
import path from 'node:path';
import { BadInput, refusalOf } from '../../contract/badInput.ts';
import { performTask } from '../../tasks/task.ts';
import type { ReadPart } from './readParts.ts';
import { type ReadEvent, type ReadReport, type ReadTask, readSource } from './readSource.ts';
import { SpoolWriter, spoolIn } from './spool.ts';

performTask<ReadTask, ReadEvent, ReadReport>(async (task, tell) => {
  const spool = new SpoolWriter<ReadPart>(spoolIn(task.scratch));
  try {
    return await readSource(task, {
      began: (file) => tell({ file: path.basename(file) }),
      add(part) {
        spool.add(part);
        if (part.kind === 'shapes') tell({ shapes: part.shapes.length });
      },
    });
  } catch (error) {
    const why = error instanceof BadInput ? null : refusalOf(error);
    if (why === null) throw error;
    throw new BadInput(`${path.basename(task.source)}: cannot be read to its end: ${why}`, { cause: error });
  } finally {
    spool.close();
  }
});
