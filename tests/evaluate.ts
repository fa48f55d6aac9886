// Runs a graph once on ONNX Runtime's CPU provider and hands back plain float64 numbers.

import type { Tensor } from '../models/graph/tensor.ts';
import type { NamedValues } from '../models/graph/value.ts';
import { Session, type SessionOptions } from '../models/runtime/session.ts';

export async function evaluate(
  outputs: Readonly<Record<string, Tensor>>,
  feeds: NamedValues,
  options: SessionOptions = {},
): Promise<Record<string, Float64Array>> {
  const session = await Session.create(outputs, options);
  const results = await session.run(feeds);
  await session.release();
  return Object.fromEntries(
    Object.entries(results).map(([name, data]) => [name, Float64Array.from(Array.from(data, Number))]),
  );
}
