// Says which element types of foreign ONNX files can be fed and read, and refuses files of others before they are opened.
import type { OnnxHeader } from '../../../models/runtime/onnxHeader.ts';
import { BadInput } from '../../contract/badInput.ts';

/** ONNX's numbers of them. */
export const elementTypes = { float32: 1, uint8: 2, int32: 6, int64: 7, bool: 9 } as const;

const known: readonly number[] = Object.values(elementTypes);

/** Throws one sentence that names the file and the input or output. */
export function refuseOddTypes({ file, inputs, outputs }: OnnxHeader): void {
  const odd = [...inputs, ...outputs].find(({ type }) => !known.includes(type));
  if (!odd) return;
  throw new BadInput(
    `${file}: ${odd.name} is of an element type (ONNX number ${odd.type}) that cannot be fed; take the float32 files`,
  );
}
