/** The client of an exec or attach on SPDY: it opens one stream for each of the process's, one for the error, one for sizes. */
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { Clock } from '../../../reconcilers/ports/clock.ts';
import type { ExecSpec, LogChunk } from '../../../reconcilers/ports/container-runtime.ts';
import { SampanError } from '../../../reconcilers/ports/errors.ts';
import { heartbeat, type Upgrade } from '../../serving/upgrade.ts';
import { writeWithRoom } from '../room.ts';
import { acceptSpdy } from '../spdy/accept.ts';
import { SpdyConnection } from '../spdy/connection.ts';
import type { SpdyStream } from '../spdy/spdy-stream.ts';
import type { RemoteClient, StatusForm } from './client.ts';
import { encodeStatus, type RemoteStatus } from './remote-status.ts';
import { terminalSizes } from './terminal-sizes.ts';

const PROTOCOLS = [
  'v5.channel.k8s.io',
  'v4.channel.k8s.io',
  'v3.channel.k8s.io',
  'v2.channel.k8s.io',
  'channel.k8s.io',
] as const;
type Protocol = (typeof PROTOCOLS)[number] | '';

/** As Kubernetes' default. */
const STREAMS_WITHIN_MS = 30_000;

type StreamType = 'error' | 'stdin' | 'stdout' | 'stderr' | 'resize';
type Streams = Partial<Record<StreamType, SpdyStream>>;

/** Resolves when the client has opened its streams. BadRequest where it does not, in time. */
export async function acceptSpdyClient(upgrade: Upgrade, spec: ExecSpec, clock: Clock): Promise<RemoteClient> {
  const { transport, protocol } = acceptSpdy(upgrade, PROTOCOLS);
  const wanted = streamsOf(spec, protocol);
  const streams: Streams = {};
  const complete = Promise.withResolvers<void>();
  const connection = new SpdyConnection(transport, (stream) => {
    const type = stream.headers.get('streamtype') as StreamType;
    if (!wanted.includes(type) || streams[type] !== undefined) return void stream.destroy();
    streams[type] = stream;
    if (wanted.every((each) => streams[each] !== undefined)) complete.resolve();
  });
  heartbeat(clock, () => connection.ping(), connection.closed);
  const cancel = clock.setTimer(STREAMS_WITHIN_MS, () => connection.close());
  try {
    await Promise.race([complete.promise, connection.closed.then(notOpened)]);
  } finally {
    cancel();
  }
  return new SpdyClient(connection, streams, hasStatus(protocol) ? 'json' : 'text');
}

function notOpened(): never {
  throw new SampanError('BadRequest', { detail: 'the client did not open its streams' });
}

/** The streams a client of this protocol opens. */
function streamsOf({ stdin, stdout, stderr, tty }: ExecSpec, protocol: Protocol): StreamType[] {
  const resizes = tty && !['', 'channel.k8s.io', 'v2.channel.k8s.io'].includes(protocol);
  const opened: Record<StreamType, boolean> = { error: true, stdin, stdout, stderr: stderr && !tty, resize: resizes };
  return (Object.keys(opened) as StreamType[]).filter((type) => opened[type]);
}

function hasStatus(protocol: Protocol): boolean {
  return protocol === 'v5.channel.k8s.io' || protocol === 'v4.channel.k8s.io';
}

class SpdyClient implements RemoteClient {
  readonly stdin;
  readonly sizes;
  readonly #connection: SpdyConnection;
  readonly #streams: Streams;
  readonly #form: StatusForm;

  constructor(connection: SpdyConnection, streams: Streams, form: StatusForm) {
    this.#connection = connection;
    this.#streams = streams;
    this.#form = form;
    this.stdin = received(streams.stdin);
    this.sizes = terminalSizes(received(streams.resize));
    // What is read from those that only we write to is nothing, but their end is looked for.
    for (const stream of [streams.error, streams.stdout, streams.stderr]) stream?.resume();
  }

  async write(stream: LogChunk['stream'], data: Uint8Array): Promise<void> {
    const to = this.#streams[stream];
    if (to !== undefined) await writeWithRoom(to, data);
  }

  /** In this order: a client that has the Status reads no more output. */
  async finish(status: RemoteStatus): Promise<void> {
    const { stdout, stderr, error } = this.#streams;
    await Promise.all([stdout, stderr].map(end));
    error?.write(encodeStatus(status, this.#form));
    await end(error);
    this.#connection.close();
  }

  destroy(): void {
    this.#connection.destroy();
  }
}

/** Ends quietly, however the stream does, and leaves it as it is. */
async function* received(stream: SpdyStream | undefined): AsyncGenerator<Uint8Array> {
  if (stream === undefined) return;
  try {
    yield* Readable.prototype.iterator.call(stream, { destroyOnReturn: false });
  } catch {
    // Reset by the client: as good as its end.
  }
}

async function end(stream: SpdyStream | undefined): Promise<void> {
  if (stream === undefined) return;
  stream.end();
  await finished(stream, { readable: false }).catch(() => {}); // the client may have gone meanwhile
}
