// Reads and writes settings and recent projects, in one JSON file of the person's own folder.
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import envPaths from 'env-paths';
import { z } from 'zod';
import { BadInput } from './contract/badInput.ts';
import { Settings, SettingsChange } from './contract/settings.ts';

/** Where Loupe keeps what is neither the app's nor a project's. */
export interface Folders {
  readonly config: string;
  /** May be emptied at any time. */
  readonly cache: string;
  /** The sample project. */
  readonly data: string;
}

/** The system's own places, or all of them below one folder. */
export function foldersBelow(home: string | undefined): Folders {
  if (home === undefined || home === '') return envPaths('Loupe', { suffix: '' });
  const below = (name: string) => path.resolve(home, name);
  return { config: below('config'), cache: below('cache'), data: below('data') };
}

/** Where logs go that a person asked for. */
export const logFolder = (home: string | undefined): string =>
  home === undefined || home === '' ? envPaths('Loupe', { suffix: '' }).log : path.resolve(home, 'log');

const Recent = z.object({ file: z.string(), name: z.string(), opened: z.string() });
type Recent = z.infer<typeof Recent>;

/** Each part falls back alone, so that one bad value does not cost the rest. */
const Stored = z
  .object({ settings: z.record(z.string(), z.unknown()).catch({}), recent: z.array(Recent).catch([]) })
  .catch({ settings: {}, recent: [] });

const MOST_RECENT = 20;

export class SettingsFile {
  readonly #file: string;
  #settings: Settings;
  #recent: Recent[];

  constructor(folder: string) {
    this.#file = path.join(folder, 'settings.json');
    const { settings, recent } = Stored.parse(jsonOf(this.#file));
    this.#settings = tolerant(settings);
    this.#recent = recent;
  }

  read(): Settings {
    return this.#settings;
  }

  write(fields: Partial<Settings>): Settings {
    const settings = Settings.parse({ ...this.#settings, ...fields });
    // A setting that cannot be stored does not take effect either.
    this.#save({ settings, recent: this.#recent });
    this.#settings = settings;
    return settings;
  }

  /** The last one opened first. */
  recent(): readonly Recent[] {
    return this.#recent;
  }

  /** Never fails: that a list cannot be kept must not keep anybody from a project. */
  opened(project: { file: string; name: string }, now = new Date()): void {
    const others = this.#recent.filter(({ file }) => file !== project.file);
    this.#recent = [{ ...project, opened: now.toISOString() }, ...others].slice(0, MOST_RECENT);
    try {
      this.#save({ settings: this.#settings, recent: this.#recent });
    } catch (error) {
      if (!(error instanceof BadInput)) throw error;
    }
  }

  #save(stored: { settings: Settings; recent: readonly Recent[] }): void {
    const text = JSON.stringify(stored, null, 2);
    const beside = `${this.#file}.${randomUUID()}`;
    try {
      mkdirSync(path.dirname(this.#file), { recursive: true });
      writeFileSync(beside, `${text}\n`, { mode: 0o600 });
      renameSync(beside, this.#file);
    } catch (error) {
      if (existsSync(beside)) rmSync(beside);
      const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
      throw new BadInput(`${this.#file}: settings cannot be kept there (${code})`);
    }
  }
}

/** Null where the file is missing or no JSON. */
function jsonOf(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}

/** Every setting that is as it may be; the others as they are at first. */
function tolerant(stored: Readonly<Record<string, unknown>>): Settings {
  const fits = ([name, value]: [string, unknown]) => SettingsChange.safeParse({ [name]: value }).success;
  return Settings.parse(Object.fromEntries(Object.entries(stored).filter(fits)));
}
