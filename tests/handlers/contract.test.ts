import { ORPCError } from '@orpc/server';
import { describe, expect, test } from 'vitest';
import { BadInput, NoModel, noProject, ProjectClosed } from '../../main/contract/badInput.ts';
import { Conflict } from '../../main/contract/diff.ts';
import { asError } from '../../main/handlers/contract.ts';

const told = (error: unknown) => {
  const { message, ...rest } = asError(error);
  return { code: 'code' in rest ? rest.code : null, message };
};

describe('failures as the contract has them', () => {
  test('each kind has its code and keeps its sentence', () => {
    expect(told(new BadInput('a.json: is empty'))).toEqual({ code: 'BAD_INPUT', message: 'a.json: is empty' });
    expect(told(new Conflict('shape 3 is gone'))).toEqual({ code: 'CONFLICT', message: 'shape 3 is gone' });
    expect(told(new NoModel('It stopped.'))).toEqual({ code: 'NO_MODEL', message: 'It stopped.' });
    const closed = new ProjectClosed('a.loupe was closed meanwhile');
    expect(told(closed)).toEqual({ code: 'NO_PROJECT', message: 'a.loupe was closed meanwhile' });
    expect(told(noProject())).toEqual({ code: 'NO_PROJECT', message: 'No project is open.' });
  });

  test('a fault of our own is one line with the log that holds the rest', () => {
    const { code, message } = told(new TypeError('x is\nundefined'));
    expect(code).toBe('INTERNAL_SERVER_ERROR');
    expect(message).toMatch(/^internal fault: x is undefined \(log: .+\)$/u);
    expect(told('thrown text').message).toContain('thrown text');
  });

  test('what was cancelled stays so, and an agreed error stays as it is', () => {
    const abortion = new DOMException('left', 'AbortError');
    expect(asError(abortion)).toBe(abortion);
    const agreed = new ORPCError('CONFLICT', { message: 'x' });
    expect(asError(agreed)).toBe(agreed);
  });
});
