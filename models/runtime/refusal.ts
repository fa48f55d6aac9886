// Turns what ONNX Runtime throws into one sentence that a person can act on.

/** ONNX Runtime's wording, and what it means for the person. */
const causes: readonly (readonly [RegExp, string])[] = [
  [/backend not found/, 'ONNX Runtime has it on no machine of this kind'],
  [/No supported adapters|Failed to get a WebGPU adapter/, 'no GPU driver that fits was found'],
  [/Failed to load (shared )?library|cannot open shared object/, 'its libraries are not installed'],
];

/** `provider` was asked for and `error` came. */
export function refusal(provider: string, error: unknown): string {
  const said = sentence(error);
  const [, meaning] = causes.find(([pattern]) => pattern.test(said)) ?? [];
  return `${provider} was asked for but cannot be used (${meaning ?? said.replace(/\.$/, '')}); running on cpu.`;
}

/** Finds the first line without source positions, C++ signatures and status codes. */
export function sentence(error: unknown): string {
  const said = error instanceof Error ? error.message : String(error);
  const [line = ''] = said.split('\n');
  const plain = line
    .replace(/^.*?(\/\S+|[A-Z]:\\\S+)\.(cc|h|cpp|cu):\d+ /, '')
    .replace(/^[\w:<>~*& ]+\([^)]*\)(::<lambda\(\)>)?( const)? \S.*? was false\. /, '')
    .replace(/^Non-zero status code returned while running (\S+) node\. Name:'([^']*)' Status Message: /, '$1: ')
    .trim();
  return plain === '' ? 'ONNX Runtime failed without saying why.' : plain;
}
