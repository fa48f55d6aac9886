// What a person sets, on a host that keeps it, refuses it, or is slow about it.
import { afterEach, describe, expect, it } from 'vitest';
import { Settings } from '../../../main/contract/settings.ts';
import { changeSettings } from '../../../renderer/state/preferences.ts';
import { type Answers, type AtScript, atScript, later, refuse } from '../scripted.ts';

const open: AtScript[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

type Write = (Answers['settings'] & object)['write'];

function deskWith(write: Write, read: () => unknown = () => new Promise(() => {})) {
  const one = atScript({ settings: { write, read } });
  open.push(one);
  return { ...one, settings: () => one.client.store.getState().settings };
}

describe('a setting', () => {
  it('is shown at once, and is what the host kept in the end', async () => {
    const kept = later<Settings>();
    const { client, settings, calls } = deskWith(() => kept.promise);
    const done = changeSettings(client, { maskOpacity: 0.6 });
    expect(settings().maskOpacity).toBe(0.6);
    kept.resolve(Settings.parse({ maskOpacity: 0.6, wheel: 'scrolls' }));
    expect(await done).toBe(true);
    expect(settings()).toMatchObject({ maskOpacity: 0.6, wheel: 'scrolls' });
    expect(calls.at(-1)).toEqual({ name: 'settings.write', input: { maskOpacity: 0.6 } });
  });

  it('leaves the others alone', async () => {
    const { client, settings } = deskWith((change) => Settings.parse({ theme: 'dark', keys: 'CVAT', ...change }));
    client.store.setState({ settings: Settings.parse({ theme: 'dark', keys: 'CVAT' }) });
    expect(await changeSettings(client, { rebound: { 'tool.brush': 'D' } })).toBe(true);
    expect(settings()).toMatchObject({ theme: 'dark', keys: 'CVAT', rebound: { 'tool.brush': 'D' } });
  });

  it('that the host refuses is taken back, and why is said', async () => {
    const { client, settings } = deskWith(() => refuse('The settings file cannot be written.'));
    const before = settings();
    expect(await changeSettings(client, { theme: 'dark' })).toBe(false);
    expect(settings()).toEqual(before);
    expect(client.store.getState().notice).toMatchObject({
      tone: 'bad',
      text: 'The setting was not kept: The settings file cannot be written.',
    });
  });

  it('that no host may have never leaves the window', async () => {
    const { client, settings } = deskWith((change) => Settings.parse(change));
    expect(await changeSettings(client, { maskOpacity: 3 })).toBe(false);
    expect(settings().maskOpacity).toBe(0.45);
  });
});

describe('a window', () => {
  it('shows what is set as soon as the host has said it', async () => {
    const { settings } = deskWith(undefined, () => Settings.parse({ theme: 'dark', colourBy: 'review' }));
    expect(settings().theme).toBe('as the system');
    await expect.poll(() => settings()).toMatchObject({ theme: 'dark', colourBy: 'review' });
  });

  it('keeps the defaults where the host cannot say', async () => {
    const { settings, client } = deskWith(undefined, () => refuse('no'));
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(settings()).toEqual(Settings.parse({}));
    expect(client.store.getState().notice).toBeNull();
  });
});
