// Lists every format that a project file has had, as the SQL that makes it from the one before; the last one is today's.

/** A box as JSON of a row of shapes. */
const boxOfShape = `SELECT json_object('x1', x1, 'y1', y1, 'x2', x2, 'y2', y2) FROM shape`;

/**
 * What format 1 called `kept`, as a correction. There an answer had at most one object, whose box could be missing: then
 * the shape's is taken, or the proposal's, and at last a pixel, since nothing is known.
 */
const asCorrection = (kept: string): string => `
  CASE WHEN ${kept} ->> '$.found' = 'nothing' THEN json_object(
    'proposalId', ${kept} -> '$.proposalId',
    'found', json_object('value', 'nothing', 'verdict', ${kept} -> '$.box.verdict'),
    'reasoning', ${kept} -> '$.reasoning',
    'objects', json('[]')
  ) ELSE json_object(
    'proposalId', ${kept} -> '$.proposalId',
    'found', json_object('value', 'objects', 'verdict', CASE
      WHEN ${kept} ->> '$.reasoning.verdict' IS NULL OR coalesce(${kept} ->> '$.box.verdict', 'wrong') = 'wrong'
        OR coalesce(${kept} ->> '$.mask.verdict', 'wrong') = 'wrong' THEN NULL
      WHEN ${foundBy(kept)} THEN 'right' ELSE 'corrected' END),
    'reasoning', ${kept} -> '$.reasoning',
    'objects', json_array(json_object(
      'index', CASE WHEN ${foundBy(kept)} THEN 0 END,
      'box', json_object('value', json(coalesce(
        nullif(${kept} -> '$.box.value', 'null'),
        (${boxOfShape} WHERE id = ${kept} ->> '$.mask.shapeId'),
        (SELECT objects -> '$[0].box' FROM proposal WHERE id = ${kept} ->> '$.proposalId'),
        '{"x1":0,"y1":0,"x2":1,"y2":1}')), 'verdict', ${kept} -> '$.box.verdict'),
      'mask', ${kept} -> '$.mask'
    ))
  ) END`;

/** Whether the proposal that was judged had found an object itself. */
const foundBy = (kept: string): string =>
  `EXISTS (SELECT 1 FROM proposal WHERE id = ${kept} ->> '$.proposalId' AND json_array_length(objects) > 0)`;

/** Renames the field in one side of the journal's changes. */
const renamedIn = (side: 'before' | 'after'): string => `
  UPDATE change SET ${side} = json_remove(json_set(${side}, '$.correction', json(CASE
    WHEN ${side} ->> '$.kept' IS NULL THEN 'null' ELSE ${asCorrection(`(${side} -> '$.kept')`)} END)), '$.kept')
  WHERE kind = 'prompt' AND json_type(${side}, '$.kept') IS NOT NULL;`;

/** The text of an answer behind the label's mark. */
const behindLabel = `substr(answer ->> '$.text', instr(answer ->> '$.text', '"label": "') + 10)`;

