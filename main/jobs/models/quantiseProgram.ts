// Writes a checkpoint's weights in fewer bits, in a program forked for it.
import { performTask } from '../../tasks/task.ts';
import { type QuantiseEvent, type QuantiseTask, quantiseCheckpoint } from './quantising.ts';

performTask<QuantiseTask, QuantiseEvent, number>((task, tell) =>
  quantiseCheckpoint(task, (done, total) => tell({ done, total })),
);
