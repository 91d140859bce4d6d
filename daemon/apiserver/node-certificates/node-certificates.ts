/**
 * Gives a machine the certificate by which it is a node: once for a join token, and again to the node itself as long as it shows the
 * same key. A name belongs to the key it was first given to, which is written on the Node; whoever deletes the Node sets the name
 * free. See docs/decisions/0062-joining.md.
 */
import type { KeyObject } from 'node:crypto';
import type { ReadOnlyCache } from '../../../reconcilers/kit/object-cache.ts';
import { bootstrapTokenKey, bootstrapTokenOf, isExpired, spent } from '../../../reconcilers/objects/bootstrap-token.ts';
import type { Secret } from '../../../reconcilers/objects/kinds/secret.ts';
import type { Clock } from '../../../reconcilers/ports/clock.ts';
import { isSampanError, SampanError } from '../../../reconcilers/ports/errors.ts';
import type { Log } from '../../../reconcilers/ports/log.ts';
import type { RegistryClient } from '../../../reconcilers/ports/object-client.ts';
import { readCertificateRequest } from '../../adapters/certificates/certificate-request.ts';
import type { CertificateSubject } from '../../adapters/certificates/issue.ts';
import { publicKeyHash } from '../../adapters/certificates/public-key-hash.ts';
import { nodeKeyOf, withNodeKey } from '../access/node-key.ts';
import { nodeUser, parseBootstrapUser, parseNodeUser, publicKeyOf, type UserInfo } from '../access/user.ts';
import { problemOfNames } from './node-names.ts';

export interface NodeCertificatesDeps {
  readonly client: Pick<RegistryClient, 'get' | 'create' | 'modify'>;
  readonly cache: Pick<ReadOnlyCache, 'get' | 'list'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Names and addresses of this API server, in lower case. */
  readonly hosts: ReadonlySet<string>;
  readonly signer: {
    sign(subject: CertificateSubject, publicKey: KeyObject): Promise<SignedCertificate>;
  };
}

/** PEM. */
export interface SignedCertificate {
  readonly certificate: string;
  /** Which stands for it, and for the API servers. */
  readonly authority: string;
}

/** The claim of a key on a node's name, and who makes it. */
interface Claim {
  readonly node: string;
  readonly key: string;
  readonly user: UserInfo;
}

export class NodeCertificates {
  readonly #deps: NodeCertificatesDeps;

  constructor(deps: NodeCertificatesDeps) {
    this.#deps = deps;
  }

  /** `request`: PKCS#10 in PEM. Throws BadRequest, AccessDenied (the token is spent), Forbidden (the name is another's). */
  async issue(node: string, request: string, user: UserInfo): Promise<SignedCertificate> {
    const { log, signer } = this.#deps;
    const { name: commonName, groups: organizations } = nodeUser(node);
    const asked = await readCertificateRequest(request);
    if (asked.commonName !== commonName || String(asked.organizations) !== String(organizations)) {
      const detail = `expected a request for CN=${commonName} of O=${organizations}`;
      throw new SampanError('BadRequest', { detail });
    }
    const problem = problemOfNames(node, asked.names, this.#deps);
    if (problem !== undefined) throw nodeForbidden(node, problem);

    const claim = { node, key: publicKeyHash(asked.publicKey), user };
    await this.#admit(claim);
    const names = [...new Set([node, ...asked.names])];
    const signed = await signer.sign({ commonName, organizations, usage: 'both', names }, asked.publicKey);
    log.info('node certificate made', { node, for: user.name, key: claim.key });
    return signed;
  }

  async #admit(claim: Claim): Promise<void> {
    const { node, key, user } = claim;
    const token = parseBootstrapUser(user);
    if (token === undefined && parseNodeUser(user) !== node) {
      const detail = 'only who comes with a join token, or as the node itself, is given a certificate for it';
      throw nodeForbidden(node, detail);
    }
    if (token === undefined && (publicKeyOf(user) ?? key) !== key) throw nodeForbidden(node, 'its key does not change');
    // Looked at before: what can be had for nothing is not worth a token.
    await this.#demandFree(claim);
    if (token !== undefined) await this.#spend(token, claim);
    await this.#take(claim);
  }

  /** Answers whether the Node is there and this key's. Forbidden where it is another's. */
  async #demandFree({ node, key }: Claim): Promise<boolean> {
    const found = await this.#deps.client.get('Node', { namespace: '', name: node });
    if (found === undefined) return false;
    if (nodeKeyOf(found) === key) return true;
    const detail = `another machine is node "${node}"; if it is gone for good, delete the node first, or join by another --node-name`;
    throw nodeForbidden(node, detail);
  }

  /** By compare-and-swap: of two machines with one token, one gets its certificate. */
  async #spend(id: string, { node, key }: Claim): Promise<void> {
    const { client, clock } = this.#deps;
    const purchase = `${node} ${key}`;
    const spend = (secret: Secret): Secret => {
      const token = bootstrapTokenOf(secret);
      if (token === undefined || isExpired(token, clock.now())) throw new SampanError('Unauthorized');
      if (token.reusable || token.spentOn === purchase) return secret;
      if (token.spentOn === undefined) return spent(secret, purchase);
      const [other] = token.spentOn.split(' ');
      throw new SampanError('AccessDenied', {
        detail: `join token ${id} has been used for node "${other}"; every machine needs one of its own`,
      });
    };
    try {
      await client.modify('Secret', bootstrapTokenKey(id), spend);
    } catch (error) {
      // Revoked since the request came in.
      if (isSampanError(error, 'NotFound')) throw new SampanError('Unauthorized', {}, error);
      throw error;
    }
  }

  /** The Node is made here, so that the name is taken before anybody can act by it; the node itself fills it in. */
  async #take(claim: Claim): Promise<void> {
    const { node, key } = claim;
    if (await this.#demandFree(claim)) return;
    const draft = { apiVersion: 'v1', kind: 'Node', metadata: { name: node }, spec: {}, status: {} } as const;
    try {
      await this.#deps.client.create('Node', withNodeKey(draft, key));
    } catch (error) {
      if (!isSampanError(error, 'AlreadyExists')) throw error;
      await this.#demandFree(claim);
    }
  }
}

function nodeForbidden(node: string, detail: string): SampanError {
  return new SampanError('Forbidden', { resource: 'nodes', name: node, detail });
}
