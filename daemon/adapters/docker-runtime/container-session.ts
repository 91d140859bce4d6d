/**
 * A connection that Docker has hijacked for the streams of a process, as the port's session. exec and attach make one; what they add is
 * how a terminal is resized and what leaving means.
 */
import type { Duplex } from 'node:stream';
import type { LogChunk } from '../../../reconcilers/ports/container-runtime.ts';
import { messageOf, type SampanError } from '../../../reconcilers/ports/errors.ts';
import { demultiplex, terminalOutput } from './log-stream.ts';

export class HijackedStreams {
  readonly output: AsyncIterable<LogChunk>;
  readonly #connection: Duplex;

  /** `hasTerminal`: then Docker sends the bytes as they are. `brokenOff`: the error for a connection that breaks. */
  constructor(connection: Duplex, hasTerminal: boolean, brokenOff: (detail: string, cause: unknown) => SampanError) {
    this.#connection = connection;
    connection.on('error', () => {}); // its reader gets it
    const bytes = readAll(connection, brokenOff);
    this.output = hasTerminal ? terminalOutput(bytes) : demultiplex(bytes);
  }

  write(data: Uint8Array): Promise<void> {
    const connection = this.#connection;
    if (!connection.writable || connection.write(data)) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        connection.off('drain', done);
        connection.off('close', done);
        resolve();
      };
      connection.on('drain', done);
      connection.on('close', done);
    });
  }

  /** Docker takes the end of the connection's one direction for the end of stdin. */
  closeStdin(): void {
    this.#connection.end();
  }

  disconnect(): void {
    this.#connection.destroy();
  }
}

async function* readAll(
  connection: Duplex,
  brokenOff: (detail: string, cause: unknown) => SampanError,
): AsyncGenerator<Uint8Array> {
  try {
    // Stdin may still be open: the connection is not given up with the output's last byte.
    yield* connection.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw brokenOff(`the streams of a container broke off: ${messageOf(error)}`, error);
  }
}
