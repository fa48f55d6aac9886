// The desktop shell as the page sees it, over real message ports, with the shell's side played by the test.
import { afterEach, describe, expect, it } from 'vitest';
import { type PageMessage, portsChannel, type ShellMessage } from '../../../main/contract/shell.ts';
import { shellHere, shellOf } from '../../../renderer/state/shell.ts';

const ports: MessagePort[] = [];
afterEach(() => {
  for (const port of ports.splice(0)) port.close();
});

function channel(): MessageChannel {
  const made = new MessageChannel();
  ports.push(made.port1, made.port2);
  return made;
}

/** A page with a shell behind it that hands out its ports when the test lets it. */
function page() {
  let heard: (event: MessageEvent) => void = () => {};
  const connects: (() => { rpc: MessagePort; shell: MessagePort })[] = [];
  const said: PageMessage[] = [];
  const bridge = {
    connect: () => {
      connects.push(() => {
        const [rpc, shell] = [channel(), channel()];
        shell.port2.onmessage = ({ data }: MessageEvent<PageMessage>) => said.push(data);
        heard(new MessageEvent('message', { data: portsChannel, ports: [rpc.port1, shell.port1] }));
        return { rpc: rpc.port2, shell: shell.port2 };
      });
    },
    pathOf: (file: unknown) => (file instanceof File ? `/pictures/${file.name}` : ''),
  };
  const shell = shellOf({ bridge, onMessage: (listener) => (heard = listener) });
  const connect = () => {
    const next = connects.at(-1);
    if (!next) throw new Error('the page did not ask for ports');
    return next();
  };
  return { shell, said, connect, connects, hear: (event: MessageEvent) => heard(event) };
}

const tell = (port: MessagePort, message: ShellMessage) => port.postMessage(message);

describe('in a browser', () => {
  it('there is no shell', () => expect(shellHere()).toBeNull());
});

describe('ports', () => {
  it('are asked for by every call, and carry messages both ways', async () => {
    const { shell, connect } = page();
    const got = shell.port();
    const { rpc } = connect();
    const port = await got;
    const answer = new Promise((resolve) => rpc.on('message', resolve));
    port.postMessage('hello');
    expect(await answer).toBe('hello');
  });

  it('that come later go to those that ask later', async () => {
    const { shell, connect } = page();
    const first = shell.port();
    connect();
    const second = shell.port();
    connect();
    expect(await second).not.toBe(await first);
  });

  it('go to everybody who waits', async () => {
    const { shell, connect, connects } = page();
    const both = Promise.all([shell.port(), shell.port()]);
    expect(connects).toHaveLength(2);
    connect();
    const [a, b] = await both;
    expect(a).toBe(b);
  });

  it.each<[string, unknown, number]>([
    ['another message of the window', 'hello', 2],
    ['a message without ports', portsChannel, 0],
    ['a message with one port', portsChannel, 1],
    ['no text at all', { kind: portsChannel }, 2],
  ])('are not taken from %s', async (_, data, count) => {
    const { shell, hear } = page();
    let came = false;
    void shell.port().then(() => (came = true));
    const some = [channel().port1, channel().port1].slice(0, count);
    hear(new MessageEvent('message', { data, ports: some }));
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(came).toBe(false);
  });
});

describe('what the page says', () => {
  it('before there is a port is not lost, and stays in order', async () => {
    const { shell, connect, said } = page();
    shell.tell({ kind: 'title', title: 'cars', file: '/p/cars.loupe' });
    shell.tell({ kind: 'recent', files: ['/p/cars.loupe'] });
    void shell.port();
    connect();
    shell.tell({ kind: 'open outside', address: 'https://example.org' });
    await expect.poll(() => said.map(({ kind }) => kind)).toEqual(['title', 'recent', 'open outside']);
  });

  it('goes to the newest port alone, and once', async () => {
    const { shell, connect, said } = page();
    void shell.port();
    connect();
    shell.tell({ kind: 'recent', files: [] });
    void shell.port();
    connect();
    shell.tell({ kind: 'keys', chords: { 'edit.undo': 'Ctrl+Z' } });
    await expect.poll(() => said.length).toBe(2);
    expect(said.map(({ kind }) => kind).toSorted()).toEqual(['keys', 'recent']);
  });
});

describe("the system's dialogs", () => {
  it('answer the call that opened them, in whatever order they are closed', async () => {
    const { shell, connect, said } = page();
    void shell.port();
    const { shell: port } = connect();
    const [folder, file] = [shell.choose('folder'), shell.choose('export', 'cars.json')];
    await expect.poll(() => said.length).toBe(2);
    const [first, second] = said;
    if (first?.kind !== 'choose' || second?.kind !== 'choose') throw new Error('no dialog was asked for');
    expect([first.what, second.what, second.name]).toEqual(['folder', 'export', 'cars.json']);
    tell(port, { kind: 'chosen', call: second.call, files: ['/p/cars.json'] });
    tell(port, { kind: 'chosen', call: first.call, files: [] });
    expect(await file).toEqual(['/p/cars.json']);
    expect(await folder).toEqual([]);
  });

  it('that nobody opened are no news', async () => {
    const { shell, connect } = page();
    const heard: unknown[] = [];
    shell.onNews((news) => heard.push(news));
    void shell.port();
    const { shell: port } = connect();
    tell(port, { kind: 'chosen', call: 99, files: ['/x'] });
    tell(port, { kind: 'command', id: 'edit.undo' });
    await expect.poll(() => heard).toEqual([{ kind: 'command', id: 'edit.undo' }]);
  });
});

describe('news', () => {
  it('reach all listeners until they stop', async () => {
    const { shell, connect } = page();
    const [one, two]: [string[], string[]] = [[], []];
    const stop = shell.onNews(({ kind }) => one.push(kind));
    shell.onNews(({ kind }) => two.push(kind));
    void shell.port();
    const { shell: port } = connect();
    tell(port, { kind: 'open', file: '/p/cars.loupe' });
    await expect.poll(() => two).toEqual(['open']);
    stop();
    tell(port, { kind: 'host', state: 'stopped', problem: 'The host ended.' });
    await expect.poll(() => two).toEqual(['open', 'host']);
    expect(one).toEqual(['open']);
  });
});

describe('dropped files', () => {
  it('have a path that the shell knows', () => {
    expect(page().shell.pathOf(new File([], 'cars.loupe'))).toBe('/pictures/cars.loupe');
  });
});
