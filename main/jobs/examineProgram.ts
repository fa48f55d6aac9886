// The program that looks through a project before it is opened: forked for one file, and stopped where it takes too long.
import { performTask } from '../tasks/task.ts';
import { examineFile } from '../store/open.ts';

performTask<string, never, null>(async (file) => {
  examineFile(file);
  return null;
});
