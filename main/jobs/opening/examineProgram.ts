// Looks through a project before it is opened, in a program forked for one file, and stopped where it takes too long.

import { examineFile } from '../../store/open.ts';
import { performTask } from '../../tasks/task.ts';

performTask<string, never, null>(async (file) => {
  examineFile(file);
  return null;
});
