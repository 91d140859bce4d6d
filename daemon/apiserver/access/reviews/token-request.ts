/**
 * `serviceaccounts/NAME/token`: a new token for a ServiceAccount, for as long and for whom one asks, bound to an object if one likes.
 * `kubectl create token` asks it. https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-request-v1/
 */
import { invalid } from '../../../../reconcilers/objects/field-error.ts';
import type { JsonObject } from '../../../../reconcilers/objects/json.ts';
import { KINDS } from '../../../../reconcilers/objects/kinds.ts';
import { toTimestamp } from '../../../../reconcilers/objects/meta.ts';
import type { Pod } from '../../../../reconcilers/objects/pod.ts';
import type { Clock } from '../../../../reconcilers/ports/clock.ts';
import { SampanError } from '../../../../reconcilers/ports/errors.ts';
import type { ObjectClient } from '../../../../reconcilers/ports/object-client.ts';
import { BINDABLE, type BoundObject, type ServiceAccountTokens } from '../service-account-tokens.ts';
import { parseNodeUser } from '../user.ts';
import { mappingAt, type Review, textAt, textsAt } from './review.ts';

const DEFAULT_SECONDS = 3_600;
const LEAST_SECONDS = 600;
const MOST_SECONDS = 2 ** 32;

export interface TokenRequestDeps {
  readonly client: Pick<ObjectClient, 'get'>;
  readonly accounts: ServiceAccountTokens;
  readonly clock: Clock;
}

export function tokenRequest({ client, accounts, clock }: TokenRequestDeps): Review {
  return async ({ spec, namespace, name, user }) => {
    const node = parseNodeUser(user);
    if (node !== undefined)
      await demandOwnPod(mappingAt(spec, 'boundObjectRef') ?? {}, { namespace, name }, node, client);
    const expirationSeconds = secondsOf(spec);
    const account = await client.get('ServiceAccount', { namespace, name });
    if (account === undefined) throw missing('ServiceAccount', name);
    const reference = mappingAt(spec, 'boundObjectRef');
    const bound = reference && (await boundObject(reference, { namespace, name }, client));
    const asked = textsAt(spec, 'audiences');
    const audiences = asked.length > 0 ? asked : accounts.audiences;
    const { token, expires } = await accounts.issue({
      namespace,
      serviceAccount: { name, uid: account.metadata.uid },
      audiences,
      expirationSeconds,
      ...(bound && { bound }),
    });
    return {
      metadata: { name, namespace, creationTimestamp: toTimestamp(clock.now()) },
      spec: { audiences, expirationSeconds, boundObjectRef: reference ?? null },
      status: { token, expirationTimestamp: toTimestamp(expires) },
    };
  };
}

function secondsOf({ expirationSeconds: asked = null }: JsonObject): number {
  const field = 'spec.expirationSeconds';
  const seconds = asked ?? DEFAULT_SECONDS;
  if (typeof seconds !== 'number' || !Number.isInteger(seconds)) {
    throw new SampanError('BadRequest', { detail: `${field}: expected a whole number, got ${JSON.stringify(asked)}` });
  }
  const problem =
    seconds < LEAST_SECONDS
      ? invalid(field, seconds, 'may not specify a duration less than 10 minutes')
      : seconds > MOST_SECONDS
        ? invalid(field, seconds, 'may not specify a duration larger than 2^32 seconds')
        : undefined;
  if (problem === undefined) return seconds;
  const kind = 'TokenRequest.authentication.k8s.io';
  throw new SampanError('Invalid', { kind, name: '', detail: String(problem), problems: [problem] });
}

async function boundObject(
  reference: JsonObject,
  account: { readonly namespace: string; readonly name: string },
  client: Pick<ObjectClient, 'get'>,
): Promise<BoundObject> {
  const [apiVersion, asked, name, wanted] = ['apiVersion', 'kind', 'name', 'uid'].map((key) => textAt(reference, key));
  const kind = BINDABLE.find((candidate) => candidate === asked);
  if (kind === undefined || apiVersion !== 'v1' || name === undefined) {
    throw new SampanError('BadRequest', { detail: `cannot bind token to object of type ${apiVersion}, Kind=${asked}` });
  }
  const { namespaced } = KINDS[kind];
  const object = await client.get(kind, { namespace: namespaced ? account.namespace : '', name });
  if (object === undefined) throw missing(kind, name);
  const { uid } = object.metadata;
  const runsAs = object.kind === 'Pod' ? accountOf(object) : account.name;
  if (runsAs !== account.name) {
    throw new SampanError('BadRequest', {
      detail: `cannot bind token for serviceaccount "${account.name}" to pod running with serviceaccount "${runsAs}"`,
    });
  }
  if (wanted !== '' && wanted !== uid) {
    const detail = `the UID in the bound object reference (${wanted}) does not match the UID in record. The object might have been deleted and then recreated`;
    throw new SampanError('Conflict', { resource: KINDS[kind].plural, name, detail });
  }
  return { kind, name, uid };
}

/**
 * A node has tokens made for its own pods only, and bound to them: they end with the pod. The texts are those of Kubernetes'
 * NodeRestriction admission.
 */
async function demandOwnPod(
  reference: JsonObject,
  account: { readonly namespace: string; readonly name: string },
  node: string,
  client: Pick<ObjectClient, 'get'>,
): Promise<void> {
  const refuse = (detail: string) =>
    new SampanError('Forbidden', { resource: KINDS.ServiceAccount.plural, name: account.name, detail });
  const [apiVersion, kind, name = '', uid] = ['apiVersion', 'kind', 'name', 'uid'].map((key) => textAt(reference, key));
  if (apiVersion !== 'v1' || kind !== 'Pod' || name === '') throw refuse('node requested token not bound to a pod');
  if (uid === '') throw refuse('node requested token with a pod binding without a uid');
  const pod = await client.get('Pod', { namespace: account.namespace, name });
  if (pod === undefined) throw missing('Pod', name);
  if (pod.metadata.uid !== uid) {
    throw refuse(`the UID in the bound object reference (${uid}) does not match the UID in record`);
  }
  if (pod.spec.nodeName !== node) throw refuse(`node requested token bound to a pod scheduled on a different node`);
}

function accountOf({ spec }: Pod): string {
  const { serviceAccountName = 'default' } = spec as { serviceAccountName?: string };
  return serviceAccountName;
}

function missing(kind: keyof typeof KINDS, name: string): SampanError {
  return new SampanError('NotFound', { resource: KINDS[kind].plural, name });
}
