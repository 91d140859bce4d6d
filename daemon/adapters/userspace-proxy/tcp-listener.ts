/**
 * Accepts TCP connections for one Service and joins each to the endpoint that is chosen for it; one that does not answer is passed
 * over. The userspace proxy makes one per address. It never looks at what is sent.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { pipeline } from 'node:stream';
import type { Endpoint } from '../../../reconcilers/ports/packet-filter.ts';
import type { ChoiceRules, EndpointChoice } from './endpoint-choice.ts';
import type { ListenAddress, Listener } from './listener.ts';

const CONNECT_TIMEOUT_MS = 5_000;
const BACKLOG = 4096;

export class TcpListener implements Listener {
  readonly #choice: EndpointChoice;
  readonly #server: Server;

  constructor(choice: EndpointChoice) {
    this.#choice = choice;
    const options = { allowHalfOpen: true, pauseOnConnect: true, noDelay: true };
    this.#server = createServer(options, (client) => void this.#serve(client.unref())).unref();
  }

  open({ ip, port }: ListenAddress): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host: ip, port, backlog: BACKLOG }, () => {
        this.#server.off('error', reject).on('error', () => {}); // an accept that failed is the client's loss alone
        resolve();
      });
    });
  }

  setRules(rules: ChoiceRules): void {
    this.#choice.setRules(rules);
  }

  close(): void {
    this.#server.close();
  }

  async #serve(client: Socket): Promise<void> {
    let clientGone = false;
    const onGone = () => {
      clientGone = true;
    };
    client.on('error', onGone).on('close', onGone);
    const { remoteAddress = '' } = client;
    for (const endpoint of this.#choice.candidates(remoteAddress)) {
      const upstream = await connectTo(endpoint);
      if (upstream === undefined) continue;
      if (clientGone) return void upstream.destroy();
      this.#choice.chose(remoteAddress, endpoint);
      return join(client, upstream);
    }
    client.resetAndDestroy();
  }
}

function connectTo({ ip, port }: Endpoint): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: ip, port, allowHalfOpen: true, noDelay: true }).unref();
    const giveUp = () => {
      socket.destroy();
      resolve(undefined);
    };
    socket.setTimeout(CONNECT_TIMEOUT_MS, giveUp);
    socket.once('error', giveUp);
    socket.once('connect', () => {
      socket.setTimeout(0);
      socket.off('error', giveUp);
      resolve(socket);
    });
  });
}

/** Each direction ends by itself, so that half-closed connections work; a reset of one side resets the other. */
function join(client: Socket, upstream: Socket): void {
  const reset = (error: Error | null | undefined) => {
    if (!error) return;
    client.resetAndDestroy();
    upstream.resetAndDestroy();
  };
  pipeline(client, upstream, reset);
  pipeline(upstream, client, reset);
}
