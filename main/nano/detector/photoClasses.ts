// Names what photographs show: the labels of their sets put into one vocabulary, each class with its other names.
import type { LabelledImage } from '../../evaluate/cocoPhotos.ts';
import type { NamedClass } from '../../flow/words/classWords.ts';

/** What sets that label "object" alone show, and labels that say less than the set does. */
const meantIn: Readonly<Record<string, string>> = {
  'feralcat/object': 'cat',
  'fruit_ali/object': 'fruit',
  'insects_kudzu/object': 'insect',
  'strawberry/object': 'strawberry',
  'class5/fashdrive': 'flash drive',
  'treepheno/Trunk': 'tree trunk',
  'medwaste/Mask': 'face mask',
};

/** Labels that name no kind of thing. */
const saysNothing = new Set(['object', 'thing', 'skin', 'accessories', 'allmember', '10bath', 'top', 'sports ball']);

/** Other names of a class, labels of sets in other languages among them. */
const otherNames: Readonly<Record<string, readonly string[]>> = {
  person: ['human', 'people'],
  'fire truck': ['fire engine', 'firetruck'],
  'coffee mug': ['mug'],
  plate: ['piring'],
  bread: ['roti tawar', 'toast'],
  tempeh: ['tempe', 'tempe goreng', 'tempe bacem'],
  tofu: ['tahu', 'tahu goreng', 'tahu bacem'],
  tv: ['television'],
  couch: ['sofa'],
  motorcycle: ['motorbike'],
  bicycle: ['bike'],
  airplane: ['plane', 'aeroplane', 'aircraft'],
  refrigerator: ['fridge'],
  skillet: ['frying pan'],
  'potted plant': ['pot plant'],
  'cell phone': ['mobile phone', 'phone'],
  pants: ['trousers'],
  't-shirt': ['tee'],
  sweater: ['pullover', 'jumper'],
  'rhesus monkey': ['monkey'],
  'dining table': ['table'],
  'flash drive': ['usb stick'],
  'tree trunk': ['trunk'],
  donut: ['doughnut'],
  keyboard: ['computer keyboard'],
};

/** Null where the label names no kind of thing. */
export function classOf(set: string, label: string): string | null {
  const said = (meantIn[`${set}/${label}`] ?? label).toLowerCase().replaceAll('_', ' ').trim();
  if (said === '' || saysNothing.has(said)) return null;
  return Object.entries(otherNames).find(([, others]) => others.includes(said))?.[0] ?? said;
}

/** All classes of which at least so many things are shown, by name. */
export function photoClasses(photos: readonly LabelledImage[], least: number): NamedClass[] {
  const counts = new Map<string, number>();
  for (const { set, things } of photos)
    for (const { label } of things) {
      const name = classOf(set, label);
      if (name !== null) counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  const names = [...counts].filter(([, count]) => count >= least).map(([name]) => name);
  return names.sort().map((name) => ({ name, also: otherNames[name] ?? [] }));
}
