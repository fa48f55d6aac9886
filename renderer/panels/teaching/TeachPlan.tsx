// Says before a run what it would learn from, which tier fits, and what time and memory it takes; holds what a person may choose.
import { Group, NumberInput, Select, Text } from '@mantine/core';
import { useEffect, useState } from 'react';
import { type Tier, tiers } from '../../../main/contract/learning.ts';
import { planSentences, type RunPlan } from '../../../main/contract/runPlan.ts';
import { useClient } from '../window/client.ts';

/** What a person asks of a run. */
export interface RunSettings {
  readonly tier: Tier | 'auto';
  readonly minutes: number;
}

export const usualSettings: RunSettings = { tier: 'auto', minutes: 10 };
const limits = { min: 0.1, max: 1440 } as const;

const choices: readonly { readonly value: RunSettings['tier']; readonly label: string }[] = [
  { value: 'auto', label: 'What fits' },
  { value: 'decoder', label: 'Masks (decoder)' },
  { value: 'supervised', label: 'Words and boxes (supervised)' },
  { value: 'rl', label: 'By rewards (rl)' },
];

interface Props {
  readonly asked: RunSettings;
  onChange(asked: RunSettings): void;
}

/** Planned anew whenever something else is asked for. */
export function TeachPlan({ asked, onChange }: Props) {
  const plan = usePlan(asked);
  return (
    <>
      <Group gap="xs" grow>
        <Select
          label="What is taught"
          data={choices.map((one) => ({ ...one }))}
          value={asked.tier}
          allowDeselect={false}
          onChange={(value) => onChange({ ...asked, tier: tiers.find((one) => one === value) ?? 'auto' })}
        />
        <NumberInput
          label="Minutes of training at most"
          {...limits}
          value={asked.minutes}
          onChange={(value) => {
            const minutes = Number(value);
            if (minutes >= limits.min && minutes <= limits.max) onChange({ ...asked, minutes });
          }}
        />
      </Group>
      <Planned plan={plan} />
    </>
  );
}

export const Planned = ({ plan }: { plan: RunPlan | null }) => (
  <Text size="sm" component="div" role="status" aria-label="Before the run">
    {plan === null ? 'Looks what there is to learn…' : planSentences(plan).map((line) => <div key={line}>{line}</div>)}
  </Text>
);

/** Null until it is known; where it cannot be planned the run itself says why. */
function usePlan({ tier, minutes }: RunSettings): RunPlan | null {
  const { host } = useClient();
  const [plan, setPlan] = useState<RunPlan | null>(null);
  useEffect(() => {
    let current = true;
    setPlan(null);
    // A little later, once for a number that is being typed.
    const timer = setTimeout(() => {
      host.learning.plan({ tier, minutes }).then(
        (made) => current && setPlan(made),
        () => {},
      );
    }, 300);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [host, tier, minutes]);
  return plan;
}
