import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { runtimes } from '../../tools/node.mjs';

interface Manifest {
  name?: string;
  version?: string;
  scripts: Record<string, string>;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  allowScripts: Record<string, boolean>;
}

interface Locked {
  version?: string;
  resolved?: string;
  integrity?: string;
  link?: boolean;
  hasInstallScript?: boolean;
  optionalDependencies?: Record<string, string>;
}

const root = path.resolve(import.meta.dirname, '../..');
const read = <T>(file: string): T => JSON.parse(readFileSync(path.join(root, file), 'utf8'));

const manifest = read<Manifest>('package.json');
const runtime = read<Manifest>('tools/node-runtime/package.json');
const lock = read<{ packages: Record<string, Locked> }>('package-lock.json').packages;
const asked = { ...manifest.dependencies, ...manifest.devDependencies, ...runtime.optionalDependencies };
const installed = Object.entries(lock).filter(([where]) => where.includes('node_modules/'));

describe('the install', () => {
  it('asks for one exact version of everything, and the lock has it', () => {
    for (const [name, version] of Object.entries(asked)) {
      expect([name, lock[`node_modules/${name}`]?.version]).toEqual([name, version]);
      expect(version).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/);
    }
  });

  it('keeps the integrity of every package and the address of none', () => {
    const addresses = installed.filter(([, { resolved }]) => resolved?.includes('://'));
    expect(addresses).toEqual([]);
    const unchecked = installed.filter(([, { integrity, link }]) => !integrity && !link);
    expect(unchecked).toEqual([]);
  });

  // npm leaves out a platform that the registry does not show while the lock is made; users of it would miss the binary.
  it('locks every platform of every optional family', () => {
    const names = new Set(installed.map(([where]) => where.split('node_modules/').pop()));
    const missing = Object.values(lock).flatMap(({ optionalDependencies = {} }) =>
      Object.keys(optionalDependencies).filter((name) => !names.has(name)),
    );
    expect(missing).toEqual([]);
  });

  it('runs no script of a package', () => {
    const settings = readFileSync(path.join(root, '.npmrc'), 'utf8').split('\n');
    expect(settings).toContain('ignore-scripts=true');
    expect(settings).toContain('omit-lockfile-registry-resolved=true');
    const scripted = installed
      .filter(([, one]) => one.hasInstallScript)
      .map(([where]) => where.split('node_modules/').pop());
    for (const name of scripted) expect([name, manifest.allowScripts[name ?? '']]).toEqual([name, false]);
  });

  it('brings the Node of every platform that the launcher knows', () => {
    expect(Object.values(runtimes).sort()).toEqual(Object.keys(runtime.optionalDependencies ?? {}).sort());
  });

  it('starts everything by the launchers, which bring their own Node', () => {
    for (const script of Object.values(manifest.scripts)) {
      for (const command of script.split(' && ')) expect(command).toMatch(/^node tools\/(with-node|loupe)\.mjs /);
    }
  });
});
