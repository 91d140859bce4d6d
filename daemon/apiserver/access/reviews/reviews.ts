/**
 * The table of reviews: which resource answers which question. server.ts hands every request to it before it looks for stored kinds;
 * discovery lists the same.
 */
import type { IncomingMessage } from 'node:http';
import { isJsonObject, type JsonObject } from '../../../../reconcilers/objects/json.ts';
import type { Clock } from '../../../../reconcilers/ports/clock.ts';
import { SampanError } from '../../../../reconcilers/ports/errors.ts';
import type { ObjectClient } from '../../../../reconcilers/ports/object-client.ts';
import { sendJson } from '../../../serving/http-exchange.ts';
import type { Exchange } from '../../exchange.ts';
import { negotiate } from '../../media-types.ts';
import { requestedWrite } from '../../write/write-options.ts';
import type { TokenAuthenticator } from '../authentication.ts';
import type { Authorizer } from '../authorizer.ts';
import type { ResourceAttributes } from '../request-attributes.ts';
import type { ServiceAccountTokens } from '../service-account-tokens.ts';
import {
  localSubjectAccessReview,
  selfSubjectAccessReview,
  selfSubjectRulesReview,
  subjectAccessReview,
} from './access-reviews.ts';
import { selfSubjectReview, tokenReview } from './identity-reviews.ts';
import { mappingAt, type Review } from './review.ts';
import { tokenRequest } from './token-request.ts';

export interface ReviewDeps {
  readonly client: Pick<ObjectClient, 'get'>;
  readonly authorizer: Authorizer;
  readonly tokens: readonly TokenAuthenticator[];
  readonly accounts: ServiceAccountTokens;
  readonly clock: Clock;
}

interface Entry {
  readonly kind: string;
  /** Of the kind; that of the resource is in its key. */
  readonly apiVersion: string;
  readonly namespaced: boolean;
  readonly review: Review;
}

const AUTHENTICATION = 'authentication.k8s.io';
const AUTHORIZATION = 'authorization.k8s.io';

export class Reviews {
  /** By `group/version/resource[/subresource]`. */
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #readBody: (request: IncomingMessage) => Promise<unknown>;

  /** `readBody`: the decoded body, whatever its media type. */
  constructor(
    { client, authorizer, tokens, accounts, clock }: ReviewDeps,
    readBody: (request: IncomingMessage) => Promise<unknown>,
  ) {
    this.#readBody = readBody;
    const cluster = (group: string, version: string, kind: string, review: Review) =>
      [
        `${group}/${version}/${kind.toLowerCase()}s`,
        { kind, apiVersion: `${group}/${version}`, namespaced: false, review },
      ] as const;
    const local = { kind: 'LocalSubjectAccessReview', apiVersion: `${AUTHORIZATION}/v1`, namespaced: true };
    const token = { kind: 'TokenRequest', apiVersion: `${AUTHENTICATION}/v1`, namespaced: true };
    this.#entries = new Map<string, Entry>([
      cluster(AUTHORIZATION, 'v1', 'SelfSubjectAccessReview', selfSubjectAccessReview(authorizer)),
      cluster(AUTHORIZATION, 'v1', 'SelfSubjectRulesReview', selfSubjectRulesReview(authorizer)),
      cluster(AUTHORIZATION, 'v1', 'SubjectAccessReview', subjectAccessReview(authorizer)),
      [`${AUTHORIZATION}/v1/localsubjectaccessreviews`, { ...local, review: localSubjectAccessReview(authorizer) }],
      cluster(AUTHENTICATION, 'v1', 'SelfSubjectReview', selfSubjectReview(clock)),
      cluster(AUTHENTICATION, 'v1beta1', 'SelfSubjectReview', selfSubjectReview(clock)),
      cluster(AUTHENTICATION, 'v1', 'TokenReview', tokenReview(tokens, accounts)),
      ['/v1/serviceaccounts/token', { ...token, review: tokenRequest({ client, accounts, clock }) }],
    ]);
  }

  /** Answers the request where it is for a review; false where it is another's. */
  async serve({ request, response, user, attributes }: Exchange): Promise<boolean> {
    const entry = attributes.type === 'resource' ? this.#entryOf(attributes) : undefined;
    if (entry === undefined || attributes.type !== 'resource') return false;
    if (attributes.verb !== 'create') throw new SampanError('MethodNotAllowed');
    // An answer is no row of a table.
    negotiate(request.headers.accept, [{ type: 'application/json' }]);
    const { kind, apiVersion, review } = entry;
    // Nothing is stored, so a rehearsal is no other question; what is asked for must still be what there is.
    requestedWrite(attributes.query, request.headers, 'CreateOptions');
    const body = bodyOf(await this.#readBody(request), entry);
    const { namespace, name } = attributes;
    const [spec, metadata] = [mappingAt(body, 'spec') ?? {}, mappingAt(body, 'metadata') ?? {}];
    const answer = await review({ spec, metadata, user, namespace, name });
    sendJson(response, 201, { kind, apiVersion, metadata, ...('spec' in body && { spec }), ...answer });
    return true;
  }

  #entryOf({ group, version, resource, subresource, namespace, name }: ResourceAttributes): Entry | undefined {
    const entry = this.#entries.get(`${group}/${version}/${resource}${subresource === '' ? '' : `/${subresource}`}`);
    const named = subresource !== '';
    return entry && (namespace !== '') === entry.namespaced && (name !== '') === named ? entry : undefined;
  }
}

/** A body may leave its kind to the URL, not name another. */
function bodyOf(body: unknown, { kind, apiVersion }: Entry): JsonObject {
  if (body === undefined) return {};
  if (!isJsonObject(body)) throw new SampanError('BadRequest', { detail: `expected a ${kind}, got no object` });
  const { kind: given = kind, apiVersion: version = apiVersion } = body;
  if (given !== kind || version !== apiVersion) {
    throw new SampanError('BadRequest', {
      detail: `expected a ${kind} of ${apiVersion}, got a ${String(given)} of ${String(version)}`,
    });
  }
  return body;
}
