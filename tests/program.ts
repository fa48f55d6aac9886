// Runs one of the tests' programs in a process of its own, so that a native crash fails one test and nothing else.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** `more`: variables of its environment, beside those of this process. What the program wrote to stdout, parsed as JSON; a crash or an exit status other than 0 rejects. */
export async function runProgram<T>(file: URL, args: readonly string[] = [], more: NodeJS.ProcessEnv = {}): Promise<T> {
  const program = fileURLToPath(file);
  const written = await new Promise<string>((resolve, reject) => {
    const env = { ...process.env, ...more };
    execFile(process.execPath, ['--expose-gc', program, ...args], { env }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${program} ended with ${error.signal ?? error.code}: ${stderr}`));
      else resolve(stdout);
    });
  });
  return JSON.parse(written) as T;
}
