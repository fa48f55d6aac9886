// The edit group: a person's changes into the store, and out to every window.
import type { Host } from '../host.ts';
import { contract } from './context.ts';

export const editHandlers = (host: Host) => {
  const told = <T extends Parameters<Host['recorded']>[0] | null>(change: T) => change && host.recorded(change);
  return {
    apply: contract.edit.apply.handler(({ input }) => host.recorded(host.project().apply(input))),
    undo: contract.edit.undo.handler(() => told(host.project().undo())),
    redo: contract.edit.redo.handler(() => told(host.project().redo())),
    mergeLabels: contract.edit.mergeLabels.handler(({ input }) =>
      host.recorded(host.project().mergeLabels(input.from, input.into)),
    ),
    deleteLabel: contract.edit.deleteLabel.handler(({ input }) => host.recorded(host.project().deleteLabel(input.id))),
  };
};
