// Files of tools whose format Loupe does not read, told by their keys: what they are, and what to export instead.

interface Known {
  readonly title: string;
  /** All of these are among the keys. */
  readonly keys: readonly string[];
}

const OBJECTS: readonly Known[] = [
  { title: 'Darwin (V7)', keys: ['item', 'annotations'] },
  { title: 'Darwin (V7)', keys: ['image', 'annotations'] },
  { title: 'Supervisely', keys: ['size', 'objects', 'tags'] },
  { title: 'Cityscapes', keys: ['imgHeight', 'imgWidth', 'objects'] },
  { title: 'Datumaro', keys: ['categories', 'items'] },
  { title: 'BDD100K', keys: ['name', 'frames'] },
  { title: 'Roboflow predictions', keys: ['predictions', 'image'] },
];
const ENTRIES: readonly Known[] = [
  { title: 'BDD100K', keys: ['name', 'labels'] },
  { title: 'Labelbox', keys: ['data_row'] },
  { title: 'Labelbox', keys: ['Labeled Data'] },
  { title: 'CreateML', keys: ['image', 'annotations'] },
  { title: 'CreateML', keys: ['imagefilename', 'annotation'] },
  { title: 'Scale AI', keys: ['task_id', 'response'] },
];

/** The sentence for a file that is one object with these keys; null where nobody is known to write them. */
export const unreadObject = (keys: Iterable<string>): string | null => sentence(OBJECTS, keys);

/** The sentence for a list, or lines, of entries with these keys. */
export const unreadEntries = (keys: Iterable<string>): string | null => sentence(ENTRIES, keys);

function sentence(among: readonly Known[], keys: Iterable<string>): string | null {
  const present = new Set(keys);
  const known = among.find((each) => each.keys.every((key) => present.has(key)));
  return known ? `is a file of ${known.title}, which Loupe does not read; export it from there as COCO` : null;
}
