// Run as a program: asks for one provider and tells, as JSON, which one came, what was said and what it computed.
import { exp, mul } from '../../models/graph/elementwise.ts';
import { input } from '../../models/graph/tensor.ts';
import { type Provider, Session } from '../../models/runtime/session.ts';

const provider = process.argv[2] as Provider;
const session = await Session.create({ y: exp(mul(input('x', [4]), 0.5)) }, { provider });
const { y } = await session.run({ x: Float32Array.of(0, 1, 2, 3) });
await session.release();
const { warnings } = session;
process.stdout.write(JSON.stringify({ provider: session.provider, warnings, y: Array.from(y ?? [], Number) }));
