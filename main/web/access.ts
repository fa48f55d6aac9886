// Says who may ask the host: a random token, sessions of pages that have shown it, and requests from our own page alone.
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** A port of this machine that browsers reach, or a socket file that only our own shell knows. */
export type Door = { readonly kind: 'port'; readonly port: number } | { readonly kind: 'socket' };

export class Access {
  readonly token: string;
  readonly #sessions: string[] = [];
  readonly #codes: { readonly code: string; readonly until: number }[] = [];

  constructor(token = secret()) {
    this.token = token;
  }

  /** Why the request is turned away whatever it brings, or null. */
  stray(request: IncomingMessage, door: Door): string | null {
    if (door.kind === 'socket') return null;
    const { host = '', origin } = request.headers;
    const hosts = ['127.0.0.1', 'localhost', '[::1]'].map((name) => `${name}:${door.port}`);
    // A page of elsewhere may have its own name point here.
    if (!hosts.includes(host)) return 'this host answers to 127.0.0.1 alone';
    if (origin !== undefined && origin !== `http://${host}`) return `pages of ${origin} may not ask this host`;
    const { 'sec-fetch-site': site = 'none', 'sec-fetch-dest': wantedFor } = request.headers;
    // A link to the page may stand anywhere; what it opens is a window of its own.
    const isOurs = site === 'same-origin' || site === 'none' || wantedFor === 'document';
    return isOurs ? null : 'pages of elsewhere may not ask this host';
  }

  /** Whether it brings the token itself. */
  bearer(request: IncomingMessage): boolean {
    const shown = shownBy(request);
    return shown !== null && equal(shown, this.token);
  }

  /** Stands for the token once, within a minute: what opens a browser is read by everybody in the list of processes. */
  code(now = Date.now()): string {
    const code = secret();
    this.#codes.push({ code, until: now + CODE_MS });
    if (this.#codes.length > MOST_CODES) this.#codes.shift();
    return code;
  }

  /** Whether it brings a code that is still good; it is not good any more then. */
  redeem(request: IncomingMessage, now = Date.now()): boolean {
    const shown = shownBy(request);
    const at = shown === null ? -1 : this.#codes.findIndex(({ code }) => equal(shown, code));
    const [found] = at < 0 ? [] : this.#codes.splice(at, 1);
    return found !== undefined && now < found.until;
  }

  /** Whether it brings the token or the cookie of a session. */
  known(request: IncomingMessage, door: Door): boolean {
    if (this.bearer(request)) return true;
    if (door.kind === 'socket') return false;
    const cookies = (request.headers.cookie ?? '').split(';').map((each) => each.trim().split('='));
    const [, shown] = cookies.find(([name]) => name === cookieName(door.port)) ?? [];
    return shown !== undefined && this.#sessions.some((session) => equal(shown, session));
  }

  /** A new session as the header that sets its cookie. */
  begin(port: number): string {
    const session = secret();
    this.#sessions.push(session);
    if (this.#sessions.length > MOST_SESSIONS) this.#sessions.shift();
    return `${cookieName(port)}=${session}; HttpOnly; SameSite=Strict; Path=/`;
  }
}

const MOST_SESSIONS = 100;
const MOST_CODES = 10;
const CODE_MS = 60_000;

const shownBy = ({ headers }: IncomingMessage): string | null =>
  /^Bearer ([\w-]{1,200})$/u.exec(headers.authorization ?? '')?.[1] ?? null;

const secret = (): string => randomBytes(32).toString('base64url');

/** Browsers share cookies between the ports of a machine. */
const cookieName = (port: number): string => `loupe-${port}`;

/** Compares in a time that tells nothing about where the two differ. */
function equal(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
