import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Client, ended, type Hosted, hosted, until } from '../hosting.ts';

let one: Hosted;
let client: Client;

beforeAll(async () => {
  one = await hosted('handlers-jobs');
  ({ client } = await one.call());
});
afterAll(() => one.stop());

test('jobs are listed, heard of and cancelled by every window', async () => {
  const { client: other } = await one.call();
  const stream = await other.watch();
  const { id } = one.host.jobs.start({
    ...{ kind: 'export', title: 'Exporting to cars.json', lane: 'disk' },
    run: async (progress) => {
      progress.total(10);
      progress.step(4);
      await new Promise((_, reject) => progress.signal.addEventListener('abort', () => reject(progress.signal.reason)));
      return null;
    },
  });
  await until(stream, 'job', ({ job }) => job.state === 'running');
  expect(await client.jobs.list()).toMatchObject([{ id, title: 'Exporting to cars.json', state: 'running' }]);
  expect(await client.jobs.cancel({ id })).toEqual({});
  expect(await ended(other, id)).toMatchObject({ state: 'cancelled', done: 4, total: 10, message: 'Cancelled.' });
  await until(stream, 'job', ({ job }) => job.state === 'cancelled');
  await stream.return?.();
});

test('a window that comes later is told of what was', async () => {
  const { client: late } = await one.call();
  const stream = await late.watch();
  expect((await until(stream, 'job')).job).toMatchObject({ state: 'cancelled' });
  await stream.return?.();
});

test('cancelling what is not there is no fault', async () => {
  expect(await client.jobs.cancel({ id: 'nobody' })).toEqual({});
});