/**
 * The table is only ever added to: files of every earlier number are about.
 * Times are ISO 8601, flags 0 or 1, boxes and points JSON; masks are height, width and COCO's compressed text.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE sequence (next INTEGER NOT NULL) STRICT;
  INSERT INTO sequence VALUES (1);

  -- shapes, prompts, unfound, disagreement and spread are kept up to date by refresh.ts, so that lists need no joins.
  CREATE TABLE image (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL UNIQUE,
    folded TEXT NOT NULL,
    sorted TEXT NOT NULL,
    hash TEXT,
    width INTEGER,
    height INTEGER,
    state TEXT NOT NULL CHECK (state IN ('present', 'missing', 'changed', 'unreadable')),
    problem TEXT,
    status TEXT NOT NULL DEFAULT 'unreviewed' CHECK (status IN ('unreviewed', 'accepted', 'unclear')),
    note TEXT NOT NULL DEFAULT '',
    shapes INTEGER NOT NULL DEFAULT 0,
    prompts INTEGER NOT NULL DEFAULT 0,
    unfound INTEGER NOT NULL DEFAULT 0,
    disagreement REAL,
    spread REAL,
    -- Ascending: the worst first, those without a value last.
    doubt REAL NOT NULL GENERATED ALWAYS AS (coalesce(-disagreement, 1)) VIRTUAL,
    scatter REAL NOT NULL GENERATED ALWAYS AS (coalesce(-spread, 1)) VIRTUAL
  ) STRICT;
  CREATE INDEX image_sorted ON image (sorted);
  CREATE INDEX image_doubt ON image (doubt, sorted);
  CREATE INDEX image_scatter ON image (scatter, sorted);
  CREATE INDEX image_status ON image (status, sorted);
  CREATE INDEX image_status_doubt ON image (status, doubt, sorted);
  CREATE INDEX image_status_scatter ON image (status, scatter, sorted);
  CREATE INDEX image_unfound ON image (sorted) WHERE unfound > 0;
  CREATE INDEX image_problem ON image (sorted) WHERE state <> 'present';

  CREATE TABLE label (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    colour TEXT NOT NULL,
    digit TEXT,
    attributes TEXT NOT NULL,
    place REAL NOT NULL
  ) STRICT;
  CREATE INDEX label_name ON label (name);

  -- References are looked at when the whole change is made: undoing may bring a shape before its label.
  CREATE TABLE shape (
    id INTEGER PRIMARY KEY,
    image_id INTEGER NOT NULL REFERENCES image (id) DEFERRABLE INITIALLY DEFERRED,
    label_id INTEGER NOT NULL REFERENCES label (id) DEFERRABLE INITIALLY DEFERRED,
    height INTEGER,
    width INTEGER,
    counts TEXT,
    x1 REAL NOT NULL,
    y1 REAL NOT NULL,
    x2 REAL NOT NULL,
    y2 REAL NOT NULL,
    attributes TEXT NOT NULL,
    crowd INTEGER NOT NULL,
    hidden INTEGER NOT NULL,
    locked INTEGER NOT NULL,
    place REAL NOT NULL,
    origin TEXT NOT NULL
  ) STRICT;
  CREATE INDEX shape_image ON shape (image_id);
  CREATE INDEX shape_label ON shape (label_id, image_id);

  CREATE TABLE prompt (
    id INTEGER PRIMARY KEY,
    image_id INTEGER NOT NULL REFERENCES image (id) DEFERRABLE INITIALLY DEFERRED,
    text TEXT NOT NULL,
    points TEXT NOT NULL,
    box TEXT,
    kept TEXT
  ) STRICT;
  CREATE INDEX prompt_image ON prompt (image_id);
  CREATE INDEX prompt_text ON prompt (text);

  -- Not bound to the prompt's row: they outlive a prompt that is deleted, because it may come back by undo.
  CREATE TABLE proposal (
    id INTEGER PRIMARY KEY,
    prompt_id INTEGER NOT NULL,
    weights TEXT NOT NULL,
    device TEXT NOT NULL,
    answer TEXT NOT NULL,
    frame INTEGER,
    found TEXT NOT NULL,
    box TEXT,
    height INTEGER,
    width INTEGER,
    counts TEXT,
    rewards TEXT NOT NULL,
    timings TEXT NOT NULL,
    chosen INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX proposal_prompt ON proposal (prompt_id);
  CREATE TABLE answered (prompt_id INTEGER PRIMARY KEY, found TEXT NOT NULL, spread REAL) STRICT;

  -- present: the shape is there and has a mask. step: the replacement that a verdict goes with.
  CREATE TABLE comparison (
    shape_id INTEGER PRIMARY KEY,
    height INTEGER NOT NULL,
    width INTEGER NOT NULL,
    counts TEXT NOT NULL,
    weights TEXT NOT NULL,
    disagreement REAL NOT NULL,
    present INTEGER NOT NULL,
    verdict TEXT CHECK (verdict IN ('keep', 'replace')),
    step INTEGER
  ) STRICT;
  CREATE INDEX comparison_open ON comparison (disagreement) WHERE verdict IS NULL AND present = 1;
  CREATE INDEX comparison_step ON comparison (step) WHERE step IS NOT NULL;

  CREATE TABLE step (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    title TEXT NOT NULL,
    made TEXT NOT NULL,
    undone INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX step_undone ON step (undone);
  CREATE TABLE change (
    seq INTEGER NOT NULL REFERENCES step (seq) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    kind TEXT NOT NULL,
    id INTEGER NOT NULL,
    before TEXT,
    after TEXT,
    PRIMARY KEY (seq, position)
  ) STRICT, WITHOUT ROWID;
  `,
  // Binds the write-ahead log to its file; log.ts says how.
  `
  ALTER TABLE sequence ADD COLUMN log_id TEXT;
  ALTER TABLE sequence ADD COLUMN log_before TEXT;
  `,
  // Learning: runs, the weights that they made, and the images that are measured on or were learnt.
  `
  CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    tier TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'done', 'cancelled', 'failed')),
    seed INTEGER NOT NULL,
    minutes REAL NOT NULL,
    parent INTEGER,
    started TEXT NOT NULL,
    ended TEXT,
    report TEXT
  ) STRICT;
  CREATE TABLE weights (
    id INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES run (id),
    name TEXT NOT NULL,
    folder TEXT NOT NULL,
    made TEXT NOT NULL,
    in_use INTEGER NOT NULL
  ) STRICT;
  -- Not bound to the image's row: what was learnt stays learnt when the image goes.
  CREATE TABLE split (image_id INTEGER PRIMARY KEY, part TEXT NOT NULL CHECK (part IN ('held', 'taught'))) STRICT;
  `,
  // Answers with any number of objects: their boxes and masks go into one column, and frames have two sides.
  `
  CREATE TABLE proposal_2 (
    id INTEGER PRIMARY KEY,
    prompt_id INTEGER NOT NULL,
    weights TEXT NOT NULL,
    device TEXT NOT NULL,
    answer TEXT NOT NULL,
    frame TEXT NOT NULL,
    found TEXT NOT NULL,
    objects TEXT NOT NULL,
    rewards TEXT NOT NULL,
    timings TEXT NOT NULL,
    chosen INTEGER NOT NULL
  ) STRICT;
  -- A mask without a box was drawn where the person pointed: the prompt's box is as near as SQL comes to its own.
  INSERT INTO proposal_2 SELECT
    id, prompt_id, weights, device, json_remove(answer, '$.box'),
    json_object('width', coalesce(frame, 224), 'height', coalesce(frame, 224)),
    CASE WHEN box IS NOT NULL OR counts IS NOT NULL THEN 'objects' WHEN found = 'object' THEN 'unreadable' ELSE found END,
    CASE WHEN box IS NULL AND counts IS NULL THEN '[]' ELSE json_array(json_patch(
      json_object(
        'box', json(coalesce(
          box,
          (SELECT box FROM prompt WHERE id = prompt_id),
          json_object('x1', 0, 'y1', 0, 'x2', width, 'y2', height))),
        'mask', json(CASE WHEN counts IS NULL THEN 'null'
          ELSE json_object('size', json_array(height, width), 'counts', counts) END)),
      CASE WHEN instr(answer ->> '$.text', '"label": "') = 0 OR instr(${behindLabel}, '"') < 2 THEN '{}'
        ELSE json_object('label', substr(${behindLabel}, 1, instr(${behindLabel}, '"') - 1)) END)) END,
    rewards, timings, chosen
  FROM proposal;
  DROP TABLE proposal;
  ALTER TABLE proposal_2 RENAME TO proposal;
  CREATE INDEX proposal_prompt ON proposal (prompt_id);
  UPDATE answered SET found = 'objects' WHERE found = 'object';

  ALTER TABLE prompt RENAME COLUMN kept TO correction;
  UPDATE prompt SET correction = ${asCorrection('correction')} WHERE correction IS NOT NULL;
  ${renamedIn('before')}
  ${renamedIn('after')}
  `,
  // Corners that a person drew stand beside the mask that they draw.
  `
  ALTER TABLE shape ADD COLUMN rings TEXT;
  `,
  // What COCO files said of everything that was taken from them, as text. Undo does not touch it: a shape that is as it was
  // imported is known by its digests.
  `
  CREATE TABLE source_file (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL UNIQUE,
    hash TEXT NOT NULL,
    head TEXT NOT NULL
  ) STRICT;
  -- number: the record's id, null where it has none of its own. used: annotations name it.
  CREATE TABLE source_category (
    file_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    label_id INTEGER NOT NULL,
    label TEXT NOT NULL,
    used INTEGER NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (file_id, number)
  ) STRICT;
  CREATE TABLE source_image (
    image_id INTEGER NOT NULL,
    file_id INTEGER NOT NULL,
    number INTEGER,
    record TEXT NOT NULL,
    PRIMARY KEY (image_id, file_id)
  ) STRICT;
  -- Not bound to the shape's row: undo may bring the shape back. position: its place among the file's annotations.
  CREATE TABLE source_shape (
    shape_id INTEGER PRIMARY KEY,
    file_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    number INTEGER,
    geometry TEXT NOT NULL,
    said TEXT NOT NULL,
    record TEXT NOT NULL
  ) STRICT;
  CREATE INDEX source_shape_number ON source_shape (number);
  CREATE INDEX source_shape_position ON source_shape (file_id, position);
  `,
  // What a repair is expected to gain. measured: the disagreement with the mask that was compared, as long as it stands.
  `
  ALTER TABLE comparison ADD COLUMN measured REAL;
  ALTER TABLE comparison ADD COLUMN boundary REAL;
  ALTER TABLE comparison ADD COLUMN gain REAL;
  `,
];
