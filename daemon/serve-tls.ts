/**
 * Serves the API over HTTPS where the flags say and, where that is a loopback address, which no pod reaches, on the gateway of the
 * node's pod network as well; writes the kubeconfig. `sampan run` calls it once the server stands.
 */
import { rmSync } from 'node:fs';
import { gatewayOf } from '../reconcilers/kit/registry/ipv4-range.ts';
import type { ApiServerAddress } from '../reconcilers/objects/api-server-lease.ts';
import { messageOf, SampanError } from '../reconcilers/ports/errors.ts';
import type { Log } from '../reconcilers/ports/log.ts';
import type { Certificates } from './adapters/certificates/certificates.ts';
import { pemOf } from './adapters/certificates/certified-key.ts';
import { readSecretFile, writeSecretFile } from './adapters/certificates/secret-file.ts';
import { isWildcard } from './adapters/certificates/serving-names.ts';
import type { ApiConfig } from './api-flags.ts';
import type { ApiServer } from './apiserver/server.ts';
import { kubeconfigOf } from './kubeconfig.ts';
import type { TlsListener } from './serving/listeners.ts';

type Place = Pick<ApiConfig, 'bindAddress' | 'securePort'>;

export interface ApiEndpoint {
  readonly addresses: readonly string[];
  readonly port: number;
}

/**
 * Where pods reach the API through the Service `kubernetes`; undefined where it is not served over HTTPS. Nowhere as long as the pod
 * network has no addresses yet that it could be served at.
 */
export function apiEndpoint(
  { bindAddress, securePort: port }: Place,
  nodeIP: string,
  podCIDR: string | undefined,
): ApiEndpoint | undefined {
  if (port === 0) return undefined;
  const shared = publicAddress({ bindAddress, securePort: port }, nodeIP);
  if (shared !== undefined) return { addresses: [shared.address], port };
  return { addresses: podCIDR === undefined ? [] : [gatewayOf(podCIDR)], port };
}

export class TlsService {
  readonly #server: ApiServer;
  readonly #certificates: Certificates;
  readonly #place: Place;
  readonly #log: Log;
  readonly #listeners: TlsListener[] = [];
  #kubeconfigPath: string | undefined;
  #forPods: Promise<void> | undefined;

  constructor(server: ApiServer, certificates: Certificates, place: Place, log: Log) {
    this.#server = server;
    this.#certificates = certificates;
    this.#place = place;
    this.#log = log;
  }

  /** Resolves when it listens. Usage where the address cannot be had. */
  async open(kubeconfigPath: string): Promise<void> {
    const { bindAddress, securePort } = this.#place;
    if (securePort === 0) {
      rmSync(kubeconfigPath, { force: true });
      return;
    }
    await this.#listen(bindAddress).catch((cause: unknown) => {
      const detail = `cannot serve the API on ${bindAddress}:${securePort}; choose another --secure-port (0: none) or --bind-address`;
      throw new SampanError('Usage', { detail }, cause);
    });
    this.#kubeconfigPath = kubeconfigPath;
    this.renew();
  }

  /** The certificates are new. */
  renew(): void {
    for (const listener of this.#listeners) listener.renew(this.#identity());
    if (this.#kubeconfigPath !== undefined) this.#writeKubeconfig(this.#kubeconfigPath);
  }

  /**
   * The pod network of these addresses is there. Called whenever that is seen; what could not be opened is tried again then. A listener
   * outlives an engine that makes its network anew: the kernel gives it what comes to the address. Never rejects.
   */
  async openForPods(podCIDR: string): Promise<void> {
    const { bindAddress, securePort: port } = this.#place;
    if (port === 0 || !isLoopback(bindAddress)) return;
    const address = gatewayOf(podCIDR);
    this.#forPods ??= this.#listen(address).catch((error: unknown) => {
      this.#forPods = undefined;
      this.#log.error('pods do not reach the API', { address, port, error: messageOf(error) });
    });
    await this.#forPods;
  }

  async #listen(host: string): Promise<void> {
    this.#listeners.push(await this.#server.listenOnTls({ host, port: this.#place.securePort, ...this.#identity() }));
  }

  #identity() {
    const { serving, authority } = this.#certificates;
    return { ...pemOf(serving), authority: pemOf(authority).certificate };
  }

  #writeKubeconfig(path: string): void {
    const { authority, admin } = this.#certificates;
    const text = kubeconfigOf({ server: urlOf(this.#place), authority, client: admin, user: 'admin' });
    if (readSecretFile(path) !== text) writeSecretFile(path, text);
  }
}

/** Where everybody in the cluster reaches this server; undefined where nobody else does. */
export function publicAddress({ bindAddress, securePort: port }: Place, nodeIP: string): ApiServerAddress | undefined {
  if (port === 0 || isLoopback(bindAddress)) return undefined;
  return { address: isWildcard(bindAddress) ? nodeIP : bindAddress, port };
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}

/** As this machine itself reaches it. */
function urlOf({ bindAddress, securePort }: Place): string {
  const host = isWildcard(bindAddress) ? '127.0.0.1' : bindAddress;
  return `https://${host.includes(':') ? `[${host}]` : host}:${securePort}`;
}
