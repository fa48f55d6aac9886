// Where the tests' programs find WebGPU: a driver of the machine, or the software driver that `.ci/run` unpacked.
import path from 'node:path';
import { expect } from 'vitest';
import { runProgram } from '../program.ts';

interface Opened {
  readonly provider: string;
  readonly warnings: readonly string[];
}

/** A folder with Mesa's software driver and the Vulkan loader; the window's own tests must not see them. */
const unpacked = process.env.LOUPE_LAVAPIPE;

const environment: NodeJS.ProcessEnv = unpacked
  ? { LD_LIBRARY_PATH: path.join(unpacked, 'lib'), VK_DRIVER_FILES: path.join(unpacked, 'lvp_icd.json') }
  : {};

/** A software driver compiles shaders for half a minute the first time, on a slow machine for minutes. */
export const patience = { timeout: 600_000 };

/** What the program tells of its run on WebGPU. Without a driver the test is skipped, but not where one was unpacked. */
export async function runOnWebGpu<T extends Opened>(
  program: URL,
  args: readonly string[],
  skip: (why: string) => never,
) {
  const told = await runProgram<T>(program, args, environment);
  if (told.provider === 'cpu' && !unpacked) {
    // Any other reason would be a fault of ours.
    expect(told.warnings).toEqual([expect.stringMatching(/no GPU driver|no machine of this kind/)]);
    console.warn('skipped: no Vulkan driver');
    skip('no Vulkan driver');
  }
  expect([told.provider, told.warnings]).toEqual(['webgpu', []]);
  return told;
}
