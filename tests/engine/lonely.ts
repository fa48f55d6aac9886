// A program that starts an engine, says its number and then does nothing: to be killed, for the test of what is left behind.
import { Engine } from '../../main/engine/supervisor.ts';

const engine = new Engine({ weights: process.argv[2] ?? null, device: 'cpu' });
await engine.weights();
process.stdout.write(`${engine.pid}\n`);
