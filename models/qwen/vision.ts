// Builds the vision tower: patches of one or more pictures to image features by patch embedding, windowed blocks and merger.
import { rotate } from '../graph/attention.ts';
import { add, gelu, quickGelu } from '../graph/elementwise.ts';
import { permute } from '../graph/gather.ts';
import { matmul } from '../graph/linear.ts';
import { layerNorm, rmsNorm } from '../graph/norm.ts';
import { recompute } from '../graph/recompute.ts';
import { concat, inverse, reshape, slice } from '../graph/shape.ts';
import { constant, dim, entry, type Tensor } from '../graph/tensor.ts';
import { attention, mergeHeads, splitHeads } from '../nn/attention.ts';
import { fusedLinear, linear } from '../nn/linear.ts';
import { gatedMlp, mlp } from '../nn/mlp.ts';
import type { Params } from '../nn/params.ts';
import type { VisionConfig } from './config.ts';
import { type PatchGrid, patchPlaces, patchTable } from './rope.ts';
import { pictureLayout, type WindowLayout, type WindowRun, windowLayout } from './windows.ts';

export interface VisionTower {
  /** [merged cells, out], raster order, picture after picture. */
  features: Tensor;
  /** After the patch embedding and after each block: [patches, hidden] in the order of pixel_values. */
  stages: readonly Tensor[];
}

/** Values per patch in pixel_values: channels, frames, rows, columns. */
export const patchWidth = ({ channels, temporal, patch }: VisionConfig): number => channels * temporal * patch * patch;

/** `p` stands at `visual`; pixels [patches of all grids, patchWidth]. Pictures of one size are one dense batch. */
export function visionTower(
  p: Params,
  pixels: Tensor,
  { grids, config, again = false }: { grids: readonly PatchGrid[]; config: VisionConfig; again?: boolean },
): VisionTower {
  const plan = towerPlan(grids, config);
  let rows: Rows = { x: embedPatches(p, pixels, config), cells: plan.raster };
  const stages = [rows];
  for (let i = 0; i < config.depth; i++) {
    const spread = config.fullBlocks.includes(i) ? plan.pictures : plan.windows;
    const x = inOrder(rows, spread.cells);
    const y = block(p.at(`blocks.${i}`), x, spread, config);
    rows = { x: again ? recompute([x], y) : y, cells: spread.cells };
    stages.push(rows);
  }
  const merged = merger(p.at('merger'), rows.x, config);
  return {
    features: permute(merged, inverse(rows.cells), 0),
    stages: stages.map((stage) => inOrder(stage, plan.raster)),
  };
}

/** x [patches, hidden], the patches of a cell side by side, and which cell stands where. */
interface Rows {
  x: Tensor;
  cells: readonly number[];
}

function inOrder({ x, cells }: Rows, wanted: readonly number[]): Tensor {
  if (wanted === cells) return x;
  const at = inverse(cells);
  const byCell = reshape(x, [cells.length, -1]);
  return reshape(
    permute(
      byCell,
      wanted.map((cell) => entry(at, cell, 'cells')),
      0,
    ),
    x.shape,
  );
}

/** How a block's rows lie, and each run's rotary tables: [period * patches, head width]. */
interface Spread {
  cells: readonly number[];
  runs: readonly TurnedRun[];
}

interface TurnedRun extends WindowRun {
  cosine: Tensor;
  sine: Tensor;
}

function towerPlan(grids: readonly PatchGrid[], config: VisionConfig) {
  const windows = windowLayout(grids, config);
  const places = grids.flatMap((grid) => patchPlaces(grid, config.merge));
  return {
    raster: windows.cells.map((_, i) => i),
    windows: withTables(windows, places, config),
    pictures: withTables(pictureLayout(grids, config, windows), places, config),
  };
}

