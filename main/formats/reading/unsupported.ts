// Recognises JSON of tools that Loupe does not read: the name of the format, and what to export instead.
import { type Fields, isFields } from './values.ts';

/** What tells formats apart: the keys, and the first entry of each list or other value. */
export interface JsonFacts {
  readonly keys: ReadonlySet<string>;
  readonly first: ReadonlyMap<string | null, unknown>;
}

interface Known {
  /** "a Darwin file (V7)" */
  readonly name: string;
  /** What to export in place of this format. */
  readonly instead: string;
  readonly fits: (facts: JsonFacts) => boolean;
}

const has = ({ keys }: JsonFacts, ...names: string[]): boolean => names.every((name) => keys.has(name));
const firstOf = ({ first }: JsonFacts, key: string | null): Fields => {
  const value = first.get(key);
  return isFields(value) ? value : {};
};
/** The entry of a file that is one list, or of one that has a value a line. */
const entry = (facts: JsonFacts): Fields => firstOf(facts, null);

/** Segment Anything's has a file_name. */
const isDarwinImage = (image: Fields): boolean =>
  'original_filename' in image || ('filename' in image && !('file_name' in image));

const CONVERT = 'convert it to COCO';

/** The first that fits counts, so the more specific ones stand first. */
const KNOWN: readonly Known[] = [
  {
    name: 'a Darwin file (V7)',
    instead: 'export COCO from V7',
    fits: (facts) =>
      has(facts, 'item', 'annotations') ||
      (has(facts, 'image', 'annotations') && isDarwinImage(firstOf(facts, 'image'))),
  },
  {
    name: 'a Datumaro file',
    instead: 'export COCO instead of Datumaro from CVAT',
    fits: (facts) =>
      has(facts, 'items', 'categories') && (has(facts, 'dm_format_version') || isFields(facts.first.get('categories'))),
  },
  {
    name: 'a Supervisely file',
    instead: 'export COCO from Supervisely',
    fits: (facts) =>
      has(facts, 'objects', 'size') ||
      'classTitle' in firstOf(facts, 'objects') ||
      (has(facts, 'classes', 'tags') && 'shape' in firstOf(facts, 'classes')),
  },
  {
    name: 'a Cityscapes file',
    instead: `${CONVERT} with cityscapesScripts or MMDetection`,
    fits: (facts) => has(facts, 'imgHeight', 'imgWidth', 'objects'),
  },
  {
    name: 'a BDD100K file',
    instead: `${CONVERT} with bdd100k.label.to_coco`,
    fits: (facts) =>
      ('labels' in entry(facts) && 'name' in entry(facts)) ||
      has(facts, 'name', 'frames') ||
      'labels' in firstOf(facts, 'frames'),
  },
  {
    name: 'a list of Detectron2 records',
    instead: 'convert it with detectron2.data.datasets.convert_to_coco_json',
    fits: (facts) => 'file_name' in entry(facts) && 'annotations' in entry(facts),
  },
  {
    name: 'a list of MMDetection records',
    instead: CONVERT,
    fits: (facts) =>
      ('filename' in entry(facts) && 'ann' in entry(facts)) ||
      ('img_path' in entry(facts) && 'instances' in entry(facts)),
  },
  {
    name: 'a short export of Label Studio (JSON-MIN)',
    instead: 'export JSON from Label Studio',
    fits: (facts) =>
      has(facts, 'annotation_id', 'lead_time') ||
      ('annotation_id' in entry(facts) && 'lead_time' in entry(facts)) ||
      Object.values(entry(facts)).some((value) => Array.isArray(value) && 'original_width' in Object(value[0])),
  },
  {
    name: 'one task of Label Studio',
    instead: 'export JSON of the whole project from Label Studio',
    fits: (facts) => has(facts, 'data') && ['annotations', 'completions', 'predictions'].some((key) => has(facts, key)),
  },
  {
    name: 'a list of tasks of Label Studio without annotations',
    instead: 'export JSON from Label Studio after annotating',
    fits: (facts) => isFields(entry(facts).data) && !('annotations' in entry(facts)),
  },
  {
    name: 'a CreateML file',
    instead: CONVERT,
    fits: (facts) =>
      ('image' in entry(facts) || 'imagefilename' in entry(facts)) &&
      ('annotations' in entry(facts) || 'annotation' in entry(facts)),
  },
  {
    name: 'a Labelbox export',
    instead: 'convert it to COCO with the Labelbox SDK',
    fits: (facts) =>
      [entry(facts), Object.fromEntries([...facts.keys].map((key) => [key, true]))].some(
        (fields) => 'data_row' in fields || 'Labeled Data' in fields || ('DataRow ID' in fields && 'Label' in fields),
      ),
  },
  {
    name: 'a SuperAnnotate file',
    instead: 'export COCO from SuperAnnotate',
    fits: (facts) => has(facts, 'metadata', 'instances'),
  },
  {
    name: 'an Encord export',
    instead: 'export COCO from Encord',
    fits: (facts) => 'data_units' in entry(facts) || has(facts, 'data_units'),
  },
  {
    name: 'a SageMaker Ground Truth manifest',
    instead: CONVERT,
    fits: (facts) => has(facts, 'source-ref') || 'source-ref' in entry(facts),
  },
  {
    name: 'a Hasty file',
    instead: 'export COCO from Hasty',
    fits: (facts) => has(facts, 'export_format_version', 'images'),
  },
  {
    name: 'an answer of a Roboflow model',
    instead: 'export the data set from Roboflow as COCO',
    fits: (facts) => has(facts, 'predictions', 'image'),
  },
  {
    name: 'a Scale AI export',
    instead: CONVERT,
    fits: (facts) => 'task_id' in entry(facts) && 'response' in entry(facts),
  },
  {
    name: 'a GeoJSON file',
    instead: `export COCO, or ${CONVERT}`,
    fits: (facts) => has(facts, 'type', 'features') || ('geometry' in entry(facts) && 'properties' in entry(facts)),
  },
];

/** "is a Darwin file (V7), which Loupe does not read; export COCO from V7", or null. */
export function unsupportedFormat(facts: JsonFacts): string | null {
  const known = KNOWN.find(({ fits }) => fits(facts));
  return known === undefined ? null : `is ${known.name}, which Loupe does not read; ${known.instead}`;
}
