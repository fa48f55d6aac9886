// The bar over the canvas: what the tool in hand will do, to which shape, and how large or how far it reaches.
import { Checkbox, SegmentedControl, Slider, Tooltip } from '@mantine/core';
import { type ToolOption, tools } from '../../main/contract/tools.ts';
import { chooseCombine, combineOf, drawnOnWords } from '../state/drawing.ts';
import { changeSettings } from '../state/preferences.ts';
import { weightsName } from '../state/words.ts';
import type { Combine } from '../state/workbench.ts';
import { ModelMenu } from './models/ModelMenu.tsx';
import { useClient, useWorkbench } from './window/client.ts';
import { useTitle } from './window/keys.ts';

const parts: Readonly<Record<ToolOption, () => React.ReactNode>> = {
  combine: CombineChoice,
  brush: BrushSize,
  wand: WandReach,
  segmenter: SegmenterChoice,
};

export function ToolOptions() {
  const tool = useWorkbench((state) => state.tool);
  const open = useWorkbench((state) => state.open !== null);
  const { title, options } = tools[tool];
  return (
    <section className="tool-options" aria-label="Options of the tool">
      {open && (
        <>
          <h2>{title}</h2>
          {options.map((option) => {
            const Part = parts[option];
            return <Part key={option} />;
          })}
          <span className="status-gap" />
          <DrawnOn />
        </>
      )}
    </section>
  );
}

const combineWords: Readonly<Record<Combine, string>> = { new: 'New', add: 'Add', subtract: 'Subtract' };
const combines = Object.keys(combineWords) as Combine[];

function CombineChoice() {
  const { store } = useClient();
  const combine = useWorkbench(combineOf);
  const titles = { new: useTitle('tool.new'), add: useTitle('tool.add'), subtract: useTitle('tool.subtract') };
  return (
    <SegmentedControl
      className="option"
      size="xs"
      aria-label="What drawing does"
      value={combine}
      onChange={(value) => chooseCombine(store, combines.find((one) => one === value) ?? 'new')}
      data={combines.map((value) => ({
        value,
        label: (
          <Tooltip label={titles[value]}>
            <span>{combineWords[value]}</span>
          </Tooltip>
        ),
      }))}
    />
  );
}

/** What is drawn on, by name, so that nobody has to guess. */
function DrawnOn() {
  const words = useWorkbench(drawnOnWords);
  return (
    <span className="dim ellipsis" role="status" aria-label="What is drawn on">
      {words}
    </span>
  );
}

function BrushSize() {
  const client = useClient();
  const brush = useWorkbench((state) => state.brush);
  const unit = useWorkbench(({ settings }) => settings.brushUnit);
  return (
    <div className="option">
      <span>Size</span>
      <Slider
        w={110}
        size="sm"
        min={0.5}
        max={100}
        step={0.5}
        label={null}
        value={brush}
        thumbLabel="Radius of the brush"
        onChange={(radius) => client.store.setState({ brush: radius })}
      />
      <span className="number" style={{ minWidth: 40 }}>
        {brush} px
      </span>
      <Tooltip label="Without it, the brush is as large on screen at every zoom">
        <Checkbox
          size="xs"
          label="in image pixels"
          checked={unit === 'image pixels'}
          onChange={({ currentTarget: { checked } }) =>
            void changeSettings(client, { brushUnit: checked ? 'image pixels' : 'screen pixels' })
          }
        />
      </Tooltip>
    </div>
  );
}

function WandReach() {
  const { store } = useClient();
  const tolerance = useWorkbench((state) => state.wandTolerance);
  const contiguous = useWorkbench((state) => state.wandContiguous);
  return (
    <div className="option">
      <span>Tolerance</span>
      <Slider
        w={110}
        size="sm"
        min={0}
        max={255}
        label={null}
        value={tolerance}
        thumbLabel="How far a colour may differ"
        onChange={(wandTolerance) => store.setState({ wandTolerance })}
      />
      <span className="number" style={{ minWidth: 24 }}>
        {tolerance}
      </span>
      <Checkbox
        size="xs"
        label="connected only"
        checked={contiguous}
        onChange={({ currentTarget: { checked } }) => store.setState({ wandContiguous: checked })}
      />
    </div>
  );
}

function SegmenterChoice() {
  const client = useClient();
  const segmenter = useWorkbench(({ settings }) => settings.segmenter);
  return (
    <div className="option">
      <Tooltip label={segmenter} disabled={segmenter === null}>
        <span className="ellipsis">
          by {segmenter === null ? 'the segmenter of the weights' : weightsName(segmenter)}
        </span>
      </Tooltip>
      <ModelMenu
        label="Choose the segmenter"
        kind="segmenter"
        onPick={(place) => void changeSettings(client, { segmenter: place })}
      />
    </div>
  );
}
