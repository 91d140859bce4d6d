/** The handshake that turns an HTTP connection into a SPDY one, with Kubernetes' headers for what is spoken on it. */
import type { Duplex } from 'node:stream';
import { SampanError } from '../../../reconcilers/ports/errors.ts';
import { takeOver, type Upgrade } from '../../serving/upgrade.ts';

const OFFER_HEADER = 'x-stream-protocol-version';

export interface AcceptedSpdy<P extends string> {
  readonly transport: Duplex;
  /** '' where the client offered none. */
  readonly protocol: P | '';
}

/** The first of the client's offers that is supported. Throws BadRequest, with the connection still HTTP, where there is none. */
export function acceptSpdy<P extends string>(upgrade: Upgrade, supported: readonly P[]): AcceptedSpdy<P> {
  const {
    request,
    upgrade: { head },
  } = upgrade;
  const offered = [request.headers[OFFER_HEADER] ?? []]
    .flat()
    .flatMap((value) => value.split(','))
    .map((offer) => offer.trim())
    .filter((offer) => offer !== '');
  const protocol =
    offered.length === 0 ? '' : offered.find((offer): offer is P => (supported as readonly string[]).includes(offer));
  if (protocol === undefined) {
    const detail = `unable to upgrade: the client offers [${offered.join(' ')}], the server accepts [${supported.join(' ')}]`;
    throw new SampanError('BadRequest', { detail });
  }
  const socket = takeOver(upgrade);
  socket.write(
    [
      'HTTP/1.1 101 Switching Protocols',
      'Connection: Upgrade',
      'Upgrade: SPDY/3.1',
      ...(protocol === '' ? [] : [`X-Stream-Protocol-Version: ${protocol}`]),
      '\r\n',
    ].join('\r\n'),
  );
  if (head.length > 0) socket.unshift(head);
  return { transport: socket, protocol };
}
