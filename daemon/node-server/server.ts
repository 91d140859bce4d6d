/**
 * A node's own server, as a kubelet has one: HTTPS on the node's address, for the API servers of the cluster. They show a certificate of
 * the cluster's authority; nobody else is let in, to nothing.
 */
import { TLSSocket } from 'node:tls';
import type { Clock } from '../../reconcilers/ports/clock.ts';
import { SampanError } from '../../reconcilers/ports/errors.ts';
import type { Log } from '../../reconcilers/ports/log.ts';
import { answerError } from '../serving/answer-error.ts';
import { clientCertificateOf, isGoodAt } from '../serving/client-certificate.ts';
import { type Arrival, listenOnTls, type TlsIdentity, type TlsListener, type TlsPlace } from '../serving/listeners.ts';
import type { NodeService } from '../serving/node-service.ts';

/** Who may do anything: the API servers' certificates have it. */
const MASTERS = 'system:masters';

export interface NodeServerDeps {
  readonly service: NodeService;
  readonly clock: Clock;
  readonly log: Log;
}

export class NodeServer {
  readonly #deps: NodeServerDeps;
  readonly #stop = new AbortController();
  #listener: TlsListener | undefined;

  constructor(deps: NodeServerDeps) {
    this.#deps = deps;
  }

  /** Answers the port. Rejects with the system's error where the address cannot be had. */
  async listen(place: TlsPlace): Promise<number> {
    this.#listener = await listenOnTls(place, (arrival) => void this.#serve(arrival));
    // It may have been closed while it was on its way.
    if (this.#stop.signal.aborted) await this.#listener.close();
    return this.#listener.port as number;
  }

  /** New connections see the new certificate; those that are open go on. */
  renew(identity: TlsIdentity): void {
    this.#listener?.renew(identity);
  }

  /** Ends what is open, and waits for it. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#listener?.close();
  }

  async #serve(arrival: Arrival): Promise<void> {
    const { request, response, upgrade } = arrival;
    const { service, clock, log } = this.#deps;
    const gone = new AbortController();
    (upgrade?.socket ?? response).once('close', () => gone.abort());
    const signal = AbortSignal.any([gone.signal, this.#stop.signal]);
    try {
      admit(arrival, clock.now());
      await service.serve({ request, response, signal, ...(upgrade && { upgrade }) }, request.url ?? '/');
    } catch (error) {
      answerError(arrival, error, signal, log);
    }
  }
}

/** Throws where no certificate of the cluster's is shown, or one of somebody who is no API server. */
function admit({ request: { socket, method, url } }: Arrival, now: number): void {
  const certificate = socket instanceof TLSSocket ? clientCertificateOf(socket) : undefined;
  if (certificate === undefined || !isGoodAt(certificate, now)) throw new SampanError('Unauthorized');
  const { name, groups } = certificate.user;
  if (groups.includes(MASTERS)) return;
  const detail = `forbidden: User ${JSON.stringify(name)} may not ${method} ${new URL(url ?? '/', 'http://node').pathname} of a node`;
  throw new SampanError('AccessDenied', { detail });
}
