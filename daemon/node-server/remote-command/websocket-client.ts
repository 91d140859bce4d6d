/**
 * The client of an exec or attach on a WebSocket: channels 0 to 4, and in the newest protocol 255 to close one of them.
 * https://github.com/kubernetes/kubernetes/blob/master/staging/src/k8s.io/apimachinery/pkg/util/remotecommand/constants.go
 */
import { PassThrough } from 'node:stream';
import type { Clock } from '../../../reconcilers/ports/clock.ts';
import type { ExecSpec, LogChunk } from '../../../reconcilers/ports/container-runtime.ts';
import { heartbeat, type Upgrade } from '../../serving/upgrade.ts';
import { writeWithRoom } from '../room.ts';
import { acceptWebSocket } from '../websocket/accept.ts';
import { Channels } from '../websocket/channels.ts';
import type { RemoteClient, StatusForm } from './client.ts';
import { encodeStatus, type RemoteStatus } from './remote-status.ts';
import { terminalSizes } from './terminal-sizes.ts';

const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;

/** v2 and v3 exist on SPDY only. */
const PROTOCOLS = [
  'v5.channel.k8s.io',
  'v4.channel.k8s.io',
  'v4.base64.channel.k8s.io',
  'channel.k8s.io',
  'base64.channel.k8s.io',
] as const;

export async function acceptWebSocketClient(upgrade: Upgrade, spec: ExecSpec, clock: Clock): Promise<RemoteClient> {
  const { socket, protocol } = await acceptWebSocket(upgrade, PROTOCOLS);
  const channels = new Channels(socket, protocol.includes('base64') ? 'base64' : 'binary');
  heartbeat(clock, () => channels.ping(), channels.closed);
  return new WebSocketClient(channels, spec, {
    status: /^v[45]\./.test(protocol) ? 'json' : 'text',
    canClose: protocol.startsWith('v5.'),
  });
}

class WebSocketClient implements RemoteClient {
  readonly stdin = new PassThrough();
  readonly sizes;
  readonly #sizes = new PassThrough();
  readonly #channels: Channels;
  readonly #form: StatusForm;

  constructor(channels: Channels, spec: ExecSpec, protocol: { status: StatusForm; canClose: boolean }) {
    this.#channels = channels;
    this.#form = protocol.status;
    this.sizes = terminalSizes(this.#sizes);
    if (!spec.stdin) this.stdin.end();
    void this.#read(protocol.canClose);
    // Clients take the first message, empty as it is, for the sign that all is set up.
    void channels.send(spec.stdout ? CHANNEL.stdout : spec.stderr ? CHANNEL.stderr : CHANNEL.error, Buffer.alloc(0));
  }

  write(stream: LogChunk['stream'], data: Uint8Array): Promise<void> {
    return this.#channels.send(CHANNEL[stream], data);
  }

  async finish(status: RemoteStatus): Promise<void> {
    const message = encodeStatus(status, this.#form);
    if (message.length > 0) await this.#channels.send(CHANNEL.error, message);
    this.#channels.close();
  }

  destroy(): void {
    this.#channels.destroy();
  }

  async #read(canClose: boolean): Promise<void> {
    for await (const { channel, data } of this.#channels.messages()) {
      if (channel === CHANNEL.stdin) await writeWithRoom(this.stdin, data);
      else if (channel === CHANNEL.resize) await writeWithRoom(this.#sizes, data);
      else if (channel === CHANNEL.close && canClose && data[0] === CHANNEL.stdin) this.stdin.end();
    }
    this.stdin.end();
    this.#sizes.end();
  }
}
