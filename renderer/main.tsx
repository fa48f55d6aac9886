// Starts the page: connects to the host, makes the client on it, and the window on the client.
import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import '@mantine/spotlight/styles.css';
import './loupe.css';
import { createRoot } from 'react-dom/client';
import { App } from './App.tsx';
import type { Memory } from './state/actionContext.ts';
import { openClient } from './state/client.ts';
import { connect, portDial, sessionOf, socketDial } from './state/connection.ts';
import { shellHere } from './state/shell.ts';

/** Storage may be forbidden or full; what it would have remembered is a convenience. */
const memory: Memory = {
  read: (key) => {
    try {
      return localStorage.getItem(`loupe ${key}`);
    } catch {
      return null;
    }
  },
  write: (key, value) => {
    try {
      localStorage.setItem(`loupe ${key}`, value);
    } catch {}
  },
};

/** The token of the address; it goes from the address at once, so that it is in no history and no screenshot. */
function takeToken(): string | null {
  const token = location.hash.slice(1);
  if (token === '') return null;
  history.replaceState(null, '', location.pathname + location.search);
  return token;
}

const shell = shellHere();
const socketAddress = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/rpc`;
const dial = shell ? portDial(() => shell.port()) : socketDial(socketAddress, sessionOf(takeToken()));
const fetchAhead = (address: string) => {
  new Image().src = address;
};
// The desktop starts its host again by itself; one that was started by hand comes back at another address, and this page
// with what it holds stays behind.
const client = openClient(connect(dial), { memory, fetchAhead, keepsWhileAway: shell !== null });

window.addEventListener('beforeunload', (event) => {
  if (client.edits.waiting() > 0) event.preventDefault();
});

const root = document.getElementById('root');
if (root) createRoot(root).render(<App client={client} shell={shell} />);
