// Looks up what must be there: a missing entry is thrown by its name and does not go on quietly as a 0.

export function entry<T>(list: readonly T[], at: number, name: string): T {
  const value = list[at];
  if (value === undefined) throw new Error(`${name}: no entry ${at} among ${list.length}`);
  return value;
}

export function field<T>(record: Readonly<Record<string, T>>, key: string, name: string): T {
  const value = Object.hasOwn(record, key) ? record[key] : undefined;
  if (value === undefined)
    throw new Error(`${name}: no field ${key} among ${Object.keys(record).join(', ') || 'none'}`);
  return value;
}

export function underKey<K, V>(map: ReadonlyMap<K, V>, key: K, name: string): V {
  const value = map.get(key);
  if (value === undefined) throw new Error(`${name}: nothing under ${String(key)}`);
  return value;
}