function withTables(
  { cells, runs }: WindowLayout,
  places: ReturnType<typeof patchPlaces>,
  config: VisionConfig,
): Spread {
  const perCell = config.merge ** 2;
  const shownBy = (cell: number) => places.slice(cell * perCell, (cell + 1) * perCell);
  let start = 0;
  const turned = runs.map((run) => {
    const rows = run.period * run.patches;
    const table = patchTable(cells.slice(start, start + rows / perCell).flatMap(shownBy), config);
    start += (run.windows * run.patches) / perCell;
    const shape = [rows, config.hidden / config.heads];
    return { ...run, cosine: constant(table.cosine, shape), sine: constant(table.sine, shape) };
  });
  return { cells, runs: turned };
}

/** A convolution whose stride is its kernel is a product. */
function embedPatches(p: Params, pixels: Tensor, config: VisionConfig): Tensor {
  const { hidden, channels, temporal, patch } = config;
  const kernel = p.get('patch_embed.proj.weight', hidden, channels, temporal, patch, patch);
  return matmul(pixels, reshape(kernel, [hidden, patchWidth(config)]), { transB: true });
}

function block(p: Params, x: Tensor, spread: Spread, config: VisionConfig): Tensor {
  const { hidden } = config;
  const qkv = fusedLinear(p.at('attn.qkv'), norm(p.at('norm1'), x, config), 3, hidden);
  const seen = add(x, linear(p.at('attn.proj'), attend(qkv, spread, config), hidden));
  return add(seen, feedForward(p.at('mlp'), norm(p.at('norm2'), seen, config), config));
}

function norm(p: Params, x: Tensor, { hidden, style }: VisionConfig): Tensor {
  const weight = p.get('weight', hidden);
  return style === 'qwen2' ? layerNorm(x, weight, p.get('bias', hidden), 1e-6) : rmsNorm(x, weight, 1e-6);
}

function feedForward(p: Params, x: Tensor, { hidden, inner, style }: VisionConfig): Tensor {
  if (style === 'qwen2.5') return gatedMlp(p, x, inner);
  return mlp(p, x, quickGelu, { names: ['fc1', 'fc2'], widths: [inner, hidden] });
}

/** Queries, keys and values [patches, hidden] -> [patches, hidden]; rows attend within their window only. */
function attend(qkv: readonly Tensor[], { runs }: Spread, config: VisionConfig): Tensor {
  let end = 0;
  const mixed = runs.map((run) => {
    const start = end;
    end += run.windows * run.patches;
    return attendRun(
      qkv.map((t) => slice(t, [start], [end], [0])),
      run,
      config,
    );
  });
  return concat(mixed, 0);
}

/** Windows lie behind one another in a head's rows, so that a reshape turns them into more heads. */
function attendRun(qkv: readonly Tensor[], run: TurnedRun, { heads, hidden }: VisionConfig): Tensor {
  const { windows, patches, period } = run;
  const [batch, length, width] = [windows / period, period * patches, hidden / heads];
  const byHead = qkv.map((t) => splitHeads(reshape(t, [batch, length, hidden]), heads));
  const turned = byHead.map((t, i) => (i < 2 ? rotate(t, run.cosine, run.sine) : t));
  const [q, k, v] = turned.map((t) => reshape(t, [batch, heads * period, patches, width]));
  if (!q || !k || !v) throw new Error('Attention needs queries, keys and values.');
  const mixed = reshape(attention(q, k, v), [batch, heads, length, width]);
  return reshape(mergeHeads(mixed), [windows * patches, hidden]);
}

/** Makes one feature of the patches of a cell, which stand side by side. */
function merger(p: Params, x: Tensor, config: VisionConfig): Tensor {
  const wide = config.hidden * config.merge ** 2;
  const cells = reshape(norm(p.at('ln_q'), x, config), [dim(x, 0) / config.merge ** 2, wide]);
  return mlp(p, cells, gelu, { names: ['mlp.0', 'mlp.2'], widths: [wide, config.out] });
}
