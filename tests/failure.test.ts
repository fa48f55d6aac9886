import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CommanderError, InvalidArgumentError } from 'commander';
import { afterAll, describe, expect, test } from 'vitest';
import { BadInput, NoModel } from '../main/contract/badInput.ts';
import { exitCode, judge } from '../main/failure.ts';
import { WeightsError } from '../models/runtime/weightsFile.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'loupe-failure-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('judge', () => {
  test('bad input is said in one line and leaves no log', () => {
    expect(judge(new BadInput('a.png: is empty'), folder)).toEqual({ code: 2, line: 'loupe: a.png: is empty' });
    expect(judge(new WeightsError('w: cut\r\n  short'), folder)).toEqual({ code: 2, line: 'loupe: w: cut short' });
    expect(readdirSync(folder)).toEqual([]);
  });

  test('a model that was refused is for the person to choose anew; one whose process stopped is a fault', () => {
    const refused = new NoModel('Seg-Zero-3B: has no segmenter of its own');
    expect(judge(refused, folder)).toEqual({ code: 2, line: 'loupe: Seg-Zero-3B: has no segmenter of its own' });
    expect(readdirSync(folder)).toEqual([]);
    const stopped = mkdtempSync(path.join(folder, 'stopped-'));
    expect(judge(new NoModel('It stopped.', { stopped: true }), stopped).code).toBe(exitCode.fault);
    rmSync(stopped, { recursive: true });
  });

  test('help and version are done; a wrong word is bad input', () => {
    expect(judge(new CommanderError(0, 'commander.helpDisplayed', '(outputHelp)'))).toEqual({ code: 0, line: null });
    expect(judge(new CommanderError(0, 'commander.version', '0.1.0'))).toEqual({ code: 0, line: null });
    expect(judge(new CommanderError(1, 'commander.help', '(outputHelp)'))).toEqual({ code: 2, line: null });
    const unknown = new CommanderError(
      1,
      'commander.unknownOption',
      "error: unknown option '--x'\n(Did you mean --y?)",
    );
    expect(judge(unknown)).toEqual({ code: 2, line: "loupe: unknown option '--x' (Did you mean --y?)" });
    expect(judge(new InvalidArgumentError('It takes a number.'))).toEqual({
      code: 2,
      line: 'loupe: It takes a number.',
    });
  });

  test('a cancelled command is no fault', () => {
    const controller = new AbortController();
    controller.abort();
    expect(judge(controller.signal.reason, folder)).toEqual({ code: exitCode.cancelled, line: 'loupe: cancelled' });
    expect(readdirSync(folder)).toEqual([]);
  });

  test('what the disk refuses of a named file is the person\u2019s to mend; a missing file may be ours', () => {
    const refused = (code: string, fields = {}) => Object.assign(new Error(`${code}: no`), { code, ...fields });
    expect(judge(refused('EACCES', { path: '/a/b', syscall: 'open' }), folder)).toEqual({
      code: 2,
      line: 'loupe: /a/b: cannot be used: you have no right to (EACCES)',
    });
    expect(judge(refused('ENOSPC', { syscall: 'write' }), folder).line).toMatch(/the disk is full .* make room/);
    expect(judge(refused('EFBIG', { syscall: 'write' }), folder)).toMatchObject({
      code: 2,
      line: expect.stringMatching(/larger than this disk .* take another disk/),
    });
    const logs = path.join(folder, 'missing');
    expect(judge(refused('ENOENT', { path: '/a/b', syscall: 'open' }), logs).code).toBe(3);
    expect(judge(refused('EACCES', { path: '/a/b', syscall: 'spawn b' }), logs).code).toBe(3);
  });

  test('a fault of ours names a log that holds the stacks of it and its causes', () => {
    const cause = new Error('the deep reason');
    const { code, line } = judge(new TypeError('x is\nnot y', { cause }), folder);
    expect(code).toBe(3);
    const [, file = ''] = /^loupe: internal fault: x is not y \(log: (.*)\)$/u.exec(line ?? '') ?? [];
    const log = readFileSync(file, 'utf8');
    expect(log).toContain('TypeError: x is\nnot y');
    expect(log).toContain('failure.test.ts');
    expect(log).toContain('caused by Error: the deep reason');
    expect(log).toContain(process.version);
    if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('whatever is thrown, and wherever no log can be written, it stays one line', () => {
    for (const thrown of ['text', undefined, null, 42, { odd: true }]) {
      const { code, line } = judge(thrown, path.join(folder, 'missing'));
      expect(code).toBe(3);
      expect(line).toMatch(/^loupe: internal fault: .*\(no log: .*ENOENT.*\)$/u);
    }
  });
});
