/** The WebSocket handshake: the `ws` library's, with Kubernetes' rules of which subprotocol is taken. */
import type { IncomingMessage } from 'node:http';
import { type WebSocket, WebSocketServer } from 'ws';
import { SampanError } from '../../../reconcilers/ports/errors.ts';
import { takeOver, type Upgrade } from '../../serving/upgrade.ts';

/** As Kubernetes' own server has it: a python client sends a whole file in one message. */
const MAX_MESSAGE_BYTES = 32 * 1024 * 1024;

export interface Accepted<P extends string> {
  readonly socket: WebSocket;
  /** '' where the client offered none. */
  readonly protocol: P | '';
}

/**
 * The first of the client's offers that is supported; none at all is the oldest protocol. Throws BadRequest, with the connection
 * still HTTP, where there is no such offer or the handshake is wrong.
 */
export function acceptWebSocket<P extends string>(upgrade: Upgrade, supported: readonly P[]): Promise<Accepted<P>> {
  const offered = offersOf(upgrade.request.headers['sec-websocket-protocol']);
  const protocol =
    offered.length === 0 ? '' : offered.find((offer): offer is P => (supported as readonly string[]).includes(offer));
  if (protocol === undefined) {
    const detail = `unable to upgrade websocket connection: the client offers ${list(offered)}, the server accepts ${list(supported)}`;
    return Promise.reject(new SampanError('BadRequest', { detail }));
  }
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
  });
  if (protocol !== '') server.once('headers', (headers) => headers.push(`Sec-WebSocket-Protocol: ${protocol}`));
  const {
    request,
    upgrade: { socket, head },
  } = upgrade;
  return new Promise((resolve, reject) => {
    server.once('wsClientError', (error) => {
      reject(
        new SampanError('BadRequest', { detail: `unable to upgrade websocket connection: ${error.message}` }, error),
      );
    });
    server.handleUpgrade(withoutOffers(request), socket, head, (webSocket) => {
      takeOver(upgrade);
      webSocket.on('error', () => {}); // it closes, and that is what is listened for
      resolve({ socket: webSocket, protocol });
    });
  });
}

/** kubectl's tunnel has a slash in its name, which is none to the library. */
function withoutOffers(request: IncomingMessage): IncomingMessage {
  const { 'sec-websocket-protocol': _, ...headers } = request.headers;
  return Object.create(request, { headers: { value: headers } });
}

function offersOf(header: string | undefined): string[] {
  return (header ?? '')
    .split(',')
    .map((offer) => offer.trim())
    .filter((offer) => offer !== '');
}

function list(protocols: readonly string[]): string {
  return `[${protocols.join(' ')}]`;
}
