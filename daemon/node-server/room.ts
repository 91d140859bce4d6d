/** Writing to a Node stream no faster than it takes it: what every relay of this folder does. */
import type { Writable } from 'node:stream';

/** Resolves when there is room for more, also where the stream is gone and takes nothing: whoever reads it learns of that. */
export function writeWithRoom(stream: Writable, data: Uint8Array | string): Promise<void> {
  if (!stream.writable || stream.write(data)) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      stream.off('drain', done);
      stream.off('close', done);
      resolve();
    };
    stream.on('drain', done);
    stream.on('close', done);
  });
}
