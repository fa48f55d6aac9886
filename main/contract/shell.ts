// Defines the messages between the window's page and the shell: the preload's bridge, and the messages of the shell's port.

/** Where the shell serves the page; the address also stands in the check of who asks for ports. */
export const shellOrigin = 'app://loupe';

/** The one channel of IPC: the page asks for its ports, and gets them by a window message of the same name. */
export const portsChannel = 'loupe:ports';

/** Sent to the page by the shell's port. */
export type ShellMessage =
  /** A menu entry was chosen; the id is one of the command list. */
  | { readonly kind: 'command'; readonly id: string }
  /** A project that was opened by double click, drop on the icon, or from a second start. */
  | { readonly kind: 'open'; readonly file: string }
  /** The life of the host program, one sentence where it is not running. */
  | { readonly kind: 'host'; readonly state: 'starting' | 'running' | 'stopped'; readonly problem: string | null }
  | { readonly kind: 'chosen'; readonly call: number; readonly files: readonly string[] };

export type DialogKind = 'open project' | 'new project' | 'folder' | 'images' | 'import' | 'export' | 'weights file';

/** Sent to the shell by the page. */
export type PageMessage =
  /** `chosen` answers with the same number; it has no files where the person closed the dialog. */
  | { readonly kind: 'choose'; readonly call: number; readonly what: DialogKind; readonly name?: string }
  /** What the title bar says: the project and, on systems that show it, its file. */
  | { readonly kind: 'title'; readonly title: string; readonly file: string | null }
  /** Shows the file in the system's file manager. */
  | { readonly kind: 'reveal'; readonly file: string }
  | { readonly kind: 'recent'; readonly files: readonly string[] }
  /** What the menu shows beside its entries, by command id: the preset and the rebinding are the page's. */
  | { readonly kind: 'keys'; readonly chords: Readonly<Record<string, string>> };

/**
 * `window.loupe`, there in the desktop window alone. After `connect()` the page gets a window message whose data is
 * `portsChannel` and whose ports are [rpc, shell]; a port that closes is replaced by connecting again.
 */
export interface ShellBridge {
  connect(): void;
  /** Absolute path of a dropped or chosen file. */
  pathOf(file: unknown): string;
}
