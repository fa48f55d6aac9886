// Sets the threads of a test's own process as the command line and the engine's programs set theirs.
import { limitThreads } from '../main/flow/sessions/threads.ts';

limitThreads(process.env.LOUPE_THREADS);
