// A program for the tests of tasks: it does what it is told, most of which no host should do itself.
import { BadInput } from '../../main/contract/badInput.ts';
import { performTask } from '../../main/tasks/task.ts';

const kept: unknown[] = [];

performTask<string, number, string>(async (wish, tell) => {
  tell(process.pid);
  if (wish === 'refuse') throw new BadInput('x.json: is cut short');
  if (wish === 'fault') throw new TypeError('something of ours is broken');
  if (wish === 'turn for ever') for (;;) kept.length = 0;
  if (wish === 'fill the heap') for (let i = 0; ; i++) kept.push({ i, text: `${i}`.repeat(50) });
  if (wish === 'fill one buffer') kept.push(new Uint8Array(2 ** 53 - 1));
  if (wish === 'hold 400 MB') kept.push(new Uint8Array(400e6).fill(1));
  if (wish === 'wait') await new Promise(() => {});
  return `did ${wish}`;
});
