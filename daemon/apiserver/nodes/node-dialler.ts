/**
 * Connections to the own servers of other nodes: where each is, by its Node object, and that it is that node who answers, by its
 * certificate. nodes.ts asks over them.
 */
import { once } from 'node:events';
import { createSecureContext, type SecureContext, type TLSSocket, connect as tlsConnect } from 'node:tls';
import { internalIP, type Node } from '../../../reconcilers/objects/cluster.ts';
import { type Clock, sleep } from '../../../reconcilers/ports/clock.ts';
import { isAbort, messageOf, SampanError } from '../../../reconcilers/ports/errors.ts';
import type { ObjectClient } from '../../../reconcilers/ports/object-client.ts';
import { publicKeyHash } from '../../adapters/certificates/public-key-hash.ts';
import type { TlsIdentity } from '../../serving/listeners.ts';
import { nodeKeyOf } from '../access/node-key.ts';
import { NODES, nodeUser } from '../access/user.ts';
import { unreachable } from './unreachable.ts';

const CONNECT_WITHIN_MS = 5_000;
/** What a connection that stands still is asked so often whether its other end is still there. */
const KEEP_ALIVE_MS = 10_000;
export interface NodeDiallerDeps {
  readonly client: Pick<ObjectClient, 'get'>;
  readonly clock: Clock;
  /** Shown to nodes, and the authority that signs theirs. */
  readonly identity: TlsIdentity;
}

/** A node's server, spoken to. */
export interface NodeConnection {
  readonly socket: TLSSocket;
  /** For errors: `node b at 192.0.2.7:10250`. */
  readonly peer: string;
}

export class NodeDialler {
  readonly #client: NodeDiallerDeps['client'];
  readonly #clock: Clock;
  #context: SecureContext;

  constructor({ client, clock, identity }: NodeDiallerDeps) {
    this.#client = client;
    this.#clock = clock;
    this.#context = contextOf(identity);
  }

  /** From now on another certificate is shown. */
  renew(identity: TlsIdentity): void {
    this.#context = contextOf(identity);
  }

  /** NotFound where there is no such node, ServiceUnavailable where it does not answer, or somebody else does. */
  async dial(nodeName: string, signal: AbortSignal): Promise<NodeConnection> {
    const node = await this.#client.get('Node', { namespace: '', name: nodeName });
    if (node === undefined) throw new SampanError('NotFound', { resource: 'nodes', name: nodeName });
    const { host, port } = placeOf(node);
    const peer = `node ${nodeName} at ${host}:${port}`;
    const socket = tlsConnect({
      host,
      port,
      secureContext: this.#context,
      // Nodes are known by their names, wherever they are; looked at below.
      checkServerIdentity: () => undefined,
    });
    socket.on('error', () => {}); // what becomes of it is told to whoever uses it
    try {
      await this.#untilConnected(socket, signal);
    } catch (error) {
      socket.destroy();
      if (signal.aborted) throw error;
      throw unreachable(`${peer} does not answer: ${reasonOf(error)}`, error);
    }
    const certificate = socket.getPeerX509Certificate();
    const { CN: shown, O: groups } = certificate?.toLegacyObject().subject ?? {};
    if (shown !== nodeUser(nodeName).name || ![groups].flat().includes(NODES)) {
      socket.destroy();
      throw unreachable(`what answers for ${peer} is not that node: its certificate is that of "${String(shown)}"`);
    }
    const key = nodeKeyOf(node);
    if (key !== undefined && certificate !== undefined && publicKeyHash(certificate.publicKey) !== key) {
      socket.destroy();
      throw unreachable(`what answers for ${peer} was that node once: another machine has joined by its name since`);
    }
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    return { socket, peer };
  }

  async #untilConnected(socket: TLSSocket, signal: AbortSignal): Promise<void> {
    const done = new AbortController();
    const ends = AbortSignal.any([signal, done.signal]);
    const late = sleep(this.#clock, CONNECT_WITHIN_MS, ends).then(() => {
      throw new Error(`no connection within ${CONNECT_WITHIN_MS / 1000} s`);
    });
    late.catch(() => {});
    try {
      await Promise.race([once(socket, 'secureConnect', { signal: ends }), late]);
    } finally {
      done.abort();
    }
  }
}

function contextOf({ certificate, key, authority }: TlsIdentity): SecureContext {
  return createSecureContext({ cert: certificate, key, ca: authority, minVersion: 'TLSv1.2' });
}

function placeOf(node: Node): { host: string; port: number } {
  const { name } = node.metadata;
  const host = internalIP(node);
  if (host === undefined) throw unreachable(`node ${name} has no address`);
  const port = node.status.daemonEndpoints?.kubeletEndpoint?.Port;
  if (port === undefined || port === 0) {
    throw unreachable(`node ${name} has no server of its own: its --kubelet-port is 0, or was taken when it started`);
  }
  return { host, port };
}

function reasonOf(error: unknown): string {
  return isAbort(error) ? 'the connection was given up' : messageOf(error);
}
