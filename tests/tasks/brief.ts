// A host for the tests of tasks that ends right after its first task, whose process would stay for more.
import path from 'node:path';
import { runTask } from '../../main/tasks/task.ts';

let pid = 0;
await runTask<string, number, string>(path.join(import.meta.dirname, 'costly.ts'), 'something', {
  heapMB: 64,
  reuse: true,
  onEvent: (event) => {
    pid = event;
  },
});
process.stdout.write(JSON.stringify({ pid, ms: Date.now() }));
