/**
 * The daemon's own certificates, in `<data-dir>/pki`: an authority, the API server's certificate and what it shows to nodes,
 * that of this machine as a node, the administrator's, and the key that signs ServiceAccount tokens. Made at the first start, kept across restarts, renewed while running.
 * A file that cannot be used is never replaced: who holds a kubeconfig trusts the old one.
 */
import type { KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { type Clock, sleep } from '../../../reconcilers/ports/clock.ts';
import { isAbort, messageOf } from '../../../reconcilers/ports/errors.ts';
import type { Log } from '../../../reconcilers/ports/log.ts';
import { type CertifiedKey, pemFileOf, pemOf, readCertifiedKey } from './certified-key.ts';
import { type CertificateSubject, issueAuthority, issueCertificate, signCertificate, type Validity } from './issue.ts';
import { keyIn } from './key-file.ts';
import { writeSecretFile } from './secret-file.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const YEAR_MS = 365 * DAY_MS;
const AUTHORITY_LIFE_MS = 10 * YEAR_MS;
const LIFE_MS = YEAR_MS;
/** Early enough that a daemon which stood still for a season comes back with valid ones. */
const RENEW_BEFORE_MS = 90 * DAY_MS;
/** So that what the authority signs always has its full life. */
const RENEW_AUTHORITY_BEFORE_MS = 2 * YEAR_MS;
/** Others' clocks may be behind ours, by an hour and what they drift. */
const BACKDATED_MS = 2 * HOUR_MS;
const LOOK_EVERY_MS = HOUR_MS;

export const AUTHORITY_FILE = 'ca.pem';
export const SERVICE_ACCOUNT_FILE = 'service-account.pem';
const AUTHORITY_NAME = 'sampan-ca';
/** By Kubernetes' name. */
const KUBELET_CLIENT = {
  commonName: 'kube-apiserver-kubelet-client',
  organizations: ['system:masters'],
  usage: 'client',
} as const;
const ADMIN = { commonName: 'sampan:admin', organizations: ['system:masters'], usage: 'client' } as const;

export interface CertificatesOptions {
  /** The data dir's `pki`. */
  readonly folder: string;
  /** Every name and address a client may use for the API server. */
  readonly names: readonly string[];
  /** Of this machine. */
  readonly nodeName: string;
}

/** All but the key for tokens: what is renewed. */
interface Held {
  readonly authority: CertifiedKey;
  readonly serving: CertifiedKey;
  readonly kubeletClient: CertifiedKey;
  readonly node: CertifiedKey;
  readonly admin: CertifiedKey;
}

export class Certificates {
  readonly #options: CertificatesOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  #held: Held;
  readonly serviceAccountKey: KeyObject;

  private constructor(
    options: CertificatesOptions,
    { clock, log }: { clock: Clock; log: Log },
    held: Held,
    serviceAccountKey: KeyObject,
  ) {
    this.#options = options;
    this.#clock = clock;
    this.#log = log;
    this.#held = held;
    this.serviceAccountKey = serviceAccountKey;
  }

  /** Reads what is there and makes what is missing or near its end. CertificateUnusable where a file is damaged. */
  static async open(options: CertificatesOptions, deps: { clock: Clock; log: Log }): Promise<Certificates> {
    const files = new Files(options, deps);
    return new Certificates(options, deps, await files.all(), files.serviceAccountKey());
  }

  get authority(): CertifiedKey {
    return this.#held.authority;
  }

  get serving(): CertifiedKey {
    return this.#held.serving;
  }

  /** The API server's, as a client of nodes' own servers. */
  get kubeletClient(): CertifiedKey {
    return this.#held.kubeletClient;
  }

  /** Of this machine's own server as a node. */
  get node(): CertifiedKey {
    return this.#held.node;
  }

  get admin(): CertifiedKey {
    return this.#held.admin;
  }

  /** A certificate for a key that somebody else has, and the authority that stands for it; both in PEM. */
  async sign(
    subject: CertificateSubject,
    publicKey: KeyObject,
  ): Promise<{ readonly certificate: string; readonly authority: string }> {
    const { authority } = this.#held;
    const certificate = await signCertificate(subject, validityFrom(this.#clock.now()), authority, publicKey);
    return { certificate, authority: pemOf(authority).certificate };
  }

  /** Looks once an hour, until `signal` aborts; `onRenewed` is called after any of the certificates changed. */
  async keepRenewed(onRenewed: () => void, signal: AbortSignal): Promise<void> {
    try {
      for (;;) {
        await sleep(this.#clock, LOOK_EVERY_MS, signal);
        try {
          if (await this.#renew()) onRenewed();
        } catch (error) {
          this.#log.error('certificates cannot be renewed; trying again in an hour', { error: messageOf(error) });
        }
      }
    } catch (error) {
      if (!isAbort(error)) throw error;
    }
  }

  async #renew(): Promise<boolean> {
    const before = this.#held;
    const files = new Files(this.#options, { clock: this.#clock, log: this.#log });
    this.#held = await files.all(before);
    return (Object.keys(before) as (keyof Held)[]).some((name) => this.#held[name] !== before[name]);
  }
}

/** `lifeMs`: default a year, as for everything but the authority. */
export function validityFrom(now: number, lifeMs = LIFE_MS): Validity {
  return { notBefore: new Date(now - BACKDATED_MS), notAfter: new Date(now + lifeMs) };
}

/** Each file as it should be now: the one at hand where it will do, else a new one, written first. */
class Files {
  readonly #options: CertificatesOptions;
  readonly #clock: Clock;
  readonly #log: Log;

  constructor(options: CertificatesOptions, { clock, log }: { clock: Clock; log: Log }) {
    this.#options = options;
    this.#clock = clock;
    this.#log = log;
  }

  async all(held: Partial<Held> = {}): Promise<Held> {
    const authority = await this.authority(held.authority);
    return {
      authority,
      serving: await this.serving(authority, held.serving),
      kubeletClient: await this.#signed(
        'apiserver-kubelet-client.pem',
        KUBELET_CLIENT,
        authority,
        held.kubeletClient ?? this.#read('apiserver-kubelet-client.pem'),
      ),
      node: await this.node(authority, held.node),
      admin: await this.#signed('admin.pem', ADMIN, authority, held.admin ?? this.#read('admin.pem')),
    };
  }

  async authority(held = this.#read(AUTHORITY_FILE)): Promise<CertifiedKey> {
    if (held !== undefined && this.#lasts(held, RENEW_AUTHORITY_BEFORE_MS)) return held;
    const keys = held && { privateKey: held.key };
    return this.#write(
      AUTHORITY_FILE,
      await issueAuthority(AUTHORITY_NAME, validityFrom(this.#clock.now(), AUTHORITY_LIFE_MS), keys),
    );
  }

  async serving(authority: CertifiedKey, held = this.#read('apiserver.pem')): Promise<CertifiedKey> {
    const { names } = this.#options;
    const subject = { commonName: 'kube-apiserver', usage: 'server', names } as const;
    return this.#signed('apiserver.pem', subject, authority, held && covers(held, names) ? held : undefined);
  }

  async node(authority: CertifiedKey, held = this.#read('node.pem')): Promise<CertifiedKey> {
    const { nodeName } = this.#options;
    const subject = {
      commonName: `system:node:${nodeName}`,
      organizations: ['system:nodes'],
      usage: 'server',
      names: [nodeName],
    } as const;
    return this.#signed('node.pem', subject, authority, held && covers(held, [nodeName]) ? held : undefined);
  }

  serviceAccountKey(): KeyObject {
    return keyIn(this.#path(SERVICE_ACCOUNT_FILE));
  }

  async #signed(
    name: string,
    subject: CertificateSubject,
    authority: CertifiedKey,
    held: CertifiedKey | undefined,
  ): Promise<CertifiedKey> {
    if (held !== undefined && isSignedBy(held, authority) && this.#lasts(held, RENEW_BEFORE_MS)) return held;
    return this.#write(name, await issueCertificate(subject, validityFrom(this.#clock.now()), authority));
  }

  /** Whether it is valid now, and will be for so long. */
  #lasts({ certificate }: CertifiedKey, ms: number): boolean {
    const now = this.#clock.now();
    return Date.parse(certificate.validFrom) <= now && Date.parse(certificate.validTo) - now > ms;
  }

  #read(name: string): CertifiedKey | undefined {
    return readCertifiedKey(this.#path(name));
  }

  #write(name: string, pair: CertifiedKey): CertifiedKey {
    writeSecretFile(this.#path(name), pemFileOf(pair));
    const { validTo } = pair.certificate;
    this.#log.info('certificate made', { file: this.#path(name), until: new Date(validTo).toISOString() });
    return pair;
  }

  #path(name: string): string {
    return join(this.#options.folder, name);
  }
}

function isSignedBy({ certificate }: CertifiedKey, authority: CertifiedKey): boolean {
  return certificate.checkIssued(authority.certificate) && certificate.verify(authority.certificate.publicKey);
}

function covers({ certificate }: CertifiedKey, names: readonly string[]): boolean {
  return names.every((name) => (isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name)));
}
