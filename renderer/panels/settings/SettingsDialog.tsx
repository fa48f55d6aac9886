// What a person sets for all projects: look, keys and mouse, masks, and what the model runs on.
import { Alert, Button, Divider, Group, SegmentedControl, Select, Slider, Stack, Text, Tooltip } from '@mantine/core';
import { IconDownload, IconKeyboard } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { devices, type Settings } from '../../../main/contract/settings.ts';
import { presets } from '../../state/keymap.ts';
import { changeSettings } from '../../state/preferences.ts';
import { deviceName, deviceWarning, percent, weightsName } from '../../state/words.ts';
import { LearntNotice, useLearntVersion } from '../models/LearntVersions.tsx';
import { ModelMenu } from '../models/ModelMenu.tsx';
import { useClient, useWorkbench } from '../window/client.ts';
import { DialogFrame } from '../window/DialogFrame.tsx';
import { ModelNotice } from '../window/ModelNotice.tsx';
import { useCommand } from '../window/useCommands.ts';
import { presetChoices } from './KeySettings.tsx';

export const SettingsDialog = () => (
  <DialogFrame name="settings" title="Settings">
    <Stack gap="md">
      <Look />
      <Divider />
      <KeysAndMouse />
      <Divider />
      <ModelSettings />
    </Stack>
  </DialogFrame>
);

/** The settings and the way to change one of them. */
function useSettings() {
  const client = useClient();
  const settings = useWorkbench((state) => state.settings);
  return { settings, set: (change: Partial<Settings>) => void changeSettings(client, change) };
}

const Row = ({ label, children }: { label: string; children: ReactNode }) => (
  <Group justify="space-between" wrap="nowrap">
    <Text size="sm">{label}</Text>
    {children}
  </Group>
);

interface ChoiceProps<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly options: readonly { readonly value: T; readonly label: string }[];
  onChange(value: T): void;
}

const Choice = <T extends string>({ label, value, options, onChange }: ChoiceProps<T>) => (
  <Row label={label}>
    <SegmentedControl
      size="xs"
      aria-label={label}
      data={options.map((option) => ({ ...option }))}
      value={value}
      onChange={(next) => onChange(options.find((option) => option.value === next)?.value ?? value)}
    />
  </Row>
);

function Look() {
  const { settings, set } = useSettings();
  return (
    <Stack gap="sm">
      <Choice
        label="Colours of the window"
        value={settings.theme}
        options={[
          { value: 'as the system', label: 'As the system' },
          { value: 'light', label: 'Light' },
          { value: 'dark', label: 'Dark' },
        ]}
        onChange={(theme) => set({ theme })}
      />
      <Choice
        label="Colour shapes by"
        value={settings.colourBy}
        options={[
          { value: 'label', label: 'Label' },
          { value: 'object', label: 'Shape' },
          { value: 'review', label: 'Review' },
        ]}
        onChange={(colourBy) => set({ colourBy })}
      />
      <Row label="Masks cover the image">
        <Slider
          w={240}
          min={0}
          max={1}
          step={0.05}
          label={percent}
          defaultValue={settings.maskOpacity}
          onChangeEnd={(maskOpacity) => set({ maskOpacity })}
          thumbLabel="Opacity of masks"
        />
      </Row>
    </Stack>
  );
}

function KeysAndMouse() {
  const { settings, set } = useSettings();
  const run = useCommand();
  return (
    <Stack gap="sm">
      <Row label="Keys as in">
        <Group gap="xs" wrap="nowrap">
          <Select
            aria-label="Keys as in"
            data={presetChoices}
            value={settings.keys}
            allowDeselect={false}
            onChange={(value) => set({ keys: presets.find((one) => one === value) ?? settings.keys })}
            w={210}
          />
          <Button
            variant="default"
            leftSection={<IconKeyboard size={16} aria-hidden />}
            onClick={() => run('app.keys')}
          >
            Change…
          </Button>
        </Group>
      </Row>
      <Choice
        label="The wheel"
        value={settings.wheel}
        options={[
          { value: 'zooms', label: 'Zooms' },
          { value: 'scrolls', label: 'Scrolls, Ctrl zooms' },
        ]}
        onChange={(wheel) => set({ wheel })}
      />
    </Stack>
  );
}

function ModelSettings() {
  const { settings, set } = useSettings();
  const run = useCommand();
  const engine = useWorkbench((state) => state.engine);
  const warning = engine && deviceWarning(engine);
  const { version, setAside } = useLearntVersion();
  return (
    <Stack gap="sm">
      <LearntNotice version={version} onSetAside={setAside} />
      <Row label="The model runs on">
        <Select
          aria-label="The model runs on"
          data={devices.map((value) => ({ value, label: deviceName(value) }))}
          value={settings.device}
          allowDeselect={false}
          onChange={(value) => set({ device: devices.find((one) => one === value) ?? settings.device })}
          w={240}
        />
      </Row>
      <Row label="Weights">
        <Group gap="xs" wrap="nowrap">
          <Tooltip label={settings.weights} disabled={settings.weights === null}>
            <Text size="sm">
              {settings.weights === null ? 'loupe-nano, which comes with Loupe' : weightsName(settings.weights)}
            </Text>
          </Tooltip>
          <ModelMenu label="Choose the weights" kind="reasoner" onPick={(weights) => set({ weights })} />
          {settings.weights !== null && (
            <Button variant="subtle" onClick={() => set({ weights: null })}>
              Use loupe-nano
            </Button>
          )}
        </Group>
      </Row>
      <Row label="Clicks and boxes go to">
        <Group gap="xs" wrap="nowrap">
          <Tooltip label={settings.segmenter} disabled={settings.segmenter === null}>
            <Text size="sm">
              {settings.segmenter === null ? 'the segmenter of the weights' : weightsName(settings.segmenter)}
            </Text>
          </Tooltip>
          <ModelMenu label="Choose the segmenter" kind="segmenter" onPick={(segmenter) => set({ segmenter })} />
          {settings.segmenter !== null && (
            <Button variant="subtle" onClick={() => set({ segmenter: null })}>
              Use that of the weights
            </Button>
          )}
        </Group>
      </Row>
      <Row label="Published models, to be downloaded">
        <Button
          variant="default"
          leftSection={<IconDownload size={16} aria-hidden />}
          onClick={() => run('app.models')}
        >
          Models…
        </Button>
      </Row>
      <ModelNotice />
      {warning && (
        <Alert color="yellow" role="status">
          {warning}
        </Alert>
      )}
    </Stack>
  );
}
