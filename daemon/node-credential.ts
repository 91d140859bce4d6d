/**
 * This machine's credential as a node: bought once with a join token, kept in the data dir, renewed by itself. `sampan agent` opens it
 * before anything else, and shows what it holds to the API servers and to who asks the node.
 */
import type { KeyObject, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { Backoff } from '../reconcilers/kit/backoff.ts';
import { type Clock, sleep } from '../reconcilers/ports/clock.ts';
import { isAbort, isSampanError, messageOf, SampanError } from '../reconcilers/ports/errors.ts';
import type { Log } from '../reconcilers/ports/log.ts';
import {
  askCertificate,
  type CertificateAsked,
  type SignedCertificate,
  shownChain,
} from './adapters/api-client/join-server.ts';
import { makeCertificateRequest } from './adapters/certificates/certificate-request.ts';
import { type HeldCertificate, NodeFiles } from './adapters/certificates/node-files.ts';
import { publicKeyHash } from './adapters/certificates/public-key-hash.ts';
import { systemRandom } from './adapters/system-random.ts';
import { nodeUser } from './apiserver/access/user.ts';
import { joinTrust } from './join-trust.ts';

const LOOK_EVERY_MS = 3_600_000;
const BACKOFF = { firstMs: 500, mostMs: 30_000 };

export interface NodeCredentialOptions {
  /** https URLs of the API servers, tried in turn. */
  readonly servers: readonly string[];
  readonly nodeName: string;
  /** By which others reach this node. */
  readonly addresses: readonly string[];
  /** The data dir's `pki`. */
  readonly folder: string;
  /** With what `sampan token create` printed. Only read where the machine has not joined yet. */
  readonly tokenFile?: string;
  /** PEM of the cluster's authority; needed where the token does not name it. */
  readonly caFile?: string;
}

export interface NodeCredentialDeps {
  readonly clock: Clock;
  readonly log: Log;
}

/** PEM, as `tls` takes it. */
export interface NodeTls {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export class NodeCredential {
  readonly #options: NodeCredentialOptions;
  readonly #deps: NodeCredentialDeps;
  readonly #files: NodeFiles;
  readonly #key: KeyObject;
  #held: HeldCertificate;
  #tls: NodeTls;

  private constructor(
    options: NodeCredentialOptions,
    deps: NodeCredentialDeps,
    files: NodeFiles,
    held: { readonly key: KeyObject; readonly certificate: HeldCertificate },
  ) {
    this.#options = options;
    this.#deps = deps;
    this.#files = files;
    this.#key = held.key;
    this.#held = held.certificate;
    this.#tls = tlsOf(held.key, held.certificate);
  }

  /**
   * What the folder holds, else what the token buys: then it resolves when a server has answered, however long that takes. Throws
   * JoinRefused where a server will not have this machine, Usage and CertificateUnusable where there is nothing to ask with.
   */
  static async open(
    options: NodeCredentialOptions,
    deps: NodeCredentialDeps,
    signal: AbortSignal,
  ): Promise<NodeCredential> {
    const files = new NodeFiles(options.folder);
    const key = files.key();
    const found = files.certificate(key);
    if (found !== undefined) demandName(found, options.nodeName, files.certificatePath);
    const isGood = found !== undefined && deps.clock.now() < found.certificate.validToDate.getTime();
    const certificate = isGood ? found : files.write(await join(options, key, deps, signal));
    if (!isGood)
      deps.log.info('joined', { node: options.nodeName, until: certificate.certificate.validToDate.toISOString() });
    return new NodeCredential(options, deps, files, { key, certificate });
  }

  /** As it is now; the same object until it is renewed. */
  tls(): NodeTls {
    return this.#tls;
  }

  /**
   * Looks at once and then every hour whether two thirds of the certificate's life are over, or the node has another address, until
   * `signal` aborts; `onRenewed` is called after it changed.
   */
  async keepRenewed(onRenewed: () => void, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#deps;
    try {
      for (;;) {
        try {
          if (this.#isDue()) {
            await this.#renew(signal);
            onRenewed();
          }
        } catch (error) {
          signal.throwIfAborted();
          const until = this.#held.certificate.validToDate.toISOString();
          log.error('node certificate cannot be renewed; trying again in an hour', { until, error: messageOf(error) });
        }
        await sleep(clock, LOOK_EVERY_MS, signal);
      }
    } catch (error) {
      if (!isAbort(error)) throw error;
    }
  }

  #isDue(): boolean {
    const { certificate } = this.#held;
    const [from, to] = [certificate.validFromDate.getTime(), certificate.validToDate.getTime()];
    const isOld = this.#deps.clock.now() >= from + ((to - from) * 2) / 3;
    return isOld || !namesOf(this.#options).every((name) => covers(certificate, name));
  }

  async #renew(signal: AbortSignal): Promise<void> {
    const { nodeName: node, servers } = this.#options;
    const { ca, ...as } = this.#tls;
    const asked = { node, request: await requestOf(this.#options, this.#key), as };
    const signed = await fromAny(servers, (server) => askCertificate(server, { ...asked, ca }, signal));
    this.#held = this.#files.write(signed);
    this.#tls = tlsOf(this.#key, this.#held);
    const until = this.#held.certificate.validToDate.toISOString();
    this.#deps.log.info('node certificate renewed', { node, until });
  }
}

/** Asks the servers in turn, again and again, until one gives the certificate or refuses it. */
async function join(
  options: NodeCredentialOptions,
  key: KeyObject,
  { clock, log }: NodeCredentialDeps,
  signal: AbortSignal,
): Promise<SignedCertificate> {
  const { nodeName: node, servers } = options;
  const { token, authority, ca } = joinTrust(options);
  const asked = { node, request: await requestOf(options, key), as: { token } };
  const backoff = new Backoff(BACKOFF, systemRandom);
  const told = new Map<string, string>();
  const tell = (server: string, error: string) => {
    if (told.get(server) !== error) log.error('cannot join by way of this server yet; trying on', { server, error });
    told.set(server, error);
  };
  for (;;) {
    for (const server of servers) {
      try {
        const trusted = ca ?? (await shownAuthority(server, authority, signal));
        return await askCertificate(server, { ...asked, ca: trusted } satisfies CertificateAsked, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (!isSampanError(error, 'ServerUnavailable', 'ServerUntrusted')) throw error;
        tell(server, messageOf(error));
      }
    }
    await sleep(clock, backoff.nextMs(node), signal);
  }
}

/** The authority of this hash, in PEM, as the server shows it. */
async function shownAuthority(server: string, hash: string, signal: AbortSignal): Promise<string> {
  const shown = await shownChain(server, signal);
  const found = shown.find(({ publicKey }) => publicKeyHash(publicKey) === hash);
  if (found !== undefined) return found.toString();
  throw new SampanError('ServerUntrusted', { server, detail: `it does not stand under the authority ${hash}` });
}

/** The first answer; the last error where none answers. */
async function fromAny<T>(servers: readonly string[], ask: (server: string) => Promise<T>): Promise<T> {
  const errors: unknown[] = [];
  for (const server of servers) {
    try {
      return await ask(server);
    } catch (error) {
      errors.push(error);
    }
  }
  throw errors.at(-1) ?? new SampanError('Usage', { detail: 'there is no server to ask' });
}

/** A machine that changes its name is another node, and joins as one. */
function demandName({ certificate }: HeldCertificate, nodeName: string, path: string): void {
  const { CN: held } = certificate.toLegacyObject().subject;
  if (String(held) === nodeUser(nodeName).name) return;
  const detail = `it is that of ${String(held)}, and this is to be node "${nodeName}"`;
  throw new SampanError('CertificateUnusable', { path, detail });
}

function requestOf(options: NodeCredentialOptions, key: KeyObject): Promise<string> {
  const { name: commonName, groups: organizations } = nodeUser(options.nodeName);
  return makeCertificateRequest({ commonName, organizations, names: namesOf(options) }, key);
}

function namesOf({ nodeName, addresses }: NodeCredentialOptions): string[] {
  return [...new Set([nodeName, ...addresses])];
}

function covers(certificate: X509Certificate, name: string): boolean {
  return (isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name)) !== undefined;
}

function tlsOf(key: KeyObject, { certificate, authority }: HeldCertificate): NodeTls {
  const pem = key.export({ format: 'pem', type: 'pkcs8' }).toString();
  return { ca: authority, cert: certificate.toString(), key: pem };
}
