import { expect, test } from 'vitest';
import { input } from '../../models/graph/tensor.ts';
import { OpenGraphs, type OpenGraphsSetup } from '../../models/qwen/openGraphs.ts';

const outputs = () => ({ y: input('x', [1]) });
const neverOnDevice = () => Promise.reject(new Error('No graph of these tests leaves its results on a device.'));

/** Graphs that answer with their number, and what became of them in order. */
function watched(setup: Omit<OpenGraphsSetup, 'open'>, copiedBytes = 0) {
  const events: string[] = [];
  let opened = 0;
  const graphs = new OpenGraphs({
    ...setup,
    open: async () => {
      const number = opened++;
      let isOpen = true;
      events.push(`open ${number}`);
      return {
        copiedBytes,
        runOnDevice: neverOnDevice,
        run: async () => {
          // Whoever asks next gets its turn here.
          await new Promise(setImmediate);
          if (!isOpen) throw new Error(`Graph ${number} was closed while it ran.`);
          return { y: Float32Array.of(number) };
        },
        release: async () => {
          isOpen = false;
          events.push(`close ${number}`);
        },
      };
    },
  });
  return { graphs, events, ask: (key: string) => graphs.run({ key, outputs }, () => ({})) };
}

test('a graph that is open is used again, and the one that was used longest ago is closed for the next', async () => {
  const { events, ask, graphs } = watched({ keep: 2 });
  for (const key of ['prompt', 'step', 'prompt', 'queries', 'prompt']) await ask(key);
  expect(events).toEqual(['open 0', 'open 1', 'close 1', 'open 2']);
  await graphs.release();
  expect(events.slice(4)).toEqual(['close 2', 'close 0']);
});

test('graphs are closed before the next is opened where their packed weights take more than there is room for', async () => {
  const { events, ask } = watched({ room: 100 }, 80);
  for (const key of ['prompt', 'step', 'queries']) await ask(key);
  expect(events).toEqual(['open 0', 'open 1', 'close 0', 'open 2']);
});

test('without room only one graph has packed weights at a time', async () => {
  const { events, ask } = watched({ room: 0 }, 80);
  for (const key of ['prompt', 'step', 'step']) await ask(key);
  expect(events).toEqual(['open 0', 'close 0', 'open 1']);
});

test('of runs that are asked for at once none finds its graph closed', async () => {
  const { ask } = watched({ keep: 1 });
  const answers = await Promise.all(['a', 'b', 'a', 'c'].map((key) => ask(key)));
  expect(answers.map(({ y }) => y)).toEqual([0, 1, 2, 3].map((number) => Float32Array.of(number)));
});

test('a graph that fails to open is tried again, and does not stop what follows', async () => {
  let tries = 0;
  const graphs = new OpenGraphs({
    open: async () => {
      if (tries++ === 0) throw new Error('no such weights');
      return { run: async () => ({ y: Float32Array.of(1) }), runOnDevice: neverOnDevice, release: async () => {} };
    },
  });
  const first = graphs.run({ key: 'step', outputs }, () => ({}));
  const second = graphs.run({ key: 'step', outputs }, () => ({}));
  await expect(first).rejects.toThrow('no such weights');
  expect(await second).toEqual({ y: Float32Array.of(1) });
});
