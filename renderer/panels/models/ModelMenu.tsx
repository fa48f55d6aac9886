// The models that lie on this machine as a menu, and a folder of the person's own beside them; of a segmenter also a file.
import { Button, Menu, Text } from '@mantine/core';
import { useState } from 'react';
import type { ModelPlace } from '../../../main/contract/api.ts';
import { sentence } from '../../state/connection.ts';
import { say } from '../../state/workbench.ts';
import { useClient } from '../window/client.ts';
import { useFileChoice } from '../window/fileChoice.tsx';
import { kindWords } from './InstalledModels.tsx';

interface Props {
  readonly label: string;
  readonly kind: ModelPlace['kind'];
  onPick(place: string): void;
}

export function ModelMenu({ label, kind, onPick }: Props) {
  const { host, store } = useClient();
  const choose = useFileChoice();
  const [models, setModels] = useState<readonly ModelPlace[]>([]);
  const load = () =>
    void host.settings.models().then(
      (all) => setModels(all.filter((model) => model.kind === kind)),
      () => setModels([]),
    );
  const other = async (what: 'weights' | 'weights file') => {
    const [place] = await choose(what);
    if (place === undefined) return;
    try {
      // What is no model, or none for this, takes the place of none that works.
      const { uses } = await host.models.import({ place });
      if (uses.includes(kind)) onPick(place);
      else say(store, 'bad', `${place}: is there for ${uses.map(kindWords).join(' and ')}, not for ${kindWords(kind)}`);
    } catch (error) {
      say(store, 'bad', sentence(error));
    }
  };
  return (
    <Menu onOpen={load} position="bottom-end">
      <Menu.Target>
        <Button variant="default" aria-label={label}>
          Choose…
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {models.map(({ name, place }) => (
          <Menu.Item key={place} onClick={() => onPick(place)}>
            {name}
            <Text size="xs" c="dimmed">
              {place}
            </Text>
          </Menu.Item>
        ))}
        <Menu.Item onClick={() => void other('weights')}>A folder…</Menu.Item>
        {kind === 'segmenter' && <Menu.Item onClick={() => void other('weights file')}>A file…</Menu.Item>}
      </Menu.Dropdown>
    </Menu>
  );
}
