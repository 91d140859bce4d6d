/**
 * Passes UDP packets for one Service on to endpoints: all packets of one client's port go to one endpoint
 * until it is silent for a minute or the endpoint goes. The userspace proxy makes one per address.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import type { Endpoint } from '../../../reconcilers/ports/packet-filter.ts';
import type { ChoiceRules, EndpointChoice } from './endpoint-choice.ts';
import type { ListenAddress, Listener } from './listener.ts';

const IDLE_MS = 60_000;
/** Beyond so many clients the one that has been known longest is forgotten. */
const MOST_FLOWS = 1_000;

interface Flow {
  /** The client's address. */
  readonly client: string;
  readonly endpoint: Endpoint;
  /** Connected to the endpoint; packets sent before it is wait in the kernel's stead. */
  readonly upstream: Promise<Socket | undefined>;
  readonly idle: NodeJS.Timeout;
}

export class UdpListener implements Listener {
  readonly #choice: EndpointChoice;
  readonly #socket: Socket = createSocket('udp4').unref();
  readonly #flows = new Map<string, Flow>();

  constructor(choice: EndpointChoice) {
    this.#choice = choice;
  }

  open({ ip, port }: ListenAddress): Promise<void> {
    this.#socket.on('message', (message, client) => void this.#forward(message, client));
    return new Promise((resolve, reject) => {
      this.#socket.once('error', reject);
      this.#socket.bind({ address: ip, port, exclusive: true }, () => {
        this.#socket.off('error', reject).on('error', () => {}); // UDP may lose packets
        resolve();
      });
    });
  }

  setRules(rules: ChoiceRules): void {
    this.#choice.setRules(rules);
    for (const [key, { client, endpoint }] of this.#flows) {
      if (!this.#choice.stillLeads(client, endpoint)) this.#forget(key);
    }
  }

  close(): void {
    for (const client of this.#flows.keys()) this.#forget(client);
    this.#socket.close();
  }

  async #forward(message: Buffer, client: RemoteInfo): Promise<void> {
    const key = `${client.address}:${client.port}`;
    const flow = this.#flows.get(key) ?? this.#begin(key, client);
    flow?.idle.refresh();
    (await flow?.upstream)?.send(message, () => {}); // a packet that cannot be sent is a lost one
  }

  #begin(key: string, client: RemoteInfo): Flow | undefined {
    const [endpoint] = this.#choice.candidates(client.address);
    if (endpoint === undefined) return undefined;
    this.#choice.chose(client.address, endpoint);
    for (const oldest of this.#flows.keys()) {
      if (this.#flows.size < MOST_FLOWS) break;
      this.#forget(oldest);
    }
    const upstream = connectTo(endpoint, {
      onMessage: (answer) => this.#socket.send(answer, client.port, client.address, () => {}),
      onError: () => this.#forget(key),
    });
    const flow = {
      client: client.address,
      endpoint,
      upstream,
      idle: setTimeout(() => this.#forget(key), IDLE_MS).unref(),
    };
    this.#flows.set(key, flow);
    return flow;
  }

  #forget(client: string): void {
    const flow = this.#flows.get(client);
    if (flow === undefined) return;
    this.#flows.delete(client);
    clearTimeout(flow.idle);
    void flow.upstream.then((socket) => socket?.close());
  }
}

/** Undefined where the endpoint cannot be reached at all. */
function connectTo(
  { ip, port }: Endpoint,
  { onMessage, onError }: { onMessage: (message: Buffer) => void; onError: () => void },
): Promise<Socket | undefined> {
  const socket = createSocket('udp4').unref();
  socket.on('message', onMessage);
  return new Promise((resolve) => {
    socket.once('error', () => {
      onError();
      resolve(undefined);
    });
    socket.connect(port, ip, () => {
      socket.on('error', onError);
      resolve(socket);
    });
  });
}
