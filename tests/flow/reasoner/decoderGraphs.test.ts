// How a reasoner's decoder opens graphs: those of quantised checkpoints pack copies, which are bounded; answers stay the same.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withWeights } from '../../../main/evaluate/bench/modelBenchTask.ts';
import type { Storage } from '../../../main/evaluate/bench/randomWeights.ts';
import { decoderGraphs } from '../../../main/flow/reasoner/reasoner.ts';
import type { Runner } from '../../../models/graph/value.ts';
import type { Params } from '../../../models/nn/params.ts';
import { nanoConfig } from '../../../models/qwen/config.ts';
import { Decoder } from '../../../models/qwen/decode.ts';
import { passGraph } from '../../../models/qwen/passGraph.ts';

const config = nanoConfig({ vocabulary: 300, imageToken: 299 });
const whole = { rows: 1, prompts: 0, promptTokens: 0, capacity: 0, features: 0, queries: 0, logits: true };
const prompt = { ids: [5, 6, 7, 8, 9], grids: [], features: new Float32Array() };
const fourBits: Storage = { bits: 4, block: 32 };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'loupe-decoder-graphs-'));
});
afterAll(() => rm(folder, { recursive: true }));

const withReasoner = <T>(storage: Storage, use: (params: Params, folder: string) => Promise<T>): Promise<T> =>
  withWeights({ folder }, storage, { ask: (p) => void passGraph(p, config, { ...whole, tokens: 4 }), use });

test('plain weights stay mapped, and their graphs are bounded by number alone', async () => {
  await withReasoner({ bits: 16 }, async (params, own) => {
    const { room, chunk } = decoderGraphs({ folder: own }, { params, reasoner: config });
    expect([room, chunk]).toEqual([undefined, undefined]);
  });
});

test('graphs of quantised weights have room for a part of free memory, and suffixes that hold most answers', async () => {
  await withReasoner(fourBits, async (params, own) => {
    const { room, chunk } = decoderGraphs({ folder: own }, { params, reasoner: config });
    expect(room).toBeGreaterThan(0);
    expect(room).toBeLessThan(process.availableMemory());
    expect(chunk?.cache).toBe(512);
  });
});

test('a graph says how many bytes it packed: those of its quantised products, at any number of tokens', async () => {
  await withReasoner(fourBits, async (params, own) => {
    const { open } = decoderGraphs({ folder: own }, { params, reasoner: config });
    const copies: (number | undefined)[] = [];
    for (const tokens of [4, 96]) {
      const runner = await open(passGraph(params, config, { ...whole, tokens }));
      copies.push(runner.copiedBytes);
      await runner.release();
    }
    expect(copies[0]).toBeGreaterThan(config.language.layers * config.language.hidden ** 2);
    expect(copies[1]).toBe(copies[0]);
  });
});

test('where there is room for one graph only, answers are those of graphs that stay open', async () => {
  await withReasoner(fourBits, async (params, own) => {
    const graphs = decoderGraphs({ folder: own }, { params, reasoner: config });
    const answered = async (room: number) => {
      const open: Runner[] = [];
      let most = 0;
      const decoder = new Decoder({
        ...{ config, params, ...graphs, room },
        open: async (outputs, results) => {
          const inner = await graphs.open(outputs, results);
          const runner: Runner = {
            copiedBytes: inner.copiedBytes,
            run: (feeds) => inner.run(feeds),
            runOnDevice: (feeds) => inner.runOnDevice(feeds),
            release: () => {
              open.splice(open.indexOf(runner), 1);
              return inner.release();
            },
          };
          most = Math.max(most, open.push(runner));
          return runner;
        },
      });
      const sampling = { temperature: 0, topP: 1, topK: 0, repetitionPenalty: 1 };
      const { rows } = await decoder.answer([prompt], { sampling, maxTokens: 6, stop: [] });
      await decoder.release();
      return { ids: rows.map(({ ids }) => ids), most, left: open.length };
    };
    const bounded = await answered(0);
    const free = await answered(Number.POSITIVE_INFINITY);
    expect(bounded).toMatchObject({ most: 1, left: 0 });
    expect(free).toMatchObject({ most: 2, left: 0 });
    expect(bounded.ids).toEqual(free.ids);
  });
});
