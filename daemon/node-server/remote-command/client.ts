/** The client's end of an exec or an attach, whichever way it is connected. The two transports make one; the relay uses it. */
import type { LogChunk, TerminalSize } from '../../../reconcilers/ports/container-runtime.ts';
import type { RemoteStatus } from './remote-status.ts';

export interface RemoteClient {
  /** What it sends to the process; ends where the client ends it, or is gone. Empty where it asked for no stdin. */
  readonly stdin: AsyncIterable<Uint8Array>;
  /** The sizes its terminal takes on. */
  readonly sizes: AsyncIterable<TerminalSize>;
  /** Resolves when there is room for more; for one that is gone at once. */
  write(stream: LogChunk['stream'], data: Uint8Array): Promise<void>;
  /** Ends the outputs, tells how it ended, and hangs up. */
  finish(status: RemoteStatus): Promise<void>;
  /** Hangs up without a word. */
  destroy(): void;
}

/** How the end is told: as a Status (v4 and later), or a failure's message alone. */
export type StatusForm = 'json' | 'text';
