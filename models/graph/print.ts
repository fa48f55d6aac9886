// Prints a graph as canonical text: one line a node, numbered in order of appearance, so that tests can compare it.
import { describe, reachable, type Tensor } from './tensor.ts';

/** Leaves are written by name or value where they are used; every other node gets a line. */
export function print(outputs: Readonly<Record<string, Tensor>>): string {
  const names = new Map<Tensor, string>();
  const lines: string[] = [];
  for (const t of reachable(Object.values(outputs))) {
    if (t.inputs.length === 0) names.set(t, leaf(t));
    else {
      names.set(t, `%${lines.length}`);
      lines.push(`%${lines.length} = ${call(t, names)} : ${describe(t)}`);
    }
  }
  return [...lines, ...Object.entries(outputs).map(([name, t]) => `${name} = ${names.get(t)}`)].join('\n');
}

const call = (t: Tensor, names: ReadonlyMap<Tensor, string>): string =>
  `${t.op.name}${attributes(t)}(${t.inputs.map((x) => names.get(x)).join(', ')})`;

function attributes(t: Tensor): string {
  const shown = Object.entries(t.attrs).map(([key, v]) => `${key}=${typeof v === 'object' ? `[${v.join(',')}]` : v}`);
  return shown.length > 0 ? `{${shown.join(' ')}}` : '';
}

function leaf(t: Tensor): string {
  if (t.name !== undefined) return t.name;
  const values = [...(t.value ?? [])];
  return values.length > 4 ? `const:${describe(t)}` : values.map((v) => String(Number(v.toPrecision(6)))).join(',');
}
