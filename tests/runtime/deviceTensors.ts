// Run as a program: results that stay with a provider go from session to session; what became of them, as JSON.
import { add, exp, mul } from '../../models/graph/elementwise.ts';
import { argMax, reduceMax } from '../../models/graph/reduce.ts';
import { slice } from '../../models/graph/shape.ts';
import { input, type Tensor } from '../../models/graph/tensor.ts';
import type { DeviceTensor, NamedValues } from '../../models/graph/value.ts';
import { heldTensors, type Provider, Session } from '../../models/runtime/session.ts';

const provider = process.argv[2] as Provider;
const open = (outputs: Record<string, Tensor>, results?: 'device') => Session.create(outputs, { provider, results });
const x = Float32Array.from({ length: 8 }, (_, i) => i / 4);

/** The two rows of exp(x), apart. */
const rows = exp(input('x', [2, 4]));
const maker = await open({ 'row.0': slice(rows, [0], [1], [0]), 'row.1': slice(rows, [1], [2], [0]) }, 'device');
const taker = await open({ sum: add(input('row', [1, 4]), input('other', [1, 4])) });
const onCpu = await Session.create({ twice: mul(input('row', [1, 4]), 2) });

async function made(): Promise<DeviceTensor[]> {
  const kept = await maker.runOnDevice({ x });
  return ['row.0', 'row.1'].flatMap((name) => kept[name] ?? []);
}

const numbers = (results: NamedValues, name: string): number[] => Array.from(results[name] ?? [], Number);
const refusalOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'nothing was refused',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );

const [first, second] = await made();
if (!first || !second) throw new Error('The run gave no rows.');
const told = {
  provider: maker.provider,
  warnings: maker.warnings,
  locations: [first.location, second.location],
  shapes: [first.shape, second.shape],
  read: [[...(await first.read())], [...(await second.read())]],
  sum: numbers(await taker.run({ row: first, other: second }), 'sum'),
  withArray: numbers(await taker.run({ row: second, other: x.slice(0, 4) }), 'sum'),
  onCpu: numbers(await onCpu.run({ row: second }), 'twice'),
  heldBefore: heldTensors(),
};
const narrow = await open({ y: exp(input('row', [4])) });
const whole = await open({ best: argMax(input('x', [2, 4]), 1) }, 'device');
const refusals = [await refusalOf(narrow.run({ row: first })), await refusalOf(whole.runOnDevice({ x }))];
for (const tensor of [first, second, first]) tensor[Symbol.dispose]();
const disposed = [await refusalOf(taker.run({ row: first, other: second })), await refusalOf(first.read())];

const side = 1024;
const large = await open({ y: exp(input('x', [side, side])) }, 'device');
const reader = await open({ largest: reduceMax(input('y', [side, side]), [0, 1]) });
const values = new Float32Array(side * side);
const megabytes = async (runs: number): Promise<number> => {
  for (let i = 0; i < runs; i++) {
    const { y } = await large.runOnDevice({ x: values });
    if (!y) throw new Error('The run gave nothing.');
    // Buffers are free again once the device has come so far, and what reads from it waits for that: in an answer, the masks.
    await reader.run({ y });
    y[Symbol.dispose]();
  }
  return process.memoryUsage.rss() / 2 ** 20;
};
const warm = await megabytes(20);
const grown = (await megabytes(200)) - warm;
process.stdout.write(JSON.stringify({ ...told, refusals, disposed, heldAfter: heldTensors(), grown }));
