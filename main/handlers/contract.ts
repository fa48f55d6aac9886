// Gives every group of handlers the contract, with failures turned into its errors.
import { mapEventIterator } from '@orpc/client';
import { implement, ORPCError, ValidationError } from '@orpc/server';
import { api } from '../contract/api.ts';
import { FileGone, NoModel, ProjectClosed, ReadOnlyPlace } from '../contract/badInput.ts';
import { Conflict } from '../contract/diff.ts';
import { exitCode, judge } from '../failure.ts';

/** Failures as the contract's errors, one sentence each; a fault of our own leaves its stack in a log file. */
export function asError(error: unknown): Error {
  if (error instanceof Conflict) return new ORPCError('CONFLICT', { message: error.message });
  if (error instanceof FileGone) return new ORPCError('FILE_GONE', { message: error.message });
  if (error instanceof ProjectClosed) return new ORPCError('NO_PROJECT', { message: error.message });
  if (error instanceof ReadOnlyPlace) return new ORPCError('READ_ONLY', { message: error.message });
  if (error instanceof NoModel) return new ORPCError('NO_MODEL', { message: error.message });
  if (error instanceof ORPCError) return ofContract(error);
  const { code, line } = judge(error);
  if (code === exitCode.cancelled && error instanceof Error) return error;
  const message = line?.replace(/^loupe: /u, '') ?? 'it failed and gave no reason';
  return new ORPCError(code === exitCode.badInput ? 'BAD_INPUT' : 'INTERNAL_SERVER_ERROR', { message });
}

/** What a caller sent that the contract does not allow is bad input; what we sent so is our fault. */
function ofContract(error: ORPCError<string, unknown>): Error {
  const cause = error.cause;
  if (!(cause instanceof ValidationError)) return error;
  const [issue] = cause.issues;
  const place = (issue?.path ?? []).map((step) => String(typeof step === 'object' ? step.key : step)).join('.');
  const said = `${place === '' ? '' : `${place}: `}${issue?.message ?? 'is not as agreed'}`;
  return error.code === 'BAD_REQUEST' ? new ORPCError('BAD_INPUT', { message: said }) : asError(new Error(said));
}

const bare = implement(api);

/** Handlers are made from this: `contract.images.list.handler(({ input }) => ...)`. They throw BadInput and Conflict. */
export const contract = bare.use(async ({ next }) => {
  try {
    const result = await next();
    return isStream(result.output) ? { ...result, output: withErrors(result.output) } : result;
  } catch (error) {
    throw asError(error);
  }
});

type Stream = AsyncIteratorObject<unknown, unknown, void>;

const isStream = (value: unknown): value is Stream =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value;

const withErrors = (stream: Stream): Stream =>
  mapEventIterator(stream, { value: async (value) => value, error: async (error) => asError(error) });
