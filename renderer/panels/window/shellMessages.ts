// Joins the desktop shell and the page: menu commands and opened files come in, the window's title and recent projects go out.
import { useEffect } from 'react';
import { commands } from '../../../main/contract/commands.ts';
import type { CommandContext } from '../../state/commandActions.ts';
import { commandOf, runCommand } from '../../state/commands.ts';
import { chordsFor } from '../../state/keymap.ts';
import { say } from '../../state/workbench.ts';
import { useShell, useWorkbench } from './client.ts';

export function useShellNews(context: CommandContext): void {
  const shell = useShell();
  const { client } = context;
  useEffect(
    () =>
      shell?.onNews((news) => {
        if (news.kind === 'open') void client.actions.openProject(news.file);
        else if (news.kind === 'host') {
          if (news.problem !== null) say(client.store, 'bad', news.problem);
        } else {
          const command = commandOf(news.id);
          if (command) void runCommand(command.id, context);
        }
      }),
    [shell, client, context],
  );
  const project = useWorkbench((state) => state.project?.file);
  useEffect(() => {
    const told = (recent: { file: string }[]) => shell?.tell({ kind: 'recent', files: recent.map(({ file }) => file) });
    // The menu is the poorer without this list, and nothing else.
    if (shell && project !== '') void client.host.project.recent().then(told, () => {});
  }, [shell, client, project]);
  const settings = useWorkbench((state) => state.settings);
  useEffect(() => {
    const chords = Object.fromEntries(commands.map((one) => [one.id, chordsFor(one, settings)[0] ?? '']));
    shell?.tell({ kind: 'keys', chords });
  }, [shell, settings]);
  useEffect(() => {
    const tell = ({ project, open }: ReturnType<typeof client.store.getState>) => {
      const title = project ? `${open ? `${open.image.path} – ` : ''}${project.name} – Loupe` : 'Loupe';
      if (document.title === title) return;
      document.title = title;
      shell?.tell({ kind: 'title', title, file: project?.file ?? null });
    };
    tell(client.store.getState());
    return client.store.subscribe(tell);
  }, [shell, client]);
}
