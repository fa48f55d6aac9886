// Pairs rows and columns of a table of costs one to one with the least sum (shortest augmenting paths).

/** [row, column] of every pair; as many as the shorter side. O(rows^2 * columns) for rows <= columns. */
export function assign(costs: readonly (readonly number[])[]): [number, number][] {
  const [first] = costs;
  if (!first) return [];
  const columns = first.length;
  if (costs.length > columns) {
    const flipped = first.map((_, column) => costs.map((row) => costAt(row, column)));
    return assign(flipped).map(([column, row]) => [row, column]);
  }
  const state: State = {
    costs,
    owner: new Int32Array(columns).fill(-1),
    rowPrice: new Float64Array(costs.length),
    columnPrice: new Float64Array(columns),
  };
  for (let row = 0; row < costs.length; row++) augment(state, row);
  return [...state.owner.entries()].flatMap(([column, row]) => (row < 0 ? [] : [[row, column]]));
}

function costAt(row: readonly number[] | undefined, column: number): number {
  const cost = row?.[column];
  if (cost === undefined) throw new RangeError(`The table of costs has a row without column ${column}.`);
  return cost;
}

/** Prices keep cost - rowPrice - columnPrice >= 0 everywhere, and 0 on the pairs made so far. */
interface State {
  readonly costs: readonly (readonly number[])[];
  readonly owner: Int32Array;
  readonly rowPrice: Float64Array;
  readonly columnPrice: Float64Array;
}

/** Finds the cheapest alternating path from a free row to a free column and swaps along it. */
function augment(state: State, start: number): void {
  const { owner, rowPrice, columnPrice } = state;
  const distance = new Float64Array(owner.length).fill(Number.POSITIVE_INFINITY);
  const via = new Int32Array(owner.length).fill(-1);
  const done = new Uint8Array(owner.length);
  let [row, at, reached] = [start, -1, 0];
  while (row >= 0) {
    relax(state, { row, from: at, reached, distance, via, done });
    at = nearest(distance, done);
    reached = distance[at] ?? 0;
    done[at] = 1;
    row = owner[at] ?? -1;
  }
  rowPrice[start] = (rowPrice[start] ?? 0) + reached;
  for (let column = 0; column < owner.length; column++) {
    if (!done[column] || column === at) continue;
    const slack = reached - (distance[column] ?? 0);
    const taken = owner[column] ?? 0;
    columnPrice[column] = (columnPrice[column] ?? 0) - slack;
    rowPrice[taken] = (rowPrice[taken] ?? 0) + slack;
  }
  for (; at >= 0; at = via[at] ?? -1) owner[at] = (via[at] ?? -1) < 0 ? start : (owner[via[at] ?? 0] ?? start);
}

interface Search {
  readonly row: number;
  readonly from: number;
  readonly reached: number;
  readonly distance: Float64Array;
  readonly via: Int32Array;
  readonly done: Uint8Array;
}

function relax(state: State, search: Search): void {
  const { row, from, reached, distance, via, done } = search;
  for (let column = 0; column < distance.length; column++) {
    const cost = costAt(state.costs[row], column);
    const length = reached + cost - (state.rowPrice[row] ?? 0) - (state.columnPrice[column] ?? 0);
    if (done[column] || length >= (distance[column] ?? 0)) continue;
    distance[column] = length;
    via[column] = from;
  }
}

function nearest(distance: Float64Array, done: Uint8Array): number {
  let best = -1;
  for (let column = 0; column < distance.length; column++) {
    if (!done[column] && (best < 0 || (distance[column] ?? 0) < (distance[best] ?? 0))) best = column;
  }
  return best;
}
