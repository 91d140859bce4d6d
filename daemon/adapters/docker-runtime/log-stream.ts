/**
 * A container's log as Docker sends it, cut into chunks. The adapter's `logs` reads through it; with a terminal Docker sends the bytes
 * as they are, without one in frames: a stream number, three zeros, the length in four bytes, the payload
 * (https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerAttach).
 */
import type { LogChunk } from '../../../reconcilers/ports/container-runtime.ts';

const HEADER_LENGTH = 8;
const STDERR = 2;

export async function* terminalOutput(source: AsyncIterable<Uint8Array>): AsyncGenerator<LogChunk> {
  for await (const data of source) yield { stream: 'stdout', data };
}

/** One chunk a frame, however the frames were cut on the way; a last frame that was cut off is left out. */
export async function* demultiplex(source: AsyncIterable<Uint8Array>): AsyncGenerator<LogChunk> {
  let parts: Uint8Array[] = [];
  let received = 0;
  let needed = HEADER_LENGTH;
  for await (const bytes of source) {
    parts.push(bytes);
    received += bytes.length;
    if (received < needed) continue;

    const buffer = Buffer.concat(parts);
    let offset = 0;
    for (;;) {
      const left = buffer.length - offset;
      needed = left < HEADER_LENGTH ? HEADER_LENGTH : HEADER_LENGTH + buffer.readUInt32BE(offset + 4);
      if (left < needed) break;
      const stream = buffer[offset] === STDERR ? 'stderr' : 'stdout';
      yield { stream, data: buffer.subarray(offset + HEADER_LENGTH, offset + needed) };
      offset += needed;
    }
    parts = [buffer.subarray(offset)];
    received = buffer.length - offset;
  }
}
